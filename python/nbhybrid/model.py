"""What all objects of an experiment have in common: valid once built, never changed, compared and written by their values."""

from __future__ import annotations

import dataclasses
import math
from typing import TYPE_CHECKING, Any

from nbhybrid.errors import ModelError

if TYPE_CHECKING:
    from collections.abc import Mapping

    import numpy.typing as npt

Vector = tuple[float, float, float]


@dataclasses.dataclass(frozen=True, kw_only=True, eq=False)
class Model:
    """Base of all model objects: they compare by value, and can be pickled, copied and written as plain data."""

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
        known = {field.name for field in dataclasses.fields(cls)}
        unknown = sorted(set(values) - known)
        if unknown:
            raise ModelError(f"{cls.__name__}: there is no {unknown[0]}, expected {', '.join(sorted(known))}")
        return cls(**values)

    def replace(self, **changes: Any) -> Any:
        """Return a copy with other values for some fields."""
        return dataclasses.replace(self, **changes)

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


def positive(name: str, value: float) -> float:
    """Return the value if it is a finite number above zero."""
    if not (math.isfinite(value) and value > 0):
        raise ModelError(f"{name}: found {value!r}, expected a finite number above zero")
    return float(value)


def frozen(array: npt.NDArray[Any]) -> npt.NDArray[Any]:
    """Return a copy that nobody can write to."""
    copy = array.copy()
    copy.flags.writeable = False
    return copy
