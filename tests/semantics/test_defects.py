"""Each defect of the reference by itself: what reference semantics gives, and what the corrected one gives instead.

Both values are derived here from simpler runs or from the formula, never from the option under test alone.
"""

import json
import math

import numpy as np
import pytest
from helpers import GOLDEN, error_line, float_image, hkl_text, run, run_well, sha256, smv_bytes
from tolerances import ONE_ROUNDING, SEVERAL_ROUNDINGS

SCENE = "-cell 70 80 90 -misset 10 20 30 -N 4 -distance 100 -lambda 1 -pixel 0.8 -nonoise -noprogress -nopgm -nointerpolate"
SHAPE = (12, 16)
ELECTRON_RADIUS_SQUARED = 7.94079248018965e-30
AVOGADRO = 6.02214179e23


def simulate(folder, words, semantics="reference"):
    """Return the float image of a run with these words."""
    fixed = [*SCENE.split(), "-detpixels_x", SHAPE[1], "-detpixels_y", SHAPE[0], "-oversample", 1, "-default_F", 100]
    run_well([*fixed, *str(words).split(), "--semantics", semantics], folder)
    return float_image(folder, SHAPE).astype("f8")


def both(folder, words, defect):
    """Return the images with the defect and with it corrected."""
    return simulate(folder, words), simulate(folder, words, f"reference,{defect}")


def agree(first, second, tolerance=SEVERAL_ROUNDINGS):
    """Return True if two images agree relative to the strongest pixel."""
    return float(np.abs(first - second).max()) <= tolerance * float(np.abs(second).max())


def test_phi_carryover(tmp_path):
    defect, corrected = both(tmp_path, "-phi 0 -osc 2 -phisteps 2", "phi-carryover")
    unrotated, turned = simulate(tmp_path, "-phi 0 -osc 0"), simulate(tmp_path, "-phi 1 -osc 0")
    assert agree(corrected, (unrotated + turned) / 2)
    # The first pixel still begins unrotated; all others have the second step twice.
    assert agree(defect.flat[1:], turned.flat[1:])
    assert math.isclose(defect[0, 0], corrected[0, 0], rel_tol=SEVERAL_ROUNDINGS)


def test_oversample_product(tmp_path):
    words = "-phi 1 -osc 1 -phisteps 3 -oversample_omega -nopolar"
    defect, corrected = both(tmp_path, words, "oversample-product")
    assert agree(corrected, simulate(tmp_path, "-phi 1 -osc 1 -phisteps 3 -nopolar"))
    # Earlier steps are multiplied by a solid angle of 6e-5 more than once, so that only the last one is seen.
    assert agree(defect, simulate(tmp_path, f"-phi {1 + 2 / 3} -osc 0 -nopolar") / 3, 1e-3)


def test_layer_capture(tmp_path):
    depth, thickness, layers = 300.0, 450.0, 4
    words = f"-detector_abs {depth} -detector_thick {thickness} -detector_thicksteps {layers} -N 1 -distance 1000"
    defect, corrected = both(tmp_path, words, "layer-capture")
    # A cell of one: all layers see the same intensity, and the beam meets them nearly at a right angle.
    step = thickness / (layers - 1)
    captured = [math.exp(-i * step / depth) - math.exp(-(i + 1) * step / depth) for i in range(layers)]
    bare = simulate(tmp_path, "-N 1 -distance 1000")
    assert agree(corrected, bare * sum(captured), 1e-3)
    assert agree(defect, bare * layers * captured[-1], 1e-3)


TWO_SOURCES = ["-10 1 0 1 1e-10\n", "-10 -3 2 3 1.05e-10\n"]


def sources(folder, rows):
    """Write a file of sources and return the option that reads it."""
    (folder / "sources.txt").write_text("".join(rows))
    return "-sourcefile sources.txt"


def test_polar_first_source(tmp_path):
    words = sources(tmp_path, TWO_SOURCES) + " -polar 0.9"
    defect, corrected = both(tmp_path, words, "polar-first-source")
    single = [simulate(tmp_path, sources(tmp_path, [row]) + " -polar 0.9") for row in TWO_SOURCES]
    plain = [simulate(tmp_path, sources(tmp_path, [row]) + " -nopolar") for row in TWO_SOURCES]
    assert agree(corrected, (single[0] + single[1]) / 2)
    factor = single[0] / plain[0]
    assert agree(defect, factor * (plain[0] + plain[1]) / 2)
    assert not agree(defect, corrected, 1e-4)


def test_omega_corner(tmp_path):
    # A cell of one scatters evenly: what is left is the solid angle.
    words = "-N 1 -nopolar -distance 15 -oversample 3"
    defect, corrected = both(tmp_path, words, "omega-corner")
    assert agree(corrected, simulate(tmp_path, "-N 1 -nopolar -distance 15"))
    assert not agree(defect, corrected, 1e-3)


def test_water_twice(tmp_path):
    fluence, edge = 1e27, 50e-6
    words = f"-default_F 1e-20 -water 50 -fluence {fluence} -nopolar -N 1 -phi 1 -osc 1 -phisteps 3"
    defect, corrected = both(tmp_path, words, "water-twice")
    fixed = simulate(tmp_path, f"-default_F 1 -fluence {fluence} -nopolar -N 1")
    solid_angle = fixed / (ELECTRON_RADIUS_SQUARED * fluence)
    water = 2.57**2 * ELECTRON_RADIUS_SQUARED * fluence * edge**3 * 1e6 * AVOGADRO / 18
    assert agree(corrected, water * solid_angle)
    assert agree(defect, water * solid_angle * ELECTRON_RADIUS_SQUARED * fluence / 3)


def test_source_weights(tmp_path):
    defect, corrected = both(tmp_path, sources(tmp_path, TWO_SOURCES) + " -nopolar", "source-weights")
    single = [simulate(tmp_path, sources(tmp_path, [row]) + " -nopolar") for row in TWO_SOURCES]
    assert agree(defect, (single[0] + single[1]) / 2)
    assert agree(corrected, (single[0] + 3 * single[1]) / 4)


def test_weights_that_are_none(tmp_path):
    rows = ["-10 1 0 -1 1e-10\n"]
    done = run([*SCENE.split(), *sources(tmp_path, rows).split(), "-default_F", 1, "--semantics", "corrected"], tmp_path)
    assert "weight" in error_line(done)


def test_interpolation_sticky(tmp_path):
    rows = ((h, k, m, 100 + 7 * h - 3 * k + 5 * m) for h in range(-7, 8) for k in range(-7, 8) for m in range(-7, 8))
    (tmp_path / "f.hkl").write_text(hkl_text(rows))
    words = "-hkl f.hkl -interpolate -distance 60"
    defect, corrected = both(tmp_path, words, "interpolation-sticky")
    nearest = simulate(tmp_path, "-hkl f.hkl -distance 60")
    # The corner lies outside the table, so that the reference interpolates nowhere. A pixel rendered alone is not affected.
    assert agree(defect, nearest)
    assert not agree(corrected, nearest, 1e-4)
    for slow, fast in ((5, 7), (6, 8), (6, 9)):
        alone = simulate(tmp_path, f"{words} -roi {fast} {fast} {slow} {slow}")
        assert corrected[slow, fast] == alone[slow, fast]


def test_random_misset(tmp_path):
    defect, corrected = both(tmp_path, "-misset_seed 5 -misset random", "random-misset")
    assert not agree(defect, corrected, 1e-3)


@pytest.mark.parametrize(("option", "unit"), [("-pix0_vector", 1.0), ("-pix0_vector_mm", 1e-3)])
def test_pix0_overwritten(option, unit, tmp_path):
    words = [
        *SCENE.split(),
        "-detpixels",
        "16",
        "-oversample",
        "1",
        "-default_F",
        "1",
        option,
        "100",
        "3",
        "-4",
        "--trace-pixel",
        "0",
        "0",
    ]

    def origin(semantics):
        lines = run_well([*words, "--semantics", semantics], tmp_path).stdout.splitlines()
        return [float(x) for line in lines if "pix0_vector_meters" in line for x in line.split()[2:]]

    assert origin("reference,pix0-overwritten") == pytest.approx([100 * unit, 3 * unit, -4 * unit], rel=1e-14)
    # From the distance of 100 mm and the beam in the middle of 16 pixels.
    assert origin("reference") == pytest.approx([0.1, 0.0064, -0.0064], rel=1e-9)


def test_header_twotheta(tmp_path):
    keys = [("PIXEL_SIZE", 0.8), ("DISTANCE", 100), ("TWOTHETA", 20)]
    (tmp_path / "head.img").write_bytes(smv_bytes(SHAPE[1], SHAPE[0], keys=keys))
    defect, corrected = both(tmp_path, "-img head.img -xds", "header-twotheta")
    assert np.array_equal(corrected, simulate(tmp_path, "-xds -twotheta 20"))
    assert np.array_equal(defect, simulate(tmp_path, "-xds"))


def test_comment_lines(tmp_path):
    rows = hkl_text((h, k, m, 50 + h) for h in range(-9, 10) for k in range(-9, 10) for m in range(-9, 10)).splitlines(True)
    half = len(rows) // 2
    (tmp_path / "commented.hkl").write_text("".join([*rows[:half], "# second half\n", *rows[half:]]))
    (tmp_path / "whole.hkl").write_text("".join(rows))
    (tmp_path / "half.hkl").write_text("".join(rows[:half]))
    defect, corrected = both(tmp_path, "-hkl commented.hkl", "comment-lines")
    assert np.array_equal(corrected, simulate(tmp_path, "-hkl whole.hkl"))
    assert np.array_equal(defect, simulate(tmp_path, "-hkl half.hkl"))
    assert np.array_equal(
        simulate(tmp_path, sources(tmp_path, ["# X Y Z\n", TWO_SOURCES[0]]), "reference,comment-lines"),
        simulate(tmp_path, sources(tmp_path, [TWO_SOURCES[0]])),
    )


def test_silent_fdump(tmp_path):
    (tmp_path / "f.hkl").write_text(hkl_text((h, k, m, 7) for h in range(-9, 10) for k in range(-9, 10) for m in range(-9, 10)))
    table = simulate(tmp_path, "-hkl f.hkl")
    assert (tmp_path / "Fdump.bin").exists()
    defect, corrected = both(tmp_path, "", "silent-fdump")
    named = simulate(tmp_path, "-dump Fdump.bin", "reference,silent-fdump")
    (tmp_path / "Fdump.bin").unlink()
    assert np.array_equal(defect, table)
    assert np.array_equal(named, table)
    assert np.array_equal(corrected, simulate(tmp_path, ""))


@pytest.mark.parametrize("convention", ["xds", "dials"])
def test_beam_center(convention, tmp_path):
    defect, corrected = both(tmp_path, f"-{convention} -Xbeam 4 -Ybeam 6.4", "beam-center")
    assert np.array_equal(defect, simulate(tmp_path, f"-{convention}"))
    assert np.array_equal(corrected, simulate(tmp_path, f"-{convention} -ORGX 5.5 -ORGY 8.5"))


def test_beam_center_by_the_nearest_point(tmp_path):
    defect, corrected = both(tmp_path, "-mosflm -ORGX 5.5 -Yclose 6.4", "beam-center")
    assert np.array_equal(defect, simulate(tmp_path, "-mosflm"))
    # MOSFLM's X runs along the slow axis and counts from the first pixel's centre.
    assert agree(corrected, simulate(tmp_path, "-mosflm -Xbeam 6 -Ybeam 3.6"))


def test_mask_header(tmp_path):
    keys = [("PIXEL_SIZE", 0.8), ("BEAM_CENTER_X", 3.6), ("BEAM_CENTER_Y", 6)]
    (tmp_path / "mask.img").write_bytes(smv_bytes(SHAPE[1], SHAPE[0], keys=keys))
    defect, corrected = both(tmp_path, "-mask mask.img", "mask-header")
    assert np.array_equal(corrected, simulate(tmp_path, "-img mask.img"))
    assert np.array_equal(defect, simulate(tmp_path, f"-Xbeam 3.6 -Ybeam {0.8 * SHAPE[0] - 6}"))


def test_last_word(tmp_path):
    defect, corrected = both(tmp_path, "-distance 20 -curved_det", "last-word")
    assert np.array_equal(defect, simulate(tmp_path, "-distance 20"))
    assert np.array_equal(corrected, simulate(tmp_path, "-distance 20 -curved_det 1"))


def test_distance(tmp_path):
    # The beam centre stays, so that a distance along the normal is one along the beam times cos 20 degrees.
    defect, corrected = both(tmp_path, "-twotheta 20 -close_distance 70", "distance")
    assert agree(corrected, simulate(tmp_path, f"-twotheta 20 -distance {70 / math.cos(math.radians(20))!r}"))
    assert agree(defect, simulate(tmp_path, "-twotheta 20 -distance 70"))


def test_header_keys(tmp_path):
    keys = [("PIXEL_SIZE", 0.8), ("PHI", 4), ("ROTATION_AXIS", "PHI"), ("DETECTOR_SN", 9)]
    (tmp_path / "head.img").write_bytes(smv_bytes(SHAPE[1], SHAPE[0], keys=keys))
    defect, corrected = both(tmp_path, "-img head.img", "header-keys")
    assert np.array_equal(corrected, simulate(tmp_path, "-phi 4"))
    assert np.array_equal(defect, simulate(tmp_path, "-phi 9"))


def test_header_center(tmp_path):
    words = "-Xbeam 3.6 -Ybeam 6"
    defect, corrected = both(tmp_path, words, "header-center")
    assert np.array_equal(defect, corrected)
    # The centre is at fast 6.4 and slow 4 mm, and dxtbx adds a pixel and counts slow from the other edge.
    header = (tmp_path / "intimage.img").read_bytes()[:1024].decode()
    assert "BEAM_CENTER_X=5.6;\nBEAM_CENTER_Y=6.4;\n" in header
    (tmp_path / "intimage.img").rename(tmp_path / "head.img")
    assert agree(simulate(tmp_path, "-img head.img", "reference,header-center"), corrected)


@pytest.mark.parametrize("shape", ["-gauss_xtal", "-tophat_spots"])
def test_spot_scale(shape, tmp_path):
    # A cubic cell, for which a factor on the width is all that is between the two.
    words = f"-cell 60 60 60 -N 7 {shape} -fudge"
    defect, corrected = both(tmp_path, f"{words} 0.4", "spot-scale")
    assert agree(simulate(tmp_path, f"{words} {0.4 * 60**2 / 7**4:.17g}"), corrected)
    assert agree(simulate(tmp_path, f"{words} {0.4 / 60**2 * 7**4:.17g}", "reference,spot-scale"), defect)
    assert not agree(defect, corrected, 1e-2)


def test_oblique_cell(tmp_path):
    # Real axes from edges and angles: c along z, b in the plane of y and z. Columns of the inverse are the reciprocal axes.
    edges, (alpha, beta, gamma) = np.array([60.0, 70.0, 80.0]), np.radians([70.0, 110.0, 115.0])
    y = (math.cos(gamma) - math.cos(alpha) * math.cos(beta)) / math.sin(alpha)
    b, a = (0, math.sin(alpha), math.cos(alpha)), (math.sqrt(math.sin(beta) ** 2 - y**2), y, math.cos(beta))
    stars = np.linalg.inv(np.array([a, b, (0, 0, 1)]) * edges[:, None])
    (tmp_path / "a.mat").write_text("\n".join(" ".join(repr(float(x)) for x in row) for row in stars) + "\n")
    defect, corrected = both(tmp_path, "-cell 60 70 80 70 110 115", "oblique-cell")
    # Beside the matrix the cell of the scene gives the edges alone.
    right = simulate(tmp_path, "-mat a.mat -cell 60 70 80")
    assert agree(corrected, right)
    assert not agree(defect, right, 1e-2)


@pytest.mark.parametrize("words", ["-twotheta_axis 5 1 0", "-misset_seed 4 -phi 3 -osc 1"])
def test_corrected_options_are_not_confused(words, tmp_path):
    done = run_well([*SCENE.split(), "-default_F", 1, "-detpixels", 4, *words.split(), "--semantics", "corrected"], tmp_path)
    assert "also acts as" not in done.stderr


def test_corrected_corrects_all(tmp_path):
    every = "reference,phi-carryover,oversample-product,layer-capture,polar-first-source,omega-corner,water-twice,source-weights"
    every += ",interpolation-sticky,random-misset,pix0-overwritten,header-twotheta,comment-lines,silent-fdump"
    words = sources(tmp_path, TWO_SOURCES) + " -polar 0.5 -phi 0 -osc 1 -phisteps 2 -oversample 2 -water 5"
    assert np.array_equal(simulate(tmp_path, words, "corrected"), simulate(tmp_path, words, every))


@pytest.mark.parametrize("value", ["mended", "reference,phi_carryover", "corrected,nonsense", ""])
def test_unknown_semantics(value, tmp_path):
    line = error_line(run([*SCENE.split(), "-default_F", 1, "--semantics", value], tmp_path))
    assert "--semantics" in line
    assert "phi-carryover" in line


CORRECTED = json.loads((GOLDEN / "corrected" / "cases.json").read_text())
CASES = json.loads((GOLDEN / "cases.json").read_text())


@pytest.mark.parametrize("name", sorted(CORRECTED))
def test_against_the_reference_with_two_defects_corrected(name, golden_folder):
    words = [*CASES[name]["args"].split(), "-nonoise", "--semantics", "reference,phi-carryover,oversample-product"]
    run_well(words, golden_folder)
    assert sha256(golden_folder / "floatimage.bin") == CORRECTED[name]["float_sha256"]


def test_a_record_names_the_semantics(tmp_path):
    simulate(tmp_path, "--json record.json", "reference,omega-corner")
    assert json.loads((tmp_path / "record.json").read_text())["semantics"] == "reference,omega-corner"


def test_where_nothing_is_corrected_nothing_changes(tmp_path):
    words = "-phi 1 -osc 1 -phisteps 2 -polar 0.5"
    assert agree(simulate(tmp_path, words, "corrected"), simulate(tmp_path, words), ONE_ROUNDING)
