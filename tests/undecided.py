"""As many pixels are undecided on a device as by the same functions on the host, in every run.

A bound of an error that somebody has not set would leave the image right and this number to chance.
"""

import json
import os

from helpers import SMALL, run_well
from nbhybrid import _core

SHAPES = ["-square_xtal", "-round_xtal", "-gauss_xtal", "-tophat_spots"]
FACTORS = {
    "plain": "",
    "sensor": "-detector_abs 300 -detector_thick 450 -detector_thicksteps 2",
    "weights": "--semantics corrected -oversample 2 -oversample_thick -oversample_omega -detector_abs 300 -detector_thick 450",
}
# What the host is told that does what a device's threads do: two pixels a thread where there are many, one where there are fewer,
# and a warp a pixel where there are very few and many orientations. The sum of one pixel is that of two but for spots that reach
# none, which are looked for among four orientations and more.
SHARES = {
    "pairs": ("device", "-detpixels 512 -pixel 0.04"),
    "singles": ("device", "-detpixels 150 -pixel 0.13"),
    "warps": ("device_split", "-detpixels 24 -mosaic 1 -mosaic_domains 70"),
}


def words(shape, factors, share):
    """Return a command line."""
    return [*f"{SMALL} -oversample 1".split(), *f"{shape} {FACTORS[factors]} {SHARES[share][1]}".split()]


def count_emulated(command_line, folder):
    """Return the same of a device that this host emulates, which the command line does not offer."""
    files = [word for name in ("float", "int") for word in (f"-{name}file", str(folder / f"{name}image.bin"))]
    options, _ = _core.parse_options([word.encode() for word in [*command_line, *files, "-nonoise", "-nopgm"]])
    simulation = _core.Simulation(_core.Experiment(options, 1), 1)
    simulation.use_device(_core.emulated_device())
    simulation.render()
    simulation.measure()
    simulation.write()
    return simulation.counts["undecided"], (folder / "floatimage.bin").read_bytes()


def count(command_line, folder, device="cpu", level=None):
    """Return how many pixels of an image are undecided, and its file's bytes."""
    environment = {name: value for name, value in os.environ.items() if name != "NBHYBRID_ISA"}
    if level is not None:
        environment["NBHYBRID_ISA"] = level
    more = ["-nonoise", "-nopgm", "-noprogress", "--json", "run.json", "--device", device]
    run_well([*command_line, *more], folder, env=environment)
    pixels = json.loads((folder / "run.json").read_text())["pixels"]
    assert pixels["rendered"] > 0
    return pixels["undecided"], (folder / "floatimage.bin").read_bytes()
