"""Memory of the caller's that results are written to."""

from __future__ import annotations

import numpy as np

from nbhybrid.arrays.device import DeviceBuffer, device_buffer, is_on_cuda
from nbhybrid.arrays.errors import ArrayTypeError
from nbhybrid.arrays.host import read
from nbhybrid.arrays.kinds import is_number, is_tensor, name_of_type, text_of
from nbhybrid.arrays.wanted import Array, Dtype, Shape, Sizes, Wanted
from nbhybrid.devices import CPU, number_of


def out_buffer(out: object, name: str, shape: Shape, dtype: Dtype = "float32", *, sizes: Sizes | None = None) -> Array:
    """Return memory of the caller's as an array to write into; it is never a copy.

    Parameters
    ----------
    out : array-like
        An array of numpy, a tensor of torch that requires no gradient, or an object with ``__dlpack__`` or
        ``__array_interface__``. Old exports by DLPack do not say whether the memory may be written to; numpy takes it for
        read-only then.
    name : str
        Of the argument, for messages.
    shape, dtype, sizes
        As for `take`; the type must be exactly this one.

    Returns
    -------
    numpy.ndarray
        Writeable, C-contiguous and aligned, on the memory of `out`.

    Raises
    ------
    ArrayTypeError
        If it is no array, of another type, or not in the memory of the host.
    ArrayValueError
        If it has another shape, is read-only, is not contiguous or aligned, or is a tensor that requires a gradient.
    """
    wanted = Wanted(name, (shape,), dtype, sizes or Sizes(), "a writeable, C-contiguous array")
    if is_number(out) or isinstance(out, (list, tuple, range)):
        raise wanted.type_error(name_of_type(out), "it has no memory to write to")
    if getattr(out, "requires_grad", False) is True and is_tensor(out):
        raise wanted.value_error(text_of(out), "it requires a gradient, which would not know of what is written: detach it")
    given = read(out, wanted, for_output=True)
    array = given.array
    if array.dtype != np.dtype(dtype):
        raise wanted.type_error(given.text())
    if not array.flags.writeable:
        raise wanted.value_error(given.text(), "it is read-only")
    if not array.flags.c_contiguous:
        raise wanted.value_error(given.text(), f"its strides are {array.strides} bytes")
    if not array.flags.aligned:
        raise wanted.value_error(given.text(), f"its memory is not aligned to {array.dtype.alignment} bytes")
    wanted.check_shape(array.shape, given.text())
    return array


def target(out: object, name: str, shape: Shape, device: str) -> Array | DeviceBuffer:
    """Return memory of the caller's for float32 numbers of a device: the host's, or the device's own.

    Parameters
    ----------
    out : array-like
        As for `out_buffer`, or for `device_buffer`.
    name : str
        Of the argument, for messages.
    shape : tuple of int, str or None
        As for `take`.
    device : str
        Where the numbers come from: ``"cpu"``, ``"cuda"``, ``"cuda:1"`` and so on.

    Raises
    ------
    ArrayTypeError, ArrayValueError
        As of `out_buffer`, and for memory of another device.
    """
    if not is_on_cuda(out):
        return out_buffer(out, name, shape)
    if device == CPU:
        raise ArrayTypeError(f"{name}: expected an array in the host's memory, got one on cuda for a simulation on cpu")
    return device_buffer(out, name, (shape,), device=number_of(device))
