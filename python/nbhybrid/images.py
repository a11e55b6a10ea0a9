"""Reading images: raw float32, SMV, PGM, arrays of numpy, series in HDF5 (with h5py) and CBF (with fabio)."""

from __future__ import annotations

import dataclasses
import math
import os
import re
from typing import TYPE_CHECKING, Any

from nbhybrid.errors import InputFileError
from nbhybrid.extras import install

if TYPE_CHECKING:
    from collections.abc import Callable

    import numpy as np
    import numpy.typing as npt

KINDS = {
    "float": "raw float32",
    "smv": "SMV, 16-bit integers",
    "pgm": "PGM, 8-bit grey values",
    "cbf": "CBF",
    "numpy": "array of numpy",
    "hdf5": "image of a series in HDF5",
}


@dataclasses.dataclass(frozen=True)
class Image:
    """An image that was read from a file.

    Attributes
    ----------
    path : str
    kind : {"float", "smv", "pgm", "cbf", "numpy", "hdf5"}
    pixels : numpy.ndarray, (slow, fast)
        float32, uint16, uint8, or whatever a CBF or an array file holds.
    shape_source : str
        Where the shape comes from, for files that do not say.
    """

    path: str
    kind: str
    pixels: npt.NDArray[Any]
    shape_source: str = ""


def read_image(path: str | os.PathLike[str], shape: tuple[int, int] | None = None, number: int | None = None) -> Image:
    """Read an image; what it is shows in its first bytes.

    Parameters
    ----------
    path : path-like
        A file that begins as an SMV, PGM, CBF, ``.npy`` or ``.npz`` file does; any other is taken for raw float32, as
        ``-floatfile`` writes it. An ``.npz`` file must hold one array of two dimensions.
    shape : (slow, fast), optional
        Of a raw image. Without it the image must be square.
    number : int, optional
        Of the image in a series that ``nbhybrid batch`` has written in HDF5, which need not be said if there is one alone.

    Raises
    ------
    InputFileError
        If the file is missing, malformed or not of that shape; for a series, if the image failed or its piece is missing.
    """
    name = os.fspath(path)
    try:
        with open(name, "rb") as file:
            start = file.read(32)
    except OSError as error:
        raise InputFileError(f"{name}: cannot be read: {error.strerror or error}") from error
    if _HDF5.match(start):
        return _read_series(name, number)
    read = next((reader for beginning, reader in _READERS if beginning.match(start)), None)
    return read(name) if read else _read_float(name, shape)


def has_shape(path: str) -> bool:
    """Return False for a raw image, which does not say how many pixels a row has."""
    try:
        with open(path, "rb") as file:
            start = file.read(32)
        return _HDF5.match(start) is not None or any(beginning.match(start) for beginning, _ in _READERS)
    except OSError:
        return False


def _read_float(name: str, shape: tuple[int, int] | None) -> Image:
    import numpy as np

    size = os.path.getsize(name)
    if size == 0 or size % 4:
        raise InputFileError(f"{name}: has {size} bytes, expected an SMV, PGM or CBF image, or raw float32 (4 bytes a pixel)")
    pixels = np.fromfile(name, "<f4")
    source = "as given"
    if shape is None:
        edge = math.isqrt(pixels.size)
        if edge * edge != pixels.size:
            raise InputFileError(f"{name}: has {pixels.size} pixels and is not square: say its shape, --shape SLOW FAST")
        shape, source = (edge, edge), "assumed to be square"
    if shape[0] * shape[1] != pixels.size:
        raise InputFileError(f"{name}: has {pixels.size} pixels, expected {shape[0]} x {shape[1]} = {shape[0] * shape[1]}")
    return Image(name, "float", pixels.reshape(shape), source)


def _read_smv(name: str) -> Image:
    import numpy as np

    from nbhybrid import _core

    slow, fast, data = _core.read_smv(os.fsencode(name))
    return Image(name, "smv", np.frombuffer(data, "<u2").reshape(slow, fast))


def _read_pgm(name: str) -> Image:
    import numpy as np
    import PIL.Image

    try:
        with PIL.Image.open(name) as picture:
            return Image(name, "pgm", np.asarray(picture))
    except (OSError, ValueError, SyntaxError, PIL.Image.DecompressionBombError) as error:
        raise InputFileError(f"{name}: is not a readable PGM image ({error})") from error


def _read_cbf(name: str) -> Image:
    try:
        import fabio
    except ImportError as error:
        raise InputFileError(f"{name}: reading CBF needs fabio, which is not installed: {install('cbf')}") from error
    try:
        pixels: np.ndarray[Any, Any] = fabio.open(name).data
    except Exception as error:  # fabio raises what its decoders happen to raise
        raise InputFileError(f"{name}: is not a readable CBF image ({error})") from error
    if pixels is None or pixels.ndim != 2:
        raise InputFileError(f"{name}: holds no image of two dimensions")
    return Image(name, "cbf", pixels)


def _read_array(name: str) -> Image:
    import zipfile

    import numpy as np

    try:
        held = np.load(name, allow_pickle=False)
        arrays = [held] if isinstance(held, np.ndarray) else [held[key] for key in held]
    except (OSError, ValueError, EOFError, zipfile.BadZipFile) as error:
        raise InputFileError(f"{name}: is not a readable array of numpy ({error})") from error
    images = [array for array in arrays if array.ndim == 2 and array.dtype.kind in "iuf"]
    if len(images) != 1:
        raise InputFileError(f"{name}: holds {len(images)} arrays of two dimensions and numbers, expected one")
    return Image(name, "numpy", images[0])


def _read_series(name: str, number: int | None) -> Image:
    """Read an image of a series, and say which piece is missing if it is not there."""
    try:
        import h5py
    except ImportError as error:
        raise InputFileError(f"{name}: reading HDF5 needs h5py, which is not installed: {install('hdf5')}") from error
    from nbhybrid.batch.hdf5 import missing_pieces

    try:
        with h5py.File(name, "r") as file:
            count = len(file["images"])
            if number is None and count != 1:
                raise InputFileError(f"{name}: holds a series of {count} images: say which, --image N (0 to {count - 1})")
            number = number or 0
            if not 0 <= number < count:
                raise InputFileError(f"{name}: there is no image {number}, expected 0 to {count - 1}")
            missing = missing_pieces(name, number)
            if missing:
                others = len(missing_pieces(name)) - 1
                more = f" (nor are {others} others)" if others else ""
                raise InputFileError(
                    f"{name}: image {number} is in {missing[0]}, which is not beside it{more}: copy the folder as a whole, or "
                    "make one file of the series by nbhybrid batch SPEC --merge"
                )
            if file["parameters/failed"][number]:
                raise InputFileError(f"{name}: image {number} failed when the series was rendered; there are no pixels")
            pixels = file["images"][number]
    except (OSError, KeyError, ValueError) as error:
        if isinstance(error, InputFileError):
            raise
        raise InputFileError(f"{name}: is no series that nbhybrid batch has written ({error})") from error
    if pixels.ndim != 2:
        raise InputFileError(f"{name}: holds images of {len(pixels)} panels, expected one")
    return Image(name, "hdf5", pixels)


_HDF5 = re.compile(rb"\x89HDF\r\n\x1a\n")
# How each kind of file begins. A letter or two would not do: raw images begin with any four bytes.
_READERS: tuple[tuple[re.Pattern[bytes], Callable[[str], Image]], ...] = (
    (re.compile(rb"\{\s+[A-Z]\w*\s*="), _read_smv),
    (re.compile(rb"P5[\s#]+[\d#]"), _read_pgm),
    (re.compile(rb"###CBF"), _read_cbf),
    (re.compile(rb"\x93NUMPY|PK\x03\x04"), _read_array),
)
