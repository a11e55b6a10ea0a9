"""Measure what each of the reference's defects costs: the numbers and the pictures of defects.md.

    python docs/defects.py [--check] [--inputs FOLDER] [ID ...]

The command lines stand in defects.md; each is run with `--semantics reference` and with `--semantics reference,ID`. Without options
the numbers are printed as a Markdown table and the pictures are drawn into docs/images/defects. With --check nothing is drawn, and
the exit status is 1 if the numbers in bold in defects.md are not those measured. --inputs writes the input files into a folder, for
runs by hand. Needs numpy and matplotlib, and nbhybrid beside the Python that runs this (or NBHYBRID_CMD='path/to/program run').
"""

import argparse
import dataclasses
import json
import os
import pathlib
import re
import shlex
import subprocess
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor

import geometry_defects
import numpy as np
from defect_pictures import PICTURES, draw, draw_angles, draw_beams, over, percent, r_factor, share, spots, where_changed

DOCS = pathlib.Path(__file__).resolve().parent
PAGE = DOCS / "defects.md"
LYSOZYME = DOCS.parent / "examples" / "lysozyme"
COMMAND = shlex.split(os.environ.get("NBHYBRID_CMD", "")) or [sys.executable, "-m", "nbhybrid", "run"]
QUIET = ["-nonoise", "-nopgm", "-noprogress", "--quiet", "--json", "record.json"]


class Run:
    """A finished run in a folder of its own: its image (slow, fast) and parts of its record."""

    def __init__(self, words, semantics, inputs):
        with tempfile.TemporaryDirectory() as name:
            folder = pathlib.Path(name)
            for file, content in inputs.items():
                (folder / file).write_bytes(content)
            # The words stand at the end, where a last one is the last.
            arguments = [*COMMAND, *QUIET, "--semantics", semantics, *words.split()]
            done = subprocess.run(arguments, cwd=folder, check=False, capture_output=True, text=True)
            if done.returncode != 0:
                sys.exit(f"{shlex.join(arguments)}\n{done.stderr}")
            configuration = json.loads((folder / "record.json").read_text())["configuration"]
            pixels = np.fromfile(folder / "floatimage.bin", "<f4").astype("f8")
            dump = folder / "Fdump.bin"
            self.dump = dump.read_bytes() if dump.exists() else None
            head = (folder / "intimage.img").read_bytes()[:4096].partition(b"}")[0].decode()
            self.header = dict(line.strip(" ;").split("=") for line in head.splitlines() if "=" in line)
        self.crystal, self.beam, self.detector = (configuration[key] for key in ("crystal", "beam", "detector"))
        self.image = pixels.reshape(self.detector["slow_pixels"], self.detector["fast_pixels"])
        self.axes = np.array([self.crystal[f"{axis}_angstrom"] for axis in "abc"])

    def vector(self, key):
        """Return a vector of the detector as an array."""
        return np.array(self.detector[key])

    def beam_place(self):
        """Return where the beam meets the detector, fast and slow in pixels."""
        return np.array([self.detector["beam_fast_mm"], self.detector["beam_slow_mm"]]) / self.detector["pixel_size_mm"] - 0.5

    def scattering(self, points):
        """Return the scattering vectors (1/A) of points of the laboratory (mm)."""
        directions = points / np.linalg.norm(points, axis=-1, keepdims=True)
        return (directions - np.array(self.beam["direction"])) / self.beam["wavelength_angstrom"]


@dataclasses.dataclass
class Case:
    """A defect, the words of its command line, and the input files (name: bytes)."""

    name: str
    words: str
    inputs: dict

    def run(self, corrected=False, extra=""):
        """Run the command with the defect or without, and with more words."""
        return Run(f"{self.words} {extra}", f"reference,{self.name}" if corrected else "reference", self.inputs)

    def both(self, extra=""):
        """Return the images with the defect and with it corrected."""
        return self.run(False, extra).image, self.run(True, extra).image

    def replacing(self, *pairs):
        """Return the case with parts of its command line replaced."""
        words = self.words
        for old, new in pairs:
            assert old in words, f"{self.name}: there is no {old} in: {words}"
            words = words.replace(old, new)
        return dataclasses.replace(self, words=words)


# What each defect costs. Each function returns the numbers as they stand in defects.md, and draws if it is told to.


def phi_carryover(case, drawing):
    """Measure the first image of a rotation series, and that of a series of narrower images."""
    defect, corrected = case.both()
    old, new, _ = spots(defect, corrected)
    narrow_old, narrow_new, _ = spots(*case.both("-osc 0.1"))
    if drawing:
        box = where_changed(defect, corrected, 50)
        draw(case, (defect, corrected), "0 to 0.5 degrees in 10 steps", box, limit=50, faintest=3e-4)
    return {
        "spots, R": r_factor(old, new),
        "largest loss of a spot": percent((old / new).min(), 0),
        "largest gain of a spot": percent((old / new).max(), 0),
        "sum": percent(defect.sum() / corrected.sum()),
        "spots, R, 0.1 degrees": r_factor(narrow_old, narrow_new),
    }


def oversample_product(case, drawing):
    """Measure the sum with each of the two options, and what the option should have changed."""
    defect, corrected = case.both()
    without = case.replacing((" -oversample_omega", ""))
    polar, plain = without.run(False, "-oversample_polar").image, without.run().image
    old, new, _ = spots(defect, corrected)
    if drawing:
        box = where_changed(defect, corrected)
        draw(case, (defect, corrected), "-oversample_omega", box, limit=100, faintest=3e-4)
    return {
        "sum": percent(defect.sum() / corrected.sum()),
        "least loss of a spot": percent((old / new).max(), 0),
        "sum, -oversample_polar": percent(polar.sum() / plain.sum()),
        "largest change of a pixel by the corrected option": share(np.abs(over(corrected, plain) - 1).max(), 2),
    }


def centroid(image, spot, reach=5):
    """Return the fast coordinate of a spot's centre of mass, relative to its peak."""
    box = image[spot[0] - reach : spot[0] + reach + 1, spot[1] - reach : spot[1] + reach + 1]
    return (box.sum(axis=0) * np.arange(-reach, reach + 1)).sum() / box.sum()


def layer_capture(case, drawing):
    """Measure the sum and the place of the strongest spot at 8 keV, and the sum at 12.7 keV."""
    defect, corrected = case.both()
    hard = case.replacing(("lyso_8keV", "lyso_A"), ("-lambda 1.5406", "-lambda 0.9768"), ("-detector_abs 66", "-detector_abs 254"))
    hard_defect, hard_corrected = hard.both()
    slow, fast = (int(i) for i in spots(defect, corrected)[2])
    if drawing:
        shapes = [image / image.max() for image in (defect, corrected)]
        box = (fast - 9, fast + 10, slow - 9, slow + 10)
        draw(case, shapes, "a spot at 45 degrees, 8 keV", box, decades=2, limit=100, faintest=0.01, unit="relative to the peak")
    return {
        "sum": percent(defect.sum() / corrected.sum()),
        "sum, 12.7 keV": percent(hard_defect.sum() / hard_corrected.sum()),
        "shift of the strongest spot": f"{centroid(defect, (slow, fast)) - centroid(corrected, (slow, fast)):.1f} pixels",
    }


def polar_first_source(case, drawing):
    """Measure the change of pixels, also with a fifth of the divergence, and of the sum."""
    defect, corrected = case.both()
    narrow = over(*case.both("-divergence 2"))
    if drawing:
        draw(case, (defect, corrected), "divergence 10 mrad, polarized", bins=8, decades=6, limit=2)
    return {
        "lowest pixel": percent(over(defect, corrected).min()),
        "highest pixel": percent(over(defect, corrected).max()),
        "largest change of a pixel, 2 mrad": share(np.abs(narrow - 1).max(), 1),
        "sum": percent(defect.sum() / corrected.sum()),
    }


def omega_corner(case, drawing):
    """Measure the change of pixels and of the sum."""
    defect, corrected = case.both()
    if drawing:
        draw(case, (defect, corrected), "4 x 4 sub-pixels, 70 mm", bins=8, decades=6, limit=0.2)
    return {
        "lowest pixel": percent(over(defect, corrected).min(), 2),
        "highest pixel": percent(over(defect, corrected).max(), 2),
        "sum": share(abs(defect.sum() / corrected.sum() - 1), 4),
    }


def water_twice(case, drawing):
    """Measure the background between the spots."""
    defect, corrected = case.both()
    dry = case.run(False, "-water 0").image
    usual = case.replacing((" -fluence 1e24", "")).both()
    if drawing:
        draw(case, (defect, corrected), "2 um of water", where_changed(0 * dry, dry), decades=6)
    return {
        "water, reference": f"{np.median(defect - dry):.4f} photons",
        "water, corrected": f"{np.median(corrected - dry):.0f} photons",
        "ratio, default fluence": f"{np.median(usual[0]) / np.median(usual[1]):.2f}",
    }


def length(image, spot, reach=8):
    """Return the r.m.s. length of a spot along its longest direction, in pixels."""
    box = image[spot[0] - reach : spot[0] + reach + 1, spot[1] - reach : spot[1] + reach + 1]
    grid = np.stack(np.mgrid[-reach : reach + 1, -reach : reach + 1]).reshape(2, -1)
    return f"{np.sqrt(np.linalg.eigvalsh(np.cov(grid, aweights=box.ravel(), ddof=0)).max()):.1f} pixels"


def source_weights(case, drawing):
    """Measure spots of a beam with a spectrum."""
    defect, corrected = case.both()
    old, new, strongest = spots(defect, corrected, reach=8)
    if drawing:
        box = where_changed(defect, corrected)
        draw(case, (defect, corrected), "a spectrum of 1 % FWHM, sampled over 3 %", box, limit=100, faintest=3e-4)
    return {
        "spots, R": r_factor(old, new),
        "brightest pixel": percent(defect.max() / corrected.max(), 0),
        "length of the strongest spot, reference": length(defect, strongest),
        "length of the strongest spot, corrected": length(corrected, strongest),
    }


def interpolation_sticky(case, drawing):
    """Measure against the transform itself, at the pixels whose neighbourhood lies in the table."""
    defect, corrected = case.run(), case.run(True)
    steps = (np.arange(defect.image.shape[0]) + 0.5) * defect.detector["pixel_size_mm"]
    points = defect.vector("origin_mm") + steps[:, None, None] * defect.vector("slow_axis")
    index = defect.scattering(points + steps[None, :, None] * defect.vector("fast_axis")) @ defect.axes.T
    inside = (np.abs(index) < 22).all(axis=-1)
    truth = np.concatenate([molecule_amplitude(part) for part in np.array_split(index, 20)])[inside]
    found = [np.sqrt(run.image[inside]) for run in (defect, corrected)]
    errors = [np.abs(amplitude / np.median(found[1] / truth) - truth).sum() / truth.sum() for amplitude in found]
    if drawing:
        draw(case, (defect.image, corrected.image), "one molecule, table to 4 A", (60, 140, 60, 140), decades=3, limit=100)
    change = np.median(np.abs(over(defect.image[inside], corrected.image[inside]) - 1))
    return {
        "R to the truth, reference": share(errors[0]),
        "R to the truth, corrected": share(errors[1], 1),
        "median change": share(change),
    }


def random_misset(case, drawing, seeds=240):
    """Measure the angles of the rotations from the orientation that -cell gives."""
    plain = case.replacing((" -misset_seed 1 -misset random", ""))
    turned = [
        (plain, corrected, f"-misset_seed {seed} -misset random") for corrected in (False, True) for seed in range(1, seeds + 1)
    ]
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        axes = list(pool.map(lambda call: call[0].run(*call[1:]).axes, turned))
    rotations = np.array([np.linalg.solve(plain.run().axes, turned_axes) for turned_axes in axes])
    cosines = (np.trace(rotations, axis1=1, axis2=2) - 1) / 2
    angles = np.degrees(np.arccos(np.clip(cosines, -1, 1))).reshape(2, -1)
    if drawing:
        draw_angles(case, angles)
    near = (angles < 60).mean(axis=1)
    return {
        "mean angle, reference": f"{angles[0].mean():.0f} degrees",
        "mean angle, corrected": f"{angles[1].mean():.0f} degrees",
        "below 60 degrees, reference": share(near[0]),
        "below 60 degrees, corrected": share(near[1]),
    }


def pix0_overwritten(case, drawing):
    """Measure where the beam meets the detector: a module beside the beam, and the options of the lysozyme example."""
    words = " ".join((LYSOZYME / "options.txt").read_text().split())
    example = dataclasses.replace(case, words=f"{words} -mat lyso_A.mat -hkl lyso.hkl -roi 0 0 0 0")
    shift = draw_beams(case, (case.run(), case.run(True)), drawing and "a module beside the beam; cross: beam")
    small_shift = draw_beams(case, (example.run(), example.run(True)), None)
    return {"shift of the pattern": f"{shift:.0f} pixels", "shift of the pattern, examples/lysozyme": f"{small_shift:.1f} pixels"}


def header_twotheta(case, drawing):
    """Measure where the beam meets the detector, and the spacing at the middle of its first row."""
    runs = case.run(), case.run(True)
    middles = [run.vector("origin_mm") + 200 * 0.172 * run.vector("fast_axis") for run in runs]
    spacings = [1 / np.linalg.norm(run.scattering(middle)) for run, middle in zip(runs, middles, strict=True)]
    shift = draw_beams(case, runs, drawing and "TWOTHETA=15 in the header, -xds; cross: beam")
    return {
        "shift of the beam": f"{shift:.0f} pixels",
        "spacing at the first row, reference": f"{spacings[0]:.2f} A",
        "spacing at the first row, corrected": f"{spacings[1]:.2f} A",
    }


def comment_lines(case, _):
    """Measure an HKL file with a comment half-way, and a list of three sources of which one is commented out."""
    defect, corrected = case.both()
    lists = case.replacing(("half.hkl", "lyso.hkl -sourcefile sources.txt"))
    two, right = lists.both()
    flooded, calm = lists.both("-default_F 10")
    return {
        "sum, HKL file": percent(defect.sum() / corrected.sum()),
        "sum, sources": percent(two.sum() / right.sum()),
        "sum, sources and -default_F 10": f"{flooded.sum() / calm.sum():.0f} times",
    }


def silent_fdump(case, _):
    """Measure a run without -hkl in a folder where a run with it has been."""
    dump = case.run(False, "-hkl lyso.hkl").dump
    defect, corrected = dataclasses.replace(case, inputs={**case.inputs, "Fdump.bin": dump}).both()
    return {"sum": f"{defect.sum() / corrected.sum():.0f} times"}


def spot_scale(case, drawing):
    """Measure sums against those of parallelepipeds, for crystals of 5 and 20 cells an edge; the drawing is of the latter."""
    found = {}
    for cells in (5, 20):
        sized = case.replacing(("-N 20", f"-N {cells}"))
        square = sized.replacing((" -gauss_xtal", "")).run().image.sum()
        for end, corrected in (("reference", False), ("corrected", True)):
            for shape in ("gauss", "tophat"):
                shaped = sized if shape == "gauss" else sized.replacing(("-gauss_xtal", "-tophat_spots"))
                found[shape, cells, end] = shaped.run(corrected).image.sum() / square
    if drawing:
        draw(case, case.both(), "N = 20, 30 domains", (150, 230, 150, 230))
    return {
        "gauss over square, N = 5, reference": f"{found['gauss', 5, 'reference']:.0f} times",
        "gauss over square, N = 20, reference": share(found["gauss", 20, "reference"], 1),
        "gauss over square, N = 5, corrected": share(found["gauss", 5, "corrected"]),
        "gauss over square, N = 20, corrected": share(found["gauss", 20, "corrected"]),
        "tophat over square, N = 20, reference": share(found["tophat", 20, "reference"], 2),
        "tophat over square, N = 20, corrected": share(found["tophat", 20, "corrected"]),
        "sum, N = 20": percent(found["gauss", 20, "reference"] / found["gauss", 20, "corrected"]),
    }


def angles_of(axes):
    """Return the angles alpha, beta and gamma between the rows of a matrix, as text."""
    lengths = np.linalg.norm(axes, axis=1)
    cosines = (axes @ axes.T) / np.outer(lengths, lengths)
    return ", ".join(f"{np.degrees(np.arccos(cosines[i])):.1f}" for i in ((1, 2), (2, 0), (0, 1))) + " degrees"


def shift_of_reflections(runs):
    """Return by how many pixels reflections between 3 and 2.5 A are moved, the median."""
    edge = np.arange(-20, 21)
    indices = np.stack(np.meshgrid(edge, edge, edge, indexing="ij"), axis=-1).reshape(-1, 3)
    defect, corrected = (indices @ np.linalg.inv(run.axes).T for run in runs)
    length = np.linalg.norm(corrected, axis=1)
    seen = (length > 1 / 3) & (length < 1 / 2.5)
    radians = np.median(np.linalg.norm(defect - corrected, axis=1)[seen]) * runs[0].beam["wavelength_angstrom"]
    return radians * runs[0].detector["distance_mm"] / runs[0].detector["pixel_size_mm"]


def oblique_cell(case, drawing):
    """Measure the angles and how far reflections are moved; the same for lysozyme, and the angles for three times 60 degrees."""
    runs = case.run(), case.run(True)
    if drawing:
        draw(case, [run.image for run in runs], "insulin, rhombohedral setting", (60, 180, 60, 180))
    lysozyme = case.replacing(
        ("-cell 49 49 49 114.8 114.8 114.8", "-cell 26.75 31.31 33.67 88.69 71.53 68.14"), ("-default_F 100", "-hkl lyso.hkl")
    )
    others = lysozyme.run(), lysozyme.run(True)
    old, new, _ = spots(*(run.image for run in others))
    return {
        "angles": angles_of(runs[0].axes),
        "shift of reflections": f"{shift_of_reflections(runs):.0f} pixels",
        "angles, 60 60 60": angles_of(case.run(False, "-cell 49 49 49 60 60 60").axes),
        "angles, lysozyme": angles_of(others[0].axes),
        "shift of reflections, lysozyme": f"{shift_of_reflections(others):.1f} pixels",
        "spots, R, lysozyme": r_factor(old, new),
    }


# The input files.


def molecule_amplitude(index):
    """Return |F| of a made-up molecule at indices of a cell of 100 A: 250 atoms of six electrons in a sphere 30 A wide."""
    points = np.random.RandomState(7).uniform(-15, 15, (2000, 3))
    points = points[np.linalg.norm(points, axis=1) < 15][:250]
    phases = 2 * np.pi * index @ points.T / 100
    fall = np.exp(-20 / 4 * ((index / 100) ** 2).sum(axis=-1))
    return 6 * fall * np.hypot(np.cos(phases).sum(axis=-1), np.sin(phases).sum(axis=-1))


def input_files():
    """Return all input files (name: bytes)."""
    matrix, rows = (LYSOZYME / "lyso_A.mat").read_bytes(), (LYSOZYME / "lyso.hkl").read_bytes().splitlines(keepends=True)
    scaled = " ".join(f"{float(word) * 1.5406 / 0.9768:.8f}" for word in matrix.split())
    offsets = np.linspace(-1.5, 1.5, 21)  # per cent; Gaussian weights of 1 % full width at half maximum
    weights = np.exp(-4 * np.log(2) * offsets**2)
    spectrum = "".join(f"-10 0 0 {w:.5f} {0.9768e-10 * (1 + x / 100):.6e}\n" for x, w in zip(offsets, weights, strict=True))
    edge = np.arange(-25, 26)
    nodes = np.stack(np.meshgrid(edge, edge, edge, indexing="ij"), axis=-1).reshape(-1, 3)
    amplitudes = np.concatenate([molecule_amplitude(part) for part in np.array_split(nodes, 40)])
    molecule = "".join(f"{h} {k} {m} {f:.4f}\n" for (h, k, m), f in zip(nodes.tolist(), amplitudes.tolist(), strict=True))
    return {
        "lyso_A.mat": matrix,
        "lyso_8keV.mat": scaled.encode(),
        "lyso.hkl": b"".join(rows),
        "half.hkl": b"".join([*rows[:32166], b"# second half\n", *rows[32166:]]),
        "sources.txt": b"-10 0 0 1 0.9768e-10\n# -10 0.01 0 1 0.9768e-10\n-10 0.02 0 1 0.9768e-10\n",
        "spectrum.txt": spectrum.encode(),
        "molecule.hkl": molecule.encode(),
        "head.img": geometry_defects.smv_bytes(["PIXEL_SIZE=0.172", "DISTANCE=120", "WAVELENGTH=0.9768", "TWOTHETA=15"]),
        **geometry_defects.input_files(),
    }


def section_of(name, page):
    """Return a defect's section of the page."""
    return re.search(rf"^## {name}\n(.*?)(?=^## |\Z)", page, re.M | re.S)[1]


def words_of(name, page):
    """Return the words of a defect's command line: the first in its section, without the semantics."""
    text = re.search(r"^ *nbhybrid run ((?:.*\\\n)*.*)$", section_of(name, page), re.M)[1]
    words, semantics = " ".join(text.replace("\\\n", " ").split()).split(" --semantics ")
    if semantics != f"reference,{name}":
        sys.exit(f"{name}: the command line in {PAGE} ends with --semantics {semantics}")
    return words


def complaints(name, measured, page):
    """Return what in the page does not fit what was measured."""
    bold = re.compile(r"\*\*(.+?)\*\*", re.S)
    quoted = {" ".join(words.split()) for words in bold.findall(section_of(name, page))}
    row = re.search(rf"^\| \[{name}\].*$", page, re.M)[0]
    wrong = [f"{name}: measured {value} ({what}), not quoted" for what, value in measured.items() if value not in quoted]
    wrong += [f"{name}: quotes {value}, not measured" for value in sorted({*quoted, *bold.findall(row)} - {*measured.values()})]
    shown, there = f"images/defects/{name}.png" in section_of(name, page), (PICTURES / f"{name}.png").exists()
    return wrong if shown == there else [*wrong, f"{name}: its picture is shown but not there, or there but not shown"]


def main():
    """Do what the command line asks for."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--check", action="store_true", help="compare with defects.md and draw nothing")
    parser.add_argument("--inputs", metavar="FOLDER", type=pathlib.Path, help="only write the input files")
    parser.add_argument("ids", nargs="*", metavar="ID", help="measure these alone")
    arguments = parser.parse_args()
    page, inputs = PAGE.read_text(encoding="utf-8"), input_files()
    if arguments.inputs:
        arguments.inputs.mkdir(parents=True, exist_ok=True)
        for name, content in inputs.items():
            (arguments.inputs / name).write_bytes(content)
        return 0
    measured = {}
    for name in arguments.ids or re.findall(r"^\| \[([a-z0-9-]+)\]", page, re.M):
        function = name.replace("-", "_")
        measure = globals().get(function) or getattr(geometry_defects, function)
        measured[name] = measure(Case(name, words_of(name, page), inputs), not arguments.check)
    rows = (f"| {name} | {what} | {value} |" for name, values in measured.items() for what, value in values.items())
    print("\n".join(["| defect | what | value |", "| --- | --- | --- |", *rows]))
    wrong = [line for name, values in measured.items() for line in complaints(name, values, page)] if arguments.check else []
    print("\n".join(wrong), end="\n" if wrong else "", file=sys.stderr)
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
