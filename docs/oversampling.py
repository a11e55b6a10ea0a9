"""Measure what a pixel's sub-pixels are worth: the tables of oversampling.md.

    python docs/oversampling.py [--check]

Without options the tables are written into the page, between the lines that say so. With --check nothing is written, and the exit
status is 1 if they are not those measured. Needs numpy and nbhybrid.
"""

import pathlib
import re
import sys
import warnings

import nbhybrid as nb
import numpy as np
from nbhybrid import _core

PAGE = pathlib.Path(__file__).resolve().parent / "oversampling.md"
CELL = nb.UnitCell(70, 80, 90, 75, 85, 95)
LONGEST = 90.0  # Angstrom
WAVELENGTH, DISTANCE = 1.0, 100.0  # Angstrom, mm
# Cells along each edge, the pixel's edge in mm, and oversamplings that are measured; the last but one counts as enough, the last as
# exact.
CASES = ((10, 0.1, (1, 2, 3, 12)), (10, 0.2, (1, 2, 3, 4, 5, 6, 24)), (40, 0.1, (1, 2, 3, 4, 5, 6, 7, 8, 11, 33)))
# The same crystal whole, and as mosaic blocks: cells, domains.
BLOCKS = ((200, None), (20, 30))


def experiment(cells, pixel, oversample, *, domains=None, steps=None):
    """Return a still of a crystal of so many cells along each edge, or an image of 0.2 degrees in so many steps."""
    crystal = nb.Crystal(cell=CELL, misset_deg=(10, 20, 30), n_cells=cells)
    if domains is not None:
        crystal = crystal.replace(mosaic_spread_deg=0.1, mosaic_domains=domains)
    return nb.Experiment(
        crystal=crystal,
        structure_factors=100.0,
        beam=nb.Beam(wavelength_angstrom=WAVELENGTH, fluence=1e24),
        detector=nb.Detector.mosflm(pixels=(300, 300), pixel_size_mm=pixel, distance_mm=DISTANCE),
        scan=None if steps is None else nb.Scan(phi_deg=5, range_deg=0.2, steps=steps),
        sampling=nb.Sampling(oversample=oversample),
    )


def spots(image, exact, reach=4, faintest=0.01):
    """Return both sums of each spot, a square box around a maximum of the exact image."""
    size = 2 * reach + 1
    boxes = np.lib.stride_tricks.sliding_window_view
    inner = exact[reach:-reach, reach:-reach]
    peaks = np.argwhere((inner == boxes(exact, (size, size)).max(axis=(2, 3))) & (inner > 0))
    found, right = (boxes(each, (size, size))[tuple(peaks.T)].sum(axis=(1, 2)) for each in (image, exact))
    strong = right > faintest * right.max()
    return found[strong], right[strong]


def percent(error):
    """Return an error as the page writes it."""
    size = 100 * abs(error)
    if size >= 100:
        return "> 100 %"
    return "< 0.01 %" if size < 0.01 else f"{float(f'{size:.1g}' if size < 1 else f'{size:.2g}'):g} %"


def errors_of(cells, pixel, oversamplings):
    """Return a row for each oversampling: what was measured, and what is expected."""
    exact = nb.simulate(experiment(cells, pixel, oversamplings[-1])).astype(float)
    bright = exact > 0.1 * exact.max()
    spots_per_pixel = cells * LONGEST * pixel / (WAVELENGTH * DISTANCE)
    rows = []
    for oversample in oversamplings[:-1]:
        image = nb.simulate(experiment(cells, pixel, oversample)).astype(float)
        found, right = spots(image, exact)
        expected_sum, expected_pixel = _core.expected_sampling_error(spots_per_pixel, oversample)
        values = (
            image.sum() / exact.sum() - 1,
            np.sqrt(np.mean((found / right - 1) ** 2)),
            expected_sum,
            np.sqrt(np.mean((image[bright] / exact[bright] - 1) ** 2)),
            expected_pixel,
            image.max() / exact.max() - 1,
        )
        rows.append((f"{oversample}", f"{spots_per_pixel / oversample:.2f}", *map(percent, values)))
    return rows


def table(heading, rows):
    """Return a table of Markdown."""
    lines = [heading, ["---"] * len(heading), *rows]
    return "\n".join("| " + " | ".join(map(str, line)) + " |" for line in lines)


def measured():
    """Return the text of each table by its name."""
    heading = ("oversample", "step", "image", "spots", "expected", "bright pixels", "expected", "brightest pixel")
    tables = {f"N {cells}, {pixel} mm": table(heading, errors_of(cells, pixel, each)) for cells, pixel, each in CASES}
    rows = []
    for cells, domains in BLOCKS:
        whole = experiment(cells, 0.1, None, domains=domains, steps=20)
        oversample = whole.configuration["sampling"]["oversample"]
        spots_per_pixel = cells * LONGEST * 0.1 / (WAVELENGTH * DISTANCE)
        enough = _core.sufficient_oversample(spots_per_pixel, oversample)
        times = 20 * (domains or 1)
        rows.append((cells, domains or 1, oversample, f"{oversample**2 * times:,}", enough, f"{enough**2 * times:,}"))
    tables["blocks"] = table(("N", "domains", "automatic", "steps a pixel", "enough", "steps a pixel"), rows)
    return tables


def main():
    """Write the tables or check them."""
    warnings.simplefilter("ignore", nb.InputWarning)
    text, wrong = PAGE.read_text(), []
    for name, lines in measured().items():
        place = re.compile(rf"(<!-- measured: {re.escape(name)} -->\n).*?(\n<!-- end -->)", re.S)
        found = place.search(text)
        if found is None or found[0] != f"{found[1]}{lines}{found[2]}":
            wrong.append(f"{PAGE.name}: the table {name} is not the one measured:\n{lines}")
        text = place.sub(lambda match, lines=lines: f"{match[1]}{lines}{match[2]}", text)
    if "--check" in sys.argv[1:]:
        print("\n".join(wrong), end="\n" if wrong else "", file=sys.stderr)
        return 1 if wrong else 0
    PAGE.write_text(text)
    return 0


if __name__ == "__main__":
    sys.exit(main())
