"""What the tests of the Python objects share: a small experiment, and what Python warns of while it is made."""

import pathlib
import warnings

import nbhybrid as nb

ROOT = pathlib.Path(__file__).resolve().parents[2]
CELL = nb.UnitCell(70, 80, 90)
SMALL = {
    "crystal": nb.Crystal(cell=CELL, n_cells=5),
    "structure_factors": 100.0,
    "detector": nb.Detector.mosflm(pixels=(20, 20)),
    "sampling": nb.Sampling(oversample=2),
}
WORDS = "-cell 70 80 90 -N 5 -detpixels 20 -oversample 2"
QUIETLY = ["-nonoise", "-nopgm", "--quiet"]


def small(**parts):
    """Return a small experiment with these parts."""
    return nb.Experiment(**(SMALL | parts))


def names_of_warnings(make):
    """Return what a function gives, and the names of the warnings that Python had of it."""
    with warnings.catch_warnings(record=True) as record:
        warnings.simplefilter("always")
        made = make()
    return made, [each.message.name for each in record if isinstance(each.message, nb.InputWarning)]
