"""Every tolerance of the tests, each with its reason."""

import ctypes
import ctypes.util
import functools
import json
import math
import pathlib
import struct

PROBE = pathlib.Path(__file__).resolve().parent / "golden" / "libm_probe.json"


def _cube_root():
    """Return x -> powf(x, 1/3) of the platform's C library, or None where there is no such function to call."""
    name = ctypes.util.find_library("m") or "libm.so.6"
    try:
        powf = ctypes.CDLL(name).powf
    except (OSError, AttributeError):
        return None
    powf.restype = ctypes.c_float
    powf.argtypes = [ctypes.c_float, ctypes.c_float]
    return lambda x: powf(x, 1.0 / 3.0)


def _functions():
    """Return the probed functions by the name they have in the probe."""
    table = {name: getattr(math, name) for name in ("sin", "cos", "exp", "atan2", "log", "tan")}
    table["powf_third"] = _cube_root()
    return table


def _bits(value):
    """Return the 64 bits of a double, so that -0 and 0 differ and NaN equals itself."""
    return struct.pack("<d", value)


@functools.cache
def libm_matches():
    """Return True where the local elementary functions give every result of the probe, to the last bit."""
    functions = _functions()
    for name, *numbers in json.loads(PROBE.read_text())["rows"]:
        function = functions.get(name)
        if function is None:
            return False
        *arguments, want = (float.fromhex(number) for number in numbers)
        try:
            got = function(*arguments)
        except (OverflowError, ValueError):
            return False
        if _bits(got) != _bits(want):
            return False
    return True


def exact_units():
    """Return how many float32 units a pixel of the exact engine may differ from the reference.

    Zero where the local C library computes what the reference's did. Elsewhere one: the sum is made in double, so another
    rounding of sin or exp can move the float32 pixel only across one boundary.
    """
    return 0 if libm_matches() else 1


def exact_counts():
    """Return how many counts an integer pixel may differ: one where a float32 pixel may, for it is rounded from that."""
    return 0 if libm_matches() else 1


def traces_are_exact():
    """Return True where trace digits can be demanded: they show doubles, which another C library rounds otherwise."""
    return libm_matches()


# Differences below are in units of the strongest pixel of the image.

# A cell and the same cell given as a matrix of nine numbers with 17 digits: the vectors are reached by other roundings (a few
# 1e-16), which N * pi * h, below 1000, turns into 1e-13 of a lattice factor. What shows is the rounding of the float32 pixel, 6e-8.
CELL_AS_MATRIX = 2e-7

# Beam centre and detector moved together by whole pixels: places of about 0.01 m are rounded to 1e-18 m, again some 1e-13 of a
# lattice factor, and again only float32 shows.
MOVED_DETECTOR = 2e-7

# One run over n angles, and the mean of n runs over one angle each: n float32 roundings instead of one.
MEAN_OF_RUNS = 3e-7

# Seconds within which an interrupted run must have ended, and CPU seconds that asking for the version may take (generously: a cold
# start of the interpreter on a loaded machine included).
INTERRUPT_SECONDS = 1.0
VERSION_CPU_SECONDS = 0.3

# The same number of photons computed in double in another order of a few products, then rounded to float32: half a unit each side.
ONE_ROUNDING = 6e-8

# Means and products of a few float32 images against one image.
SEVERAL_ROUNDINGS = 4e-7
