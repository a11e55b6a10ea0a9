"""Arrays that users pass in, and results on the way back: all checks of type, shape, values and device stand here.

Taken are arrays of numpy, tensors of torch on the CPU, whatever exports DLPack or ``__array_interface__``, and nested lists of
numbers. Nothing is copied if the memory can be used as it is. torch is used only if the caller brought a tensor of it.
"""

from __future__ import annotations

import dataclasses
import importlib
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

from nbhybrid.errors import NbhybridError

Array = npt.NDArray[Any]
Dtype = Literal["float64", "float32", "int32", "uint16", "bool"]
Shape = tuple["int | str | None", ...]

# The integers that each type holds exactly and without gaps.
_INTEGERS: dict[str, tuple[int, int]] = {
    "float64": (-(2**53), 2**53),
    "float32": (-(2**24), 2**24),
    "int32": (-(2**31), 2**31 - 1),
    "uint16": (0, 2**16 - 1),
    "bool": (0, 1),
}
_LARGEST_ERROR_OF_A_ROTATION = 1e-6
_PLAIN_NUMBERS = frozenset({bool, int, float})

# Devices of DLPack that have a name in messages, and those whose memory is the host's.
_DEVICES = {1: "cpu", 2: "cuda", 3: "cuda_host", 8: "metal", 10: "rocm", 11: "rocm_host", 13: "cuda_managed"}
_HOST = ("cpu", "cuda_host", "rocm_host")


class ArrayTypeError(NbhybridError, TypeError):
    """An argument is no array, or one of the wrong type or on the wrong device."""


class ArrayValueError(NbhybridError, ValueError):
    """An array has the wrong shape or layout, or holds values that are of no use."""


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
class Kind:
    """The kind of array that the caller uses.

    Attributes
    ----------
    name : {"numpy", "torch"}
    """

    name: Literal["numpy", "torch"] = "numpy"

    def give(self, array: Array) -> Any:
        """Return an array as one of this kind, on the same memory.

        torch knows no read-only memory: for it, and only for it, a read-only array is copied.

        Parameters
        ----------
        array : numpy.ndarray
            In native byte order.

        Returns
        -------
        numpy.ndarray or torch.Tensor
        """
        if self.name == "numpy":
            return array
        return importlib.import_module("torch").from_numpy(array if array.flags.writeable else array.copy())


def kind_of(*values: object) -> Kind:
    """Return the kind of array in which to answer a caller who passed these values.

    It is torch if one of them is a tensor of torch, else numpy, be they lists or arrays of another package. Lists are not
    searched for tensors.
    """
    return Kind("torch" if any(_is_tensor(value) for value in values) else "numpy")


def take(
    value: object, name: str, shape: Shape, dtype: Dtype = "float64", *, finite: bool = True, sizes: Sizes | None = None
) -> Array:
    """Return what a user passed as an array of numpy, checked.

    The array is on the user's own memory, and must not be written to, if that is aligned, C-contiguous and holds native numbers of
    the type asked for. Otherwise it is converted, which is one copy:

    - integers and truth values are taken if the type asked for holds each of them exactly (a float holds integers to 2**53, or to
      2**24 if it has 32 bits; "bool" takes 0 and 1);
    - floats are widened, but never rounded to narrower ones, and never taken for integers;
    - numbers in lists have no type of their own: they are rounded to the float asked for, and whole ones may be integers.

    A tensor that requires a gradient is detached: gradients do not flow through what is computed from the result.

    Parameters
    ----------
    value : array-like
        An array of numpy, a tensor of torch, an object with ``__dlpack__`` or ``__array_interface__``, nested lists or tuples of
        numbers (or of such arrays), or a number, if `shape` is ``()``.
    name : str
        Of the argument, for messages.
    shape : tuple of int, str or None
        The size of each axis; None for any, equal letters for equal ones.
    dtype : {"float64", "float32", "int32", "uint16", "bool"}, optional
        Of the result.
    finite : bool, optional
        Whether infinities and NaN are refused.
    sizes : Sizes, optional
        What the letters stand for, if several arguments have to agree.

    Returns
    -------
    numpy.ndarray
        C-contiguous and aligned; perhaps read-only.

    Raises
    ------
    ArrayTypeError
        If it is no array, of a type that would lose something, or not in the memory of the host.
    ArrayValueError
        If the shape or a value is not as expected.
    """
    return _take(value, _Wanted(name, (shape,), dtype, sizes or Sizes()), finite)


def vector(value: object, name: str) -> tuple[float, float, float]:
    """Return what a user passed as a vector of three finite numbers; see `take` for what may be passed."""
    x, y, z = take(value, name, (3,)).tolist()
    return x, y, z


def rotation_matrices(value: object, name: str) -> Array:
    """Return what a user passed as rotation matrices.

    Parameters
    ----------
    value : array-like, (n, 3, 3) or (3, 3)
        As for `take`. The last axis runs over the columns.
    name : str
        Of the argument, for messages.

    Returns
    -------
    numpy.ndarray, (n, 3, 3)
        float64.

    Raises
    ------
    ArrayTypeError
        As of `take`.
    ArrayValueError
        As of `take`, and for a matrix whose product with its transpose is not the identity, to 1e-6, or that is a reflection.
    """
    matrices = _take(value, _Wanted(name, (("n", 3, 3), (3, 3)), "float64", Sizes()), True).reshape(-1, 3, 3)
    with np.errstate(over="ignore", invalid="ignore"):
        errors = np.abs(matrices @ matrices.transpose(0, 2, 1) - np.eye(3)).max(axis=(1, 2))
        skewed = ~(errors <= _LARGEST_ERROR_OF_A_ROTATION)  # so that NaN, of an overflow, is one
    if skewed.any():
        first = int(skewed.argmax())
        raise ArrayValueError(
            f"{name}: matrix {first} is not orthogonal: its product with its transpose is off the identity by {errors[first]:.3g}, "
            f"expected at most {_LARGEST_ERROR_OF_A_ROTATION:g}"
        )
    determinants = np.linalg.det(matrices)
    if (determinants < 0).any():
        first = int((determinants < 0).argmax())
        raise ArrayValueError(f"{name}: matrix {first} is a reflection: its determinant is {determinants[first]:.6g}, expected 1")
    return matrices


def out_buffer(out: object, name: str, shape: Shape, dtype: Dtype = "float32", *, sizes: Sizes | None = None) -> Array:
    """Return memory of the caller's as an array to write into; it is never a copy.

    Parameters
    ----------
    out : array-like
        An array of numpy, a tensor of torch that requires no gradient, or an object with ``__dlpack__`` or
        ``__array_interface__``. Old exports by DLPack do not say whether the memory may be written to; numpy takes it for
        read-only then.
    name : str
        Of the argument, for messages.
    shape, dtype, sizes
        As for `take`; the type must be exactly this one.

    Returns
    -------
    numpy.ndarray
        Writeable, C-contiguous and aligned, on the memory of `out`.

    Raises
    ------
    ArrayTypeError
        If it is no array, of another type, or not in the memory of the host.
    ArrayValueError
        If it has another shape, is read-only, is not contiguous or aligned, or is a tensor that requires a gradient.
    """
    wanted = _Wanted(name, (shape,), dtype, sizes or Sizes(), "a writeable, C-contiguous array")
    if _is_number(out) or isinstance(out, (list, tuple, range)):
        raise wanted.type_error(_name_of_type(out), "it has no memory to write to")
    if getattr(out, "requires_grad", False) is True and _is_tensor(out):
        raise wanted.value_error(_text_of(out), "it requires a gradient, which would not know of what is written: detach it")
    given = _read(out, wanted, for_output=True)
    array = given.array
    if array.dtype != np.dtype(dtype):
        raise wanted.type_error(given.text())
    if not array.flags.writeable:
        raise wanted.value_error(given.text(), "it is read-only")
    if not array.flags.c_contiguous:
        raise wanted.value_error(given.text(), f"its strides are {array.strides} bytes")
    if not array.flags.aligned:
        raise wanted.value_error(given.text(), f"its memory is not aligned to {array.dtype.alignment} bytes")
    wanted.check_shape(given)
    return array


@dataclasses.dataclass(frozen=True)
class _Wanted:
    """What an argument should be."""

    name: str
    shapes: tuple[Shape, ...]
    dtype: Dtype
    sizes: Sizes
    what: str = "an array"

    def type_error(self, given: str, why: str = "") -> ArrayTypeError:
        return ArrayTypeError(self._message(given, why))

    def value_error(self, given: str, why: str = "") -> ArrayValueError:
        return ArrayValueError(self._message(given, why))

    def value_at(self, array: Array, good: npt.NDArray[np.bool_], expected: str) -> ArrayValueError:
        """Return the error for the first value that is not good."""
        place = np.unravel_index(int(np.argmin(good)), good.shape)
        where = f" at {[int(i) for i in place]}" if place else ""
        return ArrayValueError(f"{self.name}: the value{where} is {array[place]}, expected {expected}")

    def device_error(self, value: object, device: str) -> ArrayTypeError:
        on_cuda = device.startswith("cuda")
        why = "copy it to the host" if on_cuda else "it is not in the memory of the host"
        return self.type_error(_text_of(value, device), why)

    def check_shape(self, given: _Given) -> None:
        if not any(self.sizes.match(self.name, shape, given.array.shape) for shape in self.shapes):
            raise self.value_error(given.text())

    def _message(self, given: str, why: str) -> str:
        shapes = " or ".join(map(_shape_text, self.shapes)) + self.sizes.text(self.shapes[0])
        expected = f"{self.what} of shape {shapes} and dtype {self.dtype}"
        return f"{self.name}: expected {expected}, got {given}{f'; {why}' if why else ''}"


@dataclasses.dataclass(frozen=True)
class _Given:
    """What a user passed, as an array on the same memory, and what it was."""

    array: Array
    what: str = "array"
    where: str = ""
    is_list: bool = False

    def text(self) -> str:
        dtype = "" if self.is_list else f"{self.array.dtype} "
        return f"{dtype}{self.what} of shape {self.array.shape}{f' on {self.where}' if self.where else ''}"


def _take(value: object, wanted: _Wanted, finite: bool) -> Array:
    given = _read(value, wanted)
    dtype = np.dtype(wanted.dtype)
    _check_type(given, wanted)
    wanted.check_shape(given)
    _check_values(given, wanted)
    array = given.array
    if array.dtype != dtype or not array.flags.c_contiguous or not array.flags.aligned:
        with np.errstate(over="ignore"):
            array = array.astype(dtype, order="C")
        if given.is_list and wanted.dtype == "float32" and not (fits := np.isinf(array) <= np.isinf(given.array)).all():
            raise wanted.value_at(given.array, fits, "one that a float32 can hold")
    if finite and dtype.kind == "f" and not (good := np.isfinite(array)).all():
        raise wanted.value_at(array, good, "finite values")
    return array


def _check_type(given: _Given, wanted: _Wanted) -> None:
    """Refuse types that cannot be converted, or not without loss."""
    found, dtype = given.array.dtype, np.dtype(wanted.dtype)
    if found.kind not in "biuf":
        raise wanted.type_error(given.text())
    if found.kind == "f" and not given.is_list:
        if dtype.kind != "f":
            raise wanted.type_error(given.text(), "floats are not taken for integers")
        if found.itemsize > dtype.itemsize:
            raise wanted.type_error(given.text(), "it is not rounded unasked")


def _check_values(given: _Given, wanted: _Wanted) -> None:
    """Refuse integers, and numbers that have to be some, that the type asked for does not hold."""
    array, dtype = given.array, np.dtype(wanted.dtype)
    if array.dtype.kind == "b" or (array.dtype.kind == "f" and dtype.kind == "f"):
        return
    lowest, highest = _INTEGERS[wanted.dtype]
    if array.dtype.kind == "f":
        array = array.astype(np.longdouble)  # else the limits are rounded to the array's type
        good = (array == np.floor(array)) & (array >= lowest) & (array <= highest)
    else:
        limits = np.iinfo(array.dtype)
        good = np.ones(array.shape, np.bool_)  # limits beyond those of the array's type cannot be compared with it
        if limits.min < lowest:
            good &= array >= lowest
        if limits.max > highest:
            good &= array <= highest
    if not good.all():
        raise wanted.value_at(array, good, f"whole numbers from {lowest} to {highest}, which {wanted.dtype} holds")


def _read(value: object, wanted: _Wanted, for_output: bool = False) -> _Given:
    """Return an array on the memory of a value, whatever its type and shape."""
    if isinstance(value, np.ndarray):
        if isinstance(value, np.ma.MaskedArray):
            raise wanted.type_error(_text_of(value), "the mask would be lost: fill it")
        return _Given(np.asarray(value))
    if isinstance(value, np.generic):
        return _Given(np.asarray(value), "number")
    if _is_tensor(value):
        return _read_tensor(value, wanted, for_output)
    if _is_number(value) or isinstance(value, (list, tuple, range)):
        return _read_list(value, wanted)
    return _read_protocols(value, wanted)


def _read_tensor(value: Any, wanted: _Wanted, for_output: bool) -> _Given:
    device = str(value.device)
    if device != "cpu":
        raise wanted.device_error(value, device)
    try:
        detached = value.detach()
        if not for_output:  # signs and conjugates may be due; resolving them is a copy
            detached = detached.resolve_neg().resolve_conj()
        return _Given(detached.numpy(), "torch.Tensor", device)
    except (TypeError, RuntimeError) as error:
        raise wanted.type_error(_text_of(value, device), _line(error)) from error


def _read_list(value: object, wanted: _Wanted) -> _Given:
    numbers = _numbers_of(value, wanted, ())
    try:
        array = np.asarray(numbers, dtype=np.float64 if wanted.dtype.startswith("float") else None)
    except OverflowError as error:
        raise wanted.value_error(_name_of_type(value), "a number in it is too large") from error
    except (TypeError, ValueError) as error:
        raise wanted.value_error(_name_of_type(value), "its rows differ in length") from error
    if array.dtype.kind == "O":
        raise wanted.value_error(_name_of_type(value), "a number in it is too large, or its rows differ in length")
    return _Given(array, _name_of_type(value), is_list=True)


def _numbers_of(value: Any, wanted: _Wanted, place: tuple[int, ...]) -> Any:
    """Return nested lists with the arrays in them made arrays of numpy; refuse what is no number."""
    if isinstance(value, (list, tuple, range)):
        if len(place) >= 32:  # what numpy allows
            raise wanted.value_error(f"lists nested {len(place)} deep and more")
        return [v if type(v) in _PLAIN_NUMBERS else _numbers_of(v, wanted, (*place, i)) for i, v in enumerate(value)]
    if isinstance(value, (int, float)):
        return value
    array = np.asarray(value) if _is_number(value) else _read(value, wanted).array if _is_array(value) else None
    if array is None or array.dtype.kind not in "biuf":
        where = "".join(f"[{i}]" for i in place)
        raise wanted.type_error(_text_of(value) + (f" at {where} of a list" if where else ""))
    return array


def _read_protocols(value: Any, wanted: _Wanted) -> _Given:
    """Read what is neither of numpy nor of torch by what it says of itself."""
    what, why = _name_of_type(value), "it is no array; numpy.asarray may make it one"
    if _has(value, "__dlpack__") and _has(value, "__dlpack_device__"):
        try:
            code = int(value.__dlpack_device__()[0])
            device = _DEVICES.get(code, f"device {code} of DLPack")
            array = np.from_dlpack(value) if device in _HOST else None
        except Exception as error:  # whatever the other package raises
            why = f"its export by DLPack failed: {_line(error)}"
        else:
            if array is None:
                raise wanted.device_error(value, device)
            return _Given(array, what, device)
    if _has(value, "__array_interface__"):
        try:
            return _Given(np.asarray(value), what)
        except Exception as error:  # as above
            why = f"its __array_interface__ is of no use: {_line(error)}"
    elif _has(value, "__cuda_array_interface__"):
        raise wanted.device_error(value, "cuda")
    raise wanted.type_error(_text_of(value), why)


def _is_tensor(value: object) -> bool:
    """Tell whether a value is a tensor of torch, without importing it."""
    return any(base.__name__ == "Tensor" and base.__module__.partition(".")[0] == "torch" for base in type(value).__mro__)


def _is_number(value: object) -> bool:
    return isinstance(value, (int, float, complex, np.generic))


def _is_array(value: object) -> bool:
    protocols = ("__dlpack__", "__array_interface__", "__cuda_array_interface__")
    return isinstance(value, np.ndarray) or _is_tensor(value) or any(_has(value, protocol) for protocol in protocols)


def _has(value: object, attribute: str) -> bool:
    """Tell whether an attribute is there; one that cannot be computed is not, and those of a class are its instances'."""
    try:
        return not isinstance(value, type) and getattr(value, attribute, None) is not None
    except Exception:  # whatever a property of another package raises
        return False


def _name_of_type(value: object) -> str:
    kind = type(value)
    if _is_tensor(value):
        return "torch.Tensor"
    return kind.__qualname__ if kind.__module__ == "builtins" else f"{kind.__module__}.{kind.__qualname__}"


def _text_of(value: Any, where: str = "") -> str:
    dtype, shape = (getattr(value, attribute) if _has(value, attribute) else None for attribute in ("dtype", "shape"))
    if _has(value, "__cuda_array_interface__") and isinstance(value.__cuda_array_interface__, dict):
        dtype = dtype or value.__cuda_array_interface__.get("typestr")
        shape = shape if shape is not None else value.__cuda_array_interface__.get("shape")
    words = [str(dtype).removeprefix("torch.")] if dtype is not None else []
    words.append(_name_of_type(value))
    if shape is not None:
        words.append(f"of shape {tuple(shape)}" if isinstance(shape, tuple) else f"of shape {shape}")
    return " ".join(words) + (f" on {where}" if where else "")


def _shape_text(shape: Shape) -> str:
    parts = ["any" if part is None else str(part) for part in shape]
    return f"({', '.join(parts)}{',' if len(parts) == 1 else ''})"


def _line(error: Exception) -> str:
    """Return the first line of the message of another package's error."""
    return (str(error).strip() or type(error).__name__).splitlines()[0]
