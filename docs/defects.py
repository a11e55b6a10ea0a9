"""Measure what each of the reference's defects costs: the numbers and the pictures of defects.md.

    python docs/defects.py [--check] [--json] [--inputs FOLDER] [ID ...]

Every case is run twice with the same inputs, `--semantics reference` and `--semantics reference,ID`. Without options the numbers are
printed as a Markdown table and the pictures are drawn into docs/images/defects. With --check nothing is drawn; the exit status is 1
if the numbers (bold in defects.md) or the command lines there are not those of this script. --inputs writes the cases' input files
into a folder, for runs by hand. Needs numpy, matplotlib, and nbhybrid beside the Python that runs this (or NBHYBRID_CMD).
"""

import argparse
import dataclasses
import io
import json
import os
import pathlib
import re
import shlex
import subprocess
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor

import matplotlib as mpl
import numpy as np

mpl.use("Agg")
import matplotlib.pyplot as plt
from matplotlib.colors import LogNorm, Normalize
from PIL import Image

DOCS = pathlib.Path(__file__).resolve().parent
PAGE = DOCS / "defects.md"
PICTURES = DOCS / "images" / "defects"
LYSOZYME = DOCS.parent / "examples" / "lysozyme"
COMMAND = shlex.split(os.environ.get("NBHYBRID_CMD", "")) or [sys.executable, "-m", "nbhybrid", "run"]
QUIET = "-nonoise -nopgm -noprogress --quiet --json record.json"
LARGEST_PICTURE = 80_000  # bytes
CELL = "-mat lyso_A.mat -hkl lyso.hkl -lambda 0.9768 -nointerpolate"


@dataclasses.dataclass
class Run:
    """A finished run: its image (slow, fast), its record, and what it said on stderr."""

    image: np.ndarray
    record: dict
    stderr: str


@dataclasses.dataclass
class Case:
    """A defect, the words of its command line, its input files (name: bytes) and what is measured and drawn."""

    name: str
    words: str
    inputs: dict
    measure: object

    def run(self, semantics="reference", extra="", **files):
        """Run the command with more words or other files; semantics may be `mended`."""
        mended = f"reference,{self.name}" if semantics == "mended" else semantics
        return run(f"{self.words} {extra}", mended, {**self.inputs, **files})

    def both(self, extra="", **files):
        """Return the images with the defect and with it mended."""
        return self.run("reference", extra, **files).image, self.run("mended", extra, **files).image


def run(words, semantics, inputs):
    """Run nbhybrid in a folder of its own that holds the inputs."""
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        for file, content in inputs.items():
            (folder / file).write_bytes(content)
        arguments = [*COMMAND, *words.split(), *QUIET.split(), "--semantics", semantics]
        done = subprocess.run(arguments, cwd=folder, check=False, capture_output=True, text=True)
        if done.returncode != 0:
            sys.exit(f"{shlex.join(arguments)}\n{done.stderr}")
        record = json.loads((folder / "record.json").read_text())
        detector = record["configuration"]["detector"]
        pixels = np.fromfile(folder / "floatimage.bin", "<f4").astype("f8")
        return Run(pixels.reshape(detector["slow_pixels"], detector["fast_pixels"]), record, done.stderr)


def percent(ratio, digits=1):
    """Return a ratio of reference to mended as the change in per cent."""
    return f"{100 * (ratio - 1):+.{digits}f} %"


def spots(defect, mended, reach=3, faintest=0.01):
    """Return both integrals of each spot (a square box around a maximum of the mean), and where it is."""
    mean = (defect + mended) / 2
    size = 2 * reach + 1
    boxes = np.lib.stride_tricks.sliding_window_view
    inner = mean[reach:-reach, reach:-reach]
    peaks = np.argwhere((inner == boxes(mean, (size, size)).max(axis=(2, 3))) & (inner > 0))
    sums = [boxes(image, (size, size))[tuple(peaks.T)].sum(axis=(1, 2)) for image in (defect, mended)]
    strong = sums[0] + sums[1] > faintest * (sums[0] + sums[1]).max()
    return sums[0][strong], sums[1][strong], peaks[strong] + reach


def r_factor(defect, mended):
    """Return sum |I - I'| / sum I' in per cent."""
    return f"{100 * np.abs(defect - mended).sum() / mended.sum():.0f} %"
