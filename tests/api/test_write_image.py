"""Images are written by one registry: `nbhybrid run`, series and Python give the same bytes, and refuse the same."""

import os
import re
import subprocess
import sys

import nbhybrid as nb
import numpy as np
import pytest
from helpers import SMALL, SMALL_WORDS, error_line, run, run_well
from nbhybrid.batch import Spec, run_batch
from nbhybrid.formats import all_formats, format_named, format_of, written_formats
from nbhybrid.images import read_image
from series import spec_text

ARGS = f"{SMALL} -detpixels 24 -oversample 1"
ONE_IMAGE = [each for each in written_formats() if each.series is None]


@pytest.fixture(scope="module")
def experiment():
    return nb.Experiment.from_args(ARGS.split())


@pytest.fixture(scope="module")
def image(experiment):
    return nb.simulate(experiment)


def needed(kind):
    """Skip a test where what a format needs is not installed."""
    for package in kind.packages:
        pytest.importorskip(package, reason=f"{package} is not installed: {kind.name} is NOT tested")


@pytest.mark.parametrize("kind", ONE_IMAGE, ids=lambda kind: kind.name)
def test_run_series_and_python_write_the_same(kind, experiment, image, tmp_path):
    needed(kind)
    file = f"python{kind.suffix}"
    nb.write_image(tmp_path / file, image, experiment)
    expected = (tmp_path / file).read_bytes()
    run_well([*SMALL_WORDS, "--output", f"run{kind.suffix}"], tmp_path)
    assert (tmp_path / f"run{kind.suffix}").read_bytes() == expected
    np.save(tmp_path / "one.npy", np.eye(3)[None])
    spec = Spec.from_toml(spec_text(args=ARGS, images=1, form=kind.name, orientations='file = "one.npy"'), tmp_path)
    run_batch(spec, workers=0)
    assert (tmp_path / "out" / "images" / f"image_000000{kind.suffix}").read_bytes() == expected
    assert len(expected) >= 24 * 24 * kind.bytes_per_pixel


def test_a_run_writes_hdf5(image, tmp_path):
    needed(format_named("hdf5"))
    run_well([*SMALL_WORDS, "--output", "a.h5", "--output", "b.npy"], tmp_path)
    for name in ("a.h5", "b.npy"):
        assert np.array_equal(read_image(tmp_path / name).pixels, image)


def test_hdf5_tells_what_is_known(experiment, image, tmp_path):
    h5py = pytest.importorskip("h5py", reason="h5py is not installed: HDF5 is NOT tested")
    nb.write_image(tmp_path / "a.h5", image, experiment, compression="gzip")
    nb.write_image(tmp_path / "b.hdf5", image)
    with h5py.File(tmp_path / "a.h5") as file:
        assert file["images"].compression == "gzip"
        assert file["parameters/wavelengths"][0].tolist() == [1.0]
        assert file["parameters/phi_range"].attrs["units"] == "degree"
        assert file.attrs["nbhybrid_version"] == nb.__version__
    with h5py.File(tmp_path / "b.hdf5") as file:
        assert set(file["parameters"]) == {"failed", "image_number"}
    assert np.array_equal(read_image(tmp_path / "b.hdf5").pixels, image)


def test_the_reference_files_are_of_the_same_formats(tmp_path):
    run_well([*SMALL_WORDS, "--output", "a.bin", "--output", "a.pgm", "-adc", "7", "--output", "a.smv"], tmp_path)
    assert (tmp_path / "a.bin").read_bytes() == (tmp_path / "floatimage.bin").read_bytes()
    assert (tmp_path / "a.pgm").read_bytes() == (tmp_path / "image.pgm").read_bytes()
    assert (tmp_path / "a.smv").read_bytes()[:512] == (tmp_path / "intimage.img").read_bytes()[:512]
    photons = np.fromfile(tmp_path / "a.bin", "<f4").reshape(24, 24)
    assert np.array_equal(read_image(tmp_path / "a.smv").pixels, np.minimum(np.floor(photons) + 7, 65535))


def test_integers_are_whole_photons_from_0_to_65535(experiment, tmp_path):
    image = np.zeros((24, 24), np.float32)
    image[0, :6] = [0.99, 1, 65494.9, 65495, 1e30, np.nan]
    nb.write_image(tmp_path / "a.img", image, experiment)
    assert read_image(tmp_path / "a.img").pixels[0, :6].tolist() == [40, 41, 65534, 65535, 65535, 0]
    nb.write_image(tmp_path / "b.img", image, experiment, adc=0)
    assert read_image(tmp_path / "b.img").pixels[0, :3].tolist() == [0, 1, 65494]


def test_panels(tmp_path):
    panels = [nb.Panel.mosflm(pixels=(8, 9), pixel_size_mm=1, distance_mm=distance) for distance in (100, 110)]
    crystal = nb.Crystal(cell=nb.UnitCell(70, 80, 90), n_cells=3)
    two = nb.Experiment(crystal=crystal, structure_factors=100.0, detector=nb.Detector(panels=panels))
    images = nb.simulate(two)
    for name in ("a.npy", "a.bin"):
        nb.write_image(tmp_path / name, images, two)
        nb.write_image(tmp_path / f"alone_{name}", np.stack(images))
        assert (tmp_path / name).read_bytes() == (tmp_path / f"alone_{name}").read_bytes()
    assert np.array_equal(np.load(tmp_path / "a.npy"), np.stack(images))
    refusal = r"SMV holds one image of one panel, 16-bit integers.*2 panels.*or the format bin \(\.bin\) or hdf5 \(\.h5\) or npy"
    with pytest.raises(nb.ModelError, match=refusal):
        nb.write_image(tmp_path / "a.img", images, two)
    with pytest.raises(nb.ModelError, match="found 1 panels, expected 2"):
        nb.write_image(tmp_path / "a.bin", images[:1], two)
    assert not (tmp_path / "a.img").exists()


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("a.tiff", r"ends in \.tiff, expected .*\.img \(SMV\)"),
        ("img", r"without an end such as \.img"),
        ("a.cbf", "reads CBF and does not write it"),
    ],
)
def test_a_format_that_cannot_be_written(name, message, image, tmp_path):
    with pytest.raises(nb.ModelError, match=message):
        nb.write_image(tmp_path / name, image)
    line = error_line(run([*SMALL_WORDS, "--output", name], tmp_path))
    assert f"--output {name}" in line
    assert re.search(message, line)
    assert os.listdir(tmp_path) == []


def test_what_is_asked_of_a_format_and_it_has_not(experiment, image, tmp_path):
    with pytest.raises(nb.ModelError, match=r"SMV says where the detector is.*or the format bin \(\.bin\) or hdf5 .* or pgm"):
        nb.write_image(tmp_path / "a.img", image)
    with pytest.raises(nb.ModelError, match='compression: found "gzip", which SMV does not have, expected "none"'):
        nb.write_image(tmp_path / "a.img", image, experiment, compression="gzip")
    with pytest.raises(nb.ArrayValueError, match="image"):
        nb.write_image(tmp_path / "a.img", image[:-1], experiment)
    assert os.listdir(tmp_path) == []


def test_a_missing_package_is_named(image, monkeypatch, tmp_path):
    monkeypatch.setitem(sys.modules, "h5py", None)
    with pytest.raises(nb.ModelError, match='"hdf5" needs h5py, which is not installed: pip install numpy h5py'):
        nb.write_image(tmp_path / "a.h5", image)
    script = "import sys; sys.modules['h5py'] = None; from nbhybrid.cli import main; sys.exit(main(sys.argv[1:]))"
    words = ["run", *SMALL_WORDS, "--output", "a.h5"]
    assert "pip install numpy h5py" in error_line(run(words, tmp_path, command=[sys.executable, "-c", script]))
    assert os.listdir(tmp_path) == []


# What a full disk does, a limit of the size of files does too.
FULL = """
import resource, sys
import numpy as np
import nbhybrid as nb
resource.setrlimit(resource.RLIMIT_FSIZE, (20000, 20000))
try:
    {action}
except nb.OutputFileError as error:
    print(error)
"""


def when_full(action, folder):
    """Return what the error says that an action meets on a full disk."""
    done = subprocess.run(
        [sys.executable, "-c", FULL.format(action=action)], cwd=folder, capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stderr) == (0, "")
    return done.stdout.strip()


@pytest.mark.parametrize("name", ["a.h5", "a.npy", "a.bin", "a.pgm"])
def test_a_full_disk_is_an_error_of_one_line_and_leaves_nothing(name, tmp_path):
    if name == "a.h5":
        pytest.importorskip("h5py")
    said = when_full(f"nb.write_image('{name}', np.ones((300, 300), np.float32))", tmp_path)
    assert said.startswith(f"{name}: ")
    assert said.endswith("File too large")
    assert os.listdir(tmp_path) == []


def test_a_full_disk_names_the_file_that_was_asked_for_once(tmp_path):
    experiment = "nb.Experiment.from_args('-cell 50 50 50 -default_F 1 -N 2 -lambda 1 -detpixels 300 -distance 100'.split())"
    said = when_full(f"nb.write_image('a.img', np.ones((300, 300), np.float32), {experiment})", tmp_path)
    assert said == "a.img: writing failed: File too large"


def test_files_appear_together_or_not_at_all(tmp_path):
    script = (
        "import resource, sys\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (5000, 5000))\n"
        "from nbhybrid.cli import main\n"
        "sys.exit(main(sys.argv[1:]))"
    )
    words = ["run", "--quiet", *SMALL_WORDS, "-detpixels", "48", "--output", "b.img", "--output", "a.npy"]
    line = error_line(run(words, tmp_path, command=[sys.executable, "-c", script]))
    assert "a.npy: File too large" in line
    assert os.listdir(tmp_path) == []


def test_outputs_are_among_the_files_of_the_record(tmp_path):
    run_well([*SMALL_WORDS, "--output", "a.npy", "--output", "b.img", "--json", "r.json"], tmp_path)
    record = (tmp_path / "r.json").read_text()
    assert '"a.npy"' in record
    assert '"b.img"' in record


def test_entries_are_whole():
    formats = all_formats()
    suffixes = [suffix for each in formats for suffix in each.suffixes]
    assert len(suffixes) == len(set(suffixes))
    assert len({each.name for each in formats}) == len(formats) >= 6
    for each in formats:
        assert all(suffix.startswith(".") and suffix == suffix.lower() for suffix in each.suffixes)
        assert each.write or each.read
        assert (each.begins is None) == (each.read is None)
        if each.write:
            assert format_of(f"x{each.suffix.upper()}") is each
