"""What may have been meant by a name that is not there: no hint is better than a wrong one."""

from __future__ import annotations

import inspect
import re
from functools import wraps
from typing import TYPE_CHECKING, ParamSpec, TypeVar

from nbhybrid import _core
from nbhybrid.errors import ModelError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    P = ParamSpec("P")
    T = TypeVar("T")

# Words at the end of a name that say its unit.
UNITS = ("mm", "um", "angstrom", "deg", "mrad", "percent", "ev", "s")
# A hint lists at most so many names; if more are similar, it says nothing.
_MOST = 3


def no_such_name(owner: str, name: str, names: Iterable[str]) -> ModelError:
    """Return the error for a name that an object does not have.

    Parameters
    ----------
    owner : str
        The object, as the user writes it.
    name : str
        What was found.
    names : iterable of str
        All that there are.
    """
    known = list(names)
    meant = hint(name, known, owner)
    return ModelError(f"{owner}: there is no {name}, " + (f"did you mean {meant}?" if meant else f"expected {', '.join(known)}"))


def hint(word: str, names: Sequence[str], owner: str = "") -> str:
    """Return what may have been meant by a word; empty if that is anybody's guess.

    Looked for are, in this order: the name with another unit or other underscores; one that begins with the word; an option of the
    command line of this name; the parts of the word among the parts of names, and the other way round; a parameter of another
    object; and what the core finds similar, as for options.
    """
    same = [name for name in names if _letters(_stem(name)) == _letters(_stem(word))]
    begins = [name for name in names if name.startswith(f"{word}_") or name == f"{word}s"]
    option = _of_option(word, owner)
    for found in (same, begins if len(begins) == 1 else [], [option] if option else [], begins, _by_parts(word, names)):
        if 0 < len(found) <= _MOST:
            return _listed(found)
    elsewhere = _of_other_objects(word, owner)
    if elsewhere:
        return elsewhere
    similar = _core.similar_names(word, list(names))
    return _listed(similar) if len(similar) <= _MOST else ""


def _listed(names: Sequence[str]) -> str:
    return " or ".join(filter(None, [", ".join(names[:-1]), *names[-1:]]))


def _stem(name: str) -> str:
    """Return a name without its unit."""
    front, _, unit = name.rpartition("_")
    return front if front and unit.lower() in UNITS else name


def _letters(name: str) -> str:
    return name.replace("_", "").lower()


def _parts(name: str) -> frozenset[str]:
    return frozenset(_stem(name).lower().split("_"))


def _by_parts(word: str, names: Sequence[str]) -> list[str]:
    """Return the names that have all parts of the word; or else all of whose parts, half of the word's or more, stand in it."""
    given = _parts(word)
    wider = [name for name in names if given <= _parts(name)]
    if wider:
        return wider
    narrower = [name for name in names if _parts(name) <= given and 2 * len(_parts(name)) >= len(given)]
    most = max((len(_parts(name)) for name in narrower), default=0)
    return [name for name in narrower if len(_parts(name)) == most]


def _of_option(word: str, owner: str) -> str:
    """Return what the objects call an option of the command line of this name; of the owner itself, the parameters alone."""
    from nbhybrid.input_warnings import WORDS

    for option, words in WORDS.items():
        is_object = words[0].isupper()
        if is_object and _letters(option[1:]) in (_letters(word), _letters(_stem(word))):
            own = re.fullmatch(rf"{owner}\(([^()]*)\)", words)
            return ", ".join(re.findall(r"(\w+)=", own[1])) if own else words
    return ""


def _of_other_objects(word: str, owner: str) -> str:
    """Return the parameter of another object that has this name, but for its unit."""
    import nbhybrid.experiment  # noqa: F401  (all objects that there are)
    from nbhybrid.model import parameters

    found = [
        f"{other}({name}=...)"
        for other, names in parameters().items()
        for name in names
        if other not in (owner, "Panel") and _letters(_stem(name)) == _letters(_stem(word))
    ]
    return found[0] if len(found) == 1 else ""


def _of_arguments(signature: inspect.Signature, args: Sequence[object], named: Mapping[str, object]) -> str:
    """Return why a function cannot be called so; empty if it can."""
    try:
        signature.bind(*args, **named)
    except TypeError as error:
        return str(error)
    return ""


def checked_names(function: Callable[P, T], owner: str) -> Callable[P, T]:
    """Return a function whose complaints about the names of arguments are ModelErrors with hints.

    Parameters
    ----------
    function : callable
    owner : str
        What the user calls it.
    """
    signature = inspect.signature(function)
    places = list(signature.parameters.values())
    takes_more = any(place.kind is place.VAR_KEYWORD for place in places)
    public = [place.name for place in places if not place.name.startswith("_") and place.name not in ("self", "cls")]

    @wraps(function)
    def call(*args: P.args, **named: P.kwargs) -> T:
        for name in named:
            if not takes_more and name not in signature.parameters:
                raise no_such_name(owner, name, public)
        try:
            return function(*args, **named)
        except TypeError:
            complaint = _of_arguments(signature, args, named)
            if not complaint:
                raise
            raise ModelError(f"{owner}: {complaint}, expected {', '.join(public)}") from None

    return call


def names_are_checked(kind: type[T]) -> type[T]:
    """Have the names of a class's parameters checked; for a dataclass, put above its decorator."""
    setattr(kind, "__init__", checked_names(kind.__init__, kind.__name__))  # noqa: B010  (mypy allows no other way)
    return kind
