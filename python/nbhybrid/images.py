"""Reading images: raw float32, SMV, PGM, arrays of numpy and, with fabio, CBF."""

from __future__ import annotations

import dataclasses
import math
import os
import re
from typing import TYPE_CHECKING, Any

from nbhybrid.errors import InputFileError

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
}


@dataclasses.dataclass(frozen=True)
class Image:
    """An image that was read from a file.

    Attributes
    ----------
    path : str
    kind : {"float", "smv", "pgm", "cbf", "numpy"}
    pixels : numpy.ndarray, (slow, fast)
        float32, uint16, uint8, or whatever a CBF or an array file holds.
    shape_source : str
        Where the shape comes from, for files that do not say.
    """

    path: str
    kind: str
    pixels: npt.NDArray[Any]
    shape_source: str = ""


def read_image(path: str | os.PathLike[str], shape: tuple[int, int] | None = None) -> Image:
    """Read an image; what it is shows in its first bytes.

    Parameters
    ----------
    path : path-like
        A file that begins as an SMV, PGM, CBF, ``.npy`` or ``.npz`` file does; any other is taken for raw float32, as
        ``-floatfile`` writes it. An ``.npz`` file must hold one array of two dimensions.
    shape : (slow, fast), optional
        Of a raw image. Without it the image must be square.

    Raises
    ------
    InputFileError
        If the file is missing, malformed or not of that shape.
    """
    name = os.fspath(path)
    try:
        with open(name, "rb") as file:
            start = file.read(32)
    except OSError as error:
        raise InputFileError(f"{name}: cannot be read: {error.strerror or error}") from error
    read = next((reader for beginning, reader in _READERS if beginning.match(start)), None)
    return read(name) if read else _read_float(name, shape)


def has_shape(path: str) -> bool:
    """Return False for a raw image, which does not say how many pixels a row has."""
    try:
        with open(path, "rb") as file:
            start = file.read(32)
        return any(beginning.match(start) for beginning, _ in _READERS)
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
        raise InputFileError(f"{name}: reading CBF needs fabio: pip install 'nbhybrid[cbf]'") from error
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


# How each kind of file begins. A letter or two would not do: raw images begin with any four bytes.
_READERS: tuple[tuple[re.Pattern[bytes], Callable[[str], Image]], ...] = (
    (re.compile(rb"\{\s+[A-Z]\w*\s*="), _read_smv),
    (re.compile(rb"P5[\s#]+[\d#]"), _read_pgm),
    (re.compile(rb"###CBF"), _read_cbf),
    (re.compile(rb"\x93NUMPY|PK\x03\x04"), _read_array),
)
