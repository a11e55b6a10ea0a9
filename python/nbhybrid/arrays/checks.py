"""Arrays that are read: of the type, shape and values asked for, in the memory of the host."""

from __future__ import annotations

from typing import Any

import numpy as np

from nbhybrid.arrays.errors import ArrayTypeError, ArrayValueError
from nbhybrid.arrays.host import Given, read
from nbhybrid.arrays.kinds import is_tensor
from nbhybrid.arrays.wanted import Array, Dtype, Shape, Sizes, Wanted

# The integers that each type holds exactly and without gaps.
_INTEGERS: dict[str, tuple[int, int]] = {
    "float64": (-(2**53), 2**53),
    "float32": (-(2**24), 2**24),
    "int32": (-(2**31), 2**31 - 1),
    "uint16": (0, 2**16 - 1),
    "bool": (0, 1),
}
_LARGEST_ERROR_OF_A_ROTATION = 1e-6


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

    An array in the memory of a CUDA device is copied to the host first, in the order of its owner's stream.

    A tensor that requires a gradient is refused: gradients do not flow through what is computed from the result.

    Parameters
    ----------
    value : array-like
        An array of numpy or CuPy, a tensor of torch, an object with ``__dlpack__``, ``__array_interface__`` or
        ``__cuda_array_interface__``, nested lists or tuples of numbers (or of such arrays), or a number, if `shape` is ``()``.
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
        If it is no array, of a type that would lose something, or in memory that is neither the host's nor that of a CUDA device
        which can be used.
    ArrayValueError
        If the shape or a value is not as expected.
    """
    return _take(value, Wanted(name, (shape,), dtype, sizes or Sizes()), finite)


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
    matrices = _take(value, Wanted(name, (("n", 3, 3), (3, 3)), "float64", Sizes()), True).reshape(-1, 3, 3)
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


def pixel_places(value: object, name: str, shape: tuple[int, int]) -> Array:
    """Return what a user passed as pixels of an image.

    Parameters
    ----------
    value : array-like of int, (n, 2)
        Slow and fast; as for `take`.
    name : str
        Of the argument, for messages.
    shape : tuple of int
        Of the image.

    Returns
    -------
    numpy.ndarray, (n, 2)
        int32.

    Raises
    ------
    ArrayTypeError
        As of `take`.
    ArrayValueError
        As of `take`, and for a pixel that the image has not.
    """
    places = take(value, name, ("n", 2), "int32")
    inside = ((places >= 0) & (places < shape)).all(axis=1)
    if not inside.all():
        found = tuple(places[~inside][0].tolist())
        raise ArrayValueError(f"{name}: found {found}, expected inside {shape[0]} x {shape[1]}")
    return places


def check_tensor(value: Any, name: str, shape: tuple[int, ...]) -> None:
    """Refuse what is no tensor of torch that derivatives can be taken of.

    Parameters
    ----------
    value : torch.Tensor of float32 or float64
        In the memory of the host.
    name : str
        Of the argument, for messages.
    shape : tuple of int

    Raises
    ------
    ArrayTypeError, ArrayValueError
    """
    if not is_tensor(value) or str(value.dtype) not in ("torch.float32", "torch.float64"):
        what = f"a tensor of {value.dtype}" if is_tensor(value) else f"a {type(value).__name__}"
        raise ArrayTypeError(f"{name}: found {what}, expected a torch.Tensor of float32 or float64")
    if tuple(value.shape) != shape:
        raise ArrayValueError(f"{name}: found the shape {tuple(value.shape)}, expected {shape}")
    if value.device.type != "cpu":
        where = f"lies on {value.device}, and derivatives are computed on the processor"
        raise ArrayTypeError(f"{name}: {where}: expected it in the memory of the host (.cpu())")


def _take(value: object, wanted: Wanted, finite: bool) -> Array:
    given = read(value, wanted)
    dtype = np.dtype(wanted.dtype)
    _check_type(given, wanted)
    wanted.check_shape(given.array.shape, given.text())
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


def _check_type(given: Given, wanted: Wanted) -> None:
    """Refuse types that cannot be converted, or not without loss."""
    found, dtype = given.array.dtype, np.dtype(wanted.dtype)
    if found.kind not in "biuf":
        raise wanted.type_error(given.text())
    if found.kind == "f" and not given.is_list:
        if dtype.kind != "f":
            raise wanted.type_error(given.text(), "floats are not taken for integers")
        if found.itemsize > dtype.itemsize:
            raise wanted.type_error(given.text(), "it is not rounded unasked")


def _check_values(given: Given, wanted: Wanted) -> None:
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
