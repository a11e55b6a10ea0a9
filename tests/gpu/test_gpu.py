"""On a GPU: the golden images bit for bit, the fast engine, tensors and arrays in its memory, noise, errors."""

import hashlib
import json
import os
import subprocess
import sys

import nbhybrid as nb
import numpy as np
import pytest
import tolerances
from helpers import GOLDEN, NOT_FOR_DEVICES, SMALL_WORDS
from nbhybrid import devices

WHY = devices.why_missing("cuda")
pytestmark = pytest.mark.skipif(bool(WHY), reason=f"{WHY}: the GPU's numbers are NOT tested")

CASES = json.loads((GOLDEN / "cases.json").read_text())
WORDS = [word for word in SMALL_WORDS if word != "-nonoise"]


def experiment(**changes):
    return nb.Experiment(
        crystal=nb.Crystal(cell=nb.UnitCell(70, 80, 90), n_cells=7),
        structure_factors=90,
        detector=nb.Detector.mosflm(pixels=(130, 170), pixel_size_mm=0.2),
        sampling=nb.Sampling(oversample=1),
        **changes,
    )


@pytest.mark.parametrize("name", sorted(set(CASES) - set(NOT_FOR_DEVICES)))
def test_golden_images(name, golden_folder, monkeypatch):
    monkeypatch.chdir(golden_folder)
    made = nb.Experiment.from_args(CASES[name]["args"].split())
    image = nb.simulate(made, device="cuda")
    if tolerances.traces_are_exact():
        assert hashlib.sha256(image.tobytes()).hexdigest() == CASES[name]["float_sha256"]
    assert np.array_equal(image, nb.simulate(made), equal_nan=True)


@pytest.mark.parametrize("name", NOT_FOR_DEVICES)
def test_golden_runs_that_no_device_takes(name, golden_folder, monkeypatch):
    monkeypatch.chdir(golden_folder)
    with pytest.raises(nb.errors.DeviceError, match=NOT_FOR_DEVICES[name]):
        nb.simulate(nb.Experiment.from_args(CASES[name]["args"].split()), device="cuda")


@pytest.mark.parametrize("name", sorted(set(CASES) - {"lyso_supervisor", *NOT_FOR_DEVICES}))
def test_fast_images(name, golden_folder, monkeypatch):
    monkeypatch.chdir(golden_folder)
    made = nb.Experiment.from_args(CASES[name]["args"].split())
    exact, fast = nb.simulate(made).astype(float), nb.simulate(made, engine="fast", device="cuda").astype(float)
    if not np.isfinite(exact).all() or exact.max() == 0:
        assert np.array_equal(exact, fast, equal_nan=True)
        return
    bright = exact > tolerances.FAST_FAINT * exact.max()
    # Without double, if the device is slow at that.
    largest = max(tolerances.FAST_RELATIVE, tolerances.FAST_FLOAT_RELATIVE)
    assert (np.abs(fast - exact)[bright] <= largest * exact[bright]).all()


FAST_ERROR = """
import json, sys
import numpy as np
import nbhybrid as nb

made = nb.Experiment.from_args(sys.argv[1:])
exact, fast = (nb.simulate(made, engine=name, device="cuda").astype(float) for name in ("exact", "fast"))
some = nb.Simulator(made, engine="fast", device="cuda").run_pixels([[40, 40], [41, 43]]).astype(float)
same = fast[[40, 41], [40, 43]]
bright = exact > 1e-6 * exact.max()
print(json.dumps({
    "error": float((abs(fast - exact) / exact.clip(1e-300))[bright].max()),
    "list": float((abs(some - same) / same.clip(1e-300)).max()),
    "sum": float(abs(fast.sum() / exact.sum() - 1)),
    "bits": fast.astype(np.float32).tobytes().hex()[:20000],
}))
"""


@pytest.mark.parametrize("shape", ["", "-gauss_xtal", "-tophat_spots"])
@pytest.mark.parametrize("more", ["", "-mosaic 1 -mosaic_domains 70", "-detpixels 1500 -pixel 0.02"])
def test_fast_with_and_without_double(shape, more):
    """Both on every device, whichever it would choose itself."""
    words = f"-cell 70 80 90 75 85 95 -misset 10 20 30 -N 5 -default_F 100 -oversample 1 -pixel 0.4 -detpixels 80 {shape} {more}"
    found = {}
    for slow in "01":
        environment = {**os.environ, "NBHYBRID_SLOW_DOUBLE": slow}
        done = subprocess.run(
            [sys.executable, "-c", FAST_ERROR, *words.split()], env=environment, capture_output=True, text=True, check=True
        )
        found[slow] = json.loads(done.stdout)
    assert found["0"]["error"] <= tolerances.FAST_RELATIVE
    assert found["1"]["error"] <= tolerances.FAST_FLOAT_RELATIVE
    assert found["1"]["sum"] <= tolerances.FAST_FLOAT_SUM
    assert max(f["list"] for f in found.values()) <= tolerances.FAST_FLOAT_RELATIVE
    if shape == "":
        assert found["0"]["bits"] != found["1"]["bits"]


@pytest.mark.parametrize("shape", ["", "-round_xtal", "-gauss_xtal", "-tophat_spots"])
def test_many_orientations(shape):
    """More than shared memory holds, and tiles that reach over the edges of a region."""
    more = f"{shape} -mosaic 1 -mosaic_domains 700 -roi 3 21 5 20 -phi 0 -osc 1 -phisteps 2"
    words = [*WORDS, *more.split()]
    made = nb.Experiment.from_args(words)
    assert np.array_equal(nb.simulate(made, device="cuda"), nb.simulate(made))


def test_runs_repeat_and_lists_are_images():
    made = experiment()
    simulator = nb.Simulator(made, device="cuda")
    image = simulator.run()
    assert np.array_equal(image, nb.simulate(made))
    assert np.array_equal(image, simulator.run())
    pixels = np.random.default_rng(1).integers(0, (130, 170), (777, 2)).astype(np.int32)
    assert np.array_equal(simulator.run_pixels(pixels), image[tuple(pixels.T)])
    assert np.array_equal(nb.simulate_batch(made, [np.eye(3)] * 3, device="cuda"), [image] * 3)


@pytest.mark.parametrize("engine", ["exact", "fast"])
@pytest.mark.parametrize("shape", ["", "-round_xtal", "-gauss_xtal", "-tophat_spots"])
def test_traces(shape, engine):
    """The traced values are the image's, and those of the same functions on the host; the image does not know of the trace."""
    more = f"{shape} -phi 1 -osc 1 -phisteps 2 -mosaic 1 -mosaic_domains 3 -hdivrange 2 -hdivsteps 2"
    made = nb.Experiment.from_args([*WORDS, *more.split()])
    simulator = nb.Simulator(made, engine=engine, device="cuda")
    image = simulator.run()
    pixels = [(slow, fast) for slow in range(24) for fast in range(24)]
    traced = simulator.trace(pixels, "steps")
    found = np.array([pixel["floatimage_accumulated"] for pixel in traced], np.float32).reshape(24, 24)
    assert np.array_equal(simulator.run(), image)
    assert {pixel.traced_by for pixel in traced} == {"device"}
    if engine == "fast":  # whose kernels may be compiled into other joined operations
        assert np.allclose(found, image, rtol=tolerances.FAST_RELATIVE, atol=tolerances.FAST_FAINT * image.max())
        return
    decided = np.array([pixel.decided for pixel in traced]).reshape(24, 24)
    assert np.array_equal(found[decided], image[decided])
    emulated = nb.Simulator(made, device="emulated").trace(pixels, "steps")
    assert all(a.quantities == b.quantities and np.array_equal(a.steps, b.steps) for a, b in zip(traced, emulated, strict=True))


CUBIC = "-cell 100 100 100 90 90 90 -default_F 100 -N 5 -oversample 1"


@pytest.mark.parametrize("room", ["0", "1", "100000"])
def test_more_undecided_pixels_than_the_list_holds(room, monkeypatch):
    """They are found by the second way: in an image, in a list of pixels, and in a set. Some are undecided in each of these."""
    monkeypatch.setenv("NBHYBRID_UNDECIDED_ROOM", room)
    made = nb.Experiment.from_args([*CUBIC.split(), "-detpixels", "512", "-pixel", "0.2"])
    simulator = nb.Simulator(made, device="cuda")
    image = nb.simulate(made)
    assert np.array_equal(simulator.run(), image)
    pixels = np.argwhere(np.ones((512, 512))).astype(np.int32)[::-1]
    assert np.array_equal(simulator.run_pixels(pixels), image[tuple(pixels.T)])
    assert np.array_equal(nb.simulate_batch(made, [np.eye(3)] * 3, device="cuda"), [image] * 3)


@pytest.mark.parametrize("engine", ["exact", "fast"])
def test_long_runs_are_stopped_between_their_parts(engine):
    """The watch is asked while the device works, and what comes after an interruption is right."""
    more = "-detpixels 1024 -mosaic 0.5 -mosaic_domains 100 -hdivrange 1 -hdivsteps 2000"
    made = nb.Experiment.from_args([*CUBIC.split(), *more.split()])
    simulator = nb.Simulator(made, engine=engine, device="cuda")
    seen = []
    with pytest.raises(nb.Interrupted):
        simulator.run(watch=lambda done: seen.append(done) or len(seen) < 3)
    assert len(seen) == 3
    assert 0 < seen[0] < seen[1] < seen[2] < 1
    found, expected = simulator.run_pixels([[500, 512]]), nb.Simulator(made, device="cpu").run_pixels([[500, 512]])
    assert np.array_equal(found, expected) if engine == "exact" else np.allclose(found, expected, rtol=tolerances.FAST_RELATIVE)


@pytest.mark.parametrize("engine", ["exact", "fast"])
def test_later_runs_take_no_more_memory(engine):
    simulator = nb.Simulator(experiment(), engine=engine, device="cuda")
    simulator.run()
    free = devices.cuda_extension().free_bytes(0)
    for _ in range(5):
        simulator.run()
    assert devices.cuda_extension().free_bytes(0) == free


def test_there_is_no_such_device():
    with pytest.raises(nb.errors.DeviceError, match="cuda:999"):
        nb.Simulator(experiment(), device="cuda:999")
