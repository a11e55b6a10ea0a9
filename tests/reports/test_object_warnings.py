"""What users reported of warnings in Python, by number: given once, in the words of the API in use."""

import inspect
import re
import sys
import threading

import nbhybrid as nb
import numpy as np
import pytest
from helpers import run, run_well
from nbhybrid import _core, input_warnings
from nbhybrid.model import parameters
from objects import ROOT, SMALL, WORDS, names_of_warnings, small

# 23: warnings, in the words of what is used, once


def statements(text, beginning):
    """Yield the arguments of each call that begins so, up to its closing bracket."""
    for match in re.finditer(beginning, text):
        depth, end = 1, match.end()
        while depth:
            depth += {"(": 1, ")": -1}.get(text[end], 0)
            end += 1
        yield text[match.end() : end]


def test_report_23_every_option_that_a_warning_names_has_the_words_of_the_objects():
    found = set()
    for path in (ROOT / "csrc").rglob("*.cpp"):
        for statement in statements(path.read_text(), r"\bwarn(?:ings_?\.add)?\("):
            literals = " ".join(re.findall(r'"((?:[^"\\]|\\.)*)"', statement))
            found |= set(re.findall(r"(?<![\w-])-[A-Za-z]\w*", literals))
    assert {"-hkl", "-mosaic_domains", "-oversample_thick", "-beamsize"} <= found
    # Of what is printed the objects know nothing.
    assert found - {"-printout_pixel"} <= set(input_warnings.WORDS)


def test_report_23_every_option_that_shapes_an_experiment_has_words():
    topics = re.split(r"\n\n?(?=\S[^\n]*:\n)", _core.options_help())
    listed = [topic for topic in topics if topic.split(":")[0].strip() in ("crystal", "beam", "detector", "scan and sampling")]
    options = {option for topic in listed for option in re.findall(r"^ +(-[A-Za-z]\w*)", topic, re.M)}
    assert len(options) > 80
    assert options - set(input_warnings.WORDS) == set()


def test_report_23_the_words_are_those_of_the_objects():
    """What each expression names is there: classes, functions and keywords."""
    for words in input_warnings.WORDS.values():
        dotted, _, rest = words.partition("(")
        found = nb
        for name in dotted.split("."):
            found = getattr(found, name)
        for keyword in re.findall(r"(\w+)=", re.sub(r"Spread\([^)]*\)", "", rest)):
            names = {*inspect.signature(found).parameters, *parameters().get(dotted, ())}
            assert keyword in names or (keyword == "default" and dotted == "StructureFactors"), words


def test_report_23_options_in_errors_of_objects_are_parameters():
    with pytest.raises(nb.OptionError, match=r"Detector\(region=\.\.\.\): there is nothing inside"):
        small(detector=nb.Detector.mosflm(pixels=(20, 20), region=(50, 60, 0, 5)))
    assert input_warnings.in_words_of_objects("-roi 1 2 3 4: nothing") == "Detector(region=...): nothing"


def sticky(**parts):
    """Return an experiment whose table is too small for its interpolation."""
    table = nb.StructureFactors.from_grid(np.full((2, 2, 2), 5.0), (0, 0, 0), interpolate=True)
    return small(structure_factors=table, **parts)


def test_report_23_a_simulator_warns_of_what_only_it_can_know():
    experiment, names = names_of_warnings(sticky)
    assert names == []
    _, names = names_of_warnings(lambda: nb.simulate(experiment))
    assert names == ["interpolation-sticky"]
    simulator, names = names_of_warnings(lambda: nb.Simulator(experiment, semantics="corrected"))
    assert names == []
    assert names_of_warnings(lambda: simulator.update(semantics="reference"))[1] == ["interpolation-sticky"]
    assert names_of_warnings(lambda: simulator.update(beam=nb.Beam(fluence=1e20)))[1] == []
    two = nb.Detector(panels=(SMALL["detector"], SMALL["detector"]))
    assert names_of_warnings(lambda: nb.simulate(sticky(detector=two)))[1] == ["interpolation-sticky"]


def test_report_23_a_batch_warns_once_of_each_kind():
    experiment = sticky()
    with pytest.warns(nb.InputWarning) as record:
        nb.simulate_batch(experiment, np.repeat(np.eye(3)[None], 4, axis=0))
    assert [each.message.name for each in record] == ["interpolation-sticky"]
    assert "4 of 4 images, the first of them image 0: amplitudes are not interpolated from pixel (0, 0)" in str(record[0].message)


def test_report_23_pixels_that_are_no_numbers():
    experiment = small(beam=nb.Beam(fluence=1e300))
    for make in (lambda: nb.simulate(experiment), lambda: nb.simulate_batch(experiment, np.eye(3)[None])):
        assert names_of_warnings(make)[1] == ["not-finite"]
    assert names_of_warnings(lambda: nb.simulate(small()))[1] == []


def test_report_23_the_same_panel_twice_is_one_warning():
    two = nb.Detector(panels=(SMALL["detector"], SMALL["detector"]))
    wet = nb.Sampling(oversample=2, water_um=3)
    assert names_of_warnings(lambda: small(detector=two, sampling=wet))[1] == ["water-twice"]


def test_report_23_a_thread_warns_too():
    def work():
        small(sampling=nb.Sampling(oversample=2, water_um=3))

    thread = threading.Thread(target=work)

    def started():
        thread.start()
        thread.join()

    assert names_of_warnings(started)[1] == ["water-twice"]


def test_report_23_a_trace_warns_in_the_words_of_the_command_line(tmp_path):
    words = [*WORDS.split(), "-default_F", "100", "-water", "3"]
    with pytest.warns(nb.InputWarning, match="--semantics reference,water-twice") as record:
        nb.trace(words, [(3, 4)])
    assert [each.message.name for each in record] == ["water-twice"]
    program = [sys.executable, "-m", "nbhybrid", "trace"]
    done = run_well([*words, "--pixel", 3, 4], tmp_path, command=program)
    assert done.stderr.count("[water-twice]") == 1
    assert done.stderr.startswith("nbhybrid: warning: ")
    done = run([*words, "--strict", "--pixel", 3, 4], tmp_path, command=program)
    assert (done.returncode, done.stdout) == (2, "")


SPEC = """
[series]
images = 2
output = "out"
[experiment]
args = "-cell 70 80 90 -N 5 -hkl f.hkl -detpixels 20 -oversample 2 -water 3"
[orientations]
random = true
[output]
format = "npy"
"""


@pytest.mark.parametrize(
    ("words", "status", "shown"),
    [
        ([], 0, ["comment-lines", "water-twice"]),
        (["--quiet"], 0, []),
        (["--ignore-warnings", "comment-lines"], 0, ["water-twice"]),
        (["--strict"], 2, ["comment-lines", "water-twice"]),
        (["--ignore-warnings", "no-such-name"], 2, []),
    ],
)
def test_report_23_a_series_shows_each_warning_once(words, status, shown, tmp_path):
    (tmp_path / "spec.toml").write_text(SPEC)
    (tmp_path / "f.hkl").write_text("1 0 0 5\n# an end\n2 0 0 5\n")
    done = run(["spec.toml", "--serial", *words], tmp_path, command=[sys.executable, "-m", "nbhybrid", "batch"])
    assert (done.returncode, re.findall(r"warning: .*\[([a-z-]+)\]$", done.stderr, re.M)) == (status, shown), done.stderr
    assert "InputWarning" not in done.stderr
    assert (tmp_path / "out").exists() == (status == 0)


def test_report_23_a_spec_warns_of_the_semantics_that_count(tmp_path):
    from nbhybrid.batch import Spec

    (tmp_path / "f.hkl").write_text("1 0 0 5\n# an end\n2 0 0 7\n")
    spec, names = names_of_warnings(lambda: Spec.from_toml(SPEC, tmp_path))
    assert names == ["comment-lines", "water-twice"]
    assert len(spec.warnings) == 2
    spec, names = names_of_warnings(lambda: Spec.from_toml(SPEC + '[render]\nsemantics = "corrected"\n', tmp_path))
    assert (names, spec.warnings) == ([], ())
    assert spec.experiment.structure_factors.grid[1, 0, 0] == 7


def test_report_23_the_tutorial_lists_all_names():
    page = (ROOT / "docs" / "tutorial.md").read_text()
    section = page[page.index("## Warnings") :]
    rows = dict(re.findall(r"^\| `([a-z0-9-]+)` \| (.*) \|$", section, re.M))
    assert rows == nb.warning_names()
