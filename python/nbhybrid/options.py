"""The core's table of options, of which the objects' parameters take their units, their ranges and what holds without them."""

from __future__ import annotations

import dataclasses
import functools
import math
import re
from typing import TYPE_CHECKING, Any

from nbhybrid import _core
from nbhybrid.fields import FLAG, LARGEST_INT, number, whole

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from nbhybrid.fields import Kind


def undone(convert: Callable[[float], float], value: float, scale: float) -> float:
    """Return the x with convert(x) == value, the shortest to write where there are several; `scale` is about x / value.

    Where there is none, which no value of a command line is, the nearest is returned.
    """
    if not math.isfinite(value) or value == 0.0:
        return value
    near = value * scale
    for digits in range(1, 18):
        candidate = float(format(near, f".{digits}g"))
        if convert(candidate) == value:
            return candidate
    for direction in (math.inf, -math.inf):
        candidate = near
        for _ in range(4):
            candidate = math.nextafter(candidate, direction)
            if convert(candidate) == value:
                return candidate
    return near


@dataclasses.dataclass(frozen=True, kw_only=True)
class Option:
    """An option of ``nbhybrid run``, as its row in the table has it.

    Attributes
    ----------
    topic : str
        The heading under which the help lists it.
    names : str
        Its spellings, separated by blanks, the usual one first; one that ends with ``*`` also stands for every longer word.
    values : str
        What follows it: a unit, ``FILE``, or names of values.
    help : str
    parameter : str
        What the objects call it, such as ``Beam(fluence=...)``; empty: they have no word for it.
    field : str
        The path of the core's field that takes its value; empty: it does more than that.
    has_own_field : bool
        Whether no other option sets this field.
    is_word : bool
        Whether it takes no value, but stands for one.
    is_whole : bool
    divisor, factor : float
        From its unit to metres and radians.
    least, most : float or None
    excludes_least : bool
    usual : object
        What holds without it, in its unit: a number, the name of a file, or None where that is open.
    is_own : bool
        Whether the reference does not have it.
    since : str
        The version that had it first.
    convention, defects, header_keys : str
        Which conventions of the beam centre heed it; ids of the defects that change what it does; what says the same in a header.
    shapes_experiment : bool
    instead_in_series, instead_in_python : str
        What does the same where it does nothing; empty: nothing does.
    """

    topic: str
    names: str
    values: str
    help: str
    parameter: str
    field: str
    has_own_field: bool
    is_word: bool
    is_whole: bool
    divisor: float
    factor: float
    least: float | None
    most: float | None
    excludes_least: bool
    usual: Any
    is_own: bool
    since: str
    convention: str
    defects: str
    header_keys: str
    shapes_experiment: bool
    instead_in_series: str
    instead_in_python: str

    @property
    def name(self) -> str:
        """The usual spelling."""
        return self.names.split()[0].rstrip("*")

    @property
    def spellings(self) -> list[str]:
        """All spellings, those that stand for longer words as the shortest of them."""
        return [name.rstrip("*") for name in self.names.split()]

    @property
    def kind(self) -> Kind:
        """What a parameter of this option may be."""
        if self.is_word:
            return FLAG
        least = -math.inf if self.least is None else self.least
        if self.is_whole:
            lowest = -LARGEST_INT if self.least is None else int(least) + self.excludes_least
            return whole(lowest, LARGEST_INT if self.most is None else int(self.most))
        most = math.inf if self.most is None else self.most
        return number(above=least, most=most) if self.excludes_least else number(least=least, most=most)

    def inside(self, given: float) -> float:
        """Return a number of the option's unit as the core keeps it."""
        return given / self.divisor * self.factor

    def given(self, inside: float) -> float:
        """Return the number of the option's unit that the core keeps so."""
        return undone(self.inside, inside, self.divisor / self.factor)


@functools.cache
def options() -> Mapping[str, Option]:
    """Return all options by their usual names, in the order of the help."""
    return {option.name: option for option in (Option(**row) for row in _core.option_rows())}


def option(name: str) -> Option:
    """Return the option of this usual name."""
    return options()[name]


def usual(name: str) -> Any:
    """Return what holds without the option of this usual name."""
    return option(name).usual


def parameters_of(owner: str) -> dict[str, Option]:
    """Return the options that are nothing but a parameter of an object, by the parameter's name."""
    found = {}
    for each in options().values():
        words = re.fullmatch(rf"{owner}\((\w+)=(?:\.\.\.|True)\)", each.parameter)
        if words and each.has_own_field:
            found[words[1]] = each
    return found


def takes_options(owner: str) -> Callable[[type[Any]], type[Any]]:
    """Return a decorator, for the inside of `dataclasses.dataclass`, that gives a class the parameters of options.

    What may be given for a parameter, and what holds without it, is the option's where the class does not say it. A parameter that
    the class does not have is added to it, and to its documentation.

    Parameters
    ----------
    owner : str
        What the table calls the class.
    """

    def decorate(cls: type[Any]) -> type[Any]:
        by_options = parameters_of(owner)
        kinds = {name: each.kind for name, each in by_options.items()}
        for name in by_options.keys() - cls.__annotations__.keys():
            _add(cls, name, by_options[name])
        cls._kinds = kinds | dict(cls._kinds)
        cls._by_options = by_options
        return cls

    return decorate


def _add(cls: type[Any], name: str, source: Option) -> None:
    kind = "bool" if source.is_word else "int" if source.is_whole else "float"
    is_open = source.usual is None and not source.is_word
    cls.__annotations__ = {**cls.__annotations__, name: f"{kind} | None" if is_open else kind}
    setattr(cls, name, False if source.is_word else source.usual)
    lines = f"    {name} : {kind}{', optional' if is_open else ''}\n        {source.help[:1].upper()}{source.help[1:]}.\n"
    front, raises, rest = (cls.__doc__ or "").partition("\n    Raises\n")
    cls.__doc__ = f"{front}{'' if raises else chr(10)}{lines}{raises}{rest}"


def fields_of(thing: Any) -> dict[str, Any]:
    """Return the core's fields of the parameters of an object that are options; those that are open are left out."""
    given = ((each, getattr(thing, name)) for name, each in thing._by_options.items())
    return {_leaf(each): _inside(each, value) for each, value in given if value is not None}


def values_of(cls: type[Any], fields: Mapping[str, Any]) -> dict[str, Any]:
    """Return the parameters that are options from the core's fields."""
    return {name: _given(each, fields[_leaf(each)]) for name, each in cls._by_options.items()}


def _leaf(source: Option) -> str:
    return source.field.rpartition(".")[2]


def _inside(source: Option, value: Any) -> Any:
    if source.is_word or source.is_whole:
        return value
    return source.inside(float(value))


def _given(source: Option, value: Any) -> Any:
    if source.is_word:
        return value
    if source.usual is None and (value <= 0 if source.is_whole else value < 0):
        return None
    return value if source.is_whole else source.given(value)
