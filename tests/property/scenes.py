"""Small experiments drawn by hypothesis, and how to run them."""

import dataclasses
import pathlib
import tempfile

import numpy as np
from helpers import float_image, run_well, snapshot
from hypothesis import strategies as st


@dataclasses.dataclass(frozen=True)
class Experiment:
    """An experiment as groups of words whose order does not matter, with what the tests have to know of it."""

    cell: tuple[float, ...]
    cells: int
    distance: float
    wavelength: float
    pixel: float
    fast: int
    slow: int
    amplitude: float
    misset: tuple[float, ...]
    extras: tuple[tuple[str, ...], ...]

    @property
    def shape(self):
        """Return (slow, fast) pixels."""
        return self.slow, self.fast

    def groups(self, leave_out=()):
        """Return the options with their values, without some of them."""
        groups = [
            ("-cell", *self.cell),
            ("-misset", *self.misset),
            ("-N", self.cells),
            ("-default_F", self.amplitude),
            ("-distance", self.distance),
            ("-lambda", self.wavelength),
            ("-pixel", self.pixel),
            ("-detpixels_x", self.fast),
            ("-detpixels_y", self.slow),
            ("-nointerpolate",),
            ("-nonoise",),
            *self.extras,
        ]
        if not any(group[0] == "-oversample" for group in self.extras):
            groups.append(("-oversample", 1))
        return [tuple(str(word) for word in group) for group in groups if group[0] not in leave_out]

    def words(self, *more, leave_out=()):
        """Return the command line, followed by more words; -noprogress ends it."""
        return [word for group in self.groups(leave_out) for word in group] + [str(word) for word in more] + ["-noprogress"]


def tenths(low, high):
    """Return a strategy for decimal numbers with one digit after the point."""
    return st.integers(round(10 * low), round(10 * high)).map(lambda n: n / 10)


# What adds steps to the sum but leaves no state from one pixel to the next: no angle is 0.
STATELESS = [
    ("-phi", "3", "-osc", "1", "-phisteps", "3"),
    ("-mosaic", "0.7", "-mosaic_domains", "3"),
    ("-hdivrange", "4", "-hdivsteps", "3"),
    ("-dispersion", "2", "-dispsteps", "2"),
    ("-oversample", "2"),
    ("-polar", "0.9"),
    ("-gauss_xtal",),
    ("-round_xtal",),
    ("-point_pixel",),
    ("-detector_rotx", "7"),
    ("-detector_abs", "300", "-detector_thick", "450", "-detector_thicksteps", "2"),
]


@st.composite
def experiments(draw, extras=STATELESS, most=3):
    """Draw an experiment with some of the extras."""
    chosen = draw(st.lists(st.sampled_from(extras), max_size=most, unique=True)) if most else []
    return Experiment(
        cell=(*(draw(tenths(40, 90)) for _ in range(3)), *(draw(tenths(75, 105)) for _ in range(3))),
        cells=draw(st.integers(3, 8)),
        distance=draw(tenths(50, 150)),
        wavelength=draw(tenths(0.8, 2)),
        pixel=draw(tenths(0.3, 1.5)),
        fast=draw(st.integers(16, 24)),
        slow=draw(st.integers(16, 24)),
        amplitude=draw(tenths(1, 200)),
        misset=tuple(draw(tenths(-90, 90)) for _ in range(3)),
        extras=tuple(chosen),
    )


def outputs(words, files=None):
    """Run in a fresh folder that holds these files; return everything that lies there afterwards."""
    with tempfile.TemporaryDirectory() as folder:
        for name, content in (files or {}).items():
            pathlib.Path(folder, name).write_bytes(content)
        run_well(words, folder)
        return snapshot(folder)


def image(words, shape, files=None):
    """Run likewise and return the float image."""
    with tempfile.TemporaryDirectory() as folder:
        for name, content in (files or {}).items():
            pathlib.Path(folder, name).write_bytes(content)
        run_well(words, folder)
        return float_image(folder, shape).copy()


def same_bits(first, second):
    """Return True if two float images agree in every bit."""
    return first.shape == second.shape and np.array_equal(first.view(np.int32), second.view(np.int32))


def relative_difference(first, second):
    """Return the largest difference in units of the strongest pixel; 0 for two black images."""
    peak = max(float(np.abs(first).max()), float(np.abs(second).max()))
    return float(np.abs(first.astype("f8") - second).max()) / peak if peak else 0.0
