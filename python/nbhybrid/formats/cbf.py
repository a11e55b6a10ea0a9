"""CBF, read by fabio."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from nbhybrid.errors import InputFileError
from nbhybrid.extras import install
from nbhybrid.formats.entry import Format

if TYPE_CHECKING:
    import numpy.typing as npt


def _read(path: str, number: int | None) -> npt.NDArray[Any]:
    try:
        import fabio
    except ImportError as error:
        raise InputFileError(f"{path}: reading CBF needs fabio, which is not installed: {install('cbf')}") from error
    try:
        pixels: npt.NDArray[Any] = fabio.open(path).data
    except Exception as error:  # fabio raises what its decoders happen to raise
        raise InputFileError(f"{path}: is not a readable CBF image ({error})") from error
    if pixels is None or pixels.ndim != 2:
        raise InputFileError(f"{path}: holds no image of two dimensions")
    return pixels


FORMAT = Format(name="cbf", title="CBF", suffixes=(".cbf",), begins=re.compile(rb"###CBF"), read=_read)
