"""Of which kind a value is: of numpy, torch, CuPy or another package; and results of the caller's kind.

A package is asked only if the caller brought an array of it, and is never imported before.
"""

from __future__ import annotations

import dataclasses
import importlib
from typing import Any, Literal

import numpy as np
import numpy.typing as npt


@dataclasses.dataclass(frozen=True)
class Kind:
    """The kind of array that the caller uses.

    Attributes
    ----------
    name : {"numpy", "torch", "cupy"}
    """

    name: Literal["numpy", "torch", "cupy"] = "numpy"

    def give(self, array: npt.NDArray[Any]) -> Any:
        """Return an array of the host as one of this kind, on the same memory.

        torch knows no read-only memory: for it, and only for it, a read-only array is copied. CuPy has no arrays of the host:
        they are numpy's.

        Parameters
        ----------
        array : numpy.ndarray
            In native byte order.

        Returns
        -------
        numpy.ndarray or torch.Tensor
        """
        if self.name != "torch":
            return array
        return importlib.import_module("torch").from_numpy(array if array.flags.writeable else array.copy())

    def room(self, shape: tuple[int, ...], device: int) -> Any:
        """Return room for float32 numbers in the memory of a CUDA device; not for numpy.

        Parameters
        ----------
        shape : tuple of int
        device : int
            Number of the device.

        Returns
        -------
        torch.Tensor or cupy.ndarray
        """
        package = importlib.import_module(self.name)
        if self.name == "torch":
            return package.empty(shape, dtype=package.float32, device=f"cuda:{device}")
        with package.cuda.Device(device):
            return package.empty(shape, package.float32)


def kind_of(*values: object) -> Kind:
    """Return the kind of array in which to answer a caller who passed these values.

    It is torch if one of them is a tensor of torch, CuPy if one is an array of it, else numpy, be they lists or arrays of another
    package. Lists are not searched for tensors.
    """
    if any(is_tensor(value) for value in values):
        return Kind("torch")
    return Kind("cupy" if any(is_of_cupy(value) for value in values) else "numpy")


def is_tensor(value: object) -> bool:
    """Tell whether a value is a tensor of torch, without importing it."""
    return any(base.__name__ == "Tensor" and base.__module__.partition(".")[0] == "torch" for base in type(value).__mro__)


def is_of_cupy(value: object) -> bool:
    """Tell whether a value is an array of CuPy, without importing it."""
    return any(base.__name__ == "ndarray" and base.__module__.partition(".")[0] == "cupy" for base in type(value).__mro__)


def is_number(value: object) -> bool:
    """Tell whether a value is a number, of Python or numpy."""
    return isinstance(value, (int, float, complex, np.generic))


def is_array(value: object) -> bool:
    """Tell whether a value is an array of some kind."""
    protocols = ("__dlpack__", "__array_interface__", "__cuda_array_interface__")
    return isinstance(value, np.ndarray) or is_tensor(value) or any(has(value, protocol) for protocol in protocols)


def has(value: object, attribute: str) -> bool:
    """Tell whether an attribute is there; one that cannot be computed is not, and those of a class are its instances'."""
    try:
        return not isinstance(value, type) and getattr(value, attribute, None) is not None
    except Exception:  # whatever a property of another package raises
        return False


def name_of_type(value: object) -> str:
    """Return the name of a value's type, as messages say it."""
    kind = type(value)
    if is_tensor(value):
        return "torch.Tensor"
    return kind.__qualname__ if kind.__module__ == "builtins" else f"{kind.__module__}.{kind.__qualname__}"


def text_of(value: Any, where: str = "") -> str:
    """Return what a value is, as messages say it, and where it lies."""
    dtype, shape = (getattr(value, attribute) if has(value, attribute) else None for attribute in ("dtype", "shape"))
    if has(value, "__cuda_array_interface__") and isinstance(value.__cuda_array_interface__, dict):
        dtype = dtype or value.__cuda_array_interface__.get("typestr")
        shape = shape if shape is not None else value.__cuda_array_interface__.get("shape")
    words = [str(dtype).removeprefix("torch.")] if dtype is not None else []
    words.append(name_of_type(value))
    if shape is not None:
        words.append(f"of shape {tuple(shape)}" if isinstance(shape, tuple) else f"of shape {shape}")
    return " ".join(words) + (f" on {where}" if where else "")


def line(error: Exception) -> str:
    """Return the first line of the message of another package's error."""
    return (str(error).strip() or type(error).__name__).splitlines()[0]
