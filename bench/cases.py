"""What is timed: option lists for the reference's command line, and the files they read."""

import dataclasses
import pathlib
import random

EXAMPLE = pathlib.Path(__file__).resolve().parents[1] / "examples" / "lysozyme"
COMMON = "-oversample 1 -nonoise -noprogress"


@dataclasses.dataclass(frozen=True)
class Case:
    """A simulation; steps is how many (pixel, source, phi, domain) it sums."""

    name: str
    meaning: str
    options: str
    steps: float
    table: bool = False
    lines: int = 0

    def prepare(self, folder):
        """Write the input files into a folder and return the words of the command line."""
        if self.table:
            write_table(pathlib.Path(folder) / "table.hkl")
        if self.lines:
            write_spectrum(pathlib.Path(folder) / "spectrum.txt", self.lines)
        return [*self.options.replace("EXAMPLE", str(EXAMPLE)).split(), *COMMON.split()]


def write_table(path, largest=60, empty=0.3):
    """Write amplitudes for all indices up to the largest, a share of them zero; always the same."""
    chance = random.Random(1)
    with open(path, "w") as file:
        for h in range(-largest, largest + 1):
            for k in range(-largest, largest + 1):
                for m in range(-largest, largest + 1):
                    amplitude = 0.0 if chance.random() < empty else chance.uniform(1, 500)
                    file.write(f"{h} {k} {m} {amplitude:.2f}\n")


def write_spectrum(path, lines, wavelength=1.0, width=0.002):
    """Write sources along the beam over a band of wavelengths, in metres."""
    with open(path, "w") as file:
        for i in range(lines):
            file.write(f"-10 0 0 1 {(wavelength + width * (i / (lines - 1) - 0.5)) * 1e-10:.12g}\n")


BEAM = "-lambda 1 -distance 100 -pixel 0.1"
CASES = [
    Case(
        "A",
        "cubic cell, 1024 x 1024, one orientation",
        f"-cell 100 100 100 90 90 90 -default_F 100 -N 5 {BEAM} -detpixels 1024",
        1024**2,
    ),
    Case(
        "B",
        "cubic cell, 512 x 512, 100 mosaic domains",
        f"-cell 100 100 100 90 90 90 -default_F 100 -N 30 {BEAM} -detpixels 512 -mosaic 0.5 -mosaic_domains 100",
        512**2 * 100,
    ),
    Case(
        "C",
        "triclinic cell, 512 x 512, 10 phi steps, a table that is 30 % zero",
        f"-cell 70 80 90 75 85 95 -misset 10 20 30 -hkl table.hkl -N 20 {BEAM} -detpixels 512 "
        "-phi 0.1 -osc 1 -phisteps 10 -nointerpolate",
        512**2 * 10,
        table=True,
    ),
    Case(
        "lysozyme",
        "the example: 2527 x 2463, 10 phi steps, 64,333 reflections",
        "-mat EXAMPLE/lyso_A.mat -hkl EXAMPLE/lyso.hkl " + (EXAMPLE / "options.txt").read_text(),
        2527 * 2463 * 10,
    ),
    Case(
        "GAUSS",
        "gaussian spots, N = 30, 512 x 512, 100 mosaic domains",
        f"-cell 100 100 100 90 90 90 -default_F 100 -N 30 -gauss_xtal {BEAM} -detpixels 512 -mosaic 0.5 -mosaic_domains 100",
        512**2 * 100,
    ),
    Case(
        "SAXS",
        "one cell, 512 x 512, amplitudes interpolated",
        "-cell 250 250 250 90 90 90 -hkl table.hkl -N 1 -interpolate -lambda 1 -distance 1000 -pixel 0.2 -detpixels 512",
        512**2,
        table=True,
    ),
    Case(
        "still",
        "a still of 16 megapixels",
        "-cell 70 80 90 75 85 95 -misset 10 20 30 -default_F 100 -N 20 -lambda 1 -distance 300 -pixel 0.075 -detpixels 4096",
        4096**2,
    ),
    Case(
        "rotation",
        "one degree in 100 steps, 512 x 512",
        f"-cell 70 80 90 75 85 95 -misset 10 20 30 -default_F 100 -N 20 {BEAM} -detpixels 512 -phi 0.1 -osc 1 -phisteps 100",
        512**2 * 100,
    ),
    Case(
        "spectrum",
        "100 wavelengths, 512 x 512",
        f"-cell 70 80 90 75 85 95 -misset 10 20 30 -default_F 100 -N 20 {BEAM} -detpixels 512 -sourcefile spectrum.txt",
        512**2 * 100,
        lines=100,
    ),
]
