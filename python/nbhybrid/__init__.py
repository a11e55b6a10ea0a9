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

__all__ = [
    "InputFileError",
    "Interrupted",
    "ModelError",
    "NbhybridError",
    "OptionError",
    "OutputFileError",
    "SizeError",
    "__version__",
]
