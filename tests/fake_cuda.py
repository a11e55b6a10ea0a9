"""CUDA devices whose memory is the host's, for tests without a GPU: the extension, and arrays that say they lie there.

Arrays of torch and CuPy are played by classes of these names, since the real ones cannot be made where there is no GPU.
"""

import contextlib
import ctypes
import types

import numpy as np
from nbhybrid import _core
from nbhybrid.errors import DeviceError


class Extension:
    """Does by the host what ``nbhybrid._cuda`` does, and remembers what it was asked for."""

    interface = _core.interface

    def __init__(self, devices=2):
        self.devices = devices
        self.owners = []  # (first byte, last, device)
        self.order = []
        self.copied = 0

    def device_names(self):
        return ["emulated"] * self.devices

    def device(self, index):
        if index >= self.devices:
            raise DeviceError(f"cuda:{index}: there are {self.devices} devices here, from cuda:0 on")
        return _core.emulated_device()

    def own(self, array, device):
        reach = [(size - 1) * step for size, step in zip(array.shape, array.strides, strict=True)]
        first = array.ctypes.data + sum(min(each, 0) for each in reach)
        last = array.ctypes.data + sum(max(each, 0) for each in reach) + array.itemsize
        self.owners.insert(0, (first, last, device))

    def device_of(self, address):
        for first, last, device in self.owners:
            if first <= address < last:
                return device
        raise DeviceError(f"cuda: the address {address:#x} is in the memory of no device")

    def copy_to_host(self, device, address, target, stream):
        assert stream > 0
        self.copied += target.nbytes
        ctypes.memmove(target.ctypes.data, address, target.nbytes)

    def order_after(self, device, stream, other):
        self.order.append(("after", stream, other))

    def wait_for(self, device, stream):
        self.order.append(("wait", stream))

    def wait_for_all(self, device):
        self.order.append(("wait for all", device))

    def counter_noise(self, device, means, is_double, counts, seed, first_image, panel, images, pixels, stream):
        self.order.append(("noise", stream))
        number = ctypes.c_double if is_double else ctypes.c_float
        size = images * pixels
        given = np.ctypeslib.as_array((number * size).from_address(means)) if size else np.zeros(0)
        out = np.ctypeslib.as_array((ctypes.c_float * size).from_address(counts)) if size else np.zeros(0, np.float32)
        _core.counter_noise(given, out, seed, first_image, panel, images, pixels, 1)


class OnDevice:
    """Memory of a device, which is an array of the host that nobody else may look at."""

    def __init__(self, array, extension, device=0):
        self.memory = array
        self.extension = extension
        self.index = device
        extension.own(array, device)

    @property
    def shape(self):
        return self.memory.shape

    @property
    def dtype(self):
        return self.memory.dtype

    @property
    def ndim(self):
        return self.memory.ndim

    def __array__(self, *args, **kwargs):
        raise TypeError("an array on a device is not made one of numpy unasked")


class WithInterface(OnDevice):
    """What has ``__cuda_array_interface__`` and nothing else, as arrays of numba."""

    stream = None

    @property
    def __cuda_array_interface__(self):
        contiguous = self.memory.flags.c_contiguous
        return {
            "shape": self.shape,
            "typestr": self.dtype.str,
            "data": (self.memory.ctypes.data, not self.memory.flags.writeable),
            "strides": None if contiguous else self.memory.strides,
            "version": 3,
            "stream": self.stream,
        }


class DltensorStruct(ctypes.Structure):
    _fields_ = [
        *(("data", ctypes.c_void_p), ("device_type", ctypes.c_int32), ("device", ctypes.c_int32), ("ndim", ctypes.c_int32)),
        *(("code", ctypes.c_uint8), ("bits", ctypes.c_uint8), ("lanes", ctypes.c_uint16)),
        ("shape", ctypes.POINTER(ctypes.c_int64)),
        ("strides", ctypes.POINTER(ctypes.c_int64)),
        ("byte_offset", ctypes.c_uint64),
    ]


Deleter = ctypes.CFUNCTYPE(None, ctypes.c_void_p)


class Managed(ctypes.Structure):
    _fields_ = [("tensor", DltensorStruct), ("context", ctypes.c_void_p), ("deleter", Deleter)]


class ManagedVersioned(ctypes.Structure):
    _fields_ = [
        *(("major", ctypes.c_uint32), ("minor", ctypes.c_uint32), ("context", ctypes.c_void_p), ("deleter", Deleter)),
        *(("flags", ctypes.c_uint64), ("tensor", DltensorStruct)),
    ]


KINDS = {"i": 0, "u": 1, "f": 2, "c": 5, "b": 6}
new_capsule = ctypes.pythonapi.PyCapsule_New
new_capsule.restype, new_capsule.argtypes = ctypes.py_object, (ctypes.c_void_p, ctypes.c_char_p, ctypes.c_void_p)


class WithDlpack(OnDevice):
    """What exports DLPack and nothing else, as arrays of JAX. `held` says how many exports nobody has given back."""

    major = 1
    knows_versions = True
    is_copied = False
    device_type = 2
    offset = 0

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.held = 0
        self.streams = []
        self._kept = []  # what exports point to, for as long as this lives

    def __dlpack_device__(self):
        return self.device_type, self.index

    def __dlpack__(self, *, stream=None, **options):
        if options and not self.knows_versions:
            raise TypeError("unexpected keyword argument")
        self.streams.append(stream)
        size = self.dtype.itemsize
        numbers = ctypes.c_int64 * self.ndim
        shape, strides = numbers(*self.shape), numbers(*(step // size for step in self.memory.strides))
        kind = (KINDS[self.dtype.kind], size * 8, 1)
        where = (self.memory.ctypes.data - self.offset, self.device_type, self.index, self.ndim)
        tensor = DltensorStruct(*where, *kind, shape, None if self.memory.flags.c_contiguous else strides, self.offset)
        deleter = Deleter(self._release)
        if self.knows_versions:
            flags = (0 if self.memory.flags.writeable else 1) + (2 if self.is_copied else 0)
            held, name = ManagedVersioned(self.major, 0, None, deleter, flags, tensor), b"dltensor_versioned"
        else:
            held, name = Managed(tensor, None, deleter), b"dltensor"
        self._kept.append((held, shape, strides))
        self.held += 1
        return new_capsule(ctypes.addressof(held), name, None)

    def _release(self, _):
        self.held -= 1


class ndarray(WithDlpack):  # noqa: N801
    """An array of CuPy."""

    stream = 77

    def get(self):
        self.extension.copied += self.memory.nbytes
        return self.memory.copy()

    __cuda_array_interface__ = WithInterface.__cuda_array_interface__

    @property
    def device(self):
        return types.SimpleNamespace(id=self.index)


ndarray.__module__ = "cupy"


def cupy(extension):
    """Return what stands for the package CuPy."""
    package = types.ModuleType("cupy")
    current = [0]

    @contextlib.contextmanager
    def chosen(device):
        before, current[0] = current[0], device
        try:
            yield
        finally:
            current[0] = before

    package.float32 = np.float32
    package.ndarray = ndarray
    package.empty = lambda shape, dtype: ndarray(np.full(shape, np.nan, dtype), extension, current[0])
    package.ascontiguousarray = lambda a: ndarray(np.array(a.memory, order="C"), extension, a.index)
    package.cuda = types.SimpleNamespace(
        Device=chosen, now=current, get_current_stream=lambda device: types.SimpleNamespace(ptr=ndarray.stream)
    )
    return package


class Tensor(OnDevice):
    """A tensor of torch, on a device or on the host."""

    requires_grad = False
    stream = 55

    def __init__(self, array, extension, device=0):
        super().__init__(array, extension, device)
        self.device = Device(device)

    @property
    def dtype(self):
        return f"torch.{self.memory.dtype}"

    def detach(self):
        return self

    resolve_neg = resolve_conj = detach

    def is_neg(self):
        return False

    def cpu(self):
        self.extension.copied += self.memory.nbytes
        return Tensor(self.memory.copy(), self.extension, None)

    def numpy(self):
        if self.index is not None:
            raise TypeError("can't convert cuda:0 device type tensor to numpy")
        return self.memory

    def contiguous(self):
        return Tensor(np.ascontiguousarray(self.memory), self.extension, self.index)

    def is_contiguous(self):
        return self.memory.flags.c_contiguous

    def record_stream(self, stream):
        assert stream.cuda_stream == self.stream

    def element_size(self):
        return self.memory.itemsize

    def stride(self):
        return tuple(step // self.memory.itemsize for step in self.memory.strides)

    def data_ptr(self):
        return self.memory.ctypes.data


Tensor.__module__ = "torch"


class Device:
    def __init__(self, index):
        self.index = index

    def __str__(self):
        return "cpu" if self.index is None else f"cuda:{self.index}"


def torch(extension):
    """Return what stands for the package torch."""
    package = types.ModuleType("torch")
    package.float32 = "float32"
    package.empty = lambda shape, dtype, device: Tensor(np.full(shape, np.nan, dtype), extension, int(device.partition(":")[2]))
    package.from_numpy = lambda array: Tensor(array, extension, None)
    package.cuda = types.SimpleNamespace(current_stream=lambda device: types.SimpleNamespace(cuda_stream=Tensor.stream))
    return package
