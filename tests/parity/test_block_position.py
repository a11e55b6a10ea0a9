"""A pixel has the same bits wherever it stands in a block, whatever is rendered beside it, and on any number of threads."""

import json
import os
import subprocess
import sys

import pytest

LEVELS = ("baseline", "v2", "v3", "v4")
CELL = "-cell 70 80 90 75 85 95 -misset 10 20 30 -default_F 100 -N 20 -lambda 1 -distance 100 -pixel 0.3"
BOARD = "-detpixels_x 150 -detpixels_y 6 -oversample 1 -nonoise"
# What the kernel does otherwise: the four shapes, spots that are passed over, a table, factors at each step, several sources.
CASES = {
    "square": "",
    "phi": "-phi 3 -osc 1 -phisteps 3",
    "first_sweep": "-phi 0 -osc 1 -phisteps 3",
    "round": "-round_xtal",
    "gauss": "-gauss_xtal -mosaic 0.5 -mosaic_domains 20",
    "tophat": "-tophat_xtal -mosaic 0.5 -mosaic_domains 20",
    "table": "-hkl smooth.hkl -nointerpolate -default_F 0",
    "layers": "-detector_abs 300 -detector_thick 450 -detector_thicksteps 2 -oversample_thick",
    "sources": "-hdivrange 4 -hdivsteps 3 -dispersion 2 -dispsteps 2 -polar 0.9",
    "subpixels": "-oversample 2 -detector_rotx 7",
    "corrected_factors": "-oversample_polar -oversample_omega -detector_rotx 7 --semantics corrected",
}

# Run in a process of its own for each level. Each case's whole image is the measure; what else is rendered must agree with it.
COMPARE = """
import json, random, sys
import numpy as np
import nbhybrid as nb
from nbhybrid import _core

words, board, masks = json.load(open(sys.argv[1]))
fast, slow = 150, 6
wrong, compared = [], 0


def check(what, found, wanted):
    global compared
    compared += wanted.size
    bad = np.ascontiguousarray(found).view(np.int32) != np.ascontiguousarray(wanted).view(np.int32)
    if bad.any():
        wrong.append(f"{what}: {int(bad.sum())} of {wanted.size} pixels")


def image(*more, threads=1):
    return nb.simulate(nb.Experiment.from_args([*words, *more, *board]), threads=threads)
"""
