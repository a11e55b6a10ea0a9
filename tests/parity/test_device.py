"""What a GPU does, done by the host: the same functions on the same flat copy of the plan give the golden images.

``device="emulated"`` takes the way of ``device="cuda"`` but for the launch: the plan in one piece of memory, pixel after pixel, the
list of undecided pixels, and the scalar path's values put in their places.
"""

import hashlib
import json
import shutil
import subprocess
import sys

import nbhybrid as nb
import numpy as np
import pytest
import tolerances
from helpers import GOLDEN, NOT_FOR_DEVICES, SMALL_WORDS, run
from nbhybrid import _core, devices

CASES = json.loads((GOLDEN / "cases.json").read_text())
SMALL = sorted(set(CASES) - {"lyso_supervisor"})


@pytest.mark.parametrize("name", [name for name in SMALL if name not in NOT_FOR_DEVICES])
def test_golden_images(name, golden_folder, monkeypatch):
    monkeypatch.chdir(golden_folder)
    simulator = nb.Simulator(nb.Experiment.from_args(CASES[name]["args"].split()), device="emulated")
    assert simulator._prepared.device == "emulated"
    assert (
        tolerances.traces_are_exact() is False
        or hashlib.sha256(simulator.run().tobytes()).hexdigest() == CASES[name]["float_sha256"]
    )


@pytest.mark.parametrize("name", NOT_FOR_DEVICES)
def test_golden_runs_that_no_device_takes(name, golden_folder, monkeypatch):
    """The option that is in the way is named, by each way in."""
    monkeypatch.chdir(golden_folder)
    made = nb.Experiment.from_args(CASES[name]["args"].split())
    for refused in (
        lambda: nb.Simulator(made, device="emulated"),
        lambda: nb.Simulator(made, engine="fast", device="emulated"),
        lambda: nb.simulate_batch(made, [np.eye(3)], device="emulated"),
    ):
        with pytest.raises(nb.errors.DeviceError, match=NOT_FOR_DEVICES[name]):
            refused()


OPTIONS_IN_THE_WAY = {
    "-oversample_omega": "-oversample_omega",
    "-oversample_thick, -oversample_omega": "-oversample_omega -oversample_thick -detector_abs 200 -detector_thick 90",
    "-N, -lambda": "-N 20000000",
}


@pytest.mark.parametrize("named", OPTIONS_IN_THE_WAY)
def test_options_that_no_device_takes(named):
    made = nb.Experiment.from_args([*SMALL_WORDS[:-1], "-oversample", "2", *OPTIONS_IN_THE_WAY[named].split()])
    with pytest.raises(nb.errors.DeviceError) as raised:
        nb.Simulator(made, device="emulated")
    assert str(raised.value).startswith("emulated: no device can take this run, since ")
    assert f"({named}" in str(raised.value)
    assert str(raised.value).endswith("; choose device cpu")


def test_what_is_in_the_way_can_be_corrected():
    made = nb.Experiment.from_args([*SMALL_WORDS[:-1], "-oversample", "2", "-oversample_omega", "--semantics", "corrected"])
    assert np.array_equal(nb.simulate(made, device="emulated"), nb.simulate(made))


def test_one_panel_that_no_device_takes_is_enough():
    panels = [nb.Panel.mosflm(pixels=(6, 8), pixel_size_mm=2)] * 2
    made = nb.Experiment(
        crystal=nb.Crystal(cell=nb.UnitCell(70, 80, 90), n_cells=7),
        structure_factors=90,
        detector=nb.Detector(panels),
        sampling=nb.Sampling(oversample=2, recompute_solid_angle=True),
    )
    with pytest.raises(nb.errors.DeviceError, match="-oversample_omega"):
        nb.Simulator(made, device="emulated")


def test_the_command_line_refuses_with_the_option():
    options, _ = _core.parse_options([word.encode() for word in [*SMALL_WORDS, "-oversample", "2", "-oversample_omega"]])
    simulation = _core.Simulation(_core.Experiment(options, 1), 1)
    with pytest.raises(nb.errors.DeviceError, match="-oversample_omega"):
        simulation.use_device(_core.emulated_device())


def test_pixels_batches_and_the_fast_engine():
    made = nb.Experiment(
        crystal=nb.Crystal(cell=nb.UnitCell(70, 80, 90), n_cells=7),
        structure_factors=90,
        detector=nb.Detector.mosflm(pixels=(30, 70), pixel_size_mm=0.5, region=(2, 27, 3, None)),
        sampling=nb.Sampling(oversample=2),
    )
    image = nb.simulate(made)
    simulator = nb.Simulator(made, device="emulated")
    assert simulator._prepared.device == "emulated"
    assert np.array_equal(simulator.run(), image)
    pixels = [[20, 69], [3, 4], [0, 0], [29, 69], [3, 4]]
    assert np.array_equal(simulator.run_pixels(pixels), image[tuple(np.transpose(pixels))])
    assert np.array_equal(nb.simulate_batch(made, [np.eye(3)] * 3, device="emulated"), [image] * 3)
    fast, same = (nb.simulate(made, engine="fast", device=device) for device in ("cpu", "emulated"))
    assert np.allclose(fast, same, rtol=tolerances.FAST_RELATIVE, atol=tolerances.FAST_FAINT * image.max())
    assert not np.array_equal(same, image)


@pytest.mark.parametrize("name", [name for name in SMALL if "-hkl" in CASES[name]["args"] and name not in NOT_FOR_DEVICES])
def test_amplitudes_as_squares(name, golden_folder, monkeypatch):
    """The fast engine's table on a device is one of squares in float32."""
    monkeypatch.chdir(golden_folder)
    made = nb.Experiment.from_args(CASES[name]["args"].split())
    exact, fast = (
        nb.simulate(made, engine=engine, device=device).astype(float) for engine, device in (("exact", "cpu"), ("fast", "emulated"))
    )
    bright = exact > tolerances.FAST_FAINT * exact.max()
    assert (np.abs(fast - exact)[bright] <= tolerances.FAST_RELATIVE * exact[bright]).all()
    assert abs(fast.sum() - exact.sum()) <= tolerances.FAST_SUM * exact.sum()


def test_simulators_on_a_device_can_be_updated_and_pickled():
    import pickle

    made = nb.Experiment.from_args([word for word in SMALL_WORDS if word != "-nonoise"])
    simulator = pickle.loads(pickle.dumps(nb.Simulator(made, device="emulated")))
    assert simulator.device == "emulated"
    simulator.update(structure_factors=50.0)
    assert np.array_equal(simulator.run(), nb.simulate(made.replace(structure_factors=50.0)))


def test_traces_and_statistics_of_the_command_line(tmp_path, monkeypatch):
    """The traced pixel's value is the image's, and what else is printed does not depend on the device."""
    monkeypatch.chdir(tmp_path)
    said = []
    for device in (None, _core.emulated_device()):
        options, _ = _core.parse_options([word.encode() for word in [*SMALL_WORDS, "--trace-pixel", "7", "9", "--verify"]])
        simulation = _core.Simulation(_core.Experiment(options, 2), 2)
        if device is not None:
            simulation.use_device(device)
            assert simulation.device == "emulated"
        simulation.render()
        assert simulation.counts["wrong"] == 0
        simulation.write()
        said.append((simulation.trace_text(), simulation.statistics_text(), (tmp_path / "floatimage.bin").read_bytes()))
    assert said[0][1:] == said[1][1:]
    host, device = (text.splitlines() for text, _, _ in said)
    assert device[1].startswith("# by the device, decided by the rounding test")
    assert [line.split()[:2] for line in host[1:]] == [line.split()[:2] for line in device[2:]]
    assert host[-1] == device[-1]


def no_cuda():
    return devices.why_missing("cuda")


def test_a_missing_device_is_said():
    if not no_cuda():
        pytest.skip("there is a GPU: that one is missing is NOT tested")
    with pytest.raises(nb.errors.DeviceError, match=r"^cuda: "):
        nb.simulate(nb.Experiment.from_args(SMALL_WORDS[:-1]), device="cuda")


def test_a_missing_device_is_said_by_the_command(tmp_path):
    if not no_cuda():
        pytest.skip("there is a GPU: that one is missing is NOT tested")
    done = run([*SMALL_WORDS, "--device", "cuda"], tmp_path)
    assert done.returncode == 2
    assert "error: --device cuda: " in done.stderr
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("name", ["gpu", "cuda:", "cuda:x", "cuda:-1"])
def test_unknown_devices(name, tmp_path):
    with pytest.raises(nb.errors.ModelError, match="expected cpu, cuda or cuda:N"):
        nb.Simulator(nb.Experiment.from_args(SMALL_WORDS[:-1]), device=name)
    done = run([*SMALL_WORDS, "--device", name], tmp_path)
    assert done.returncode == 2
    assert "expected cpu, cuda or cuda:N" in done.stderr


def test_cuda_is_not_loaded_unasked():
    code = "import nbhybrid, sys; nbhybrid.Simulator; print([m for m in sys.modules if 'cuda' in m])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_device_arrays_need_a_device():
    class OnCuda:
        __cuda_array_interface__ = {"shape": (24, 24), "typestr": "<f4", "data": (4096, False), "version": 3}  # noqa: RUF012

    made = nb.Experiment.from_args(SMALL_WORDS[:-1])
    with pytest.raises(nb.arrays.ArrayTypeError, match="out: expected an array in the host's memory"):
        nb.Simulator(made, device="cpu").run(OnCuda())
    with pytest.raises(nb.errors.DeviceError, match=r"^out: it lies on cuda, but cuda: "):
        nb.Simulator(made).run(OnCuda())


def test_there_is_nothing_of_cuda_to_install():
    """The runtime is in the extension: where no CUDA is installed, it loads and says what is missing."""
    try:
        extension = devices.cuda_extension()
    except nb.errors.DeviceError:
        pytest.skip("this build has no CUDA kernels: their extension is NOT looked at")
    if shutil.which("ldd") is None:
        pytest.skip("there is no ldd: the extension is NOT looked at")
    assert "libcud" not in subprocess.run(["ldd", extension.__file__], capture_output=True, text=True, check=True).stdout
