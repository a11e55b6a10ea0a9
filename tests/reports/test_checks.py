"""Input that is legal and can hardly be meant: values in another unit, sources beside the beam, matrices of another kind."""

import gzip

import nbhybrid as nb
import numpy as np
import pytest
from helpers import error_line, float_image, run, run_well, snapshot

# The command line that the reports are about.
BASE = "-cell 79 79 38 90 90 90 -default_F 10 -detpixels 64 -pixel 0.5 -lambda 1 -N 5 -nopgm -nonoise -distance 80 -oversample 1"
MATRIX = "-default_F 10 -detpixels 16 -pixel 0.5 -lambda 1 -N 5 -nopgm -nonoise -distance 80 -oversample 1"
CRYSTAL = nb.Crystal(cell=nb.UnitCell(79, 79, 38), n_cells=5)


def replaced(option, value):
    """Return the words of the base with another value of an option, or with one more option."""
    words = BASE.split()
    if option in words:
        words[words.index(option) + 1] = value
        return words
    return [*words, option, value]


def warnings_of(done, name):
    """Return the texts of the warnings of this name that a run gave."""
    return [line for line in done.stderr.splitlines() if line.endswith(f"[{name}]")]


def experiment(**parts):
    """Return an experiment of objects like the base."""
    parts = {
        "crystal": CRYSTAL,
        "structure_factors": 10.0,
        "detector": nb.Detector.mosflm(pixels=(16, 16), pixel_size_mm=0.5, distance_mm=80),
        "sampling": nb.Sampling(oversample=1),
        **parts,
    }
    return nb.Experiment(**parts)


# --- sources


@pytest.mark.parametrize(
    ("rows", "needles"),
    [
        ("-1 0 0 1 1.0\n", ("line 1", "wavelength 1 m", "1e-10 is an Angstrom", "lambda=1")),
        ("-1 0 0 1 1e-10\n-1 0 0 1 0.9768\n", ("line 2", "wavelength 0.9768 m")),
        ("-1 0 0 1 1e-14\n", ("line 1", "wavelength 1e-14 m")),
        (
            "1.0e-10 1\n",
            ("line 1", "90 degrees off the beam", "2 columns are read as X=1e-10 Y=1, by default Z=0 weight=1 lambda=1e-10"),
        ),
        ("0 0 -1 1 1e-10\n0 1 -1 1 1e-10\n1 0 -1 1 1e-10\n", ("line 3", "135 degrees off the beam", "around -1 0 0")),
        ("1 0 0 1 1e-10\n", ("180 degrees off",)),
    ],
)
def test_report_10_sources_that_cannot_be_meant_are_errors(rows, needles, tmp_path):
    (tmp_path / "s.txt").write_text(rows)
    before = snapshot(tmp_path)
    line = error_line(run([*BASE.split(), "-sourcefile", "s.txt"], tmp_path))
    assert line.startswith("nbhybrid: error: s.txt: line ")
    assert [needle for needle in needles if needle not in line] == []
    assert snapshot(tmp_path) == before


def test_report_10_the_way_of_the_beam_is_that_of_the_convention(tmp_path):
    # Along z, as XDS has it: no error there, and one with MOSFLM.
    (tmp_path / "s.txt").write_text("0 0 -1 1 1e-10\n")
    assert warnings_of(run_well([*BASE.split(), "-xds", "-sourcefile", "s.txt"], tmp_path), "source-direction") == []
    found = warnings_of(run_well([*BASE.split(), "-sourcefile", "s.txt"], tmp_path), "source-direction")
    assert len(found) == 1
    assert "90 degrees off the beam" in found[0]


@pytest.mark.parametrize(("degrees", "warned"), [(0.5, False), (9.9, False), (10.1, True), (45, True), (89, True)])
def test_report_10_sources_beside_the_beam_are_warned_about(degrees, warned, tmp_path):
    angle = np.radians(degrees)
    (tmp_path / "s.txt").write_text(f"-10 0 0 1 1e-10\n{-10 * np.cos(angle):.9g} {10 * np.sin(angle):.9g} 0 1 1e-10\n")
    found = warnings_of(run_well([*BASE.split(), "-sourcefile", "s.txt"], tmp_path), "source-direction")
    assert len(found) == warned
    if warned:
        assert "s.txt: line 2" in found[0]
        assert f"{degrees:.3g} degrees" in found[0]


def test_report_10_objects_have_the_same_check_in_their_words():
    beam = nb.Beam(sources=nb.Sources([(-1, 0, 0), (-1, 0, 0)], [1.0, 1e10]))
    with pytest.raises(nb.ModelError, match=r"Sources: wavelengths_angstrom\[1\].*1e\+10 Angstrom, expected 0.001 to 1000"):
        experiment(beam=beam)
    with pytest.raises(nb.ModelError, match=r"Sources: directions\[0\].*180 degrees off the beam"):
        experiment(beam=nb.Beam(sources=nb.Sources([(1, 0, 0)], [1.0])))
    with pytest.warns(nb.InputWarning, match=r"Sources: directions\[1\].*14 degrees .*\[source-direction\]"):
        experiment(beam=nb.Beam(sources=nb.Sources([(-1, 0, 0), (-4, 1, 0)], [1.0, 1.0])))


def test_report_10_a_comment_that_the_reference_reads_keeps_its_own_warning(tmp_path):
    (tmp_path / "s.txt").write_text("-10 0 0 1 1e-10\n# -10 0.01 0 1 1e-10\n")
    done = run_well([*BASE.split(), "-sourcefile", "s.txt"], tmp_path)
    assert len(warnings_of(done, "comment-lines")) == 1
    assert warnings_of(done, "source-direction") == []


# --- units


UNITS = [
    ("-energy", "12.4", "12.4 looks like keV"),
    ("-energy", "12398420", "outside of 247.968 to 123984 eV"),
    ("-lambda", "0.05", "outside of 0.1 to 50 A"),
    ("-lambda", "12398", "12398 looks like eV"),
    ("-pixel", "100", "100 looks like micrometres"),
    ("-pixel", "0.0001", "0.0001 looks like metres"),
    ("-distance", "0.08", "0.08 looks like metres"),
    ("-distance", "250000", "250000 looks like micrometres"),
    ("-close_distance", "0.08", "0.08 looks like metres"),
]


@pytest.mark.parametrize(("option", "value", "needle"), UNITS, ids=[f"{option} {value}" for option, value, _ in UNITS])
def test_report_11_a_number_in_the_wrong_unit(option, value, needle, tmp_path):
    found = warnings_of(run_well([*replaced(option, value), "-detpixels", "16"], tmp_path), "unit")
    assert len(found) == 1
    assert f"{option} {value}" in found[0]
    assert needle in found[0]


def test_report_11_an_error_that_a_wrong_unit_causes_says_so(tmp_path):
    line = error_line(run([*replaced("-lambda", "1e-10"), "-detpixels", "16"], tmp_path))
    assert line.endswith("too large for a wavelength of 1e-10 Angstrom; -lambda 1e-10 looks like metres")
    with pytest.raises(nb.SizeError, match="looks like metres"):
        experiment(beam=nb.Beam(wavelength_angstrom=1e-10))


@pytest.mark.parametrize(("cell", "needle"), [("0.79 0.79 0.38", "looks like nm"), ("7900 7900 3800", "7900 looks like pm")])
def test_report_11_cell_edges(cell, needle, tmp_path):
    words = [*BASE.split(), "-cell", *cell.split(), "-detpixels", "16"]
    found = warnings_of(run_well(words, tmp_path), "unit")
    assert len(found) == 1
    assert needle in found[0]


@pytest.mark.parametrize(
    ("option", "value"),
    [
        *(("-lambda", value) for value in ("0.1001", "49.9")),
        *(("-energy", value) for value in ("248", "123984")),
        *(("-pixel", value) for value in ("0.001", "5")),
        *(("-distance", value) for value in ("1", "100000")),
    ],
)
def test_report_11_the_ends_of_the_range_are_plausible(option, value, tmp_path):
    assert warnings_of(run_well([*replaced(option, value), "-detpixels", "16"], tmp_path), "unit") == []


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda: {"beam": nb.Beam(energy_ev=12.4)}, "Beam(energy_ev=12.4): "),
        (lambda: {"beam": nb.Beam(wavelength_angstrom=0.09)}, "Beam(wavelength_angstrom=0.09): "),
        (lambda: {"detector": nb.Detector.mosflm(pixels=(8, 8), pixel_size_mm=100)}, "Detector(pixel_size_mm=100): "),
        (lambda: {"detector": nb.Detector.xds(pixels=(8, 8), distance_mm=0.1)}, "Detector(distance_mm=0.1): "),
        (lambda: {"crystal": nb.Crystal(cell=nb.UnitCell(0.79, 79, 38))}, "Crystal(cell=0.79): "),
    ],
)
def test_report_11_objects_are_warned_about_in_their_words(make, words):
    with pytest.warns(nb.InputWarning) as record:
        experiment(**make())
    units = [str(each.message) for each in record if each.message.name == "unit"]
    assert len(units) == 1
    assert units[0].startswith(words)


def test_report_11_headers_are_looked_at_too(tmp_path):
    from helpers import smv_bytes

    (tmp_path / "h.img").write_bytes(smv_bytes(16, 16, keys=[("PIXEL_SIZE", 100), ("DISTANCE", 80), ("WAVELENGTH", 1)]))
    words = "-cell 79 79 38 90 90 90 -default_F 10 -N 5 -nopgm -nonoise -oversample 1 -img h.img"
    found = warnings_of(run_well(words.split(), tmp_path), "unit")
    assert len(found) == 1
    assert "PIXEL_SIZE of h.img" in found[0]


# --- matrices


def write_matrix(path, columns, more=""):
    """Write an orientation matrix of these columns."""
    path.write_text("\n".join(" ".join(f"{x:.8f}" for x in row) for row in np.transpose(columns)) + "\n" + more)


def test_report_12_a_right_handed_matrix_of_its_wavelength_is_not_warned_about(tmp_path):
    write_matrix(tmp_path / "a.mat", np.diag([1 / 79, 1 / 79, 1 / 38]))
    assert "[matrix]" not in run_well([*MATRIX.split(), "-mat", "a.mat"], tmp_path).stderr
    write_matrix(tmp_path / "u.mat", np.eye(3))
    assert "[matrix]" not in run_well([*MATRIX.split(), "-mat", "u.mat", "-cell", "79", "79", "38"], tmp_path).stderr


@pytest.mark.parametrize("more", ["", "-cell 79 79 38"])
def test_report_12_a_left_handed_matrix_is_an_error(more, tmp_path):
    write_matrix(tmp_path / "a.mat", np.diag([1 / 79, 1 / 79, -1 / 38]))
    line = error_line(run([*MATRIX.split(), "-mat", "a.mat", *more.split()], tmp_path))
    assert line.startswith("nbhybrid: error: a.mat: is left-handed (of a cell of 79 79 38 A)")
    with pytest.raises(nb.ModelError, match="matrix: is left-handed"):
        experiment(crystal=nb.Crystal(mosflm_matrix=np.diag([1 / 79, 1 / 79, -1 / 38])))


def test_report_12_direct_axes(tmp_path):
    write_matrix(tmp_path / "a.mat", np.diag([79.0, 79.0, 38.0]))
    found = warnings_of(run_well([*MATRIX.split(), "-mat", "a.mat"], tmp_path), "matrix")
    assert len(found) == 1
    assert "a cell of 0.01266 0.01266 0.02632 A" in found[0]
    assert "looks like one of direct axes" in found[0]
    with pytest.warns(nb.InputWarning, match=r"direct axes.*\[matrix\]"):
        experiment(crystal=nb.Crystal(mosflm_matrix=np.diag([79.0, 79.0, 38.0])))


MOSFLM_CELL = """\
       0.000       0.000       0.000
   1.0000000   0.0000000   0.0000000
   0.0000000   1.0000000   0.0000000
   0.0000000   0.0000000   1.0000000
     79.0000     79.0000     38.0000     90.0000     90.0000     90.0000
       0.000       0.000       0.000
"""


def test_report_12_a_matrix_for_another_wavelength_than_its_file_says(tmp_path):
    write_matrix(tmp_path / "a.mat", np.diag([1.54 / 79, 1.54 / 79, 1.54 / 38]), MOSFLM_CELL)
    found = warnings_of(run_well([*MATRIX.split(), "-mat", "a.mat"], tmp_path), "matrix")
    assert len(found) == 1
    assert "a cell of 51.3 51.3 24.68 A, where the file says 79 79 38 A" in found[0]
    assert "for a wavelength of 1.54 A, and -lambda is 1" in found[0]
    assert warnings_of(run_well([*MATRIX.split(), "-mat", "a.mat", "-lambda", "1.54"], tmp_path), "matrix") == []


def test_report_12_a_matrix_for_another_wavelength_than_the_cell_says(tmp_path):
    write_matrix(tmp_path / "a.mat", np.diag([1 / 79, 1 / 79, 1 / 38]))
    words = [*MATRIX.split(), "-mat", "a.mat", "-cell", "79", "79", "38", "-lambda", "0.9768"]
    found = warnings_of(run_well(words, tmp_path), "matrix")
    assert len(found) == 1
    assert "(1 A: in units of 1/A, as DIALS has it)" in found[0]


# --- files of another kind

HKL = "".join(f"{h} {k} {m} {100 + h}\n" for h in range(4) for k in range(4) for m in range(1, 4))
KINDS = {
    "an MTZ file": b"MTZ \x00\x00\x05\x01" + bytes(80),
    "compressed with gzip": gzip.compress(HKL.encode()),
    "an HDF5 file": b"\x89HDF\r\n\x1a\n" + bytes(80),
    "a PNG picture": b"\x89PNG\r\n\x1a\n" + bytes(80),
    "a CBF image": b"###CBF: VERSION 1.5\r\n" + bytes(80),
    "a TIFF image": b"II*\x00" + bytes(80),
    "a PDB file": b"HEADER    HYDROLASE\nCRYST1   79.000   79.000   38.000\nATOM      1  N   LYS A   1\n",
    "a CIF file": b"# from somewhere\ndata_1abc\n_cell.length_a 79\n",
    "reflections of XDS": b"!FORMAT=XDS_ASCII    MERGE=FALSE\n",
}


@pytest.mark.parametrize("option", ["-hkl", "-mat", "-sourcefile", "-mask", "-img", "-dump"])
@pytest.mark.parametrize("kind", KINDS)
def test_report_26_a_file_of_another_kind_is_named(option, kind, tmp_path):
    (tmp_path / "f").write_bytes(KINDS[kind])
    line = error_line(run([*BASE.split(), option, "f"], tmp_path))
    assert line.startswith("nbhybrid: error: f: ")
    assert kind in line
    assert "expected" in line


def test_report_26_reflections_are_no_matrix(tmp_path):
    (tmp_path / "hewl.hkl").write_text(HKL)
    line = error_line(run([*MATRIX.split(), "-hkl", "hewl.hkl", "-mat", "hewl.hkl"], tmp_path))
    assert "hewl.hkl: looks like a list of reflections, h k l F (-hkl), expected an orientation matrix" in line


def test_report_26_a_matrix_is_no_list_of_reflections(tmp_path):
    write_matrix(tmp_path / "a.mat", np.diag([1 / 79, 1 / 79, 1 / 38]))
    line = error_line(run([*BASE.split(), "-hkl", "a.mat"], tmp_path))
    assert "a.mat: looks like an orientation matrix (-mat), expected rows of h k l F" in line


def test_report_26_objects_too(tmp_path):
    (tmp_path / "f.mtz").write_bytes(KINDS["an MTZ file"])
    with pytest.raises(nb.InputFileError, match="is an MTZ file, expected rows of h k l F"):
        nb.StructureFactors.from_file(tmp_path / "f.mtz")


@pytest.mark.parametrize(
    "text",
    [
        "0.0126 0 0 0\n0.0126 0 0 0\n0.0263 0 0 0\n",
        "0.01265823 0 0 0 0.01265823 0 0 0 0.02631579 1 2 3 4 5 6\n",
        " 1 0 0\n0 1 0\n0 0 1\n",
    ],
)
def test_report_26_what_could_be_read_still_can(text, tmp_path):
    (tmp_path / "a.mat").write_text(text)
    run_well([*MATRIX.split(), "-mat", "a.mat"], tmp_path)


# --- an empty line with CR LF


def test_report_20_an_empty_line_with_cr_lf_is_no_source(tmp_path):
    images = {}
    for name, text in {"unix": "-10 0 0\n\n-10 0.02 0.01\n", "dos": "-10 0 0\r\n\r\n-10 0.02 0.01\r\n"}.items():
        (tmp_path / f"{name}.txt").write_text(text, newline="")
        run_well([*BASE.split(), "-sourcefile", f"{name}.txt", "-floatfile", f"{name}.bin"], tmp_path)
        images[name] = float_image(tmp_path, (64, 64), f"{name}.bin")
    assert np.isfinite(images["dos"]).all()
    assert np.array_equal(images["dos"], images["unix"])
