"""What headers of SMV images mean, to nbhybrid and to others: by the numbers of the reports."""

import json

import numpy as np
import pytest
from geometry import CELL, CONVENTIONS, beam_of, detector, experiment, header_file, header_of
from helpers import error_line, run, run_well
from nbhybrid.batch import Spec, run_batch
from tolerances import DXTBX_PIXELS

# Headers hold several of these at once: no contradiction, and the command line counts first.


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

SHAPE = f"{CELL} -distance 80 -lambda 1 -pixel 0.5 -detpixels_f 100 -detpixels_s 80"


def seen_by_dxtbx(header):
    """Return the beam centre (fast, slow in mm) and the pedestal that dxtbx makes of a header of BEAMLINE=fake.

    As FormatSMVJHSim of dxtbx 3.1 to 3.28 has it: the header's centre is ADXV's, which has its origin a pixel off and Y upwards.
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


def test_report_09_series_of_smv_images(tmp_path):
    shape = SHAPE.replace(" -nopgm -nonoise", "")
    parts = {"experiment": f'args = "{shape} -adxv"', "render": 'semantics = "corrected"', "output": 'format = "smv"\nadc = 7'}
    parts |= {"series": 'output = "out"\nimages = 1\nseed = 1', "orientations": 'file = "one.npy"'}
    np.save(tmp_path / "one.npy", np.eye(3)[None])
    spec = Spec.from_toml("".join(f"[{name}]\n{text}\n" for name, text in parts.items()), tmp_path)
    assert [line for line in spec.warnings if "is mirrored" in line and line.endswith("[header-center]")] == [spec.warnings[-1]]
    run_batch(spec, workers=0)
    run_well([*SHAPE.split(), "-adxv", "-adc", 7, "--semantics", "corrected"], tmp_path)
    ours = header_of(tmp_path / "out" / "images", "image_000000.img")
    assert ours == header_of(tmp_path)
    assert ours["ADC_OFFSET"] == "7"
