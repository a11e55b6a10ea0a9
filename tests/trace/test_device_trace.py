"""The trace of a device, from its kernel's own values: here by the host, with the device's functions (``device="emulated"``)."""

import json
import math

import nbhybrid as nb
import numpy as np
import pytest
import tolerances
from helpers import GOLDEN, NOT_FOR_DEVICES, PROGRAM, SMALL_WORDS, hkl_text, run
from nbhybrid import _core
from nbhybrid.parity.compare_traces import compare_traces
from nbhybrid.traces import QUANTITIES, read_trace, trace

CASES = json.loads((GOLDEN / "cases.json").read_text())
WORDS = [word for word in SMALL_WORDS if word != "-nonoise"]
# Computed by the reference's own operations: no bit differs.
ALIKE = {
    *("pix0_vector_meters", "fdet_vec", "sdet_vec", "pixel_pos_meters", "R_distance_meters", "close_distance_meters"),
    *("obliquity_factor", "incident_vec", "lambda_meters", "lambda_angstroms", "scattering_vec_A_inv"),
    *("rot_a_angstroms", "rot_b_angstroms", "rot_c_angstroms", "rot_a_star_A_inv", "rot_b_star_A_inv", "rot_c_star_A_inv"),
    *("hkl_frac", "hkl_rounded", "F_cell", "r_e_meters", "r_e_sqr", "fluence_photons_per_m2", "steps"),
    *("oversample_thick", "oversample_polar", "oversample_omega"),
}
PLACE = ["layer", "sub_slow", "sub_fast", "source", "phi", "domain"]


def golden_trace(name, slow, fast):
    """Return the reference's trace of a pixel, with its first steps."""
    path = GOLDEN / "traces" / f"{name}.trace_{slow}_{fast}.txt"
    (pixel,) = read_trace(path)
    (steps,) = read_trace(path.with_name(f"{name}.steps_{slow}_{fast}.txt.gz"))
    pixel.steps = steps.steps
    return pixel


def on_device(name, engine):
    """Return a simulator of a golden case on the device."""
    return nb.Simulator(nb.Experiment.from_args(CASES[name]["args"].split()), device="emulated", engine=engine)


def traced_pixels(name):
    return [(pixel["slow"], pixel["fast"]) for pixel in CASES[name]["trace_pixels"]]


def farthest(first, second):
    """Return how far two lists of numbers are apart, relative to the length of the longer one."""
    size = max(math.hypot(*first), math.hypot(*second))
    return max(abs(a - b) for a, b in zip(first, second, strict=True)) / size if size else 0.0


def of_fast_kernel(engine, *quantities):
    """Return the values as that kernel has them: the squares of amplitudes alone."""
    return [[abs(v) if engine == "fast" and q.name == "F_cell" else v for v in q.values] for q in quantities]


def check_steps(name, found, wanted, bound):
    count = len(wanted)  # the golden tables have the first steps only
    assert len(found) >= count if count == 4000 else len(found) == count, name
    found = found[:count]
    for field in wanted.dtype.names:
        a, b = found[field], wanted[field]
        if a.dtype.kind == "i":
            assert np.array_equal(a, b), (name, field)
        else:
            if bound == tolerances.FAST_RELATIVE and field == "amplitude":
                a, b = np.abs(a), np.abs(b)
            assert (np.abs(a - b) <= bound * np.abs(b)).all(), (name, field, a, b)


@pytest.mark.parametrize("engine", ["exact", "fast"])
@pytest.mark.parametrize("name", sorted(set(CASES) - {"lyso_supervisor", *NOT_FOR_DEVICES}))
def test_golden_cases(name, engine, golden_folder, monkeypatch):
    """The traced value is the image's, bit for bit; all quantities and steps are the reference's, as near as the formulas are."""
    monkeypatch.chdir(golden_folder)
    simulator, pixels = on_device(name, engine), traced_pixels(name)
    traced = simulator.trace(pixels, "steps")
    image = simulator.run()
    bound = tolerances.TRACE_DEVICE if engine == "exact" else tolerances.FAST_RELATIVE
    for pixel, (slow, fast) in zip(traced, pixels, strict=True):
        by_device = pixel.traced_by == "device"
        assert by_device or "state" in pixel.origin
        assert (pixel.decided is None) == (engine == "fast" or not by_device)
        if pixel.decided is not False:
            assert np.float32(pixel["floatimage_accumulated"]).tobytes() == image[slow, fast].tobytes()
        assert np.float32(pixel["I_pixel_final"]) == np.float32(pixel["floatimage_accumulated"])
        if not by_device:
            (scalar,) = nb.Simulator(simulator.experiment).trace([(slow, fast)], "steps")
            assert pixel.quantities == scalar.quantities
            assert np.array_equal(pixel.steps, scalar.steps)
        if not by_device or not tolerances.traces_are_exact():
            continue
        golden = golden_trace(name, slow, fast)
        # The reference's announcement that interpolation has ended swallows the line behind it.
        quantities = pixel.quantities[1 if name == "interp_runs_out_of_range" else 0 :]
        assert [q.name for q in quantities] == [q.name for q in golden.quantities]
        for found, wanted in zip(quantities, golden.quantities, strict=True):
            if found.name in ALIKE and (engine == "exact" or found.name not in ("hkl_frac", "F_cell")):
                assert found.text() == wanted.text()
            else:
                assert farthest(*of_fast_kernel(engine, found, wanted)) <= bound + tolerances.FIFTEEN_DIGITS, (found, wanted)
        check_steps(name, pixel.steps, golden.steps, bound)
        assert engine == "fast" or abs(pixel["I_pixel_final"] - golden["I_pixel_final"]) <= (
            pixel.error_bound + tolerances.FIFTEEN_DIGITS * golden["I_pixel_final"]
        )


def test_the_seed_case(golden_folder, monkeypatch):
    monkeypatch.chdir(golden_folder)
    pixel = on_device("lyso_supervisor", "exact").trace([(685, 1039)], "steps")[0]
    assert [q.name for q in pixel.quantities] == list(QUANTITIES)
    golden = golden_trace("lyso_supervisor", 685, 1039)
    if tolerances.traces_are_exact():
        assert np.float32(pixel["floatimage_accumulated"]) == np.float32(golden["floatimage_accumulated"])
        check_steps("lyso_supervisor", pixel.steps, golden.steps, tolerances.TRACE_DEVICE)


@pytest.mark.parametrize("engine", ["exact", "fast"])
@pytest.mark.parametrize("shape", ["", "-round_xtal", "-gauss_xtal", "-tophat_spots"])
def test_tracing_every_pixel(shape, engine):
    """All values are the image's, and the image does not know of the trace."""
    more = f"{shape} -phi 1 -osc 1 -phisteps 2 -mosaic 1 -mosaic_domains 3 -hdivrange 2 -hdivsteps 2 -detpixels 24"
    simulator = nb.Simulator(nb.Experiment.from_args([*WORDS, *more.split()]), device="emulated", engine=engine)
    before = simulator.run()
    traced = simulator.trace([(slow, fast) for slow in range(24) for fast in range(24)])
    found = np.array([pixel["floatimage_accumulated"] for pixel in traced], np.float32).reshape(24, 24)
    decided = np.array([pixel.decided is not False for pixel in traced]).reshape(24, 24)
    assert decided.mean() > 0.9
    assert np.array_equal(found[decided], before[decided])
    assert np.array_equal(simulator.run(), before)


@pytest.mark.parametrize("words", ["", "-gauss_xtal", "-tophat_spots", "-hkl some.hkl"])
def test_where_double_is_slow(words, tmp_path, monkeypatch):
    """The fast engine has another kernel there, which notes its values likewise."""
    monkeypatch.chdir(tmp_path)
    rows = [(h, k, m, 50 + h + k) for h in range(-3, 9) for k in range(-9, 9) for m in (-2, 1, 3)]
    (tmp_path / "some.hkl").write_text(hkl_text(rows))
    more = f"{words} -phi 1 -osc 1 -phisteps 2 -hdivrange 2 -hdivsteps 2"
    made = nb.Experiment.from_args([*WORDS, *more.split()])
    simulator = nb.Simulator(made, device="emulated", engine="fast")
    simulator._prepared.use_device(_core.emulated_device(double_is_slow=True))
    image, pixels = simulator.run(), [(slow, fast) for slow in range(24) for fast in range(24)]
    assert not np.array_equal(image, nb.Simulator(made, device="emulated", engine="fast").run()) or "tophat" in words
    host, traced = nb.Simulator(made).trace(pixels, "steps"), simulator.trace(pixels, "steps")
    found = np.array([pixel["floatimage_accumulated"] for pixel in traced], np.float32).reshape(24, 24)
    assert np.array_equal(found, image)
    names = ("hkl_rounded", "F_latt_a", "F_latt_b", "F_latt_c", "F_latt", "F_cell", "I_before_scaling", "I_pixel_final")
    for first, second in zip(host, traced, strict=True):
        bright = first["I_pixel_final"] > tolerances.FAST_FAINT * image.max()
        for a, b in zip(first.quantities, second.quantities, strict=True):
            if a.name in names and bright:
                assert farthest(a.values, b.values) <= tolerances.FAST_FLOAT_RELATIVE, (a, b)


@pytest.mark.parametrize("engine", ["exact", "fast"])
def test_steps_without_an_amplitude(engine, tmp_path, monkeypatch):
    """They add nothing, and stand in the table as they do in the scalar path's."""
    monkeypatch.chdir(tmp_path)
    pixels = [(slow, fast) for slow in range(0, 24, 4) for fast in range(24)]
    there = {pixel["hkl_rounded"] for pixel in nb.Simulator(nb.Experiment.from_args(WORDS)).trace(pixels)}
    rows = [(*index, -70 if i % 3 and engine == "exact" else 50) for i, index in enumerate(sorted(there)) if i % 2]
    (tmp_path / "few.hkl").write_text(hkl_text(rows))
    made = nb.Experiment.from_args([*WORDS, "-default_F", "0", "-hkl", "few.hkl"])
    host = nb.Simulator(made).trace(pixels, "steps")
    device = nb.Simulator(made, device="emulated", engine=engine).trace(pixels, "steps")
    assert engine == "fast" or any(pixel["F_cell"] == -70 for pixel in device)
    assert sum(pixel["F_cell"] == 0 for pixel in device) > 20
    bound = tolerances.TRACE_DEVICE if engine == "exact" else tolerances.FAST_RELATIVE
    assert compare_traces(host, device, bound).same


@pytest.mark.parametrize("shape", ["-gauss_xtal", "-tophat_spots"])
def test_steps_out_of_reach(shape):
    """No spot reaches these steps: the kernel leaves them out, and takes their factor as 0."""
    made = nb.Experiment.from_args([*WORDS, shape, "-N", "16", "-mosaic", "1", "-mosaic_domains", "20"])
    simulator = nb.Simulator(made, device="emulated")
    pixels = [(slow, fast) for slow in range(24) for fast in range(0, 24, 5)]
    host, device = nb.Simulator(made).trace(pixels, "steps"), simulator.trace(pixels, "steps")
    left_out = 0
    for first, second in zip(host, device, strict=True):
        there = {tuple(row[PLACE].tolist()): row for row in second.steps}
        for row in first.steps:
            found = there.get(tuple(row[PLACE].tolist()))
            if found is None:
                left_out += 1
                assert row["lattice_factor"] < tolerances.TRACE_OUT_OF_REACH * 16**3
            elif row["lattice_factor"] > tolerances.TRACE_OUT_OF_REACH * 16**3:
                assert abs(found["lattice_factor"] / row["lattice_factor"] - 1) <= tolerances.TRACE_DEVICE
        assert {q.name for q in second.quantities} >= {"F_latt", "I_before_scaling"}
    assert left_out > 0 or shape == "-tophat_spots"


def test_pixels_left_to_the_scalar_path():
    """The reference carries state into the run's first pixel where phi is exactly 0; the trace says who traced it."""
    words = [*WORDS, "-phi", "0", "-osc", "1", "-phisteps", "2"]
    made = nb.Experiment.from_args(words)
    host = nb.Simulator(made).trace([(0, 0), (5, 5)], "steps")
    device = nb.Simulator(made, device="emulated").trace([(0, 0), (5, 5)], "steps")
    assert [pixel.traced_by for pixel in device] == ["scalar path", "device"]
    assert [pixel.traced_by for pixel in host] == ["scalar path"] * 2
    assert "state" in device[0].origin
    assert host[0].origin == ""
    assert device[0].quantities == host[0].quantities
    assert device.text().splitlines()[1] == f"# {device[0].origin}"


def test_undecided_pixels_say_so():
    """So thin a sensor captures the difference of two numbers next to 1, which leaves the rounding open."""
    made = nb.Experiment.from_args([*WORDS, "-detector_abs", "1000000", "-detector_thick", "1"])
    simulator = nb.Simulator(made, device="emulated")
    image, host = simulator.run(), nb.simulate(made)
    assert np.array_equal(image, host)
    traced = simulator.trace([(slow, fast) for slow in range(24) for fast in range(24)])
    undecided = [pixel for pixel in traced if not pixel.decided]
    assert 0.05 * len(traced) < len(undecided) < 0.95 * len(traced)
    for pixel in undecided:
        assert "the image has the scalar path's value" in pixel.origin
        value = float(image[pixel.slow, pixel.fast])
        assert abs(pixel["I_pixel_final"] - value) <= pixel.error_bound + tolerances.ONE_ROUNDING * value


def test_files_of_a_device_trace(tmp_path):
    found = trace(WORDS, [(3, 4), (10, 2)], "steps", device="emulated")
    assert "exact engine on emulated" in found.source
    assert found.text().splitlines()[1].startswith("# by the device, decided by the rounding test, error bound ")
    found.save(tmp_path / "t.npz")
    for first, second in zip(found, read_trace(tmp_path / "t.npz"), strict=True):
        assert (first.traced_by, first.decided, first.error_bound, first.origin) == (
            *(second.traced_by, second.decided, second.error_bound, second.origin),
        )
        assert first.decided is True
        assert first.error_bound > 0
    pixels = json.loads(found.to_json())["pixels"]
    assert [pixel["decided"] for pixel in pixels] == [True, True]
    assert pixels[0]["traced_by"] == "device"


@pytest.mark.parametrize(("engine", "bound"), [("exact", tolerances.TRACE_DEVICE), ("fast", tolerances.FAST_RELATIVE)])
def test_commands(engine, bound, tmp_path):
    """A trace of the processor and one of the device, compared as the manual says."""
    words = [*WORDS, "--pixel", "3", "4", "--level", "steps"]
    for out, more in (("host.npz", []), ("device.npz", ["--device", "emulated", "--engine", engine])):
        done = run([*words, *more, "--out", out], tmp_path, command=[*PROGRAM, "trace"])
        assert done.returncode == 0, done.stderr
    compare = ["host.npz", "device.npz"]
    assert run([*compare, "--rtol", str(bound)], tmp_path, command=[*PROGRAM, "compare-traces"]).returncode == 0
    assert run(compare, tmp_path, command=[*PROGRAM, "compare-traces"]).returncode == 1
    done = run([*words, "--device", "gpu"], tmp_path, command=[*PROGRAM, "trace"])
    assert done.returncode == 2
    assert 'found "gpu", expected cpu, cuda, cuda:N or emulated' in done.stderr
