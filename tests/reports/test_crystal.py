"""What users reported of crystals: the size of spots, and cells with oblique angles."""

import json
import math
import os
import subprocess
import sys

import gemmi
import nbhybrid as nb
import numpy as np
import pytest
import tolerances
from helpers import float_image, run_well
from hypothesis import assume, given, settings
from hypothesis import strategies as st

# The case of the report.
SPOTS = (
    "-cell 50 60 70 90 90 90 -misset 10 20 30 -default_F 100 -detpixels 300 -pixel 0.1 -lambda 1 -oversample 4 "
    "-mosaic 0.5 -mosaic_domains 30 -distance 80 -nonoise -nopgm --quiet"
)
SHAPES = {"square": "-square_xtal", "round": "-round_xtal", "gauss": "-gauss_xtal", "tophat": "-tophat_spots"}
LEVELS = ("baseline", "v2", "v3", "v4", "device", "device_split")
SMALL = (
    "-cell 50 60 70 80 95 110 -misset 10 20 30 -default_F 100 -detpixels 64 -pixel 0.4 -lambda 1 -distance 80 -oversample 1 "
    "-nonoise -nopgm"
)


def total(shape, cells, semantics, folder):
    """Return the sum of the report's image."""
    run_well([*SPOTS.split(), SHAPES[shape], "-N", cells, "--semantics", semantics], folder)
    return float(float_image(folder, (300, 300)).sum(dtype="f8"))


# Row 3.


@pytest.mark.parametrize(
    ("shape", "sums"),
    [
        ("square", (1.66e5, 1.36e6, 1.11e7)),
        ("gauss", (2.14e6, 2.89e5, 3.41e4)),
        ("tophat", (2.36e6, 3.11e5, 2.94e4)),
    ],
)
def test_report_03_the_reference_keeps_its_sums(shape, sums, tmp_path):
    found = [total(shape, cells, "reference", tmp_path) for cells in (5, 10, 20)]
    assert found == pytest.approx(sums, rel=5e-3)  # as many digits as the report has


def integral(shape):
    """Return the square of a lattice factor over a spot, in units of that of a parallelepiped, which is N^3."""
    return (math.pi * 0.63 / 2) ** 1.5 if shape == "gauss" else 4 / 3 * math.pi * 0.63**3


@pytest.mark.parametrize("shape", ["gauss", "tophat"])
def test_report_03_spots_have_a_scale(shape, tmp_path):
    for cells in (5, 10, 20):
        ratio = total(shape, cells, "corrected", tmp_path) / total("square", cells, "corrected", tmp_path)
        assert ratio == pytest.approx(integral(shape), rel=tolerances.SAMPLED_SPOTS)


@pytest.mark.parametrize("shape", ["gauss", "tophat"])
@pytest.mark.parametrize("fudge", [0, 0.3, 1, 2.5])
def test_report_03_the_formula_of_a_pixel(shape, fudge):
    words = f"{SMALL} {SHAPES[shape]} -Na 3 -Nb 4 -Nc 6 -fudge {fudge} --semantics corrected".split()
    seen = set()
    for pixel in nb.trace(words, [(slow, fast) for slow in range(0, 64, 2) for fast in range(0, 64, 2)]):
        offset = (np.array(pixel["hkl_frac"]) - np.array(pixel["hkl_rounded"])) * (3, 4, 6)
        square = float(offset @ offset) * fudge
        expected = 72 * (math.exp(-square / 0.63) if shape == "gauss" else float(square < 0.63**2))
        assert pixel["F_latt"] == pytest.approx(expected, rel=1e-12, abs=1e-300)
        seen.add(expected > 7)
    assert fudge == 0 or seen == {True, False}


@pytest.mark.parametrize("shape", ["gauss", "tophat"])
def test_report_03_a_fudge_gives_the_reference_the_same_spots(shape, tmp_path):
    """For a cubic cell, as bench/ compares them: a^2 / N^4."""
    words = f"-cell 100 100 100 90 90 90 -misset 10 20 30 -N 30 -default_F 100 {SHAPES[shape]} -detpixels 200 -nonoise -nopgm"
    words += " -mosaic 0.5 -mosaic_domains 20 -oversample 1"
    images = []
    for more in (f"-fudge {100**2 / 30**4!r} --semantics reference", "--semantics reference,spot-scale"):
        run_well([*words.split(), *more.split()], tmp_path)
        images.append(float_image(tmp_path, (200, 200)).astype("f8"))
    assert images[0].max() > 0
    different = np.abs(images[0] - images[1]) > tolerances.ONE_ROUNDING * images[1]
    # An offset at the very edge of a flat spot may lie on either side.
    assert different.sum() <= (2 if shape == "tophat" else 0)


@pytest.mark.parametrize("words", ["-gauss_xtal", "-tophat_spots -fudge 2"])
def test_report_03_it_is_said_where_it_acts(words, tmp_path):
    run_words = ["-cell", 100, 100, 50, "-default_F", 1, "-Na", 10, "-Nb", 20, "-Nc", 4, "-detpixels", 4, *words.split()]
    done = run_well(run_words, tmp_path)
    lines = [line for line in done.stderr.splitlines() if "[spot-scale]" in line]
    assert len(lines) == 1
    # a / (Nb Nc) and so on.
    assert "1.25, 2.5 and 0.25 times as wide along a, b and c" in lines[0]
    assert "--semantics reference,spot-scale corrects it" in lines[0]
    for silent in (["--semantics", "reference,spot-scale"], ["-fudge", 0], ["-round_xtal"]):
        assert "[spot-scale]" not in run_well([*run_words, *silent], tmp_path).stderr


def at_level(level, words, folder):
    """Return the image of a run at a level of instructions, and what it says of its pixels."""
    environment = {**os.environ, "NBHYBRID_ISA": level}
    words = [sys.executable, "-m", "nbhybrid", "run", *words, "--quiet", "--verify", "--json", "r.json"]
    done = subprocess.run(words, cwd=folder, env=environment, capture_output=True, text=True, check=False)
    if "cannot run" in done.stderr:
        pytest.skip(f"this processor cannot run level {level}: it is NOT tested")
    assert done.returncode == 0, done.stderr
    record = json.loads((folder / "r.json").read_text())
    assert level == record["isa"]
    return (folder / "floatimage.bin").read_bytes(), record["pixels"]


@pytest.mark.parametrize("level", LEVELS)
@pytest.mark.parametrize(
    "words",
    [
        "-gauss_xtal -N 30 -mosaic 2 -mosaic_domains 100",
        "-gauss_xtal -Na 5 -Nb 40 -Nc 1 -oversample 2 -phi 1 -osc 2 -phisteps 7",
        "-tophat_spots -N 15 -mosaic 2 -mosaic_domains 100",
        "-tophat_spots -N 4 -fudge 0.7 -oversample 2 -dispersion 1 -dispsteps 5",
    ],
)
def test_report_03_every_level_decides_right(level, words, tmp_path):
    image, pixels = at_level(level, [*SMALL.split(), *words.split(), "--semantics", "corrected"], tmp_path)
    here = nb.simulate(nb.Experiment.from_args([*SMALL.split(), *words.split(), "--semantics", "corrected"]))
    assert image == here.tobytes()
    assert (here > 1e-3 * here.max()).sum() > 50
    assert pixels["wrong"] == 0
    assert pixels["scalar"] <= 0.005 * pixels["rendered"]


@pytest.mark.parametrize("level", ["v3", "device", "device_float"])
@pytest.mark.parametrize("shape", ["gauss", "tophat"])
def test_report_03_the_fast_engine(level, shape, tmp_path):
    words = f"{SMALL} {SHAPES[shape]} -N 15 -mosaic 2 -mosaic_domains 100 --semantics corrected".split()
    exact = nb.simulate(nb.Experiment.from_args(words)).astype("f8")
    environment = {**os.environ, "NBHYBRID_ISA": level}
    command = [sys.executable, "-m", "nbhybrid", "run", *words, "--quiet", "--engine", "fast"]
    subprocess.run(command, cwd=tmp_path, env=environment, check=True, capture_output=True)
    fast = float_image(tmp_path, exact.shape).astype("f8")
    bright = exact > tolerances.FAST_FAINT * exact.max()
    assert bright.sum() > 50
    assert (np.abs(fast - exact)[bright] <= tolerances.FAST_FLOAT_RELATIVE * exact[bright]).all()


def test_report_03_objects_and_batches():
    def experiment(semantics):
        return nb.Experiment(
            crystal=nb.Crystal(cell=nb.UnitCell(50, 60, 70), n_cells=10, shape="gauss"),
            structure_factors=100.0,
            detector=nb.Detector.mosflm(pixels=(40, 40), pixel_size_mm=0.5),
            sampling=nb.Sampling(oversample=2),
            semantics=semantics,
        )

    corrected = experiment("corrected")
    turn = np.array([[0.6, -0.8, 0], [0.8, 0.6, 0], [0, 0, 1.0]])
    image = nb.Simulator(corrected).run()
    with pytest.warns(nb.InputWarning, match=r'Experiment\(semantics="reference,spot-scale"\) corrects it'):
        defect = experiment("reference")
    assert not np.array_equal(image, nb.Simulator(defect).run())
    batch = nb.simulate_batch(corrected, [np.eye(3), turn])
    assert np.array_equal(batch[0], image)
    turned = nb.Crystal(cell=nb.UnitCell(50, 60, 70), n_cells=10, shape="gauss", rotation=turn)
    assert np.array_equal(batch[1], nb.simulate(corrected.replace(crystal=turned)))


# Row 4.


def angles_of(a, b, c):
    """Return the angles between three vectors, in degrees."""
    return [math.degrees(math.atan2(np.linalg.norm(np.cross(u, v)), u @ v)) for u, v in ((b, c), (c, a), (a, b))]


def cell_of(experiment):
    """Return edges (Angstrom) and angles (degrees) of an experiment's crystal."""
    a, b, c = (1e10 * np.array(experiment.geometry[axis]) for axis in "abc")
    return [*(float(np.linalg.norm(axis)) for axis in (a, b, c)), *angles_of(a, b, c)]


def with_cell(cell, semantics="corrected", **crystal):
    """Return an experiment of a cell."""
    return nb.Experiment(
        crystal=nb.Crystal(cell=nb.UnitCell(*cell), n_cells=5, **crystal),
        structure_factors=100.0,
        detector=nb.Detector.mosflm(pixels=(4, 4)),
        sampling=nb.Sampling(oversample=1),
        semantics=semantics,
    )


@pytest.mark.parametrize(
    ("asked", "found"), [((70, 110, 115), (69.355, 110.645, 115.303)), ((60, 60, 60), (57.849, 57.849, 58.5252))]
)
def test_report_04_the_reference_has_other_angles_and_says_so(asked, found, tmp_path):
    words = ["-cell", 100, 100, 100, *asked, "-default_F", 1, "-N", 5, "-detpixels", 4]
    line = next(x for x in run_well(words, tmp_path).stderr.splitlines() if "[oblique-cell]" in x)
    assert "-cell: the angles {:g} {:g} {:g} become {:g} {:g} {:g}".format(*asked, *found) in line
    assert "--semantics reference,oblique-cell corrects it" in line
    with pytest.warns(nb.InputWarning, match=r"^Crystal\(cell=\.\.\.\): the angles"):
        made = with_cell((100, 100, 100, *asked), "reference")
    assert cell_of(made) == pytest.approx([100, 100, 100, *found], abs=1e-3)
    assert run_well([*words, "--semantics", "reference,oblique-cell", "--strict"], tmp_path).stderr == ""


@pytest.mark.parametrize(
    "cell", ["70 80 90", "70 70 90 90 90 120", "70 80 90 90 103 90", "70 80 90 97 90 90", "70 80 90 90 90 101.3"]
)
def test_report_04_cells_with_one_oblique_angle_are_right_and_keep_their_bits(cell, tmp_path):
    images = []
    for semantics in ("reference", "reference,oblique-cell"):
        words = ["-cell", *cell.split(), "-misset", 10, 20, 30, "-default_F", 1, "-N", 5, "-detpixels", 64, "-oversample", 3]
        assert run_well([*words, "--strict", "--quiet", "--semantics", semantics], tmp_path).stderr == ""
        images.append((tmp_path / "floatimage.bin").read_bytes())
    assert images[0] == images[1]


edges = st.floats(2, 5000)
triclinic = st.tuples(edges, edges, edges, *[st.floats(20, 160)] * 3)
rhombohedral = st.builds(lambda a, alpha: (a, a, a, alpha, alpha, alpha), edges, st.floats(20, 118))


def primitive(edges_of_conventional, centring):
    """Return the primitive cell of a centred orthorhombic one."""
    half = np.array(edges_of_conventional) / 2
    rows = {"F": [[0, 1, 1], [1, 0, 1], [1, 1, 0]], "I": [[-1, 1, 1], [1, -1, 1], [1, 1, -1]]}[centring]
    a, b, c = np.array(rows) * half
    return (*(float(np.linalg.norm(axis)) for axis in (a, b, c)), *angles_of(a, b, c))


centred = st.builds(primitive, st.tuples(*[st.floats(10, 300)] * 3), st.sampled_from("FI"))
cells = triclinic | rhombohedral | centred
turns = st.none() | st.tuples(*[st.floats(-180, 180)] * 3)


def is_possible(cell):
    """Return True if there is such a cell."""
    try:
        nb.UnitCell(*cell)
    except nb.ModelError:
        return False
    return True


@settings(max_examples=300, deadline=None)
@given(cells, turns)
def test_report_04_any_cell_gives_back_its_edges_and_angles(cell, misset):
    assume(is_possible(cell))
    made = with_cell(cell, misset_deg=misset)
    assert not any("oblique-cell" in text for text in made.warnings)
    assert cell_of(made) == pytest.approx(cell, rel=tolerances.CELL_AS_ASKED, abs=0)
    a, b, c, *stars = (np.array(made.geometry[axis]) for axis in ("a", "b", "c", "a_star", "b_star", "c_star"))
    dual = 1e10 * np.array([a, b, c]) @ np.array(stars).T
    flatness = made.geometry["volume"] / math.prod(cell[:3])
    assert np.abs(dual - np.eye(3)).max() < 1e-12 / flatness


def gemmis_axes(cell):
    """Return the rows a, b, c of gemmi's crystal, in Angstrom."""
    return np.array(gemmi.UnitCell(*cell).orth.mat.tolist()).T


@settings(max_examples=300, deadline=None)
@given(cells, turns)
def test_report_04_the_crystal_is_gemmis_up_to_a_rotation(cell, misset):
    assume(is_possible(cell))
    made = with_cell(cell, misset_deg=misset)
    ours = 1e10 * np.array([made.geometry[axis] for axis in "abc"])
    theirs = gemmis_axes(cell)
    flatness = made.geometry["volume"] / math.prod(cell[:3])
    assume(flatness > 1e-3)  # gemmi's own digits: it has the sine of one angle from the cosines of all
    rotation = np.linalg.solve(theirs, ours)
    assert np.abs(rotation @ rotation.T - np.eye(3)).max() < tolerances.CELL_AS_ASKED / flatness
    assert np.linalg.det(rotation) > 0
    assert made.geometry["volume"] == pytest.approx(gemmi.UnitCell(*cell).volume, rel=tolerances.CELL_AS_ASKED / flatness)


@pytest.mark.parametrize("cell", [(70, 80, 90, 75, 85, 95), (60, 60, 60, 60, 60, 60), (50, 60, 70, 109.4, 109.5, 109.6)])
def test_report_04_the_image_is_that_of_gemmis_matrix(cell, tmp_path):
    """The setting too: a* along x and b* in the plane of x and y."""
    stars = np.linalg.inv(gemmis_axes(cell)).T
    x = stars[0] / np.linalg.norm(stars[0])
    z = np.cross(stars[0], stars[1])
    z /= np.linalg.norm(z)
    setting = stars @ np.array([x, np.cross(z, x), z]).T
    (tmp_path / "gemmi.mat").write_text("\n".join(" ".join(repr(float(v)) for v in row) for row in setting.T) + "\n")
    fixed = "-misset 10 20 30 -default_F 100 -N 5 -lambda 1 -distance 100 -pixel 0.4 -detpixels 64 -oversample 2 -nonoise -nopgm"
    images = {}
    for name, words in {
        "matrix": "-mat gemmi.mat",
        "corrected": f"-cell {' '.join(map(str, cell))} --semantics reference,oblique-cell",
        "defect": f"-cell {' '.join(map(str, cell))}",
    }.items():
        run_well([*words.split(), *fixed.split()], tmp_path)
        images[name] = float_image(tmp_path, (64, 64)).astype("f8")
    peak = images["matrix"].max()
    assert np.abs(images["corrected"] - images["matrix"]).max() <= tolerances.CELL_AS_MATRIX * peak
    assert np.abs(images["defect"] - images["matrix"]).max() > 0.01 * peak


# Columns a*, b*, c* of a triclinic crystal, wavelength 1.
MATRIX = "0.02 -0.002 0\n0.001 0.017 0.004\n0 0.003 0.013\n"


def test_report_04_a_matrix_alone_is_not_involved(tmp_path):
    (tmp_path / "a.mat").write_text(MATRIX)
    words = ["-mat", "a.mat", "-lambda", 1, "-default_F", 1, "-N", 5, "-detpixels", 32, "-oversample", 1]
    images = []
    for semantics in ("reference", "reference,oblique-cell"):
        assert "oblique-cell" not in run_well([*words, "--quiet", "--semantics", semantics], tmp_path).stderr
        images.append((tmp_path / "floatimage.bin").read_bytes())
    assert images[0] == images[1]


def test_report_04_a_matrix_gives_the_angles_and_says_so(tmp_path):
    (tmp_path / "a.mat").write_text(MATRIX)
    words = ["-mat", "a.mat", "-lambda", 1, "-default_F", 1, "-N", 5, "-detpixels", 4]
    angles = angles_of(*np.linalg.inv(np.array(MATRIX.split(), float).reshape(3, 3)))
    for semantics in ("reference", "corrected"):
        done = run_well([*words, "-cell", 55, 66, 77, 90, 90, 90, "--semantics", semantics], tmp_path)
        said = "-cell: the angles 90 90 90 have no effect: those of the matrix count, {:.6g} {:.6g} {:.6g} [no-effect]"
        assert said.format(*angles) in done.stderr
        # Edges alone contradict nothing, nor do angles that the matrix has, too.
        for silent in ([55, 66, 77], [55, 66, 77, *angles]):
            assert "no-effect" not in run_well([*words, "-cell", *silent, "--semantics", semantics], tmp_path).stderr


def test_report_04_a_matrix_with_edges_has_one_volume():
    matrix = np.array(MATRIX.split(), float).reshape(3, 3)
    made = nb.Experiment(
        crystal=nb.Crystal(cell=nb.UnitCell(55, 66, 77), mosflm_matrix=matrix),
        beam=nb.Beam(wavelength_angstrom=1),
        structure_factors=1.0,
        detector=nb.Detector.mosflm(pixels=(4, 4)),
        semantics="corrected",
    )
    assert cell_of(made) == pytest.approx([55, 66, 77, *angles_of(*np.linalg.inv(matrix))], rel=tolerances.CELL_AS_ASKED)
    for axis in "abc":
        product = 1e10 * np.dot(made.geometry[axis], made.geometry[f"{axis}_star"])
        assert product == pytest.approx(1, rel=tolerances.CELL_AS_ASKED)
