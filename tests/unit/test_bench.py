"""The benchmarks run, and their arithmetic is right. No time is tested."""

import json
import os
import pathlib
import shlex
import subprocess
import sys

import pytest

BENCH = pathlib.Path(__file__).resolve().parents[2] / "bench"
OURS = [sys.executable, "-m", "nbhybrid", "run"]


@pytest.fixture(autouse=True)
def scripts_can_be_imported(monkeypatch):
    monkeypatch.syspath_prepend(str(BENCH))


@pytest.fixture
def stand_in(tmp_path):
    """Return a program that takes the reference's place: nbhybrid."""
    path = tmp_path / "reference"
    path.write_text(f'#!/bin/sh\nexec {shlex.join(OURS)} "$@"\n')
    path.chmod(0o755)
    return path


def script(name, *words, folder, reference="", fast=""):
    environment = {**os.environ, "NB_C_BIN": str(reference), "NB_C_FAST_BIN": str(fast)}
    command = [sys.executable, str(BENCH / name), *words, "--json", "results.json"]
    done = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    record = json.loads((folder / "results.json").read_text())
    assert {"processor", "date", "isa", "compiler", "results"} <= set(record)
    return done.stdout, record["results"]


def test_another_is_first_in_every_round():
    from measure import in_turns

    called = []
    works = {name: lambda name=name: called.append(name) or len(called) for name in "abc"}
    assert in_turns(works, 3) == {"a": [1, 6, 8], "b": [2, 4, 9], "c": [3, 5, 7]}
    assert "".join(called) == "abcbcacab"


def test_nothing_is_claimed_where_the_band_holds_1_or_rounds_are_few():
    from measure import summary, verdict

    assert verdict(summary([1.1, 1.2, 1.3, 1.4, 1.5, 1.6])) == "faster"
    assert verdict(summary([0.5, 0.6, 0.7, 0.8, 0.9, 0.99])) == "slower"
    assert verdict(summary([0.9, 1.2, 1.3, 1.4, 1.5, 1.6])) == "no difference shown"
    assert verdict(summary([1.1, 1.2])) == "too few rounds to say"


def test_the_reference_s_kernel_is_its_run_less_the_median_of_one_pixel():
    from peers import Reference, Times, ratio

    theirs = Reference("reference", "").times({"whole": [3.0, 3.2, 3.1], "one": [1.0, 1.1, 0.9]})
    assert theirs.stages["kernel"] == pytest.approx([2.0, 2.2, 2.1])
    assert theirs.doubt == pytest.approx(0.1)
    ours = Times([1.0] * 3, {"kernel": [0.5, 0.5, 1.0]})
    found = ratio(theirs, ours, "kernel")
    # Rounds: 4, 4.4, 2.1; the doubt of 0.1 s widens both ends.
    assert [found[key] for key in ("low", "median", "high")] == pytest.approx([2.0, 4.0, 4.6])
    whole = ratio(theirs, ours, "whole")
    assert [whole[key] for key in ("low", "median", "high")] == pytest.approx([3.0, 3.1, 3.2])


def test_ways_say_what_they_are():
    from peers import Nbhybrid

    assert Nbhybrid("exact", OURS).title == "`exact`, 1 thread"
    way = Nbhybrid("fast@v3:2", OURS)
    assert (way.title, way.engine, way.isa, way.threads) == ("`fast` with AVX2, 2 threads", "fast", "v3", 2)


def test_all_programs_in_one_table(tmp_path, stand_in):
    words = ["--rounds", "1", "--cases", "A", "--ways", "exact,fast:2", "--base", shlex.join(OURS), "--markdown", "page.md"]
    printed, (result,) = script("run.py", *words, folder=tmp_path, reference=stand_in)
    assert "the PyTorch port is NOT timed" in printed or "PyTorch port" in result["over"]
    assert {"exact", "fast:2", "base exact", "base fast:2"} <= set(result["over"])
    assert {"kernel", "write", "whole"} <= set(result["base over head"]["exact"])
    assert all(r["low"] <= r["median"] <= r["high"] for stages in result["over"].values() for r in stages.values())
    page = (tmp_path / "page.md").read_text()
    assert "| case | `exact`, 1 thread | `fast`, 2 threads |" in page
    assert "\n| A: 1024 x 1024, one orientation | " in page


def test_an_image_that_is_another_stops_the_measurement(tmp_path, stand_in):
    stand_in.write_text(stand_in.read_text().replace('"$@"', '"$@" -fluence 1e20'))
    with pytest.raises(AssertionError, match="A: exact: its image is another"):
        script("run.py", "--rounds", "1", "--cases", "A", "--ways", "exact", folder=tmp_path, reference=stand_in)


def test_a_build_whose_image_is_not_a_number_is_left_out(tmp_path, stand_in):
    bad = tmp_path / "bad"
    code = "import struct; open('floatimage.bin', 'wb').write(struct.pack('f', float('nan')))"
    bad.write_text(f"#!/bin/sh\n{shlex.join([sys.executable, '-c', code])}\n")
    bad.chmod(0o755)
    words = ["--rounds", "1", "--cases", "A", "--ways", "exact"]
    printed, (result,) = script("run.py", *words, folder=tmp_path, reference=stand_in, fast=bad)
    assert "fastest build: left out; its image has the sum nan" in printed
    assert "exact" in result["over"]
    assert not any("fastest" in name for name in result["over"])


def test_without_a_peer_there_is_nothing_to_compare(tmp_path):
    with pytest.raises(AssertionError, match="NB_C_BIN must name the reference program"):
        script("run.py", folder=tmp_path)


def test_scaling(tmp_path, stand_in):
    words = ["--rounds", "1", "--series", "phi", "--longest", "0.5", "--markdown", "page.md", "--png", "page.png"]
    _, results = script("scaling.py", *words, folder=tmp_path, reference=stand_in)
    rows = results["phi"]
    assert [row["number"] for row in rows] == [1, 10, 100, 1000]
    assert ["reference over ours" in row for row in rows] == [True, True, False, False]
    assert rows[0]["speed over the first"]["median"] == 1
    assert (tmp_path / "page.png").read_bytes().startswith(b"\x89PNG")


def test_start_up(tmp_path, stand_in):
    printed, results = script("startup.py", "--rounds", "2", folder=tmp_path, reference=stand_in)
    assert "nbhybrid._core" in results["microseconds of modules"]
    assert "sys" not in results["microseconds of modules"]
    assert "the reference's case A over nbhybrid's 8 x 8 pixels" in results["ratios"]
    assert "| nbhybrid run of 8 x 8 pixels over python -c pass | " in printed


def test_series(tmp_path):
    pytest.importorskip("distributed", reason="dask[distributed] is not installed: bench/batch.py is NOT tested")
    pytest.importorskip("h5py", reason="h5py is not installed: bench/batch.py is NOT tested")
    printed, results = script("batch.py", "--rounds", "1", "--images", "7", folder=tmp_path)
    assert "efficiency of batch: " in printed
    assert {"efficiency of two processes", "efficiency of batch", "efficiency of command"} <= set(results)


def test_a_run_that_takes_more_instructions_than_before_is_noticed(monkeypatch, tmp_path, capsys):
    import instructions

    taken = dict.fromkeys(instructions.CASES, 1000)
    monkeypatch.setattr(instructions, "RECORD", tmp_path / "instructions.json")
    monkeypatch.setattr(instructions, "count", lambda program, words: taken[{v: k for k, v in instructions.CASES.items()}[words]])
    monkeypatch.setattr(instructions.shutil, "which", lambda name: name)

    def status(*words):
        monkeypatch.setattr(sys, "argv", ["instructions.py", "program", *words])
        return instructions.main()

    assert status("--record") == 0
    taken["square"] = 1010
    assert status() == 0
    taken["square"] = 1011
    assert status() == 1
    assert "more than 1% more in square" in capsys.readouterr().out
    monkeypatch.setattr(instructions, "builders", lambda: {"compiler": "another"})
    assert status() == 0
    assert "NOT COMPARED" in capsys.readouterr().out


def test_instructions_are_counted_where_they_can_be(tmp_path):
    import instructions

    if instructions.shutil.which("valgrind") is None:
        pytest.skip("valgrind is not here: that INSTRUCTIONS are counted is NOT tested")
    assert instructions.count("/bin/true", "") > 1000
