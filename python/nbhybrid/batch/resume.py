"""The output folder: what series it holds, what of it is still to be done, and that only one command works on it."""

from __future__ import annotations

import contextlib
import errno
import functools
import json
import os
import threading
from typing import TYPE_CHECKING, Any

from nbhybrid import _core
from nbhybrid._version import __version__
from nbhybrid.batch import output
from nbhybrid.batch.recipe import Recipe
from nbhybrid.batch.render import Series
from nbhybrid.errors import InputFileError, OutputFileError
from nbhybrid.experiment import _restored
from nbhybrid.files import TEMPORARY, sha256, write_text

if TYPE_CHECKING:
    from collections.abc import Iterator

    from nbhybrid.batch.spec import Spec

STATE = "batch.json"
EXPERIMENT = "experiment.json"
FAILURES = "failures.json"

_preparing = threading.Lock()


@contextlib.contextmanager
def opened(spec: Spec) -> Iterator[None]:
    """Begin a series in its folder, or go on with it; nobody else can do so meanwhile.

    Parameters
    ----------
    spec : Spec

    Raises
    ------
    InputFileError
        If the folder holds another series, or one that another version of nbhybrid has begun.
    OutputFileError
        If it cannot be written to, or another command is at work in it.
    """
    try:
        os.makedirs(os.path.join(spec.output, output.folder_of(spec.recipe)), exist_ok=True)
    except OSError as error:
        raise OutputFileError(f"{spec.output}: {error.strerror or error}") from error
    path = os.path.join(spec.output, STATE)
    if not os.path.exists(path):
        _begin(spec)
    with open(path, "rb+") as file:
        _lock(file, spec.output)
        _check(spec, read_state(spec.output))
        remove_temporaries(spec.output)
        try:
            yield
        finally:
            remove_temporaries(spec.output)


def left_of(spec: Spec) -> list[tuple[tuple[int, int], tuple[int, ...]]]:
    """Return what `pending` would, without touching anything.

    Raises
    ------
    InputFileError
        If the folder holds another series.
    """
    if os.path.exists(os.path.join(spec.output, STATE)):
        _check(spec, read_state(spec.output))
    return pending(spec.output, spec.recipe)


def _begin(spec: Spec) -> None:
    """Write what the series is; the state last, so that all is there if it is."""
    state = {
        "nbhybrid_version": __version__,
        "nbhybrid_commit": _core.commit,
        "identity": spec.identity,
        "recipe": spec.recipe.to_dict(),
        "spec": spec.words,
    }
    write_text(os.path.join(spec.output, EXPERIMENT), spec.experiment.to_json() + "\n")
    write_text(os.path.join(spec.output, STATE), json.dumps(state, indent=1) + "\n")


def _lock(file: Any, folder: str) -> None:
    """Lock the state until it is closed, or the process ends in whatever way."""
    try:
        import fcntl
    except ImportError:  # no such locks on this system
        return
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        # File systems without locks go without.
        if error.errno in (errno.EWOULDBLOCK, errno.EACCES):
            raise OutputFileError(f"{folder}: another nbhybrid batch is at work in it") from error


def read_state(folder: str) -> dict[str, Any]:
    """Return what series a folder holds.

    Raises
    ------
    InputFileError
        If that cannot be read.
    """
    path = os.path.join(folder, STATE)
    try:
        with open(path, encoding="utf-8") as file:
            state: dict[str, Any] = json.load(file)
        Recipe.from_dict(state["recipe"])
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise InputFileError(f"{path}: is not what nbhybrid batch writes ({error}): choose another output") from error
    return state


def _check(spec: Spec, state: dict[str, Any]) -> None:
    """Refuse to go on with another series."""
    if state["identity"] != spec.identity:
        before, now = state["recipe"], json.loads(json.dumps(spec.recipe.to_dict()))
        changed = [f"{key} from {before.get(key)!r} to {now[key]!r}" for key in now if before.get(key) != now[key]]
        what = ", ".join(changed) or "the experiment, or the contents of a file that the spec names"
        raise InputFileError(
            f"{spec.path}: is not what the series in {spec.output} was begun with; changed: {what}. Undo that, choose another "
            "series.output, or remove the folder"
        )
    _check_version(state, spec.output)


def _check_version(state: dict[str, Any], folder: str) -> None:
    begun = (state["nbhybrid_version"], state["nbhybrid_commit"])
    if begun != (__version__, _core.commit):
        raise InputFileError(
            f"{folder}: was begun by nbhybrid {begun[0]} (commit {begun[1]}), this is {__version__} (commit {_core.commit}), which "
            "may write other bytes: use that one, choose another series.output, or remove the folder"
        )


def remove_temporaries(folder: str) -> None:
    """Remove files that nobody will complete any more."""
    for place in ("", output.PIECES, output.IMAGES):
        path = os.path.join(folder, place)
        for name in os.listdir(path) if os.path.isdir(path) else ():
            if TEMPORARY.match(name):
                with contextlib.suppress(FileNotFoundError):
                    os.unlink(os.path.join(path, name))


def pending(folder: str, recipe: Recipe) -> list[tuple[tuple[int, int], tuple[int, ...]]]:
    """Return for each task that is left its span, and the images to render. What failed before is among them."""
    if recipe.kind.series and recipe.kind.series.is_merged(os.path.join(folder, output.master_of(recipe))):
        return []
    path = os.path.join(folder, output.folder_of(recipe))
    there = set(os.listdir(path)) if os.path.isdir(path) else set()

    def has(name: str) -> bool:
        return os.path.basename(name) in there

    left = []
    for span in recipe.ranges():
        is_marked = has(output.marker_of(recipe, span))
        if recipe.kind.series:
            images = () if has(output.piece_of(recipe, span)) and not is_marked else tuple(range(*span))
        else:
            images = tuple(image for image in range(*span) if not has(output.parameters_of(recipe, image)))
        if images or is_marked:
            left.append((span, images))
    return left


def state_digest(folder: str) -> str:
    """Return the hash of a folder's state: the identity of the series, the words of its spec and the version that began it."""
    return sha256(os.path.join(folder, STATE))


@functools.lru_cache(maxsize=2)
def _prepared(folder: str, digest: str) -> tuple[Series, dict[str, str]]:
    state = read_state(folder)
    _check_version(state, folder)
    if state_digest(folder) != digest:
        raise InputFileError(f"{os.path.join(folder, STATE)}: was exchanged while the series was rendered")
    with open(os.path.join(folder, EXPERIMENT), encoding="utf-8") as file:
        # Its warnings were shown when the spec was read.
        experiment = _restored(json.load(file), None)
    provenance = {key: state[key] for key in ("nbhybrid_version", "nbhybrid_commit", "identity", "spec")}
    return Series(experiment, Recipe.from_dict(state["recipe"])), provenance


def prepared(folder: str, digest: str) -> tuple[Series, dict[str, str]]:
    """Return the series of a folder, and where its images come from, in words. A process reads them once.

    Parameters
    ----------
    folder : str
    digest : str
        What `state_digest` says.

    Raises
    ------
    InputFileError
        If the folder holds another series.
    """
    with _preparing:
        return _prepared(folder, digest)


def remove_pieces(folder: str, recipe: Recipe) -> None:
    """Remove the pieces of a series, all of whose images are in one file, and their folder if nothing else is in it."""
    for span in recipe.ranges():
        with contextlib.suppress(FileNotFoundError):
            os.unlink(os.path.join(folder, output.piece_of(recipe, span)))
    with contextlib.suppress(OSError):
        os.rmdir(os.path.join(folder, output.PIECES))


def write_failures(folder: str, images: int, failures: list[tuple[int, str]]) -> None:
    """List the images that failed in a file, or remove it if none did."""
    path = os.path.join(folder, FAILURES)
    if failures:
        values = {"images": images, "failures": [{"image": image, "error": error} for image, error in failures]}
        write_text(path, json.dumps(values, indent=1) + "\n")
    else:
        with contextlib.suppress(FileNotFoundError):
            os.unlink(path)
