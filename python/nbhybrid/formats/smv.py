"""SMV: 16-bit integers under a text header, as ``-intfile`` and ``-noisefile`` write them."""

from __future__ import annotations

import os
import re
from typing import TYPE_CHECKING, Any

from nbhybrid import _core
from nbhybrid.formats.entry import native

if TYPE_CHECKING:
    import numpy.typing as npt


def _read(path: str, number: int | None) -> npt.NDArray[Any]:
    import numpy as np

    slow, fast, data = _core.read_smv(os.fsencode(path))
    return np.frombuffer(data, "<u2").reshape(slow, fast)


FORMAT = native("smv", begins=re.compile(rb"\{\s+[A-Z]\w*\s*="), read=_read)
