"""The experiment of a spec: from options of the reference, from a file, or from the plain data of its parts."""

from __future__ import annotations

import os
import shlex
import warnings
from typing import TYPE_CHECKING, Any

from nbhybrid import _core
from nbhybrid.errors import NbhybridError, OptionError
from nbhybrid.experiment import PARTS, Experiment, values_of_json
from nbhybrid.input_warnings import InputWarning
from nbhybrid.options import option
from nbhybrid.structure_factors import StructureFactors
from nbhybrid.without_effect import line_about

if TYPE_CHECKING:
    from nbhybrid.batch.tables import Table
    from nbhybrid.input_warnings import Pair

_DUMP: str = option("-dump").usual


def read_experiment(table: Table, folder: str, semantics: str | None) -> tuple[Experiment, list[Pair]]:
    """Return the experiment of a table, and warnings about it: names and texts.

    Parameters
    ----------
    table : Table
    folder : str
        That names of files are relative to.
    semantics : str, optional
        Instead of the experiment's own.

    Raises
    ------
    InputFileError
    """
    args, path = table.take("args"), table.path("file", folder)
    parts = {name: table.take(name) for name in (*PARTS, "semantics")}
    parts = {name: value for name, value in parts.items() if value is not None}
    ways = [name for name, value in (("args", args), ("file", path), ("parts", parts)) if value]
    if len(ways) != 1:
        found = " and ".join(ways) or "nothing"
        raise table.error("", f"found {found}, expected one of args, file, or the parts ({', '.join(PARTS)})")
    table.done()
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        try:
            if args:
                chosen = [] if semantics is None else ["--semantics", semantics]
                experiment = Experiment.from_args([*_placed(_words(table, args), folder), *chosen])
            else:
                values = _of_file(path) if path else _with_amplitudes(parts, folder)
                experiment = Experiment.from_dict(values if semantics is None else values | {"semantics": semantics})
        except (NbhybridError, OSError, TypeError, KeyError, AttributeError) as error:
            text = str(error) if isinstance(error, NbhybridError) else f"{type(error).__name__}: {error}"
            raise table.error(ways[0] if ways[0] != "parts" else "", text) from error
    # Those of a file of structure factors, too, which are not the experiment's.
    pairs = [each.message.args for each in caught if isinstance(each.message, InputWarning)]
    return experiment, list(dict.fromkeys([*pairs, *experiment._pairs]))


def _words(table: Table, args: Any) -> list[str]:
    """Return the words of a text, or of a list of texts and numbers."""
    if isinstance(args, str):
        try:
            return shlex.split(args)
        except ValueError as error:
            raise table.error("args", f"found {args!r}, expected words ({error})") from error
    if isinstance(args, list) and all(isinstance(word, (str, int, float)) and not isinstance(word, bool) for word in args):
        return [str(word) for word in args]
    raise table.error("args", f"found {args!r}, expected the options of nbhybrid run, as a text or a list of words")


def _placed(words: list[str], folder: str) -> list[str]:
    """Return the words with the names of files taken from a folder."""
    useless = line_about(words, "series")
    if useless:
        raise OptionError(useless)
    placed: list[str] = []
    given: dict[str, list[str]] = {}
    for name, usual, is_file, _, values in _core.split_options([os.fsencode(word) for word in words]):
        placed += [name, *(os.path.join(folder, value) for value in values)] if is_file else [name, *values]
        given[usual] = values
    if given.get("-misset") == ["random"] and "-misset_seed" not in given:
        raise OptionError("-misset random depends on the time of day: give -misset_seed")
    # A dump is read from where the spec is, not from where the command happens to run.
    return placed if "-dump" in given else [*placed, "-dump", os.path.join(folder, _DUMP)]


def _of_file(path: str) -> dict[str, Any]:
    with open(path, encoding="utf-8") as file:
        return values_of_json(file.read())


def _with_amplitudes(parts: dict[str, Any], folder: str) -> dict[str, Any]:
    """Return the parts with plain structure factors, where a number or a file stands for them."""
    given = parts.get("structure_factors")
    if isinstance(given, (int, float)) and not isinstance(given, bool):
        return parts | {"structure_factors": {"default": float(given)}}
    if isinstance(given, dict) and "file" in given:
        options = {name: value for name, value in given.items() if name != "file"}
        table = StructureFactors.from_file(os.path.join(folder, given["file"]), **options)
        return parts | {"structure_factors": table.to_dict()}
    return parts
