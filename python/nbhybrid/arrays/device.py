"""Arrays in the memory of CUDA devices: tensors of torch, arrays of CuPy, exports by DLPack or ``__cuda_array_interface__``.

Work on a device happens later than the call that asks for it, in the order of a stream. So that memory is neither read before it is
written nor given to somebody else under the work, there is one rule for each step, and each stands here once:

- *Which stream.* A `DeviceBuffer` names the stream in whose order its memory is to be used: torch's or CuPy's current one of the
  device on which the array lies, what the array's interface names, or CUDA's default stream, for which an export by DLPack is made
  ready. An interface from before version 3 knows no streams: then the whole device is waited for.
- *Temporaries.* A copy that torch or CuPy makes for us, of an array that is not contiguous, is made on that same stream and on the
  array's device, whatever the current one is. The buffer owns it, or the export, for as long as the buffer is used.
- *What is read by the host* is copied in the order of that stream, and waited for, before `take` returns; numbers are converted
  then, by the host. Nothing of the caller's is looked at later, whatever it is used for.
- *What a kernel reads or writes* is used inside ``with buffer.work(others):``. The work begins after what all their streams had to
  do, and they go on after it; what is dropped then is used again after it, too. A stream that its owner does not know is waited
  for, and an error leaves the block when nothing is under way any more.
- *torch's allocator* is told of the stream, so that a tensor of another stream may be dropped at once. CuPy has nothing of the
  kind: there, as for CuPy's own kernels, an array must live until work on a stream that it was not made on is over.
"""

from __future__ import annotations

import contextlib
import dataclasses
import importlib
import math
from typing import TYPE_CHECKING, Any

import numpy as np

from nbhybrid import _core
from nbhybrid.arrays.errors import ArrayTypeError
from nbhybrid.arrays.kinds import has, is_of_cupy, is_tensor, kind_of, line, name_of_type, text_of
from nbhybrid.arrays.wanted import Array, Dtype, Shape, Sizes, Wanted
from nbhybrid.devices import cuda_extension
from nbhybrid.errors import DeviceError

if TYPE_CHECKING:
    from collections.abc import Iterator

# Devices of DLPack whose memory CUDA knows: its own, and what it manages for both sides.
_CUDA = (2, 13)
# CUDA's handle of the legacy default stream, which synchronises with all blocking streams.
_DEFAULT_STREAM = 1
# The version of ``__cuda_array_interface__`` that says which stream is to be waited for.
_FIRST_WITH_STREAMS = 3
_DETACH = "it requires a gradient, which would not know of what is written: detach it"


@dataclasses.dataclass(frozen=True)
class DeviceBuffer:
    """Memory of a CUDA device.

    Attributes
    ----------
    address : int
    device : int
        Number of the device.
    dtype : str
    shape : tuple of int
    strides : tuple of int or None
        In bytes; None if C-contiguous.
    stream : int
        The stream in whose order the memory is to be used.
    is_awaited : bool
        Whether that is not known to be the caller's: then it is to be waited for, before the caller goes on.
    write_refusal : str
        Why it may not be written to; empty if it may.
    owner : object
        What keeps the memory.
    """

    address: int
    device: int
    dtype: str
    shape: tuple[int, ...]
    strides: tuple[int, ...] | None = None
    stream: int = _DEFAULT_STREAM
    is_awaited: bool = False
    write_refusal: str = ""
    owner: object = None

    def part(self, begin: int, shape: tuple[int, ...]) -> DeviceBuffer:
        """Return the C-contiguous array that begins at one of the elements of this one."""
        address = self.address + begin * np.dtype(self.dtype).itemsize
        return dataclasses.replace(self, address=address, shape=shape, strides=None)

    @contextlib.contextmanager
    def work(self, *others: DeviceBuffer) -> Iterator[None]:
        """Surround work that is given to the stream of this memory, and that uses others: it follows what their streams have to do.

        All that follows on these streams comes after the work; where they are not known, it is waited for. If the work, or giving
        it to the stream, fails, all of it is waited for.
        """
        streams = {other.stream for other in others} - {self.stream}
        extension = cuda_extension()
        try:
            for stream in streams:
                extension.order_after(self.device, self.stream, stream)
            yield
            for stream in streams:
                extension.order_after(self.device, stream, self.stream)
            if self.is_awaited or any(other.is_awaited for other in others):
                extension.wait_for(self.device, self.stream)
        except BaseException:
            with contextlib.suppress(Exception):  # the device may be in an error state
                extension.wait_for(self.device, self.stream)
            raise


def is_on_cuda(value: object) -> bool:
    """Tell whether an array or tensor lies in the memory of a CUDA device."""
    if isinstance(value, (np.ndarray, np.generic, list, tuple, int, float)):
        return False
    if is_tensor(value):
        return str(getattr(value, "device", "")).startswith("cuda")
    place = _dlpack_place(value)
    return has(value, "__cuda_array_interface__") if place is None else place[0] in _CUDA


def device_of(**arguments: object) -> str | None:
    """Return the name of the CUDA device on which arguments lie; None if all are in the memory of the host.

    Raises
    ------
    ArrayTypeError
        If they lie on two devices; the message names both arguments.
    DeviceError
        If this machine, or this build, can use no CUDA device.
    """
    found: dict[int, str] = {}
    for name, value in arguments.items():
        if is_on_cuda(value):
            try:
                found.setdefault(_number_of(value, name), name)
            except DeviceError as error:
                raise DeviceError(f"{name}: it lies on cuda, but {error}") from error
    if len(found) > 1:
        (first, its), (second, other) = list(found.items())[:2]
        raise ArrayTypeError(f"{its} lies on cuda:{first} and {other} on cuda:{second}: expected both on one device")
    return f"cuda:{next(iter(found))}" if found else None


def device_buffer(
    value: Any,
    name: str,
    shapes: tuple[Shape, ...],
    dtypes: tuple[Dtype, ...] = ("float32",),
    *,
    for_output: bool = True,
    device: int | None = None,
    where: str = "",
) -> DeviceBuffer:
    """Return a CUDA array as memory of the device to read from or write into.

    What is written into is never a copy. What is read, and not C-contiguous, is copied by torch or CuPy; others have to do so.

    Parameters
    ----------
    value : tensor of torch, array of CuPy, or an object with ``__dlpack__`` or ``__cuda_array_interface__``
    name : str
        Of the argument, for messages.
    shapes : tuple of shapes
        Those that are taken, each as for `take`.
    dtypes : tuple of str, optional
        Those that are taken.
    for_output : bool, optional
        Whether it is written to.
    device : int, optional
        The number of the device that it must lie on.
    where : str, optional
        What else lies there, for messages.

    Raises
    ------
    ArrayTypeError, ArrayValueError
        As of `out_buffer`.

    Notes
    -----
    The stream is torch's or CuPy's current one of that device, or the one that the array's interface names. An export by DLPack is
    made ready for CUDA's default stream, and who made it does not know that stream: it is to be waited for.
    """
    what = "a writeable, C-contiguous array" if for_output else "a C-contiguous array"
    wanted = Wanted(name, shapes, dtypes[0], Sizes(), f"{what} on cuda")
    if not is_on_cuda(value):
        raise wanted.type_error(text_of(value), where or "it is in the memory of the host")
    try:
        buffer = _read(value, wanted, for_output)
    except DeviceError as error:
        raise DeviceError(f"{name}: it lies on cuda, but {error}") from error
    given = _text(value, buffer)
    if buffer.dtype not in dtypes:
        raise wanted.type_error(given)
    if device is not None and device != buffer.device:
        raise wanted.type_error(given, where or f"expected on cuda:{device}")
    if for_output and buffer.write_refusal:
        raise wanted.value_error(given, buffer.write_refusal)
    if buffer.strides is not None:
        raise wanted.value_error(given, f"its strides are {buffer.strides} bytes")
    if buffer.address % np.dtype(buffer.dtype).itemsize:
        raise wanted.value_error(given, f"its memory is not aligned to {np.dtype(buffer.dtype).itemsize} bytes")
    wanted.check_shape(buffer.shape, given)
    return buffer


def room_like(value: Any, name: str, shape: tuple[int, ...], device: int) -> Any:
    """Return room for float32 numbers on a CUDA device, of the kind of an array.

    Raises
    ------
    ArrayTypeError
        If it is neither a tensor of torch nor an array of CuPy.
    """
    kind = kind_of(value)
    if kind.name == "numpy":
        found = name_of_type(value)
        raise ArrayTypeError(f"{name}: found {found} on cuda, expected a tensor of torch or an array of CuPy; or pass out")
    return kind.room(shape, device)


def to_host(value: Any, wanted: Wanted) -> Array:
    """Return a copy of a CUDA array in the memory of the host, after what its owner's stream has to do.

    Raises
    ------
    ArrayTypeError
        If it cannot be copied.
    """
    try:
        if is_of_cupy(value):  # which waits for its current stream
            with importlib.import_module("cupy").cuda.Device(value.device.id):
                copy: Array = value.get()
            return copy
        buffer = _read(value, wanted, for_output=False)
        return _copy(buffer, np.dtype(buffer.dtype))
    except ArrayTypeError:
        raise
    except Exception as error:  # whatever the other package raises
        raise wanted.type_error(text_of(value, "cuda"), f"it cannot be copied to the host: {line(error)}") from error


def _copy(buffer: DeviceBuffer, dtype: np.dtype[Any]) -> Array:
    """Return a copy of the memory from the first to the last element, and in it the array."""
    if 0 in buffer.shape:
        return np.empty(buffer.shape, dtype)
    strides = buffer.strides or _packed(buffer.shape, dtype.itemsize)
    reach = [(size - 1) * stride for size, stride in zip(buffer.shape, strides, strict=True)]
    first = sum(min(each, 0) for each in reach)
    memory = np.empty(sum(max(each, 0) for each in reach) - first + dtype.itemsize, np.uint8)
    cuda_extension().copy_to_host(buffer.device, buffer.address + first, memory, buffer.stream)
    return np.ndarray(buffer.shape, dtype, memory, -first, strides)


def _number_of(value: Any, name: str, said: dict[str, Any] | None = None) -> int:
    """Return the number of the device that an array lies on, by what its interface said or says."""
    if is_tensor(value):
        return int(value.device.index or 0)
    place = _dlpack_place(value)
    if place is not None:
        return place[1]
    try:
        said = said or value.__cuda_array_interface__
        address = said["data"][0] if math.prod(said["shape"]) else 0
    except Exception as error:  # whatever the other package raises
        raise ArrayTypeError(f"{name}: its __cuda_array_interface__ is of no use: {line(error)}") from error
    # An empty array may be nowhere.
    return int(cuda_extension().device_of(address)) if address else 0


def _read(value: Any, wanted: Wanted, for_output: bool) -> DeviceBuffer:
    """Return a CUDA array as memory, whatever its type and shape."""
    if is_tensor(value):
        return _read_tensor(value, wanted, for_output)
    has_interface = has(value, "__cuda_array_interface__")
    if is_of_cupy(value) or _dlpack_place(value) is None:
        return _read_interface(value, wanted, for_output)
    try:
        buffer = _read_dlpack(value, for_output)
    except Exception as error:  # whatever the other package raises
        if not has_interface:
            raise wanted.type_error(text_of(value, "cuda"), f"its export by DLPack failed: {line(error)}") from error
        return _read_interface(value, wanted, for_output)
    return _read_interface(value, wanted, for_output) if for_output and buffer.write_refusal and has_interface else buffer


def _read_tensor(value: Any, wanted: Wanted, for_output: bool) -> DeviceBuffer:
    """Read a tensor of torch; to be read from, it is made contiguous and signs that are due are resolved, on the device."""
    if not for_output:
        wanted.check_gradient(value, text_of(value, str(value.device)))
    try:
        write_refusal = _DETACH if value.requires_grad else "its negative bit is set" if value.is_neg() else ""
        tensor = value if for_output else value.detach().resolve_neg().contiguous()
        size = tensor.element_size()
        strides = None if tensor.is_contiguous() else tuple(size * step for step in tensor.stride())
        current = importlib.import_module("torch").cuda.current_stream(value.device)
        stream = current.cuda_stream or _DEFAULT_STREAM
        dtype = str(value.dtype).removeprefix("torch.")
        address, index = tensor.data_ptr(), int(value.device.index or 0)
        tensor.record_stream(current)
    except (AttributeError, TypeError, RuntimeError) as error:
        raise wanted.type_error(text_of(value, str(value.device)), line(error)) from error
    return DeviceBuffer(address, index, dtype, tuple(value.shape), strides, stream, write_refusal=write_refusal, owner=tensor)


def _read_dlpack(value: Any, for_output: bool) -> DeviceBuffer:
    """Read an export by DLPack, which its owner has made ready for the default stream."""
    try:
        capsule = value.__dlpack__(stream=_DEFAULT_STREAM, max_version=(1, 0))
    except TypeError:  # before version 1 nobody knew of versions
        capsule = value.__dlpack__(stream=_DEFAULT_STREAM)
    view = _core.DlpackView(capsule)
    code, index = view.place
    if code not in _CUDA:
        raise BufferError(f"its memory is on device {code} of DLPack")
    write_refusal = ""
    if view.is_read_only is not False:
        write_refusal = (
            "it is read-only" if view.is_read_only else "an export of before DLPack 1 does not say whether it may be written to"
        )
    elif view.is_copied and for_output:
        write_refusal = "its export by DLPack is a copy"
    strides = _strides(view.shape, view.strides, view.dtype)
    return DeviceBuffer(view.address, index, view.dtype, view.shape, strides, _DEFAULT_STREAM, True, write_refusal, view)


def _read_interface(value: Any, wanted: Wanted, for_output: bool) -> DeviceBuffer:
    """Read what ``__cuda_array_interface__`` says, version 3 or before."""
    try:
        if is_of_cupy(value) and not for_output:
            value = _contiguous_of_cupy(value)
        said = value.__cuda_array_interface__
        shape, dtype = tuple(map(int, said["shape"])), np.dtype(said["typestr"])
        address, is_read_only = said["data"]
        name = dtype.name if dtype.isnative else dtype.str
        strides = _strides(shape, said.get("strides"), dtype.name)
        masked = said.get("mask") is not None
        stream, knows_streams = said.get("stream"), said.get("version", 0) >= _FIRST_WITH_STREAMS
        if is_of_cupy(value):  # it names the current stream of the current device, which may be another one
            stream = importlib.import_module("cupy").cuda.get_current_stream(value.device.id).ptr or _DEFAULT_STREAM
    except Exception as error:  # whatever the other package raises
        why = f"its __cuda_array_interface__ is of no use: {line(error)}"
        raise wanted.type_error(text_of(value, "cuda"), why) from error
    if masked:
        raise wanted.type_error(text_of(value, "cuda"), "the mask would be lost: fill it")
    index = _number_of(value, wanted.name, said)
    if not (knows_streams or is_of_cupy(value)):
        cuda_extension().wait_for_all(index)
    write_refusal = "it is read-only" if is_read_only else ""
    known = int(stream or _DEFAULT_STREAM)
    # 0 is not allowed by the protocol, since it may mean either default stream: treated as unknown.
    return DeviceBuffer(int(address or 0), index, name, shape, strides, known, not stream, write_refusal, (value, said))


def _contiguous_of_cupy(value: Any) -> Any:
    """Return an array of CuPy, or a C-contiguous copy on its own device; CuPy would make it on the current one."""
    cupy = importlib.import_module("cupy")
    with cupy.cuda.Device(value.device.id):
        return cupy.ascontiguousarray(value)


def _dlpack_place(value: Any) -> tuple[int, int] | None:
    """Return the kind and number of the device that an array says it lies on; None if it does not say."""
    if not (has(value, "__dlpack__") and has(value, "__dlpack_device__")):
        return None
    try:
        code, index = value.__dlpack_device__()
        return int(code), int(index)
    except Exception:  # whatever the other package raises
        return None


def _strides(shape: tuple[int, ...], strides: Any, dtype: str) -> tuple[int, ...] | None:
    """Return strides in bytes; None for those of a C-contiguous array."""
    if strides is None or math.prod(shape) == 0:
        return None
    found = tuple(map(int, strides))
    try:
        packed = _packed(shape, np.dtype(dtype).itemsize)
    except TypeError:  # a type that numpy does not have, and that nobody takes
        return found
    same = all(size == 1 or one == other for size, one, other in zip(shape, found, packed, strict=True))
    return None if same else found


def _packed(shape: tuple[int, ...], size: int) -> tuple[int, ...]:
    """Return the strides of a C-contiguous array."""
    return tuple(size * math.prod(shape[axis + 1 :]) for axis in range(len(shape)))


def _text(value: Any, buffer: DeviceBuffer) -> str:
    return f"{buffer.dtype} {name_of_type(value)} of shape {buffer.shape} on cuda:{buffer.device}"
