"""One command line for the reference and for nbhybrid, each in a folder of its own, so that no file of the user is touched."""

from __future__ import annotations

import dataclasses
import os
import shutil
import subprocess
import sys
import time
from typing import TYPE_CHECKING

from nbhybrid import _core
from nbhybrid.errors import InputFileError, OptionError
from nbhybrid.options import option

if TYPE_CHECKING:
    import pathlib
    from collections.abc import Mapping, Sequence

OURS = [sys.executable, "-m", "nbhybrid", "run"]
OUTPUT_FILES: dict[str, str] = {name: option(name).usual for name in ("-floatfile", "-intfile", "-pgmfile", "-noisefile")}
DUMP: str = option("-dump").usual
# A reference that was built with -fopenmp gives each thread a state of its own: only on one thread is its image a function of the
# options.
REFERENCE_ENVIRONMENT = {"OMP_NUM_THREADS": "1"}
# Of nbhybrid's own options these are decided here.
DECIDED = ("--json", "--trace-file", "--trace-pixel", "--trace-level", "--quiet")


@dataclasses.dataclass
class CommandLine:
    """The words of a run, made fit for any folder.

    Attributes
    ----------
    shared : list of str
        The options that both programs have; inputs by their absolute paths, outputs by their base names.
    own : list of str
        The options that nbhybrid alone has.
    copies : dict of str to str
        What must lie in the folder, by name, and where it is copied from.
    notes : list of str
        What was changed, in words.
    """

    shared: list[str]
    own: list[str]
    copies: dict[str, str]
    notes: list[str]
    float_file: str = OUTPUT_FILES["-floatfile"]

    def is_input(self, name: str) -> bool:
        """Return True for a file that the folder holds before the run."""
        return name in self.copies


def prepare(words: Sequence[str]) -> CommandLine:
    """Split a command line into what both programs are given.

    Raises
    ------
    OptionError
        If a word is no option, or the result would depend on the time of day.
    """
    options = _core.split_options([os.fsencode(word) for word in words])
    line = CommandLine([], [], {}, [])
    given: dict[str, str] = {}
    for name, usual, is_file, is_own, values in options:
        if usual in DECIDED:
            continue
        placed = [_placed(usual, values[0])] if is_file else values
        (line.own if is_own else line.shared).extend([name, *placed])
        given[usual] = values[0] if values else ""
        if usual == "-floatfile":
            line.float_file = placed[0]
    if given.get("-misset") == "random" and "-misset_seed" not in given:
        raise OptionError("-misset random depends on the time of day: give -misset_seed")
    if "-seed" not in given and "-nonoise" not in given:
        line.shared.append("-nonoise")
        line.notes.append("without -seed the noise depends on the time of day: no noise image is compared (-nonoise)")
    dump = given.get("-dump", DUMP)
    if "-hkl" not in given and os.path.exists(dump):
        line.copies[os.path.basename(dump)] = os.path.abspath(dump)
    return line


def _placed(usual: str, path: str) -> str:
    return os.path.basename(path) if usual in OUTPUT_FILES or usual in ("-dump", "-stolout") else os.path.abspath(path)


@dataclasses.dataclass
class Finished:
    """A program that has run.

    Attributes
    ----------
    name : str
    command : list of str
    folder : pathlib.Path
        What it wrote lies here.
    status : int
    seconds : float
        Wall-clock time of the process.
    output : str
        What it printed to stdout; what it printed to stderr is `errors`.
    """

    name: str
    command: list[str]
    folder: pathlib.Path
    status: int
    seconds: float
    output: str
    errors: str

    def files(self, line: CommandLine) -> list[str]:
        """Return the names of the files that it wrote."""
        return sorted(p.name for p in self.folder.iterdir() if p.is_file() and not line.is_input(p.name))


def run_program(
    name: str, command: list[str], line: CommandLine, folder: pathlib.Path, environment: Mapping[str, str] | None = None
) -> Finished:
    """Run a program in a new folder that holds what the command line needs, with these variables on top of the environment.

    Raises
    ------
    InputFileError
        If the program cannot be started.
    """
    folder.mkdir(parents=True)
    for copy, source in line.copies.items():
        shutil.copyfile(source, folder / copy)
    started = time.perf_counter()
    try:
        done = subprocess.run(command, cwd=folder, capture_output=True, check=False, env={**os.environ, **(environment or {})})
    except OSError as error:
        raise InputFileError(f"{command[0]}: cannot be run: {error.strerror}") from error
    seconds = time.perf_counter() - started
    output, errors = (text.decode("utf-8", "replace") for text in (done.stdout, done.stderr))
    return Finished(name, command, folder, done.returncode, seconds, output, errors)


def find_reference(path: str | None) -> str:
    """Return the reference program: the path given, else that of the environment variable NB_C_BIN.

    Raises
    ------
    OptionError
        If there is none.
    """
    found = path or os.environ.get("NB_C_BIN", "")
    if not found:
        raise OptionError(
            "there is no reference program: give its path with --reference PATH or in the environment variable NB_C_BIN "
            "(nbhybrid does not build it; its source is the public repository bl831/nanoBragg)"
        )
    return find_program(found)


def find_program(name: str) -> str:
    """Return the path of a program from wherever it is started.

    Raises
    ------
    OptionError
        If it is none.
    """
    program = shutil.which(name)
    if program is None:
        raise OptionError(f"{name}: is not a program that can be run")
    return os.path.abspath(program)
