"""A CUDA device for tests without one that is as slow as a real one may be, and gives memory away as fast as one may.

Work is done when somebody waits for its stream, and not before. Memory that nobody has any more is overwritten at once, and is the
first that the next array gets, as of the allocators of torch and CuPy. What would go wrong by chance on a GPU is an error here,
noted in `Gpu.faults`: memory that is used while another stream may still be at work with it, or that is dropped under such work.

`Gpu` stands for the extension, `Tensor` and `ndarray` for arrays of torch and CuPy on it.
"""

import collections
import contextlib
import ctypes
import dataclasses
import itertools
import math
import types
import weakref

import fake_cuda
import numpy as np

POISON = 0xDB
# CUDA's name of the default stream, and the first of those that are made.
DEFAULT, FIRST_OWN = 1, 100
# As torch's allocator.
SMALLEST = 512


@dataclasses.dataclass(eq=False)
class Block:
    """Memory of the device, and the streams that its allocator knows of."""

    memory: np.ndarray
    streams: set

    @property
    def first(self):
        return self.memory.ctypes.data


class Owned:
    """What arrays of numpy keep alive: with the last of them the block is free."""

    def __init__(self, block, shape, dtype):
        self.__array_interface__ = {"shape": shape, "typestr": dtype.str, "data": (block.first, False), "version": 3}


def spot(array):
    """Return where an array lies, without keeping it."""
    return array.ctypes.data, array.shape, array.strides, array.dtype


def at(address, shape, strides, dtype):
    """Return what lies there when somebody looks."""
    reach = sum((size - 1) * step for size, step in zip(shape, strides, strict=True)) + dtype.itemsize
    return np.ndarray(shape, dtype, (ctypes.c_uint8 * reach).from_address(address), 0, strides)


class Gpu(fake_cuda.Extension):
    """The extension, with streams that are late."""

    def __init__(self, devices=2):
        super().__init__(devices)
        self.queues = collections.defaultdict(collections.deque)  # of a stream: (number of all work, function, blocks)
        self.given = itertools.count()
        self.done = collections.Counter()
        self.free = collections.defaultdict(list)
        self.blocks = []
        self.faults = []
        self.exports = []
        self.current = {"torch": [DEFAULT], "cupy": [DEFAULT]}
        self.streams = FIRST_OWN

    def room(self, shape, dtype, stream, device):
        """Return an array of numpy on memory of the device, which holds nonsense."""
        dtype = np.dtype(dtype)
        size = max(SMALLEST, -(-int(np.prod(shape)) * dtype.itemsize // SMALLEST) * SMALLEST)
        free = self.free[device]
        fits = [block for block in free if len(block.memory) >= size]
        block = min(fits, key=lambda each: len(each.memory)) if fits else Block(np.full(size, POISON, np.uint8), set())
        if fits:
            free.remove(block)
        block.streams = {stream}
        owned = Owned(block, tuple(shape), dtype)
        self.blocks.append(block)
        self.owners.insert(0, (block.first, block.first + size, device))
        weakref.finalize(owned, self._drop, block, device).atexit = False
        return np.asarray(owned)

    def _drop(self, block, device):
        for stream in list(self.queues):
            if self._is_used(block, stream):
                if stream not in block.streams:
                    self.faults.append(f"memory of the streams {block.streams} is dropped under work of stream {stream}")
                # What a stream that the allocator knows has to do comes before what is done with the memory next.
                self.flush(stream)
        self.blocks.remove(block)
        block.memory[:] = POISON
        self.free[device].append(block)

    def _is_used(self, block, stream, before=math.inf):
        return any(number < before and block in blocks for number, _, blocks in self.queues[stream])

    def block_at(self, address):
        """Return the block that holds an address."""
        return next((block for block in self.blocks if block.first <= address < block.first + len(block.memory)), None)

    def check(self, address, stream, before=math.inf):
        """Note a fault if memory is not there, or still in use by work of another stream that was given before this one's."""
        block = self.block_at(address)
        if block is None:
            self.faults.append(f"stream {stream} uses memory that nobody has")
        for other in list(self.queues):
            if block is not None and other != stream and self._is_used(block, other, before):
                self.faults.append(f"stream {stream} uses memory that stream {other} has in use")

    def give(self, stream, run, *addresses):
        """Let a stream do something, later, with memory at these addresses."""
        number = next(self.given)

        def checked():
            for address in addresses:
                self.check(address, stream, number)
            run()

        self.queues[stream].append((number, checked, [self.block_at(address) for address in addresses]))

    def flush(self, stream, until=None):
        """Do what a stream has to do."""
        queue = self.queues[stream]
        while queue and (until is None or self.done[stream] < until):
            _, run, _ = queue.popleft()
            self.done[stream] += 1
            run()

    def order_after(self, device, stream, other):
        super().order_after(device, stream, other)
        until = self.done[other] + len(self.queues[other])
        self.queues[stream].append((next(self.given), lambda: self.flush(other, until), []))

    def wait_for(self, device, stream):
        super().wait_for(device, stream)
        self.flush(stream)

    def wait_for_all(self, device):
        super().wait_for_all(device)
        for stream in list(self.queues):
            self.flush(stream)

    def copy_to_host(self, device, address, target, stream):
        self.flush(stream)
        self.check(address, stream)
        super().copy_to_host(device, address, target, stream)

    def counter_noise(self, device, means, is_double, counts, *rest):
        make = super().counter_noise
        self.give(rest[-1], lambda: make(device, means, is_double, counts, *rest), means, counts)

    def delay_rendering(self, core, monkeypatch):
        """Let what the core renders into the device's memory be done by the stream, later."""

        render = core.render

        def late(plans, memory, **how):
            if not memory.stream:
                return render(plans, memory, **how)
            self.give(memory.stream, lambda: render(plans, memory, **how), memory.addresses[0])
            return types.SimpleNamespace(is_finite=True)

        monkeypatch.setattr(core, "render", late)

    def own_stream(self):
        """Return the number of a new stream."""
        self.streams += 1
        return self.streams

    @contextlib.contextmanager
    def chosen(self, package, stream):
        """Make a stream the current one of a package."""
        self.current[package].append(stream)
        try:
            yield
        finally:
            self.current[package].pop()


class OnGpu:
    """What both packages have: their work is done by their current stream."""

    package = ""

    @classmethod
    def empty(cls, shape, dtype, gpu, device=0):
        return cls(gpu.room(shape, dtype, gpu.current[cls.package][-1], device), gpu, device)

    @classmethod
    def from_host(cls, array, gpu, device=0):
        """Return an array to which a copy has been given."""
        made = cls.empty(array.shape, array.dtype, gpu, device)
        made[...] = np.array(array)
        return made

    @property
    def now(self):
        return self.extension.current[self.package][-1]

    def made_of(self, function):
        """Return a new array, on this one's device."""
        made = type(self).empty(self.shape, self.memory.dtype, self.extension, self.index)
        source, target = spot(self.memory), spot(made.memory)
        self.extension.give(self.now, lambda: np.copyto(at(*target), function(at(*source))), source[0], target[0])
        return made

    def host(self):
        """Return a copy on the host, after what the current stream has to do."""
        self.extension.flush(self.now)
        self.extension.check(self.memory.ctypes.data, self.now)
        self.extension.copied += self.memory.nbytes
        return self.memory.copy()

    def __getitem__(self, index):
        return type(self)(self.memory[index], self.extension, self.index)

    def __setitem__(self, index, value):
        target, source = spot(self.memory[index]), spot(value.memory) if isinstance(value, OnGpu) else None
        used = (target[0],) if source is None else (target[0], source[0])
        self.extension.give(self.now, lambda: np.copyto(at(*target), value if source is None else at(*source)), *used)

    def __mul__(self, factor):
        return self.made_of(lambda memory: memory * factor)

    def __dlpack_device__(self):
        return 2, self.index

    def __dlpack__(self, *, stream=None, **options):
        self.extension.order_after(self.index, stream, self.now)
        return Export(self.memory, self.extension, self.index).__dlpack__(stream=stream, **options)


class Export(fake_cuda.WithDlpack):
    """What a capsule holds: it keeps the memory until it is given back."""

    def __init__(self, array, extension, device):
        super().__init__(array, extension, device)
        extension.exports.append(self)

    def _release(self, _):
        self.extension.exports.remove(self)


class Tensor(OnGpu, fake_cuda.Tensor):
    """A tensor of torch."""

    package = "torch"

    def cpu(self):
        return fake_cuda.Tensor(self.host(), self.extension, None)

    def contiguous(self):
        return self if self.memory.flags.c_contiguous else self.made_of(lambda memory: memory)

    def record_stream(self, stream):
        self.extension.block_at(self.memory.ctypes.data).streams.add(stream.cuda_stream or DEFAULT)

    @property
    def __cuda_array_interface__(self):  # of version 2, as torch's
        return {"shape": self.shape, "typestr": self.memory.dtype.str, "data": (self.data_ptr(), False), "version": 2}


class ndarray(OnGpu, fake_cuda.ndarray):  # noqa: N801
    """An array of CuPy."""

    package = "cupy"

    @property
    def stream(self):
        return self.now

    def get(self):
        return self.host()


Tensor.__module__, ndarray.__module__ = "torch", "cupy"


def name_of(stream):
    """Return what the packages call a stream: the default one is 0 to them."""
    return 0 if stream == DEFAULT else stream


def torch(gpu):
    """Return what stands for the package torch."""
    package = fake_cuda.torch(gpu)
    package.empty = lambda shape, dtype, device: Tensor.empty(shape, dtype, gpu, int(device.partition(":")[2]))
    package.cuda.current_stream = lambda device: types.SimpleNamespace(cuda_stream=name_of(gpu.current["torch"][-1]))
    return package


def cupy(gpu):
    """Return what stands for the package CuPy. What it makes lies on the current device, wherever it is made of."""
    package = fake_cuda.cupy(gpu)
    device = package.cuda.now

    def contiguous(array):
        if array.memory.flags.c_contiguous:
            return array
        if array.index != device[0]:
            gpu.faults.append(f"an array of device {array.index} is copied to device {device[0]}")
        return array.made_of(lambda memory: memory)

    package.ndarray = ndarray
    package.empty = lambda shape, dtype: ndarray.empty(shape, dtype, gpu, device[0])
    package.ascontiguousarray = contiguous
    package.cuda.get_current_stream = lambda device_id: types.SimpleNamespace(ptr=name_of(gpu.current["cupy"][-1]))
    return package
