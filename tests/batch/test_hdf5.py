"""Series in HDF5: what is in the files, and that their bytes are those of the series, whoever wrote them and when."""

import os
import random
import signal
import subprocess
import sys
import threading
import time

import nbhybrid as nb
import numpy as np
import pytest
from helpers import error_line
from nbhybrid.batch import Spec, WorkerFailed, cluster, run_batch
from nbhybrid.batch.orientations import random_rotation
from nbhybrid.batch.render import Task
from series import ARGS, batch, hashes, spec_text, write_spec

SHOTS = "fluence_rms_percent = 20\nwavelength_rms_percent = 0.5"
needs_h5py = pytest.mark.usefixtures("h5py")


@pytest.fixture
def h5py():
    return pytest.importorskip("h5py", reason="h5py is not installed: series in HDF5 are NOT tested")


@pytest.fixture
def distributed():
    return pytest.importorskip("distributed", reason="dask[distributed] is not installed: series on workers are NOT tested")


def series(folder, images=11, per_file=4, **parts):
    output = parts.pop("output", "") + f"\nimages_per_file = {per_file}"
    return Spec.from_toml(spec_text(images=images, form="hdf5", output=output, **parts), folder)


@pytest.mark.parametrize("compression", ["none", "gzip"])
def test_what_is_in_the_files(compression, h5py, tmp_path):
    spec = series(tmp_path, shots=SHOTS, noise="photons = true", output=f'compression = "{compression}"')
    result = run_batch(spec, workers=0)
    assert result.path == str(tmp_path / "out" / "images.h5")
    names = [path.name for path in sorted((tmp_path / "out" / "pieces").iterdir())]
    assert names == ["images_000000-000003.h5", "images_000004-000007.h5", "images_000008-000010.h5"]
    with h5py.File(result.path) as file:
        assert file["images"].shape == (11, 20, 20)
        assert file["images"].dtype == np.float32
        assert file["images"].is_virtual
        assert file["images"].attrs["units"] == "photons"
        held = {name: file["parameters"][name][:] for name in file["parameters"]}
        for i, image in enumerate(file["images"]):
            experiment = spec.experiment
            beam = experiment.beam.replace(wavelength_angstrom=held["wavelengths"][i, 0], fluence=held["fluence"][i])
            expected = nb.simulate_batch(experiment.replace(beam=beam), random_rotation(5, i)[None])[0]
            assert np.array_equal(image, nb.poisson(expected, 5, image_number=i))
            assert np.array_equal(held["rotation"][i], random_rotation(5, i))
    assert held["image_number"].tolist() == list(range(11))
    assert held["seed"].tolist() == [5] * 11
    assert held["failed"].tolist() == [0] * 11
    assert held["weights"].tolist() == [[1.0]] * 11
    for path in (result.path, tmp_path / "out" / "pieces" / names[1]):
        with h5py.File(path) as file:
            about = dict(file.attrs)
            assert about["nbhybrid_version"] == nb.__version__
            assert about["nbhybrid_commit"] == nb._core.commit
            assert about["spec"] == spec.words == spec.text.replace('"out"', '"series"')
            assert about["identity"] == spec.identity
    with h5py.File(tmp_path / "out" / "pieces" / names[1]) as file:
        assert file["parameters/image_number"][:].tolist() == [4, 5, 6, 7]
        assert file["images"].chunks == (1, 20, 20)
        assert file["images"].compression == (None if compression == "none" else "gzip")


def test_the_folder_can_be_moved(h5py, tmp_path, monkeypatch):
    run_batch(series(tmp_path), workers=0)
    (tmp_path / "out").rename(tmp_path / "moved")
    monkeypatch.chdir(tmp_path)
    with h5py.File("moved/images.h5") as file:
        assert file["images"][10].sum() > 0


@needs_h5py
def test_the_bytes_do_not_know_the_time(tmp_path):
    found = []
    for name in ("first", "second"):
        (tmp_path / name).mkdir()
        run_batch(series(tmp_path / name, output='compression = "gzip"'), workers=0)
        found.append(hashes(tmp_path / name / "out"))
        time.sleep(1.1)  # times in HDF5 are whole seconds
    assert found[0] == found[1]
    assert len(found[0]) == 6


def test_spectra_of_other_lengths(h5py, tmp_path):
    for i in range(4):
        np.savetxt(tmp_path / f"{i}.txt", [[1.0 + 0.01 * k, k + 1.0] for k in range(i + 1)])
    shots, render = 'spectrum_files = "{image}.txt"', 'semantics = "corrected"'
    result = run_batch(series(tmp_path, images=4, per_file=2, shots=shots, render=render), workers=0)
    with h5py.File(result.path) as file:
        wavelengths, weights = file["parameters/wavelengths"][:], file["parameters/weights"][:]
    assert wavelengths.shape == weights.shape == (4, 4)
    for i in range(4):
        assert wavelengths[i, : i + 1].tolist() == [1.0 + 0.01 * k for k in range(i + 1)]
        assert np.isnan(wavelengths[i, i + 1 :]).all()
        assert np.isnan(weights[i, i + 1 :]).all()


def test_an_image_that_fails_is_marked_and_made_anew(h5py, tmp_path):
    for i in range(11):
        (tmp_path / f"{i}.txt").write_text("1.0 1\n1.01 2\n")
    spec = series(tmp_path, shots='spectrum_files = "{image}.txt"', render='semantics = "corrected"')
    whole = run_batch(spec, workers=0)
    assert whole.failures == []
    undisturbed = hashes(tmp_path / "out")
    (tmp_path / "out").rename(tmp_path / "undisturbed")

    (tmp_path / "5.txt").unlink()
    result = run_batch(spec, workers=0)
    assert [image for image, _ in result.failures] == [5]
    with h5py.File(result.path) as file:
        assert file["parameters/failed"][:].tolist() == [0] * 5 + [1] + [0] * 5
        assert np.isnan(file["images"][5]).all()
        assert np.isnan(file["parameters/wavelengths"][5]).all()
        assert np.isnan(file["parameters/fluence"][5])
        assert file["images"][6].any()
    assert set(hashes(tmp_path / "out")) == {*undisturbed, "failures.json", "pieces/images_000004-000007.failed.json"}

    (tmp_path / "5.txt").write_text("1.0 1\n1.01 2\n")
    result = run_batch(spec, workers=0)
    assert (result.failures, result.rendered) == ([], 4)
    assert hashes(tmp_path / "out") == undisturbed


@needs_h5py
def test_a_broken_piece_is_named(tmp_path):
    spec = series(tmp_path)
    run_batch(spec, workers=0)
    piece = tmp_path / "out" / "pieces" / "images_000004-000007.h5"
    piece.write_bytes(piece.read_bytes()[:100])
    with pytest.raises(nb.InputFileError, match=r"images_000004-000007\.h5.*remove it and start again"):
        run_batch(spec, workers=0)


@needs_h5py
def test_workers_write_the_same_bytes(distributed, tmp_path):
    found = {}
    for way in ("alone", "two workers", "threads of a client"):
        folder = tmp_path / way
        folder.mkdir()
        write_spec(folder, images=23, form="hdf5", shots=SHOTS, noise="photons = true", output="images_per_file = 2")
        if way == "threads of a client":
            # As of dask-jobqueue or dask-mpi: a client that somebody else has made, with workers of several threads.
            with distributed.Client(processes=False, n_workers=1, threads_per_worker=3, dashboard_address="127.0.0.1:0") as client:
                result = run_batch(Spec.load(folder / "spec.toml"), client=client)
            assert (result.images, result.rendered, result.failures) == (23, 23, [])
        else:
            done = batch(folder, "spec.toml", *(["--serial"] if way == "alone" else ["--workers", "2"]))
            assert done.returncode == 0, done.stderr
            assert "images: 23\n" in done.stdout
        found[way] = hashes(folder / "out")
    assert found["alone"] == found["two workers"] == found["threads of a client"]


@needs_h5py
def test_the_bytes_do_not_know_who_looks(tmp_path):
    """Dask's profiler keeps the frames of functions, and what they have opened, for a moment longer."""
    over = threading.Event()

    def look():
        chance = random.Random(1)
        while not over.is_set():
            frames = []
            for frame in sys._current_frames().values():
                while frame is not None:
                    frames.append(frame)
                    frame = frame.f_back
            over.wait(chance.random() * 0.003)

    def rendered(folder):
        folder.mkdir()
        write_spec(folder, images=150, form="hdf5", output="images_per_file = 1")
        run_batch(Spec.load(folder / "spec.toml"), workers=0)
        return hashes(folder / "out")

    alone = rendered(tmp_path / "alone")
    watcher, interval = threading.Thread(target=look), sys.getswitchinterval()
    sys.setswitchinterval(1e-5)
    watcher.start()
    try:
        watched = rendered(tmp_path / "watched")
    finally:
        over.set()
        watcher.join()
        sys.setswitchinterval(interval)
    assert alone == watched


@needs_h5py
def test_failures_of_workers_are_listed(distributed, tmp_path):
    turns = np.stack([np.eye(3)] * 11)
    turns[5] *= 2
    np.save(tmp_path / "turns.npy", turns)
    write_spec(tmp_path, form="hdf5", orientations='file = "turns.npy"', output="images_per_file = 3")
    done = batch(tmp_path, "spec.toml", "--workers", "1")
    assert done.returncode == 1
    assert "nbhybrid: image 5: orientation: matrix 0 is not orthogonal" in done.stderr
    assert "1 of 11 images failed" in done.stderr


@pytest.fixture
def client(distributed):
    """Return a client of one worker of this machine that may not die over a task."""
    import dask

    with (
        dask.config.set({"distributed.scheduler.allowed-failures": 0}),
        distributed.LocalCluster(n_workers=1, threads_per_worker=1, dashboard_address="127.0.0.1:0", silence_logs=60) as cluster,
        distributed.Client(cluster) as client,
    ):
        yield client


def tasks(number):
    return [Task("", "state", (i, i + 1), (i,)) for i in range(number)]


def test_a_task_that_kills_its_workers_is_given_up(client):
    def deadly(task):
        if task.span[0] == 3:
            os.kill(os.getpid(), signal.SIGKILL)

    done = {}
    # One at a time: those that wait on a worker that dies are blamed too.
    for task in tasks(6):
        cluster.render_all(client, deadly, iter([task]), lambda task, error: done.update({task.span[0]: error}))
    assert sorted(done) == list(range(6))
    assert [i for i in done if done[i]] == [3]
    assert "died" in done[3]


@pytest.mark.parametrize(
    ("error", "raised", "message"),
    [
        (nb.OutputFileError("the disk is full"), nb.OutputFileError, "the disk is full"),
        (ImportError("no nbhybrid"), WorkerFailed, "a worker cannot do its task: ImportError: no nbhybrid"),
    ],
    ids=["ours", "another"],
)
def test_an_error_of_all_tasks_ends_the_run(error, raised, message, client):
    def useless(task):
        raise error

    with pytest.raises(raised, match=message):
        cluster.render_all(client, useless, iter(tasks(3)), lambda task, error: None)


@needs_h5py
def test_a_scheduler_that_is_not_there(distributed, tmp_path):
    write_spec(tmp_path, form="hdf5")
    done = batch(tmp_path, "spec.toml", "--scheduler", "tcp://127.0.0.1:9")
    assert done.returncode == 1
    assert "tcp://127.0.0.1:9: there is no Dask scheduler that answers" in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize(
    ("module", "needles"),
    [("h5py", ["pip install numpy h5py"]), ("distributed", ["pip install numpy dask distributed", "--serial"])],
)
def test_a_missing_package_is_named_before_anything_is_written(module, needles, tmp_path):
    write_spec(tmp_path, args=ARGS, form="hdf5" if module == "h5py" else "npy")
    script = f"import sys; sys.modules[{module!r}] = None; from nbhybrid.cli import main; sys.exit(main(['batch', 'spec.toml']))"
    command = [sys.executable, "-c", script]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    line = error_line(done)
    assert all(needle in line for needle in needles), line
    assert not (tmp_path / "out").exists()
