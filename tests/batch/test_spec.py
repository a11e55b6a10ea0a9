"""Specs: what is wrong with one is said by file, table and key, before anything is written."""

import json
import re

import nbhybrid as nb
import numpy as np
import pytest
from helpers import error_line, snapshot
from nbhybrid.batch import Spec, run_batch
from series import ARGS, batch, spec_text, write_spec

QUARTER = [[0, -1, 0], [1, 0, 0], [0, 0, 1]]


@pytest.fixture
def folder(tmp_path):
    """Return a folder with files that specs name."""
    np.save(tmp_path / "five.npy", np.stack([np.eye(3)] * 5))
    np.save(tmp_path / "odd.npy", np.zeros((5, 7)))
    np.save(tmp_path / "words.npy", np.array(["one", "two"]))
    np.savez(tmp_path / "two.npz", first=np.eye(3), second=np.eye(3))
    np.save(tmp_path / "lines.npy", np.full((11, 3), 1.0))
    np.save(tmp_path / "pairs.npy", np.ones((11, 3, 2)))
    (tmp_path / "text.txt").write_text("no numbers\n")
    return tmp_path


# What is written, and what the message must say.
WRONG = {
    "no TOML": ("series = = 3", ["spec.toml: is no TOML", "line 1"]),
    "unknown table": (spec_text() + "[sereis]\n", ["sereis", "there is no such key", "series, experiment"]),
    "unknown key": (spec_text(series="pictures = 3"), ["series.pictures", "there is no such key", "images"]),
    "table that is none": ("noise = 3\n" + spec_text(), ["noise", "found 3", "a table, [noise]"]),
    "no output": (spec_text().replace('output = "out"', ""), ["series.output", "expected the name of a folder"]),
    "no images": (spec_text(images=None), ["series.images", "expected a number of images"]),
    "negative images": (spec_text(images=-3), ["series.images", "found -3", "from 1 to"]),
    "fraction of images": (spec_text(images=2.5), ["series.images", "found 2.5"]),
    "true images": (spec_text(images="true"), ["series.images", "found True"]),
    "seed": (spec_text(seed=-1), ["series.seed", "found -1", "from 0 to"]),
    "format": (spec_text(form="tiff"), ["output.format", "'tiff'", '"hdf5" or "npy"']),
    "compression": (spec_text(output='compression = "gzip"'), ["output.compression", "'gzip'", '"hdf5"', "Remove it"]),
    "engine": (spec_text(render='engine = "slow"'), ["render.engine", "'slow'", '"exact" or "fast"']),
    "device": (spec_text(render='device = "tpu"'), ["render.device", "'tpu'", "cuda:N"]),
    "device that cannot take it": (
        spec_text(args=ARGS + " -oversample 2 -oversample_omega", render='device = "emulated"'),
        ["render.device", "-oversample_omega", "choose device cpu"],
    ),
    "semantics": (spec_text(render='semantics = "perfect"'), ["experiment.args", "perfect"]),
    "noise": (spec_text(noise='photons = "yes"'), ["noise.photons", "'yes'", "true or false"]),
    "option": (spec_text(args=ARGS + " -lamda 2"), ["experiment.args", "-lamda"]),
    "option without effect": (
        spec_text(args=ARGS + " --threads 2"),
        ["experiment.args", "--threads has no effect in a series", "remove it"],
    ),
    "time of day": (spec_text(args=ARGS + " -misset random"), ["experiment.args", "-misset_seed"]),
    "missing table": (spec_text(args=ARGS + " -hkl missing.hkl"), ["experiment.args", "missing.hkl"]),
    "words": (spec_text(args='-cell 70 \\"80'), ["experiment.args", "expected words"]),
    "no experiment": (spec_text().replace("args = ", "# "), ["experiment", "found nothing", "args, file"]),
    "two experiments": (spec_text(experiment='file = "e.json"'), ["experiment", "found args and file"]),
    "part": (spec_text(experiment="crystal = {cells = 3}").replace("args = ", "# "), ["experiment", "structure_factors"]),
    "both orientations": (spec_text(orientations='file = "five.npy"\nrandom = true'), ["orientations", "either"]),
    "no orientations": (spec_text(orientations="random = false"), ["orientations", "either"]),
    "no file": (spec_text(orientations='file = "none.npy"'), ["orientations.file", "none.npy", "No such file"]),
    "shape": (spec_text(orientations='file = "odd.npy"'), ["orientations.file", "(5, 7)", "quaternions"]),
    "no numbers": (spec_text(orientations='file = "text.txt"'), ["orientations.file", "text.txt", "table of numbers"]),
    "words in an array": (spec_text(orientations='file = "words.npy"'), ["orientations.file", "words.npy", "expected numbers"]),
    "which array": (spec_text(orientations='file = "two.npz"'), ["orientations.file", "first, second", "orientations"]),
    "too few": (spec_text(orientations='file = "five.npy"'), ["orientations", "found 5 rows", "11 images"]),
    "order": (spec_text(orientations='quaternions = "zyxw"\nrandom = true'), ["orientations.quaternions", "zyxw"]),
    "jitter": (spec_text(shots="fluence_rms_percent = -3"), ["shots.fluence_rms_percent", "found -3"]),
    "spectra": (spec_text(shots='spectra = "lines.npy"'), ["shots.spectra", "(11, 3)", "(n, energies, 2)"]),
    "two spectra": (spec_text(shots='spectra = "pairs.npy"\nwavelengths = "lines.npy"'), ["shots.spectra", "wavelengths"]),
    "weights alone": (spec_text(shots='weights = "lines.npy"'), ["shots.weights", "without wavelengths"]),
    "weights": (spec_text(shots='weights = "odd.npy"\nwavelengths = "lines.npy"'), ["shots.weights", "(5, 7)", "(11, 3)"]),
    "ignored weights": (spec_text(shots='spectra = "pairs.npy"'), ["shots.spectra", "ignore weights", "corrected"]),
    "dispersion": (
        spec_text(args=ARGS + " -dispersion 1", shots='wavelengths = "lines.npy"'),
        ["shots.wavelengths", "dispersion_percent"],
    ),
    "pattern": (spec_text(shots='spectrum_files = "shot.txt"'), ["shots.spectrum_files", "{image}"]),
    "fluences": (spec_text(shots='fluences = "lines.npy"'), ["shots.fluences", "(11, 3)", "(n,)"]),
    "unit": (spec_text(shots='unit = "nm"\nwavelengths = "lines.npy"'), ["shots.unit", "'nm'", "angstrom"]),
    "panels": (
        spec_text(
            form="smv",
            experiment="crystal = {cell = [70, 80, 90, 90, 90, 90]}\nstructure_factors = 9\n"
            "detector = {panels = [{pixels = [4, 4]}, {pixels = [4, 4]}]}",
        ).replace("args = ", "# "),
        ["output.format", "smv", "panels"],
    ),
}


@pytest.mark.parametrize("what", WRONG)
def test_a_wrong_spec_is_refused(what, folder):
    text, needles = WRONG[what]
    (folder / "spec.toml").write_text(text)
    before = snapshot(folder)
    with pytest.raises(nb.InputFileError) as caught:
        Spec.load(folder / "spec.toml")
    message = str(caught.value)
    assert "spec.toml" in message
    for needle in needles:
        assert needle in message
    assert "\n" not in message.replace("\n(at", "")
    assert snapshot(folder) == before


def test_the_command_refuses_with_a_line(folder):
    (folder / "spec.toml").write_text(spec_text(images=0))
    assert "spec.toml: series.images: found 0, expected a whole number from 1 to" in error_line(batch(folder, "spec.toml"))
    assert "there is no spec" in error_line(batch(folder))
    assert "none.toml: cannot be read" in error_line(batch(folder, "none.toml"))
    (folder / "spec.toml").write_text(spec_text())
    assert "--workers" in error_line(batch(folder, "spec.toml", "--workers", "2", "--serial"))
    assert "threads: found 0" in error_line(batch(folder, "spec.toml", "--threads", "0", "--serial"))
    assert not (folder / "out").exists()


def test_a_spec_is_text_and_no_table_of_numbers(folder):
    (folder / "spec.toml").write_bytes(b"\xff\xfe")
    with pytest.raises(nb.InputFileError, match=r"no text in UTF-8"):
        Spec.load(folder / "spec.toml")
    (folder / "spec.toml").write_text("#" * 70000)
    with pytest.raises(nb.InputFileError, match="put tables of numbers into files"):
        Spec.load(folder / "spec.toml")


def test_the_example_is_a_spec(tmp_path):
    text = batch(tmp_path, "--example").stdout
    (tmp_path / "example.toml").write_text(text)
    spec = Spec.load(tmp_path / "example.toml")
    assert spec.recipe.images == 100
    # What is commented out may lack its file, or contradict what is in force, but the keys are known.
    hidden = [line for line in text.splitlines() if re.match(r"# \w+ = ", line)]
    assert len(hidden) >= 15
    for line in [*hidden, "# nothing = 3"]:
        message = ""
        try:
            Spec.from_toml(text.replace(hidden[-1] if line == "# nothing = 3" else line, line[2:]), tmp_path)
        except nb.InputFileError as error:
            message = str(error)
        assert ("no such key" in message) == (line == "# nothing = 3"), message


def test_a_dry_run_touches_nothing(tmp_path):
    write_spec(tmp_path, images=250)
    before = snapshot(tmp_path)
    done = batch(tmp_path, "spec.toml", "--dry-run")
    assert done.returncode == 0
    words = (
        "250 images of 20 x 20 pixels",
        "engine exact",
        "random",
        str(tmp_path / "out"),
        "left to do: 250 images in 84 tasks",
        "time: about ",
    )
    for part in words:
        assert part in done.stdout
    assert snapshot(tmp_path) == before


def test_files_are_those_beside_the_spec(tmp_path, monkeypatch):
    inputs = tmp_path / "inputs"
    inputs.mkdir()
    (inputs / "f.hkl").write_text("1 0 0 50\n0 1 0 60\n")
    np.save(inputs / "turns.npy", np.stack([np.eye(3), QUARTER]))
    write_spec(inputs, args=ARGS + " -hkl f.hkl", images=None, orientations='file = "turns.npy"')
    monkeypatch.chdir(tmp_path)
    spec = Spec.load("inputs/spec.toml")
    assert spec.recipe.images == 2
    assert spec.output == str(inputs / "out")
    assert spec.experiment.structure_factors.grid is not None


def test_a_dump_beside_the_command_is_not_picked_up(tmp_path, monkeypatch):
    from helpers import SMALL_WORDS, run_well

    (tmp_path / "f.hkl").write_text("1 0 0 50\n0 1 0 60\n")
    run_well([*SMALL_WORDS, "-hkl", "f.hkl"], tmp_path)
    assert (tmp_path / "Fdump.bin").is_file()
    inputs = tmp_path / "inputs"
    inputs.mkdir()
    monkeypatch.chdir(tmp_path)
    assert Spec.load(write_spec(inputs)).experiment.structure_factors.grid is None
    (tmp_path / "Fdump.bin").rename(inputs / "Fdump.bin")
    assert Spec.load(write_spec(inputs)).experiment.structure_factors.grid is not None


def test_all_ways_to_say_an_experiment_agree(tmp_path):
    experiment = nb.Experiment.from_args(ARGS.split())
    (tmp_path / "experiment.json").write_text(experiment.to_json())
    values = experiment.to_dict()
    parts = "\n".join(f"[experiment.{name}]\n{_toml(values[name])}" for name in values if isinstance(values[name], dict))
    specs = [
        spec_text(),
        spec_text(args="").replace('args = ""', f"args = {json.dumps(ARGS.split())}"),
        spec_text(args="").replace('args = ""', 'file = "experiment.json"'),
        spec_text(args="").replace('args = ""\n', "").replace("[output]", f"{parts}\n[output]"),
    ]
    made = [Spec.from_toml(text, tmp_path) for text in specs]
    assert all(spec.experiment == experiment for spec in made)
    assert len({spec.identity for spec in made}) == 1


def _toml(values):
    def text(value):
        if isinstance(value, dict):
            return "{" + ", ".join(f"{key} = {text(each)}" for key, each in value.items()) + "}"
        return json.dumps(value)

    return "".join(f"{key} = {text(value)}\n" for key, value in values.items())


def test_amplitudes_of_a_file_beside_plain_parts(tmp_path):
    (tmp_path / "f.hkl").write_text("1 0 0 50\n0 1 0 60\n")
    text = (
        'structure_factors = {file = "f.hkl", default = 3}\n'
        "crystal = {cell = [70, 80, 90, 90, 90, 90], n_cells = 5}\ndetector = {pixels = [20, 20]}"
    )
    spec = Spec.from_toml(spec_text(args="").replace('args = ""\n', text + "\n"), tmp_path)
    expected = nb.StructureFactors.from_file(tmp_path / "f.hkl", 3)
    assert spec.experiment.structure_factors == expected


def test_the_identity_follows_contents_not_words(tmp_path):
    np.save(tmp_path / "turns.npy", np.stack([np.eye(3)] * 11))
    text = spec_text(orientations='file = "turns.npy"')
    identity = Spec.from_toml(text, tmp_path).identity
    assert Spec.from_toml("# A remark.\n" + text, tmp_path).identity == identity
    assert Spec.from_toml(text.replace("seed = 5", "seed = 6"), tmp_path).identity != identity
    np.save(tmp_path / "turns.npy", np.stack([np.eye(3)] * 10 + [QUARTER]))
    assert Spec.from_toml(text, tmp_path).identity != identity


def test_arguments_that_do_not_go_together(tmp_path):
    spec = Spec.from_toml(spec_text(), tmp_path)
    with pytest.raises(nb.ModelError, match="workers: found beside scheduler"):
        run_batch(spec, scheduler="tcp://nowhere:1", workers=2)
    with pytest.raises(nb.ModelError, match="workers: found -1"):
        run_batch(spec, workers=-1)
    assert not (tmp_path / "out").exists()
