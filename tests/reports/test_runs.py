"""What a run says before and after: empty images, hours of work, seeds, names of files and options."""

import json
import pathlib
import shlex
import warnings

import nbhybrid as nb
import numpy as np
import pytest
from helpers import error_line, hkl_text, run, run_well, smv_bytes, snapshot
from nbhybrid import _core

BASE = "-cell 79 79 38 90 90 90 -default_F 10 -detpixels 32 -pixel 0.5 -lambda 1 -N 5 -nopgm -nonoise -distance 80 -oversample 1"
WORDS = BASE.split()


def warnings_of(done, name):
    """Return the texts of the warnings of this name that a run gave."""
    return [line for line in done.stderr.splitlines() if line.endswith(f"[{name}]")]


# --- images that show nothing


@pytest.fixture
def table(tmp_path):
    """Write reflections of high resolution alone, and a mask of zeros."""
    (tmp_path / "fine.hkl").write_text(hkl_text((h, k, m, 100) for h in (60, 61) for k in (0, 1) for m in (0, 1)))
    (tmp_path / "zero.hkl").write_text(hkl_text((h, k, m, 0) for h in range(3) for k in range(3) for m in range(3)))
    (tmp_path / "mask.img").write_bytes(smv_bytes(32, 32, np.zeros(32 * 32, "<u2"), [("PIXEL_SIZE", 0.5)]))


BLANKS = [
    ("-fluence 0", "every pixel is 0: the fluence is 0"),
    ("-default_F 0 -hkl zero.hkl", "every pixel is 0: all amplitudes are 0"),
    (
        "-default_F 0 -hkl fine.hkl",
        "no reflection of the table lies at the resolution of the image: the table holds 1.32 to 1.29 A, the",
    ),
    ("-default_F 0 -hkl fine.hkl -water 100", "every pixel is the background alone: no reflection of the table"),
    ("-dmin 50 -roi 0 3 0 3", "every pixel lies beyond -dmin 50"),
    ("-mask mask.img", "every pixel is 0: the mask leaves no pixel of the region"),
    ("-oversample_thick", "-oversample_thick without -detector_thick"),
    ("-detector_abs inf -detector_thick 100", "a sensor that attenuates nothing captures nothing (-detector_abs)"),
    ("-tophat_spots -fudge 1e9", "every pixel is 0: no spot meets a pixel"),
]


@pytest.mark.parametrize(("more", "needle"), BLANKS, ids=[more for more, _ in BLANKS])
def test_report_13_an_image_that_shows_nothing_says_why(more, needle, table, tmp_path):
    found = warnings_of(run_well([*WORDS, *more.split()], tmp_path), "blank-image")
    assert len(found) == 1
    assert needle in found[0]


@pytest.mark.parametrize("more", ["", "-water 100", "-roi 3 3 3 3", "-hkl zero.hkl -default_F 10", "-mask some.img"])
def test_report_13_an_image_that_shows_something_does_not_warn(more, table, tmp_path):
    mask = np.zeros(32 * 32, "<u2")
    mask[500] = 1
    (tmp_path / "some.img").write_bytes(smv_bytes(32, 32, mask, [("PIXEL_SIZE", 0.5)]))
    assert warnings_of(run_well([*WORDS, *more.split()], tmp_path), "blank-image") == []


def experiment(**parts):
    """Return an experiment of objects like the base."""
    return nb.Experiment(
        **{
            "crystal": nb.Crystal(cell=nb.UnitCell(79, 79, 38), n_cells=5),
            "structure_factors": 10.0,
            "detector": nb.Detector.mosflm(pixels=(16, 16), pixel_size_mm=0.5, distance_mm=80),
            "sampling": nb.Sampling(oversample=8),
            **parts,
        }
    )


def test_report_13_simulators_look_at_their_first_image():
    simulator = nb.Simulator(experiment(beam=nb.Beam(fluence=0.0)))
    with pytest.warns(nb.InputWarning, match=r"every pixel is 0: the fluence is 0 \(Beam\(fluence=...\).*\[blank-image\]"):
        simulator.run()
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        simulator.run()
        nb.simulate(experiment())
    with pytest.warns(nb.InputWarning, match="blank-image"):
        nb.simulate(experiment(beam=nb.Beam(fluence=0.0)), out=np.empty((16, 16), np.float32))


def test_report_13_a_dark_panel_among_others_is_no_reason():
    whole = np.ones((16, 16), np.uint16)
    panels = [nb.Panel(pixels=(16, 16), pixel_size_mm=0.5, distance_mm=80, mask=mask) for mask in (whole, 0 * whole)]
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        nb.simulate(experiment(detector=nb.Detector(panels=panels)))
    with pytest.warns(nb.InputWarning, match="mask leaves no pixel"):
        nb.simulate(experiment(detector=nb.Detector(panels=[panels[1], panels[1]])))


# --- names


HINTS = {
    "-hdiv": "-hdivrange, -hdivstep or -hdivsteps",
    "-adcoffset": "-adc",
    "-dumpfile": "-dump",
    "-tophat": "-tophat_spots",
    "-lamda": "-lambda",
    "-engine": "--engine",
    "-MW": None,
    "-coherent": None,
    "-nothing_like_it": None,
}


@pytest.mark.parametrize("word", HINTS)
def test_report_14_what_may_have_been_meant(word, tmp_path):
    line = error_line(run([*WORDS, word, "1"], tmp_path))
    hint = HINTS[word]
    assert line == f'nbhybrid: error: unknown option "{word}"' + (f"; did you mean {hint}?" if hint else "")


@pytest.mark.parametrize(
    ("words", "end"),
    [
        ("--semantics reference,spotscale", "did you mean spot-scale?"),
        ("--semantics correct", "did you mean corrected?"),
        ("--semantics nonsense", "header-center"),
        ("--ignore-warnings blank", "did you mean blank-image?"),
    ],
)
def test_report_14_the_same_for_other_names(words, end, tmp_path):
    assert error_line(run([*WORDS, *words.split()], tmp_path)).endswith(end)


def test_report_14_the_same_for_keys_of_a_spec(tmp_path):
    from nbhybrid.batch.tables import Table

    def message(key):
        table = Table("spec.toml", "render", {key: 1})
        for known in ("engine", "device", "threads"):
            table.take(known)
        with pytest.raises(nb.InputFileError) as error:
            table.done()
        return str(error.value)

    assert message("devices").endswith("expected engine, device, threads; did you mean device?")
    assert message("colour").endswith("expected engine, device, threads")


# --- hours


def split_early(words, folder):
    """Return what a long run says before it begins: it is stopped by a warning that is an error."""
    done = run([*words, "--strict", "--ignore-warnings", "undersampled,sample-clipped"], folder, timeout=60)
    assert done.returncode == 2
    return done.stderr


LONG = [
    (
        "-oversample 0 -detpixels 64 -height 3",
        "-height makes a crystal of 0.1 mm along c, for whose spots 1875",
    ),
    ("-oversample 0 -N 30000", "-N makes a crystal of 0.237 mm along a"),
    ("-oversample 40000", "-oversample 40000 makes 40000 x 40000 sub-pixels"),
    ("-detpixels 8000 -oversample 1 -mosaic 1 -mosaic_domains 30000", "-mosaic_domains makes 30000 of them"),
    ("-detpixels 8000 -oversample 1 -osc 1 -phi 5 -phisteps 30000", "-phisteps (or -osc and -phistep) makes 30000 steps"),
]


@pytest.mark.parametrize(("more", "needle"), LONG, ids=[more for more, _ in LONG])
def test_report_15_a_run_of_hours_names_the_option(more, needle, tmp_path):
    words = [word for word in WORDS if word != "-oversample"][:-1]
    text = split_early([*words, *more.split(), "--threads", "1"], tmp_path)
    found = [line for line in text.splitlines() if line.endswith("[long-run]")]
    assert len(found) == 1
    assert "this run will take about " in found[0]
    assert "(an estimate, for " in found[0]
    assert needle in found[0]
    assert snapshot(tmp_path) == {}


def foreseen(more):
    """Return what a run says of its time, and its warnings of that kind."""
    options, _ = _core.parse_options([word.encode() for word in [*WORDS, *more.split()]])
    simulation = _core.Simulation(_core.Experiment(options, 1), 1)
    return simulation.foresee(), [text for name, text in simulation.warnings if name == "long-run"]


def test_report_15_minutes_are_told_and_seconds_are_not(tmp_path):
    assert foreseen("") == ("", [])
    line, warned = foreseen("-oversample 4000")
    assert line.startswith("  1.6e+10 steps: about ")
    assert line.endswith(" min on 1 threads (an estimate)\n")
    assert warned == []


def test_report_15_the_estimate_is_of_the_right_size():
    """Twice as many steps take twice the time, and a second thread halves it; hours begin at 3600 s."""
    from_text = {n: float(foreseen(f"-oversample {n}")[0].split("about ")[1].split()[0]) for n in (4000, 8000)}
    assert from_text[8000] == pytest.approx(4 * from_text[4000], abs=3)


def test_report_15_objects_warn_at_the_first_run_alone():
    simulator = nb.Simulator(experiment(sampling=nb.Sampling(oversample=40000)), threads=1)
    with pytest.warns(nb.InputWarning, match=r"Sampling\(oversample=40000\) makes.*\[long-run\]"), pytest.raises(nb.Interrupted):
        simulator.run(watch=lambda done: False)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        with pytest.raises(nb.Interrupted):
            simulator.run(watch=lambda done: False)


# --- seeds


def lines_of(done, start):
    """Return the ends of the lines that begin like this."""
    return [line.removeprefix(start) for line in done.stdout.splitlines() if line.startswith(start)]


RANDOM = [
    ("noise", "", {"noise"}),
    ("an orientation", "-nonoise -misset random", {"misset"}),
    ("both, and domains", "-misset random -mosaic 1 -mosaic_domains 5", {"noise", "misset", "mosaic"}),
    ("the last word is an option that must be last", "-misset random -curved_det", {"noise", "misset"}),
    ("a name with a blank", "-floatfile 'a b.bin'", {"noise"}),
]


@pytest.mark.parametrize(("more", "names"), [(more, names) for _, more, names in RANDOM], ids=[name for name, *_ in RANDOM])
def test_report_16_what_was_drawn_can_be_drawn_again(more, names, tmp_path):
    words = [*(word for word in WORDS if word != "-nonoise"), *shlex.split(more)]
    first, second = tmp_path / "first", tmp_path / "second"
    first.mkdir()
    second.mkdir()
    done = run_well([*words, "--json", "r.json"], first)
    record = json.loads((first / "r.json").read_text())
    (first / "r.json").unlink()
    assert set(record["seeds"]) == names
    (told,) = lines_of(done, "seeds: ")
    assert told == ", ".join(f"{name} {seed}" for name, seed in record["seeds"].items())
    (command,) = lines_of(done, "the same again: ")
    assert record["repeat"] == command
    program, subcommand, *again = shlex.split(command)
    assert (program, subcommand) == ("nbhybrid", "run")
    assert lines_of(run_well(again, second), "the same again: ") == [command]
    (second / "r.json").unlink()
    assert snapshot(first) == snapshot(second)


def test_report_16_a_run_without_chance_says_nothing_of_seeds(tmp_path):
    done = run_well([*WORDS, "--json", "r.json"], tmp_path)
    assert "seed" not in done.stdout
    record = json.loads((tmp_path / "r.json").read_text())
    assert record["seeds"] == {}
    assert record["repeat"] == shlex.join(["nbhybrid", "run", *WORDS, "--json", "r.json"])


# --- files


def test_report_17_a_dump_that_does_not_exist(tmp_path):
    found = warnings_of(run_well([*WORDS, "-dump", "d.bin"], tmp_path), "dump-file")
    assert len(found) == 1
    assert "-dump d.bin: there is no such file" in found[0]
    (tmp_path / "f.hkl").write_text(hkl_text([(0, 0, 1, 10), (1, 1, 1, 10)]))
    assert warnings_of(run_well([*WORDS, "-hkl", "f.hkl", "-dump", "d.bin"], tmp_path), "dump-file") == []


@pytest.mark.parametrize("option", ["-stol", "-4stol", "-Q", "-hkl", "-mat", "-sourcefile", "-mask", "-img"])
def test_report_17_a_file_that_does_not_exist(option, tmp_path):
    line = error_line(run([*WORDS, option, "nowhere.txt"], tmp_path))
    assert "nowhere.txt: cannot be read: No such file or directory" in line
    assert snapshot(tmp_path) == {}


def test_report_17_a_file_that_is_read_and_not_used_is_fine(tmp_path):
    (tmp_path / "w.stol").write_text("0 2.57\n0.5 1.5\n")
    assert len(warnings_of(run_well([*WORDS, "-stol", "w.stol", "-stolout", "no/such"], tmp_path), "no-effect")) == 2


@pytest.mark.parametrize("suffix", ["cbf", "h5", "HDF5", "nxs", "png", "npy", "tif", "img.gz"])
@pytest.mark.parametrize(
    ("option", "written"), [("-floatfile", "raw float32"), ("-intfile", "SMV"), ("-pgmfile", "PGM"), ("-noisefile", "SMV")]
)
def test_report_18_a_name_of_another_format(option, written, suffix, tmp_path):
    found = warnings_of(run_well([*WORDS, option, f"x.{suffix}"], tmp_path), "file-format")
    assert len(found) == 1
    assert f"{option} x.{suffix}: is written as {written}" in found[0]


@pytest.mark.parametrize(
    "more", ["", "-floatfile x", "-intfile x.smv", "-floatfile a.cbf/../x.bin", "-pgmfile x.pgm", "-intfile x.002"]
)
def test_report_18_other_names_are_fine(more, tmp_path):
    (tmp_path / "a.cbf").mkdir()
    assert warnings_of(run_well([*WORDS, *more.split()], tmp_path), "file-format") == []


def test_report_19_a_seed_of_the_noise_is_none_of_the_orientation(tmp_path):
    (found,) = warnings_of(run_well([*WORDS, "-misset", "random", "-seed", "1"], tmp_path), "seed")
    assert "-seed does not seed -misset random" in found
    assert warnings_of(run_well([*WORDS, "-misset", "random", "-seed", "1", "-misset_seed", "2"], tmp_path), "seed") == []


def test_report_19_vector_options_move_the_beam(tmp_path):
    words = [*WORDS, "-Xbeam", "8", "-Ybeam", "8"]

    def corner(more):
        return nb.Experiment.from_args([*words, *more]).configuration["detector"]["beam_fast_mm"]

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        assert corner([]) - corner(["-beam_vector", "1", "0", "0"]) == pytest.approx(0.25)
    (found,) = warnings_of(run_well([*words, "-beam_vector", "1", "0", "0"], tmp_path), "custom-convention")
    assert "-beam_vector: the custom beam-centre convention is in force" in found
    assert "half a pixel from MOSFLM's" in found
    text = (pathlib.Path(__file__).resolve().parents[2] / "docs" / "defects.md").read_text()
    assert "half a pixel" in text.split("## Not among", 1)[1]
