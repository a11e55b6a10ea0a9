"""Comparing traces: the first divergent quantity is found, wherever an error is planted."""

import copy
import dataclasses
import json
import pathlib

import pytest
from helpers import GOLDEN, PROGRAM, SMALL_WORDS, run
from nbhybrid.parity.compare_traces import INPUTS, Verdict, compare_traces
from nbhybrid.traces import PixelTrace, Trace, read_trace, trace

ARGS = [word for word in SMALL_WORDS if word != "-nonoise"] + ["-phi", "1", "-osc", "2", "-phisteps", "3"]
LYSOZYME = GOLDEN / "traces" / "lyso_supervisor.trace_685_1039.txt"
OTHER_PORT = GOLDEN / "traces" / "other_port_685_1039.txt"
COMMAND = [*PROGRAM, "compare-traces"]
PLANTED = [
    *("pix0_vector_meters", "omega_pixel_sr", "diffracted_vec", "lambda_meters", "scattering_vec_A_inv", "rot_b_angstroms"),
    *("hkl_frac", "F_latt_b", "F_cell", "fluence_photons_per_m2", "polar", "I_pixel_final"),
]


@pytest.fixture(scope="module")
def traced():
    return trace(ARGS, [(3, 4), (10, 2)], level="steps")


def planted(original, name, factor=1 + 1e-12):
    """Return the trace with one value of its second pixel changed."""
    changed = copy.deepcopy(original)
    pixel = changed[1]
    for i, quantity in enumerate(pixel.quantities):
        if quantity.name == name:
            values = (quantity.values[0] * factor, *quantity.values[1:])
            pixel.quantities[i] = dataclasses.replace(quantity, values=values)
    return changed


def test_a_trace_is_the_same_as_itself(traced):
    comparison = compare_traces(traced, traced)
    assert comparison.same
    assert all(d.verdict is Verdict.IDENTICAL and d.ulps == 0 for pixel in comparison.pixels for d in pixel.differences)


@pytest.mark.parametrize("name", PLANTED)
def test_a_planted_error_is_found(name, traced):
    comparison = compare_traces(traced, planted(traced, name))
    assert comparison.pixels[0].same
    assert comparison.pixels[1].first_divergent.name == name
    assert name in comparison.pixels[1].explanation()
    assert compare_traces(traced, planted(traced, name), rtol=1e-11).same


@pytest.mark.parametrize("name", PLANTED)
def test_an_error_planted_in_a_file_is_found(name, tmp_path):
    lines = LYSOZYME.read_text().splitlines()
    (place,) = (i for i, line in enumerate(lines) if line.split()[1] == name)
    prefix, _, value, *others = lines[place].split()
    lines[place] = " ".join([prefix, name, format(float(value) * (1 + 1e-9), ".15g"), *others])
    (tmp_path / "planted.log").write_text("\n".join(lines) + "\n")
    done = run([LYSOZYME, "planted.log"], tmp_path, command=COMMAND)
    assert done.returncode == 1
    assert f"first divergent: {name};" in done.stdout
    assert run([LYSOZYME, "planted.log", "--rtol", "1e-8"], tmp_path, command=COMMAND).returncode == 0


def test_the_smallest_difference_counts(traced):
    comparison = compare_traces(traced, planted(traced, "polar", 1 + 2**-52))
    assert comparison.pixels[1].first_divergent.ulps in (1, 2)


def test_missing_quantities(traced):
    shorter = copy.deepcopy(traced)
    del shorter[0].quantities[5]
    name = traced[0].quantities[5].name
    for first, second, verdict in ((traced, shorter, Verdict.MISSING_SECOND), (shorter, traced, Verdict.MISSING_FIRST)):
        found = compare_traces(first, second).pixels[0].first_divergent
        assert (found.name, found.verdict) == (name, verdict)


def test_the_first_divergent_step(traced):
    changed = copy.deepcopy(traced)
    changed[0].steps["amplitude"][1] *= 1.5
    changed[0].steps["intensity"][1:] *= 1.5
    step = compare_traces(traced, changed).pixels[0].first_step
    assert step.row == 1
    assert step.place["phi"] == 1
    assert set(step.fields) == {"amplitude", "intensity"}


def test_the_other_port_is_diagnosed():
    comparison = compare_traces(read_trace(LYSOZYME), read_trace(OTHER_PORT), rtol=1e-4)
    pixel = comparison.pixels[0]
    assert pixel.first_divergent.name == "rot_a_angstroms"
    assert "everything before it agrees: the crystal's orientation" in pixel.explanation()
    assert {"F_cell", "I_pixel_final"} <= set(pixel.consequences())
    assert pixel.independent() == []


def test_golden_traces_are_ours(golden_folder):
    words = "-mat lyso_A.mat -hkl lyso.hkl " + json.loads((GOLDEN / "cases.json").read_text())["lyso_supervisor"]["args"]
    words += " -roi 1000 1060 600 690"
    ours = trace([str(golden_folder / w) if w.startswith("lyso") else w for w in words.split()], [(685, 1039)], level="steps")
    assert compare_traces(read_trace(LYSOZYME), ours).same


def test_inputs_come_before_what_is_computed_from_them():
    order = list(INPUTS)
    for name, inputs in INPUTS.items():
        for one in inputs:
            assert one.isupper() or one in order
            # omega_pixel_sr is shown before the distance that it also depends on.
            if not one.isupper() and (name, one) != ("omega_pixel_sr", "close_distance_meters"):
                early = ("oversample_thick", "oversample_polar", "oversample_omega")
                assert order.index(one) < order.index(name) or one in early


def test_traces_of_different_pixels(traced):
    other = Trace([PixelTrace(0, 0, list(traced[0].quantities))])
    with pytest.raises(ValueError, match="no pixel in common"):
        compare_traces(traced, other)


@pytest.mark.parametrize(("rtol", "status"), [("0", 1), ("1e-4", 1), ("10", 1)])
def test_the_command_reports(rtol, status, tmp_path):
    done = run([LYSOZYME, OTHER_PORT, "--rtol", rtol, "--report", tmp_path / "report"], tmp_path, command=COMMAND)
    assert done.returncode == status
    files = {path.name for path in (tmp_path / "report").iterdir()}
    assert files == {"summary.md", "summary.json", "env.json"}
    summary = json.loads((tmp_path / "report" / "summary.json").read_text())
    assert summary["same"] is False
    page = pathlib.Path(tmp_path / "report" / "summary.md").read_text()
    assert "Scaling chain" in page
    assert "I_pixel_final" in page


def test_the_command_on_equal_traces(tmp_path):
    done = run([LYSOZYME, LYSOZYME], tmp_path, command=COMMAND)
    assert done.returncode == 0
    assert "same (40 quantities)" in done.stdout


@pytest.mark.parametrize("content", ["nothing here\n", None])
def test_the_command_refuses(content, tmp_path):
    if content is not None:
        (tmp_path / "bad").write_text(content)
    done = run([LYSOZYME, "bad"], tmp_path, command=COMMAND)
    assert done.returncode == 2
    assert "bad" in done.stderr
    assert "Traceback" not in done.stderr
