"""The devices that pixels can be computed on. CUDA is loaded when it is asked for, and not before."""

from __future__ import annotations

import importlib
import re
from typing import Any

from nbhybrid import _core
from nbhybrid.errors import DeviceError
from nbhybrid.extras import CUDA_WHEEL

CPU = "cpu"
# The device's functions run by the host: for tests.
EMULATED = "emulated"

_CUDA = re.compile(r"cuda(?::(\d+))?")


def is_device(name: str) -> bool:
    """Tell whether this could be the name of a device: ``cpu``, ``cuda`` or ``cuda:N``."""
    return name in (CPU, EMULATED) or _CUDA.fullmatch(name) is not None


def is_cuda(name: str) -> bool:
    """Tell whether this is the name of a CUDA device."""
    return _CUDA.fullmatch(name) is not None


def number_of(name: str) -> int:
    """Return the number of a CUDA device; ``cuda`` is the first."""
    found = _CUDA.fullmatch(name)
    return int(found[1] or 0) if found else 0


def open_device(name: str) -> _core.Device | None:
    """Return a device for a simulator; None for the processor, which needs none.

    Raises
    ------
    DeviceError
        If it is not there; the message says why.
    """
    if name == CPU:
        return None
    if name == EMULATED:
        return _core.emulated_device()
    device: _core.Device = cuda_extension().device(number_of(name))
    return device


def cuda_extension() -> Any:
    """Return the module of the CUDA devices.

    Raises
    ------
    DeviceError
        If there is none, or it does not belong to this nbhybrid.
    """
    try:
        extension = _built_in() or _plugin()
    except ImportError as error:
        raise DeviceError(f"cuda: the kernels cannot be loaded: {error}") from error
    if extension is None:
        raise DeviceError(
            f"cuda: there are no CUDA kernels: install {CUDA_WHEEL}, build nbhybrid where nvcc 12 or later is found, or choose "
            "device cpu"
        )
    if extension.interface != _core.interface:
        raise DeviceError(f"cuda: the kernels in {extension.__file__} are not those of this nbhybrid: install {CUDA_WHEEL}")
    return extension


def _built_in() -> Any:
    """Return the extension of a build of one's own, which has it in the package; None if it has not."""
    try:
        return importlib.import_module("nbhybrid._cuda")
    except ModuleNotFoundError as error:
        if error.name != "nbhybrid._cuda":
            raise
        return None


def _plugin() -> Any:
    """Return the extension of the package nbhybrid-cuda; None if that is not installed."""
    from importlib.metadata import entry_points

    for entry in entry_points(group="nbhybrid.devices", name="cuda"):
        return entry.load()
    return None


def why_missing(name: str) -> str:
    """Return why a device cannot be used; empty if it can."""
    try:
        open_device(name)
    except DeviceError as error:
        return str(error)
    return ""
