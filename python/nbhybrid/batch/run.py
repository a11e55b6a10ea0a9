"""A series from its spec to its files: in this process, or by Dask's workers."""

from __future__ import annotations

import dataclasses
import functools
import os
import time
from typing import TYPE_CHECKING, Any

from nbhybrid.batch import cluster, output, resume
from nbhybrid.batch.render import Task
from nbhybrid.cores import usable_cores
from nbhybrid.devices import why_missing
from nbhybrid.errors import DeviceError, InputFileError, ModelError, OutputFileError
from nbhybrid.formats import written_formats
from nbhybrid.images import LARGEST_COUNT, read_image
from nbhybrid.input_warnings import already_said, warn

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from nbhybrid.batch.spec import Spec

    # Images done, images of the series, images that failed in this run.
    Progress = Callable[[int, int, int], object]
    # First image and the one after the last of a task, and the images of it to render.
    _Left = tuple[tuple[int, int], tuple[int, ...]]

# Seconds that the start of Dask and its workers takes, and between two calls of `Progress` where tasks take longer.
_START, _TICK = 2.0, 1.0


@dataclasses.dataclass(frozen=True)
class Result:
    """What a run has done.

    Attributes
    ----------
    images : int
        Images of the series.
    rendered : int
        Images that this run has rendered; the others were there.
    failures : list of (int, str)
        Number of the image and error, in order.
    path : str
        What to open: the file that shows the series as a whole, or the folder of the images; the output folder if pieces are
        missing.
    """

    images: int
    rendered: int
    failures: list[tuple[int, str]]
    path: str


def work(task: Task, watch: Callable[[float], bool] | None = None) -> None:
    """Render the images of a task and write them.

    Nothing is returned: a result would be lost with its worker, and waited for.

    Parameters
    ----------
    task : Task
    watch : callable, optional
        As for `Simulator.run`.

    Raises
    ------
    InputFileError, OutputFileError
        If the output folder is not what it was, or cannot be written to.
    DeviceError
        If the device is not here.
    """
    # The spec has warned when it was read.
    with already_said():
        series, provenance = resume.prepared(task.folder, task.state)
        why = _why_missing(series.recipe.device)
        if why:
            raise DeviceError(why)
        pixels, frames = series.render(task, watch)
        output.write(task, pixels, frames, series, provenance)


@functools.lru_cache
def _why_missing(device: str) -> str:
    return why_missing(device)


def run_batch(
    spec: Spec,
    *,
    client: Any = None,
    scheduler: str | None = None,
    workers: int | None = None,
    threads: int | None = None,
    progress: Progress | None = None,
    merge: bool = False,
    is_hushed: bool = False,
) -> Result:
    """Render what is left of a series, and write the file that shows it as a whole.

    The files depend on the spec alone: not on workers and threads, nor on how often the run was stopped and begun again.

    Parameters
    ----------
    spec : Spec
    client : distributed.Client, optional
        Whose workers do the work.
    scheduler : str, optional
        Instead: the address of a Dask scheduler.
    workers : int, optional
        Instead: how many processes of this machine do it; 0: this one alone, without Dask. By default this one as long as others
        are not worth their start, and then one for each `threads` of the cores that this process may use. A script that lets
        others do it needs ``if __name__ == "__main__":``, as for `multiprocessing`.
    threads : int, optional
        Of each task: by default 1, or without Dask the cores that this process may use.
    progress : callable, optional
        Called with the numbers of images that are done, that there are, and that have failed, at the start, after each task, and
        about once a second where tasks take longer.
    merge : bool
        Whether ``images.h5`` is to hold all images itself, as with ``output.single_file = true`` in the spec. Its pieces are
        removed when all is in it, unless images failed, which another run tries again.
    is_hushed : bool
        Whether Dask is to report nothing by itself, as on the command line.

    Returns
    -------
    Result

    Raises
    ------
    InputFileError
        If the output folder holds another series, or the spec names a device that is not here and should be.
    OutputFileError
        If it cannot be written to, or another run is at work in it.
    ModelError
        If a package is missing, or the arguments do not go together.
    SchedulerLost, WorkerFailed
        If the scheduler ends or cannot be reached, or workers lack what they need; another run goes on from there.
    """
    _check(client, scheduler, workers, threads)
    kind = spec.recipe.kind
    if merge and not kind.series:
        several = " or ".join(each.name for each in written_formats() if each.series)
        raise ModelError(f'merge: found a series in the format "{kind.name}", which holds {kind.holds}, expected {several}')
    try:
        kind.check_packages()
    except ModelError as error:
        raise ModelError(f"output.format: {error}, or choose another format") from error
    if client is None and scheduler is None and (why := _why_missing(spec.recipe.device)):
        raise InputFileError(f"{spec.path}: render.device: {why}")
    if client is None and workers != 0:
        cluster.check()
    with resume.opened(spec):
        left = resume.pending(spec.output, spec.recipe)
        to_do = sum(len(images) for _, images in left)
        meter = _Meter(spec, to_do, progress)
        rest = left
        if client is None and scheduler is None and not workers:
            rest = _alone(spec, left, threads, meter, is_for_all=workers == 0)
        if rest:
            with cluster.connected(client, scheduler, workers, threads or 1, is_hushed) as its_client:
                cluster.render_all(its_client, work, _tasks(spec, rest, threads or 1), meter.add, meter.tick)
        return _finish(spec, to_do, sorted(meter.failures), merge or spec.single_file)


def _check(client: Any, scheduler: str | None, workers: int | None, threads: int | None) -> None:
    given = [name for name, value in (("client", client), ("scheduler", scheduler), ("workers", workers)) if value is not None]
    if len(given) > 1:
        raise ModelError(f"{given[1]}: found beside {given[0]}, expected one of them")
    for name, value, low in (("workers", workers, 0), ("threads", threads, 1)):
        if value is not None and (isinstance(value, bool) or not isinstance(value, int) or value < low):
            raise ModelError(f"{name}: found {value!r}, expected a whole number, {low} or more")


def _alone(spec: Spec, left: list[_Left], threads: int | None, meter: _Meter, is_for_all: bool) -> list[_Left]:
    """Render in this process, on all cores, until workers are worth their start; return what is left for them.

    Parameters
    ----------
    spec : Spec
    left : list of (span, images)
    threads : int, optional
    meter : _Meter
    is_for_all : bool
        Whether there are to be no workers.
    """
    begun, done = time.monotonic(), 0
    to_do = sum(len(images) for _, images in left)
    for number, task in enumerate(_tasks(spec, left, threads or usable_cores())):
        spent = time.monotonic() - begun
        is_short = spent < _START or spent * (to_do - done) < 2 * _START * done
        if not (is_for_all or is_short or usable_cores() // (threads or 1) < 2):
            return left[number:]
        # A watch is also what lets Ctrl-C interrupt the rendering.
        work(task, meter.tick)
        meter.add(task)
        done += len(task.images)
    return []


class _Meter:
    """Counts what is done."""

    def __init__(self, spec: Spec, to_do: int, progress: Progress | None) -> None:
        self._folder, self._recipe = spec.output, spec.recipe
        self._done = spec.recipe.images - to_do
        self._progress = progress
        self._told = time.monotonic()
        self.failures: list[tuple[int, str]] = []
        self._tell()

    def add(self, task: Task, error: str = "") -> None:
        """Count a task; with an error, all of its images have failed."""
        self._done += len(task.images)
        failed = [(image, error) for image in task.images]
        self.failures += failed if error else output.failures_of(self._folder, self._recipe, task.span)
        self._tell()

    def tick(self, share: float = 0.0) -> bool:
        """Say the numbers again if it is a while since. Returns True: go on."""
        if time.monotonic() - self._told > _TICK:
            self._tell()
        return True

    def _tell(self) -> None:
        self._told = time.monotonic()
        if self._progress is not None:
            self._progress(self._done, self._recipe.images, len(self.failures))


def _tasks(spec: Spec, left: list[_Left], threads: int) -> Iterator[Task]:
    """Yield the tasks; their share of the spec's arrays is cut out when each is wanted."""
    state = resume.state_digest(spec.output)
    for span, images in left:
        yield task_of(spec, span, images, threads, state)


def task_of(spec: Spec, span: tuple[int, int], images: tuple[int, ...], threads: int, state: str = "") -> Task:
    """Return the task of some images, with what the spec brings along for them."""
    return Task(
        folder=spec.output,
        state=state,
        span=span,
        images=images,
        orientations=None if spec.orientations is None else spec.orientations[list(images)],
        shots=[spec.shot(image) for image in images] if spec.has_shots else None,
        threads=threads,
    )


def _warn_if_clipped(spec: Spec, failed: set[int]) -> None:
    """Look at a few images that hold integers, and warn if most of their pixels are the largest or the smallest there is."""
    if not spec.recipe.kind.has_adc:
        return
    last = spec.recipe.images - 1
    for image in sorted({0, last // 2, last} - failed):
        name = os.path.join(spec.output, output.image_of(spec.recipe, image))
        pixels = read_image(name).pixels
        for value, what in ((LARGEST_COUNT, "the largest number of 16 bits"), (0, "0, the smallest")):
            share = float((pixels == value).mean())
            if share > 0.5 and (value or spec.recipe.adc):
                warn([("clipped", f"{name}: {100 * share:.0f} % of its pixels are {what}: look at the fluence and at output.adc")])
                return


def _finish(spec: Spec, rendered: int, failures: list[tuple[int, str]], merge: bool) -> Result:
    """List failures and write the file that shows the series as a whole, if all its pieces are there."""
    recipe = spec.recipe
    resume.write_failures(spec.output, recipe.images, failures)
    failed = {image for image, _ in failures}
    missing = [images[0] for _, images in resume.pending(spec.output, recipe) if images and failed.isdisjoint(images)]
    if missing:
        what = f"image {missing[0]} and perhaps others were rendered but are not here"
        raise OutputFileError(f"{spec.output}: {what}: all workers must see this folder under this name")
    several = recipe.kind.series
    if several is None:
        _warn_if_clipped(spec, failed)
        return Result(recipe.images, rendered, failures, os.path.join(spec.output, output.IMAGES))
    path = os.path.join(spec.output, output.master_of(recipe))
    if several.is_merged(path):
        # The images had been merged before; pieces are left if the run that merged them was killed.
        resume.remove_pieces(spec.output, recipe)
        return Result(recipe.images, rendered, failures, path)
    pieces = [output.piece_of(recipe, span) for span in recipe.ranges()]
    if not all(os.path.exists(os.path.join(spec.output, piece)) for piece in pieces):
        return Result(recipe.images, rendered, failures, spec.output)
    _, provenance = resume.prepared(spec.output, resume.state_digest(spec.output))
    if merge:
        several.merge(path, pieces, recipe.images, provenance, recipe.compression)
    else:
        several.link(path, pieces, recipe.images, provenance)
    if merge and not failures:
        resume.remove_pieces(spec.output, recipe)
    return Result(recipe.images, rendered, failures, path)
