"""Arrays of numpy: ``.npy``; also ``.npz`` with one image is read."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from nbhybrid.errors import InputFileError
from nbhybrid.formats.entry import Format

if TYPE_CHECKING:
    import numpy.typing as npt

    from nbhybrid.formats.entry import Images


def _write(path: str, images: Images) -> None:
    import numpy as np

    image = np.ascontiguousarray(np.asarray(images.pixels)[0])
    # Not np.save: of a full disk it says only how many numbers it has written.
    with open(path, "wb") as file:
        np.lib.format.write_array_header_1_0(file, np.lib.format.header_data_from_array_1_0(image))
        file.write(image.data)


def _read(path: str, number: int | None) -> npt.NDArray[Any]:
    import zipfile

    import numpy as np

    try:
        held = np.load(path, allow_pickle=False)
        arrays = [held] if isinstance(held, np.ndarray) else [held[key] for key in held]
    except (OSError, ValueError, EOFError, zipfile.BadZipFile) as error:
        raise InputFileError(f"{path}: is not a readable array of numpy ({error})") from error
    images = [array for array in arrays if array.ndim == 2 and array.dtype.kind in "iuf"]
    if len(images) != 1:
        raise InputFileError(f"{path}: holds {len(images)} arrays of two dimensions and numbers, expected one")
    return images[0]


FORMAT = Format(
    name="npy",
    title="array of numpy",
    suffixes=(".npy",),
    write=_write,
    panels=True,
    packages=("numpy",),
    begins=re.compile(rb"\x93NUMPY|PK\x03\x04"),
    read=_read,
    kind="numpy",
)
