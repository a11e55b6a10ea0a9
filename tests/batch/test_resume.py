"""A series that is killed, in whatever way, and begun again ends with the bytes of one that was not."""

import json
import os
import signal
import subprocess
import sys
import time

import pytest
from series import BATCH, CRYSTAL, batch, hashes, write_spec

psutil = pytest.importorskip("psutil", reason="dask[distributed] is not installed: that series survive kills is NOT tested")
pytest.importorskip("distributed", reason="dask[distributed] is not installed: that series survive kills is NOT tested")
pytest.importorskip("h5py", reason="h5py is not installed: that series survive kills is NOT tested")

# A task takes about a twentieth of a second.
SLOW = f"{CRYSTAL} -pixel 0.2 -detpixels 96 -oversample 3 -mosaic 1 -mosaic_domains 20"
IMAGES, PER_FILE = 160, 2
PIECES = IMAGES // PER_FILE
PATIENCE = 60  # seconds for what takes one or two


def slow_spec(folder):
    more = f"images_per_file = {PER_FILE}"
    return write_spec(folder, args=SLOW, images=IMAGES, form="hdf5", noise="photons = true", output=more)


def start(folder, *words):
    return subprocess.Popen(
        [*BATCH, "spec.toml", *words], cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, start_new_session=True
    )


def pieces(folder):
    return len(list((folder / "out" / "pieces").glob("images_*.h5")))


def wait_for(condition, process=None):
    end = time.monotonic() + PATIENCE
    while not condition():
        assert process is None or process.poll() is None, f"over too early: {process.communicate()}"
        assert time.monotonic() < end, "nothing happens"
        time.sleep(0.01)


def wait_for_more(folder, process, number=8):
    """Wait until a run has written some more pieces, but not all."""
    before = pieces(folder)
    wait_for(lambda: pieces(folder) >= before + number, process)
    assert pieces(folder) < PIECES, "there is too little to do for this test"


def children(process):
    return [child for child in psutil.Process(process.pid).children(recursive=True) if "spawn_main" in " ".join(child.cmdline())]


class Cluster:
    """A scheduler and two workers, each a process of its own."""

    def __init__(self, folder):
        file = folder / "scheduler.json"
        self.processes = [self._start(folder, "dask_scheduler", "--port", "0", "--no-dashboard", "--scheduler-file", file)]
        wait_for(file.exists)
        wait_for(lambda: file.read_text().strip().endswith("}"))
        self.address = json.loads(file.read_text())["address"]
        one = ("--nworkers", "1", "--nthreads", "1", "--no-nanny", "--no-dashboard", "--death-timeout", "60")
        self.processes += [self._start(folder, "dask_worker", self.address, *one) for _ in range(2)]

    @staticmethod
    def _start(folder, module, *words):
        command = [sys.executable, "-m", f"distributed.cli.{module}", *map(str, words)]
        return subprocess.Popen(command, cwd=folder, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)

    def end(self):
        for process in self.processes:
            process.kill()
            process.wait()


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory):
    """Return the hashes of a series that one process has rendered in one go."""
    folder = tmp_path_factory.mktemp("undisturbed")
    slow_spec(folder)
    done = batch(folder, "spec.toml", "--serial", "--quiet")
    assert done.returncode == 0, done.stderr
    found = hashes(folder / "out")
    assert len(found) == PIECES + 3  # batch.json, experiment.json, images.h5
    return found


def test_workers_the_scheduler_and_the_command_are_killed(undisturbed, tmp_path):
    slow_spec(tmp_path)
    cluster = Cluster(tmp_path)
    try:
        process = start(tmp_path, "--scheduler", cluster.address)
        wait_for_more(tmp_path, process)
        cluster.processes[1].kill()  # a worker: the other one takes over
        wait_for_more(tmp_path, process)
        cluster.processes[0].kill()  # the scheduler
        _, errors = process.communicate(timeout=PATIENCE)
    finally:
        cluster.end()
    assert process.returncode == 1, errors
    assert "scheduler has ended" in errors
    assert "Traceback" not in errors

    process = start(tmp_path, "--workers", "2")
    wait_for_more(tmp_path, process)
    process.kill()  # the command, and with it the scheduler of its workers
    process.communicate(timeout=PATIENCE)
    assert not (tmp_path / "out" / "images.h5").exists()

    process = start(tmp_path, "--workers", "2")
    wait_for(lambda: len(children(process)) >= 2, process)
    wait_for_more(tmp_path, process)
    children(process)[0].kill()  # a worker of this machine: another is started
    output, errors = process.communicate(timeout=PATIENCE)
    assert process.returncode == 0, errors
    assert "were there" in output
    assert hashes(tmp_path / "out") == undisturbed


def test_all_processes_are_killed_again_and_again(undisturbed, tmp_path):
    slow_spec(tmp_path)
    for number in (1, 5):
        process = start(tmp_path, "--serial", "--threads", "1")
        wait_for_more(tmp_path, process, number)
        os.killpg(process.pid, signal.SIGKILL)
        process.communicate(timeout=PATIENCE)
    # What a killed writer leaves.
    (tmp_path / "out" / "pieces" / ".123-0123abcd.images_000000-000001.h5").write_bytes(b"half of")
    done = batch(tmp_path, "spec.toml", "--serial")
    assert done.returncode == 0, done.stderr
    assert hashes(tmp_path / "out") == undisturbed


@pytest.mark.parametrize("words", [["--serial"], ["--workers", "1"]], ids=" ".join)
@pytest.mark.parametrize("which", [signal.SIGINT, signal.SIGTERM], ids=["SIGINT", "SIGTERM"])
def test_a_stopped_series_goes_on(which, words, undisturbed, tmp_path):
    slow_spec(tmp_path)
    process = start(tmp_path, *words)
    wait_for_more(tmp_path, process, 3)
    os.killpg(process.pid, which)  # as a terminal does
    output, errors = process.communicate(timeout=PATIENCE)
    assert process.returncode == 128 + which, errors
    assert output == ""
    assert "the same command goes on from there" in errors
    assert "Traceback" not in errors
    left = [path.name for path in (tmp_path / "out").rglob("*") if path.is_file()]
    assert not [name for name in left if name.startswith(".")]
    before = {path.name: path.stat().st_mtime_ns for path in (tmp_path / "out" / "pieces").iterdir()}
    done = batch(tmp_path, "spec.toml", "--serial")
    assert done.returncode == 0, done.stderr
    assert hashes(tmp_path / "out") == undisturbed
    after = {path.name: path.stat().st_mtime_ns for path in (tmp_path / "out" / "pieces").iterdir()}
    assert before.items() <= after.items(), "what was complete has been written again"
