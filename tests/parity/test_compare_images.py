"""Comparing images: what is read, what is counted, what is said."""

import json
import math

import numpy as np
import pytest
from helpers import PROGRAM, SMALL_WORDS, run, run_well, smv_bytes
from nbhybrid.errors import InputFileError
from nbhybrid.images import Image, read_image
from nbhybrid.parity.compare_images import compare_images, correlation, find_peaks, histogram, match_peaks, units_apart

COMMAND = [*PROGRAM, "compare-images"]


def image(pixels, kind="float"):
    return Image("memory", kind, np.asarray(pixels))


def spots(places, shape=(60, 50), width=1.2):
    """Return an image with a round spot at each (slow, fast)."""
    slow, fast = np.mgrid[: shape[0], : shape[1]]
    pixels = sum(np.exp(-((slow - s) ** 2 + (fast - f) ** 2) / (2 * width**2)) for s, f in places)
    return (100 * pixels + 1).astype("<f4")


def test_units_apart():
    one = np.float32(1)
    a = np.array([one, one, one, -0.0, 0.0, np.inf, np.nan, -1e-45], np.float32)
    b = np.array(
        [one, np.nextafter(one, np.float32(2)), np.nextafter(one, np.float32(0)), 0.0, 0.0, np.inf, np.nan, 1e-45], np.float32
    )
    assert units_apart(a, b).tolist() == [0, 1, 1, 1, 0, 0, 0, 3]
    assert units_apart(np.array([1, 65535], "<u2"), np.array([3, 0], "<u2")).tolist() == [2, 65535]
    assert units_apart(a, b.astype(float)) is None


def test_histogram_counts_every_pixel_once():
    units = np.array([0, 0, 1, 2, 3, 4, 5, 8, 9, 10**7, 2**30])
    counted = dict(histogram(units))
    assert sum(counted.values()) == units.size
    assert [counted[label] for label in ("0", "1", "2", "3-4", "5-8", "9-16")] == [2, 1, 1, 2, 2, 1]
    assert histogram(np.zeros(5, np.int64)) == [("0", 5), ("1", 0)]


def test_correlation():
    x = np.random.default_rng(1).normal(size=1000)
    assert correlation(x, 3 * x - 2) == pytest.approx(1)
    assert correlation(x, -x) == pytest.approx(-1)
    assert correlation(x, np.random.default_rng(2).normal(size=1000)) == pytest.approx(np.corrcoef(x, x[::-1])[0, 1], abs=0.1)
    assert math.isnan(correlation(x, np.ones(1000)))


def test_an_image_is_the_same_as_itself():
    pixels = spots([(20, 20)])
    pixels[3, 3], pixels[4, 4] = np.nan, np.inf
    comparison = compare_images(image(pixels), image(pixels.copy()))
    assert comparison.same
    assert comparison.identical_bits
    assert comparison.not_finite == (2, 2)
    assert comparison.worst == []
    assert comparison.sum_ratio == 1


def test_one_pixel_of_another_value():
    a, b = spots([(20, 20)]), spots([(20, 20)])
    b[20, 21] *= np.float32(1.25)
    comparison = compare_images(image(a), image(b))
    assert not comparison.same
    assert comparison.identical == a.size - 1
    assert [(p.slow, p.fast) for p in comparison.worst] == [(20, 21)]
    assert comparison.largest_relative == pytest.approx(0.25)
    assert comparison.rms_difference == pytest.approx(0.25 * float(a[20, 21]) / math.sqrt(a.size), rel=1e-6)
    assert comparison.sum_ratio == pytest.approx(float(b.sum(dtype=float) / a.sum(dtype=float)))
    assert compare_images(image(a), image(b), rtol=0.26).same
    assert not compare_images(image(a), image(b), rtol=0.24).same


def test_relative_errors_count_above_the_floor():
    a = np.full((8, 8), 1.0, "<f4")
    a[0, 0], a[7, 7] = 1e7, 5.0
    b = a.copy()
    b[7, 7] = 10.0
    assert compare_images(image(a), image(b)).largest_relative == 0
    assert compare_images(image(a), image(b), floor=1e-7).largest_relative == 1
    # The pixel is still named.
    assert compare_images(image(a), image(b)).worst[0].second == 10


def test_peaks_are_found_to_a_fraction_of_a_pixel():
    places = [(10.3, 12.6), (30.0, 40.2), (50.7, 8.4)]
    found = find_peaks(spots(places).astype(float))
    assert sorted(map(tuple, np.round(found))) == sorted(map(tuple, np.round(places)))
    shifted = find_peaks(spots([(s + 0.5, f) for s, f in places]).astype(float))
    peaks = match_peaks(found, shifted)
    assert peaks.matched == 3
    assert peaks.largest_distance == pytest.approx(0.5, abs=0.25)
    assert match_peaks(found, find_peaks(spots([(30, 12)]).astype(float))).matched == 0
    assert find_peaks(np.ones((2, 2))).shape == (0, 2)
    assert find_peaks(np.ones((9, 9))).shape == (0, 2)


def test_a_plateau_is_one_peak():
    pixels = np.zeros((20, 20))
    pixels[5:7, 5:7] = 9
    assert len(find_peaks(pixels)) == 1


def test_shapes_must_agree():
    with pytest.raises(InputFileError, match="8 x 9"):
        compare_images(image(np.ones((8, 9), "<f4")), image(np.ones((9, 8), "<f4")))


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """Return a folder with the files of two runs, 24 x 24 and 20 x 31 pixels."""
    path = tmp_path_factory.mktemp("runs")
    run_well(SMALL_WORDS, path)
    wide = [*SMALL_WORDS, "-detpixels_f", "31", "-detpixels_s", "20"]
    run_well([*wide, "-floatfile", "wide.bin", "-intfile", "wide.img", "-pgmfile", "wide.pgm"], path)
    return path


@pytest.mark.parametrize(
    ("name", "kind", "dtype"),
    [("floatimage.bin", "float", "float32"), ("intimage.img", "smv", "uint16"), ("image.pgm", "pgm", "uint8")],
)
def test_files_that_are_read(name, kind, dtype, folder):
    read = read_image(folder / name)
    assert (read.kind, read.pixels.dtype, read.pixels.shape) == (kind, dtype, (24, 24))
    assert read.pixels.max() > 0


@pytest.mark.parametrize("name", ["a.npy", "a.npz"])
def test_arrays(name, tmp_path):
    pixels = np.arange(12, dtype="<f4").reshape(3, 4)
    (np.save if name.endswith("y") else np.savez)(tmp_path / name, pixels)
    assert (read_image(tmp_path / name).pixels == pixels).all()
    (np.save if name.endswith("y") else np.savez)(tmp_path / name, pixels[0])
    with pytest.raises(InputFileError, match="two dimensions"):
        read_image(tmp_path / name)
    (tmp_path / name).write_bytes((tmp_path / name).read_bytes()[:60])
    with pytest.raises(InputFileError, match="numpy"):
        read_image(tmp_path / name)


def test_rows_and_columns_are_not_exchanged(folder):
    raw, whole = read_image(folder / "wide.bin", (20, 31)), read_image(folder / "wide.img")
    assert raw.pixels.shape == whole.pixels.shape == (20, 31)
    assert correlation(raw.pixels.astype(float), whole.pixels.astype(float)) > 0.999


def test_cbf(tmp_path):
    fabio = pytest.importorskip("fabio", reason="fabio is not installed: CBF is NOT tested")
    pixels = np.arange(600, dtype=np.int32).reshape(20, 30) * 7
    fabio.cbfimage.CbfImage(data=pixels).write(str(tmp_path / "a.cbf"))
    read = read_image(tmp_path / "a.cbf")
    assert read.kind == "cbf"
    assert (read.pixels == pixels).all()
    assert compare_images(read, read).identical_bits


def test_cbf_without_fabio(tmp_path, monkeypatch):
    monkeypatch.setitem(__import__("sys").modules, "fabio", None)
    (tmp_path / "a.cbf").write_bytes(b"###CBF: VERSION 1.5\n")
    with pytest.raises(InputFileError, match=r"pip install fabio"):
        read_image(tmp_path / "a.cbf")


@pytest.mark.parametrize(
    ("content", "needle"),
    [
        (b"", "0 bytes"),
        (b"12345", "5 bytes"),
        (bytes(40), "--shape"),
        (b"P5\n1000 1000\n255\n123", "PGM"),
        (b"P5\nnonsense", "PGM"),
        (b"{\nHEADER_BYTES=512;\n}", "HEADER_BYTES"),
        (smv_bytes(24, 24)[:-10], "bad.file"),
        (None, "cannot be read"),
    ],
)
def test_files_that_cannot_be_read(content, needle, tmp_path):
    if content is not None:
        (tmp_path / "bad.file").write_bytes(content)
    with pytest.raises(InputFileError, match=r"bad\.file") as refused:
        read_image(tmp_path / "bad.file")
    assert needle in str(refused.value)


@pytest.mark.parametrize("start", [b"{", b"{\n", b"P5", b"PK", b"#", b"\x93NUM"])
def test_raw_images_begin_with_anything(start, tmp_path):
    pixels = np.ones((5, 5), "<f4")
    pixels.view("u1").ravel()[: len(start)] = np.frombuffer(start, "u1")
    pixels.tofile(tmp_path / "raw.bin")
    assert read_image(tmp_path / "raw.bin").kind == "float"


def test_command(folder, tmp_path):
    changed = np.fromfile(folder / "wide.bin", "<f4")
    changed[100] *= np.float32(1.5)
    changed.tofile(tmp_path / "changed.bin")
    same = run([folder / "wide.bin", folder / "wide.bin", "--shape", "20", "31"], tmp_path, command=COMMAND)
    assert (same.returncode, same.stdout) == (0, "identical: 20 x 31 pixels\n")
    words = [folder / "wide.bin", "changed.bin", "--shape", "20", "31", "--report", "report"]
    done = run(words, tmp_path, command=COMMAND)
    assert done.returncode == 1
    assert "(3, 7)" in done.stdout
    report = tmp_path / "report"
    assert {path.name for path in report.iterdir()} == {"summary.md", "summary.json", "env.json", "images.png"}
    assert json.loads((report / "summary.json").read_text())["worst"][0]["fast"] == 7
    assert "| 3 | 7 |" in (report / "summary.md").read_text()
    assert read_png(report / "images.png") > 500
    assert run([*words, "--rtol", "0.6"], tmp_path, command=COMMAND).returncode == 0


def read_png(path):
    """Return the width of a picture."""
    from PIL import Image as Picture

    with Picture.open(path) as picture:
        assert picture.format == "PNG"
        return picture.width


def test_a_raw_image_takes_the_shape_of_the_other(folder, tmp_path):
    done = run([folder / "wide.bin", folder / "wide.img"], tmp_path, command=COMMAND)
    assert done.returncode == 1, done.stderr
    assert "20 x 31" in done.stdout


@pytest.mark.parametrize(
    "words", [["absent.bin", "absent.bin"], ["a.bin"], [], ["wide.bin", "intimage.img"], ["wide.bin", "wide.bin"]]
)
def test_bad_input(words, folder):
    done = run(words, folder, command=COMMAND)
    assert done.returncode == 2
    assert done.stderr
    assert "Traceback" not in done.stderr
