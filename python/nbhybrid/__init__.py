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
    from nbhybrid.arrays import ArrayTypeError, ArrayValueError
    from nbhybrid.beam import Beam, Sources, Spread
    from nbhybrid.crystal import Crystal, UnitCell
    from nbhybrid.detector import Detector, Panel, Sensor
    from nbhybrid.experiment import Experiment
    from nbhybrid.images import write_image
    from nbhybrid.input_warnings import InputWarning, ignore_warnings, warning_names
    from nbhybrid.noise import poisson
    from nbhybrid.scan import Sampling, Scan
    from nbhybrid.simulator import Simulator, simulate, simulate_batch
    from nbhybrid.structure_factors import StructureFactors
    from nbhybrid.traces import PixelTrace, Quantity, Trace, read_trace, trace

# The base class of all errors.
Error = NbhybridError

# What is imported when it is first used, by module.
_LATER = {
    "arrays": ("ArrayTypeError", "ArrayValueError"),
    "beam": ("Beam", "Sources", "Spread"),
    "crystal": ("Crystal", "UnitCell"),
    "detector": ("Detector", "Panel", "Sensor"),
    "experiment": ("Experiment",),
    "images": ("write_image",),
    "input_warnings": ("InputWarning", "ignore_warnings", "warning_names"),
    "noise": ("poisson",),
    "scan": ("Sampling", "Scan"),
    "simulator": ("Simulator", "simulate", "simulate_batch"),
    "structure_factors": ("StructureFactors",),
    "traces": ("PixelTrace", "Quantity", "Trace", "read_trace", "trace"),
}
_MODULES = {name: module for module, names in _LATER.items() for name in names}

__all__ = [
    "ArrayTypeError",
    "ArrayValueError",
    "Beam",
    "Crystal",
    "Detector",
    "Error",
    "Experiment",
    "InputFileError",
    "InputWarning",
    "Interrupted",
    "ModelError",
    "NbhybridError",
    "OptionError",
    "OutputFileError",
    "Panel",
    "PixelTrace",
    "Quantity",
    "Sampling",
    "Scan",
    "Sensor",
    "Simulator",
    "SizeError",
    "Sources",
    "Spread",
    "StructureFactors",
    "Trace",
    "UnitCell",
    "__version__",
    "ignore_warnings",
    "poisson",
    "read_trace",
    "simulate",
    "simulate_batch",
    "trace",
    "warning_names",
    "write_image",
]


def __getattr__(name: str) -> object:
    if name not in _MODULES:
        raise AttributeError(f"module 'nbhybrid' has no attribute {name!r}")
    import importlib

    value = getattr(importlib.import_module(f"nbhybrid.{_MODULES[name]}"), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *_MODULES})
