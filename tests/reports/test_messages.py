"""Messages: what users reported of hints, of options that do nothing, and of runs that are silent or stopped."""

import os
import pathlib
import re
import signal
import subprocess
import sys

import nbhybrid as nb
import pytest
from helpers import SMALL_WORDS, finish, run, snapshot
from nbhybrid import _core, extras, without_effect
from nbhybrid.cli import progress

try:
    import tomllib
except ImportError:
    import tomli as tomllib

ROOT = pathlib.Path(__file__).resolve().parents[2]
WORDS = SMALL_WORDS[:-1]
LONG_WORDS = [*SMALL_WORDS, "-detpixels", "3000", "-mosaic", "1", "-mosaic_domains", "500", "--threads", "1"]
# Texts that users read. A list of changes tells what was true then.
TEXTS = [
    path
    for suffix in ("*.md", "*.py", "*.toml", "*.in", "*.sh", "*.def", "*.yaml")
    for folder in ("docs", "python", "examples", "packaging", "bench")
    for path in (ROOT / folder).rglob(suffix)
] + [ROOT / "README.md", ROOT / "CONTRIBUTING.md"]


class Clock:
    """Stands for the module time, and for the console."""

    def __init__(self, monkeypatch):
        self.now = 0.0
        self.lines = []
        monkeypatch.setattr(progress, "time", self)
        monkeypatch.setattr(progress, "complain", lambda line: self.lines.append((self.now, line)))

    def monotonic(self):
        return self.now


class NoTerminal:
    def isatty(self):
        return False


@pytest.mark.parametrize(
    ("seconds", "times"),
    [
        # Over before there is anything to say.
        (8, []),
        # A tenth each, but no more often than every ten seconds.
        (73, list(range(10, 73, 10))),
        (200, list(range(20, 200, 20))),
        # A minute each.
        (1200, list(range(60, 1200, 60))),
    ],
)
def test_report_29_a_line_each_tenth_or_each_minute(seconds, times, monkeypatch):
    clock = Clock(monkeypatch)
    monkeypatch.setattr(sys, "stderr", NoTerminal())
    with progress.ProgressBar(wanted=True, total=100, unit="images") as bar:
        while clock.now < seconds:
            bar.update(clock.now / seconds)
            clock.now += 0.5
        bar.update(1.0)
    assert [round(now) for now, _ in clock.lines] == pytest.approx(times, abs=1)
    for now, line in clock.lines:
        done = round(100 * now / seconds)
        assert line.startswith(f"{done} of 100 images done in {_core.duration_text(now)}, about ")
        assert line.endswith(" to go")


def test_report_29_what_was_there_does_not_count_for_the_time_left(monkeypatch):
    clock = Clock(monkeypatch)
    monkeypatch.setattr(sys, "stderr", NoTerminal())
    with progress.ProgressBar(wanted=True, total=1000, unit="images") as bar:
        bar.update(0.5)
        clock.now = 100.0
        bar.update(0.75)
    # 250 images in 100 s, and as many are left.
    assert clock.lines == [(100.0, "750 of 1000 images done in 1.7 min, about 1.7 min to go")]


@pytest.mark.parametrize(
    ("seconds", "words"),
    [(0.31, "0.31 s"), (12, "12 s"), (89, "89 s"), (150, "2.5 min"), (5000, "83 min"), (9000, "2.5 h"), (260000, "3 days")],
)
def test_report_29_times_in_words(seconds, words):
    assert _core.duration_text(seconds) == words


def patched_run(words, patch, folder, **options):
    """Run the command after some lines of Python."""
    script = f"import sys\n{patch}\nfrom nbhybrid.cli import main\nsys.exit(main({[str(word) for word in words]!r}))\n"
    return run([], folder, command=[sys.executable, "-c", script], **options)


# A run of some seconds, looked at as if it took minutes.
OFTEN = "from nbhybrid.cli import progress\nprogress._OFTEN = 0.0"


def test_report_29_a_long_run_tells_a_log(tmp_path):
    words = ["run", *SMALL_WORDS, "-detpixels", "800", "-mosaic", "1", "-mosaic_domains", "200", "--threads", "1"]
    done = patched_run(words, OFTEN, tmp_path)
    assert done.returncode == 0, done.stderr
    shares = [int(share) for share in re.findall(r"^nbhybrid: (\d+) % done in [\d.]+ s, about [\d.]+ s to go$", done.stderr, re.M)]
    assert len(shares) >= 2
    assert shares == sorted(set(shares))
    for quiet in ("--quiet", "-noprogress"):
        assert "% done" not in patched_run([*words, quiet], OFTEN, tmp_path).stderr


def test_report_29_a_long_series_tells_a_log(tmp_path):
    from series import write_spec

    write_spec(tmp_path, images=20, output="images_per_file = 1")
    done = patched_run(["batch", "spec.toml", "--serial"], OFTEN, tmp_path)
    found = [
        int(n) for n in re.findall(r"^nbhybrid: (\d+) of 20 images done in [\d.]+ s, about [\d.]+ s to go$", done.stderr, re.M)
    ]
    assert found == list(range(2, 20, 2))
    assert "images done" not in patched_run(["batch", "spec.toml", "--serial", "--quiet"], OFTEN, tmp_path).stderr


def test_report_29_a_task_of_many_minutes_tells_too(tmp_path):
    """Nothing ends meanwhile."""
    from nbhybrid.batch import Spec
    from nbhybrid.batch.run import _Meter
    from series import spec_text

    told = []
    meter = _Meter(Spec.from_toml(spec_text(), tmp_path), 11, lambda *numbers: told.append(numbers))
    assert meter.tick()
    assert len(told) == 1
    meter._told -= 2
    assert meter.tick()
    assert told == [(0, 11, 0)] * 2


def test_report_30_no_driver_and_an_old_driver_are_two_messages(tmp_path):
    """A library that says it is of CUDA 11.4 stands for the driver."""
    try:
        from nbhybrid.devices import cuda_extension

        cuda_extension()
    except nb.Error as error:
        pytest.skip(f"{error}: what they say without a driver is NOT tested")
    script = "import nbhybrid.devices as d; print(d.why_missing('cuda'))"
    source = tmp_path / "old.c"
    source.write_text("int cuDriverGetVersion(int* v) { *v = 11040; return 0; }\nint cuInit(unsigned flags) { return 0; }\n")
    subprocess.run(["cc", "-shared", "-fPIC", "-o", tmp_path / "libcuda.so.1", source], check=True)

    def why(**more):
        done = subprocess.run(
            [sys.executable, "-c", script], env={**os.environ, **more}, capture_output=True, text=True, check=True
        )
        return done.stdout

    old = why(LD_LIBRARY_PATH=str(tmp_path))
    assert re.search(r"cuda: no device can be used: the driver is too old: it is for CUDA 11\.4, expected CUDA \d+ or later; ", old)
    none = why()
    if "cuda: no device can be used" not in none:
        pytest.skip("there is a driver here: what is said where there is none is NOT tested")
    assert "there is no NVIDIA driver here" in none
    assert "too old" not in none


def options_of(*topics):
    """Return the usual names of the options under these headings of the help."""
    found = []
    for block in _core.options_help().split("\n\n"):
        title, *lines = block.strip().splitlines()
        if title.rstrip(":") in topics:
            found += [line.split()[0].split(",")[0] for line in lines]
    return found


def test_report_31_every_option_of_outputs_is_known_to_have_no_effect():
    named = options_of("noise and output", "tracing and running")
    assert len(named) > 20
    effective = [name for name in named if without_effect.has_effect(name)]
    assert effective == ["--semantics", "--max-table-gib"]
    others = options_of("crystal", "beam", "detector")
    assert others
    assert all(without_effect.has_effect(name) for name in others)


@pytest.mark.parametrize(
    ("words", "line"),
    [
        ("-floatfile a.bin", "-floatfile has no effect in an Experiment: remove it (nbhybrid.simulate returns an array)"),
        ("-seed 3", "-seed has no effect in an Experiment: remove it (nbhybrid.poisson takes a seed)"),
        (
            "-nonoise --device cuda -nopgm",
            "-nonoise, --device and -nopgm have no effect in an Experiment: remove them (nbhybrid.poisson makes noise; Simulator "
            "takes engine and device)",
        ),
    ],
)
def test_report_31_from_args_names_what_has_no_effect(words, line):
    with pytest.warns(nb.InputWarning) as caught:
        experiment = nb.Experiment.from_args([*WORDS, *words.split()])
    (warning,) = (one for one in caught if one.message.name == "no-effect")
    assert str(warning.message) == f"{line} [no-effect]"
    # Where it was called.
    assert warning.filename == __file__
    assert str(warning.message) in experiment.warnings
    assert experiment == nb.Experiment.from_args(WORDS)


def test_report_31_what_has_an_effect_is_not_named():
    made = nb.Experiment.from_args([*WORDS, "--semantics", "corrected", "--max-table-gib", "1"])
    assert not [line for line in made.warnings if "no-effect" in line]


def test_report_33_no_text_names_an_index_that_has_no_nbhybrid():
    assert len(TEXTS) > 100
    for path in TEXTS:
        text = path.read_text(errors="replace")
        assert not re.search(r"pip install [^\n`]*\bnbhybrid(\[|-cuda|\b(?![\w./*-]))", text), path
        assert "nbhybrid[" not in text, path


def test_report_33_hints_come_from_one_place():
    wanted = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["optional-dependencies"]
    names = {extra: tuple(re.match(r"[\w-]+", each)[0] for each in wanted[extra]) for extra in extras.EXTRAS}
    assert names == extras.EXTRAS
    for path in (ROOT / "python").rglob("*.py"):
        if path.name != "extras.py":
            assert "pip install" not in path.read_text(), path
    # What pages say of extras: a folder or a wheel, and extras that are there.
    said = [
        extra
        for path in TEXTS
        for match in re.findall(r"pip install '\.\[([\w,]+)\]'", path.read_text())
        for extra in match.split(",")
    ]
    assert said
    assert set(said) <= set(wanted)


@pytest.mark.parametrize("which", [signal.SIGINT, signal.SIGTERM], ids=["interrupted", "terminated"])
def test_report_34_a_run_that_is_stopped_says_that_nothing_was_written(which, tmp_path):
    command = [sys.executable, "-m", "nbhybrid", "run", *LONG_WORDS]
    process = subprocess.Popen(command, cwd=tmp_path, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    while "oversample steps" not in process.stdout.readline():
        assert process.poll() is None, process.communicate()
    process.send_signal(which)
    _, errors = finish(process)
    assert process.returncode == 128 + which
    said = "interrupted" if which == signal.SIGINT else "terminated"
    assert [line for line in errors.splitlines() if "warning" not in line] == [f"nbhybrid: {said}; no file was written"]
    assert snapshot(tmp_path) == {}


STOP = "def stop(*arguments): raise KeyboardInterrupt\n"


@pytest.mark.parametrize(
    ("where", "said", "written"),
    [
        # While options are read.
        ("import nbhybrid.cli.run as r; r._core.parse_options = stop", "no file was written", False),
        # Between rendering and writing.
        ("import nbhybrid.cli.run as r; r._report = stop", "no file was written", False),
        # When the images are there.
        ("import nbhybrid.cli.record as r; r.run_record = stop", "all files were written, but not the record r.json", True),
    ],
)
def test_report_34_what_was_written_is_said_at_every_stage(where, said, written, tmp_path):
    done = patched_run(["run", *SMALL_WORDS, "--json", "r.json"], STOP + where, tmp_path)
    assert done.returncode == 130
    lines = [line for line in done.stderr.splitlines() if "warning" not in line]
    assert lines == [f"nbhybrid: interrupted; {said}"]
    assert ("floatimage.bin" in snapshot(tmp_path)) == written
    assert "r.json" not in snapshot(tmp_path)


def test_report_34_all_that_was_asked_for_is_there(tmp_path):
    """Stopped after the last file."""
    where = "import nbhybrid.cli.run as r\nr.flush = lambda calls=[]: calls.append(1) or (len(calls) == 3 and stop())"
    done = patched_run(["run", *SMALL_WORDS], STOP + where, tmp_path)
    assert done.returncode == 130
    assert done.stderr.splitlines()[-1] == "nbhybrid: interrupted; all files were written"
    assert "floatimage.bin" in snapshot(tmp_path)


def test_report_34_before_the_first_stage(tmp_path):
    done = patched_run(["run", *SMALL_WORDS], STOP + "import nbhybrid.cli.run as r; r.run = stop", tmp_path)
    assert (done.returncode, done.stderr) == (130, "nbhybrid: interrupted; no file was written\n")


@pytest.mark.parametrize(
    ("where", "said"),
    [
        ("import nbhybrid.images as i; i.read_image = stop", "no file was written"),
        ("import nbhybrid.env as e; e.environment = stop", "written before that: report/images.png, report/summary.md"),
    ],
)
def test_report_34_other_commands_name_what_they_have_written(where, said, tmp_path):
    assert run(SMALL_WORDS, tmp_path).returncode == 0
    words = ["compare-images", "floatimage.bin", "floatimage.bin", "--report", "report"]
    # The report's folder is written file by file; what it says of the machine comes last.
    done = patched_run(words, STOP + where, tmp_path)
    assert done.returncode == 130
    assert done.stderr.splitlines()[-1].startswith(f"nbhybrid: interrupted; {said}")
