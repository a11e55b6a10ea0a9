"""What is timed: option lists for the reference's command line, and the files they read."""

import dataclasses
import pathlib
import random

EXAMPLE = pathlib.Path(__file__).resolve().parents[1] / "examples" / "lysozyme"
COMMON = "-oversample 1 -nonoise -noprogress"


@dataclasses.dataclass(frozen=True)
class Case:
    """A simulation; meaning is its row of a table, steps how many (pixel, source, phi, domain) it sums."""

    name: str
    meaning: str
    options: str
    steps: float
    table: int = 0  # the largest index in the table; 0: none
    lines: int = 0  # of the spectrum
    # What only nbhybrid is told, and what others are told to compute the same but for roundings.
    ours: str = ""
    others: str = ""

    @property
    def has_one_image(self):
        """Whether all exact programs give the same bits."""
        return not self.ours

    def prepare(self, folder):
        """Write the input files into a folder and return the words of the command line that all programs have."""
        if self.table:
            write_table(pathlib.Path(folder) / "table.hkl", self.table)
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
GAUSSIAN = f"-cell 100 100 100 90 90 90 -default_F 100 -N 30 -gauss_xtal {BEAM} -detpixels 512 -mosaic 0.5 -mosaic_domains 100"
CASES = [
    Case(
        "A",
        "A: 1024 x 1024, one orientation",
        f"-cell 100 100 100 90 90 90 -default_F 100 -N 5 {BEAM} -detpixels 1024",
        1024**2,
    ),
    Case(
        "B",
        "B: 512 x 512, 100 mosaic domains",
        f"-cell 100 100 100 90 90 90 -default_F 100 -N 30 {BEAM} -detpixels 512 -mosaic 0.5 -mosaic_domains 100",
        512**2 * 100,
    ),
    Case(
        "C",
        "C: 512 x 512, 10 phi steps, a table that is 30 % zero",
        f"-cell 70 80 90 75 85 95 -misset 10 20 30 -hkl table.hkl -N 20 {BEAM} -detpixels 512 "
        "-phi 0.1 -osc 1 -phisteps 10 -nointerpolate",
        512**2 * 10,
        table=60,
    ),
    Case(
        "lysozyme",
        "the lysozyme example: 2527 x 2463, 10 phi steps",
        "-mat EXAMPLE/lyso_A.mat -hkl EXAMPLE/lyso.hkl " + (EXAMPLE / "options.txt").read_text(),
        2527 * 2463 * 10,
    ),
    Case(
        "GAUSS",
        "gaussian spots in the reference's metric (width 1/270 of an index), 100 mosaic domains",
        GAUSSIAN,
        512**2 * 100,
    ),
    # For this cell the reference's spots are as wide with a fudge factor of a^2 / N^4.
    Case(
        "GAUSS-scaled",
        "gaussian spots with spot-scale (width 1/30 of an index), 100 mosaic domains",
        GAUSSIAN,
        512**2 * 100,
        ours="--semantics reference,spot-scale",
        others=f"-fudge {100**2 / 30**4:.17g}",
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
    Case(
        "still",
        "a still of 16 megapixels",
        "-cell 70 80 90 75 85 95 -misset 10 20 30 -default_F 100 -N 20 -lambda 1 -distance 300 -pixel 0.075 -detpixels 4096",
        4096**2,
    ),
    # Long beside its start, which a table of 1.8 million rows would not be; no neighbourhood leaves the table.
    Case(
        "SAXS",
        "one cell, 2048 x 2048, amplitudes interpolated",
        "-cell 250 250 250 90 90 90 -hkl table.hkl -N 1 -interpolate -lambda 1 -distance 1000 -pixel 0.05 -detpixels 2048",
        2048**2,
        table=24,
    ),
]
