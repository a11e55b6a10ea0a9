"""What users may pass as arrays: each kind and layout, what is copied and what is not, and what each refusal says."""

import decimal
import subprocess
import sys

import nbhybrid as nb
import numpy as np
import pytest
from helpers import DlpackOnly
from nbhybrid.arrays import ArrayTypeError, ArrayValueError, Kind, Sizes, kind_of, out_buffer, rotation_matrices, take, vector
from nbhybrid.errors import NbhybridError

NO_TORCH = "torch is not installed: that TENSORS are taken and given is NOT TESTED here (pip install torch)"
EXPECTED = "expected an array of shape (2, 3) and dtype float64, got"


def torch_or_skip():
    return pytest.importorskip("torch", reason=NO_TORCH)


class InterfaceOnly:
    """An array of another package, which says where its memory is and nothing else."""

    def __init__(self, array):
        self.array = array
        self.__array_interface__ = array.__array_interface__


class OnDevice:
    """An export by DLPack of memory on some device."""

    dtype = "float32"
    shape = (2, 3)

    def __init__(self, code):
        self.code = code

    def __dlpack__(self, **options):
        raise RuntimeError("no export")

    def __dlpack_device__(self):
        return (self.code, 0)


def read_only(array):
    array = array.copy()
    array.setflags(write=False)
    return array


def misaligned(dtype, shape):
    """Return a writeable array that begins at an odd address."""
    count = int(np.prod(shape))
    return np.frombuffer(bytearray(count * np.dtype(dtype).itemsize + 1), dtype, count, 1).reshape(shape)


PLAIN = np.arange(6.0).reshape(2, 3) + 0.5
LAYOUTS = {
    "contiguous": lambda dtype: PLAIN.astype(dtype),
    "strided": lambda dtype: np.repeat(PLAIN.astype(dtype), 2, axis=1)[:, ::2],
    "backwards": lambda dtype: PLAIN.astype(dtype)[::-1],
    "read-only": lambda dtype: read_only(PLAIN.astype(dtype)),
    "byte-swapped": lambda dtype: PLAIN.astype(np.dtype(dtype).newbyteorder("S")),
    "zero-size": lambda dtype: np.zeros((0, 3), dtype),
    "0-d": lambda dtype: np.array(1.25, dtype),
    "Fortran": lambda dtype: np.asfortranarray(PLAIN.astype(dtype)),
    "misaligned": lambda dtype: misaligned(dtype, (2, 3)),
}
AS_IT_IS = {"contiguous", "read-only", "zero-size", "0-d"}  # memory in these layouts is used without a copy


NO_TENSORS = {"backwards", "read-only", "byte-swapped", "misaligned"}  # torch has none in these


SOURCES = {
    "numpy": lambda array: array,
    "torch": lambda array: torch_or_skip().from_numpy(array),
    "list": lambda array: array.tolist(),
    "dlpack": DlpackOnly,
    "interface": InterfaceOnly,
}


def same_memory(first, second):
    """Tell whether two arrays are on the same memory, also if they have no elements."""
    return first.__array_interface__["data"][0] == second.__array_interface__["data"][0]


def dlpack_refuses(array):
    """Tell whether numpy does not export this array: in other byte orders never, read-only ones only since 2.1."""
    try:
        DlpackOnly(array).__dlpack__(**({"max_version": (1, 0)} if np.lib.NumpyVersion(np.__version__) >= "2.1.0" else {}))
    except (BufferError, TypeError):  # the latter before 1.24
        return True
    return False


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("found", ["float32", "float64"])
@pytest.mark.parametrize(
    ("source", "layout"), [(s, layout) for s in SOURCES for layout in LAYOUTS if s != "torch" or layout not in NO_TENSORS]
)
def test_each_kind_and_layout(source, layout, found, dtype):
    array = LAYOUTS[layout](found)
    value = SOURCES[source](array)
    before = array.copy()
    if source == "dlpack" and dlpack_refuses(array):
        with pytest.raises(ArrayTypeError, match=r"^x: .* its export by DLPack failed: "):
            take(value, "x", array.shape, dtype)
    elif source != "list" and found == "float64" and dtype == "float32":
        with pytest.raises(ArrayTypeError, match=r" of shape .*; it is not rounded unasked$"):
            take(value, "x", array.shape, dtype)
    elif source == "list" and layout == "zero-size":
        with pytest.raises(ArrayValueError, match=r"got list of shape \(0,\)$"):
            take(value, "x", array.shape, dtype)
    else:
        taken = take(value, "x", array.shape, dtype)
        assert type(taken) is np.ndarray
        assert taken.dtype == np.dtype(dtype)
        assert taken.dtype.isnative
        assert taken.shape == array.shape
        assert taken.flags.c_contiguous
        assert taken.flags.aligned
        assert np.array_equal(taken, before.astype(dtype))
        shared = source != "list" and layout in AS_IT_IS and found == dtype
        assert np.shares_memory(taken, array) == (shared and array.size > 0)
        if shared and source != "torch":  # its empty tensors are nowhere
            assert same_memory(taken, array)
    assert np.array_equal(array, before)


@pytest.mark.parametrize("source", [DlpackOnly, InterfaceOnly])
def test_memory_outlives_its_owner(source):
    taken = take(source(PLAIN.copy()), "x", (2, 3))
    assert [np.zeros((2, 3)) for _ in range(100)]  # would take the place of what was freed
    assert np.array_equal(taken, PLAIN)


INTEGERS = {
    "float64": (-(2**53), 2**53),
    "float32": (-(2**24), 2**24),
    "int32": (-(2**31), 2**31 - 1),
    "uint16": (0, 65535),
    "bool": (0, 1),
}


@pytest.mark.parametrize("found", ["int8", "uint8", "int16", "uint16", "int32", "uint32", "int64", "uint64", "bool", "list"])
@pytest.mark.parametrize("dtype", INTEGERS)
def test_integers_are_taken_if_they_fit(dtype, found):
    lowest, highest = INTEGERS[dtype]
    info = np.iinfo("int64" if found == "list" else found) if found != "bool" else None
    smallest, largest = (info.min, info.max) if info else (0, 1)
    if found == "list" and dtype.startswith("float"):
        smallest, largest = lowest, highest  # these are rounded: see the test of lists
    good = [max(lowest, smallest), 0, min(highest, largest)]

    def given(numbers):
        return numbers if found == "list" else np.array(numbers, found)

    taken = take(given(good), "x", (3,), dtype)
    assert taken.dtype == np.dtype(dtype)
    assert [int(v) for v in taken] == good
    for bad in ([lowest - 1] if lowest > smallest else []) + ([highest + 1] if highest < largest else []):
        text = rf"^x: the value at \[1\] is {bad}(\.0)?, expected whole numbers from {lowest} to {highest}, which {dtype} holds$"
        with pytest.raises(ArrayValueError, match=text):
            take(given([0, bad]), "x", (2,), dtype)


@pytest.mark.parametrize("dtype", ["int32", "uint16", "bool"])
def test_exact_integers_are_not_copied(dtype):
    array = np.ones((4, 3), dtype)
    assert np.shares_memory(take(array, "x", ("n", 3), dtype), array)
    with pytest.raises(ArrayTypeError, match=r"got float32 array of shape \(4, 3\); floats are not taken for integers$"):
        take(array.astype("float32"), "x", ("n", 3), dtype)


def test_numbers_in_lists_have_no_type():
    assert take([[1.0, 2.0], (3, 4)], "x", (2, 2), "int32").tolist() == [[1, 2], [3, 4]]
    assert take([0.1, 1], "x", (2,), "float32").tolist() == [np.float32(0.1), 1.0]
    assert take([10**20, 2**53 + 1], "x", (2,)).tolist() == [1e20, 2.0**53]
    assert take(range(3), "x", (3,), "uint16").tolist() == [0, 1, 2]
    assert take([True, 0], "x", (2,), "bool").tolist() == [True, False]
    assert take(7, "x", (), "int32") == 7
    assert take([PLAIN[0], np.float32(1), [1, 2]][:1], "x", (1, 3)).tolist() == [PLAIN[0].tolist()]
    assert take([np.float32(0.5), np.int64(2), InterfaceOnly(np.array(3.0))], "x", (3,)).tolist() == [0.5, 2, 3]


def test_tensors_are_resolved_and_gradients_do_not_end_in_silence():
    torch = torch_or_skip()
    tensor = torch.arange(6.0, dtype=torch.float64, requires_grad=True)
    for value in (tensor, [tensor[0], 1.0, 2.0], torch.nn.Parameter(torch.ones(2))):
        with pytest.raises(ArrayTypeError, match=r"requires a gradient, which ends here: nbhybrid\.torch\.render carries"):
            take(value, "x", (None,), "float64")
    with pytest.raises(nb.ModelError, match=r"UnitCell\.a: found a tensor that requires a gradient"):
        nb.UnitCell(tensor[3], 40.0, 50.0)
    taken = take(tensor.detach(), "x", (6,))
    assert taken.__array_interface__["data"][0] == tensor.data_ptr()
    assert take(torch._neg_view(torch.ones(2)), "x", (2,), "float32").tolist() == [-1, -1]
    assert take([tensor.detach()[0], 1.0, 2.0], "x", (3,)).tolist() == [0, 1, 2]
    assert take(torch.zeros(2, dtype=torch.int64), "x", (2,)).dtype == np.float64
    assert take(torch.zeros(2, 3).shape, "x", (2,), "int32").tolist() == [2, 3]


@pytest.mark.parametrize("dtype", ["float64", "float32", "int32", "uint16", "bool"])
def test_results_are_given_in_the_callers_kind(dtype):
    array = np.array([[0, 1], [1, 0]], dtype)
    assert kind_of() == kind_of(array, 1.0, [1], None, DlpackOnly(array)) == Kind() == Kind("numpy")
    assert Kind("numpy").give(array) is array
    torch = torch_or_skip()
    kind = kind_of(None, array, torch.zeros(1))
    given = kind.give(array)
    assert kind == Kind("torch") == kind_of(torch.nn.Parameter(torch.zeros(1)))
    assert isinstance(given, torch.Tensor)
    assert given.data_ptr() == array.__array_interface__["data"][0]
    assert given.tolist() == array.tolist()
    unwritable = read_only(array)
    copied = kind.give(unwritable)
    copied[0, 0] = 1
    assert unwritable[0, 0] == 0


def test_sizes_agree():
    sizes = Sizes()
    take(np.zeros((5, 3), "int32"), "hkl", ("n", 3), "int32", sizes=sizes)
    take(np.zeros((5, 2)), "weights", ("n", "m"), sizes=sizes)
    take(np.zeros((7, 2)), "others", (None, "m"), sizes=sizes)
    assert (sizes["n"], sizes["m"]) == (5, 2)
    with pytest.raises(ArrayValueError) as caught:
        take(np.zeros(4), "amplitudes", ("n",), sizes=sizes)
    message = "amplitudes: expected an array of shape (n,) with n = 5 as in hkl and dtype float64, got float64 array of shape (4,)"
    assert str(caught.value) == message
    with pytest.raises(ArrayValueError, match=r"of shape \(k, k\) and dtype float64, got float64 array of shape \(2, 3\)$"):
        take(PLAIN, "square", ("k", "k"), sizes=sizes)
    with pytest.raises(KeyError):
        sizes["k"]
    with pytest.raises(ArrayValueError, match=r"\(any, n\) with n = 2 and dtype"):
        take(PLAIN, "x", (None, "n"), sizes=Sizes(n=2))


def fake_tensor(device):
    """Return what looks like a tensor of torch on a device that is not here."""

    def detach(self):
        raise RuntimeError("no such device")

    names = {"__module__": "torch", "device": device, "dtype": "torch.float32", "shape": (2, 3), "detach": detach}
    return type("Tensor", (), names)()


NO_EXPORT = "; its export by DLPack failed: no export"
NOT_THE_HOST = "; it is not in the memory of the host"
NO_ARRAY = "; it is no array; numpy.asarray may make it one"
HERE = __name__
MASKED = f"{np.ma.MaskedArray.__module__}.MaskedArray"
NO_ARRAYS = {
    "none": (None, f"NoneType{NO_ARRAY}"),
    "string": ("1 2 3", f"str{NO_ARRAY}"),
    "dict": ({1: 2}, f"dict{NO_ARRAY}"),
    "class": (np.ndarray, f"type{NO_ARRAY}"),
    "memoryview": (memoryview(b"abc"), f"memoryview of shape (3,){NO_ARRAY}"),
    "complex": (np.zeros((2, 3), complex), "complex128 array of shape (2, 3)"),
    "strings": (np.array(["a"]), "<U1 array of shape (1,)"),
    "objects": (np.array([1, None]), "object array of shape (2,)"),
    "dates": (np.zeros(2, "M8[s]"), "datetime64[s] array of shape (2,)"),
    "masked": (np.ma.zeros((2, 3)), f"float64 {MASKED} of shape (2, 3); the mask would be lost: fill it"),
    "complex list": ([1, 2j], "complex at [1] of a list"),
    "string list": ([[1], ["2"]], "str at [1][0] of a list"),
    "decimal list": ([decimal.Decimal(1)], "decimal.Decimal at [0] of a list"),
    "list of strings": ([np.array(["1"])], "<U1 numpy.ndarray of shape (1,) at [0] of a list"),
    "cuda dlpack": (OnDevice(2), f"float32 {HERE}.OnDevice of shape (2, 3) on cuda{NO_EXPORT}"),
    "managed dlpack": (OnDevice(13), f"float32 {HERE}.OnDevice of shape (2, 3) on cuda{NO_EXPORT}"),
    "rocm dlpack": (OnDevice(10), f"float32 {HERE}.OnDevice of shape (2, 3) on rocm{NOT_THE_HOST}"),
    "other dlpack": (OnDevice(99), f"float32 {HERE}.OnDevice of shape (2, 3) on device 99 of DLPack{NOT_THE_HOST}"),
    "cuda tensor": (fake_tensor("cuda:0"), "float32 torch.Tensor of shape (2, 3) on cuda:0; no such device"),
    "mps tensor": (fake_tensor("mps"), f"float32 torch.Tensor of shape (2, 3) on mps{NOT_THE_HOST}"),
}


@pytest.mark.parametrize("case", NO_ARRAYS)
def test_what_is_no_array_is_a_type_error(case):
    value, text = NO_ARRAYS[case]
    with pytest.raises(TypeError) as caught:
        take(value, "cell", (2, 3))
    assert str(caught.value) == f"cell: {EXPECTED} {text}"
    assert isinstance(caught.value, ArrayTypeError)
    assert isinstance(caught.value, NbhybridError)
    with pytest.raises(ArrayTypeError, match=r"^image: expected a writeable, C-contiguous array of shape \(4,\) and dtype"):
        out_buffer(value, "image", (4,))


ENDLESS = []
ENDLESS.append(ENDLESS)
LARGE = "expected an array of shape (1,) and dtype int32, got list; a number in it is too large, or its rows differ in length"
BAD_VALUES = {
    "shape": (PLAIN.T, {}, f"{EXPECTED} float64 array of shape (3, 2)"),
    "dimensions": (PLAIN[0], {}, f"{EXPECTED} float64 array of shape (3,)"),
    "list shape": ([1, 2], {}, f"{EXPECTED} list of shape (2,)"),
    "number": (1.5, {}, f"{EXPECTED} float of shape ()"),
    "ragged": ([[1, 2, 3], [4]], {}, f"{EXPECTED} list; its rows differ in length"),
    "endless": (ENDLESS, {}, f"{EXPECTED} lists nested 32 deep and more"),
    "large integer": ([2**70], {"shape": (1,), "dtype": "int32"}, LARGE),
    "large": ([[10**400] * 3] * 2, {}, f"{EXPECTED} list; a number in it is too large"),
    "nan": (np.where(PLAIN > 4, np.nan, PLAIN), {}, "the value at [1, 1] is nan, expected finite values"),
    "infinity": (np.where(PLAIN > 5, -np.inf, PLAIN), {}, "the value at [1, 2] is -inf, expected finite values"),
    "0-d": (float("inf"), {"shape": ()}, "the value is inf, expected finite values"),
    "overflow": (
        *([1, 1e300], {"shape": (2,), "dtype": "float32"}),
        "the value at [1] is 1e+300, expected one that a float32 can hold",
    ),
    "fraction": (
        *([1, 1.5], {"shape": (2,), "dtype": "uint16"}),
        "the value at [1] is 1.5, expected whole numbers from 0 to 65535, which uint16 holds",
    ),
    "limit": (
        *([np.float32(2**31)], {"shape": (1,), "dtype": "int32"}),
        "the value at [0] is 2147483648.0, expected whole numbers from -2147483648 to 2147483647, which int32 holds",
    ),
}


@pytest.mark.parametrize("case", BAD_VALUES)
def test_a_bad_shape_or_value_is_a_value_error(case):
    value, options, text = BAD_VALUES[case]
    with pytest.raises(ValueError, match=r"^cell: ") as caught:
        take(value, "cell", **{"shape": (2, 3), **options})
    assert str(caught.value) == f"cell: {text}"
    assert isinstance(caught.value, ArrayValueError)
    assert isinstance(caught.value, NbhybridError)


def test_values_need_not_be_finite():
    array = np.array([np.nan, np.inf])
    assert np.shares_memory(take(array, "x", (2,), finite=False), array)
    assert take([np.inf, -np.inf], "x", (2,), "float32", finite=False).tolist() == [np.inf, -np.inf]
    with pytest.raises(ArrayValueError, match="float32 can hold"):
        take([np.nan, 1e39], "x", (2,), "float32", finite=False)


def test_widths_of_floats():
    assert take(np.array([0.1], "f2"), "x", (1,), "float32")[0] == np.float16(0.1)
    assert take(np.float32(0.1), "x", ()) == np.float32(0.1)
    with pytest.raises(ArrayTypeError, match=r"got float64 number of shape \(\); it is not rounded unasked$"):
        take(np.float64(0.1), "x", (), "float32")
    if np.dtype("longdouble").itemsize > 8:
        with pytest.raises(ArrayTypeError, match="it is not rounded unasked"):
            take(np.zeros(1, "longdouble"), "x", (1,))


def test_refused_tensors():
    torch = torch_or_skip()
    for tensor, text in (
        (torch.zeros(2, 3, dtype=torch.bfloat16), "got bfloat16 torch.Tensor of shape (2, 3) on cpu; "),
        (torch.zeros(2, 3, dtype=torch.complex64).conj(), "got complex64 torch.Tensor of shape (2, 3) on cpu"),
        (torch.zeros(2, 3).to_sparse(), "got float32 torch.Tensor of shape (2, 3) on cpu; "),
        (torch.zeros(2, 3, device="meta"), "got float32 torch.Tensor of shape (2, 3) on meta; it is not in the memory of the host"),
    ):
        with pytest.raises(ArrayTypeError) as caught:
            take(tensor, "x", (2, 3))
        assert text in str(caught.value)


def test_broken_exports():
    class Broken(OnDevice):
        def __init__(self, interface=None):
            super().__init__(1)
            self.interface = interface

        @property
        def __array_interface__(self):
            if self.interface is None:
                raise RuntimeError("not now")
            return self.interface

    assert take(Broken(PLAIN.__array_interface__), "x", (2, 3)).tolist() == PLAIN.tolist()
    with pytest.raises(ArrayTypeError, match=r"Broken of shape \(2, 3\); its export by DLPack failed: no export$"):
        take(Broken(), "x", (2, 3))
    with pytest.raises(ArrayTypeError, match=r"Broken of shape \(2, 3\); its __array_interface__ is of no use: "):
        take(Broken({"version": 3}), "x", (2, 3))


def test_vectors():
    for value in ([1, 2, 3], (1.0, 2, 3), np.array([1, 2, 3], ">i2"), DlpackOnly(np.array([1.0, 2, 3]))):
        found = vector(value, "axis")
        assert found == (1.0, 2.0, 3.0)
        assert [type(number) for number in found] == [float, float, float]
    with pytest.raises(ArrayValueError, match=r"^axis: expected an array of shape \(3,\) and .*, got list of shape \(2,\)$"):
        vector([1, 2], "axis")


def turn(angle):
    c, s = np.cos(angle), np.sin(angle)
    return np.array([[c, -s, 0], [s, c, 0], [0, 0, 1]])


def test_rotation_matrices():
    many = np.stack([turn(angle) for angle in np.linspace(0, 6, 50)])
    assert np.shares_memory(rotation_matrices(many, "rotations"), many)
    assert np.array_equal(rotation_matrices(many[7], "rotations"), many[7:8])
    assert rotation_matrices(many.astype("float32"), "rotations").shape == (50, 3, 3)
    assert rotation_matrices(np.zeros((0, 3, 3)), "rotations").shape == (0, 3, 3)
    assert rotation_matrices(many[3] * (1 + 4e-7), "rotations").shape == (1, 3, 3)
    for change, text in (
        (1 + 6e-7, "not orthogonal: its product with its transpose is off the identity by 1.2e-06, expected at most 1e-06"),
        (1.01, "not orthogonal: its product with its transpose is off the identity by 0.0201, expected at most 1e-06"),
        (1e200, "not orthogonal: its product with its transpose is off the identity by inf, expected at most 1e-06"),
        (-1, "a reflection: its determinant is -1, expected 1"),
    ):
        bad = many.copy()
        bad[4] *= change
        with pytest.raises(ArrayValueError) as caught:
            rotation_matrices(bad, "rotations")
        assert str(caught.value) == f"rotations: matrix 4 is {text}"
    with pytest.raises(ArrayValueError, match=r"of shape \(n, 3, 3\) or \(3, 3\) and .* array of shape \(4, 4\)$"):
        rotation_matrices(np.eye(4), "rotations")


@pytest.mark.parametrize("dtype", ["float32", "float64", "int32", "uint16"])
@pytest.mark.parametrize("source", ["numpy", "torch", "dlpack", "interface"])
def test_out_buffers_are_the_callers_memory(source, dtype):
    memory = np.zeros((2, 3), dtype)
    out = SOURCES[source](memory)
    if source == "dlpack" and np.lib.NumpyVersion(np.__version__) < "2.1.0":
        with pytest.raises(ArrayValueError, match="it is read-only"):
            out_buffer(out, "image", (2, "n"), dtype)
        return
    buffer = out_buffer(out, "image", (2, "n"), dtype)
    assert same_memory(buffer, memory)
    buffer[1, 2] = 7
    assert memory[1, 2] == 7


BAD_BUFFERS = {
    "list": (ArrayTypeError, lambda: [[0.0] * 3] * 2, "list; it has no memory to write to"),
    "number": (ArrayTypeError, lambda: np.float32(1), "numpy.float32; it has no memory to write to"),
    "dtype": (ArrayTypeError, lambda: np.zeros((2, 3)), "float64 array of shape (2, 3)"),
    "integers": (ArrayTypeError, lambda: np.zeros((2, 3), "int32"), "int32 array of shape (2, 3)"),
    "shape": (ArrayValueError, lambda: np.zeros((3, 2), "f4"), "float32 array of shape (3, 2)"),
    "strided": (
        *(ArrayValueError, lambda: np.zeros((2, 6), "f4")[:, ::2]),
        "float32 array of shape (2, 3); its strides are (24, 8) bytes",
    ),
    "Fortran": (
        *(ArrayValueError, lambda: np.zeros((2, 3), "f4", order="F")),
        "float32 array of shape (2, 3); its strides are (4, 8) bytes",
    ),
    "read-only": (ArrayValueError, lambda: read_only(np.zeros((2, 3), "f4")), "float32 array of shape (2, 3); it is read-only"),
    "misaligned": (
        *(ArrayValueError, lambda: misaligned("f4", (2, 3))),
        "float32 array of shape (2, 3); its memory is not aligned to 4 bytes",
    ),
}


@pytest.mark.parametrize("case", BAD_BUFFERS)
def test_bad_out_buffers(case):
    error, make, text = BAD_BUFFERS[case]
    with pytest.raises(error) as caught:
        out_buffer(make(), "image", (2, 3))
    assert str(caught.value) == f"image: expected a writeable, C-contiguous array of shape (2, 3) and dtype float32, got {text}"


def test_swapped_bytes_are_no_out_buffer():
    with pytest.raises(ArrayTypeError, match=r"got [<>]f4 array of shape \(2, 3\)$"):
        out_buffer(np.zeros((2, 3), np.dtype("f4").newbyteorder("S")), "image", (2, 3))


def test_tensors_that_are_no_out_buffer():
    torch = torch_or_skip()
    for error, tensor, text in (
        (ArrayValueError, torch.zeros(2, 3, requires_grad=True), "it requires a gradient"),
        (ArrayTypeError, torch._neg_view(torch.zeros(2, 3)), "negative bit"),
        (ArrayValueError, torch.zeros(1, 3).expand(2, 3), "its strides are"),
        (ArrayTypeError, torch.zeros(2, 3, dtype=torch.float64), "got float64 torch.Tensor of shape (2, 3) on cpu"),
    ):
        with pytest.raises(error) as caught:
            out_buffer(tensor, "image", (2, 3))
        assert text in str(caught.value)


def test_nothing_is_imported_unasked():
    """Not with the module, and not by looking at values that are no tensors."""
    code = (
        "import sys, numpy, nbhybrid.arrays as a\n"
        "a.kind_of(1).give(a.take(numpy.ones(3), 'x', (3,))); a.out_buffer(numpy.ones(3, 'f4'), 'out', ('n',))\n"
        "sys.exit(any(name.partition('.')[0] in ('torch', 'cupy') or name == 'nbhybrid._cuda' for name in sys.modules))"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
