"""Simulators: run again and again, into the caller's memory, from several threads, in batches."""

import copy
import pickle
import signal
import subprocess
import sys
import threading
import time

import nbhybrid as nb
import numpy as np
import pytest
from helpers import SMALL_WORDS, finish

WORDS = [*SMALL_WORDS, "-phi", "0", "-osc", "2", "-phisteps", "3", "-mosaic", "1", "-mosaic_domains", "2"]
SHAPE = (24, 24)


@pytest.fixture(scope="module")
def experiment():
    return nb.Experiment.from_args(WORDS)


@pytest.fixture(scope="module")
def image(experiment):
    return nb.simulate(experiment, threads=1)


def rotation(degrees):
    c, s = np.cos(np.radians(degrees)), np.sin(np.radians(degrees))
    return np.array([[c, -s, 0], [s, c, 0], [0, 0, 1.0]])


@pytest.mark.parametrize("threads", [1, 2, 7, None])
def test_the_image_does_not_depend_on_threads(threads, experiment, image):
    simulator = nb.Simulator(experiment, threads=threads)
    for _ in range(3):
        found = simulator.run()
        assert found.dtype == np.float32
        assert found.shape == SHAPE == experiment.shape
        assert (found == image).all()


def test_an_image_of_many_parts():
    # More than one thread's worth.
    big = nb.Experiment.from_args([*WORDS, "-detpixels", "200"])
    assert (nb.simulate(big, threads=1) == nb.simulate(big, threads=5)).all()


def test_out_is_written_and_returned(experiment, image):
    simulator = nb.Simulator(experiment)
    out = np.full(SHAPE, 7, np.float32)
    assert simulator.run(out) is out
    assert (out == image).all()
    stack = np.zeros((3, *SHAPE), np.float32)
    simulator.run(stack[1])
    assert (stack[1] == image).all()
    assert not stack[0].any()
    assert not stack[2].any()


@pytest.mark.parametrize(
    "out",
    [
        np.zeros(SHAPE),
        np.zeros((24, 23), np.float32),
        np.zeros((24, 48), np.float32)[:, ::2],
        np.frombuffer(bytes(24 * 24 * 4), np.float32).reshape(SHAPE),
        [[0.0]],
    ],
    ids=["float64", "shape", "strided", "read-only", "list"],
)
def test_out_that_does_not_fit(out, experiment):
    with pytest.raises(nb.Error, match="out"):
        nb.simulate(experiment, out)


def test_torch_tensors(experiment, image):
    torch = pytest.importorskip("torch", reason="torch is not installed: tensors are NOT tested")
    out = torch.zeros(SHAPE)
    assert nb.simulate(experiment, out) is out
    assert (out.numpy() == image).all()
    batch = nb.simulate_batch(experiment, torch.eye(3, dtype=torch.float64)[None])
    assert isinstance(batch, torch.Tensor)
    assert batch.shape == (1, *SHAPE)


def test_masked_and_outside_pixels_become_zero(experiment):
    part = experiment.replace(detector=experiment.detector.replace(region=(3, 9, 4, 11)))
    out = nb.simulate(part, np.full(SHAPE, 5, np.float32))
    inside = np.zeros(SHAPE, bool)
    inside[3:10, 4:12] = True
    assert (out[~inside] == 0).all()
    assert (out[inside] > 0).any()


@pytest.mark.parametrize("words", ["", "-interpolate", "-polar 0.9 -polar_vector 0.885 -0.666 0.21 -beam_vector 1 0 0"])
@pytest.mark.parametrize("threads", [1, 3])
def test_some_pixels_alone(threads, words):
    experiment = nb.Experiment.from_args([*WORDS, *words.split()])
    if words == "-interpolate":
        grid = np.random.default_rng(5).uniform(1, 9, (15, 15, 15))
        experiment = experiment.replace(structure_factors=nb.StructureFactors.from_grid(grid, (-7, -7, -7), 3, interpolate=True))
    simulator = nb.Simulator(experiment, threads=threads)
    image = simulator.run()
    pixels = np.random.default_rng(2).integers(0, 24, (700, 2))
    assert (simulator.run_pixels(pixels) == image[pixels[:, 0], pixels[:, 1]]).all()
    out = np.full(2, 9, np.float32)
    assert simulator.run_pixels([(0, 0), (23, 23)], out) is out
    assert (out == [image[0, 0], image[23, 23]]).all()
    assert simulator.run_pixels(np.empty((0, 2), int)).shape == (0,)


@pytest.mark.parametrize("device", ["cpu", "emulated"])
def test_several_panels(experiment, device):
    panels = [
        nb.Panel.custom(pixels=(10, 14), pixel_size_mm=0.8, origin_mm=(100, -5, -3), fast_axis=(0, 0, 1), slow_axis=(0, -1, 0)),
        nb.Panel.custom(pixels=(16, 8), pixel_size_mm=0.5, origin_mm=(90, 9, 4), fast_axis=(0.1, 0, 1), slow_axis=(0, -1, 0)),
        nb.Panel.mosflm(pixels=(5, 6), pixel_size_mm=2),
    ]
    whole = experiment.replace(detector=nb.Detector(panels))
    assert whole.shapes == [(10, 14), (16, 8), (5, 6)]
    assert whole.offsets == [0, 140, 268, 298]
    assert not [line for line in whole.warnings if "vector" in line]
    assert "3 panels" in repr(whole)
    assert nb.Experiment.from_json(whole.to_json()) == whole
    simulator = nb.Simulator(pickle.loads(pickle.dumps(whole)), device=device)
    images = simulator.run()
    assert [image.shape for image in images] == whole.shapes
    for panel, image in zip(panels, images, strict=True):
        alone = experiment.replace(detector=nb.Detector([panel]) if panel is panels[0] else panel_as_detector(panel))
        found = nb.simulate(alone)
        assert ((found[0] if isinstance(found, list) else found) == image).all()
    flat = np.empty(298, np.float32)
    assert simulator.run(flat) is flat
    assert (flat == np.concatenate([image.ravel() for image in images])).all()
    into = [np.empty(shape, np.float32) for shape in whole.shapes]
    assert simulator.run(into) is into
    assert all((a == b).all() for a, b in zip(into, images, strict=True))
    for wrong in (into[:2], np.empty(297, np.float32), [*into[:2], flat]):
        with pytest.raises(nb.Error, match="out"):
            simulator.run(wrong)
    with pytest.raises(nb.ModelError, match="3 panels"):
        simulator.trace([(0, 0)])
    with pytest.raises(nb.ModelError, match="panels"):
        nb.Detector([])
    with pytest.raises(nb.ModelError, match="distance_mm"):
        nb.Detector(panels, distance_mm=50)


def panel_as_detector(panel):
    return nb.Detector.from_dict(panel.to_dict())


def test_an_origin_stays_where_it_is_put(experiment):
    panel = nb.Detector.custom(pixels=(9, 9), pixel_size_mm=0.8, origin_mm=(100, -5, -3), fast_axis=(0, 0, 1), slow_axis=(0, -1, 0))
    for semantics in ("reference", "corrected"):
        geometry = experiment.replace(detector=panel, semantics=semantics).geometry
        assert geometry["origin"] == (0.1, -0.005, -0.003)
        assert geometry["normal"] == (1, 0, 0)


def test_some_pixels_of_a_region(experiment):
    part = experiment.replace(detector=experiment.detector.replace(region=(3, 9, 4, 11)))
    image = nb.simulate(part)
    everywhere = np.argwhere(np.ones(SHAPE))
    assert (nb.Simulator(part).run_pixels(everywhere).reshape(SHAPE) == image).all()
    with pytest.raises(nb.ModelError, match="-1, 0"):
        nb.Simulator(part).run_pixels([(-1, 0)])


def test_traces_are_those_of_the_image(experiment, image):
    simulator = nb.Simulator(experiment)
    pixels = [(3, 4), (0, 0), (23, 23), (3, 4)]
    traces = simulator.trace(pixels, level="steps")
    for (slow, fast), pixel in zip(pixels, traces, strict=True):
        assert (pixel.slow, pixel.fast) == (slow, fast)
        assert np.float32(pixel["I_pixel_final"]) == image[slow, fast]
        assert len(pixel.steps) == experiment.steps
    assert traces.text() == nb.trace(WORDS, pixels).text()
    with pytest.raises(nb.ModelError, match="24, 0"):
        simulator.trace([(24, 0)])
    with pytest.raises(nb.ModelError, match="level"):
        simulator.trace(pixels, level="all")


def test_update(experiment):
    simulator = nb.Simulator(experiment)
    changes = {"crystal": experiment.crystal.replace(misset_deg=(1, 2, 3)), "beam": experiment.beam.replace(fluence=1e20)}
    simulator.update(**changes)
    assert (simulator.run() == nb.simulate(experiment.replace(**changes))).all()
    with pytest.raises(nb.ModelError, match="colour"):
        simulator.update(colour=3)


def test_semantics_of_a_simulator(experiment):
    corrected = nb.Simulator(experiment, semantics="corrected")
    assert corrected.experiment.semantics == "corrected"
    assert (corrected.run() == nb.simulate(experiment.replace(semantics="corrected"))).all()
    assert (corrected.run() != nb.simulate(experiment)).any()


@pytest.mark.parametrize(
    "options", [{"engine": "steam"}, {"device": "abacus"}, {"threads": 0}], ids=lambda options: next(iter(options))
)
def test_what_is_not_there(options, experiment):
    with pytest.raises(nb.ModelError, match=next(iter(options))):
        nb.Simulator(experiment, **options)


@pytest.mark.parametrize("count", [1, 3, 20])
@pytest.mark.parametrize("threads", [1, 2, 5])
def test_batch(count, threads, experiment):
    turns = np.array([rotation(7.0 * i) for i in range(count)])
    batch = nb.simulate_batch(experiment, turns, threads=threads)
    assert batch.shape == (count, *SHAPE)
    for turn, found in zip(turns, batch, strict=True):
        alone = nb.simulate(experiment.replace(crystal=experiment.crystal.replace(rotation=turn)))
        assert (found == alone).all()


def test_batch_into_memory_of_the_caller(experiment):
    turns = np.array([rotation(3), rotation(5)])
    out = np.empty((2, *SHAPE), np.float32)
    assert nb.simulate_batch(experiment, turns, out) is out
    assert (out == nb.simulate_batch(experiment, turns.tolist())).all()
    assert nb.simulate_batch(experiment, np.empty((0, 3, 3))).shape == (0, *SHAPE)
    with pytest.raises(nb.Error, match="orientations"):
        nb.simulate_batch(experiment, np.ones((2, 3, 3)))


def test_threads_of_python_run_one_simulator_at_once(experiment, image):
    simulator = nb.Simulator(experiment, threads=2)
    images = [None] * 8

    def work(i):
        images[i] = simulator.run()

    threads = [threading.Thread(target=work, args=(i,)) for i in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert all((found == image).all() for found in images)


def test_the_interpreter_is_free_meanwhile():
    simulator = nb.Simulator(nb.Experiment.from_args([*WORDS, "-detpixels", "400", "-mosaic_domains", "40"]), threads=1)
    done = threading.Event()

    def work():
        simulator.run()
        done.set()

    thread = threading.Thread(target=work)
    thread.start()
    turns = 0
    while not done.is_set():
        turns += 1
        time.sleep(0.001)
    thread.join()
    assert turns > 5


def test_a_watch_that_stops():
    simulator = nb.Simulator(nb.Experiment.from_args([*WORDS, "-detpixels", "1000", "-mosaic_domains", "500"]))
    seen = []
    with pytest.raises(nb.Interrupted):
        simulator.run(watch=lambda done: seen.append(done) or len(seen) < 3)
    assert len(seen) == 3
    assert seen == sorted(seen)


def test_interrupting_from_the_keyboard():
    code = (
        "import nbhybrid as nb, sys\n"
        f"s = nb.Simulator(nb.Experiment.from_args({[*WORDS, '-detpixels', '3000', '-mosaic_domains', '500']!r}))\n"
        "print('ready', flush=True)\n"
        "try: s.run()\n"
        "except KeyboardInterrupt: sys.exit(17)\n"
    )
    process = subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True, start_new_session=True)
    assert process.stdout.readline() == "ready\n"
    time.sleep(0.5)
    process.send_signal(signal.SIGINT)
    finish(process)
    assert process.returncode == 17


def test_copies_of_a_simulator(experiment, image):
    simulator = nb.Simulator(experiment, threads=2)
    for other in (pickle.loads(pickle.dumps(simulator)), copy.deepcopy(simulator)):
        assert other.threads == 2
        assert (other.run() == image).all()


def test_torch_is_not_imported_for_it():
    code = f"import sys, nbhybrid as nb; nb.simulate(nb.Experiment.from_args({WORDS!r})); print('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout == "False\n"
