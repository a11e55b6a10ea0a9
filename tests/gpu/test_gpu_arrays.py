"""On a GPU: arrays of torch, CuPy and others in its memory, as arguments, outputs and results, on the caller's streams."""

import nbhybrid as nb
import numpy as np
import pytest
from helpers import DlpackOnly
from nbhybrid import devices

WHY = devices.why_missing("cuda")
pytestmark = pytest.mark.skipif(bool(WHY), reason=f"{WHY}: arrays in a GPU's memory are NOT tested")

TURN = np.array([[0.0, -1, 0], [1, 0, 0], [0, 0, 1]])
TURNS = np.stack([np.eye(3), TURN, TURN @ TURN])
PIXELS = np.random.default_rng(1).integers(0, (130, 170), (777, 2)).astype(np.int32)


def experiment(**parts):
    usual = {"crystal": nb.Crystal(cell=nb.UnitCell(70, 80, 90), n_cells=7), "structure_factors": 90}
    usual["detector"] = nb.Detector.mosflm(pixels=(130, 170), pixel_size_mm=0.2)
    usual["sampling"] = nb.Sampling(oversample=1)
    return nb.Experiment(**(usual | parts))


class Torch:
    """How a package makes arrays on the GPU, gives them back, and works on a stream of its own."""

    def __init__(self):
        self.package = pytest.importorskip("torch", reason="torch is not installed: its tensors on a GPU are NOT tested")
        if not self.package.cuda.is_available():
            pytest.skip("this torch knows no CUDA: its tensors on a GPU are NOT tested")

    def give(self, array):
        return self.package.from_numpy(array.copy()).cuda()

    def host(self, array):
        assert array.is_cuda
        return array.cpu().numpy()

    def stream(self):
        stream = self.package.cuda.Stream()
        return stream, self.package.cuda.stream(stream)

    def delay(self):
        self.package.cuda._sleep(200_000_000)


class Cupy:
    def __init__(self):
        self.package = pytest.importorskip("cupy", reason="CuPy is not installed: its arrays are NOT tested")

    def give(self, array):
        return self.package.asarray(array)

    def host(self, array):
        assert isinstance(array, self.package.ndarray)
        return array.get()

    def stream(self):
        stream = self.package.cuda.Stream(non_blocking=True)
        return stream, stream

    def delay(self):
        large = self.package.ones((4000, 4000), self.package.float64)
        for _ in range(3):
            large = large @ large * 1e-5


class InterfaceOnly:
    """An array that says where it is and nothing else; its owner's stream only if it is told."""

    def __init__(self, array, **more):
        # Else its memory would be another's as soon as nobody else has it: that is the exporter's affair.
        self.owner = array
        said = {key: value for key, value in array.__cuda_array_interface__.items() if key != "stream"}
        self.__cuda_array_interface__ = {**said, "version": 3, **more}


@pytest.fixture(params=[Torch, Cupy])
def package(request):
    return request.param()


WRAPPERS = {"own": lambda array: array, "dlpack": DlpackOnly, "interface": InterfaceOnly}


@pytest.mark.parametrize("engine", ["exact", "fast"])
@pytest.mark.parametrize("wrapper", WRAPPERS)
def test_outputs(package, wrapper, engine):
    made = experiment()
    image = nb.Simulator(made, engine=engine, device="cuda").run()
    memory = package.give(np.full((130, 170), -1, np.float32))
    out = WRAPPERS[wrapper](memory)
    assert nb.simulate(made, out, engine=engine) is out
    assert np.array_equal(package.host(memory), image)
    stills = package.give(np.full((3, 130, 170), -1, np.float32))
    nb.simulate_batch(made, TURNS, WRAPPERS[wrapper](stills), engine=engine)
    assert np.array_equal(package.host(stills), nb.simulate_batch(made, TURNS, engine=engine, device="cuda"))
    values = package.give(np.full(len(PIXELS), -1, np.float32))
    nb.Simulator(made, engine=engine).run_pixels(PIXELS, WRAPPERS[wrapper](values))
    assert np.array_equal(package.host(values), image[tuple(PIXELS.T)])


@pytest.mark.parametrize("engine", ["exact", "fast"])
def test_streams(package, engine):
    """Work before and after on the caller's stream is before and after the image, though nobody waits."""
    simulator = nb.Simulator(experiment(), engine=engine, device="cuda")
    stream, chosen = package.stream()
    with chosen:
        out = package.give(np.full((130, 170), -1, np.float32))
        package.delay()
        out[...] = -2
        assert simulator.run(out) is out
        doubled = out * 2
        out[...] = -3
    stream.synchronize()
    assert np.array_equal(package.host(doubled) / 2, simulator.run())
    assert (package.host(out) == -3).all()


@pytest.mark.parametrize("wrapper", WRAPPERS)
def test_arguments_are_read_after_what_their_stream_does(package, wrapper):
    stream, chosen = package.stream()
    with chosen:
        given = package.give(np.zeros((3, 3, 3)))
        turns = package.give(TURNS)
        package.delay()
        given[...] = turns
        more = {"stream": getattr(stream, "cuda_stream", None) or stream.ptr} if wrapper == "interface" else {}
        wrapped = InterfaceOnly(given, **more) if wrapper == "interface" else WRAPPERS[wrapper](given)
        images = nb.simulate_batch(experiment(), wrapped, device="cpu")
    images = images if isinstance(images, np.ndarray) else images.numpy()
    assert np.array_equal(images, nb.simulate_batch(experiment(), TURNS))


def test_results_stay_on_the_device(package):
    made = experiment()
    stills = nb.simulate_batch(made, package.give(TURNS))
    expected = nb.simulate_batch(made, TURNS)
    assert np.array_equal(package.host(stills), expected)
    values = nb.Simulator(made).run_pixels(package.give(PIXELS))
    assert np.array_equal(package.host(values), nb.simulate(made)[tuple(PIXELS.T)])
    assert np.array_equal(package.host(nb.poisson(stills, 5)), nb.poisson(expected, 5))


def test_plans_are_made_of_device_arrays(package):
    hkl = np.argwhere(np.ones((5, 5, 5))).astype(np.int32) - 2
    amplitudes = np.arange(125.0) + 1
    mask = (np.indices((130, 170)).sum(axis=0) % 3 > 0).astype(np.uint8)

    def image(give):
        return nb.simulate(
            experiment(
                crystal=nb.Crystal(cell=nb.UnitCell(70, 80, 90), n_cells=7, domain_rotations=give(TURNS)),
                structure_factors=nb.StructureFactors.from_arrays(give(hkl), give(amplitudes)),
                detector=nb.Detector.mosflm(pixels=(130, 170), pixel_size_mm=0.2, mask=give(mask)),
                beam=nb.Beam(sources=nb.Sources(give(np.array([[-1.0, 0, 0], [-1, 0.01, 0]])), give(np.array([1.0, 1.1])))),
            )
        )

    expected = image(lambda array: array)
    assert expected.any()
    for wrap in WRAPPERS.values():
        assert np.array_equal(image(lambda array, wrap=wrap: wrap(package.give(array))), expected)
    assert np.array_equal(image(lambda array: package.give(np.repeat(array, 2, axis=0))[::2]), expected)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("wrapper", WRAPPERS)
def test_noise_is_the_hosts(package, wrapper, dtype):
    means = np.random.default_rng(2).exponential(30, (3, 100, 90)).astype(dtype)
    out = package.give(np.zeros(means.shape, np.float32))
    nb.poisson(WRAPPERS[wrapper](package.give(means)), 5, image_number=7, panel=2, out=out)
    assert np.array_equal(package.host(out), nb.poisson(means, 5, image_number=7, panel=2))


def test_noise_between_two_streams(package):
    """The image is made on one stream and counted on another."""
    first, chosen = package.stream()
    with chosen:
        means = package.give(np.zeros((100, 90), np.float32))
        ones = package.give(np.full((100, 90), 30, np.float32))
        package.delay()
        means[...] = ones
    out = package.give(np.zeros((100, 90), np.float32))
    nb.poisson(InterfaceOnly(means, stream=getattr(first, "cuda_stream", None) or first.ptr), 5, out=out)
    assert np.array_equal(package.host(out), nb.poisson(np.full((100, 90), 30, np.float32), 5))


def test_refused_arrays(package):
    made = experiment()
    with pytest.raises(nb.ArrayTypeError, match=r"^out: .*float64"):
        nb.simulate(made, package.give(np.zeros((130, 170))))
    with pytest.raises(nb.ArrayValueError, match=r"^out: .*its strides are"):
        nb.simulate(made, package.give(np.zeros((130, 340), np.float32))[:, ::2])
    with pytest.raises(nb.ArrayTypeError, match=r"^out: expected an array in the host's memory"):
        nb.simulate(made, package.give(np.zeros((130, 170), np.float32)), device="cpu")
    with pytest.raises(nb.errors.DeviceError, match="is in the memory of no device"):
        nb.simulate(made, type("Lost", (), {"__cuda_array_interface__": np.zeros((130, 170), "f4").__array_interface__})())


def test_tensors_that_require_a_gradient():
    torch = Torch().package
    turns = torch.from_numpy(TURNS).cuda().requires_grad_()
    with pytest.raises(nb.ArrayTypeError, match="requires a gradient, which ends here"):
        nb.simulate_batch(experiment(), turns)
    of_turns = nb.simulate_batch(experiment(), turns.detach())
    assert np.array_equal(of_turns.cpu().numpy(), nb.simulate_batch(experiment(), TURNS))
    with pytest.raises(nb.ArrayValueError, match="it requires a gradient"):
        nb.simulate(experiment(), torch.zeros(130, 170, device="cuda", requires_grad=True))


def test_two_devices(package):
    if isinstance(package, Cupy) or package.package.cuda.device_count() < 2:
        pytest.skip("there is one GPU, or this is not torch: arrays on two GPUs are NOT tested")
    turns = package.package.from_numpy(TURNS).to("cuda:1")
    stills = nb.simulate_batch(experiment(), turns)
    assert stills.device.index == 1
    assert np.array_equal(stills.cpu().numpy(), nb.simulate_batch(experiment(), TURNS))
    with pytest.raises(nb.ArrayTypeError, match="orientations lies on cuda:1 and out on cuda:0"):
        nb.simulate_batch(experiment(), turns, package.give(np.zeros((3, 130, 170), np.float32)))
