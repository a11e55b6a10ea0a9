"""Values in the memory of the host as arrays of numpy, whatever package they are of."""

from __future__ import annotations

import dataclasses
from typing import Any

import numpy as np

from nbhybrid.arrays.device import is_on_cuda, to_host
from nbhybrid.arrays.kinds import has, is_array, is_number, is_tensor, line, name_of_type, text_of
from nbhybrid.arrays.wanted import Array, Wanted

_PLAIN_NUMBERS = frozenset({bool, int, float})
# Devices of DLPack that have a name in messages, and those whose memory is the host's.
_DEVICES = {1: "cpu", 3: "cuda_host", 8: "metal", 10: "rocm", 11: "rocm_host"}
_HOST = ("cpu", "cuda_host", "rocm_host")


@dataclasses.dataclass(frozen=True)
class Given:
    """What a user passed, as an array of the host, and what it was."""

    array: Array
    what: str = "array"
    where: str = ""
    is_list: bool = False

    def text(self) -> str:
        """Return what it was, as messages say it."""
        dtype = "" if self.is_list else f"{self.array.dtype} "
        return f"{dtype}{self.what} of shape {self.array.shape}{f' on {self.where}' if self.where else ''}"


def read(value: object, wanted: Wanted, for_output: bool = False) -> Given:
    """Return an array on the memory of a value, whatever its type and shape; or on a copy of it, if that is a CUDA device's."""
    if isinstance(value, np.ndarray):
        if isinstance(value, np.ma.MaskedArray):
            raise wanted.type_error(text_of(value), "the mask would be lost: fill it")
        return Given(np.asarray(value))
    if isinstance(value, np.generic):
        return Given(np.asarray(value), "number")
    if is_tensor(value):
        return _read_tensor(value, wanted, for_output)
    if is_number(value) or isinstance(value, (list, tuple, range)):
        return _read_list(value, wanted)
    if is_on_cuda(value):
        if for_output:
            raise wanted.device_error(value, "cuda")
        return Given(to_host(value, wanted), name_of_type(value), "cuda")
    return _read_protocols(value, wanted)


def _read_tensor(value: Any, wanted: Wanted, for_output: bool) -> Given:
    device = str(value.device)
    if device != "cpu" and (for_output or not device.startswith("cuda")):
        raise wanted.device_error(value, device)
    if not for_output:
        wanted.check_gradient(value, text_of(value, device))
    try:
        detached = value.detach()
        if not for_output:  # signs and conjugates may be due; resolving them is a copy
            detached = detached.cpu().resolve_neg().resolve_conj()
        return Given(detached.numpy(), "torch.Tensor", device)
    except (AttributeError, TypeError, RuntimeError) as error:
        raise wanted.type_error(text_of(value, device), line(error)) from error


def _read_list(value: object, wanted: Wanted) -> Given:
    numbers = _numbers_of(value, wanted, ())
    try:
        array = np.asarray(numbers, dtype=np.float64 if wanted.dtype.startswith("float") else None)
    except OverflowError as error:
        raise wanted.value_error(name_of_type(value), "a number in it is too large") from error
    except (TypeError, ValueError) as error:
        raise wanted.value_error(name_of_type(value), "its rows differ in length") from error
    if array.dtype.kind == "O":
        raise wanted.value_error(name_of_type(value), "a number in it is too large, or its rows differ in length")
    return Given(array, name_of_type(value), is_list=True)


def _numbers_of(value: Any, wanted: Wanted, place: tuple[int, ...]) -> Any:
    """Return nested lists with the arrays in them made arrays of numpy; refuse what is no number."""
    if isinstance(value, (list, tuple, range)):
        if len(place) >= 32:  # what numpy allows
            raise wanted.value_error(f"lists nested {len(place)} deep and more")
        return [v if type(v) in _PLAIN_NUMBERS else _numbers_of(v, wanted, (*place, i)) for i, v in enumerate(value)]
    if isinstance(value, (int, float)):
        return value
    array = np.asarray(value) if is_number(value) else read(value, wanted).array if is_array(value) else None
    if array is None or array.dtype.kind not in "biuf":
        where = "".join(f"[{i}]" for i in place)
        raise wanted.type_error(text_of(value) + (f" at {where} of a list" if where else ""))
    return array


def _read_protocols(value: Any, wanted: Wanted) -> Given:
    """Read what is neither of numpy nor of torch by what it says of itself."""
    what, why = name_of_type(value), "it is no array; numpy.asarray may make it one"
    if has(value, "__dlpack__") and has(value, "__dlpack_device__"):
        try:
            code = int(value.__dlpack_device__()[0])
            device = _DEVICES.get(code, f"device {code} of DLPack")
            array = np.from_dlpack(value) if device in _HOST else None
        except Exception as error:  # whatever the other package raises
            why = f"its export by DLPack failed: {line(error)}"
        else:
            if array is None:
                raise wanted.device_error(value, device)
            return Given(array, what, device)
    if has(value, "__array_interface__"):
        try:
            return Given(np.asarray(value), what)
        except Exception as error:  # as above
            why = f"its __array_interface__ is of no use: {line(error)}"
    raise wanted.type_error(text_of(value), why)
