"""What an argument should be, and the messages for one that is not."""

from __future__ import annotations

import dataclasses
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

from nbhybrid.arrays.errors import ArrayTypeError, ArrayValueError
from nbhybrid.arrays.kinds import text_of

Array = npt.NDArray[Any]
Dtype = Literal["float64", "float32", "int32", "uint16", "bool"]
Shape = tuple["int | str | None", ...]


class Sizes:
    """What the letters in shapes stand for, so that several arguments agree.

    Parameters
    ----------
    **known : int
        Letters whose size is known beforehand.

    Examples
    --------
    >>> sizes = Sizes()
    >>> hkl = take([[1, 2, 3], [4, 5, 6]], "hkl", ("n", 3), "int32", sizes=sizes)
    >>> amplitudes = take([1.5, 2.5], "amplitudes", ("n",), sizes=sizes)
    >>> sizes["n"]
    2
    """

    def __init__(self, **known: int) -> None:
        self._found: dict[str, tuple[int, str]] = {letter: (size, "") for letter, size in known.items()}

    def __getitem__(self, letter: str) -> int:
        """Return the size that a letter stands for; KeyError if no argument had it yet."""
        return self._found[letter][0]

    def match(self, name: str, shape: Shape, found: tuple[int, ...]) -> bool:
        """Tell whether a shape that was found is the one wanted; if it is, remember its letters."""
        if len(shape) != len(found):
            return False
        letters = dict(self._found)
        for wanted, size in zip(shape, found, strict=True):
            if isinstance(wanted, str):
                wanted = letters.setdefault(wanted, (size, name))[0]
            if wanted not in (None, size):
                return False
        self._found = letters
        return True

    def text(self, shape: Shape) -> str:
        """Return what is known of the letters of a shape, as messages say it."""
        known = []
        for letter in dict.fromkeys(part for part in shape if isinstance(part, str) and part in self._found):
            size, where = self._found[letter]
            known.append(f"{letter} = {size}" + (f" as in {where}" if where else ""))
        return f" with {', '.join(known)}" if known else ""


@dataclasses.dataclass(frozen=True)
class Wanted:
    """What an argument should be."""

    name: str
    shapes: tuple[Shape, ...]
    dtype: Dtype
    sizes: Sizes
    what: str = "an array"

    def type_error(self, given: str, why: str = "") -> ArrayTypeError:
        """Return the error for a value of the wrong type."""
        return ArrayTypeError(self._message(given, why))

    def check_gradient(self, tensor: object, given: str) -> None:
        """Refuse a tensor that requires a gradient, to which nothing would flow back.

        Raises
        ------
        ArrayTypeError
        """
        if getattr(tensor, "requires_grad", False) is True:
            why = "it requires a gradient, which ends here: nbhybrid.torch.render carries gradients, or give tensor.detach()"
            raise self.type_error(given, why)

    def value_error(self, given: str, why: str = "") -> ArrayValueError:
        """Return the error for a wrong shape or layout."""
        return ArrayValueError(self._message(given, why))

    def value_at(self, array: Array, good: npt.NDArray[np.bool_], expected: str) -> ArrayValueError:
        """Return the error for the first value that is not good."""
        place = np.unravel_index(int(np.argmin(good)), good.shape)
        where = f" at {[int(i) for i in place]}" if place else ""
        return ArrayValueError(f"{self.name}: the value{where} is {array[place]}, expected {expected}")

    def device_error(self, value: object, device: str) -> ArrayTypeError:
        """Return the error for a value that lies where it is of no use."""
        return self.type_error(text_of(value, device), "it is not in the memory of the host")

    def check_shape(self, shape: tuple[int, ...], given: str) -> None:
        """Raise an ArrayValueError if it has none of the shapes."""
        if not any(self.sizes.match(self.name, wanted, shape) for wanted in self.shapes):
            raise self.value_error(given)

    def _message(self, given: str, why: str) -> str:
        shapes = " or ".join(map(_shape_text, self.shapes)) + self.sizes.text(self.shapes[0])
        expected = f"{self.what} of shape {shapes} and dtype {self.dtype}"
        return f"{self.name}: expected {expected}, got {given}{f'; {why}' if why else ''}"


def _shape_text(shape: Shape) -> str:
    parts = ["any" if part is None else str(part) for part in shape]
    return f"({', '.join(parts)}{',' if len(parts) == 1 else ''})"
