"""``nbhybrid run``: from the reference's options to its files."""

from __future__ import annotations

import os
import threading
import time

from nbhybrid import _core
from nbhybrid.cli import BAD_INPUT, INTERRUPTED, NOTHING_WRITTEN
from nbhybrid.cli.console import complain, flush, say
from nbhybrid.cli.progress import ProgressBar
from nbhybrid.cli.seeds import seeds_text
from nbhybrid.cli.signals import unwind_when_terminated
from nbhybrid.cli.warning_log import WarningLog
from nbhybrid.cores import usable_cores
from nbhybrid.errors import DeviceError, NbhybridError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import TypeVar

    from nbhybrid.cli.outputs import Outputs

    T = TypeVar("T")


class _Written:
    """What a run has written so far, for whoever stops it."""

    def __init__(self) -> None:
        self.simulation: _core.Simulation | None = None
        # The record's name while it is not written.
        self.record = ""

    def text(self) -> str:
        """Return it in words."""
        if self.simulation is None or not self.simulation.committed:
            return NOTHING_WRITTEN
        return f"all files were written, but not the record {self.record}" if self.record else "all files were written"


def run(words: list[str]) -> int:
    """Simulate what the words ask for and return the exit status.

    Parameters
    ----------
    words : list of str
        The words after ``nbhybrid run``.
    """
    unwind_when_terminated()
    written = _Written()
    try:
        _simulate(words, written)
    except (KeyboardInterrupt, SystemExit) as stop:
        return _stopped(stop, written)
    except NbhybridError as error:
        complain(f"error: {error}")
        return BAD_INPUT
    except MemoryError:
        complain("error: there is not enough memory for this run")
        return BAD_INPUT
    return 0


def _stopped(stop: BaseException, written: _Written) -> int:
    """Say that the run was stopped and what it has written, and return the exit status."""
    status = stop.code if isinstance(stop, SystemExit) else INTERRUPTED
    complain(f"{'terminated' if isinstance(stop, SystemExit) else 'interrupted'}; {written.text()}")
    return status if isinstance(status, int) else INTERRUPTED


def _simulate(words: list[str], written: _Written) -> None:
    started = time.perf_counter()
    # As bytes: a file name need not be text.
    options, of_options = _interruptible(lambda: _core.parse_options([os.fsencode(word) for word in words]))
    log = WarningLog(strict=options.strict, ignored=options.ignored_warnings)
    log.show(of_options)
    outputs = _outputs(options)
    threads = options.threads or usable_cores()
    experiment = _interruptible(lambda: _core.Experiment(options, threads))
    log.show(experiment.warnings)
    simulation = _interruptible(lambda: _core.Simulation(experiment, threads))
    if options.device != "cpu":
        _use_device(simulation, options.device)
    time_text = simulation.foresee()
    known = len(simulation.warnings)
    log.show(simulation.warnings)
    _say(options, simulation.description() + time_text)
    # Printed before the long part, also into a pipe.
    flush()
    planned = time.perf_counter()
    with ProgressBar(wanted=options.progress and not options.quiet) as bar:
        simulation.render(bar.update)
    rendered = time.perf_counter()
    simulation.measure()
    log.show(simulation.warnings[known:])
    measured = time.perf_counter()
    _report(options, simulation)
    written.simulation, written.record = simulation, options.json_file
    paths = outputs.write(experiment, simulation) if outputs else simulation.write()
    _say(options, simulation.noise_text())
    finished = time.perf_counter()
    for path in dict.fromkeys(paths):
        _say(options, f"wrote {path}\n")
    _say(options, seeds_text(words, simulation.seeds))
    flush()
    if options.json_file:
        from nbhybrid.cli.record import run_record, write_record

        times = [started, planned, rendered, measured, finished]
        seconds = {
            stage: end - begin
            for stage, begin, end in zip(("plan", "kernel", "statistics", "write"), times[:-1], times[1:], strict=True)
        }
        write_record(options.json_file, run_record(words, simulation, log.lines, seconds, paths))
        written.record = ""


def _use_device(simulation: _core.Simulation, name: str) -> None:
    """Have the pixels decided by a device."""
    from nbhybrid.devices import open_device

    try:
        device = _interruptible(lambda: open_device(name))
        if device is not None:
            simulation.use_device(device)
    except DeviceError as error:
        raise DeviceError(f"--device {error}") from error


def _outputs(options: _core.Options) -> Outputs | None:
    """Return what writes the files whose formats the core does not know; None without such files, which saves its import."""
    paths = [path for path in options.more_files if not _core.has_image_format(os.fsencode(path))]
    if not paths:
        return None
    from nbhybrid.cli.outputs import Outputs

    return Outputs(paths, options.adc_offset)


def _report(options: _core.Options, simulation: _core.Simulation) -> None:
    """Print what was computed: pixels, traces (even if quiet), statistics."""
    if options.printout and not options.quiet:
        for slow in range(simulation.first_row, simulation.last_row + 1):
            say(simulation.printout_text(slow))
    say(simulation.trace_text())
    _say(options, simulation.statistics_text())
    # An output may be /dev/stdout: what was said before must come first.
    flush()


def _say(options: _core.Options, text: str) -> None:
    if not options.quiet:
        say(text)


def _starts(thread: threading.Thread) -> bool:
    """Start a thread; False if the system gives no more of them."""
    try:
        thread.start()
    except RuntimeError:
        return False
    return True


def _interruptible(work: Callable[[], T]) -> T:
    """Return work(), done in a thread of its own so that Ctrl-C does not wait for it.

    Nothing has been written as long as this is used, so an interruption may end the process at once.
    """
    results: list[T] = []
    failures: list[BaseException] = []

    def target() -> None:
        try:
            results.append(work())
        except BaseException as error:  # handed over to the caller's thread
            failures.append(error)

    thread = threading.Thread(target=target, daemon=True)
    try:
        # An interruption may already meet the start, which waits for the thread: then, too, the process must not end while the
        # thread goes on.
        if _starts(thread):
            while thread.is_alive():
                thread.join(timeout=0.05)
        else:
            target()
    except (KeyboardInterrupt, SystemExit) as stop:
        os._exit(_stopped(stop, _Written()))
    if failures:
        raise failures[0]
    return results[0]
