"""Arrays in the memory of CUDA devices, without one: the arrays are fakes on the host's memory, the device is the emulated one.

What is real: everything between the user's array and the address, stream and shape that the core is handed. On a GPU,
tests/gpu/test_gpu.py does the same with real packages.
"""

import gc
import re
import sys

import fake_cuda
import nbhybrid as nb
import numpy as np
import pytest
from fake_cuda import WithDlpack, WithInterface
from nbhybrid import _core, devices
from nbhybrid.arrays import out_buffer, take

TURN = np.array([[0.0, -1, 0], [1, 0, 0], [0, 0, 1]])
TURNS = np.stack([np.eye(3), TURN, TURN @ TURN])
PIXELS = np.array([[0, 0], [5, 7], [19, 23], [5, 8]], np.int32)


@pytest.fixture
def extension(monkeypatch):
    found = fake_cuda.Extension()
    monkeypatch.setitem(sys.modules, "nbhybrid._cuda", found)
    monkeypatch.setitem(sys.modules, "cupy", fake_cuda.cupy(found))
    monkeypatch.setitem(sys.modules, "torch", fake_cuda.torch(found))
    return found


def experiment(**parts):
    usual = {"crystal": nb.Crystal(cell=nb.UnitCell(70, 80, 90, 75, 85, 95), n_cells=5), "structure_factors": 100}
    usual["detector"] = nb.Detector.mosflm(pixels=(20, 24), pixel_size_mm=0.8)
    usual["sampling"] = nb.Sampling(oversample=1)
    return nb.Experiment(**(usual | parts))


def room(shape, fill=-1):
    return np.full(shape, fill, np.float32)


KINDS = {"interface": WithInterface, "dlpack": WithDlpack, "cupy": fake_cuda.ndarray, "torch": fake_cuda.Tensor}


@pytest.mark.parametrize("device", [None, "emulated", "cuda", "cuda:0"])
@pytest.mark.parametrize("kind", KINDS)
def test_images_are_written_where_out_lies(kind, device, extension):
    out = KINDS[kind](room((20, 24)), extension)
    simulator = nb.Simulator(experiment(), device=device)
    assert simulator.run(out) is out
    image = nb.simulate(experiment())
    assert image.any()
    assert np.array_equal(out.memory, image)
    assert extension.copied == 0
    out = KINDS[kind](room(4), extension)
    assert simulator.run_pixels(KINDS[kind](PIXELS, extension), out) is out
    assert np.array_equal(out.memory, image[tuple(PIXELS.T)])
    assert extension.copied == PIXELS.nbytes
    out = KINDS[kind](room((20, 24)), extension)
    assert nb.simulate(experiment(), out, device=device, engine="fast") is out
    assert np.allclose(out.memory, image, rtol=1e-5, atol=1e-5 * image.max())


@pytest.mark.parametrize("device", [None, "emulated", "cuda:1"])
@pytest.mark.parametrize("kind", KINDS)
def test_batches_are_written_where_out_lies(kind, device, extension):
    out = KINDS[kind](room((3, 20, 24)), extension, 0 if device == "emulated" else 1)
    turns = KINDS[kind](TURNS, extension, 0 if device == "emulated" else 1)
    assert nb.simulate_batch(experiment(), turns, out, device=device) is out
    images = nb.simulate_batch(experiment(), TURNS)
    assert not np.array_equal(images[0], images[1])
    assert np.array_equal(out.memory, images)
    assert extension.copied == TURNS.nbytes
    out = KINDS[kind](room((3, 20, 24)), extension, 0)
    assert nb.simulate_batch(experiment(), TURNS.tolist(), out) is out
    assert np.array_equal(out.memory, images)


@pytest.mark.parametrize("kind", ["cupy", "torch"])
def test_results_stay_where_the_arguments_lie(kind, extension):
    made, of_kind = experiment(), KINDS[kind]
    stills = nb.simulate_batch(made, of_kind(TURNS, extension, 1))
    values = nb.Simulator(made).run_pixels(of_kind(PIXELS, extension, 1))
    for found, expected in (
        (stills, nb.simulate_batch(made, TURNS)),
        (values, nb.Simulator(made).run_pixels(PIXELS)),
        (nb.poisson(stills, 3), nb.poisson(nb.simulate_batch(made, TURNS), 3)),
    ):
        assert type(found) is of_kind
        assert found.index == 1
        assert np.array_equal(found.memory, expected)
    # Who names a device gets them there.
    assert nb.simulate_batch(made, of_kind(TURNS, extension, 1), device="cuda:0").index == 0
    host = nb.simulate_batch(made, of_kind(TURNS, extension, 1), device="cpu")
    assert type(host) is (np.ndarray if kind == "cupy" else of_kind)
    assert np.array_equal(host if kind == "cupy" else host.numpy(), stills.memory)


@pytest.mark.parametrize("kind", ["interface", "dlpack"])
def test_other_packages_have_to_pass_out(kind, extension):
    made = experiment()
    for use, name in (
        (lambda: nb.simulate_batch(made, KINDS[kind](TURNS, extension)), "orientations"),
        (lambda: nb.Simulator(made).run_pixels(KINDS[kind](PIXELS, extension)), "pixels"),
        (lambda: nb.poisson(KINDS[kind](room((20, 24), 5), extension), 3), "image"),
    ):
        with pytest.raises(nb.ArrayTypeError, match=rf"^{name}: found fake_cuda.With\w+ on cuda, .*; or pass out$"):
            use()
    assert np.array_equal(nb.simulate_batch(made, KINDS[kind](TURNS, extension), device="cpu"), nb.simulate_batch(made, TURNS))


def test_host_arrays_mean_cpu(extension):
    simulator = nb.Simulator(experiment())
    assert type(simulator.run()) is np.ndarray
    assert type(nb.simulate_batch(experiment(), TURNS)) is np.ndarray
    assert simulator._elsewhere == {}
    out = room((3, 20, 24))
    assert nb.simulate_batch(experiment(), WithInterface(TURNS, extension), out) is out
    assert np.array_equal(out, nb.simulate_batch(experiment(), TURNS))


def test_devices_must_agree(extension):
    made = experiment()
    turns, out = WithInterface(TURNS, extension, 0), WithDlpack(room((3, 20, 24)), extension, 1)
    with pytest.raises(nb.ArrayTypeError) as caught:
        nb.simulate_batch(made, turns, out)
    assert str(caught.value) == "orientations lies on cuda:0 and out on cuda:1: expected both on one device"
    with pytest.raises(nb.ArrayTypeError, match=r"^pixels lies on cuda:1 and out on cuda:0"):
        nb.Simulator(made).run_pixels(WithDlpack(PIXELS, extension, 1), WithDlpack(room(4), extension, 0))
    with pytest.raises(nb.ArrayTypeError, match=r"^out: .* of shape \(3, 20, 24\) on cuda:1; expected on cuda:0$"):
        nb.simulate_batch(made, turns, out, device="cuda")
    with pytest.raises(nb.ArrayTypeError, match=r"^out: expected an array in the host's memory, got one on cuda"):
        nb.simulate_batch(made, turns, out, device="cpu")
    with pytest.raises(nb.ArrayTypeError, match=r"^out: .* on cuda:1; image lies on cuda:0$"):
        nb.poisson(WithInterface(room((20, 24)), extension), 3, out=WithInterface(room((20, 24)), extension, 1))
    with pytest.raises(nb.ArrayTypeError, match=r"^out: .* got float32 numpy.ndarray of shape \(20, 24\); image lies on cuda:0$"):
        nb.poisson(WithInterface(room((20, 24)), extension), 3, out=room((20, 24)))
    with pytest.raises(nb.errors.DeviceError, match=r"^cuda:7: "):
        nb.simulate(made, WithDlpack(room((20, 24)), extension, 7))


def test_panels(extension):
    panel = nb.Panel.mosflm(pixels=(6, 8), pixel_size_mm=2)
    made = experiment(detector=nb.Detector([panel, nb.Panel.mosflm(pixels=(5, 7), pixel_size_mm=2)]))
    images = nb.simulate(made)
    outs = [WithDlpack(room(image.shape), extension, 1) for image in images]
    assert nb.Simulator(made).run(outs) is outs
    flat = WithInterface(room(sum(image.size for image in images)), extension)
    assert nb.simulate(made, flat) is flat
    for image, out in zip(images, outs, strict=True):
        assert np.array_equal(out.memory, image)
    assert np.array_equal(flat.memory, np.concatenate([image.ravel() for image in images]))
    outs[1] = WithDlpack(room((5, 7)), extension, 0)
    with pytest.raises(nb.ArrayTypeError, match=re.escape("out[0] lies on cuda:1 and out[1] on cuda:0")):
        nb.Simulator(made).run(outs)


def test_runs_that_no_device_takes(extension):
    """Also where an array has chosen the device; nothing is written."""
    made = experiment(sampling=nb.Sampling(oversample=2, recompute_solid_angle=True))
    out, few, stills = (WithDlpack(room(shape), extension) for shape in ((20, 24), 4, (3, 20, 24)))
    before = [array.memory.copy() for array in (out, few, stills)]
    simulator = nb.Simulator(made)
    for refused in (
        lambda: nb.Simulator(made, device="cuda"),
        lambda: simulator.run(out),
        lambda: simulator.run_pixels(PIXELS, few),
        lambda: nb.simulate_batch(made, TURNS, stills),
    ):
        with pytest.raises(nb.errors.DeviceError, match=r"no device can take this run, .*-oversample_omega.*; choose device cpu"):
            refused()
    for array, values in zip((out, few, stills), before, strict=True):
        assert np.array_equal(array.memory, values)
    assert np.array_equal(simulator.run(), nb.simulate(made, device="cpu"))


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("kind", KINDS)
def test_noise(kind, dtype, extension):
    means = np.random.default_rng(2).exponential(30, (3, 10, 9)).astype(dtype)
    counts = nb.poisson(means, 5, image_number=7, panel=2)
    out = KINDS[kind](room(means.shape), extension)
    assert nb.poisson(KINDS[kind](means, extension), 5, image_number=7, panel=2, out=out) is out
    assert np.array_equal(out.memory, counts)
    if dtype == "float32":
        same = KINDS[kind](means.copy(), extension)
        assert nb.poisson(same, 5, image_number=7, panel=2, out=same) is same
        assert np.array_equal(same.memory, counts)
    with pytest.raises(nb.ModelError, match="only counter works on a device"):
        nb.poisson(KINDS[kind](means[0].copy(), extension), 5, generator="reference", out=out)


def test_noise_waits_for_whoever_made_the_image(extension):
    means, out = WithInterface(room((4, 5), 3), extension), WithInterface(room((4, 5)), extension)
    means.stream, out.stream = 33, 44
    nb.poisson(means, 1, out=out)
    assert extension.order == [("after", 44, 33), ("noise", 44), ("after", 33, 44)]
    extension.order.clear()
    export = WithDlpack(room((4, 5), 3), extension)
    nb.poisson(export, 1, out=out)
    assert export.streams == [1]
    assert extension.order == [("after", 44, 1), ("noise", 44), ("after", 1, 44), ("wait", 44)]


def test_streams(extension, monkeypatch):
    """The caller's stream is used; where nobody knows it, the default one is, and the work is waited for."""
    used = []
    render = _core.render
    monkeypatch.setattr(_core, "render", lambda plans, memory, **how: (used.append(memory.stream), render(plans, memory, **how))[1])
    for made, stream, is_awaited in (
        (WithInterface, None, True),
        (WithInterface, 1, False),
        (WithInterface, 2, False),
        (WithInterface, 123456, False),
        (WithDlpack, None, True),
        (fake_cuda.ndarray, 77, False),
        (fake_cuda.Tensor, 55, False),
    ):
        out = made(room((20, 24)), extension)
        if made is WithInterface:
            out.stream = stream
        extension.order.clear()
        nb.Simulator(experiment(), device="cuda").run(out)
        assert used.pop() == (stream or 1)
        assert extension.order == ([("wait", 1)] if is_awaited else [])


def test_exports_are_given_back(extension):
    out = WithDlpack(room((20, 24)), extension)
    nb.simulate(experiment(), out)
    gc.collect()
    assert out.held == 0
    assert out.streams == [1]
    given = WithDlpack(np.arange(6.0), extension)
    view = _core.DlpackView(given.__dlpack__(stream=1, max_version=(1, 0)))
    assert (view.address, view.place, view.dtype) == (given.memory.ctypes.data, (2, 0), "float64")
    assert (view.shape, view.strides, view.is_read_only, view.is_copied) == ((6,), None, False, False)
    assert given.held == 1
    del view
    assert given.held == 0


def test_capsules():
    """Of any exporter: here numpy's, of the host."""
    array = np.arange(24, dtype=np.int16).reshape(4, 6)[::2, 1:]
    capsule = array.__dlpack__()
    view = _core.DlpackView(capsule)
    assert 'capsule object "used_dltensor' in repr(capsule)
    assert (view.address, view.place[0], view.dtype) == (array.ctypes.data, 1, "int16")
    assert (view.shape, view.strides, view.is_read_only) == ((2, 5), (24, 2), None)
    with pytest.raises(BufferError, match="no capsule of a tensor that nobody has taken yet"):
        _core.DlpackView(capsule)
    with pytest.raises(BufferError, match="no capsule"):
        _core.DlpackView(array)
    for dtype in ("bool", "uint8", "int64", "float16", "float32", "complex64"):
        assert _core.DlpackView(np.zeros(2, dtype).__dlpack__()).dtype == dtype


def test_arrays_of_jax():
    """They are read where they lie, and never written to: they do not change."""
    jax = pytest.importorskip("jax", reason="JAX is not installed: its arrays are NOT tested")
    array = jax.device_put(np.arange(6, dtype=np.float32).reshape(2, 3), jax.devices("cpu")[0])
    taken = take(array, "x", (2, 3), "float32")
    assert taken.tolist() == [[0, 1, 2], [3, 4, 5]]
    assert taken.__array_interface__["data"][0] == array.unsafe_buffer_pointer()
    with pytest.raises(nb.ArrayValueError, match=r"^out: .*; it is read-only$"):
        out_buffer(array, "out", (2, 3))


def test_old_and_new_exports(extension):
    """Before version 1, exports do not say whether they may be written to: then the other protocol has to."""
    given = WithDlpack(TURNS.copy(), extension)
    given.knows_versions = False
    given.offset = 16
    assert np.array_equal(take(given, "x", (3, 3, 3)), TURNS)
    out = WithDlpack(room((20, 24)), extension)
    out.knows_versions = False
    with pytest.raises(
        nb.ArrayValueError, match=r"^out: .*; an export of before DLPack 1 does not say whether it may be written to$"
    ):
        nb.simulate(experiment(), out)
    out = fake_cuda.ndarray(room((20, 24)), extension)
    out.__class__ = type("Array", (fake_cuda.ndarray,), {"__module__": "warp"})
    out.knows_versions = False
    nb.simulate(experiment(), out)
    assert out.memory.max() > 0
    given.knows_versions, given.major = True, 2
    with pytest.raises(nb.ArrayTypeError, match=r"^x: .* its export by DLPack failed: it has version 2, expected 1$"):
        take(given, "x", (3, 3, 3))
    assert given.held == out.held == 0


def read_only(array):
    array.setflags(write=False)
    return array


BAD = {
    "dtype": (nb.ArrayTypeError, lambda: np.zeros((20, 24)), r"got float64 \S+ of shape \(20, 24\) on cuda:0$"),
    "shape": (nb.ArrayValueError, lambda: room((24, 20)), r"got float32 \S+ of shape \(24, 20\) on cuda:0$"),
    "strided": (nb.ArrayValueError, lambda: room((20, 48))[:, ::2], r"; its strides are \(192, 8\) bytes$"),
    "read-only": (nb.ArrayValueError, lambda: read_only(room((20, 24))), "; it is read-only$"),
}


@pytest.mark.parametrize("case", BAD)
@pytest.mark.parametrize("kind", ["interface", "dlpack", "cupy"])
def test_bad_outputs(kind, case, extension):
    error, make, text = BAD[case]
    memory = make()
    before = memory.copy()
    with pytest.raises(error, match=rf"^out: expected a writeable, C-contiguous array on cuda of shape \(20, 24\).*{text}"):
        nb.simulate(experiment(), KINDS[kind](memory, extension))
    assert np.array_equal(memory, before)


def test_odd_outputs(extension):
    copied = WithDlpack(room((20, 24)), extension)
    copied.is_copied = True
    with pytest.raises(nb.ArrayValueError, match=r"; its export by DLPack is a copy$"):
        nb.simulate(experiment(), copied)
    odd = np.frombuffer(bytearray(4 * 480 + 1), np.float32, 480, 1).reshape(20, 24)
    with pytest.raises(nb.ArrayValueError, match=r"; its memory is not aligned to 4 bytes$"):
        nb.simulate(experiment(), WithInterface(odd, extension))
    with pytest.raises(nb.ArrayTypeError, match=r"got [<>]f4 \S+ of shape"):
        nb.simulate(experiment(), WithInterface(room((20, 24)).astype(np.dtype("f4").newbyteorder("S")), extension))
    tensor = fake_cuda.Tensor(room((20, 24)), extension)
    tensor.requires_grad = True
    with pytest.raises(nb.ArrayValueError, match="; it requires a gradient"):
        nb.simulate(experiment(), tensor)


LAYOUTS = {
    "contiguous": lambda a: a.copy(),
    "strided": lambda a: np.repeat(a, 2, axis=1)[:, ::2],
    "backwards": lambda a: a[::-1, ::-1].copy()[::-1, ::-1],
    "Fortran": np.asfortranarray,
    "read-only": lambda a: read_only(a.copy()),
    "empty": lambda a: a[:0],
}


@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize("kind", KINDS)
def test_arguments_are_copied_to_the_host(kind, layout, extension):
    array = LAYOUTS[layout](np.arange(12.0).reshape(3, 4))
    given = KINDS[kind](array, extension)
    taken = take(given, "x", array.shape)
    assert type(taken) is np.ndarray
    assert np.array_equal(taken, array)
    assert not np.shares_memory(taken, array)
    assert taken.flags.c_contiguous
    assert take(KINDS[kind](np.arange(3), extension), "x", (3,), "int32").tolist() == [0, 1, 2]
    with pytest.raises(nb.ArrayTypeError, match=r"^x: expected .* and dtype int32, got float64 \S+ of shape .* on cuda"):
        take(given, "x", array.shape, "int32")
    with pytest.raises(nb.ArrayValueError, match=r"^x: expected an array of shape \(9, 9\)"):
        take(given, "x", (9, 9))


def test_arrays_in_lists_are_copied(extension):
    rows = [WithInterface(np.array([1.0, 2]), extension), fake_cuda.Tensor(np.array([3.0, 4]), extension), [5, 6]]
    assert take(rows, "x", (3, 2)).tolist() == [[1, 2], [3, 4], [5, 6]]


def test_broken_arrays(extension):
    class Broken(WithInterface):
        said = None

        @property
        def __cuda_array_interface__(self):
            return {**super().__cuda_array_interface__, **self.said}

    array = Broken(np.zeros((2, 3)), extension)
    for said, text in (
        ({"typestr": "nonsense"}, "its __cuda_array_interface__ is of no use: "),
        ({"data": None}, "its __cuda_array_interface__ is of no use: "),
        ({"mask": array}, "the mask would be lost: fill it"),
        ({"data": (64, False)}, "it cannot be copied to the host: cuda: the address 0x40 is in the memory of no device"),
    ):
        array.said = said
        with pytest.raises(nb.ArrayTypeError, match=rf"^x: .*Broken of shape .* on cuda; {re.escape(text)}"):
            take(array, "x", (2, 3))
    with pytest.raises(nb.errors.DeviceError, match=r"^out: it lies on cuda, but cuda: the address 0x40"):
        nb.simulate(experiment(), array)


def test_traced_pixels(extension):
    simulator = nb.Simulator(experiment())
    traced = simulator.trace(WithInterface(PIXELS, extension))
    assert [(pixel.slow, pixel.fast) for pixel in traced] == [tuple(pixel) for pixel in PIXELS.tolist()]


def test_simulators_follow_their_arrays(extension):
    simulator = nb.Simulator(experiment())
    assert simulator.device is None
    outs = [fake_cuda.ndarray(room((20, 24)), extension, device) for device in (0, 1, 0)]
    for out in outs:
        simulator.run(out)
    assert set(simulator._elsewhere) == {"cuda:0", "cuda:1"}
    simulator.update(structure_factors=50.0)
    simulator.run(outs[0])
    assert np.array_equal(outs[0].memory, nb.simulate(experiment(structure_factors=50.0)))
    assert np.array_equal(outs[1].memory, outs[2].memory)


@pytest.mark.parametrize("make", [WithInterface, WithDlpack])
def test_a_missing_device_is_said(make):
    if not devices.why_missing("cuda"):
        pytest.skip("there is a GPU: that one is missing is NOT tested")
    extension = fake_cuda.Extension()
    out = make(room((20, 24)), extension)
    with pytest.raises(nb.errors.DeviceError, match="cuda: "):
        nb.simulate(experiment(), out)
    with pytest.raises(nb.ArrayTypeError, match=r"^x: .*; it cannot be copied to the host: cuda: "):
        take(make(np.zeros(3), extension), "x", (3,))
    assert (out.memory == -1).all()
