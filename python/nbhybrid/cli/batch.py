"""``nbhybrid batch``."""

from __future__ import annotations

import argparse
import os

from nbhybrid.cli import BAD_INPUT, INTERRUPTED
from nbhybrid.cli.console import complain, flush, say
from nbhybrid.cli.signals import unwind_when_terminated
from nbhybrid.cli.warning_log import WarningLog, caught, names_in
from nbhybrid.errors import OptionError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from nbhybrid.batch import Result, Spec

FAILED = 1
# So many failures are shown; the file has all of them.
_SHOWN = 20
_GOES_ON = "what is complete is kept, and the same command goes on from there"


def parser() -> argparse.ArgumentParser:
    """Return the parser of the command's words."""
    words = argparse.ArgumentParser(
        prog="nbhybrid batch",
        description="Render a series of images: random orientations or those of a file, a spectrum a shot, noise. Stopped or "
        "killed, the same command goes on where it was, and the files in the end are the same. "
        "The exit status is 0 if all images are there, 1 if some failed, 2 for bad input.",
    )
    words.add_argument("spec", nargs="?", help="a file in TOML; --example shows one")
    words.add_argument(
        "--scheduler", metavar="ADDRESS", help="of a Dask scheduler whose workers do the work, such as tcp://node:8786"
    )
    words.add_argument(
        "--workers",
        type=int,
        metavar="N",
        help="processes of this machine (one for each --threads of the cores, if that is worth their start); 0: as --serial",
    )
    words.add_argument("--serial", action="store_true", help="render in this process, without Dask")
    words.add_argument("--threads", type=int, metavar="T", help="of each worker's task (1), or of this process (its cores)")
    words.add_argument("--merge", action="store_true", help="make one file that needs no others of the series (HDF5)")
    words.add_argument("--dry-run", action="store_true", help="say what would be done and about how long it takes, and do nothing")
    words.add_argument("--example", action="store_true", help="print a spec with comments")
    words.add_argument("--strict", action="store_true", help="a warning is an error: nothing is rendered")
    words.add_argument(
        "--ignore-warnings", metavar="LIST", help="leave out warnings of these names, which stand behind them: NAME,..."
    )
    words.add_argument("--quiet", action="store_true", help="print errors only, and no bar")
    return words


def run(words: list[str]) -> int:
    """Render a series and return the exit status."""
    options = parser().parse_args(words)
    if options.example:
        with open(_example(), encoding="utf-8") as file:
            say(file.read())
        flush()
        return 0
    if not options.spec:
        raise OptionError("there is no spec: expected nbhybrid batch SPEC.toml; nbhybrid batch --example prints one")
    if options.serial and options.workers:
        raise OptionError(f"--workers: found {options.workers} beside --serial, expected one of them")
    for name, value, least in (("--workers", options.workers, 0), ("--threads", options.threads, 1)):
        if value is not None and value < least:
            raise OptionError(f"{name}: found {value}, expected a whole number, {least} or more")
    unwind_when_terminated()
    from nbhybrid.batch import Spec

    log = WarningLog(
        strict=options.strict,
        ignored=names_in(options.ignore_warnings) if options.ignore_warnings is not None else (),
        quiet=options.quiet,
    )
    with caught() as pairs:
        spec = Spec.load(options.spec)
    log.show(pairs)
    if options.dry_run:
        say(_plan_of(spec, options.threads))
        flush()
        return 0
    return _render(spec, options, log)


def _example() -> str:
    import nbhybrid.batch

    return os.path.join(os.path.dirname(nbhybrid.batch.__file__), "example.toml")


def _render(spec: Spec, options: argparse.Namespace, log: WarningLog) -> int:
    """Render what is left, report and return the exit status."""
    from nbhybrid.batch import SchedulerLost, WorkerFailed, run_batch
    from nbhybrid.cli.progress import ProgressBar

    images = spec.recipe.images
    workers = 0 if options.serial else options.workers
    try:
        with caught() as pairs, ProgressBar(wanted=not options.quiet, total=images, unit="images") as bar:
            result = run_batch(
                spec,
                scheduler=options.scheduler,
                workers=workers,
                threads=options.threads,
                progress=lambda done, total, failed: bar.update(done / total),
                merge=options.merge,
                is_hushed=True,
            )
    except (SchedulerLost, WorkerFailed) as error:
        complain(f"error: {error}; {_GOES_ON}")
        return FAILED
    except KeyboardInterrupt:
        complain(f"interrupted; {_GOES_ON}")
        return INTERRUPTED
    except SystemExit:
        complain(f"terminated; {_GOES_ON}")
        raise
    except MemoryError:
        complain("error: there is not enough memory for this series")
        return BAD_INPUT
    log.show(pairs)
    return _report(spec, result, options.quiet)


def _report(spec: Spec, result: Result, quiet: bool) -> int:
    from nbhybrid.batch.resume import FAILURES

    for image, error in result.failures[:_SHOWN]:
        complain(f"image {image}: {error}")
    failed = len(result.failures)
    if failed > _SHOWN:
        complain(f"... and {failed - _SHOWN} more")
    if failed:
        path = os.path.join(spec.output, FAILURES)
        complain(f"error: {failed} of {result.images} images failed: {path} lists them, and the same command tries them again")
    if not quiet:
        before = result.images - result.rendered
        say(f"images: {result.images}, of which {before} were there\n" if before else f"images: {result.images}\n")
        say(f"wrote {result.path}\n")
    flush()
    return FAILED if failed else 0


def _plan_of(spec: Spec, threads: int | None) -> str:
    """Return what would be done, as text."""
    from nbhybrid.batch.resume import left_of

    recipe = spec.recipe
    left = left_of(spec)
    images = sum(len(each) for _, each in left)
    pixels = 1
    for n in recipe.shape:
        pixels *= n
    size = recipe.images * pixels * recipe.kind.bytes_per_pixel / 2**30
    orientations = "random" if spec.orientations is None else "of a file"
    if recipe.scan is not None:
        orientations = f"a scan from {recipe.scan.start_deg:g} degrees on, {recipe.scan.width_deg:g} degrees an image"
    spectra = "as in the experiment" if spec.spectra is None else "one a shot"
    lines = [
        f"{recipe.images} images of {' x '.join(map(str, recipe.shape))} pixels",
        f"engine {recipe.engine}, device {recipe.device}, semantics {spec.experiment.semantics}",
        f"orientations: {orientations}; spectra: {spectra}; noise: {'counted photons' if recipe.noise else 'none'}",
        f"output: {spec.output}, {recipe.format}, {size:.3g} GiB" + (" before compression" if recipe.compression != "none" else ""),
        f"left to do: {images} images in {len(left)} tasks" + ("" if images == recipe.images else "; the others are there"),
        f"time: {_time_of(spec, [image for _, each in left for image in each], threads)}",
    ]
    return "".join(f"{line}\n" for line in lines)


def _time_of(spec: Spec, images: list[int], threads: int | None) -> str:
    """Return about how long these images take here, in words."""
    from nbhybrid._core import duration_text
    from nbhybrid.batch.estimate import seconds_an_image
    from nbhybrid.cores import usable_cores
    from nbhybrid.devices import why_missing

    if not images:
        return "nothing is left to do"
    why = why_missing(spec.recipe.device)
    if why:
        return f"not estimated, since the device is not here, which only rendering needs ({why})"
    cores = max(threads or 1, usable_cores())
    estimate = seconds_an_image(spec, images, cores)
    if estimate.seconds is None:
        return f"not estimated ({estimate.error})"
    where = f"{cores} cores" if cores > 1 else "1 core"
    where = f"{where} of this machine" if spec.recipe.device == "cpu" else f"{spec.recipe.device} of this machine"
    what = f"{estimate.images:.0f} of the images" if estimate.images >= 1 else f"{100 * estimate.images:.2g} % of an image"
    return f"about {duration_text(estimate.seconds * len(images))} on {where}, estimated from {what}; writing files is not counted"
