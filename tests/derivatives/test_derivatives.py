"""Derivatives against one another, against differences of images, and for any number of threads."""

import nbhybrid as nb
import numpy as np
import pytest
from derivative_scenes import PIXELS, SHAPES, scene, smooth_paths
from nbhybrid.values import with_values
from tolerances import DERIVATIVE_DIFFERENCES, DERIVATIVE_INNER_PRODUCTS

pytestmark = pytest.mark.filterwarnings("ignore::nbhybrid.InputWarning")
SEEDS = range(24)


def value_at(simulator, path):
    """Return a parameter's value; of rotations, which begin where the experiment is, zeros."""
    shape = simulator.differentiable[path].shape
    if "rotation" in path.rsplit(".", 1)[-1] and not path.endswith("rotation_deg"):
        return np.zeros(shape)
    node = simulator.experiment
    for name in path.split("."):
        node = getattr(node, name)
    if path == "crystal.cell":
        return np.array([node.a, node.b, node.c, node.alpha, node.beta, node.gamma])
    return np.array(node, float).reshape(shape)


@pytest.mark.parametrize("seed", SEEDS)
def test_jvp_vjp_and_jacobian_are_one(seed):
    simulator = nb.Simulator(scene(seed, SHAPES[seed % 4]), threads=2)
    rng = np.random.default_rng(seed)
    paths = smooth_paths(simulator)
    assert {"crystal.cell", "crystal.misset_deg", "beam.fluence"} <= set(paths)
    upstream = rng.normal(size=simulator.experiment.shape)
    jacobian, pulled = simulator.jacobian(paths), simulator.vjp(upstream, paths)
    for path in paths:
        direction = rng.normal(size=simulator.differentiable[path].shape)
        pushed = simulator.jvp({path: direction})
        columns = jacobian[path].reshape(*upstream.shape, -1)
        terms = upstream[..., None] * columns * direction.reshape(-1)
        scale = np.abs(terms).sum() + 1e-300
        assert abs((upstream * pushed).sum() - terms.sum()) <= DERIVATIVE_INNER_PRODUCTS * scale, path
        assert abs((pulled[path] * direction).sum() - terms.sum()) <= DERIVATIVE_INNER_PRODUCTS * scale, path


@pytest.mark.parametrize("seed", SEEDS)
def test_differences_of_images(seed):
    """Central differences of the float64 image, extrapolated; a few pixels lie at edges of the nearest index, or of a flat spot."""
    shape = SHAPES[seed % 3]
    simulator = nb.Simulator(scene(seed, shape), threads=2)
    image = simulator.run(dtype="float64")
    for path in smooth_paths(simulator):
        if "panels" in path:
            continue
        value = value_at(simulator, path)
        rng = np.random.default_rng(seed)
        direction = rng.normal(size=value.shape)
        # The angles of mosaic domains are float32, and a direction of 1e-6 goes far in indices.
        relative = {"crystal.mosaic_spread_deg": 1e-2, "beam.sources.directions": 1e-7}.get(path, 1e-6)
        step = relative * max(float(np.abs(value).max()), 1.0)

        def shifted(factor, path=path, value=value, direction=direction, step=step):
            moved = with_values(simulator.experiment, {path: value + factor * step * direction})
            return nb.Simulator(moved, threads=2).run(dtype="float64")

        differences = (8 * (shifted(1) - shifted(-1)) - (shifted(2) - shifted(-2))) / (12 * step)
        slopes = simulator.jvp({path: direction})
        scale = np.abs(slopes).max() + np.abs(image).max() * 1e-9 / step
        bound = 1e-4 if path == "crystal.mosaic_spread_deg" else DERIVATIVE_DIFFERENCES
        off = np.abs(differences - slopes) > bound * scale
        # Domains turn far for such a step, and cross more edges.
        most = 0.15 if path == "crystal.mosaic_spread_deg" else 0.05
        assert off.mean() < most, f"{path}: {np.abs(differences - slopes).max() / scale:.2g} of {scale:.3g}, {off.sum()} pixels"


def test_amplitudes_and_intensities():
    simulator = nb.Simulator(scene(3, "gauss"), threads=2)
    rng = np.random.default_rng(1)
    amplitudes = np.array(simulator.experiment.structure_factors.grid)
    upstream, step = rng.normal(size=simulator.experiment.shape), rng.normal(size=amplitudes.shape)
    pulled = simulator.vjp(upstream, ["structure_factors.amplitudes", "structure_factors.intensities"])
    pushed = simulator.jvp({"structure_factors.amplitudes": step})
    scale = np.abs(pulled["structure_factors.amplitudes"] * step).sum()
    assert (
        abs((upstream * pushed).sum() - (pulled["structure_factors.amplitudes"] * step).sum()) < DERIVATIVE_INNER_PRODUCTS * scale
    )
    of_squares = pulled["structure_factors.intensities"] * 2 * amplitudes
    assert np.allclose(of_squares, pulled["structure_factors.amplitudes"], rtol=1e-14, atol=0)
    # Images are linear in the squares.
    squares = simulator.jvp({"structure_factors.intensities": amplitudes**2})
    image = simulator.run(dtype="float64")
    outside = simulator.jvp({"structure_factors.default": simulator.experiment.structure_factors.default / 2})
    assert np.allclose(squares + outside, image, rtol=1e-12, atol=1e-12 * image.max())


@pytest.mark.parametrize("seed", [0, 5, 9])
def test_the_bits_do_not_depend_on_threads(seed):
    experiment = scene(seed).replace(detector=nb.Detector.mosflm(pixels=(150, 90), pixel_size_mm=0.1, distance_mm=60))
    upstream = np.random.default_rng(seed).normal(size=experiment.shape)
    results = []
    for threads in (1, 2, 7):
        simulator = nb.Simulator(experiment, threads=threads)
        paths = [path for path, parameter in simulator.differentiable.items() if parameter]
        results.append({path: value.tobytes() for path, value in simulator.vjp(upstream, paths).items()})
    assert results[0] == results[1] == results[2]


def test_a_list_of_pixels_is_that_of_the_image():
    simulator = nb.Simulator(scene(2), threads=2)
    paths = smooth_paths(simulator)
    pixels = np.array([[3, 4], [0, 17], [3, 4], [13, 0]], np.int32)
    some, every = simulator.jacobian(paths, pixels=pixels), simulator.jacobian(paths)
    for path in paths:
        assert np.array_equal(some[path], every[path][pixels[:, 0], pixels[:, 1]]), path


@pytest.mark.parametrize("shape", SHAPES)
def test_float64_images_are_those_of_float32_before_the_last_rounding(shape):
    simulator = nb.Simulator(scene(11, shape))
    wide, image = simulator.run(dtype="float64"), simulator.run()
    assert wide.dtype == np.float64
    assert np.abs(wide - image).max() <= 1e-7 * image.max()


def test_panels_have_derivatives_of_their_own():
    experiment = scene(4)
    panels = [nb.Panel.mosflm(pixels=(8, 9), pixel_size_mm=0.3, distance_mm=distance) for distance in (40.0, 45.0)]
    simulator = nb.Simulator(experiment.replace(detector=nb.Detector(panels=panels)))
    path = "detector.panels[1].distance_mm"
    pushed = simulator.jvp({path: 1.0})
    assert not pushed[0].any()
    assert pushed[1].any()
    upstream = [np.ones((8, 9)), np.ones((8, 9))]
    assert np.isclose(simulator.vjp(upstream, [path])[path], pushed[1].sum())


# --- what is refused


@pytest.mark.parametrize(
    ("path", "match"),
    [
        ("crystal.cel", "crystal.cel.*did you mean crystal.cell"),
        ("crystal.shape", "crystal.shape"),
        (3, r"wrt: found 3, expected dotted paths such as 'crystal.cell'"),
    ],
)
def test_paths_that_do_not_exist_are_named(path, match):
    with pytest.raises(nb.ModelError, match=match):
        nb.Simulator(scene(1)).vjp(np.ones((14, 18)), [path])


def test_what_this_experiment_has_not_is_said():
    simulator = nb.Simulator(scene(1, "square"))
    refused = {path: parameter.refusal for path, parameter in simulator.differentiable.items() if not parameter}
    assert "crystal.fudge" in refused
    for path, why in refused.items():
        with pytest.raises(nb.ModelError, match="cannot be differentiated here") as error:
            simulator.jvp({path: np.zeros(simulator.differentiable[path].shape)})
        assert why[:30] in str(error.value)


def test_state_that_is_carried_along_is_refused_with_the_id_that_lifts_it():
    crystal = scene(1, "square").crystal.replace(n_cells=(3, 4, 5))
    experiment = scene(1, "square").replace(crystal=crystal, semantics="reference", scan=nb.Scan(range_deg=1.0, steps=3))
    with pytest.raises(nb.ModelError, match="phi-carryover"):
        nb.Simulator(experiment).vjp(np.ones((14, 18)), ["crystal.cell"])


@pytest.mark.parametrize(
    ("upstream", "error", "match"),
    [
        (np.ones((14, 17)), nb.ArrayValueError, r"upstream.*\(14, 17\)"),
        (np.full((14, 18), np.nan), nb.ArrayValueError, "upstream"),
        (np.ones((14, 18), complex), nb.ArrayTypeError, "upstream"),
        ("image", nb.ArrayTypeError, "upstream"),
    ],
)
def test_upstream_is_looked_at(upstream, error, match):
    with pytest.raises(error, match=match):
        nb.Simulator(scene(1)).vjp(upstream, ["crystal.cell"])


def test_other_arguments_are_looked_at():
    simulator = nb.Simulator(scene(1))
    with pytest.raises(nb.ModelError, match=r"wrt: found 'crystal\.cell', expected a list"):
        simulator.jacobian("crystal.cell")
    with pytest.raises(nb.ModelError, match=r"crystal\.cell twice"):
        simulator.jacobian(["crystal.cell", "crystal.cell"])
    with pytest.raises(nb.ArrayValueError, match=r"pixels: found \(14, 0\), expected inside 14 x 18"):
        simulator.jacobian(["crystal.cell"], pixels=[[14, 0]])
    with pytest.raises(nb.ModelError, match="expected other parameters: vjp and jvp take amplitudes"):
        simulator.jacobian(["structure_factors.amplitudes"])
    with pytest.raises(nb.ArrayValueError, match=r"directions\['crystal.cell'\]"):
        simulator.jvp({"crystal.cell": (1, 0, 0)})
    with pytest.raises(nb.ModelError, match="expected a dict of paths"):
        simulator.jvp({})
    with pytest.raises(nb.ModelError, match="dtype: found 'float16', expected float32 or float64"):
        simulator.run(dtype="float16")


def test_a_run_can_be_stopped():
    simulator = nb.Simulator(scene(0).replace(detector=nb.Detector.mosflm(pixels=(900, 900), pixel_size_mm=0.1, distance_mm=60)))
    with pytest.raises(nb.Interrupted):
        simulator.vjp(np.ones((900, 900)), ["crystal.cell"], watch=lambda share: False)


@pytest.mark.parametrize("engine", ["exact", "fast"])
def test_a_source_of_no_weight_can_gain_some(engine):
    """The image is a ratio of weights, so that a difference of 1e-6 is off by as much."""
    of_all = nb.Simulator(scene(1, "gauss")).experiment
    beam = nb.Beam(sources=nb.Sources([[-1, 0.002, 0], [-1, 0, -0.003]], [1.0, 1.02], [1.0, 0.0]), fluence=1e24)
    experiment = of_all.replace(beam=beam, detector=nb.Detector.mosflm(pixels=PIXELS, pixel_size_mm=0.35, distance_mm=50))
    simulator = nb.Simulator(experiment, engine=engine)
    upstream = np.random.default_rng(1).normal(size=simulator.experiment.shape)
    pulled = simulator.vjp(upstream, ["beam.sources.weights"])["beam.sources.weights"]
    pushed = simulator.jvp({"beam.sources.weights": (0.0, 1.0)})
    heavier = nb.Simulator(with_values(experiment, {"beam.sources.weights": np.array([1.0, 1e-6])}))
    difference = (heavier.run(dtype="float64") - simulator.run(dtype="float64")) / 1e-6
    scale = (np.abs(upstream * difference)).sum()
    assert scale > 0
    assert abs((upstream * difference).sum() - pulled[1]) <= 1e-5 * scale
    assert abs((upstream * pushed).sum() - pulled[1]) <= DERIVATIVE_INNER_PRODUCTS * scale


def test_where_there_is_no_beam_its_slope_is_refused():
    experiment = scene(1, "gauss")
    simulator = nb.Simulator(experiment.replace(beam=nb.Beam(fluence=0.0)))
    with pytest.raises(nb.ModelError, match=r"beam\.fluence cannot be differentiated here: the fluence is 0"):
        simulator.vjp(np.ones(simulator.experiment.shape), ["beam.fluence"])
