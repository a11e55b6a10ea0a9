"""Options of a run that shape no experiment, and so do nothing where one is made of a command line."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Literal

from nbhybrid import _core

if TYPE_CHECKING:
    from collections.abc import Sequence

# By their usual names: what does in a series, and in Python, what the option does for a run; empty: nothing does.
_INSTEAD = {
    **dict.fromkeys(
        ("-floatfile", "-intfile", "-pgmfile", "-noisefile"),
        ("output.format says which files are written", "nbhybrid.simulate returns an array"),
    ),
    "--output": ("output.format says which files are written", "nbhybrid.write_image writes files"),
    "-adc": ("output.adc is added to integers", "nbhybrid.write_image takes adc"),
    "-seed": ("series.seed is that of the noise", "nbhybrid.poisson takes a seed"),
    "-nonoise": ("noise.photons says whether photons are counted", "nbhybrid.poisson makes noise"),
    **dict.fromkeys(("-scale", "-pgmscale", "-nopgm"), ("", "")),
    **dict.fromkeys(("-stol", "-stolout", "-printout", "-printout_pixel", "-progress", "-noprogress"), ("", "")),
    **dict.fromkeys(("--trace-pixel", "--trace-level", "--trace-file"), ("nbhybrid trace traces a run", "nbhybrid.trace does")),
    **dict.fromkeys(("--engine", "--device"), ("[render] has engine and device", "Simulator takes engine and device")),
    "--threads": ("nbhybrid batch takes --threads", "Simulator takes threads"),
    **dict.fromkeys(("--json", "--quiet", "--verify"), ("", "")),
    **dict.fromkeys(("--strict", "--ignore-warnings"), ("", "Python's warnings have filters; nbhybrid.ignore_warnings")),
}

# The core says of these itself that they have no effect in any run.
_SAID = ("-stol", "-stolout")


def has_effect(option: str) -> bool:
    """Tell whether an option, by its usual name, shapes an experiment."""
    return option not in _INSTEAD


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
            found[name] = _INSTEAD[usual][0 if where == "series" else 1]
    if not found:
        return ""
    names = list(found)
    listed = f"{', '.join(names[:-1])} and {names[-1]}" if names[1:] else names[0]
    instead = "; ".join(dict.fromkeys(filter(None, found.values())))
    verb, them = ("have", "them") if names[1:] else ("has", "it")
    article = "an" if where == "Experiment" else "a"
    return f"{listed} {verb} no effect in {article} {where}: remove {them}" + (f" ({instead})" if instead else "")
