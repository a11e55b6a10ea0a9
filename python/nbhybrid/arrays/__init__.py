"""Arrays that users pass in, and results on the way back: all checks of type, shape, values and device stand here.

Taken are arrays of numpy, tensors of torch, arrays of CuPy, whatever exports DLPack, ``__array_interface__`` or
``__cuda_array_interface__``, and nested lists of numbers. Nothing is copied if the memory can be used as it is; what lies on a CUDA
device and is wanted by the host is copied once. torch and CuPy are used only if the caller brought an array of theirs.

`kinds` tells what a value is, `wanted` what it should be; `host` and `device` read it where it lies; `checks` and `outputs` are
what the rest of the package calls.
"""

from nbhybrid.arrays.checks import check_tensor, pixel_places, rotation_matrices, take, vector
from nbhybrid.arrays.device import DeviceBuffer, device_buffer, device_of, is_on_cuda, room_like
from nbhybrid.arrays.errors import ArrayTypeError, ArrayValueError
from nbhybrid.arrays.kinds import Kind, kind_of, text_of
from nbhybrid.arrays.outputs import out_buffer, target
from nbhybrid.arrays.wanted import Sizes

__all__ = [
    "ArrayTypeError",
    "ArrayValueError",
    "DeviceBuffer",
    "Kind",
    "Sizes",
    "check_tensor",
    "device_buffer",
    "device_of",
    "is_on_cuda",
    "kind_of",
    "out_buffer",
    "pixel_places",
    "room_like",
    "rotation_matrices",
    "take",
    "target",
    "text_of",
    "vector",
]
