"""Warnings have names, by which they are silenced, and speak the language of the API that was used."""

import pathlib
import pickle
import re
import warnings

import nbhybrid as nb
import pytest
from helpers import run
from nbhybrid import input_warnings

SOURCES = [p for folder in ("csrc", "python") for p in (pathlib.Path(__file__).resolve().parents[2] / folder).rglob("*.[ch]pp")]
OPTIONS = "-cell 70 80 90 -N 10 -default_F 100 -detpixels 20 -oversample 1 -nonoise -nopgm --quiet"
WORDS = OPTIONS.split()


def wet(**changes):
    """Return an experiment with two things to warn about: its spots are too fine, and the reference scales its water twice."""
    parts = {
        "crystal": nb.Crystal(cell=nb.UnitCell(70, 80, 90), n_cells=10),
        "structure_factors": 100.0,
        "detector": nb.Detector.mosflm(pixels=(20, 20)),
        "sampling": nb.Sampling(oversample=1, water_um=3),
    }
    return nb.Experiment(**(parts | changes))


def caught(make):
    """Return what a function gives, and the names of its warnings."""
    with warnings.catch_warnings(record=True) as record:
        warnings.simplefilter("always")
        made = make()
    assert all(issubclass(each.category, nb.InputWarning) for each in record)
    return made, [each.message.name for each in record]


def test_every_warning_of_the_core_has_a_name_of_the_table():
    names = {name for path in SOURCES for name in re.findall(r'warnings_?\.add\(\s*"([^"]*)"', path.read_text())}
    assert names
    assert names <= set(nb.warning_names())


def test_an_experiment_warns_once_in_the_words_of_the_objects():
    experiment, names = caught(wet)
    assert names == ["undersampled", "water-twice"]
    assert "Sampling(oversample=3) is enough [undersampled]" in experiment.warnings[0]
    assert 'Experiment(semantics="reference,water-twice") corrects it [water-twice]' in experiment.warnings[1]


def test_warnings_name_the_line_that_caused_them():
    with pytest.warns(nb.InputWarning) as record:
        wet()
    assert {each.filename for each in record} == {__file__}


def test_a_copy_does_not_warn_again_unless_it_has_something_new_to_say():
    experiment, _ = caught(wet)
    assert caught(lambda: pickle.loads(pickle.dumps(experiment)))[1] == []
    assert caught(lambda: experiment.replace(beam=nb.Beam(fluence=1e20)))[1] == []
    assert caught(lambda: experiment.replace(crystal=nb.Crystal(cell=nb.UnitCell(70, 80, 90), n_cells=100)))[1] == ["undersampled"]


def test_a_command_line_is_warned_about_in_its_own_words():
    experiment, names = caught(lambda: nb.Experiment.from_args([*WORDS[:-3], "-water", "3"]))
    assert names == ["undersampled", "water-twice"]
    assert "-oversample 3 is enough" in experiment.warnings[0]


def test_a_kind_is_silenced_by_its_name():
    with warnings.catch_warnings(record=True) as record:
        warnings.simplefilter("always")
        nb.ignore_warnings("water-twice")
        wet()
    assert [each.message.name for each in record] == ["undersampled"]
    with pytest.raises(nb.ModelError, match="'no-such-name', expected one of"):
        nb.ignore_warnings("no-such-name")


def test_all_can_be_errors():
    with warnings.catch_warnings():
        warnings.simplefilter("error", nb.InputWarning)
        with pytest.raises(nb.InputWarning, match="undersampled"):
            wet()


def test_options_become_parameters():
    text = "put -twotheta, and -pivot, after it; -oversample 4.5; a -no_option; x-hkl; --semantics reference,spot-scale corrects it"
    assert input_warnings.in_words_of_objects(text) == (
        "put Detector(twotheta_deg=...), and Detector(pivot=...), after it; Sampling(oversample=4.5); a -no_option; x-hkl; "
        'Experiment(semantics="reference,spot-scale") corrects it'
    )


@pytest.mark.parametrize(
    ("words", "status", "shown"),
    [
        ([], 0, ["undersampled", "water-twice"]),
        (["--ignore-warnings", "undersampled"], 0, ["water-twice"]),
        (["--strict"], 2, ["undersampled", "water-twice"]),
        (["--strict", "--ignore-warnings", "undersampled,water-twice"], 0, []),
    ],
)
def test_the_command_line_shows_ignores_and_refuses(words, status, shown, tmp_path):
    done = run([*WORDS, "-water", "3", *words], tmp_path)
    lines = done.stderr.splitlines()
    found = [re.search(r"\[([^\]]*)\]$", line)[1] for line in lines if line.startswith("nbhybrid: warning: ")]
    assert (done.returncode, found) == (status, shown)
    assert status != 2 or (lines[-1].startswith("nbhybrid: error: --strict: 2 warnings") and not list(tmp_path.iterdir()))


def test_a_name_that_no_warning_has_is_refused(tmp_path):
    done = run([*WORDS, "--ignore-warnings", "water"], tmp_path)
    assert done.returncode == 2
    assert "--ignore-warnings: found 'water'" in done.stderr.replace('"', "'")
