"""Dask: a scheduler somewhere, or workers of this machine; tasks are handed out a few at a time."""

from __future__ import annotations

import asyncio
import contextlib
import importlib
import importlib.util
import itertools
import logging
import os
import queue
import signal
import time
from typing import TYPE_CHECKING, Any

from nbhybrid.cores import usable_cores
from nbhybrid.errors import ModelError, NbhybridError
from nbhybrid.extras import install

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from nbhybrid.batch.render import Task

# Tasks submitted ahead for each thread of the workers, so that no thread idles; and the least number, before workers are there.
_AHEAD, _AT_LEAST = 3, 8
_PATIENCE, _ASK_AGAIN = 0.2, 2.0  # seconds between two looks at the scheduler, and at the number of its workers
# What Dask and asyncio raise where the scheduler has gone is not one kind of error.
_ANYTHING = (Exception, asyncio.CancelledError)
_LOGGERS = ("distributed", "tornado", "asyncio")


class SchedulerLost(NbhybridError):
    """The scheduler of Dask has ended, or cannot be reached."""


class WorkerFailed(NbhybridError):
    """A worker of Dask cannot do what is asked of it; nor, presumably, could the others."""


@contextlib.contextmanager
def connected(client: Any, scheduler: str | None, workers: int | None, threads: int, is_hushed: bool = False) -> Iterator[Any]:
    """Yield a client of a scheduler, which is closed in the end unless it was given.

    Raises
    ------
    SchedulerLost
        If there is no scheduler at that address.
    """
    if client is not None:
        yield client
        return
    distributed = _library(is_hushed)
    if scheduler is not None:
        try:
            client = distributed.Client(scheduler, timeout="10s")
        except (OSError, ValueError) as error:
            raise SchedulerLost(f"{scheduler}: there is no Dask scheduler that answers ({error})") from error
        try:
            yield client
        finally:
            _close(client)
        return
    with _local_cluster(distributed, workers or max(1, usable_cores() // threads)) as cluster:
        client = distributed.Client(cluster)
        try:
            yield client
        except BaseException:
            _kill(cluster)
            raise
        finally:
            _close(client)


def check() -> None:
    """Look whether Dask is there, without its import, which takes as long as a short series.

    Raises
    ------
    ModelError
        If it is not.
    """
    if importlib.util.find_spec("distributed") is None:
        raise ModelError(
            f"workers: need Dask (dask and distributed), which is not installed: {install('dask')}, or render with --serial "
            "(workers=0)"
        )


def _library(is_hushed: bool) -> Any:
    """Return the module distributed, which `check` has found."""
    distributed = importlib.import_module("distributed")
    if is_hushed:
        _hush()
    return distributed


def _hush() -> None:
    """Keep Dask's reports of ends and restarts from the terminal: what matters of them is said by ours."""
    names = [name for name in logging.root.manager.loggerDict if name.split(".")[0] in _LOGGERS]
    for name in (*_LOGGERS, *names):
        logging.getLogger(name).setLevel(logging.CRITICAL + 1)


@contextlib.contextmanager
def _local_cluster(distributed: Any, workers: int) -> Iterator[Any]:
    """Yield a cluster of processes of this machine."""
    cluster = distributed.LocalCluster(
        n_workers=workers,
        threads_per_worker=1,
        processes=True,
        # Workers hold no Dask results in memory, so Dask has nothing to spill and must not kill one for its size.
        memory_limit=0,
        # Whatever port is free, for this machine alone.
        dashboard_address="127.0.0.1:0",
        silence_logs=logging.CRITICAL,
    )
    try:
        yield cluster
    finally:
        with contextlib.suppress(Exception):
            cluster.close(timeout=5)


def _kill(cluster: Any) -> None:
    """End the workers at once; whatever they were writing has a temporary name."""
    for nanny in getattr(cluster, "workers", {}).values():
        with contextlib.suppress(Exception):
            os.kill(nanny.pid, signal.SIGKILL)


def _close(client: Any) -> None:
    with contextlib.suppress(Exception):
        client.close(timeout=2)


def render_all(
    client: Any,
    work: Callable[[Task], None],
    tasks: Iterator[Task],
    done: Callable[[Task, str], None],
    waiting: Callable[[], object] | None = None,
) -> None:
    """Have tasks done by the workers of a client.

    Parameters
    ----------
    client : distributed.Client
    work : callable
        What the workers call with each task.
    tasks : iterator of Task
    done : callable
        Called with each task that is done, and an error if workers have died over it so often that Dask gave it up.
    waiting : callable, optional
        Called now and then while no task ends.

    Raises
    ------
    SchedulerLost, WorkerFailed
    InputFileError, OutputFileError
        As a task raises them: the next would too.
    """
    finished: queue.SimpleQueue[Any] = queue.SimpleQueue()
    under_way: dict[Any, Task] = {}
    window = _Window(client)
    # Tasks that a killed run has left on the scheduler must not be mistaken for ours.
    run = os.urandom(4).hex()
    try:
        while True:
            for task in itertools.islice(tasks, max(0, window.size() - len(under_way))):
                future = _submit(client, work, task, f"nbhybrid-{run}-{task.span[0]}")
                under_way[future.key] = task
                future.add_done_callback(finished.put)
            if not under_way:
                return
            try:
                future = finished.get(timeout=_PATIENCE)
            except queue.Empty:
                if client.status not in ("running", "connecting"):
                    raise _lost(client) from None
                if waiting is not None:
                    waiting()
                continue
            error = _error_of(client, future)
            done(under_way.pop(future.key), error)
    finally:
        if under_way and client.status == "running":
            with contextlib.suppress(Exception):
                client.cancel(list(under_way), force=True)


class _Window:
    """How many tasks should be under way: workers may come and go."""

    def __init__(self, client: Any) -> None:
        self._client = client
        self._size = _AT_LEAST
        self._asked = -_ASK_AGAIN

    def size(self) -> int:
        now = time.monotonic()
        if now - self._asked > _ASK_AGAIN:
            try:
                self._size = max(_AT_LEAST, _AHEAD * sum(self._client.nthreads().values()))
            except _ANYTHING as error:
                raise _lost(self._client, error) from error
            self._asked = now
        return self._size


def _submit(client: Any, work: Callable[[Task], None], task: Task, key: str) -> Any:
    try:
        return client.submit(work, task, key=key, pure=False)
    except _ANYTHING as error:
        raise _lost(client, error) from error


def _error_of(client: Any, future: Any) -> str:
    """Return why a task was given up; empty if it was done."""
    if future.status == "cancelled" or client.status != "running":
        raise _lost(client)
    if future.status != "error":
        return ""
    try:
        error = future.exception()
    except _ANYTHING as why:
        raise _lost(client, why) from why
    if isinstance(error, NbhybridError):
        raise error
    if type(error).__name__ == "KilledWorker":
        return "each worker that tried to render it, or images of the same task, died"
    raise WorkerFailed(f"a worker cannot do its task: {type(error).__name__}: {error}") from error


def _lost(client: Any, why: BaseException | None = None) -> SchedulerLost:
    address = getattr(getattr(client, "scheduler", None), "address", None) or "the scheduler"
    cause = f" ({type(why).__name__}: {why})" if why is not None else ""
    return SchedulerLost(f"{address}: the Dask scheduler has ended or cannot be reached any more{cause}")
