"""Where the beam meets the detector: options, headers and what other programs read; by the numbers of the reports."""

import json
import math
import re
import warnings

import nbhybrid as nb
import numpy as np
import pytest
from helpers import error_line, float_image, run, run_well, smv_bytes
from tolerances import DXTBX_PIXELS, READ_BACK

BASE = "-cell 79 79 38 90 90 90 -default_F 10 -detpixels 64 -pixel 0.5 -lambda 1 -N 5 -nopgm -nonoise -distance 80"
NO_DISTANCE = BASE.removesuffix(" -distance 80")
CLOSE_20 = 80 * math.cos(math.radians(20))
CONVENTIONS = ["mosflm", "denzo", "adxv", "xds", "dials"]
SIZE = {"pixels": (64, 64), "pixel_size_mm": 0.5, "distance_mm": 80.0}
CRYSTAL = nb.Crystal(cell=nb.UnitCell(79, 79, 38), n_cells=5)


def names_of(record):
    return [each.message.name for each in record if each.category is nb.InputWarning]


def experiment(words, semantics="corrected"):
    """Return the experiment of a command line, and the names of its warnings."""
    with warnings.catch_warnings(record=True) as record:
        warnings.simplefilter("always")
        made = nb.Experiment.from_args([*words.split(), "--semantics", semantics])
    return made, names_of(record)


def of_objects(semantics="corrected", **detector):
    """Return the experiment of BASE with this detector, and its warnings."""
    with warnings.catch_warnings(record=True) as record:
        warnings.simplefilter("always")
        made = nb.Experiment(crystal=CRYSTAL, structure_factors=10, detector=nb.Detector(**SIZE, **detector), semantics=semantics)
    return made, [str(each.message) for each in record if each.category is nb.InputWarning]


def detector(words, semantics="corrected"):
    return experiment(words, semantics)[0].configuration["detector"]


def beam_of(words, semantics="corrected"):
    """Return where the beam meets the detector, mm."""
    found = detector(words, semantics)
    return [found["beam_fast_mm"], found["beam_slow_mm"]]


def same_geometry(first, second, tolerance=READ_BACK):
    """Return True if both detectors stand alike in their laboratory."""
    a, b = (each.geometry for each in (first, second))
    scale = np.linalg.norm(b["origin"])
    return all(np.allclose(a[key], b[key], rtol=0, atol=tolerance * (scale if key == "origin" else 1)) for key in
               ("fast_axis", "slow_axis", "normal", "origin", "beam_direction", "spindle"))  # fmt: skip


# 1: the beam centre with conventions that place the detector by its nearest point.


@pytest.mark.parametrize("convention", ["xds", "dials"])
def test_report_01_beam_centre_is_the_image_of_orgx(convention):
    asked, names = experiment(f"{BASE} -{convention} -Xbeam 10 -Ybeam 22")
    meant, _ = experiment(f"{BASE} -{convention} -ORGX 20.5 -ORGY 44.5")
    assert names == []
    assert np.array_equal(nb.simulate(asked), nb.simulate(meant))
    assert not np.array_equal(nb.simulate(asked), nb.simulate(experiment(f"{BASE} -{convention}")[0]))
    assert beam_of(f"{BASE} -{convention} -Xbeam 10 -Ybeam 22") == pytest.approx([10, 22], rel=1e-12)


@pytest.mark.parametrize("convention", ["xds", "dials"])
def test_report_01_reference_ignores_it_and_says_so(convention):
    defect, names = experiment(f"{BASE} -{convention} -Xbeam 10 -Ybeam 22", "reference")
    plain, none = experiment(f"{BASE} -{convention}", "reference")
    assert np.array_equal(nb.simulate(defect), nb.simulate(plain))
    assert (names, none) == (["beam-center"], [])
    assert f"no effect with -{convention}: -Xbeam and -Ybeam" in defect.warnings[0]
    made, texts = of_objects("reference", convention=convention, beam_center_mm=(10, 22))
    assert same_geometry(made, plain)
    assert [f"no effect with Detector.{convention}: Detector(beam_center_mm=...)," in text for text in texts] == [True]


@pytest.mark.parametrize("convention", CONVENTIONS)
@pytest.mark.parametrize("turn", ["", "-twotheta 20", "-detector_rotx 5 -detector_roty 12 -detector_rotz 3 -twotheta 20"])
def test_report_01_the_beam_meets_the_turned_detector_where_the_options_say(convention, turn):
    fast, slow = {"mosflm": (22.25, 10.25), "denzo": (22, 10), "adxv": (10, 10), "xds": (10, 22), "dials": (10, 22)}[convention]
    assert beam_of(f"{BASE} -{convention} -Xbeam 10 -Ybeam 22 {turn}") == pytest.approx([fast, slow], rel=1e-12)
    # In any order, for which the custom convention is the one to ask.
    vectors = "-fdet_vector 0 0 1 -sdet_vector 0 -1 0 -odet_vector 1 0 0"
    assert beam_of(f"{BASE} {vectors} -Xbeam 10 -Ybeam 22 {turn}") == pytest.approx([10, 22], rel=1e-12)
    assert beam_of(f"{BASE} {vectors} {turn} -Xbeam 10 -Ybeam 22") == pytest.approx([10, 22], rel=1e-12)


@pytest.mark.parametrize("convention", ["xds", "dials"])
def test_report_01_objects(convention):
    made, texts = of_objects(convention=convention, beam_center_mm=(10, 22))
    assert same_geometry(made, experiment(f"{BASE} -{convention} -ORGX 20.5 -ORGY 44.5")[0])
    assert texts == []


def test_report_01_a_custom_detector_that_turns_later():
    words = f"{BASE} -twotheta_axis 0 1 0 -Xbeam 10 -Ybeam 22 -twotheta 20"
    defect, names = experiment(words, "reference,distance")
    assert names == ["option-accident", "beam-center", "custom-convention"]
    assert "-Xbeam and -Ybeam: taken for the point nearest to the sample before the detector turns" in defect.warnings[1]
    assert defect.configuration["detector"]["beam_fast_mm"] != pytest.approx(10, abs=0.1)


# 2: other options of the beam centre that were not looked at.


def nearest_point(words, semantics="corrected"):
    """Return the point nearest to the sample, mm along fast and slow."""
    geometry = experiment(words, semantics)[0].geometry
    return [-1000 * np.dot(geometry["origin"], geometry[axis]) for axis in ("fast_axis", "slow_axis")]


@pytest.mark.parametrize("convention", CONVENTIONS)
@pytest.mark.parametrize("turn", ["", "-twotheta 20", "-detector_rotx 5 -detector_roty 12 -twotheta 20"])
@pytest.mark.parametrize("words", ["-Xclose 12 -Yclose 19", "-ORGX 24.5 -ORGY 38.5", "-Xclose 12 -ORGY 38.5"])
def test_report_02_nearest_point_in_every_convention(convention, turn, words):
    assert nearest_point(f"{BASE} -{convention} {words} {turn}") == pytest.approx([12, 19], rel=1e-12)


@pytest.mark.parametrize(
    ("words", "idle"),
    [
        ("-xds -Xclose 12 -Yclose 19", "-Xclose and -Yclose"),
        ("-mosflm -Xclose 12", "-Xclose"),
        ("-mosflm -ORGX 24.5 -ORGY 38.5", "-ORGX and -ORGY"),
        ("-adxv -ORGY 38.5", "-ORGY"),
        ("-denzo -Yclose 9", "-Yclose"),
        ("-mosflm -pivot sample -twotheta 10", "-pivot"),
        ("-dials -pivot beam -twotheta 10", "-pivot"),
    ],
)
def test_report_02_reference_says_what_has_no_effect(words, idle):
    defect, names = experiment(f"{BASE} {words}", "reference,distance")
    assert names == ["beam-center"]
    assert defect.warnings[0].startswith(f"no effect with {words.split()[0]}: {idle}, as in the reference")
    assert experiment(f"{BASE} {words}")[1] == []


def test_report_02_objects_are_told_in_their_words():
    _, texts = of_objects("reference", convention="mosflm", close_mm=(12, None))
    assert ["Detector(close_mm=...)," in text for text in texts] == [True]
    _, texts = of_objects("reference", convention="mosflm", pivot="sample", rotation_deg=(0, 5, 0))
    assert ["Detector(pivot=...)," in text for text in texts] == [True]


@pytest.mark.parametrize("words", ["-mosflm -pivot beam -twotheta 10", "-xds -pivot sample -twotheta 10", "-mosflm -pivot sample"])
def test_report_02_no_warning_where_it_changes_nothing(words):
    assert experiment(f"{BASE} {words}", "reference,distance")[1] == []


@pytest.mark.parametrize(("convention", "pivot"), [("mosflm", "sample"), ("adxv", "sample"), ("xds", "beam")])
def test_report_02_pivot_is_honoured(convention, pivot):
    turn = "-detector_roty 6 -twotheta 9"
    turned, _ = experiment(f"{BASE} -{convention} {turn} -pivot {pivot}")
    straight = detector(f"{BASE} -{convention}")
    assert turned.configuration["detector"]["pivot"] == pivot
    centre = [straight["beam_fast_mm"], straight["beam_slow_mm"]]
    words = f"{BASE} -{convention} {turn} -pivot {pivot}"
    stays, moves = (nearest_point, beam_of) if pivot == "sample" else (beam_of, nearest_point)
    assert stays(words) == pytest.approx(centre, rel=1e-12)
    assert moves(words) != pytest.approx(centre, abs=0.5)
    # Wherever it stands, and with a centre too.
    assert same_geometry(turned, experiment(f"{BASE} -pivot {pivot} -{convention} {turn}")[0])
    assert same_geometry(turned, of_objects(convention=convention, pivot=pivot, rotation_deg=(0, 6, 0), twotheta_deg=9.0)[0])


CONTRADICTIONS = [
    ("-xds -Xbeam 10 -ORGX 30", "-Xbeam", "-ORGX"),
    ("-mosflm -Xbeam 10 -ORGY 30", "-Xbeam", "-ORGY"),
    ("-adxv -Ybeam 10 -Yclose 10", "-Ybeam", "-Yclose"),
    ("-xds -Xclose 10 -ORGX 30", "-Xclose", "-ORGX"),
    ("-xds -Ybeam 22 -ORGY 44.5 -twotheta 20", "-Ybeam", "-ORGY"),
    ("-mosflm -close_distance 70", "-distance", "-close_distance"),
    ("-mosflm -close_distance 80 -twotheta 20", "-distance", "-close_distance"),
]


@pytest.mark.parametrize(("words", "first", "second"), CONTRADICTIONS)
def test_report_02_contradictions_are_errors_that_name_both(words, first, second, tmp_path):
    line = error_line(run([*BASE.split(), *words.split(), "--semantics", "corrected"], tmp_path))
    assert f"{first} " in line
    assert f"{second} " in line
    assert "contradict each other" in line
    assert list(tmp_path.iterdir()) == []
    # The reference takes one of them; it is not silent about the other.
    assert {"beam-center", "distance"} & set(experiment(f"{BASE} {words}", "reference")[1])


def test_report_02_contradictions_of_objects():
    with pytest.raises(nb.ModelError, match=r"Detector\(beam_center_mm=...\) and Detector\(org=...\) contradict each other"):
        of_objects(convention="xds", beam_center_mm=(10, 22), org=(30, 44.5))


@pytest.mark.parametrize(
    "words",
    [
        "-xds -Xbeam 10 -Ybeam 22 -ORGX 20.5 -ORGY 44.5",
        "-mosflm -Xbeam 10 -Ybeam 22 -ORGX 45 -ORGY 21",
        "-close_distance 80",
        f"-twotheta 20 -close_distance {CLOSE_20:.3f}",
    ],
)
def test_report_02_options_that_agree_are_no_error(words):
    assert experiment(f"{BASE} {words}")[1] == []


def test_report_02_vectors_before_a_named_convention():
    _, names = experiment(f"{BASE} -fdet_vector 0 1 0 -xds")
    assert names == ["no-effect"]


# Headers hold several of these at once: no contradiction, and the command line counts first.


def header_file(folder, keys, fast=64, slow=48, name="head.img"):
    pixels = [("PIXEL_SIZE", 0.5)] if not any(key == "PIXEL_SIZE" for key, _ in keys) else []
    (folder / name).write_bytes(smv_bytes(fast, slow, keys=[*pixels, *keys]))
    return folder / name


CELL = "-cell 79 79 38 90 90 90 -default_F 10 -N 5 -nopgm -nonoise"
SEVERAL = [("DISTANCE", 80), ("BEAM_CENTER_X", 10), ("BEAM_CENTER_Y", 22), ("ORGX", 30.5), ("ORGY", 40.5), ("CLOSE_DISTANCE", 79)]


def test_report_02_a_header_may_hold_several(tmp_path):
    file = header_file(tmp_path, SEVERAL)
    assert beam_of(f"{CELL} -img {file} -mosflm") == pytest.approx([22.25, 10.25])
    assert beam_of(f"{CELL} -img {file} -xds") == pytest.approx([15, 20])
    assert beam_of(f"{CELL} -img {file} -xds -Xbeam 12") == pytest.approx([12, 20])
    assert beam_of(f"{CELL} -img {file} -mosflm -ORGX 20.5") == pytest.approx([10, 10.25])
    assert detector(f"{CELL} -img {file} -distance 90")["distance_mm"] == pytest.approx(90)
    assert detector(f"{CELL} -img {file}")["close_distance_mm"] == pytest.approx(79)


def test_report_02_a_header_that_wins_over_an_option_is_told(tmp_path):
    file = header_file(tmp_path, SEVERAL)
    assert detector(f"{CELL} -img {file} -distance 90", "reference")["distance_mm"] == pytest.approx(79)
    assert experiment(f"{CELL} -img {file} -distance 90", "reference")[1] == ["header-keys", "distance"]


# 5: the header of a mask.


@pytest.mark.parametrize("convention", ["mosflm", "adxv"])
def test_report_05_a_mask_header_means_what_an_image_header_means(convention, tmp_path):
    file = header_file(tmp_path, [("DISTANCE", 80), ("BEAM_CENTER_X", 10), ("BEAM_CENTER_Y", 7)])
    words = f"{CELL} -{convention}"
    image = beam_of(f"{words} -img {file}")
    assert beam_of(f"{words} -mask {file}") == image
    assert beam_of(f"{words} -mask {file}", "reference,mask-header") == image
    defect, names = experiment(f"{words} -mask {file}", "reference")
    assert names == ["mask-header"]
    assert f"{file}: BEAM_CENTER_Y" in defect.warnings[0]
    turned = 24 - 7  # from the far edge of 48 pixels of 0.5 mm
    expected = {"mosflm": [turned + 0.25, 10.25], "adxv": [10, 24 - turned]}[convention]
    assert beam_of(f"{words} -mask {file}", "reference") == pytest.approx(expected)
    assert experiment(f"{words} -img {file}", "reference")[1] == []


@pytest.mark.parametrize("words", ["-Ybeam 9", "-xds"])
def test_report_05_no_warning_where_the_header_does_not_count(words, tmp_path):
    file = header_file(tmp_path, [("DISTANCE", 80), ("BEAM_CENTER_X", 10), ("BEAM_CENTER_Y", 7)])
    assert "mask-header" not in experiment(f"{CELL} -mask {file} {words}", "reference")[1]
    middle = header_file(tmp_path, [("DISTANCE", 80), ("BEAM_CENTER_Y", 12)])
    assert experiment(f"{CELL} -mask {middle}", "reference")[1] == []


# 6: an option that the reference does not see as the last word.


def test_report_06_curved_as_the_last_word():
    words = f"{BASE} -N 1 -oversample 1"
    flat, usual = experiment(words, "reference")
    for semantics in ("corrected", "reference,last-word"):
        seen, names = experiment(f"{words} -curved_det", semantics)
        assert names == usual
        assert np.array_equal(nb.simulate(seen), nb.simulate(experiment(f"{words} -curved_det 1", "reference")[0]))
    defect, names = experiment(f"{words} -curved_det", "reference")
    assert names == ["last-word", *usual]
    assert np.array_equal(nb.simulate(defect), nb.simulate(flat))


def test_report_06_the_command_line_says_the_same(tmp_path):
    done = run_well([*BASE.split(), "-curved_det"], tmp_path)
    defect, _ = experiment(f"{BASE} -curved_det", "reference")
    assert [f"nbhybrid: warning: {text}" for text in defect.warnings] == done.stderr.splitlines()


def test_report_06_options_that_the_reference_does_not_have_do_not_follow(tmp_path):
    done = run_well([*BASE.split(), "-curved_det", "--threads", 1, "--json", "r.json"], tmp_path)
    assert "last-word" in done.stderr
    assert json.loads((tmp_path / "r.json").read_text())["configuration"]["detector"]["curved"] is False
    mended = run_well([*BASE.split(), "-curved_det", "--semantics", "corrected", "--json", "r.json"], tmp_path)
    assert mended.stderr == ""
    assert json.loads((tmp_path / "r.json").read_text())["configuration"]["detector"]["curved"] is True


FLAGS = "-point_pixel -nopolar -oversample_thick -oversample_polar -oversample_omega -round_div -square_div -nointerpolate"


@pytest.mark.parametrize("flag", FLAGS.split())
def test_report_06_no_other_option_without_values_needs_a_word_behind_it(flag):
    last, _ = experiment(f"{BASE} {flag}", "reference")
    followed, _ = experiment(f"{NO_DISTANCE} {flag} -distance 80", "reference")
    assert last == followed


# 7: distances of a detector that has swung out.


def header_of(folder, name="intimage.img"):
    """Return the header of an SMV image: key, value."""
    data = (folder / name).read_bytes()
    size = int(re.match(rb"\{\nHEADER_BYTES=(\d+);", data)[1])
    text = data[:size].decode()
    return dict(line.strip(" ;").split("=") for line in text[: text.index("}")].splitlines() if "=" in line)


def run_swung(folder, words, semantics="corrected"):
    run_well([*NO_DISTANCE.split(), *words.split(), "--semantics", semantics], folder)
    return float_image(folder, (64, 64)), header_of(folder)


def test_report_07_distance_along_the_beam(tmp_path):
    image, header = run_swung(tmp_path, "-twotheta 20 -distance 80 -oversample 1")
    before, told = run_swung(tmp_path, "-twotheta 20 -distance 80 -oversample 1", "reference")
    assert np.array_equal(image, before)
    assert float(header["DISTANCE"]) == pytest.approx(80, rel=1e-12)
    assert float(header["CLOSE_DISTANCE"]) == pytest.approx(CLOSE_20, rel=1e-12)
    assert told["DISTANCE"] == told["CLOSE_DISTANCE"] == "75.1754"


def test_report_07_distance_along_the_normal(tmp_path):
    _, header = run_swung(tmp_path, "-twotheta 20 -close_distance 80")
    assert float(header["DISTANCE"]) == pytest.approx(80 / math.cos(math.radians(20)), rel=1e-12)
    assert float(header["DISTANCE"]) == pytest.approx(85.134, abs=1e-3)
    assert float(header["CLOSE_DISTANCE"]) == pytest.approx(80, rel=1e-12)
    geometry = experiment(f"{NO_DISTANCE} -twotheta 20 -close_distance 80")[0].geometry
    assert 1000 * np.dot(geometry["origin"], geometry["normal"]) == pytest.approx(80, rel=1e-12)


@pytest.mark.parametrize("convention", CONVENTIONS)
@pytest.mark.parametrize("asked", ["-distance", "-close_distance"])
@pytest.mark.parametrize("turn", ["-twotheta 20", "-detector_roty 10 -twotheta 20"])
def test_report_07_every_convention(convention, asked, turn):
    found = detector(f"{NO_DISTANCE} -{convention} {turn} {asked} 80")
    assert found["distance_mm" if asked == "-distance" else "close_distance_mm"] == pytest.approx(80, rel=1e-12)
    cosine = np.dot(found["normal"], experiment(f"{NO_DISTANCE} -{convention}")[0].geometry["beam_direction"])
    assert found["close_distance_mm"] == pytest.approx(cosine * found["distance_mm"], rel=1e-12)


@pytest.mark.parametrize("asked", ["-distance", "-close_distance"])
@pytest.mark.parametrize("turn", ["-twotheta 20", "-detector_rotx 10", "-xds -twotheta 20"])
def test_report_07_radius_of_a_curved_detector(asked, turn, tmp_path):
    words = [*NO_DISTANCE.split(), *turn.split(), asked, 80, "-curved_det", 1, "--trace-pixel", 9, 50, "--semantics", "corrected"]
    lines = run_well([*words, "-oversample", 1], tmp_path).stdout.splitlines()
    path = next(float(line.split()[-1]) for line in lines if "R_distance_meters" in line)
    assert path == pytest.approx(0.080, rel=1e-9)
    assert float(header_of(tmp_path)["DISTANCE"]) == pytest.approx(80, rel=1e-12)


@pytest.mark.parametrize("words", ["-distance 80", "-close_distance 80", "-xds -distance 80", "-distance 80 -curved_det 1"])
def test_report_07_reference_says_so(words):
    _, names = experiment(f"{NO_DISTANCE} -twotheta 20 {words}", "reference")
    assert names == ["distance"]
    assert experiment(f"{NO_DISTANCE} {words}", "reference")[1] == []
    assert experiment(f"{NO_DISTANCE} -detector_rotx 20 {words.removesuffix(' -curved_det 1')}", "reference")[1] == []


SWUNG = [
    "-twotheta 20 -distance 80",
    "-twotheta 20 -close_distance 80",
    "-twotheta 20 -distance 80 -curved_det 1",
    "-xds -twotheta 20 -close_distance 80",
    "-xds -twotheta 20 -distance 80 -ORGX 12 -ORGY 40",
    "-dials -pivot beam -twotheta 20 -Xbeam 5 -Ybeam 9",
    "-adxv -Xbeam 5 -Ybeam 9 -detector_rotx 4 -detector_roty 10 -detector_rotz 3 -twotheta 5",
    "-denzo -pivot sample -Xbeam 5 -Ybeam 9 -detector_roty 10 -curved_det 1",
    "-fdet_vector 0 1 0 -sdet_vector 0 0 -1 -beam_vector 1 0.02 0 -Xbeam 7 -Ybeam 20 -twotheta 30 -spindle_axis 0 1 0",
    "-mosflm -Xbeam 14 -Ybeam 29",
]


@pytest.mark.parametrize("words", SWUNG)
def test_report_07_reading_back_gives_the_same_geometry(words, tmp_path):
    written, _ = experiment(f"{NO_DISTANCE} {words}")
    run_well([*NO_DISTANCE.split(), *words.split(), "-oversample", 1, "--semantics", "corrected"], tmp_path)
    read, _ = experiment(f"{CELL} -img {tmp_path / 'intimage.img'}")
    assert same_geometry(read, written)
    first, second = (each.configuration["detector"] for each in (read, written))
    for key in ("curved", "convention", "pivot"):
        assert first[key] == second[key], key
    for key in ("distance_mm", "close_distance_mm", "twotheta_deg"):
        assert first[key] == pytest.approx(second[key], rel=READ_BACK), key


def test_report_07_a_detector_beside_the_beam(tmp_path):
    words = "-xds -twotheta 90"
    line = error_line(run([*NO_DISTANCE.split(), *words.split(), "-distance", 80, "--semantics", "corrected"], tmp_path))
    assert "parallel to the beam" in line
    run_well([*NO_DISTANCE.split(), *words.split(), "-close_distance", 80, "--semantics", "corrected"], tmp_path)
    read, _ = experiment(f"{CELL} -img {tmp_path / 'intimage.img'}")
    assert same_geometry(read, experiment(f"{NO_DISTANCE} {words} -close_distance 80")[0])


# 8: keys of headers.


@pytest.mark.parametrize(
    ("key", "value", "other", "what"),
    [
        ("DISTANCE", 80, "DETECTOR_DISTANCE=70", lambda e: e.configuration["detector"]["distance_mm"]),
        ("WAVELENGTH", 1.1, "SOURCE_WAVELENGTH=1 1.1", lambda e: e.configuration["beam"]["wavelength_angstrom"]),
        ("PHI", 5, "AXIS=PHI", lambda e: e.configuration["scan"]["phi_deg"]),
        ("PHI", 5, "PHISTEP=0.5", lambda e: e.configuration["scan"]["phi_deg"]),
        ("BEAM_CENTER_X", 7.75, "ADC_BEAM_CENTER_X=3", lambda e: e.configuration["detector"]["beam_slow_mm"] - 0.25),
        ("SIZE2", 48, "BIN_SIZE2=24", lambda e: e.shape[0]),
    ],
)
def test_report_08_whole_keys_only(key, value, other, what, tmp_path):
    name, _, content = other.partition("=")
    keys = [(key, value), (name, content), ("DETECTOR_SN", 457)]
    if key == "SIZE2":
        keys = keys[1:]
    file = header_file(tmp_path, keys)
    for semantics in ("corrected", "reference,header-keys"):
        made, names = experiment(f"{CELL} -img {file}", semantics)
        assert what(made) == pytest.approx(value)
        assert names == []
    defect, names = experiment(f"{CELL} -img {file}", "reference")
    assert names == ["header-keys"]
    assert f"{file}: {key}=" in defect.warnings[0]
    assert what(defect) != pytest.approx(value)


def test_report_08_a_key_that_is_not_there(tmp_path):
    file = header_file(tmp_path, [("CLOSE_DISTANCE", 79), ("OSC_PHI", 5)])
    made, _ = experiment(f"{CELL} -img {file}")
    assert made.configuration["scan"]["phi_deg"] == 0
    assert experiment(f"{CELL} -img {file}", "reference")[0].configuration["scan"]["phi_deg"] == pytest.approx(5)


def test_report_08_xds_orgx_is_the_orgx_of_such_headers(tmp_path):
    file = header_file(tmp_path, [("BEAM_CENTER_X", 3), ("BEAM_CENTER_Y", 4), ("XDS_ORGX", 20.5), ("XDS_ORGY", 40.5)])
    for semantics in ("reference", "corrected"):
        assert beam_of(f"{CELL} -img {file} -xds", semantics) == pytest.approx([10, 20])
    assert experiment(f"{CELL} -img {file} -xds", "reference")[1] == []


# 9: what dxtbx reads.

SHAPE = "-cell 79 79 38 90 90 90 -default_F 10 -N 5 -nopgm -nonoise -distance 80 -lambda 1 -pixel 0.5 -detpixels_f 100 -detpixels_s 80"


def seen_by_dxtbx(header):
    """Return the beam centre (fast, slow in mm) and the pedestal that dxtbx makes of a header of BEAMLINE=fake.

    As FormatSMVJHSim of dxtbx 3.12 to 3.28 has it: the header's centre is ADXV's, which has its origin a pixel off and Y upwards.
    The detector stands perpendicular to the beam at DISTANCE, fast x slow along the beam, the spindle along fast. Its reader of
    headers wants one equals sign a line.
    """
    assert header["BEAMLINE"] == "fake"
    pixel, height = float(header["PIXEL_SIZE"]), float(header["PIXEL_SIZE"]) * int(header["SIZE2"])
    centre = float(header["BEAM_CENTER_X"]) + pixel, height - float(header["BEAM_CENTER_Y"]) + pixel
    return centre, float(header.get("ADC_OFFSET", 1))


@pytest.mark.parametrize(
    ("words", "fast", "slow"),
    [
        ("-Xbeam 14 -Ybeam 29", 29.25, 14.25),
        ("-denzo -Xbeam 14 -Ybeam 29 -osc 1 -phisteps 2", 29, 14),
        ("-xds -Xbeam 29 -Ybeam 14", 29, 14),
        ("-xds -ORGX 58.5 -ORGY 28.5", 29, 14),
        ("-dials -Xbeam 29 -Ybeam 14", 29, 14),
        ("-xds -osc 1 -phisteps 2", 25, 20),
        ("-pivot sample -Xbeam 14 -Ybeam 29", 29.25, 14.25),
    ],
)
def test_report_09_dxtbx_sees_the_true_centre(words, fast, slow, tmp_path):
    done = run_well([*SHAPE.split(), *words.split(), "--semantics", "corrected"], tmp_path)
    assert done.stderr == ""
    centre, pedestal = seen_by_dxtbx(header_of(tmp_path))
    assert centre == pytest.approx((fast, slow), abs=DXTBX_PIXELS * 0.5)
    assert centre == pytest.approx(beam_of(f"{SHAPE} {words}"), abs=DXTBX_PIXELS * 0.5)
    assert pedestal == 40


def test_report_09_pedestal_is_that_of_adc(tmp_path):
    run_well([*SHAPE.split(), "-adc", 12.5, "--semantics", "corrected"], tmp_path)
    assert seen_by_dxtbx(header_of(tmp_path))[1] == 12.5


def test_report_09_the_reference_header_stays(tmp_path):
    done = run_well([*SHAPE.split(), "-Xbeam", 14, "-Ybeam", 29], tmp_path)
    header = header_of(tmp_path)
    assert seen_by_dxtbx(header) == ((14.5, 11.5), 1)
    assert not [key for key in header if "NBHYBRID" in key or key == "ADC_OFFSET"]
    assert done.stderr == ""


@pytest.mark.parametrize(
    ("words", "reason"),
    [
        ("-adxv", "is mirrored"),
        ("-twotheta 5", "does not stand perpendicular to the beam"),
        ("-detector_roty 1", "does not stand perpendicular to the beam"),
        ("-curved_det 1", "is curved"),
        ("-dials -osc 1 -phisteps 2", "spindle that does not run along its fast axis"),
    ],
)
def test_report_09_what_the_header_cannot_hold_is_told(words, reason, tmp_path):
    done = run_well([*SHAPE.split(), *words.split(), "--semantics", "corrected"], tmp_path)
    (line,) = done.stderr.splitlines()
    assert reason in line
    assert ".expt" in line
    assert "NXmx" in line
    assert line.endswith("[header-center]")
    told = run_well([*SHAPE.split(), *words.split()], tmp_path).stderr
    assert "header-center" not in told


def test_report_09_files_list_the_ids_in_force(tmp_path):
    run_well([*SHAPE.split(), "--semantics", "reference,omega-corner,header-keys"], tmp_path)
    header = header_of(tmp_path)
    assert header["NBHYBRID_SEMANTICS"] == "reference,omega-corner,header-keys"
    assert header["NBHYBRID_MENDED"] == "omega-corner,header-keys"
    run_well([*SHAPE.split(), "--semantics", "corrected", "--json", "r.json"], tmp_path)
    header = header_of(tmp_path)
    assert header["NBHYBRID_SEMANTICS"] == "corrected"
    assert header["NBHYBRID_MENDED"].split(",") == json.loads((tmp_path / "r.json").read_text())["mended"]
    # The pixels begin where the header says.
    assert (tmp_path / "intimage.img").stat().st_size == int(header["HEADER_BYTES"]) + 2 * 100 * 80


def test_report_09_reading_a_corrected_header_as_the_reference_does_is_told(tmp_path):
    run_well([*SHAPE.split(), "-Xbeam", 14, "-Ybeam", 29, "--semantics", "corrected"], tmp_path)
    assert experiment(f"{CELL} -img {tmp_path / 'intimage.img'}", "reference")[1] == ["header-center"]
    for convention in CONVENTIONS:
        assert beam_of(f"{CELL} -img {tmp_path / 'intimage.img'} -{convention}") == pytest.approx([29.25, 14.25])
    assert beam_of(f"{CELL} -img {tmp_path / 'intimage.img'} -mask {tmp_path / 'intimage.img'}") == pytest.approx([29.25, 14.25])


def test_report_09_a_broken_key_of_ours_is_refused(tmp_path):
    keys = [("DISTANCE", 80), ("NBHYBRID_CONVENTION", "mosflm"), ("NBHYBRID_BEAM_CENTER", "29.25")]
    file = header_file(tmp_path, keys)
    line = error_line(run([*CELL.split(), "-img", file, "--semantics", "corrected"], tmp_path))
    assert "NBHYBRID_BEAM_CENTER" in line
    assert "expected 2 numbers" in line
