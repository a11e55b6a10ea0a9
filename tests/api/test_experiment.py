"""Experiments from command lines, from objects and from plain data: the same bits."""

import copy
import dataclasses
import hashlib
import json
import pickle

import nbhybrid as nb
import numpy as np
import pytest
import tolerances
from helpers import GOLDEN

CASES = json.loads((GOLDEN / "cases.json").read_text())
BIG = "lyso_supervisor"
CELL = nb.UnitCell(70, 80, 90, 75, 85, 95)
CRYSTAL = nb.Crystal(cell=CELL, misset_deg=(10, 20, 30), n_cells=5)
WORDS = "-cell 70 80 90 75 85 95 -misset 10 20 30 -N 5 -default_F 100 -oversample 1 -pixel 0.8"
ONE = nb.Sampling(oversample=1)


def digest(image):
    return hashlib.sha256(image.tobytes()).hexdigest()


def small(**parts):
    """Return a small experiment with these parts."""
    usual = {"crystal": CRYSTAL, "structure_factors": 100, "sampling": ONE}
    usual["detector"] = nb.Detector.mosflm(pixels=(20, 24), pixel_size_mm=0.8)
    return nb.Experiment(**(usual | parts))


def same(experiment, words):
    """Return True if the experiment gives the image of this command line, bit for bit."""
    return digest(nb.simulate(experiment)) == digest(nb.simulate(nb.Experiment.from_args(words.split())))


@pytest.mark.parametrize("name", sorted(set(CASES) - {BIG}))
def test_golden_images(name, golden_folder, monkeypatch):
    monkeypatch.chdir(golden_folder)
    experiment = nb.Experiment.from_args(CASES[name]["args"].split())
    image = nb.simulate(experiment)
    if tolerances.exact_units() == 0:
        assert digest(image) == CASES[name]["float_sha256"]
    again = nb.Experiment.from_json(experiment.to_json())
    assert again == experiment
    assert digest(nb.simulate(again)) == digest(image)


def test_a_command_line_needs_its_files_once(tmp_path, monkeypatch):
    """What is made of it holds what was read and what was drawn."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "A.mat").write_text("0.0123 0.001 0.002 -0.001 0.0111 0.0015 0.0 0.002 0.0105\n")
    (tmp_path / "s.txt").write_text("-10 0 0 1 1e-10\n-10 0.01 0 2 1.01e-10\n")
    (tmp_path / "f.hkl").write_text("".join(f"{h} {k} -1 {h + k + 20}\n" for h in range(-2, 3) for k in (0, 1)))
    words = "-mat A.mat -sourcefile s.txt -hkl f.hkl -misset random -N 5 -oversample 1 -pixel 0.8 -detpixels 20 -dump d.bin"
    experiment = nb.Experiment.from_args(words)
    image = nb.simulate(experiment)
    assert image.max() > 0
    for name in ("A.mat", "s.txt", "f.hkl"):
        (tmp_path / name).unlink()
    assert (nb.simulate_batch(experiment, np.eye(3)[None])[0] == image).all()
    # The objects say all of it, the seed of the orientation too.
    assert isinstance(experiment.crystal.misset_seed, int)
    again = nb.Experiment.from_dict(experiment.to_dict())
    assert again == experiment
    assert again.geometry == experiment.geometry
    assert (nb.simulate(again) == image).all()


SIZE = {"pixels": (20, 24), "pixel_size_mm": 0.8}
PIXELS = "-detpixels_s 20 -detpixels_f 24"
PLACEMENTS = {
    "mosflm": (nb.Detector.mosflm(**SIZE, distance_mm=90, beam_center_mm=(7.3, 9.1)), "-mosflm -distance 90 -Xbeam 7.3 -Ybeam 9.1"),
    "adxv": (nb.Detector.adxv(**SIZE, distance_mm=90, beam_center_mm=(7.3, 9.1)), "-adxv -distance 90 -Xbeam 7.3 -Ybeam 9.1"),
    "denzo": (nb.Detector.denzo(**SIZE, beam_center_mm=(7.3, None)), "-denzo -Xbeam 7.3"),
    "dials": (nb.Detector.dials(**SIZE, beam_center_mm=(7.3, 9.1), twotheta_deg=20), "-dials -Xbeam 7.3 -Ybeam 9.1 -twotheta 20"),
    "xds": (
        nb.Detector.xds(**SIZE, org=(11.5, 9.25), rotation_deg=(1, 2, 3)),
        "-xds -ORGX 11.5 -ORGY 9.25 -detector_rotx 1 -detector_roty 2 -detector_rotz 3",
    ),
    "close": (nb.Detector.xds(**SIZE, close_distance_mm=80, close_mm=(6, 7)), "-xds -close_distance 80 -Xclose 6 -Yclose 7"),
    "custom": (
        nb.Detector.custom(
            **SIZE,
            beam_center_mm=(8, 9),
            fast_axis=(0.1, 0, 1),
            slow_axis=(0, -1, 0),
            normal=(0, 0, 0),
            pivot="sample",
            twotheta_deg=7,
        ),
        "-fdet_vector 0.1 0 1 -sdet_vector 0 -1 0 -odet_vector 0 0 0 -Xbeam 8 -Ybeam 9 -twotheta 7",
    ),
    "sensor": (
        nb.Detector.mosflm(**SIZE, sensor=nb.Sensor(thickness_um=450, attenuation_depth_um=300, layers=3)),
        "-detector_abs 300 -detector_thick 450 -detector_thicksteps 3",
    ),
    "curved": (nb.Detector.mosflm(**SIZE, curved=True), "-curved_det 1"),
    "point pixel": (nb.Detector.mosflm(**SIZE, point_pixel=True), "-point_pixel"),
    "region": (nb.Detector.mosflm(**SIZE, region=(3, 11, None, 17)), "-roi -1 17 3 11"),
    "size": (nb.Detector.mosflm(size_mm=(16.1, 19), pixel_size_mm=0.8), "-detsize_s 16.1 -detsize_f 19"),
}


@pytest.mark.parametrize("name", PLACEMENTS)
def test_detectors_by_hand(name):
    detector, words = PLACEMENTS[name]
    size = "" if name == "size" else PIXELS
    assert same(small(detector=detector), f"{WORDS} {size} {words}")


OTHERS = {
    "shape": (
        {"crystal": dataclasses.replace(CRYSTAL, shape="gauss", fudge=0.3, n_cells=(3, 4, 5))},
        "-gauss_xtal -fudge 0.3 -Na 3 -Nb 4 -Nc 5",
    ),
    "mosaic": (
        {"crystal": dataclasses.replace(CRYSTAL, mosaic_spread_deg=0.7, mosaic_domains=4, mosaic_seed=5)},
        "-mosaic 0.7 -mosaic_domains 4 -mosaic_seed 5",
    ),
    "size": ({"crystal": dataclasses.replace(CRYSTAL, size_mm=(3e-5, 2e-5, 4e-5))}, "-xtal_x 3e-5 -xtal_y 2e-5 -xtal_z 4e-5"),
    "random": (
        {"crystal": dataclasses.replace(CRYSTAL, misset_deg="random", misset_seed=7)},
        "-misset random -misset_seed 7",
    ),
    "energy": ({"beam": nb.Beam(energy_ev=9000, fluence=1e20)}, "-energy 9000 -fluence 1e20"),
    "flux": ({"beam": nb.Beam(flux=1e18, exposure_s=0.1, size_mm=0.05)}, "-flux 1e18 -exposure 0.1 -beamsize 0.05"),
    "polarization": ({"beam": nb.Beam(polarization=0.8)}, "-polar 0.8"),
    "no polarization": ({"beam": nb.Beam(polarization=None)}, "-nopolar"),
    "divergence": (
        {
            "beam": nb.Beam(
                horizontal_divergence_mrad=nb.Spread(5, 3), vertical_divergence_mrad=2, dispersion_percent=nb.Spread(1, 3)
            )
        },
        "-hdivrange 5 -hdivsteps 3 -vdivrange 2 -dispersion 1 -dispsteps 3",
    ),
    "scan": ({"scan": nb.Scan(phi_deg=3, range_deg=2, steps=4)}, "-phi 3 -osc 2 -phisteps 4"),
    "sampling": (
        {"sampling": nb.Sampling(oversample=2, recompute_solid_angle=True, dmin_angstrom=8, water_um=20)},
        "-oversample 2 -oversample_omega -dmin 8 -water 20",
    ),
    "semantics": ({"scan": nb.Scan(range_deg=2, steps=4), "semantics": "corrected"}, "-osc 2 -phisteps 4 --semantics corrected"),
}


@pytest.mark.parametrize("name", OTHERS)
def test_the_rest_by_hand(name):
    parts, words = OTHERS[name]
    assert same(small(**parts), f"{WORDS} {PIXELS} {words}")


def test_axes_of_beam_and_scan(tmp_path):
    detector = nb.Detector.custom(**SIZE, fast_axis=(0, 0, 1), slow_axis=(0, -1, 0), normal=(1, 0, 0), twotheta_axis=(0, 1, 0))
    beam = nb.Beam(direction=(1, 0.02, 0.01), polarization_axis=(0, 1, 0.3), polarization=0.9)
    experiment = small(detector=detector, beam=beam, scan=nb.Scan(axis=(0.1, 1, 0), range_deg=3, steps=2))
    axes = "-fdet_vector 0 0 1 -sdet_vector 0 -1 0 -odet_vector 1 0 0 -beam_vector 1 0.02 0.01 -polar_vector 0 1 0.3 -polar 0.9"
    assert same(experiment, f"{WORDS} {PIXELS} {axes} -spindle_axis 0.1 1 0 -osc 3 -phisteps 2")


def test_sources_mask_and_matrix(golden_folder, monkeypatch):
    monkeypatch.chdir(golden_folder)
    rows = np.array([[-10, 0.1, 0, 1, 1e-10], [-10, 0, 0.05, 1, 1.01e-10]])
    np.savetxt("mine.src", rows, "%.17g")
    sources = nb.Sources(rows[:, :3], [1.0, 1.01])
    along = nb.Sources(None, [1.0, 1.01])
    assert nb.Sources.from_dict(along.to_dict()) == along == copy.deepcopy(along)
    given = nb.Sources([[-1, 0, 0]] * 2, [1.0, 1.01])
    assert digest(nb.simulate(small(beam=nb.Beam(sources=along)))) == digest(nb.simulate(small(beam=nb.Beam(sources=given))))
    matrix = [[0.02, 0.001, 0], [0, 0.015, 0.001], [0.0005, 0, 0.011]]
    np.savetxt("mine.mat", matrix, "%.17g")
    crystal = nb.Crystal(mosflm_matrix=matrix, n_cells=5)
    experiment = small(crystal=crystal, beam=nb.Beam(sources=sources))
    words = "-mat mine.mat -N 5 -default_F 100 -oversample 1 -pixel 0.8 -sourcefile mine.src"
    assert same(experiment, f"{words} {PIXELS}")
    mask = np.ones((20, 24), bool)
    mask[3:9, 5:12] = False
    image = nb.simulate(experiment.replace(detector=nb.Detector.mosflm(**SIZE, mask=mask)))
    assert (image[~mask] == 0).all()
    assert (image[mask] == nb.simulate(experiment)[mask]).all()


def test_structure_factors_from_everywhere(tmp_path):
    rng = np.random.default_rng(3)
    grid = rng.uniform(1, 99, (9, 11, 13)).round(3)
    origin = (-4, -5, -6)
    hkl = np.stack(np.meshgrid(*(np.arange(o, o + n) for o, n in zip(origin, grid.shape, strict=True)), indexing="ij"), -1)
    rows = hkl.reshape(-1, 3)
    np.savetxt(tmp_path / "f.hkl", np.column_stack([rows, grid.ravel()]), "%d %d %d %.3f")
    made = {
        "file": nb.StructureFactors.from_file(tmp_path / "f.hkl", 7),
        "arrays": nb.StructureFactors.from_arrays(rows, grid.ravel(), 7),
        "float32": nb.StructureFactors.from_arrays(rows.astype(np.int16), grid.ravel().tolist(), 7),
        "grid": nb.StructureFactors.from_grid(grid, origin, 7),
        "strided": nb.StructureFactors.from_grid(np.asfortranarray(grid), origin, 7),
    }
    images = {name: digest(nb.simulate(small(structure_factors=f))) for name, f in made.items()}
    assert len(set(images.values())) == 1, images
    for f in made.values():
        assert f.origin == origin
        assert f.default == 7
        assert (f.grid == grid).all()
        assert not f.grid.flags.writeable
        assert nb.StructureFactors.from_dict(f.to_dict()) == f
    sparse = nb.StructureFactors.from_arrays([[0, 0, 1], [2, 0, 0], [2, 0, 0]], [5, 6, 8], 3)
    assert sparse.grid[2, 0, 0] == 8
    assert sparse.grid[1, 0, 0] == 3


def test_interpolation_can_be_chosen():
    f = nb.StructureFactors.from_grid(np.random.default_rng(1).uniform(1, 99, (51, 51, 51)), (-25, -25, -25))
    images = [nb.simulate(small(structure_factors=f.replace(interpolate=choice))) for choice in (None, False, True)]
    assert digest(images[0]) == digest(images[1]) != digest(images[2])


def test_fractions_of_cells():
    """Corrected semantics take them, and keep them through all ways that experiments travel; the reference has none."""
    crystal = CRYSTAL.replace(n_cells=(5.5, 4.0, np.float32(3.25)))
    assert crystal.n_cells == (5.5, 4, 3.25)
    assert [type(n) for n in crystal.n_cells] == [float, int, float]
    experiment = small(crystal=crystal, semantics="corrected")
    assert [experiment.configuration["crystal"][f"cells_{axis}"] for axis in "abc"] == [5.5, 4, 3.25]
    assert nb.Experiment.from_json(experiment.to_json()) == experiment
    words = WORDS.replace("-N 5", "-Na 5.5 -Nb 4 -Nc 3.25") + " -detpixels 8 --semantics corrected"
    assert nb.Experiment.from_args(words).crystal.n_cells == (5.5, 4, 3.25)
    with pytest.raises(nb.OptionError, match=r"-Na: found .5\.5., expected an integer"):
        nb.Experiment.from_args(words.replace("corrected", "reference"))
    for semantics in ("reference", "reference,spot-scale"):
        with pytest.raises(nb.ModelError, match=r"found 5\.5, expected a whole number of cells with the semantics reference"):
            experiment.replace(semantics=semantics)


def test_rotations():
    turn = np.array([[0, -1, 0], [1, 0, 0], [0, 0, 1.0]])
    crystal = nb.Crystal(cell=CELL, n_cells=5)
    before = small(crystal=crystal).geometry
    after = small(crystal=crystal.replace(rotation=turn)).geometry
    for name in ("a", "b", "c", "a_star", "b_star", "c_star"):
        assert after[name] == pytest.approx(turn @ before[name], rel=1e-13, abs=1e-13 * np.linalg.norm(before[name]))
    domains = small(crystal=crystal.replace(domain_rotations=[np.eye(3), turn]))
    single = [nb.simulate(small(crystal=crystal.replace(domain_rotations=[m]))) for m in (np.eye(3), turn)]
    assert np.allclose(nb.simulate(domains), (single[0] + single[1]) / 2, rtol=1e-6)
    assert digest(single[0]) == digest(nb.simulate(small(crystal=crystal)))


OBJECTS = [
    CELL, CRYSTAL, CRYSTAL.replace(rotation=np.eye(3), domain_rotations=np.eye(3)[None]), nb.Beam(horizontal_divergence_mrad=3),
    nb.Beam(sources=nb.Sources([[1, 0, 0]], [1], [2])), nb.Scan(steps=3, range_deg=1), ONE, nb.Sensor(layers=2, thickness_um=3),
    nb.Detector.xds(**SIZE, org=(None, 3), region=(1, None, None, 9), mask=np.ones((20, 24), "u2")),
    nb.StructureFactors.constant(4), nb.StructureFactors.from_arrays([[1, 2, 3]], [4.0]), small(),
]  # fmt: skip


@pytest.mark.parametrize("thing", OBJECTS, ids=lambda thing: type(thing).__name__)
def test_copies(thing):
    for other in (
        pickle.loads(pickle.dumps(thing)),
        copy.copy(thing),
        copy.deepcopy(thing),
        type(thing).from_dict(thing.to_dict()),
    ):
        assert other == thing
        assert hash(other) == hash(thing)
    assert type(thing).from_dict(json.loads(json.dumps(thing.to_dict()))) == thing
    assert thing != 3


@pytest.mark.parametrize("thing", OBJECTS, ids=lambda thing: type(thing).__name__)
def test_nothing_changes(thing):
    name = next(iter(thing.to_dict()))
    with pytest.raises(AttributeError):
        setattr(thing, name, None)
    for value in vars(thing).values():
        if isinstance(value, np.ndarray):
            assert not value.flags.writeable


def test_toml(tmp_path):
    tomllib = pytest.importorskip("tomllib", reason="this Python has no tomllib: TOML is NOT tested")
    text = """
        structure_factors.default = 100.0
        [crystal]
        cell = {a = 70, b = 80, c = 90, alpha = 75, beta = 85, gamma = 95}
        misset_deg = [10, 20, 30]
        n_cells = [5, 5, 5]
        [detector]
        pixels = [20, 24]
        pixel_size_mm = 0.8
        [sampling]
        oversample = 1
    """
    assert nb.Experiment.from_dict(tomllib.loads(text)) == small()


REFUSED = [
    (lambda: nb.UnitCell(0, 1, 1), "edges"),
    (lambda: nb.UnitCell(50, 60, 70, 10, 80, 160), "no unit cell"),
    (lambda: nb.Crystal(), "lattice"),
    (lambda: nb.Crystal(cell=CELL, shape="cube"), "shape"),
    (lambda: nb.Crystal(cell=CELL, misset_deg="random"), "misset_seed"),
    (lambda: nb.Crystal(cell=CELL, misset_deg="anyhow"), "misset_deg"),
    (lambda: nb.Crystal(cell=CELL, n_cells=(1, 2)), "n_cells"),
    (lambda: nb.Crystal(cell=CELL, rotation=np.ones((3, 3))), "rotation"),
    (lambda: nb.Crystal(cell=CELL, rotation=np.ones((2, 3, 3))), "rotation"),
    (lambda: nb.Beam(wavelength_angstrom=0), "wavelength_angstrom"),
    (lambda: nb.Beam(wavelength_angstrom=1, energy_ev=9000), "one of them"),
    (lambda: nb.Sources([[0, 0, 1]], [1, 2]), "wavelengths_angstrom"),
    (lambda: nb.Sources(np.zeros((0, 3)), []), "none"),
    (lambda: small(beam=nb.Beam(sources=nb.Sources([[0, 0, 0]], [1]))), "direction"),
    (lambda: nb.Detector.mosflm(), "size"),
    (lambda: nb.Detector.mosflm(**SIZE, fast_axis=(1, 0, 0)), "mosflm"),
    (lambda: nb.Detector(**SIZE, convention="cubist"), "convention"),
    (lambda: nb.Detector.mosflm(**SIZE, distance_mm=0), "distance_mm"),
    (lambda: small(beam=nb.Beam(direction=(0, 0, 1))), "beam.direction"),
    (lambda: small(scan=nb.Scan(axis=(0, 0, 1))), "scan.axis"),
    (lambda: small(detector=nb.Detector.mosflm(**SIZE, region=(50, 60, 0, 5))), "nothing inside"),
    (lambda: small(detector=nb.Detector.mosflm(pixels=(10**6, 10**6))), "GiB"),
    (lambda: small(detector=nb.Detector.mosflm(**SIZE, mask=np.ones((5, 5)) > 0)), "mask"),
    (lambda: small(structure_factors=0), "amplitude"),
    (lambda: small(crystal=3), "crystal"),
    (lambda: small(semantics="reference,typo"), "typo"),
    (lambda: nb.StructureFactors.from_arrays([[1, 2, 3]], [np.inf]), "amplitudes"),
    (lambda: nb.StructureFactors.from_arrays(np.zeros((0, 3), int), []), "no structure factors"),
    (lambda: nb.StructureFactors.from_file("absent.hkl"), "absent.hkl"),
    (lambda: nb.StructureFactors.from_grid(np.ones((2, 2, 2)), (0, 0, 2**62)), "spans l"),
    (lambda: nb.StructureFactors.from_grid(np.ones((2, 2, 2)), (-(10**9) - 1, 0, 0)), "spans h"),
    (lambda: nb.StructureFactors.from_grid(np.ones((2, 2, 2)), (0, 2**70, 0)), "origin"),
    (lambda: nb.StructureFactors.from_grid(np.ones((2, 2, 2)), (0, 0.5, 0)), "origin"),
    (lambda: nb.StructureFactors.from_grid(np.ones((2, 2, 2)), (0, 0)), "origin"),
    (lambda: nb.Experiment.from_dict({"crystal": {}}), "structure_factors"),
    (lambda: nb.Experiment.from_dict({"crytal": {}}), "crytal"),
    (lambda: nb.Crystal.from_dict({"cell": [50, 60, 70], "colour": 1}), "colour"),
    (lambda: nb.Experiment.from_json("{"), "JSON"),
    (lambda: nb.Experiment.from_args(["-lamda", "1"]), "-lamda"),
]  # fmt: skip


@pytest.mark.parametrize(("make", "needle"), REFUSED, ids=[needle for _, needle in REFUSED])
def test_what_cannot_be(make, needle):
    with pytest.raises(nb.Error) as refused:
        make()
    assert needle in str(refused.value)


def test_what_the_command_line_says_is_kept(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "f.hkl").write_text("1 0 0 5\n# an end\n2 0 0 5\n")
    words = [*WORDS.split(), "-spindle_axis", "0", "1", "0", "-hkl", "f.hkl"]
    lines = nb.Experiment.from_args(words).warnings
    assert any("-spindle_axis: the custom" in line for line in lines)
    assert any("f.hkl: line 2 begins with '#'" in line for line in lines)


def test_a_file_read_in_part_is_warned_about(tmp_path):
    (tmp_path / "f.hkl").write_text("1 0 0 5\n# an end\n2 0 0 5\n")
    with pytest.warns(UserWarning, match="line 2 begins with '#'"):
        nb.StructureFactors.from_file(tmp_path / "f.hkl", skip_comments=False)


def test_a_table_too_small_for_interpolation_is_warned_about():
    table = nb.StructureFactors.from_grid(np.full((2, 2, 2), 5.0), (0, 0, 0), interpolate=True)
    lines = nb.Simulator(small(structure_factors=table)).warnings
    assert any("interpolation-sticky" in line for line in lines)
