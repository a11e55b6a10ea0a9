"""What a parameter of an object may be: kinds of values, which convert what fits and refuse the rest in a line."""

from __future__ import annotations

import dataclasses
import math
import numbers
import operator
import os
from typing import TYPE_CHECKING, Any

from nbhybrid.errors import ModelError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

# What the core's seeds and counts are held in.
LARGEST_INTEGER = 2**63 - 1
# What the reference's counts are held in.
LARGEST_INT = 2**31 - 1
# A text longer than this is cut in messages.
_LONGEST = 60


class Refused(Exception):
    """A value is not of a kind."""


@dataclasses.dataclass(frozen=True)
class Kind:
    """A kind of value.

    Attributes
    ----------
    expected : str
        What it is, for messages.
    convert : callable
        Returns a value that fits as it is kept, and raises `Refused` for others.
    """

    expected: str
    convert: Callable[[Any], Any]

    def take(self, name: str, value: Any) -> Any:
        """Return a value as it is kept.

        Parameters
        ----------
        name : str
            Of the parameter, for messages.
        value : object

        Raises
        ------
        ModelError
        """
        try:
            return self.convert(value)
        except Refused:
            raise ModelError(f"{name}: found {shown(value)}, expected {self.expected}") from None
        except ModelError as error:  # of what it is made of
            raise ModelError(f"{name}: {error}") from None


def shown(value: Any) -> str:
    """Return a value as messages show it: short ones as they are written, arrays and objects by what they are."""
    if value is None or isinstance(value, (bool, numbers.Number, str, bytes)):
        text = repr(_plain_number(value))
        return text if len(text) <= _LONGEST else f"{text[: _LONGEST - 3]}..."
    if isinstance(value, (list, tuple)):
        if len(value) <= 6 and all(item is None or isinstance(item, (bool, numbers.Number, str)) for item in value):
            text = ", ".join(map(shown, value))
            text = f"[{text}]" if isinstance(value, list) else f"({text}{',' if len(value) == 1 else ''})"
            if len(text) <= _LONGEST:
                return text
        return f"a {type(value).__name__} of {len(value)}"
    if hasattr(value, "shape") and hasattr(value, "dtype"):
        from nbhybrid.arrays import text_of

        return f"a {text_of(value)}"
    name = value.__name__ if isinstance(value, type) else type(value).__name__
    return f"the class {name}" if isinstance(value, type) else f"{'an' if name[:1] in 'AEIOaeio' else 'a'} {name}"


def _plain_number(value: Any) -> Any:
    """Return a number of numpy as one of Python; a tensor that requires a gradient is none."""
    if getattr(value, "requires_grad", False) is True:
        raise ModelError("found a tensor that requires a gradient, which ends here: nbhybrid.torch.render carries it; or .detach()")
    return value.item() if getattr(value, "ndim", None) == 0 and hasattr(value, "item") else value


def _scalar(value: Any) -> Any:
    """Return a number, also that of an array without axes; no truth value is one."""
    value = _plain_number(value)
    if isinstance(value, bool) or not isinstance(value, numbers.Real):
        raise Refused
    return value


def number(*, least: float = -math.inf, most: float = math.inf, above: float | None = None, infinite: bool = False) -> Kind:
    """Return the kind of numbers that are `least` or more, or greater than `above`, and `most` or less; kept as float."""

    def convert(value: Any) -> float:
        try:
            found = float(_scalar(value))
        except OverflowError:
            raise Refused from None
        low = found >= least if above is None else found > above
        if not low or found > most or (math.isinf(found) and not infinite):  # NaN is not `low`
            raise Refused
        return found

    limit = ""
    if most < math.inf:
        limit = f" from {least if above is None else above:g} to {most:g}"
    elif above is not None:
        limit = " above zero" if above == 0 else f" above {above:g}"
    elif least > -math.inf:
        limit = f" of {'zero' if least == 0 else format(least, 'g')} or more"
    return Kind(f"a {'' if infinite else 'finite '}number{limit}", convert)


def whole(least: int = -LARGEST_INTEGER, most: int = LARGEST_INTEGER) -> Kind:
    """Return the kind of whole numbers between two, both included; kept as int."""

    def convert(value: Any) -> int:
        try:
            found = operator.index(_scalar(value))
        except TypeError:
            raise Refused from None
        if not least <= found <= most:
            raise Refused
        return found

    if least > -LARGEST_INT:
        limit = f" of {'zero' if least == 0 else least} or more" if most >= LARGEST_INT else f" from {least} to {most}"
    else:
        limit = ""
    return Kind(f"a whole number{limit}", convert)


def _flag(value: Any) -> bool:
    value = _plain_number(value)
    if not isinstance(value, bool):
        raise Refused
    return value


def _text(value: Any) -> str:
    if not isinstance(value, str):
        raise Refused
    return value


def _file_name(value: Any) -> str:
    try:
        name = os.fspath(value)
    except TypeError:
        raise Refused from None
    return os.fsdecode(name)


PATH = Kind("the name of a file", _file_name)
FLAG = Kind("True or False", _flag)
TEXT = Kind("a text", _text)


def choice(*names: str) -> Kind:
    """Return the kind of texts that are one of some names."""

    def convert(value: Any) -> str:
        if not isinstance(value, str) or value not in names:
            raise Refused
        return str(value)

    return Kind(" or ".join([", ".join(names[:-1]), names[-1]] if len(names) > 1 else names), convert)


def several(count: int, each: Kind, meaning: str, *, may_be_open: bool = False) -> Kind:
    """Return the kind of so many values of a kind; kept as a tuple.

    Parameters
    ----------
    count : int
    each : Kind
    meaning : str
        What they are, such as "(slow, fast)".
    may_be_open : bool
        Whether None stands for a value that is left open.
    """

    def convert(values: Any) -> tuple[Any, ...]:
        if hasattr(values, "tolist"):
            values = values.tolist()
        if not isinstance(values, (list, tuple)) or len(values) != count:
            raise Refused
        return tuple(None if value is None and may_be_open else each.convert(value) for value in values)

    return Kind(f"{meaning}, each {each.expected}{', or None' if may_be_open else ''}", convert)


def part(kind: type[Any], expected: str = "", others: Mapping[type, Callable[[Any], Any]] | None = None) -> Kind:
    """Return the kind of objects of a class, or of the plain data that it is made of.

    Parameters
    ----------
    kind : type
        A class with `from_dict`.
    expected : str
        For messages; by default its name.
    others : dict, optional
        What else it is made of, by type.
    """

    def convert(value: Any) -> Any:
        if isinstance(value, kind):
            return value
        if isinstance(value, dict):
            return kind.from_dict(value)
        for other, make in (others or {}).items():
            if isinstance(value, other) and not isinstance(value, bool):
                return make(value)
        raise Refused

    return Kind(expected or f"{'an' if kind.__name__[0] in 'AEIO' else 'a'} {kind.__name__}", convert)
