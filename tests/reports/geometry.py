"""What the tests of geometry and headers share: experiments of command lines and objects, and where the beam meets a detector."""

import re
import warnings

import nbhybrid as nb
import numpy as np
from helpers import smv_bytes
from tolerances import READ_BACK

BASE = "-cell 79 79 38 90 90 90 -default_F 10 -detpixels 64 -pixel 0.5 -lambda 1 -N 5 -nopgm -nonoise -distance 80"
NO_DISTANCE = BASE.removesuffix(" -distance 80")
CELL = "-cell 79 79 38 90 90 90 -default_F 10 -N 5 -nopgm -nonoise"
CONVENTIONS = ["mosflm", "denzo", "adxv", "xds", "dials"]
SIZE = {"pixels": (64, 64), "pixel_size_mm": 0.5, "distance_mm": 80.0}
CRYSTAL = nb.Crystal(cell=nb.UnitCell(79, 79, 38), n_cells=5)


def names_of(record):
    return [each.message.name for each in record if each.category is nb.InputWarning]


def experiment(words, semantics="corrected"):
    """Return the experiment of a command line, and the names of its warnings."""
    with warnings.catch_warnings(record=True) as record:
        warnings.simplefilter("always")
        # What it says of options that shape no experiment is for other tests.
        shaping = [word for word in words.split() if word not in ("-nopgm", "-nonoise")]
        made = nb.Experiment.from_args([*shaping, "--semantics", semantics])
    return made, names_of(record)


def of_objects(semantics="corrected", **detector):
    """Return the experiment of BASE with this detector, and its warnings."""
    with warnings.catch_warnings(record=True) as record:
        warnings.simplefilter("always")
        made = nb.Experiment(crystal=CRYSTAL, structure_factors=10, detector=nb.Detector(**SIZE, **detector), semantics=semantics)
    return made, [str(each.message) for each in record if each.category is nb.InputWarning]


def detector(words, semantics="corrected"):
    return experiment(words, semantics)[0].configuration["detector"]


def beam_of(words, semantics="corrected"):
    """Return where the beam meets the detector, mm."""
    found = detector(words, semantics)
    return [found["beam_fast_mm"], found["beam_slow_mm"]]


def same_geometry(first, second, tolerance=READ_BACK):
    """Return True if both detectors stand alike in their laboratory."""
    a, b = (each.geometry for each in (first, second))
    scale = np.linalg.norm(b["origin"])
    return all(np.allclose(a[key], b[key], rtol=0, atol=tolerance * (scale if key == "origin" else 1)) for key in
               ("fast_axis", "slow_axis", "normal", "origin", "beam_direction", "spindle"))  # fmt: skip


def header_of(folder, name="intimage.img"):
    """Return the header of an SMV image: key, value."""
    data = (folder / name).read_bytes()
    size = int(re.match(rb"\{\nHEADER_BYTES=(\d+);", data)[1])
    text = data[:size].decode()
    return dict(line.strip(" ;").split("=") for line in text[: text.index("}")].splitlines() if "=" in line)


def header_file(folder, keys, fast=64, slow=48, name="head.img"):
    pixels = [("PIXEL_SIZE", 0.5)] if not any(key == "PIXEL_SIZE" for key, _ in keys) else []
    (folder / name).write_bytes(smv_bytes(fast, slow, keys=[*pixels, *keys]))
    return folder / name
