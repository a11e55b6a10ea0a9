"""As `arrays`, for arrays in the memory of CUDA devices: tensors of torch, and whatever exports ``__cuda_array_interface__``."""

from __future__ import annotations

import dataclasses
import importlib
from typing import Any

import numpy as np

from nbhybrid.arrays import ArrayTypeError, Dtype, Shape, Sizes
from nbhybrid.arrays import _has as has
from nbhybrid.arrays import _is_tensor as is_tensor
from nbhybrid.arrays import _name_of_type as name_of_type
from nbhybrid.arrays import _Wanted as Wanted

_STRIDES = "it is not C-contiguous"


@dataclasses.dataclass(frozen=True)
class DeviceBuffer:
    """Memory of a CUDA device.

    Attributes
    ----------
    address : int
    stream : int
        The caller's stream, in whose order the memory is to be used.
    dtype : str
    shape : tuple of int
    device : int or None
        Number of the device; None if the array does not say.
    """

    address: int
    stream: int
    dtype: str
    shape: tuple[int, ...]
    device: int | None = None


def is_on_cuda(value: object) -> bool:
    """Tell whether an array or tensor lies in the memory of a CUDA device."""
    if is_tensor(value):
        return str(getattr(value, "device", "")).startswith("cuda")
    return has(value, "__cuda_array_interface__")


def device_buffer(
    value: Any,
    name: str,
    shape: Shape,
    dtypes: tuple[Dtype, ...] = ("float32",),
    *,
    for_output: bool = True,
    device: int | None = None,
) -> DeviceBuffer:
    """Return a CUDA array as memory to read from or write into; it is never a copy.

    Parameters
    ----------
    value : tensor of torch or an array with ``__cuda_array_interface__``, as of CuPy
    name : str
        Of the argument, for messages.
    shape : tuple of int, str or None
        As for `take`.
    dtypes : tuple of str, optional
        Those that are taken.
    for_output : bool, optional
        Whether it is written to.
    device : int, optional
        The number of the device that it must lie on.

    Raises
    ------
    ArrayTypeError, ArrayValueError
        As of `out_buffer`.

    Notes
    -----
    The stream is torch's current one of that device, or the one that the array's interface names.
    """
    wanted = Wanted(name, (shape,), dtypes[0], Sizes(), "a C-contiguous array")
    read = _device_tensor if is_tensor(value) else _device_interface
    buffer, problem = read(value)
    given = f"{buffer.dtype} {name_of_type(value)} of shape {buffer.shape} on cuda"
    if buffer.dtype not in dtypes:
        raise wanted.type_error(given)
    if problem and (for_output or problem == _STRIDES):
        raise wanted.value_error(given, problem)
    if not wanted.sizes.match(name, shape, buffer.shape):
        raise wanted.value_error(given)
    if None not in (device, buffer.device) and device != buffer.device:
        raise wanted.type_error(f"{given}:{buffer.device}", f"expected on cuda:{device}")
    return buffer


def empty_like(value: Any, name: str) -> Any:
    """Return room for float32 numbers of an array's shape, on its device and of its kind.

    Raises
    ------
    ArrayTypeError
        If it is neither a tensor of torch nor an array of CuPy.
    """
    if is_tensor(value):
        torch = importlib.import_module("torch")
        return torch.empty(value.shape, dtype=torch.float32, device=value.device)
    if type(value).__module__.partition(".")[0] == "cupy":
        cupy = importlib.import_module("cupy")
        return cupy.empty(value.shape, cupy.float32)
    raise ArrayTypeError(
        f"{name}: found {name_of_type(value)} on cuda, expected a tensor of torch or an array of CuPy; or pass out"
    )


def _device_tensor(value: Any) -> tuple[DeviceBuffer, str]:
    """Return a tensor of torch as memory, and what is wrong with it."""
    index = value.device.index or 0
    stream = importlib.import_module("torch").cuda.current_stream(value.device).cuda_stream
    problem = "" if value.is_contiguous() else _STRIDES
    if not problem and value.requires_grad:
        problem = "it requires a gradient, which would not know of what is written: detach it"
    dtype = str(value.dtype).removeprefix("torch.")
    return DeviceBuffer(value.data_ptr(), stream, dtype, tuple(value.shape), index), problem


def _device_interface(value: Any) -> tuple[DeviceBuffer, str]:
    """Do the same for an array with ``__cuda_array_interface__``."""
    said = value.__cuda_array_interface__
    shape, dtype = tuple(said["shape"]), np.dtype(said["typestr"])
    address, is_read_only = said["data"]
    strides = said.get("strides")
    packed: list[int] = []
    size = dtype.itemsize
    for length in reversed(shape):
        packed.insert(0, size)
        size *= length
    problem = "" if strides is None or tuple(strides) == tuple(packed) else _STRIDES
    if not problem and is_read_only:
        problem = "it is read-only"
    index = getattr(getattr(value, "device", None), "id", None)
    # 1 is the default stream, to all of CUDA.
    return DeviceBuffer(address, said.get("stream") or 1, dtype.name, shape, index), problem
