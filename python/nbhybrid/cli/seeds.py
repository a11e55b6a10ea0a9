"""What a run drew at random, and the command that draws the same again."""

from __future__ import annotations

import os

from nbhybrid import _core

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

# The option of each seed that may come from the clock.
OPTIONS = {"noise": "-seed", "misset": "-misset_seed"}
# As in the reference it has no effect as the last word, so no option may be moved behind it.
ONLY_IF_NOT_LAST = "-curved_det"


def repeating_words(words: Sequence[str], seeds: Mapping[str, int]) -> list[str]:
    """Return the words of a run with every seed that came from the clock.

    Parameters
    ----------
    words : sequence of str
        The words after ``nbhybrid run``.
    seeds : mapping of str to int
        Those used: noise, misset and mosaic, where something was drawn.
    """
    options = _core.split_options([os.fsencode(word) for word in words])
    given = [usual for _, usual, _, is_own, _ in options if not is_own]
    new = [word for name, option in OPTIONS.items() if name in seeds and option not in given for word in (option, str(seeds[name]))]
    # Behind the others: -misset_seed takes three words after it for angles.
    return [*new, *words] if given[-1:] == [ONLY_IF_NOT_LAST] else [*words, *new]


def repeating_command(words: Sequence[str], seeds: Mapping[str, int]) -> str:
    """Return the command to paste into a shell that repeats a run to the last bit."""
    return " ".join(map(_quoted, ["nbhybrid", "run", *repeating_words(words, seeds)]))


def _quoted(word: str) -> str:
    """Return a word as a shell takes it; `shlex`, which does the same, would take longer to import than a short run takes."""
    is_plain = word.isascii() and word != "" and all(c.isalnum() or c in "@%+=:,./-_" for c in word)
    return word if is_plain else "'" + word.replace("'", "'\"'\"'") + "'"


def seeds_text(words: Sequence[str], seeds: Mapping[str, int]) -> str:
    """Return lines for a terminal about what was drawn; empty where a run is the same each time."""
    if not (seeds.keys() & OPTIONS.keys()):
        return ""
    listed = ", ".join(f"{name} {seed}" for name, seed in seeds.items())
    return f"seeds: {listed}\nthe same again: {repeating_command(words, seeds)}\n"
