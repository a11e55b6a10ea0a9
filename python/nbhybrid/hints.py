"""What may have been meant by a name that is not there: no hint is better than a wrong one."""

from __future__ import annotations

import inspect
import re
from functools import wraps
from typing import TYPE_CHECKING, ParamSpec, TypeVar

from nbhybrid.errors import ModelError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    P = ParamSpec("P")
    T = TypeVar("T")

# Words at the end of a name that say its unit.
UNITS = ("mm", "um", "angstrom", "deg", "mrad", "percent", "ev", "s")
# So many names are a hint; more are none.
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

    The names are asked first: for one that begins like the word, is it with another unit, or with more or fewer parts; then the
    options of the command line and the parameters of other objects; then the names again, for a slip of the pen.
    """
    same = [name for name in names if _letters(_stem(name)) == _letters(_stem(word))]
    begins = [name for name in names if name.startswith(f"{word}_") or name == f"{word}s"]
    option = _of_option(word, owner)
    for found in (same, begins if len(begins) == 1 else [], [option] if option else [], begins, _by_parts(word, names)):
        if 0 < len(found) <= _MOST:
            return " or ".join([", ".join(found[:-1]), found[-1]] if len(found) > 1 else found)
    elsewhere = _of_other_objects(word, owner)
    if elsewhere:
        return elsewhere
    near = [name for name in names if _is_slip(word, name)]
    return near[0] if len(near) == 1 else ""


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
        if _letters(option[1:]) in (_letters(word), _letters(_stem(word))):
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


def _is_slip(word: str, name: str) -> bool:
    """Tell whether one letter is missing, too many or wrong, or two neighbours are swapped; in long words also two."""
    first, second = _letters(_stem(word)), _letters(_stem(name))
    shorter = min(len(first), len(second))
    return shorter >= 4 and _distance(first, second) <= (2 if shorter >= 9 else 1)


def _distance(first: str, second: str) -> int:
    """Return how many letters to insert, delete, change or swap with a neighbour turn one word into the other."""
    before: list[int] = []
    last = list(range(len(second) + 1))
    for i, a in enumerate(first, 1):
        row = [i]
        for j, b in enumerate(second, 1):
            row.append(min(last[j] + 1, row[j - 1] + 1, last[j - 1] + (a != b)))
            if i > 1 and j > 1 and a == second[j - 2] and first[i - 2] == b:
                row[j] = min(row[j], before[j - 2] + 1)
        before, last = last, row
    return last[-1]


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
            signature.bind(*args, **named)
        except TypeError as error:
            raise ModelError(f"{owner}: {error}, expected {', '.join(public)}") from None
        return function(*args, **named)

    return call


def names_are_checked(kind: type[T]) -> type[T]:
    """Have the names of a class's parameters checked; for a dataclass, put above its decorator."""
    kind.__init__ = checked_names(kind.__init__, kind.__name__)  # type: ignore[misc]
    return kind


def one_of(names: Mapping[str, object] | Sequence[str]) -> str:
    """Return names as messages list them."""
    listed = list(names)
    return " or ".join([", ".join(listed[:-1]), listed[-1]] if len(listed) > 1 else listed)
