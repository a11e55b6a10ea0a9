"""What users reported of the Python objects, and of what the command line and they mean by the same input; by number."""

import inspect
import json
import re
import subprocess
import sys

import nbhybrid as nb
import numpy as np
import pytest
from helpers import GOLDEN, hkl_text, run, run_well
from nbhybrid import _core, hints
from nbhybrid.model import Model, parameters
from objects import CELL, QUIETLY, ROOT, SMALL, WORDS, names_of_warnings, small

# 24: a file with a comment is the same crystal for all


def commented(tmp_path, line=2):
    """Return a file of three rows with a comment in a line."""
    lines = ["1 0 0 5", "2 0 0 6", "3 0 0 7"]
    lines.insert(line - 1, "# a comment")
    path = tmp_path / "f.hkl"
    path.write_text("\n".join(lines) + "\n")
    return path


@pytest.mark.parametrize("semantics", ["reference", "corrected", "reference,comment-lines", "corrected@0.1"])
def test_report_24_a_file_with_a_comment_has_the_same_rows_for_all(semantics, tmp_path):
    path = commented(tmp_path)
    words = [*WORDS.split(), "-hkl", str(path), "--semantics", semantics]
    theirs, names = names_of_warnings(lambda: nb.Experiment.from_args(words))
    factors, early = names_of_warnings(lambda: nb.StructureFactors.from_file(path))
    ours, late = names_of_warnings(lambda: small(structure_factors=factors, semantics=semantics))
    rows = 1 if semantics == "reference" else 3
    assert theirs.configuration["structure_factors"]["h_range"] == ours.configuration["structure_factors"]["h_range"] == [1, rows]
    assert early == []
    assert late == names == (["comment-lines"] if rows == 1 else [])
    assert (nb.simulate(ours) == nb.simulate(theirs)).all()
    again = nb.Experiment.from_json(ours.to_json())
    assert again == ours
    other = again.replace(semantics="reference" if rows == 3 else "corrected")
    assert other.configuration["structure_factors"]["h_range"] == [1, 4 - rows]


def test_report_24_the_semantics_can_be_overruled(tmp_path):
    path = commented(tmp_path)
    for skip, rows in ((True, 3), (False, 1)):
        factors, names = names_of_warnings(lambda skip=skip: nb.StructureFactors.from_file(path, skip_comments=skip))
        assert names == ([] if skip else ["comment-lines"])
        for semantics in ("reference", "corrected"):
            assert small(structure_factors=factors, semantics=semantics).configuration["structure_factors"]["h_range"] == [1, rows]


def test_report_24_a_comment_in_the_first_line_is_an_error_that_tells_the_cure(tmp_path):
    path = commented(tmp_path, 1)
    done = run([*WORDS.split(), "-hkl", path, *QUIETLY], tmp_path)
    assert done.returncode == 2
    assert (
        "line 1 begins with '#', where reading ends, as in the reference: --semantics reference,comment-lines corrects it"
        in done.stderr
    )
    factors = nb.StructureFactors.from_file(path)
    with pytest.raises(nb.InputFileError, match=r'Experiment\(semantics="reference,comment-lines"\) corrects it'):
        small(structure_factors=factors)
    assert small(structure_factors=factors, semantics="corrected").configuration["structure_factors"]["h_range"] == [1, 3]
    assert nb.StructureFactors.from_dict(json.loads(json.dumps(factors.to_dict()))) == factors


def test_report_24_what_comes_after_a_comment_may_be_no_rows(tmp_path):
    path = tmp_path / "f.hkl"
    path.write_text("1 0 0 5\n# remarks\nnot a row\n")
    with pytest.raises(nb.InputFileError, match="line 3"):
        small(structure_factors=nb.StructureFactors.from_file(path), semantics="corrected")
    factors = nb.StructureFactors.from_file(path)
    assert small(structure_factors=factors).configuration["structure_factors"]["h_range"] == [1, 1]
    assert nb.StructureFactors.from_dict(factors.to_dict()) == factors


def test_report_24_what_was_read_is_not_corrected_afterwards(tmp_path):
    """An experiment of a command line has its files read; other semantics would need them read again."""
    experiment = nb.Experiment.from_args([*WORDS.split(), "-hkl", str(commented(tmp_path))])
    with pytest.raises(nb.ModelError, match="comment-lines acts where a command line is read"):
        experiment.replace(semantics="corrected")
    with pytest.raises(nb.ModelError, match="'--semantics', 'corrected'"):
        nb.Simulator(experiment, semantics="corrected")
    wet = nb.Experiment.from_args(f"{WORDS} -default_F 100 -water 3")
    assert wet.replace(semantics="corrected").warnings == []


# 25: reflections of an asymmetric unit


def sphere(largest=6):
    """Return all indices but 0 0 0 up to a largest."""
    line = range(-largest, largest + 1)
    return [(h, k, m) for h in line for k in line for m in line if (h, k, m) != (0, 0, 0)]


# What other programs write for Laue groups, and with Friedel mates.
UNITS = {
    "-1": (lambda h, k, m: m > 0 or (m == 0 and (h > 0 or (h == 0 and k > 0))), 4),
    "2/m": (lambda h, k, m: k >= 0 and (m > 0 or (m == 0 and h >= 0)), 2),
    "mmm": (lambda h, k, m: h >= 0 and k >= 0 and m >= 0, 1),
    "4/m": (lambda h, k, m: m >= 0 and ((h >= 0 and k > 0) or (h == 0 and k == 0)), 1),
    "4/mmm": (lambda h, k, m: h >= k >= 0 and m >= 0, 1),
    "-3": (lambda h, k, m: (h >= 0 and k > 0) or (h == 0 and k == 0 and m > 0), 2),
    "-3m1": (lambda h, k, m: h >= k >= 0 and (k > 0 or m >= 0), 2),
    "m-3m": (lambda h, k, m: k >= m and m >= h and h >= 0, 1),
}


@pytest.mark.parametrize("group", UNITS)
def test_report_25_an_asymmetric_unit_is_warned_of(group, tmp_path):
    is_in, octants = UNITS[group]
    rows = [(*hkl, 5.0) for hkl in sphere(9) if is_in(*hkl)]
    (tmp_path / "f.hkl").write_text(hkl_text(rows))
    done = run_well([*WORDS.split(), "-hkl", "f.hkl", *QUIETLY], tmp_path)
    assert f"f.hkl: its reflections lie in {octants} of the 8 octants" in done.stderr
    assert "[asymmetric-unit]" in done.stderr
    hkl = np.array(rows)[:, :3].astype(int)
    if group != "-1":
        hkl = np.concatenate([hkl, -hkl])
        octants *= 2
    for make in (
        lambda: nb.StructureFactors.from_file(tmp_path / "f.hkl"),
        lambda: nb.StructureFactors.from_arrays(hkl, np.full(len(hkl), 5.0)),
    ):
        with pytest.warns(nb.InputWarning, match="all others have StructureFactors") as record:
            make()
        assert [each.message.name for each in record] == ["asymmetric-unit"]
    assert f"lie in {octants} of the 8" in str(record[0].message)


def test_report_25_grids_too():
    with pytest.warns(nb.InputWarning, match="the grid: its reflections lie in 1 of the 8"):
        nb.StructureFactors.from_grid(np.ones((9, 9, 9)), (0, 0, 0))
    grid = np.zeros((19, 19, 19))
    grid[9:, 9:, 9:] = 3
    with pytest.warns(nb.InputWarning, match="lie in 1 of the 8"):
        nb.StructureFactors.from_grid(grid, (-9, -9, -9))


def test_report_25_whole_spheres_and_short_lists_are_not(tmp_path):
    rng = np.random.default_rng(25)
    whole = np.array(sphere())
    lists = {
        "all": whole,
        "some are missing": whole[rng.random(len(whole)) < 0.3],
        "few": [(1, 2, m) for m in range(1, 50)],
        "a layer": [hkl for hkl in sphere(9) if hkl[2] == 0],
    }
    for name, hkl in lists.items():
        _, names = names_of_warnings(lambda hkl=hkl: nb.StructureFactors.from_arrays(hkl, np.full(len(hkl), 5.0)))
        assert names == [], name
    assert names_of_warnings(lambda: nb.StructureFactors.from_grid(np.ones((9, 9, 9)), (-4, -4, -4)))[1] == []


def test_report_25_no_golden_table_is_warned_of():
    for path in (GOLDEN / "inputs").glob("*.hkl"):
        assert names_of_warnings(lambda path=path: nb.StructureFactors.from_file(path))[1] == [], path.name
    assert names_of_warnings(lambda: nb.StructureFactors.from_file(GOLDEN / "inputs" / "synth_Fdump.bin", dump=True))[1] == []


def test_report_25_it_is_said_where_files_are_described():
    assert re.search(r"-hkl FILE +amplitudes: .*no symmetry", _core.options_help())
    assert "asymmetric unit" in (ROOT / "docs" / "tutorial.md").read_text()


# 35: errors of objects


REFUSED = [
    (lambda: nb.Detector.mosflm(pixels=300), "Detector.pixels: found 300, expected (slow, fast), each a whole number of 1 or more"),
    (lambda: nb.Crystal(cell=CELL, n_cells=0.5), "Crystal.n_cells: found 0.5, expected a number of 1 or more, or three"),
    (lambda: small(crystal=nb.Crystal(cell=CELL, n_cells=5.5)), "Crystal(n_cells=...): found 5.5, expected a whole number"),
    (lambda: nb.Beam(wavelength=1), "Beam: there is no wavelength, did you mean wavelength_angstrom?"),
    (lambda: nb.Scan(osc_deg=1), "Scan: there is no osc_deg, did you mean range_deg?"),
    (lambda: nb.Sampling(oversample=-1), "Sampling.oversample: found -1, expected a whole number of 1 or more"),
    (lambda: nb.Sampling(oversample=True), "found True"),
    (lambda: small(structure_factors=np.ones((90, 90, 90))), "float64 numpy.ndarray of shape (90, 90, 90), expected a number"),
    (lambda: small(structure_factors="f.hkl"), "StructureFactors.from_file, .from_arrays or .from_grid"),
    (lambda: small(crystal=CELL), "Experiment.crystal: found a UnitCell, expected a Crystal"),
    (lambda: small(beam=0), "Experiment.beam: found 0, expected a Beam"),
    (lambda: small(n_cells=5), "did you mean Crystal(n_cells=...)?"),
    (lambda: small().replace(cristal=3), "did you mean crystal?"),
    (lambda: nb.Beam().replace(polar=1), "did you mean polarization?"),
    (lambda: nb.Beam.from_dict({"wavelength": 1}), "did you mean wavelength_angstrom?"),
    (lambda: nb.Beam.from_dict(5), "found 5, expected a dictionary"),
    (lambda: nb.StructureFactors.from_dict({}), "there is no 'default'"),
    (lambda: nb.StructureFactors.from_dict({"default": 1.0, "values_base64": "%", "origin": [0] * 3, "shape": [1] * 3}), "to_dict"),
    (lambda: nb.UnitCell(70, 80), "UnitCell: missing a required argument: 'c'"),
    (lambda: nb.UnitCell(70, 80, 90, 90, 90, 90, 90), "UnitCell: too many positional arguments"),
    (lambda: nb.Crystal(cell=[70, 80]), "missing a required argument: 'c'"),
    (lambda: nb.Experiment(crystal=SMALL["crystal"]), "Experiment: missing a required argument"),
    (lambda: nb.Detector.xds(convention="dials", pixels=(2, 2)), "Detector.xds: found convention='dials'"),
    (lambda: nb.Detector(panels=5), "Detector.panels: found 5"),
    (lambda: nb.Simulator(SMALL["crystal"]), "experiment: found a Crystal, expected an Experiment"),
    (lambda: nb.simulate(small(), oversample=3), "did you mean Sampling(oversample=...)?"),
    (lambda: nb.simulate_batch(SMALL["crystal"], np.eye(3)), "found a Crystal"),
    (lambda: nb.Simulator(small(), threads=0), "threads: found 0, expected a whole number of 1 or more"),
    (lambda: nb.Experiment.from_args("-cell '70"), "args: found"),
    (lambda: nb.Experiment.from_args(["-cell", None]), "found None among the words"),
    (lambda: nb.Experiment.from_args(5), "args: found 5, expected the options of nbhybrid run"),
]  # fmt: skip


@pytest.mark.parametrize(("make", "message"), REFUSED, ids=[message[:40] for _, message in REFUSED])
def test_report_35_what_is_wrong_and_what_was_expected(make, message):
    with pytest.raises(nb.Error) as refused:
        make()
    assert message in str(refused.value)
    assert "\n" not in str(refused.value)


EXAMPLES = {
    "UnitCell": CELL,
    "Crystal": nb.Crystal(cell=CELL, misset_seed=3),
    "Spread": nb.Spread(),
    "Sources": nb.Sources(None, [1.0, 1.1], [1.0, 2.0]),
    "Beam": nb.Beam(),
    "Sensor": nb.Sensor(),
    "Panel": nb.Panel(convention="custom", pixels=(20, 20)),
    "Detector": nb.Detector.custom(pixels=(20, 20)),
    "Scan": nb.Scan(),
    "Sampling": nb.Sampling(),
}
FIELDS = [(name, field) for name in EXAMPLES for field in parameters()[name]]
# Of none of them, whatever a field takes.
NONSENSE = [object(), "nonsense", np.ones((40, 41)), [1, 2, 3, 4, 5], {"nonsense": 1}, -1.5j]


@pytest.mark.parametrize(("name", "field"), FIELDS, ids=[f"{name}.{field}" for name, field in FIELDS])
def test_report_35_every_field_refuses_what_it_cannot_be(name, field):
    for value in NONSENSE:
        if field == "mask" and isinstance(value, np.ndarray):
            continue
        with pytest.raises(nb.Error) as refused:
            EXAMPLES[name].replace(**{field: value})
        text = str(refused.value)
        assert "\n" not in text, text
        assert len(text) < 300, text


NUMBERS = [
    (name, field)
    for name, field in FIELDS
    if field.endswith(("_mm", "_um", "_deg", "_angstrom", "_ev", "_s", "_percent", "_mrad"))
    or field in ("a", "b", "c", "alpha", "beta", "gamma", "fudge", "fluence", "flux", "range", "step", "polarization")
]


@pytest.mark.parametrize(("name", "field"), NUMBERS, ids=[f"{name}.{field}" for name, field in NUMBERS])
@pytest.mark.parametrize("value", [float("nan"), True, "1"], ids=["nan", "True", "text"])
def test_report_35_numbers_are_numbers(name, field, value):
    with pytest.raises(nb.Error, match=field):
        EXAMPLES[name].replace(**{field: value})


COUNTS = [
    ("Crystal", "mosaic_domains"), ("Spread", "steps"), ("Sensor", "layers"), ("Scan", "steps"),
    ("Sampling", "oversample"),
]  # fmt: skip


@pytest.mark.parametrize(("name", "field"), COUNTS)
@pytest.mark.parametrize("value", [0, -1, 2.0, True, 2**31])
def test_report_35_counts_are_whole_numbers(name, field, value):
    with pytest.raises(nb.ModelError, match=rf"{name}\.{field}: found .*whole number"):
        EXAMPLES[name].replace(**{field: value})
    assert getattr(EXAMPLES[name].replace(**{field: np.int64(3)}), field) in (3, (3, 3, 3))


def test_report_35_numbers_of_numpy_are_taken():
    beam = nb.Beam(wavelength_angstrom=np.float32(1.5), fluence=np.array(3.0), round_divergence=np.True_)
    assert (beam.wavelength_angstrom, beam.fluence, beam.round_divergence) == (1.5, 3.0, True)
    assert all(type(value) in (float, bool) for value in (beam.wavelength_angstrom, beam.fluence, beam.round_divergence))


def test_report_35_all_objects_check_names():
    kinds = [kind for kind in Model.__subclasses__() if kind.__module__.startswith("nbhybrid.")]
    kinds += [nb.Detector, nb.Experiment, nb.Simulator]
    assert len(kinds) > 10
    for kind in kinds:
        with pytest.raises(nb.ModelError, match="there is no qqqqqq, expected"):
            kind(qqqqqq=1)
        assert "args" not in inspect.signature(kind).parameters


HINTS = [
    ("Beam", "wavelength", "wavelength_angstrom"), ("Beam", "wave_length", "wavelength_angstrom"),
    ("Beam", "lambda", "wavelength_angstrom"), ("Beam", "energy", "energy_ev"), ("Beam", "energy_kev", "energy_ev"),
    ("Beam", "size_um", "size_mm"), ("Beam", "exposure", "exposure_s"), ("Beam", "polar", "polarization"),
    ("Beam", "flunce", "fluence"), ("Beam", "distance", "Detector(distance_mm=...)"), ("Beam", "spectrum", ""),
    ("Crystal", "N", "n_cells"), ("Crystal", "unit_cell", "cell"), ("Crystal", "misset", "misset_deg"),
    ("Crystal", "mosaic", "mosaic_spread_deg"), ("Crystal", "seed", "misset_seed or mosaic_seed"), ("Crystal", "colour", ""),
    ("Crystal", "matrix", "mosflm_matrix"), ("Detector", "distance", "distance_mm"), ("Detector", "detpixels", "pixels"),
    ("Detector", "detector_distance_mm", "distance_mm"), ("Detector", "pixel_mm", "pixel_size_mm"), ("Detector", "roi", "region"),
    ("Detector", "beam_center", "beam_center_mm"), ("Detector", "gain", ""), ("Scan", "osc_range", "range_deg"),
    ("Scan", "phi_steps", "steps"), ("Scan", "phisteps", "steps"), ("Sampling", "oversampel", "oversample"),
    ("Sampling", "d_min", "dmin_angstrom"), ("Sampling", "file_size_of_table", ""),
    ("Experiment", "hkl", "StructureFactors.from_file"),
]  # fmt: skip


@pytest.mark.parametrize(("owner", "word", "meant"), HINTS)
def test_report_35_hints_are_right_or_none(owner, word, meant):
    names = parameters().get(owner) or [*SMALL, "beam", "scan", "semantics"]
    assert hints.hint(word, names, owner) == meant


def test_report_35_a_text_is_split():
    text = "-cell 70 80 90 -N 5 -default_F 100 -detpixels 20 -oversample 2 -misset '10' 20 30"
    assert nb.Experiment.from_args(text) == nb.Experiment.from_args(text.replace("'", "").split())
    numbers = ["-cell", 70, 80.0, 90, "-N", 5, "-default_F", 100, "-detpixels", 20, "-oversample", 2, "-misset", 10, 20, 30]
    assert nb.Experiment.from_args(numbers) == nb.Experiment.from_args(text)
    assert nb.trace(text, [(3, 4)])[0]["F_cell"] == nb.trace(text.replace("'", "").split(), [(3, 4)])[0]["F_cell"]


@pytest.mark.parametrize(
    "words",
    [
        "-N 0", "-N -3", "-xtalsize -1", "-mosaic_domains 0", "-phisteps 0", "-osc 1 -phisteps 3 -phistep 0", "-dmin -1",
        "-oversample 0", "-flux 1e18 -exposure 0", "-flux 1e18 -beamsize -1", "-flux 0", "-hdivrange 0 -hdivsteps 3",
        "-detector_thicksteps 0", "-detector_thick -5", "-roi -1 5 -1 -1", "-dispersion 0 -dispsteps 3",
    ],
)  # fmt: skip
def test_report_35_what_the_command_line_takes_is_the_same_experiment(words, tmp_path):
    words = f"{WORDS} -default_F 100 -lambda 1.2 {words}".replace(
        "-oversample 2 ", "" if "-oversample 0" in words else "-oversample 2 "
    )
    run_well([*words.split(), "-floatfile", "f.bin", *QUIETLY], tmp_path)
    image = np.fromfile(tmp_path / "f.bin", "<f4")
    experiment = nb.Experiment.from_args(words)
    assert nb.simulate(experiment).tobytes() == image.tobytes()
    assert nb.simulate(nb.Experiment.from_json(experiment.to_json())).tobytes() == image.tobytes()


# 36: how much oversampling


def test_report_36_the_page_has_the_measured_errors():
    done = subprocess.run(
        [sys.executable, ROOT / "docs" / "oversampling.py", "--check"], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr


def undersampled(n_cells, oversample, **crystal):
    """Return the warning about the sampling of pixels of 0.2 mm; empty if there is none."""
    detector = nb.Detector.mosflm(pixels=(20, 20), pixel_size_mm=0.2)
    crystal = nb.Crystal(cell=nb.UnitCell(70, 80, 90), n_cells=n_cells, **crystal)
    lines = small(crystal=crystal, detector=detector, sampling=nb.Sampling(oversample=oversample)).warnings
    return next((line for line in lines if line.endswith("[undersampled]")), "")


def test_report_36_the_warning_tells_the_errors_and_asks_for_no_more_than_needed():
    assert "Sampling(oversample=1) a sub-pixel is 1.8 spots wide: the sums of single spots are off by about 97 %" in undersampled(
        10, 1
    )
    assert "brightest pixels by more than 100 %; Sampling(oversample=4) is enough" in undersampled(10, 1)
    assert "off by up to 2 %, their brightest pixels by about 5.2 %" in undersampled(10, 3)
    assert undersampled(10, 4) == ""
    assert undersampled(10, None) == ""
    assert "is enough" not in undersampled(10, 4, shape="tophat")
    assert "Sampling(oversample=6) would resolve them" in undersampled(10, 4, shape="tophat")


def test_report_36_what_is_enough_is_never_more_than_the_reference_takes():
    for spots in np.geomspace(0.01, 2000, 40):
        most = max(1, int(np.ceil(3 * spots)))
        enough = _core.sufficient_oversample(spots, most)
        assert 1 <= enough <= most
        assert enough == most or spots / enough <= 0.75
        assert enough == most or spots > 1000 or _core.expected_sampling_error(spots, enough)[1] <= 0.03


def test_report_36_expected_errors_are_those_of_the_sums_and_means():
    """Against numerical sums over sinc^2."""
    for spots, oversample in ((0.9, 1), (1.8, 1), (3.6, 2), (3.6, 7)):
        offsets = (np.arange(400) + 0.5) / 400 - 0.5
        places = (np.arange(oversample) + 0.5) / oversample - 0.5
        pixels = np.arange(-300, 301)
        samples = np.sinc(spots * (pixels[:, None, None] + places[:, None] - offsets)) ** 2
        sums = samples.mean(axis=1).sum(axis=0) * spots
        squares = (sums**2).mean()
        expected_sum, expected_pixel = _core.expected_sampling_error(spots, oversample)
        assert expected_sum == pytest.approx(np.sqrt(max(squares**2 - 1, 0)), abs=0.01)
        fine = (np.arange(500) + 0.5) / 500 - 0.5
        ratio = samples[300].mean(axis=0) / (np.sinc(spots * (fine[:, None] - offsets)) ** 2).mean(axis=0)
        rms = np.sqrt((ratio**2).mean() ** 2 - 2 * ratio.mean() ** 2 + 1)
        assert expected_pixel == pytest.approx(rms, rel=0.03)


# 37: what is shown is what is used


def test_report_37_a_beam_shows_the_fluence_that_is_used():
    beam = nb.Beam(flux=1e12, exposure_s=0.1, size_mm=0.05)
    assert beam.fluence == small(beam=beam).configuration["beam"]["fluence_photons_per_m2"] == pytest.approx(4e19)
    assert "fluence=4" in repr(beam)
    assert "1.259" not in repr(beam)
    assert nb.Beam(flux=1e12).fluence == small(beam=nb.Beam(flux=1e12)).configuration["beam"]["fluence_photons_per_m2"]
    words = f"{WORDS} -default_F 100 -fluence 3 -flux 1e12 -exposure 0.1 -beamsize 0.05"
    assert nb.Experiment.from_args(words).beam.fluence == beam.fluence
    assert nb.Beam.from_dict(beam.to_dict()) == beam
    assert "fluence=1.2593201528622709e+29" in repr(nb.Beam())


def test_report_37_flux_and_fluence_do_not_contradict_each_other():
    beam = nb.Beam(flux=1e12)
    with pytest.raises(nb.ModelError, match=r"found the flux .* and the fluence"):
        nb.Beam(flux=1e12, fluence=1e21)
    assert beam.replace(flux=2e12).fluence == 2 * beam.fluence
    assert beam.replace(size_mm=0.2).fluence == pytest.approx(beam.fluence / 4)
    assert (beam.replace(fluence=1e21).flux, beam.replace(fluence=1e21).fluence) == (None, 1e21)
    assert beam.replace(flux=None).fluence == nb.Beam().fluence
    with pytest.raises(nb.ModelError, match="size_mm"):
        nb.Beam(flux=1e12, size_mm=0)


@pytest.mark.parametrize(
    ("thing", "shown", "hidden"),
    [
        (nb.Beam(energy_ev=9000), ["energy_ev=9000.0"], ["wavelength_angstrom", "flux"]),
        (nb.Beam(), ["wavelength_angstrom=1.0", "fluence=1.2593201528622709e+29"], ["None", "flux="]),
        (nb.Beam(polarization=None), ["polarization=None"], ["corrected_for"]),
        (nb.Beam(exposure_s=3), [], ["exposure_s"]),
        (nb.Crystal(cell=CELL, mosaic_spread_deg=0.5), ["mosaic_domains=10", "n_cells=(1, 1, 1)"], ["mosaic_seed", "misset"]),
        (nb.Crystal(cell=CELL, mosaic_domains=5), [], ["mosaic"]),
        (nb.Crystal(cell=CELL, size_mm=(0.1, 0.1, 0.1)), ["size_mm=(0.1, 0.1, 0.1)"], ["n_cells"]),
        (nb.Crystal(cell=CELL, rotation=np.eye(3)), ["rotation=[[1.0, 0.0, 0.0]"], []),
        (nb.Detector.mosflm(pixels=(2, 3)), ["pixels=(2, 3)", "distance_mm=100.0"], ["pivot", "None"]),
        (nb.Detector.xds(pixels=(2, 3), close_distance_mm=80), ["close_distance_mm=80.0"], [" distance_mm"]),
        (nb.Detector(pixels=(2, 3), mask=np.ones((2, 3000))[:, :3] > 0), ["mask=[[1, 1, 1], [1, 1, 1]]"], []),
        (nb.Detector(panels=(nb.Panel(pixels=(2, 3)),)), ["panels=(Panel("], ["convention='mosflm', distance"]),
        (nb.Detector(pixels=(50, 50), mask=np.ones((50, 50)) > 0), ["mask=<uint16 array of shape (50, 50)>"], []),
        (nb.Scan(range_deg=1), ["range_deg=1.0"], ["steps", "None"]),
        (nb.Sampling(), [], ["oversample"]),
        (nb.StructureFactors.constant(4), ["others 4.0"], []),
        (nb.StructureFactors.from_grid(np.ones((2, 3, 4)), (0, -1, 2)), ["h 0..1, k -1..1, l 2..5; others 0.0"], []),
    ],
)
def test_report_37_reprs_show_what_is_in_force(thing, shown, hidden):
    text = repr(thing)
    assert all(part in text for part in shown), text
    assert not any(part in text for part in hidden), text
    assert "\n" not in text


def test_report_37_a_new_value_takes_the_place_of_what_it_is_instead_of():
    assert nb.Beam(energy_ev=9000).replace(wavelength_angstrom=1.5).wavelength == 1.5
    assert nb.Crystal(cell=CELL, size_mm=(0.1, 0.1, 0.1)).replace(n_cells=5).size_mm is None
    assert nb.Detector(pixels=(2, 2), close_distance_mm=80).replace(distance_mm=90).close_distance_mm is None
