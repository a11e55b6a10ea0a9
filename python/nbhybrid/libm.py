"""Whether this machine's elementary functions are those that the reference's bits were made with."""

from __future__ import annotations

import ctypes
import ctypes.util
import functools
import json
import math
import struct
from typing import TYPE_CHECKING, Any

from nbhybrid.data import data_file

if TYPE_CHECKING:
    from collections.abc import Callable

_NAMES = ("sin", "cos", "exp", "atan2", "log", "tan")


@functools.cache
def libm_verdict() -> dict[str, Any]:
    """Compare sin, cos, exp, atan2, log, tan and the float32 cube root with a table of 2400 results of glibc 2.36.

    Returns
    -------
    dict
        ``matches`` (bool: images are those of the reference to the bit), ``compared`` and ``different`` (numbers of rows), and
        ``functions``, the names of those that differ or cannot be called.
    """
    functions = _functions()
    rows = json.loads(data_file("libm_probe.json").read_text(encoding="utf-8"))["rows"]
    wrong = [row[0] for row in rows if not _gives(functions.get(row[0]), *(float.fromhex(number) for number in row[1:]))]
    return {"matches": not wrong, "compared": len(rows), "different": len(wrong), "functions": sorted(set(wrong))}


def _gives(function: Callable[..., float] | None, *numbers: float) -> bool:
    """Return True if function(all but the last number) is the last, to the bit."""
    *arguments, expected = numbers
    if function is None:
        return False
    try:
        # Packed, so that -0 and 0 differ and NaN equals itself.
        return struct.pack("<d", function(*arguments)) == struct.pack("<d", expected)
    except (OverflowError, ValueError):
        return False


def _functions() -> dict[str, Callable[..., float] | None]:
    """Return the probed functions by the name they have in the table."""
    table: dict[str, Callable[..., float] | None] = {name: getattr(math, name) for name in _NAMES}
    table["powf_third"] = _cube_root()
    return table


def _cube_root() -> Callable[[float], float] | None:
    """Return x -> powf(x, 1/3) of the C library, or None where there is no such function to call."""
    try:
        powf = ctypes.CDLL(ctypes.util.find_library("m") or "libm.so.6").powf
    except (OSError, AttributeError):
        return None
    powf.restype = ctypes.c_float
    powf.argtypes = [ctypes.c_float, ctypes.c_float]
    return lambda x: float(powf(x, 1.0 / 3.0))
