"""The words of a command line, as callers write them."""

from __future__ import annotations

import os
import shlex
from typing import TYPE_CHECKING

from nbhybrid.errors import OptionError
from nbhybrid.fields import shown

if TYPE_CHECKING:
    from collections.abc import Sequence


def words_of(args: str | Sequence[object], name: str = "args") -> list[bytes]:
    """Return words as the core takes them.

    Parameters
    ----------
    args : str or sequence
        A text, which is split as a shell does it; or the words, among which paths and numbers may be.
    name : str
        Of the argument, for messages.

    Raises
    ------
    OptionError
    """
    if isinstance(args, str):
        try:
            args = shlex.split(args)
        except ValueError as error:
            raise OptionError(f"{name}: found {shown(args)}, expected words ({error})") from error
    if isinstance(args, (bytes, dict)) or not hasattr(args, "__iter__"):
        raise OptionError(f"{name}: found {shown(args)}, expected the options of nbhybrid run, as a text or a list of words")
    return [_word(word, name) for word in args]


def _word(word: object, name: str) -> bytes:
    if isinstance(word, (int, float)) and not isinstance(word, bool):
        word = str(word)
    if not isinstance(word, (str, bytes, os.PathLike)):
        raise OptionError(f"{name}: found {shown(word)} among the words, expected texts, paths and numbers")
    return os.fsencode(word)
