"""Every array argument of the API, in every kind, type and layout: the same bits, and nothing that was read-only is written to."""

import functools
import sys

import fake_cuda
import nbhybrid as nb
import numpy as np
import pytest

CELL = nb.UnitCell(70, 80, 90, 75, 85, 95)
TURN = np.array([[0.0, -1, 0], [1, 0, 0], [0, 0, 1]])
# Each is held exactly by a float32.
TURNS = np.stack([np.eye(3), TURN, TURN @ TURN, TURN.T])
GRID = np.arange(5 * 6 * 7, dtype=np.float64).reshape(5, 6, 7) + 1
HKL = np.argwhere(GRID > 0) - 2
DIRECTIONS = np.array([[-1.0, 0, 0], [-1, 0.0078125, 0], [-1, 0, 0.015625]])
PIXELS = np.array([[0, 0], [5, 7], [19, 23], [5, 8]])


def small(**parts):
    usual = {"crystal": nb.Crystal(cell=CELL, misset_deg=(10, 20, 30), n_cells=5), "structure_factors": 100}
    usual["detector"] = nb.Detector.mosflm(pixels=(20, 24), pixel_size_mm=0.8)
    usual["sampling"] = nb.Sampling(oversample=1)
    return nb.Experiment(**(usual | parts))


@functools.cache
def image():
    return nb.simulate(small())


def beside(out):
    """Return the image where the output lies."""
    return type(out)(image().copy(), out.extension) if isinstance(out, fake_cuda.OnDevice) else image()


# Argument -> (a value, what is made of an array of it).
ARGUMENTS = {
    "orientations": (TURNS, lambda a: nb.simulate_batch(small(), a)),
    "domain_rotations": (
        TURNS,
        lambda a: nb.simulate(small(crystal=nb.Crystal(cell=CELL, n_cells=5, domain_rotations=a))),
    ),
    "rotation": (TURN, lambda a: nb.simulate(small(crystal=nb.Crystal(cell=CELL, n_cells=5, rotation=a)))),
    "grid": (GRID, lambda a: nb.simulate(small(structure_factors=nb.StructureFactors.from_grid(a, (-2, -2, -2))))),
    "amplitudes": (GRID.ravel(), lambda a: nb.simulate(small(structure_factors=nb.StructureFactors.from_arrays(HKL, a)))),
    "directions": (DIRECTIONS, lambda a: nb.simulate(small(beam=nb.Beam(sources=nb.Sources(a, [1, 1.0625, 1.125]))))),
    "wavelengths": (
        np.array([1, 1.0625, 1.125]),
        lambda a: nb.simulate(small(beam=nb.Beam(sources=nb.Sources(DIRECTIONS, a)))),
    ),
    "weights": (
        np.array([1, 0.5, 0.25]),
        lambda a: nb.simulate(small(beam=nb.Beam(sources=nb.Sources(DIRECTIONS, [1, 1.0625, 1.125], a)), semantics="corrected")),
    ),
    "image": (np.arange(480.0).reshape(20, 24), lambda a: nb.poisson(a, 3)),
}
INTEGER_ARGUMENTS = {
    "hkl": (HKL, lambda a: nb.simulate(small(structure_factors=nb.StructureFactors.from_arrays(a, GRID.ravel())))),
    "pixels": (PIXELS, lambda a: nb.Simulator(small()).run_pixels(a)),
    "mask": (
        (np.indices((20, 24)).sum(axis=0) % 3 > 0).astype(np.uint8),
        lambda a: nb.simulate(small(detector=nb.Detector.mosflm(pixels=(20, 24), pixel_size_mm=0.8, mask=a))),
    ),
}
# Argument -> (shape, what writes into an array of that shape).
OUTPUTS = {
    "run": ((20, 24), lambda out: nb.Simulator(small()).run(out)),
    "simulate": ((20, 24), lambda out: nb.simulate(small(), out)),
    "run_pixels": ((4,), lambda out: nb.Simulator(small()).run_pixels(PIXELS, out)),
    "simulate_batch": ((4, 20, 24), lambda out: nb.simulate_batch(small(), TURNS, out)),
    "poisson": ((20, 24), lambda out: nb.poisson(beside(out), 3, out=out)),
}


def laid_out(values, layout):
    """Return the values contiguous, as every second entry of a larger array along each axis, or read-only."""
    if layout == "strided":
        larger = np.full(tuple(2 * n for n in values.shape), 77, values.dtype)
        view = larger[tuple(slice(None, None, 2) for _ in values.shape)]
        view[...] = values
        return view
    copy = np.ascontiguousarray(values).copy()
    copy.flags.writeable = layout != "read-only"
    return copy


# Of arrays on a CUDA device, which fakes stand for: the memory is the host's.
ON_CUDA = {"cupy": fake_cuda.ndarray, "cuda dlpack": fake_cuda.WithDlpack, "cuda interface": fake_cuda.WithInterface}


@pytest.fixture(autouse=True)
def extension(monkeypatch):
    found = fake_cuda.Extension()
    monkeypatch.setitem(sys.modules, "nbhybrid._cuda", found)
    monkeypatch.setitem(sys.modules, "cupy", fake_cuda.cupy(found))
    return found


def of_kind(array, kind):
    if kind == "numpy":
        return array
    if kind in ON_CUDA:
        return ON_CUDA[kind](array, sys.modules["nbhybrid._cuda"])
    torch = pytest.importorskip("torch", reason="torch is not installed: TENSORS are NOT tested")
    if not array.flags.writeable:
        pytest.skip("torch knows no read-only memory")
    return torch.from_numpy(array)


def in_memory(value):
    return value.memory if isinstance(value, fake_cuda.OnDevice) else np.asarray(value)


def bits(value):
    return in_memory(value).tobytes()


def is_refused(use, given, kind, layout, name):
    """Tell whether results cannot be given in this kind, or the noise's input not be read in place; and see what is said then."""
    if not kind.startswith("cuda") or name not in ("orientations", "image", "pixels"):
        return False
    text = "its strides are" if (name, layout) == ("image", "strided") else "or pass out"
    with pytest.raises((nb.ArrayTypeError, nb.ArrayValueError), match=f"^{name}: .*{text}"):
        use(given)
    return True


@pytest.mark.parametrize("layout", ["contiguous", "strided", "read-only"])
@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("kind", ["numpy", "torch", *ON_CUDA])
@pytest.mark.parametrize("name", ARGUMENTS)
def test_in(name, kind, dtype, layout):
    value, use = ARGUMENTS[name]
    given = of_kind(laid_out(value.astype(dtype), layout), kind)
    if is_refused(use, given, kind, layout, name):
        return
    assert bits(use(given)) == bits(use(value))
    assert np.array_equal(in_memory(given), value)
    if name in ("orientations", "image"):
        assert type(use(given)) is type(given)


@pytest.mark.parametrize("layout", ["contiguous", "strided", "read-only"])
@pytest.mark.parametrize("dtype", ["int32", "int64"])
@pytest.mark.parametrize("kind", ["numpy", "torch", *ON_CUDA])
@pytest.mark.parametrize("name", INTEGER_ARGUMENTS)
def test_integers_in(name, kind, dtype, layout):
    value, use = INTEGER_ARGUMENTS[name]
    given = of_kind(laid_out(value.astype(dtype), layout), kind)
    if is_refused(use, given, kind, layout, name):
        return
    assert bits(use(given)) == bits(use(value))
    assert np.array_equal(in_memory(given), value)


@pytest.mark.parametrize("layout", ["contiguous", "strided", "read-only"])
@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("kind", ["numpy", "torch", *ON_CUDA])
@pytest.mark.parametrize("name", OUTPUTS)
def test_out(name, kind, dtype, layout):
    shape, use = OUTPUTS[name]
    out = of_kind(laid_out(np.full(shape, 77, dtype), layout), kind)
    if (dtype, layout) == ("float32", "contiguous"):
        assert use(out) is out
        assert bits(out) == bits(use(None))
        return
    with pytest.raises(nb.ArrayTypeError if dtype == "float64" else nb.ArrayValueError, match="out: expected"):
        use(out)
    assert (in_memory(out) == 77).all()
