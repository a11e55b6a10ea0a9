"""Traces as data: from the kernel, as text, as JSON, as a file and back."""

import json

import nbhybrid.traces
import numpy as np
import pytest
from helpers import GOLDEN, SMALL_WORDS, run, run_well, snapshot
from nbhybrid import InputFileError, ModelError, OptionError
from nbhybrid.traces import QUANTITIES, STEP_FIELDS, read_trace, trace

ARGS = [word for word in SMALL_WORDS if word != "-nonoise"] + [
    "-phi",
    "0",
    "-osc",
    "2",
    "-phisteps",
    "3",
    "-mosaic",
    "1",
    "-mosaic_domains",
    "2",
]
PIXELS = [(3, 4), (10, 2)]


@pytest.fixture(scope="module")
def traced():
    return trace(ARGS, PIXELS, level="steps")


def test_names_values_and_steps(traced):
    assert [(pixel.slow, pixel.fast) for pixel in traced] == PIXELS
    for pixel in traced:
        assert [quantity.name for quantity in pixel.quantities] == list(QUANTITIES)
        assert len(pixel.steps) == pixel["steps"] == 6
        assert pixel.steps.dtype.names == STEP_FIELDS
        assert pixel.steps["intensity"][-1] == pixel["I_before_scaling"]
        terms = pixel.steps["amplitude"] ** 2 * pixel.steps["lattice_factor"] ** 2
        assert np.allclose(np.cumsum(terms), pixel.steps["intensity"], rtol=1e-14)
        assert np.float32(pixel["I_pixel_final"]) == pixel["floatimage_accumulated"]


def test_units_are_told(traced):
    units = {quantity.name: quantity.unit for quantity in traced[0].quantities}
    assert units["lambda_meters"] == "m"
    assert units["I_pixel_final"] == "photons"
    assert units["hkl_rounded"] == ""


def test_text_is_what_the_run_prints(traced, tmp_path):
    words = [word for pixel in PIXELS for word in ("--trace-pixel", *map(str, pixel))]
    printed = run_well([*ARGS, "-nonoise", "--quiet", *words], tmp_path).stdout
    assert traced.text() == printed


def test_no_file_is_written(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    trace(ARGS, PIXELS)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("threads", ["1", "2"])
def test_tracing_changes_no_bit(threads, tmp_path):
    words = [*ARGS, "-oversample", "2", "-seed", "3"]
    pixels = [word for slow in range(0, 24, 3) for fast in range(24) for word in ("--trace-pixel", str(slow), str(fast))]
    folders = [tmp_path / "plain", tmp_path / "traced"]
    for folder, extra in zip(folders, ([], [*pixels, "--trace-level", "steps"]), strict=True):
        folder.mkdir()
        run_well([*words, "--threads", threads, *extra], folder)
    plain, traced = (snapshot(folder) for folder in folders)
    assert traced.pop("trace_steps.txt")
    assert traced == plain


def test_json_keeps_all_bits(traced):
    read = json.loads(traced.to_json())
    assert [q["values"] for q in read["pixels"][1]["quantities"]] == [list(q.values) for q in traced[1].quantities]
    assert read["pixels"][0]["steps"]["rows"] == [[row[field].item() for field in STEP_FIELDS] for row in traced[0].steps]


def test_a_saved_trace_comes_back(traced, tmp_path):
    traced.save(tmp_path / "t.npz")
    read = read_trace(tmp_path / "t.npz")
    assert read.exact
    for first, second in zip(traced, read, strict=True):
        assert (first.slow, first.fast, first.quantities) == (second.slow, second.fast, second.quantities)
        assert np.array_equal(first.steps, second.steps)


@pytest.mark.parametrize("prefix", ["TRACE_C", "TRACE_PY", "TRACE_CPP"])
def test_logs(prefix, traced, tmp_path):
    lines = ["some program says hello", "# pixel 3 4", *(q.text(prefix) for q in traced[0].quantities), "bye"]
    (tmp_path / "log").write_text("\n".join(lines))
    read = read_trace(tmp_path / "log")
    assert not read.exact
    assert read[0].text() == traced[0].text()
    assert (read[0].slow, read[0].fast) == (3, 4)


def test_keys_and_values(tmp_path):
    (tmp_path / "log").write_text("polar = 0.91\nhkl_frac=(1.5, 2.5, -3)\nthis is = no value\n")
    pixel = read_trace(tmp_path / "log")[0]
    assert pixel["polar"] == 0.91
    assert pixel["hkl_frac"] == (1.5, 2.5, -3)
    assert len(pixel.quantities) == 2


def test_tables_of_steps():
    path = next((GOLDEN / "traces").glob("N_mixed_one.steps_*.gz"))
    steps = read_trace(path)[0].steps
    assert len(steps) == 1
    assert steps["amplitude"][0] == 100


@pytest.mark.parametrize("content", [b"", b"nothing\n", b"PK\x03\x04 no archive", b"TRACE_C: polar one\n"])
def test_what_is_no_trace(content, tmp_path):
    (tmp_path / "file").write_bytes(content)
    with pytest.raises(InputFileError, match="file"):
        read_trace(tmp_path / "file")


def test_a_missing_file(tmp_path):
    with pytest.raises(InputFileError, match="absent"):
        read_trace(tmp_path / "absent")


def test_errors_are_those_of_a_run():
    with pytest.raises(OptionError, match="-lambda"):
        trace([*ARGS, "-lambda", "0"], PIXELS)
    with pytest.raises(ModelError, match="99"):
        trace(ARGS, [(99, 0)])


def test_every_quantity_has_a_meaning():
    assert all(meaning for _, meaning in QUANTITIES.values())
    assert nbhybrid.traces.step_dtype().names == STEP_FIELDS


@pytest.mark.parametrize("name", ["t.txt", "t.json", "t.npz"])
def test_the_command(name, traced, tmp_path):
    words = [word for pixel in PIXELS for word in ("--pixel", *map(str, pixel))]
    command = [*_program(), "trace"]
    run_well([*ARGS, *words, "--level", "steps", "--out", name], tmp_path, command=command)
    if name == "t.txt":
        assert (tmp_path / name).read_text() == traced.text()
    if name == "t.json":
        assert json.loads((tmp_path / name).read_text())["pixels"] == json.loads(traced.to_json())["pixels"]
    if name == "t.npz":
        assert np.array_equal(read_trace(tmp_path / name)[1].steps, traced[1].steps)


@pytest.mark.parametrize("words", [["--pixel", "1"], ["--pixel", "a", "b"], [], ["--pixel", "1", "2", "--level", "all"]])
def test_the_command_refuses(words, tmp_path):
    done = run([*ARGS, *words], tmp_path, command=[*_program(), "trace"])
    assert done.returncode == 2
    assert "expected" in done.stderr
    assert "Traceback" not in done.stderr


def _program():
    from helpers import PROGRAM

    return PROGRAM
