"""Orientations of the crystal: from a file, or random."""

from __future__ import annotations

import math
import os
import zipfile
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

from nbhybrid.arrays import rotation_matrices
from nbhybrid.batch.counter import ORIENTATION, Stream
from nbhybrid.errors import InputFileError, ModelError

Array = npt.NDArray[np.float64]
Order = Literal["wxyz", "xyzw"]
ORDERS = ("wxyz", "xyzw")
FORMS = "(n, 3, 3) or (n, 9) for matrices, (n, 4) for quaternions"


def read_numbers(path: str, name: str = "") -> npt.NDArray[Any]:
    """Return the array of a file: ``.npy``, ``.npz`` (its only array, or the one of this name), or a text of rows of numbers.

    Raises
    ------
    InputFileError
        If there is no such file or array, or it holds something else than finite or infinite numbers.
    """
    try:
        with open(path, "rb") as file:
            start = file.read(6)
        if start.startswith((b"\x93NUMPY", b"PK\x03\x04")):
            array = _picked(path, np.load(path, mmap_mode="r", allow_pickle=False), name)
        else:
            array = np.loadtxt(path, ndmin=2)
    except OSError as error:
        raise InputFileError(f"{path}: cannot be read: {error.strerror or error}") from error
    except (ValueError, EOFError, zipfile.BadZipFile) as error:
        raise InputFileError(f"{path}: is no readable .npy, .npz or table of numbers ({error})") from error
    if array.dtype.kind not in "iuf":
        raise InputFileError(f"{path}: holds {array.dtype}, expected numbers")
    return array


def _picked(path: str, held: Any, name: str) -> npt.NDArray[Any]:
    if isinstance(held, np.ndarray):
        return held
    names = list(held)
    if len(names) != 1 and name not in names:
        raise InputFileError(f"{path}: holds {len(names)} arrays ({', '.join(names)}), expected one, or one named {name}")
    array: npt.NDArray[Any] = held[name if name in names else names[0]]
    return array


def read_orientations(path: str | os.PathLike[str]) -> Array:
    """Return orientations as they stand in a file, one a row: 9 numbers of a matrix, or 4 of a quaternion.

    Whether a row is a rotation is looked at when its image is made.
    """
    name = os.fspath(path)
    array = read_numbers(name, "orientations")
    if array.ndim == 3 and array.shape[1:] == (3, 3):
        array = array.reshape(-1, 9)
    if array.ndim != 2 or array.shape[1] not in (4, 9) or len(array) == 0:
        raise InputFileError(f"{name}: has the shape {array.shape}, expected {FORMS}")
    return np.ascontiguousarray(array, np.float64)


def rotation_of(row: Array, order: Order = "wxyz") -> Array:
    """Return the rotation matrix of a row of a file, (3, 3).

    Raises
    ------
    ModelError, ArrayValueError
        If the row is no rotation.
    """
    if len(row) == 9:
        return rotation_matrices(row.reshape(3, 3), "orientation")[0]  # type: ignore[no-any-return]
    values = row.tolist()
    length = math.sqrt(sum(v * v for v in values))
    if not (math.isfinite(length) and length > 0):
        raise ModelError(f"orientation: found the quaternion {values}, expected finite numbers that are not all zero")
    if order == "xyzw":
        values = [values[3], *values[:3]]
    return matrix_of_quaternion(*(v / length for v in values))


def random_rotation(seed: int, image: int) -> Array:
    """Return the rotation matrix of an image, (3, 3), none more likely than another.

    Parameters
    ----------
    seed : int
    image : int
        Number of the image. The matrix depends on nothing else, and has the same bits on every machine.
    """
    return matrix_of_quaternion(*Stream(seed, ORIENTATION, image).quaternion())


def matrix_of_quaternion(w: float, x: float, y: float, z: float) -> Array:
    """Return the rotation matrix of a unit quaternion."""
    return np.array(
        [
            [1.0 - 2.0 * (y * y + z * z), 2.0 * (x * y - w * z), 2.0 * (x * z + w * y)],
            [2.0 * (x * y + w * z), 1.0 - 2.0 * (x * x + z * z), 2.0 * (y * z - w * x)],
            [2.0 * (x * z - w * y), 2.0 * (y * z + w * x), 1.0 - 2.0 * (x * x + y * y)],
        ]
    )
