"""The tests of arrays on a GPU, on a device that is as slow, and gives memory away as fast, as a real one may: see fake_gpu.py.

They are those of tests/gpu/test_gpu_arrays.py, and more that need a device which can be looked into.
"""

import gc
import importlib.util
import pathlib
import sys

import fake_cuda
import fake_gpu
import nbhybrid as nb
import numpy as np
import pytest
from nbhybrid import _core
from nbhybrid.arrays import take

_SPEC = importlib.util.spec_from_file_location("gpu_arrays", pathlib.Path(__file__).parents[1] / "gpu" / "test_gpu_arrays.py")
on_gpu = importlib.util.module_from_spec(_SPEC)
_SPEC.loader.exec_module(on_gpu)

test_outputs = on_gpu.test_outputs
test_streams = on_gpu.test_streams
test_arguments_are_read_after_what_their_stream_does = on_gpu.test_arguments_are_read_after_what_their_stream_does
test_results_stay_on_the_device = on_gpu.test_results_stay_on_the_device
test_plans_are_made_of_device_arrays = on_gpu.test_plans_are_made_of_device_arrays
test_noise_is_the_hosts = on_gpu.test_noise_is_the_hosts
test_noise_between_two_streams = on_gpu.test_noise_between_two_streams


class Stream:
    def __init__(self, gpu, number):
        self.gpu = gpu
        self.cuda_stream = self.ptr = number

    def synchronize(self):
        self.gpu.flush(self.ptr)


class Package:
    """As Torch and Cupy of tests/gpu/test_gpu_arrays.py."""

    def __init__(self, gpu, kind):
        self.gpu, self.kind = gpu, kind

    def give(self, array):
        return self.kind.from_host(array, self.gpu)

    def host(self, array):
        assert isinstance(array, self.kind)
        return array.host()

    def stream(self):
        stream = Stream(self.gpu, self.gpu.own_stream())
        return stream, self.gpu.chosen(self.kind.package, stream.ptr)

    def delay(self):
        """Everything is late here."""


@pytest.fixture
def gpu(monkeypatch):
    found = fake_gpu.Gpu()
    monkeypatch.setitem(sys.modules, "nbhybrid._cuda", found)
    monkeypatch.setitem(sys.modules, "cupy", fake_gpu.cupy(found))
    monkeypatch.setitem(sys.modules, "torch", fake_gpu.torch(found))
    found.delay_rendering(_core, monkeypatch)
    yield found
    found.wait_for_all(0)
    gc.collect()
    assert found.faults == []
    assert found.exports == []


@pytest.fixture(params=[fake_gpu.Tensor, fake_gpu.ndarray], ids=["torch", "cupy"])
def package(request, gpu):
    return Package(gpu, request.param)


TURNS = on_gpu.TURNS


def test_an_owner_that_is_forgotten_is_what_the_gpu_showed(package):
    """What failed on a GPU: where memory has gone to another array, its numbers are the other's; 1072693248 is half of a 1.0."""
    hkl = np.argwhere(np.ones((5, 5, 5))).astype(np.int32) - 2
    careless = on_gpu.InterfaceOnly(package.give(hkl))
    careless.owner = None
    other = package.give(np.arange(125.0) + 1)
    assert take(careless, "hkl", ("n", 3), "int32")[0, 1] == 1072693248
    assert (package.host(other) == np.arange(125.0) + 1).all()


def test_temporaries_are_read_before_they_are_anothers(package):
    """Of arrays that are not contiguous, a copy is made; it is the next array's when it is dropped."""
    for _ in range(3):
        wide = package.give(np.arange(60.0).reshape(3, 20))
        means = wide[:, ::2]
        del wide
        out = package.give(np.zeros((3, 10), np.float32))
        nb.poisson(means, 5, out=out)
        del means
        other = package.give(np.full((3, 10), 7.0))
        expected = nb.poisson(np.ascontiguousarray(np.arange(60.0).reshape(3, 20)[:, ::2]), 5)
        assert np.array_equal(package.host(out), expected)
        assert (package.host(other) == 7).all()


@pytest.mark.parametrize("dtype", ["int16", "int32", "int64", "float32", "float64"])
def test_numbers_are_converted_after_the_copy(package, dtype):
    """By the host: there is no temporary on the device for that."""
    given = package.give(np.arange(12).astype(dtype).reshape(4, 3))
    blocks = len(package.gpu.blocks)
    taken = take(given[::2], "x", (2, 3), "float64")
    assert len(package.gpu.blocks) == blocks
    assert taken.tolist() == [[0, 1, 2], [6, 7, 8]]


def test_outputs_are_dropped_at_once(package):
    """Also by whoever has made them on another stream than the one that they are written on."""
    simulator = nb.Simulator(on_gpu.experiment(), device="cuda")
    out = package.give(np.zeros((130, 170), np.float32))
    stream, chosen = package.stream()
    package.gpu.flush(fake_gpu.DEFAULT)
    with chosen:
        simulator.run(out)
        if package.kind is fake_gpu.Tensor:
            del out
            assert package.give(np.ones((130, 170), np.float32)).host().all()
    stream.synchronize()


@pytest.mark.parametrize("wrapper", on_gpu.WRAPPERS)
def test_what_others_export_is_awaited(package, wrapper):
    """Where nobody knows the stream, the image is there when the call returns, whoever looks at it."""
    out = package.give(np.zeros((130, 170), np.float32))
    package.gpu.flush(fake_gpu.DEFAULT)
    nb.simulate(on_gpu.experiment(), on_gpu.WRAPPERS[wrapper](out))
    is_there = np.array_equal(out.memory, nb.simulate(on_gpu.experiment()))
    assert is_there == (wrapper != "own")


def test_interfaces_that_know_no_streams_wait_for_all(gpu):
    """torch's has version 2: nothing says which stream to wait for."""
    with gpu.chosen("torch", gpu.own_stream()):
        given = on_gpu.InterfaceOnly(fake_gpu.Tensor.from_host(TURNS, gpu))
    given.__cuda_array_interface__["version"] = 2
    assert np.array_equal(take(given, "x", (3, 3, 3)), TURNS)


@pytest.mark.parametrize("stream", [None, 0, 1, 2, 500])
def test_streams_of_interfaces(gpu, stream):
    """0 may not be said; it is taken for the default stream, and waited for as one that is not known."""
    out = fake_cuda.WithInterface(gpu.room((130, 170), np.float32, stream or 1, 0), gpu)
    out.stream = stream
    nb.simulate(on_gpu.experiment(), out)
    assert bool(gpu.queues[stream or 1]) == bool(stream)
    gpu.flush(stream or 1)
    assert np.array_equal(out.memory, nb.simulate(on_gpu.experiment()))


def test_copies_of_cupy_are_made_on_the_arrays_device(gpu):
    means = fake_gpu.ndarray.from_host(np.arange(60.0).reshape(3, 20), gpu, 1)[:, ::2]
    out = fake_gpu.ndarray.empty((3, 10), np.float32, gpu, 1)
    nb.poisson(means, 5, out=out)
    assert np.array_equal(out.host(), nb.poisson(np.arange(60.0).reshape(3, 20)[:, ::2], 5))


@pytest.mark.parametrize("error", [nb.errors.DeviceError, KeyboardInterrupt])
def test_after_an_error_nothing_is_under_way(package, error, monkeypatch):
    """Part of the work has been given to the stream: what is dropped now is another's at once."""
    out = package.give(np.zeros((130, 170), np.float32))
    package.gpu.flush(fake_gpu.DEFAULT)
    give = _core.render

    def fail(*arguments, **how):
        give(*arguments, **how)
        raise error("in the middle")

    monkeypatch.setattr(_core, "render", fail)
    with pytest.raises(error):
        nb.simulate(on_gpu.experiment(), on_gpu.InterfaceOnly(out, stream=600))
    assert not package.gpu.queues[600]
