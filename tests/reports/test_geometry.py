"""Where the beam meets the detector, and how far it is away: by the numbers of the reports."""

import json
import math

import nbhybrid as nb
import numpy as np
import pytest
from geometry import (
    BASE,
    CELL,
    CONVENTIONS,
    NO_DISTANCE,
    beam_of,
    detector,
    experiment,
    header_of,
    of_objects,
    same_geometry,
)
from helpers import error_line, float_image, run, run_well
from tolerances import READ_BACK

CLOSE_20 = 80 * math.cos(math.radians(20))


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
    corrected = run_well([*BASE.split(), "-curved_det", "--semantics", "corrected", "--json", "r.json"], tmp_path)
    assert "last-word" not in corrected.stderr
    assert json.loads((tmp_path / "r.json").read_text())["configuration"]["detector"]["curved"] is True


FLAGS = "-point_pixel -nopolar -oversample_thick -oversample_polar -oversample_omega -round_div -square_div -nointerpolate"


@pytest.mark.parametrize("flag", FLAGS.split())
def test_report_06_no_other_option_without_values_needs_a_word_behind_it(flag):
    last, _ = experiment(f"{BASE} {flag}", "reference")
    followed, _ = experiment(f"{NO_DISTANCE} {flag} -distance 80", "reference")
    assert last == followed


# 7: distances of a detector that has swung out.


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


@pytest.mark.parametrize("semantics", ["reference", "corrected", "reference,beam-center"])
@pytest.mark.parametrize("words", SWUNG)
def test_report_07_objects_and_plain_values_keep_the_geometry(words, semantics):
    made, _ = experiment(f"{NO_DISTANCE} {words}", semantics)
    again = nb.Experiment.from_json(made.to_json())
    assert again.geometry == made.geometry
    assert again.configuration["detector"] == made.configuration["detector"]


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
