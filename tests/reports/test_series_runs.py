"""Series: what users reported of workers, dry runs, specs and examples."""

import importlib.util
import pathlib
import re

import nbhybrid as nb
import numpy as np
import pytest
import tolerances
from helpers import error_line, snapshot
from nbhybrid.batch import Spec, run_batch
from nbhybrid.batch.recipe import usual_images_per_file
from series import ARGS, CRYSTAL, batch, hashes, spec_text, write_spec

ROOT = pathlib.Path(__file__).resolve().parents[2]
EXAMPLES = ROOT / "examples"


@pytest.mark.parametrize("workers", [1, 2, 4, 16])
@pytest.mark.parametrize("images", [64, 100, 250, 1000, 20000])
def test_report_28_every_worker_has_tasks(images, workers):
    """At least four each, whatever the machine; and no more files than before where a series is large."""
    per_file = usual_images_per_file(128 * 128, images)
    assert -(-images // per_file) >= 4 * workers or images < 4 * workers
    assert per_file <= 100
    assert per_file == 100 or images < 6400


def test_report_28_a_short_series_does_not_wait_for_workers(tmp_path, monkeypatch):
    pytest.importorskip("distributed", reason="dask[distributed] is not installed: series on workers are NOT tested")
    from nbhybrid.batch import cluster
    from nbhybrid.batch import run as run_module

    started = []

    class Connected:
        def __init__(self, *arguments):
            started.append(arguments)

        def __enter__(self):
            return "a client"

        def __exit__(self, *exception):
            pass

    def render_all(client, work, tasks, done, waiting):
        for task in tasks:
            work(task)
            done(task, "")

    monkeypatch.setattr(cluster, "connected", Connected)
    monkeypatch.setattr(cluster, "render_all", render_all)
    monkeypatch.setattr(run_module, "usable_cores", lambda: 2)

    def rendered(name):
        (tmp_path / name).mkdir()
        result = run_batch(Spec.from_toml(spec_text(images=100), tmp_path / name))
        assert (result.rendered, result.failures) == (100, [])
        return hashes(tmp_path / name / "out")

    short = rendered("short")
    assert started == []
    # Of a series that is worth it, workers get what is left when that is known.
    monkeypatch.setattr(run_module, "_START", 0.0)
    assert rendered("long") == short
    assert len(started) == 1


SLOW = f"{CRYSTAL} -pixel 0.2 -detpixels 96 -oversample 3 -mosaic 1 -mosaic_domains"


def test_report_29_a_dry_run_says_how_long_it_will_take(tmp_path):
    write_spec(tmp_path, args=f"{SLOW} 20", images=1000)
    done = batch(tmp_path, "spec.toml", "--dry-run")
    assert re.search(r"^time: about [\d.]+ (s|min|h) on \d+ cores? of this machine, estimated from ", done.stdout, re.M), (
        done.stdout
    )
    assert not (tmp_path / "out").exists()
    write_spec(tmp_path, images=3)
    assert batch(tmp_path, "spec.toml", "--serial").returncode == 0
    assert "\ntime: nothing is left to do\n" in batch(tmp_path, "spec.toml", "--dry-run").stdout


def test_report_29_the_estimate_follows_the_work_and_is_had_at_once(tmp_path):
    from nbhybrid.batch.estimate import seconds_an_image

    found = {}
    for domains in (50, 800, 12800):
        spec = Spec.from_toml(spec_text(args=f"{SLOW} {domains}", images=3, noise="photons = true"), tmp_path)
        found[domains] = seconds_an_image(spec, range(3), threads=1)
    # Of the longest, a part of an image is enough.
    assert found[12800].images < 1
    for few, many in ((50, 800), (800, 12800)):
        low, high = (16 / tolerances.ESTIMATE_FACTOR, 16 * tolerances.ESTIMATE_FACTOR)
        assert low < found[many].seconds / found[few].seconds < high


def test_report_29_an_estimate_that_cannot_be_had_says_why(tmp_path):
    from nbhybrid.batch.estimate import seconds_an_image

    spec = Spec.from_toml(spec_text(images=2, shots='spectrum_files = "{image}.txt"', render='semantics = "corrected"'), tmp_path)
    found = seconds_an_image(spec, range(2), threads=1)
    assert found.seconds is None
    assert "1.txt" in found.error


def test_report_30_a_dry_run_needs_no_device(tmp_path, monkeypatch):
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "")
    write_spec(tmp_path, render='device = "cuda"')
    before = snapshot(tmp_path)
    done = batch(tmp_path, "spec.toml", "--dry-run")
    assert done.returncode == 0, done.stderr
    assert "device cuda" in done.stdout
    assert "time: not estimated, since the device is not here, which only rendering needs (cuda: " in done.stdout
    # Rendering does, and says so before anything is written.
    line = error_line(batch(tmp_path, "spec.toml", "--serial"))
    assert "spec.toml: render.device: cuda: " in line
    assert snapshot(tmp_path) == before


def test_report_30_a_worker_without_the_device_ends_the_run(tmp_path, monkeypatch):
    """The command may run where there is none; its images have not failed, they can be had elsewhere."""
    from nbhybrid.batch import run as run_module

    spec = Spec.from_toml(spec_text(render='device = "cuda"'), tmp_path)
    monkeypatch.setattr(run_module, "_why_missing", lambda device: f"{device}: there is none")
    from nbhybrid.batch import resume

    with resume.opened(spec):
        (task, *_) = run_module._tasks(spec, [((0, 1), (0,))], 1)
        with pytest.raises(nb.Error, match="cuda: there is none"):
            run_module.work(task)


# Keys that do nothing beside what else a spec says, and what the error must name.
USELESS = {
    "compression with smv": ({"form": "smv", "output": 'compression = "gzip"'}, "output.compression: found 'gzip'"),
    "compression with bin": ({"form": "bin", "output": 'compression = "none"'}, "output.compression: found 'none'"),
    "one file with npy": ({"form": "npy", "output": "single_file = true"}, "output.single_file: found True"),
    "adc with hdf5": ({"form": "hdf5", "output": "adc = 40"}, "output.adc: found 40"),
    "adc with bin": ({"form": "bin", "output": "adc = 40"}, "output.adc: found 40"),
    "order of nothing": ({"orientations": 'random = true\nquaternions = "xyzw"'}, "orientations.quaternions: found 'xyzw'"),
    "unit of nothing": ({"shots": 'unit = "ev"'}, "shots.unit: found 'ev'"),
}


@pytest.mark.parametrize("what", USELESS)
def test_report_31_keys_without_effect_are_refused_all_alike(what, tmp_path):
    parts, needle = USELESS[what]
    with pytest.raises(nb.InputFileError) as caught:
        Spec.from_toml(spec_text(**parts), tmp_path)
    assert needle in str(caught.value)
    assert "which has no effect here: it is for " in str(caught.value)
    assert str(caught.value).endswith(". Remove it")


@pytest.mark.parametrize(
    ("option", "instead"),
    [
        ("-floatfile a.bin", "output.format"),
        ("-seed 3", "series.seed"),
        ("-nonoise", "noise.photons"),
        ("--device cpu", "[render]"),
    ],
)
def test_report_31_options_without_effect_are_refused_in_a_spec(option, instead, tmp_path):
    with pytest.raises(nb.InputFileError) as caught:
        Spec.from_toml(spec_text(args=f"{ARGS} {option}"), tmp_path)
    message = str(caught.value)
    assert f"experiment.args: {option.split()[0]} has no effect in a series: remove it (" in message
    assert instead in message


def test_report_31_several_are_named_together(tmp_path):
    with pytest.raises(nb.InputFileError, match=r"-nonoise, -intimage and --quiet have no effect in a series: remove them"):
        Spec.from_toml(spec_text(args=f"{ARGS} -nonoise -intimage i.img --quiet"), tmp_path)


def test_report_32_the_shipped_specs_have_no_warnings(tmp_path):
    example = tmp_path / "example.toml"
    example.write_text(batch(tmp_path, "--example").stdout)
    done = batch(tmp_path, "example.toml", "--dry-run")
    assert (done.returncode, done.stderr) == (0, "")
    template = (ROOT / "packaging" / "slurm" / "series.toml.in").read_text().replace("@TASK@", "3")
    for text in (example.read_text(), template):
        spec = Spec.from_toml(text, tmp_path)
        assert spec.warnings == ()
        assert nb.Simulator(spec.experiment).warnings == []
        pixels = nb.simulate(spec.experiment)
        assert pixels.max() > 1, "an example has photons"


def test_report_32_the_shipped_spec_as_smv_needs_one_line_removed(tmp_path):
    text = batch(tmp_path, "--example").stdout
    smv = text.replace('format = "hdf5"', 'format = "smv"')
    assert smv != text
    with pytest.raises(nb.InputFileError, match=r"output\.compression: found 'gzip', which has no effect here.*Remove it$"):
        Spec.from_toml(smv, tmp_path)
    without = re.sub(r"^compression = .*\n", "", smv, flags=re.M)
    assert Spec.from_toml(without, tmp_path).recipe.format == "smv"


@pytest.mark.parametrize("name", ["rotation_series", "stills_spectrum", "fit_orientation"])
def test_report_32_examples_have_no_warnings(name):
    spec = importlib.util.spec_from_file_location(name, EXAMPLES / f"{name}.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    made = {
        "rotation_series": lambda: module.lysozyme(),
        "stills_spectrum": lambda: module.stills(*module.laser_spectrum(np.random.default_rng(7))),
        "fit_orientation": lambda: module.nominal(),
    }[name]()
    assert made.warnings == []
