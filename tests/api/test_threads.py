"""Threads: as many as asked for, gone after the call, and at peace with forks, pools and the pools of other libraries."""

import concurrent.futures
import json
import multiprocessing
import os
import pathlib
import signal
import subprocess
import sys
import threading
import time

import nbhybrid as nb
import numpy as np
import pytest
from helpers import SMALL, SMALL_WORDS, run_well
from nbhybrid.cores import usable_cores

TASKS = pathlib.Path("/proc/self/task")
# Work for ten threads: a thread is started for each 10,000 steps. The small experiments of other tests need none.
EXPERIMENT = nb.Experiment.from_args(f"{SMALL} -detpixels 100 -oversample 1 -mosaic 1 -mosaic_domains 10".split())
# Longer than any test waits for; stopped by its watch.
ENDLESS = nb.Experiment.from_args(f"{SMALL} -detpixels 3000 -oversample 1 -mosaic 1 -mosaic_domains 5000".split())
HANGS_AFTER = 120  # seconds; then a process that hangs is killed

needs_tasks = pytest.mark.skipif(not TASKS.is_dir(), reason="there is no /proc/self/task: the number of threads is NOT tested")
needs_fork = pytest.mark.skipif(not hasattr(os, "fork"), reason="this system has no fork: forks are NOT tested")
needs_mask = pytest.mark.skipif(not hasattr(os, "sched_setaffinity"), reason="this system has no masks: they are NOT tested")
# Newer Pythons warn of every fork while there are threads, which is what is tested.
forks = pytest.mark.filterwarnings("ignore:.*fork:DeprecationWarning")


@pytest.fixture(scope="module")
def image():
    return nb.simulate(EXPERIMENT, threads=1)


def threads_now():
    return {int(path.name) for path in TASKS.iterdir()}


def started_by(threads):
    """Return the threads that a run has beside those that are there; it is stopped as soon as they have been counted."""
    before = threads_now()
    seen = set()

    def watch(done):
        seen.update(threads_now() - before)
        return False

    try:
        nb.Simulator(ENDLESS, threads=threads).run(watch=watch)
    except nb.Interrupted:
        return seen
    raise AssertionError("the run was over before it was watched")


def number_started(threads=None):
    return len(started_by(threads))


def number_started_on(cpus):
    """Do as a scheduler's or an MPI launcher's child: run on these processors alone."""
    os.sched_setaffinity(0, cpus)
    return number_started(), nb.simulate(EXPERIMENT).tobytes()


def simulated(threads):
    """Return the bytes of an image; for workers."""
    return nb.simulate(EXPERIMENT, threads=threads).tobytes()


def in_a_child(work):
    """Fork, do the work in the child, and return whether it returned True in good time."""
    child = os.fork()
    if child == 0:
        signal.alarm(HANGS_AFTER)
        good = False
        try:
            good = work()
        finally:
            os._exit(0 if good else 1)
    return os.waitpid(child, 0)[1] == 0


def workers(kind, number=2):
    """Return a pool of processes that are killed if they hang, so that the test fails instead."""
    context = multiprocessing.get_context(kind)
    return concurrent.futures.ProcessPoolExecutor(number, mp_context=context, initializer=signal.alarm, initargs=(HANGS_AFTER,))


@pytest.mark.parametrize("threads", [2, 3, 7])
def test_the_image_is_that_of_one_thread(threads, image):
    for _ in range(3):
        assert nb.simulate(EXPERIMENT, threads=threads).tobytes() == image.tobytes()


@needs_tasks
@pytest.mark.parametrize("threads", [1, 2, 5])
def test_as_many_threads_as_asked_for_and_none_afterwards(threads):
    seen = started_by(threads)
    assert len(seen) == threads
    # A thread that has been joined may be seen for a moment still.
    patience = time.monotonic() + 10
    while seen & threads_now():
        assert time.monotonic() < patience, "threads are left"
        time.sleep(0.01)


@needs_tasks
def test_by_default_as_many_threads_as_cores():
    assert number_started() == usable_cores()


@needs_tasks
@needs_mask
@pytest.mark.parametrize("kind", ["fork", "spawn"])
@forks
def test_workers_stay_on_their_processors(kind, image, monkeypatch):
    monkeypatch.delenv("OMP_NUM_THREADS", raising=False)
    allowed = sorted(os.sched_getaffinity(0))
    with workers(kind) as pool:
        masks = [{allowed[0]}, {allowed[-1]}, set(allowed[:2])]
        found = list(pool.map(number_started_on, masks))
    assert found == [(len(mask), image.tobytes()) for mask in masks]


@needs_tasks
def test_no_more_threads_than_openmp_is_given():
    code = "import test_threads; print(test_threads.number_started())"
    here = pathlib.Path(__file__).resolve().parent
    environment = {**os.environ, "OMP_NUM_THREADS": "1", "PYTHONPATH": os.pathsep.join([str(here), str(here.parent)])}
    done = subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=True)
    assert done.stdout == "1\n"


@needs_mask
@pytest.mark.parametrize("limit", ["mask", "OMP_NUM_THREADS"])
def test_the_command_has_the_same_default(limit, tmp_path):
    environment = {**os.environ, "OMP_NUM_THREADS": "1" if limit == "OMP_NUM_THREADS" else "1000"}
    first = {min(os.sched_getaffinity(0))}
    pinned = (lambda: os.sched_setaffinity(0, first)) if limit == "mask" else None
    run_well([*SMALL_WORDS, "--json", "record.json"], tmp_path, env=environment, preexec_fn=pinned)
    assert json.loads((tmp_path / "record.json").read_text())["threads"] == 1


@needs_fork
@forks
def test_fork_after_a_run_on_threads(image):
    assert simulated(2) == image.tobytes()
    assert in_a_child(lambda: simulated(2) == image.tobytes())
    assert simulated(2) == image.tobytes()


@needs_fork
@forks
def test_fork_during_a_run_on_threads(image):
    over = threading.Event()
    watched = threading.Event()
    endings = []

    def watch(done):
        watched.set()
        return not over.is_set()

    def endless():
        with pytest.raises(nb.Interrupted):
            nb.Simulator(ENDLESS, threads=2).run(watch=watch)
        endings.append("interrupted")

    other = threading.Thread(target=endless)
    other.start()
    try:
        assert watched.wait(HANGS_AFTER)
        assert in_a_child(lambda: simulated(2) == image.tobytes())
    finally:
        over.set()
        other.join()
    assert endings == ["interrupted"]


@pytest.mark.parametrize("kind", ["fork", "forkserver", "spawn"])
@forks
def test_pools_of_processes(kind, image):
    if kind not in multiprocessing.get_all_start_methods():
        pytest.skip(f"this system cannot {kind}: such pools are NOT tested")
    assert simulated(2) == image.tobytes()
    with workers(kind) as pool:
        assert list(pool.map(simulated, [1, 2, 3, None])) == [image.tobytes()] * 4


def test_pools_of_threads(image):
    simulator = nb.Simulator(EXPERIMENT, threads=2)
    with concurrent.futures.ThreadPoolExecutor(4) as pool:
        shared = [pool.submit(simulator.run) for _ in range(8)]
        own = [pool.submit(simulated, threads) for threads in (1, 2, 3, None)]
        assert all(future.result().tobytes() == image.tobytes() for future in shared)
        assert all(future.result() == image.tobytes() for future in own)


def side_by_side(product, image):
    """Simulate on threads while another thread multiplies matrices again and again; return the products."""
    over = threading.Event()
    products = []

    def multiply():
        while not (over.is_set() and products):
            products.append(product())

    other = threading.Thread(target=multiply)
    other.start()
    try:
        for _ in range(20):
            assert simulated(2) == image.tobytes()
    finally:
        over.set()
        other.join()
    return products


MATRIX = np.random.default_rng(1).standard_normal((400, 400))


@needs_fork
@forks
def test_beside_the_threads_of_numpy(image):
    expected = MATRIX @ MATRIX
    for found in side_by_side(lambda: MATRIX @ MATRIX, image):
        np.testing.assert_allclose(found, expected, rtol=1e-10, atol=1e-10)
    assert in_a_child(lambda: simulated(2) == image.tobytes())


@needs_fork
@forks
def test_beside_the_threads_of_torch(image):
    """Its pool is one of libgomp's, which a forked process cannot use again."""
    torch = pytest.importorskip("torch", reason="torch is not installed: that its threads do no harm is NOT tested")
    before = torch.get_num_threads()
    torch.set_num_threads(2)
    try:
        matrix = torch.from_numpy(MATRIX)
        expected = matrix @ matrix
        for found in side_by_side(lambda: matrix @ matrix, image):
            torch.testing.assert_close(found, expected, rtol=1e-10, atol=1e-10)
        assert torch.get_num_threads() == 2
        assert in_a_child(lambda: simulated(2) == image.tobytes())
    finally:
        torch.set_num_threads(before)


@pytest.mark.parametrize("scheduler", ["threads", "processes"])
def test_dask(scheduler, image):
    dask = pytest.importorskip("dask", reason="dask is not installed: its schedulers are NOT tested")
    images = [dask.delayed(nb.simulate)(EXPERIMENT, threads=threads) for threads in (1, 2, None)]
    for found in dask.compute(*images, scheduler=scheduler, num_workers=2):
        assert found.tobytes() == image.tobytes()
