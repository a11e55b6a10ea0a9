"""The lattice factor of an axis and of a ball, with their slopes, against numbers of fifty digits."""

import numpy as np
import pytest
from mpmath import cos, mp, mpf, pi, sin, sqrt
from nbhybrid import _core
from tolerances import REDUCED_FORM

OFFSETS = (0.0, 1e-12, 1e-9, 1e-6, 1e-4, 1e-3, 0.01, 0.1, 0.2, 0.3, 0.4, 0.499999, 0.5)
CELLS = (1.0, 2.0, 3.0, 5.0, 10.0, 10.5, 30.25, 100.0, 999.75, 1000.0, 10000.0)


def computed(name, x, y):
    result = np.empty(len(x))
    _core.bounded_function(name, np.asarray(x, float), np.asarray(y, float), result)
    return [mpf(float(each)) for each in result]


def axis(offset, cells):
    """Return sin(pi N d) / sin(pi d), and its derivatives by d and by N."""
    d, n = mpf(float(offset)), mpf(cells)
    if d == 0:
        return n, mpf(0), mpf(1)
    factor = sin(pi * n * d) / sin(pi * d)
    by_offset = pi * (n * cos(pi * n * d) - cos(pi * d) * factor) / sin(pi * d)
    return factor, by_offset, pi * d * cos(pi * n * d) / sin(pi * d)


@pytest.mark.parametrize("cells", CELLS)
def test_an_axis_near_and_far_from_reflections(cells):
    """The squares, whose sign is that of the factors together; errors are of the largest value and slope."""
    random = np.random.default_rng(int(cells))
    offsets = np.concatenate(
        [OFFSETS, np.array([0.25, 0.5, 0.50001, 1, 1.43, 2.46]) / max(cells, 5), random.uniform(-0.5, 0.5, 100)]
    )
    with mp.workdps(50):
        expected = [axis(d, cells) for d in offsets]
        found = list(zip(*(computed(name, offsets, np.full(len(offsets), cells)) for name in NAMES), strict=True))
        products = [[f * f, 2 * f * by_offset, 2 * f * by_cells] for f, by_offset, by_cells in expected]
        # An axis of one cell has no slope by its offset at all.
        largest = [max(abs(row[i]) for row in products) for i in range(3)]
        for row, (f, by_offset, by_cells) in zip(products, found, strict=True):
            for value, exact, most in zip((f * f, 2 * f * by_offset, 2 * f * by_cells), row, largest, strict=True):
                assert abs(value - exact) <= REDUCED_FORM * most


NAMES = ("axis", "axis_by_offset", "axis_by_cells")


def test_a_ball():
    squares = [
        0.0,
        1e-12,
        1e-3,
        0.5,
        0.999999,
        1.0,
        1.000001,
        2.0,
        20.0,
        400.0,
        1e6,
        *np.random.default_rng(1).uniform(0, 300, 100),
    ]
    with mp.workdps(50):
        for square, value, slope in zip(
            squares, computed("sphere", squares, squares), computed("sphere_by_square", squares, squares), strict=True
        ):
            u = mpf(float(square))
            x = sqrt(u)
            exact = 3 * (sin(x) - x * cos(x)) / x**3 if u else mpf(1)
            exact_slope = 3 * (sin(x) / x - exact) / (2 * u) if u else mpf(-1) / 10
            assert abs(value**2 - exact**2) <= REDUCED_FORM
            assert abs(2 * value * slope - 2 * exact * exact_slope) <= REDUCED_FORM * mpf("0.2")
