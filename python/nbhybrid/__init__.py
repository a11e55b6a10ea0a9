"""Bragg diffraction images of small crystals, bit for bit those of nanoBragg.c."""

from nbhybrid._version import __version__
from nbhybrid.errors import (
    InputFileError,
    Interrupted,
    ModelError,
    NbhybridError,
    OptionError,
    OutputFileError,
    SizeError,
)

TYPE_CHECKING = False  # type checkers take it for true; importing typing would take a quarter of the start-up time
if TYPE_CHECKING:
    from nbhybrid.traces import PixelTrace, Quantity, Trace, read_trace, trace

__all__ = [
    "InputFileError",
    "Interrupted",
    "ModelError",
    "NbhybridError",
    "OptionError",
    "OutputFileError",
    "PixelTrace",
    "Quantity",
    "SizeError",
    "Trace",
    "__version__",
    "read_trace",
    "trace",
]

# What is imported when it is first used.
_LATER = {"PixelTrace": "traces", "Quantity": "traces", "Trace": "traces", "read_trace": "traces", "trace": "traces"}


def __getattr__(name: str) -> object:
    if name not in _LATER:
        raise AttributeError(f"module 'nbhybrid' has no attribute {name!r}")
    import importlib

    value = getattr(importlib.import_module(f"nbhybrid.{_LATER[name]}"), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *_LATER})
