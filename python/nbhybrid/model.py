"""What all objects of an experiment have in common: valid once built, never changed, compared and written by their values."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, Any, ClassVar

from nbhybrid.errors import ModelError
from nbhybrid.fields import shown
from nbhybrid.hints import no_such_name

if TYPE_CHECKING:
    from collections.abc import Mapping

    import numpy.typing as npt

    from nbhybrid.fields import Kind
    from nbhybrid.options import Option

Vector = tuple[float, float, float]


@dataclasses.dataclass(frozen=True, kw_only=True, eq=False, repr=False)
class Model:
    """Base of all model objects: they compare by value, and can be pickled, copied and written as plain data."""

    # What each parameter may be; arrays, which need more than a kind, are looked at by the objects themselves.
    _kinds: ClassVar[Mapping[str, Kind]] = {}
    # Those parameters that are options of the command line.
    _by_options: ClassVar[Mapping[str, Option]] = {}
    # Parameters that, where they are given anew, take the place of others.
    _instead_of: ClassVar[Mapping[str, str]] = {}

    def __post_init__(self) -> None:
        """Look at each parameter that is not left open."""
        for field in dataclasses.fields(self):
            value, kind = getattr(self, field.name), self._kinds.get(field.name)
            if kind is not None and not (value is None and field.default is None):
                self._set(field.name, kind.take(f"{type(self).__name__}.{field.name}", value))

    def to_dict(self) -> dict[str, Any]:
        """Return the object as plain values, fit for JSON and TOML; fields that are None are left out."""
        values = ((field.name, getattr(self, field.name)) for field in dataclasses.fields(self))
        return {name: _plain(value) for name, value in values if value is not None}

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> Any:
        """Return the object of these values, as `to_dict` gives them.

        Raises
        ------
        ModelError
            For a name that is no field.
        """
        if not hasattr(values, "items"):
            raise ModelError(f"{cls.__name__}: found {shown(values)}, expected a dictionary of its parameters")
        known = [field.name for field in dataclasses.fields(cls)]
        for name in values:
            if name not in known:
                raise no_such_name(cls.__name__, str(name), known)
        return cls(**values)

    def replace(self, **changes: Any) -> Any:
        """Return a copy with other values for some fields."""
        known = [field.name for field in dataclasses.fields(self)]
        for name in changes:
            if name not in known:
                raise no_such_name(type(self).__name__, name, known)
        gone = {self._instead_of[name]: None for name, value in changes.items() if name in self._instead_of and value is not None}
        return dataclasses.replace(self, **gone | changes)

    def __repr__(self) -> str:
        shown = self._in_force()
        names = [field.name for field in dataclasses.fields(self) if field.name in shown]
        return f"{type(self).__name__}({', '.join(f'{name}={_briefly(shown[name])}' for name in names)})"

    def _in_force(self) -> dict[str, Any]:
        """Return the parameters that `repr` shows: those that were given and are in force."""
        values = {field.name: getattr(self, field.name) for field in dataclasses.fields(self) if not field.name.startswith("_")}
        defaults = {field.name: field.default for field in dataclasses.fields(self)}
        return {name: value for name, value in values.items() if value is not None and not _same(value, defaults[name])}

    def __eq__(self, other: object) -> bool:
        return type(other) is type(self) and self.to_dict() == other.to_dict()

    def __hash__(self) -> int:
        return hash(repr(sorted(self.to_dict().items(), key=lambda item: item[0])))

    def _set(self, name: str, value: object) -> None:
        object.__setattr__(self, name, value)


def _plain(value: Any) -> Any:
    if isinstance(value, Model):
        return value.to_dict()
    if isinstance(value, (tuple, list)):
        return [_plain(v) for v in value]
    return value.tolist() if hasattr(value, "tolist") else value


def _same(value: Any, default: Any) -> bool:
    return bool(type(value) is type(default) and value == default)


def _briefly(value: Any) -> str:
    """Return a value as `repr` shows it: an array by its numbers if they are few."""
    if not hasattr(value, "tolist"):
        return repr(value)
    return repr(value.tolist()) if value.size <= 9 else f"<{value.dtype} array of shape {value.shape}>"


def frozen(array: npt.NDArray[Any]) -> npt.NDArray[Any]:
    """Return a copy that nobody can write to."""
    copy = array.copy()
    copy.flags.writeable = False
    return copy


def parameters() -> dict[str, list[str]]:
    """Return the parameters of all objects that there are, by class."""
    found: dict[str, list[str]] = {}
    kinds = [Model]
    while kinds:
        kind = kinds.pop()
        kinds += kind.__subclasses__()
        found[kind.__name__] = [field.name for field in dataclasses.fields(kind) if not field.name.startswith("_")]
    return found
