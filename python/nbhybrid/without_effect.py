"""Options of a run that shape no experiment, and so do nothing where one is made of a command line."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Literal

from nbhybrid import _core
from nbhybrid.options import options

if TYPE_CHECKING:
    from collections.abc import Sequence

# The core says of these itself that they have no effect in any run.
_SAID = ("-stol", "-stolout")


def has_effect(option: str) -> bool:
    """Tell whether an option, by its usual name, shapes an experiment."""
    return options()[option].shapes_experiment


def line_about(args: Sequence[str | bytes], where: Literal["series", "Experiment"]) -> str:
    """Return a line that names the options without effect, and what to do; empty if there are none.

    Parameters
    ----------
    args : sequence of str or bytes
        A command line of ``nbhybrid run``.
    where : {"series", "Experiment"}
        What is made of it.

    Raises
    ------
    OptionError
        For words that are no options.
    """
    found = {}
    for name, usual, *_ in _core.split_options([os.fsencode(word) for word in args]):
        is_said = where == "Experiment" and usual in _SAID
        if not (has_effect(usual) or is_said):
            row = options()[usual]
            found[name] = row.instead_in_series if where == "series" else row.instead_in_python
    if not found:
        return ""
    names = list(found)
    listed = f"{', '.join(names[:-1])} and {names[-1]}" if names[1:] else names[0]
    instead = "; ".join(dict.fromkeys(filter(None, found.values())))
    verb, them = ("have", "them") if names[1:] else ("has", "it")
    article = "an" if where == "Experiment" else "a"
    return f"{listed} {verb} no effect in {article} {where}: remove {them}" + (f" ({instead})" if instead else "")
