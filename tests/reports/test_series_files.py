"""Series: what users reported of their files: copied, with headers that say nothing, and other in another folder."""

import pathlib
import re
import sys

import nbhybrid as nb
import numpy as np
import pytest
import tolerances
from helpers import error_line, run
from nbhybrid.batch import Spec, run_batch
from nbhybrid.images import read_image
from series import ARGS, CRYSTAL, batch, hashes, parameters, spec_text, write_spec


@pytest.fixture
def h5py():
    return pytest.importorskip("h5py", reason="h5py is not installed: series in HDF5 are NOT tested")


def series(folder, images=11, output="", **parts):
    folder.mkdir(exist_ok=True)
    return Spec.from_toml(spec_text(images=images, form="hdf5", output=f"images_per_file = 4\n{output}", **parts), folder)


def read(h5py, path):
    """Return all datasets of a file by their names."""
    with h5py.File(path) as file:
        return {"images": file["images"][:]} | {name: file["parameters"][name][:] for name in file["parameters"]}


def expected_of_missing(values):
    """Return what has this type where there is nothing."""
    kind = values.dtype.kind
    return np.full_like(values, np.nan if kind == "f" else -1 if kind == "i" else np.iinfo(values.dtype).max)


def same(first, second):
    return first.keys() == second.keys() and all(
        np.array_equal(first[k], second[k], equal_nan=first[k].dtype.kind == "f") for k in first
    )


@pytest.mark.parametrize("compression", ["none", "gzip"])
def test_report_22_what_was_never_written_does_not_read_as_zero(compression, h5py, tmp_path):
    result = run_batch(series(tmp_path / "a", noise="photons = true", output=f'compression = "{compression}"'), workers=0)
    whole = read(h5py, result.path)
    copy = tmp_path / "images.h5"
    copy.write_bytes(pathlib.Path(result.path).read_bytes())
    alone = read(h5py, copy)
    for name, values in alone.items():
        assert np.array_equal(values, expected_of_missing(values), equal_nan=values.dtype.kind == "f"), name
    assert alone["failed"].all()

    # One piece of three.
    (tmp_path / "a" / "out" / "pieces" / "images_000004-000007.h5").unlink()
    some = read(h5py, result.path)
    for name, values in some.items():
        here = np.r_[0:4, 8:11]
        assert np.array_equal(values[here], whole[name][here]), name
        missing = values[4:8]
        assert np.array_equal(missing, expected_of_missing(missing), equal_nan=values.dtype.kind == "f"), name


def test_report_22_a_failed_image_does_not_read_as_zero(h5py, tmp_path):
    turns = np.stack([np.eye(3)] * 11)
    turns[5] *= 2
    np.save(tmp_path / "turns.npy", turns)
    result = run_batch(series(tmp_path, orientations='file = "turns.npy"'), workers=0)
    held = read(h5py, result.path)
    assert held["failed"].tolist() == [0] * 5 + [1] + [0] * 5
    assert np.isnan(held["images"][5]).all()
    assert np.isfinite(held["images"][[4, 6]]).all()


def test_report_22_the_file_and_nbhybrid_name_the_pieces(h5py, tmp_path):
    write_spec(tmp_path, form="hdf5", output="images_per_file = 4")
    assert batch(tmp_path, "spec.toml", "--serial").returncode == 0
    with h5py.File(tmp_path / "out" / "images.h5") as file:
        said = file.attrs["pieces"]
        images = file["images"][:]
    for word in ("3 other files", "pieces/images_000000-000003.h5", "pieces/images_000008-000010.h5", "--merge", "NaN"):
        assert word in said
    np.save(tmp_path / "five.npy", images[5])

    def compare(path, *words):
        return run(["compare-images", path, "five.npy", *words], tmp_path, command=[sys.executable, "-m", "nbhybrid"])

    assert compare("out/images.h5", "--image", "5").returncode == 0
    assert compare("out/images.h5", "--image", "6").returncode == 1
    for words, needle in (((), "series of 11 images: say which, --image N"), (("--image", "11"), "no image 11, expected 0 to 10")):
        assert needle in error_line(compare("out/images.h5", *words))
    (tmp_path / "images.h5").write_bytes((tmp_path / "out" / "images.h5").read_bytes())
    line = error_line(compare("images.h5", "--image", "5"))
    assert "image 5 is in pieces/images_000004-000007.h5, which is not beside it (nor are 2 others)" in line
    assert "--merge" in line


def test_report_22_one_file_has_the_same_bytes_whoever_makes_it(h5py, tmp_path):
    shots = "fluence_rms_percent = 20"
    parts = {"noise": "photons = true", "shots": shots, "output": 'compression = "gzip"'}
    pieces = run_batch(series(tmp_path / "pieces", **parts), workers=0)
    expected = read(h5py, pieces.path)
    # Rendered in pieces and merged later, at once, and after a kill in the middle of it.
    found = {}
    for way in ("later", "at once", "killed"):
        spec = series(tmp_path / way, **parts)
        if way == "later":
            run_batch(spec, workers=0)
        if way == "killed":
            with pytest.MonkeyPatch.context() as patched:
                from nbhybrid.formats import _hdf5_series

                copy, calls = _hdf5_series._copy, []

                def killed(*arguments, copy=copy, calls=calls):
                    calls.append(arguments)
                    if len(calls) == 3:
                        raise KeyboardInterrupt
                    copy(*arguments)

                patched.setattr(_hdf5_series, "_copy", killed)
                with pytest.raises(KeyboardInterrupt):
                    run_batch(spec, workers=0, merge=True)
            assert {path.name for path in (tmp_path / way / "out").iterdir()} == {"batch.json", "experiment.json", "pieces"}
        result = run_batch(spec, workers=0, threads=2, merge=True)
        assert result.rendered == (11 if way == "at once" else 0)
        found[way] = hashes(tmp_path / way / "out")
        # No other file is needed.
        alone = tmp_path / f"{way}.h5"
        alone.write_bytes(pathlib.Path(result.path).read_bytes())
        assert same(read(h5py, alone), expected)
        with h5py.File(alone) as file:
            assert not file["images"].is_virtual
            assert file["images"].compression == "gzip"
            assert "pieces" not in file.attrs
    assert found["later"] == found["at once"] == found["killed"]
    assert set(found["later"]) == {"batch.json", "experiment.json", "images.h5"}
    # Nothing is left to do, and the file stays as it is.
    again = run_batch(series(tmp_path / "later", **parts), workers=0)
    assert (again.rendered, again.path) == (0, str(tmp_path / "later" / "out" / "images.h5"))
    assert hashes(tmp_path / "later" / "out") == found["later"]


def test_report_22_the_spec_or_the_command_asks_for_one_file(h5py, tmp_path):
    made = []
    for name, words, output in (("spec", [], "single_file = true"), ("command", ["--merge"], "")):
        folder = tmp_path / name
        folder.mkdir()
        write_spec(folder, form="hdf5", output=f"images_per_file = 4\n{output}")
        done = batch(folder, "spec.toml", "--serial", *words)
        assert done.returncode == 0, done.stderr
        assert {path.name for path in (folder / "out").iterdir()} == {"batch.json", "experiment.json", "images.h5"}
        made.append(read(h5py, folder / "out" / "images.h5"))
    assert same(*made)
    # What the spec says of it may change later: it is no other series.
    write_spec(tmp_path / "command", form="hdf5", output="images_per_file = 4\nsingle_file = true")
    assert "11 were there" in batch(tmp_path / "command", "spec.toml", "--serial").stdout
    write_spec(tmp_path, form="npy")
    assert "expected hdf5" in error_line(batch(tmp_path, "spec.toml", "--merge"))


def test_report_22_pieces_are_kept_while_images_fail(h5py, tmp_path):
    for i in range(11):
        (tmp_path / f"{i}.txt").write_text("1.0 1\n1.01 2\n")
    spec = series(tmp_path, shots='spectrum_files = "{image}.txt"', render='semantics = "corrected"', output="single_file = true")
    (tmp_path / "5.txt").rename(tmp_path / "away")
    result = run_batch(spec, workers=0)
    assert [image for image, _ in result.failures] == [5]
    held = read(h5py, result.path)
    assert np.isnan(held["images"][5]).all()
    assert held["images"][6].any()
    assert len(list((tmp_path / "out" / "pieces").glob("*.h5"))) == 3
    (tmp_path / "away").rename(tmp_path / "5.txt")
    result = run_batch(spec, workers=0)
    assert (result.failures, result.rendered) == ([], 4)
    assert read(h5py, result.path)["failed"].tolist() == [0] * 11
    assert not (tmp_path / "out" / "pieces").exists()


def header(path):
    """Return the numbers of an SMV header."""
    text = path.read_bytes()[:512].decode("latin-1")
    return {key: float(value) for key, value in re.findall(r"^(\w+)=(-?[\d.e+-]+);$", text, re.M)}


def is_still(head):
    """As dxtbx (FormatSMVJHSim, for BEAMLINE=fake) takes it: a scan of OSC_RANGE from OSC_START, a still if that is about 0."""
    return abs(head["OSC_RANGE"]) < tolerances.DXTBX_STILL_DEGREES


def test_report_27_headers_of_stills_say_that_nothing_was_turned(tmp_path):
    # One degree apart, but as orientations: each image is a still.
    angles = np.radians(np.arange(3.0))
    turns = np.array([[[1, 0, 0], [0, np.cos(a), -np.sin(a)], [0, np.sin(a), np.cos(a)]] for a in angles])
    np.save(tmp_path / "turns.npy", turns)
    spec = Spec.from_toml(spec_text(images=3, form="smv", orientations='file = "turns.npy"'), tmp_path)
    run_batch(spec, workers=0)
    for i in range(3):
        head = header(tmp_path / "out" / "images" / f"image_{i:06d}.img")
        assert is_still(head)
        assert (head["PHI"], head["OSC_START"], head["OSC_RANGE"]) == (0, 0, 0)
        about = parameters(tmp_path / "out", i)
        assert (about["phi_start_deg"], about["phi_range_deg"]) == (0, 0)
        # What tells them apart.
        assert np.abs(np.array(about["rotation"]) - turns[i]).max() < tolerances.ROTATION_ROUNDING


def test_report_27_headers_of_a_scan_say_where_each_image_is(tmp_path):
    args = f"{CRYSTAL} -pixel 0.8 -detpixels 20 -oversample 1"
    scan = "start_deg = 10.5\nwidth_deg = 0.5\nsteps = 3"
    spec = Spec.from_toml(spec_text(args=args, images=4, form="smv", scan=scan), tmp_path)
    scan_words = ["-osc", "0.5", "-phisteps", "3"]
    assert spec.warnings == tuple(nb.Experiment.from_args([*args.split(), "-phi", "10.5", *scan_words]).warnings)
    run_batch(spec, workers=0)
    for i in range(4):
        words = [*args.split(), "-phi", str(10.5 + 0.5 * i), *scan_words]
        path = tmp_path / "out" / "images" / f"image_{i:06d}.img"
        expected = nb.Experiment.from_args(words)
        nb.write_image(tmp_path / "expected.img", nb.simulate(expected), expected)
        assert path.read_bytes() == (tmp_path / "expected.img").read_bytes()
        counts = np.minimum(np.floor(nb.simulate(expected)) + 40, 65535)
        assert np.array_equal(read_image(path).pixels, counts)
        head = header(path)
        assert not is_still(head)
        assert (head["PHI"], head["OSC_START"], head["OSC_RANGE"]) == (10.5 + 0.5 * i, 10.5 + 0.5 * i, 0.5)
        about = parameters(tmp_path / "out", i)
        assert (about["phi_start_deg"], about["phi_range_deg"]) == (10.5 + 0.5 * i, 0.5)
        assert about["rotation"] == np.eye(3).tolist()


def test_report_27_hdf5_says_it_too(h5py, tmp_path):
    scan = "start_deg = 1\nwidth_deg = 2\nsteps = 2"
    held = read(h5py, run_batch(series(tmp_path, scan=scan), workers=0).path)
    assert held["phi_start"].tolist() == [1.0 + 2 * i for i in range(11)]
    assert held["phi_range"].tolist() == [2.0] * 11
    experiment = nb.Experiment.from_args(ARGS.split()).replace(scan=nb.Scan(phi_deg=7, range_deg=2, steps=2))
    assert np.array_equal(held["images"][3], nb.simulate(experiment))
    assert held["images"].any()


def test_report_27_the_wavelength_of_a_header_is_that_of_the_shot(tmp_path):
    spectra = np.array([[[1.0, 1.0], [1.1, 3.0]], [[0.9, 1.0], [0.9, 1.0]]])
    np.save(tmp_path / "spectra.npy", spectra)
    text = spec_text(images=2, form="smv", shots='spectra = "spectra.npy"', render='semantics = "corrected"')
    run_batch(Spec.from_toml(text, tmp_path), workers=0)
    found = [header(tmp_path / "out" / "images" / f"image_{i:06d}.img")["WAVELENGTH"] for i in range(2)]
    assert found == [1.075, 0.9]


@pytest.mark.parametrize(
    ("text", "needle"),
    [
        ("width_deg = 1", "scan.steps: is not there"),
        ("steps = 2", "scan.width_deg: found None"),
        ("width_deg = -1\nsteps = 2", "scan.width_deg: found -1"),
        ("width_deg = 1\nsteps = 0", "scan.steps: found 0"),
        ("width_deg = 1\nsteps = 2\nstart_deg = nan", "scan.start_deg: found nan"),
        ("width_deg = 1\nsteps = 2\nosc = 2", "scan.osc: there is no such key"),
    ],
)
def test_report_27_a_wrong_scan_is_refused(text, needle, tmp_path):
    with pytest.raises(nb.InputFileError, match=re.escape(needle)):
        Spec.from_toml(spec_text(scan=text), tmp_path)


def test_report_27_a_scan_takes_the_place_of_others(tmp_path):
    scan = "width_deg = 1\nsteps = 2"
    with pytest.raises(nb.InputFileError, match=r"orientations\.random: found True, which has no effect here"):
        Spec.from_toml(spec_text(scan=scan, orientations="random = true"), tmp_path)
    with pytest.raises(nb.InputFileError, match=r"scan: takes the place of the experiment's own scan: remove that"):
        Spec.from_toml(spec_text(args=f"{ARGS} -osc 1", scan=scan), tmp_path)


def test_report_39_the_name_of_the_output_is_in_no_file(h5py, tmp_path):
    found = {}
    for place in ("out", "else/where"):
        folder = tmp_path / place.replace("/", "_")
        folder.mkdir()
        text = "# A remark, and a word: out\n" + spec_text(images=5, form="hdf5", place=place)
        spec = Spec.from_toml(text, folder)
        result = run_batch(spec, workers=0)
        found[place] = hashes(folder / place)
        with h5py.File(result.path) as file:
            kept = file.attrs["spec"]
        # All else is as it was, and it is a spec.
        assert kept == text.replace(f'output = "{place}"', 'output = "series"')
        assert Spec.from_toml(kept, folder).identity == spec.identity
    assert found["out"] == found["else/where"]
    assert "images.h5" in found["out"]


@pytest.mark.parametrize(
    "line",
    ["output = 'a \"b\"'", 'output = "a\\"b"', 'output="""\na"""', "output = 'seed'", 'output = "npy"'],
)
def test_report_39_however_it_is_written(line, tmp_path):
    text = spec_text().replace('output = "out"', line)
    assert text != spec_text()
    kept = Spec.from_toml(text, tmp_path).words
    again = Spec.from_toml(kept, tmp_path) if not kept.startswith("{") else None
    assert 'series"' in kept
    if again is not None:
        assert again.output == str(tmp_path / "series")
        assert again.recipe == Spec.from_toml(text, tmp_path).recipe


def test_report_39_nor_is_the_folder_of_the_spec(tmp_path):
    """Names of files that are read later count as they are written."""
    found = {}
    for name in ("here", "there"):
        folder = tmp_path / name
        folder.mkdir()
        for i in range(3):
            (folder / f"{i}.txt").write_text("1.0 1\n1.01 2\n")
        text = spec_text(images=3, shots='spectrum_files = "{image}.txt"', render='semantics = "corrected"')
        run_batch(Spec.from_toml(text, folder), workers=0)
        found[name] = hashes(folder / "out")
    assert found["here"] == found["there"]
