"""PGM: a picture of 256 grey values, as ``-pgmfile`` writes it."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from nbhybrid.errors import InputFileError
from nbhybrid.formats.entry import native

if TYPE_CHECKING:
    import numpy.typing as npt


def _read(path: str, number: int | None) -> npt.NDArray[Any]:
    import numpy as np
    import PIL.Image

    try:
        with PIL.Image.open(path) as picture:
            return np.asarray(picture)
    except (OSError, ValueError, SyntaxError, PIL.Image.DecompressionBombError) as error:
        raise InputFileError(f"{path}: is not a readable PGM image ({error})") from error


FORMAT = native("pgm", begins=re.compile(rb"P5[\s#]+[\d#]"), read=_read)
