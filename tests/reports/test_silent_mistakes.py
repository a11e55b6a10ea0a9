"""What is legal and does nothing, or nothing that anybody wants: each has a warning that names it."""

import re

import nbhybrid as nb
import numpy as np
import pytest
from helpers import error_line, run, run_well
from objects import names_of_warnings, small
from series import batch, write_spec

BASE = "-cell 50 60 70 -default_F 100 -N 5 -detpixels 24 -pixel 0.4 -lambda 1 -distance 100 -oversample 1 -nopgm -nonoise --quiet"


def told(words, folder):
    """Return the warnings of a run, name to text, without the one about sampling."""
    done = run_well([*BASE.split(), *words.split()], folder)
    pairs = re.findall(r"^nbhybrid: warning: (.*) \[([\w-]+)\]$", done.stderr, re.M)
    return {name: text for text, name in pairs if name != "undersampled"}


@pytest.mark.parametrize(
    ("words", "name", "needle"),
    [
        # options that others set again, or whose fellows are not there
        ("-flux 1e12 -fluence 1e20", "no-effect", "-fluence has no effect: -flux"),
        ("-flux 1e12 -exposure 0", "no-effect", "-flux has no effect: -exposure"),
        ("-flux 1e12 -beamsize -1", "no-effect", "-flux has no effect: -beamsize"),
        ("-exposure 3", "no-effect", "-exposure has no effect: there is no -flux"),
        ("-energy 12000 -lambda 2", "no-effect", "-energy has no effect: -lambda behind it counts"),
        ("-energy 12000", "no-effect", "-lambda has no effect: -energy behind it counts"),
        ("-polar 0.5 -nopolar", "no-effect", "-polar has no effect"),
        ("-detsize 20", "no-effect", "-detsize has no effect: the pixels are counted"),
        ("-xtalsize 0.0003", "no-effect", "-N has no effect: the edges"),
        ("-interpolate -nointerpolate", "no-effect", "-interpolate has no effect"),
        ("-gauss_xtal -square_xtal", "no-effect", "-gauss_xtal has no effect"),
        ("-Na 3 -N 5", "no-effect", "-Na has no effect"),
        ("-detector_abs 100", "no-effect", "-detector_abs has no effect: a sensor without thickness"),
        ("-thicksteps 3", "no-effect", "-detector_thicksteps has no effect: a sensor without thickness"),
        ("-mosaic 3 -mosaic_domains 1", "mosaic-domains", "-mosaic has no effect with -mosaic_domains 1"),
        ("-osc 10 -phistep 2 -phisteps 3 -phi 1", "no-effect", "-osc 10 has no effect: 3 steps"),
        ("-phistep 2 -phisteps 5 -phi 1", "no-effect", "-phisteps 5 has no effect"),
        ("-printout_pixel 3 100", "no-effect", "-printout_pixel 3 100 has no effect: the image has 24 x 24"),
        # values that the reference takes for none
        ("-N 0", "no-effect", "-N 0 has no effect: expected a number above zero"),
        ("-Na -5", "no-effect", "-Na -5 has no effect"),
        ("-oversample -1", "no-effect", "-oversample -1 has no effect"),
        ("-mosaic -0.5", "no-effect", "-mosaic -0.5 has no effect"),
        ("-detector_thick -100", "no-effect", "-detector_thick -100 has no effect"),
        ("-osc -5", "no-effect", "-osc -5 has no effect"),
        # units
        ("-polar 95", "unit", "95 looks like per cent"),
        ("-cell 50 60 70 1.57 1.57 2.09", "unit", "looks like radians"),
        ("-detector_thick 0.45 -detector_abs 500", "unit", "0.45 looks like millimetres"),
        ("-detector_thick 450 -detector_abs 0.05", "unit", "0.05 looks like millimetres"),
        ("-Xbeam 15 -Ybeam 15", "unit", "15 looks like pixels"),
        ("-misset 0 1e308 0", "unit", "-misset 1e308: the angle is more than ten turns"),
        ("-osc 1e4 -phi 1", "unit", "-osc 1e4: the angle is more than ten turns"),
        # detectors
        ("-twotheta 200", "geometry", "its photons are negative"),
        ("-fdet_vector 0 0 1 -sdet_vector 0 0 1", "geometry", "stand at 0 degrees to each other"),
        ("-fdet_vector 0 0 1 -sdet_vector 0 -1 1", "geometry", "stand at 45 degrees to each other"),
        # integers that show nothing
        ("-adc 100000", "clipped", "100 % of its pixels are above 65535"),
        ("-adc -60000", "clipped", "below 0: photons x"),
        ("-scale 1e30", "clipped", "(-scale) + 40 (-adc)"),
        ("-noisefile n.img -fluence 1e38", "clipped", "-noisefile n.img: "),
        ("--output o.img -fluence 1e38", "clipped", "--output o.img: 95 % of its pixels are above 65535"),
    ],
)
def test_what_does_nothing_is_told(words, name, needle, tmp_path):
    found = told(words, tmp_path)
    assert needle in found.get(name, ""), found


@pytest.mark.parametrize(
    "words",
    [
        "-N 3 -N 5",
        "-Na 3 -Nb 4",
        "-fluence 1e20 -flux 0",
        "-osc 3 -phistep 1 -phisteps 3 -phi 1",
        "-osc 3 -phistep 1 -phi 1",
        "-detector_thick 450 -detector_abs 500 -thicksteps 1 --semantics corrected",
        "-oversample 0",
        "-polar 1",
        "-Xbeam 30 -Ybeam 4",
        "-printout_pixel 3 10",
        "-adc 0 -noisefile n.img",
        "-gauss_xtal -fudge 0 -fudge 1 --semantics corrected",
        "-fdet_vector 0 0 1 -sdet_vector 0 -1 0.0001 --ignore-warnings custom-convention",
    ],
)
def test_nothing_is_told_where_nothing_is_wrong(words, tmp_path):
    assert told(words, tmp_path) == {}


@pytest.mark.parametrize("option", ["--output", "--json", "--trace-file"])
def test_our_own_outputs_have_names_of_their_own(option, tmp_path):
    (tmp_path / "hkl.bin").write_text("1 2 3 4\n")
    traces = "--trace-pixel 1 1 --trace-level steps"
    line = error_line(run([*BASE.split(), *traces.split(), option, "floatimage.bin"], tmp_path))
    assert f"{option} floatimage.bin: is the file of -floatfile, expected a name of its own" in line
    line = error_line(run([*BASE.split(), *traces.split(), "-hkl", "hkl.bin", option, "hkl.bin"], tmp_path))
    assert f"{option} hkl.bin: is an input" in line
    assert (tmp_path / "hkl.bin").read_text() == "1 2 3 4\n"


def test_objects_are_told_the_same():
    crystal = nb.Crystal(cell=nb.UnitCell(70, 80, 90, 75, 85, 95), n_cells=5, mosaic_spread_deg=3, mosaic_domains=1)
    with pytest.warns(nb.InputWarning, match=r"Crystal\(mosaic_spread_deg=...\) has no effect with Crystal\(mosaic_domains=1\)"):
        small(crystal=crystal)
    with pytest.warns(nb.InputWarning, match=r"Detector\(beam_center_mm=10\): .* 10 looks like pixels"):
        small(detector=nb.Detector.mosflm(pixels=(20, 20), pixel_size_mm=0.1, distance_mm=80, beam_center_mm=(10, 10)))


def test_a_matrix_beside_the_cell_of_another_crystal_is_told(tmp_path):
    (tmp_path / "A.mat").write_text("0.02 0 0\n0 0.0166667 0\n0 0 0.0142857\n")
    assert "the matrix gives their directions alone" in told("-mat A.mat -cell 79 79 38", tmp_path)["matrix"]
    assert told("-mat A.mat -cell 50.5 60 70.5", tmp_path) == {}


# --- images from Python


@pytest.fixture(scope="module")
def experiment():
    return small()


@pytest.fixture(scope="module")
def image(experiment):
    return nb.simulate(experiment)


@pytest.mark.parametrize(
    ("change", "needle"),
    [
        (lambda image: image * np.nan, "pixels are negative or no numbers"),
        (lambda image: image - 5, "pixels are negative or no numbers"),
        (lambda image: image + 1e10, "100 % of its pixels are above 65535, with adc=40"),
    ],
)
def test_written_integers_that_show_nothing_are_told(change, needle, experiment, image, tmp_path):
    with pytest.warns(nb.InputWarning, match=re.escape(needle)):
        nb.write_image(tmp_path / "a.img", change(image), experiment)
    _, names = names_of_warnings(lambda: nb.write_image(tmp_path / "b.img", image, experiment))
    assert names == []


def test_what_write_image_is_given_is_looked_at(experiment, image, tmp_path):
    for args, kwargs, match in (
        (("p.img", image, "E"), {}, "experiment: found 'E', expected an Experiment"),
        ((image, "p.img"), {}, "path: found a float32 numpy.ndarray.*expected the name of a file"),
        (("p.img", image, experiment), {"adc": "40"}, "adc: found '40', expected a finite number from -65535 to 65535"),
        (("p.npy", image, experiment), {"adc": 40}, r"adc: found 40, which array of numpy does not add.*ends in \.img"),
        (("p.npy", image[:0]), {}, r"image: found the shape \(0, \d+\), expected pixels"),
    ):
        with pytest.raises(nb.ModelError, match=match):
            nb.write_image(*args, **kwargs)
    with pytest.raises(nb.ModelError, match="path: found 3, expected the name of a file"):
        nb.StructureFactors.from_file(3)


# --- series


def test_a_series_that_is_bound_to_be_blank_is_told(tmp_path):
    write_spec(tmp_path, args=f"{BASE.removesuffix(' --quiet').removesuffix(' -nopgm -nonoise')} -fluence 0", images=2)
    done = batch(tmp_path, "spec.toml", "--serial", "--quiet", "--strict")
    assert "all images will be blank: the fluence is 0" in done.stderr
    assert done.returncode == 2


def test_a_series_of_nothing_but_overloads_is_told(tmp_path):
    words = f"{BASE.removesuffix(' --quiet').removesuffix(' -nopgm -nonoise')} -fluence 1e40"
    write_spec(tmp_path, args=words, images=2, form="smv")
    done = batch(tmp_path, "spec.toml", "--serial")
    assert done.returncode == 0
    assert re.search(r"image_000000\.img: 99 % of its pixels are the largest number of 16 bits.*\[clipped\]", done.stderr)


def test_a_misspelt_key_that_must_be_there_is_found(tmp_path):
    path = write_spec(tmp_path, images=2)
    path.write_text(path.read_text().replace("images = 2", "imges = 2"))
    assert "series.images: is not there" in (line := error_line(batch(tmp_path, "spec.toml")))
    assert line.endswith("there is imges, which is no key")


@pytest.mark.parametrize(("option", "value"), [("--workers", "-1"), ("--threads", "0")])
def test_numbers_of_the_command_are_named_as_they_were_given(option, value, tmp_path):
    write_spec(tmp_path)
    assert f"{option}: found {value}, expected a whole number" in error_line(batch(tmp_path, "spec.toml", option, value))


# --- messages


@pytest.mark.parametrize(
    ("words", "needle"),
    [
        ("-lambda 1e-10 -oversample 0", "; -lambda 1e-10 looks like metres"),
        ("-detpixels 1000000", "-detpixels, or -detsize and -pixel: an image of 1000000 x 1000000 pixels"),
        ("--device cuda:77", "--device cuda"),
        ("-hkl commas.hkl", "expected 4: h k l F, with blanks between them, not commas"),
        ("--ignore-warnings ,unit", '--ignore-warnings: found ",unit", expected names of warnings'),
    ],
)
def test_messages_name_the_option(words, needle, tmp_path):
    (tmp_path / "commas.hkl").write_text("1,2,3,4\n2,3,4,5\n")
    done = run([*BASE.split(), *words.split()], tmp_path)
    assert done.returncode == 2
    assert needle in done.stderr.splitlines()[-1]


def test_names_of_warnings_may_have_blanks_between_them(tmp_path):
    run_well([*BASE.split(), "-N", "0", "--ignore-warnings", "undersampled, no-effect", "--strict"], tmp_path)
    assert 'found ""' in error_line(run([*BASE.split(), "--ignore-warnings", ""], tmp_path))


@pytest.mark.parametrize("program", ["nbhybrid", "/usr/bin/nanoBragg"])
def test_a_pasted_command_line_is_known_for_one(program):
    with pytest.raises(nb.OptionError, match="expected what stands behind the program's name: options alone"):
        nb.Experiment.from_args([program, *BASE.split()])
