"""Random valid command lines of the reference, all options included: build(seed) gives one, with the files it reads.

Left out, because the reference then gives nothing that could be compared:

- zero phi steps (-osc 0 with a positive -phistep) and zero sources: the image is 0/0. A full divergence specification can leave
  no source inside the ellipse; the callers find that out by the non-finite image.
- cells and matrices without volume, -fudge below 0 with -round_xtal (root of a negative number), a beam of no size together with
  -flux, no water less than none: not finite.
- missing, truncated or foreign input files, tables of no rows, a mask of another size than the image: undefined memory or an exit.
- rows of five columns (with a sigma) and non-integer indices in HKL files: the reference falls out of step with the rows.
- source files whose last line has no newline (the rest of its columns become 0, so the wavelength), and CRLF ends in them.
- noise without -seed and -misset random without -misset_seed: the time of day.
- -misset_seed in front of an inf: the reference takes that for an angle.
- two outputs under one name; seeds beyond an int; any vector of no length but -odet_vector; polarization along the beam.
- images, tables and numbers of steps that would take a second or more.
"""

from __future__ import annotations

import dataclasses
import math
import random
from typing import TYPE_CHECKING

from nbhybrid.options import option, options
from nbhybrid.parity.fuzz import input_files
from nbhybrid.parity.fuzz.input_files import number
from nbhybrid.parity.fuzz.scene import Scene, draw_scene

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

Group = tuple[str, ...]
Files = dict[str, bytes]


def _spellings(*names: str) -> list[str]:
    """Return all words for some options, by their usual names."""
    return [word for name in names for word in option(name).spellings]


SIZES = _spellings("-xtalsize", "-xtal_x", "-xtal_y", "-xtal_z")
SHAPES = [word for each in options().values() if each.field == "crystal.shape" for word in each.spellings]
# Of words that stand for longer ones, some of those too.
SPREADS = [*_spellings("-mosaic"), "-mosaic_spread", "-mosaicity"]
WAVELENGTHS = [*_spellings("-lambda"), "-wavelength"]
SCALARS = ["-distance", "-lambda", "-Xbeam", "-phi", "-polar", "-fudge", "-fluence", "-adc", "-water", "-twotheta", "-default_F"]


@dataclasses.dataclass
class OptionSet:
    """A command line in groups (an option and its values each) and the input files by name.

    Attributes
    ----------
    seed : int
    groups : list of tuple of str
    files : dict of str to bytes
    pixel : tuple of int
        One that lies in the image (slow, fast), also where groups are left out.
    """

    seed: int
    groups: list[Group]
    files: Files
    pixel: tuple[int, int] = (0, 0)

    def words(self) -> list[str]:
        """Return the words of the command line; without a seed there is no noise."""
        words = [word for group in self.groups for word in group]
        if not any(group[0] == "-seed" for group in self.groups):
            words.append("-nonoise")
        return [*words, "-noprogress"]

    def repeatable(self) -> bool:
        """Return False if the result would depend on the time of day."""
        names = {group[0] for group in self.groups}
        return ("-misset", "random") not in self.groups or "-misset_seed" in names


def _maybe(rng: random.Random, probability: float, *group: object) -> list[Group]:
    """Return a list that holds the group, or nothing."""
    return [tuple(str(word) for word in group)] if rng.random() < probability else []


def _pick(rng: random.Random, *values: object) -> str:
    """Return one of the values as text."""
    return str(rng.choice(values))


def _unit_vector(rng: random.Random) -> list[float]:
    """Return three components of a random direction, not too short before it was scaled."""
    rows = input_files.rotation_matrix(rng)
    return rows[0]


def _spelled(rng: random.Random, vector: Sequence[float]) -> list[str]:
    """Return a vector as words, exact or rounded, of length 1 or not."""
    scale = rng.choice([1, 1, 1, 2.5])
    return [number(rng, scale * x) for x in vector]


def _cell(rng: random.Random, scene: Scene) -> Group:
    """Return -cell with one to six numbers, of angles that make a cell."""
    while True:
        angles = [rng.choice([90, 90, round(rng.uniform(60, 120), 1)]) for _ in range(3)]
        if 90 in angles or abs(angles[0] + angles[1] + angles[2] - 270) < 40:
            break
    values = [number(rng, x) for x in (*scene.edges, *angles)]
    return ("-cell", *values[: rng.choice([1, 2, 3, 4, 5, 6, 6, 6, 6])])


def _crystal(rng: random.Random, scene: Scene, files: Files) -> list[Group]:
    """Return cell or matrix, orientation, size and shape."""
    groups: list[Group] = []
    kind = rng.random()
    if kind < 0.65:
        groups.append(_cell(rng, scene))
    if kind > 0.55:
        files["a.mat"] = input_files.orientation_matrix(rng, scene.edges, scene.wavelength).encode()
        groups.append((rng.choice(_spellings("-mat")), "a.mat"))
    kind = rng.random()
    if kind < 0.4:
        groups.append(("-misset", *(number(rng, rng.uniform(-180, 180)) for _ in range(3))))
    elif kind < 0.6:
        groups += [("-misset", "random"), ("-misset_seed", _pick(rng, 1, 7, 0, -5, 12345, 2147483647))]
    elif kind < 0.68:
        groups.append(("-misset_seed", _pick(rng, 3, 11, -2)))
    groups += _cell_counts(rng, scene)
    groups += _maybe(rng, 0.5, rng.choice(SHAPES))
    groups += _maybe(rng, 0.25, "-fudge", _pick(rng, 0, 0.001, 0.3, 1.7, 5))
    groups += _maybe(rng, 0.3, rng.choice(SPREADS), _pick(rng, 0, -1, 0.01, 0.5, 2, 90))
    groups += _maybe(rng, 0.3, rng.choice(_spellings("-mosaic_domains")), _pick(rng, -1, 0, 1, 2, 3, 6))
    return groups + _maybe(rng, 0.25, "-mosaic_seed", _pick(rng, 0, -5, 1, 4711, 2147483647))


def _cell_counts(rng: random.Random, scene: Scene) -> list[Group]:
    """Return the numbers of cells, or sizes that make some, or both (sizes win)."""
    groups: list[Group] = []
    if rng.random() < 0.6:
        groups.append(("-N", _pick(rng, 0, 1, 2, 3, 5, 8, 20)))
    for name in ("-Na", "-Nb", "-Nc"):
        groups += _maybe(rng, 0.2, name, _pick(rng, 0, 1, 2, 3, 7, 30))
    if rng.random() < 0.25:
        size = max(scene.edges) * 1e-7
        for name in rng.sample(SIZES, rng.randint(1, 3)):
            groups.append((name, number(rng, size * rng.choice([0, 0.3, 1, 3, 9.5]))))
        groups += _maybe(rng, 0.4, "-beamsize", f"{size * rng.choice([0.5, 2, 5]):.4g}")
    return groups


def _amplitudes(rng: random.Random, files: Files) -> list[Group]:
    """Return where the structure factors come from: a default, a table, a dump, or several of these."""
    groups: list[Group] = []
    kind = rng.random()
    if kind < 0.4:
        files["f.hkl"] = input_files.hkl_file(rng).encode()
        groups.append(("-hkl", "f.hkl"))
        groups += _maybe(rng, 0.2, "-dump", "cache.bin")
    elif kind < 0.5:
        files["cache.bin"] = input_files.dump_file(rng)
        groups.append(("-dump", "cache.bin"))
    elif kind < 0.56:
        files[str(option("-dump").usual)] = input_files.dump_file(rng)
    elif kind < 0.6:
        groups.append(("-dump", "absent.bin"))
    if kind >= 0.56 or rng.random() < 0.4:
        groups.append(("-default_F", _pick(rng, 100, 1, 12.5, -3, 1e4)))
    groups += _maybe(rng, 0.3, rng.choice(["-interpolate", "-nointerpolate"]))
    return groups


def _beam(rng: random.Random, scene: Scene, files: Files) -> list[Group]:
    """Return wavelength, intensity, polarization and sources; the wavelength may be left to 1 A or to a header."""
    groups: list[Group] = []
    if rng.random() < 0.8:
        groups.append(
            rng.choice(
                [
                    (rng.choice(WAVELENGTHS), number(rng, scene.wavelength)),
                    ("-energy", number(rng, 12398.42 / scene.wavelength)),
                ]
            )
        )
    kind = rng.random()
    if kind < 0.6:
        groups.append(("-fluence", f"{10 ** rng.uniform(25, 36):.4g}"))
    elif kind < 0.75:
        groups.append(("-flux", _pick(rng, 0, 1e18, 3e15, 1e20)))
        groups += _maybe(rng, 0.5, "-exposure", _pick(rng, 0.1, 5, 0, -1))
        groups += _maybe(rng, 0.5, "-beamsize", _pick(rng, 0.05, 0.001, -1, 1))
    groups += _maybe(rng, 0.3, "-polar", _pick(rng, 0, 1, -1, 0.9, -0.5, 0.37))
    groups += _maybe(rng, 0.1, "-nopolar")
    if rng.random() < 0.12:
        files["s.txt"] = input_files.source_file(rng, scene.beam, scene.wavelength).encode()
        groups.append(("-sourcefile", "s.txt"))
    return groups + (_divergence(rng) if rng.random() < 0.3 else [])


def _divergence(rng: random.Random) -> list[Group]:
    """Return any choice of ranges, steps and counts, each of at most four; values up to 0 mean automatic to the reference."""
    groups: list[Group] = []
    for axis in rng.sample(["h", "v"], rng.randint(0, 2)):
        width = rng.choice([-1, 0, round(rng.uniform(0.1, 10), 2), round(rng.uniform(0.1, 10), 2)])
        step = rng.choice([-1, 0, abs(width or 1) / rng.uniform(0.8, 3.5), abs(width or 1) / rng.choice([1, 2, 3])])
        groups += _maybe(rng, 0.6, f"-{axis}divrange", number(rng, width))
        groups += _maybe(rng, 0.4, f"-{axis}divstep", f"{step:.6g}")
        groups += _maybe(rng, 0.5, f"-{axis}divsteps", rng.choice([-1, 0, 1, 2, 3, 4]))
    groups += _maybe(rng, 0.15, "-divergence", _pick(rng, -1, 0, 2, 5))
    groups += _maybe(rng, 0.15, "-divsteps", _pick(rng, -1, 0, 1, 2, 3))
    groups += _maybe(rng, 0.4, "-dispersion", _pick(rng, -1, 0, 0.1, 1, 3.3))
    groups += _maybe(rng, 0.4, "-dispsteps", _pick(rng, -1, 0, 1, 2, 3, 4))
    return groups + _maybe(rng, 0.4, rng.choice(["-round_div", "-square_div"]))


def _image_size(rng: random.Random, scene: Scene, files: Files) -> list[Group]:
    """Return what sets the numbers of pixels and their size: options or the header of an image or a mask."""
    headers: list[tuple[str, str, Callable[[], int]]] = []
    if rng.random() < 0.2:
        headers.append(("-img", "header.img", lambda: rng.randrange(65536)))
    if rng.random() < 0.15:
        headers.append(("-mask", "mask.img", lambda: rng.choice([0, 1, 1, 1, 65535, 256])))
    groups: list[Group] = []
    for word, name, draw in headers:
        pixels = [draw() for _ in range(scene.fast * scene.slow)]
        keys = input_files.smv_keys(rng, scene)
        files[name] = input_files.smv_image(scene.fast, scene.slow, pixels, keys, rng.choice([512, 512, 1024]))
        groups.append((word, name))
    masked = any(option == "-mask" for option, *_ in headers)
    if not headers or rng.random() < 0.7:
        groups.append(("-pixel", f"{scene.pixel:g}"))
    kind = rng.randrange(5) if not headers else 5
    if kind in (0, 3):
        scene.slow = scene.fast
    if kind == 0:
        groups.append(("-detpixels", str(scene.fast)))
    elif kind in (1, 2):
        names = list(zip(_spellings("-detpixels_f"), _spellings("-detpixels_s"), strict=True))[kind - 1]
        groups += [(names[0], str(scene.fast)), (names[1], str(scene.slow))]
    elif kind in (3, 4):
        fast, slow = (f"{n * scene.pixel * rng.uniform(0.99, 1.01):.5g}" for n in (scene.fast, scene.slow))
        groups += [("-detsize", fast)] if kind == 3 else [("-detsize_f", fast), ("-detsize_s", slow)]
    elif not masked:
        groups += _maybe(rng, 0.2, "-detpixels_x", scene.fast + 3)
    return groups


def _custom_axes(rng: random.Random, scene: Scene) -> list[Group]:
    """Return some of the vectors that select the convention without a name; the detector stays in front of the beam."""
    rows: list[list[float]] = input_files.rotation_matrix(rng) if rng.random() < 0.6 else [[1, 0, 0], [0, 0, 1], [0, -1, 0]]
    scene.beam = tuple(rows[0])
    tilt = [x + rng.choice([0, rng.uniform(-0.1, 0.1)]) for x in rows[0]]
    odet: list[float] = rng.choice([tilt, tilt, [0, 0, 0], [-x for x in tilt]])
    spindle = _unit_vector(rng)
    vectors: dict[str, list[float]] = {
        "-beam_vector": rows[0],
        "-fdet_vector": rows[1],
        "-sdet_vector": rows[2],
        "-odet_vector": odet,
        "-polar_vector": rng.choice([rows[1], rows[2], [a + b for a, b in zip(rows[0], rows[1], strict=True)]]),
        "-spindle_axis": spindle,
        "-twotheta_axis": rng.choice([rows[1], rows[2], _unit_vector(rng)]),
    }
    chosen = list(vectors) if rng.random() < 0.4 else rng.sample(list(vectors), rng.randint(1, 4))
    if "-beam_vector" not in chosen or not {"-fdet_vector", "-sdet_vector"} <= set(chosen):
        # Vectors that stay at their defaults fit only these.
        scene.beam = (1, 0, 0)
        chosen = [name for name in chosen if name in ("-spindle_axis", "-twotheta_axis")] or ["-spindle_axis"]
    groups = [(name, *_spelled(rng, vectors[name])) for name in chosen]
    pix0 = [number(rng, rng.uniform(-0.1, 0.1)) for _ in range(3)]
    return groups + _maybe(rng, 0.15, rng.choice(_spellings("-pix0_vector")), *pix0)


def _geometry(rng: random.Random, scene: Scene) -> list[Group]:
    """Return convention, distance, beam centre, pivot and rotations."""
    groups: list[Group] = []
    kind = rng.random()
    if kind < 0.55:
        groups.append((_pick(rng, "-mosflm", "-xds", "-adxv", "-denzo", "-dials"),))
    if kind > 0.45 and rng.random() < 0.6:
        groups += _custom_axes(rng, scene)
    kind = rng.random()
    if kind < 0.75:
        groups.append(("-distance", number(rng, scene.distance)))
    if kind > 0.65:
        groups.append(("-close_distance", number(rng, scene.distance)))
    for first, second in (("-Xbeam", "-Ybeam"), ("-Xclose", "-Yclose")):
        if rng.random() < 0.3:
            both = [(name, number(rng, scene.somewhere(rng))) for name in (first, second)]
            groups += both if rng.random() < 0.8 else [rng.choice(both)]
    for name in ("-ORGX", "-ORGY"):
        groups += _maybe(rng, 0.15, name, number(rng, scene.fast * rng.uniform(0, 1)))
    groups += _maybe(rng, 0.2, "-pivot", _pick(rng, "sample", "beam"))
    for name in ("-detector_rotx", "-detector_roty", "-detector_rotz", "-twotheta"):
        groups += _maybe(rng, 0.2, name, number(rng, rng.choice([0, rng.uniform(-20, 20), rng.uniform(-80, 80)])))
    return groups


def _sensor(rng: random.Random, scene: Scene) -> list[Group]:
    """Return layers, sub-pixels, region and the other things that happen in the detector."""
    groups: list[Group] = []
    if rng.random() < 0.25:
        groups += _maybe(rng, 0.7, rng.choice(_spellings("-detector_abs")), _pick(rng, "inf", 0, 50, 300.5, 1000))
        groups += _maybe(rng, 0.7, "-detector_thick", _pick(rng, 0, -5, 10, 450, 1000))
        groups += _maybe(rng, 0.6, rng.choice(_spellings("-detector_thicksteps")), _pick(rng, -1, 0, 1, 2, 3, 4))
    groups += rng.choice([[("-curved_det",)], [("-curved_det", "1")]]) if rng.random() < 0.1 else []
    groups += _maybe(rng, 0.1, "-point_pixel")
    for name in ("-oversample_thick", "-oversample_polar", "-oversample_omega"):
        groups += _maybe(rng, 0.1 if name != "-oversample_thick" else 0.04, name)
    if rng.random() < 0.25:
        x, y = rng.randint(0, scene.fast - 1), rng.randint(0, scene.slow - 1)
        limits = [x, x + rng.randint(0, scene.fast), y, y + rng.randint(0, scene.slow)]
        groups.append(("-roi", *(str(limit) if rng.random() < 0.85 else "-1" for limit in limits)))
    half = 0.5 * max(scene.fast, scene.slow) * scene.pixel
    dmin = scene.wavelength * scene.distance / (half * rng.uniform(0.2, 2))
    return groups + _maybe(rng, 0.15, "-dmin", _pick(rng, 0, *[f"{dmin:.4g}"] * 5, 1e6))


def _scan(rng: random.Random) -> list[Group]:
    """Return start, range, step and count of the rotation, each given or not; a range of 0 has no steps of more than 0."""
    if rng.random() < 0.4:
        return []
    groups = _maybe(rng, 0.6, "-phi", _pick(rng, 0, 0, -0.5, -0.25, -1, 3.3, 200, -7.77))
    osc = rng.choice([None, -1, 0, 0.5, 1, 0.7])
    step = rng.choice([None, None, -1, 0, 0.25, 0.2])
    count = rng.choice([None, -1, 0, 1, 2, 3, 4, 5])
    if osc == 0 and step is not None and step > 0 and (count is None or count < 0):
        step = None
    for name, value in (("-osc", osc), ("-phistep", step), ("-phisteps", count)):
        groups += [] if value is None else [(name, f"{value:g}")]
    return groups


def _output(rng: random.Random, files: Files) -> list[Group]:
    """Return background, noise, scales, names and options without effect on the image."""
    groups = _maybe(rng, 0.15, "-water", _pick(rng, 0, 1, 5, 20.5))
    if rng.random() < 0.6:
        groups.append(("-seed", _pick(rng, 1, 42, 31415, 0, -7, 2147483647)))
        groups += _maybe(rng, 0.1, "-nonoise")
    groups += _maybe(rng, 0.15, "-scale", _pick(rng, 0, -1, 1, 2.5, 1e-3, 1e6))
    groups += _maybe(rng, 0.25, "-adc", _pick(rng, 0, 10, -20, 40.5, 70000, -1e5))
    groups += _maybe(rng, 0.2, "-pgmscale", _pick(rng, 0, -1, 1, 0.01, 100))
    groups += _maybe(rng, 0.15, "-nopgm")
    for name, file_name in (("-floatfile", "f.bin"), ("-intfile", "i.img"), ("-pgmfile", "p.pgm"), ("-noisefile", "n.img")):
        groups += _maybe(rng, 0.1, rng.choice(_spellings(name)), file_name)
    if rng.random() < 0.05:
        files["w.stol"] = b"0.0 1.0\n0.1 2.0\n0.5 0.4\n1.0 0.1\n"
        groups.append((rng.choice(_spellings("-stol")), "w.stol"))
        groups += _maybe(rng, 0.3, "-stolout", "out.stol")
    groups += _maybe(rng, 0.03, "-printout_pixel", 3, 4)
    return groups + _maybe(rng, 0.1, "-progress")


def _subpixels(rng: random.Random, scene: Scene, groups: list[Group]) -> list[Group]:
    """Return -oversample; where the automatic one stays small it may be left out."""
    counts = [float(group[1]) for group in groups if group[0] in ("-N", "-Na", "-Nb", "-Nc")]
    sized = any(group[0] in SIZES for group in groups)
    plain = not any(group[0] in ("-img", "-mask") or group[0].startswith("-detector_rot") for group in groups)
    largest = max(scene.edges) * max([1, *counts])
    automatic = math.ceil(3 * largest / (min(scene.wavelength, 1) * 30 / scene.pixel))
    if plain and not sized and automatic <= 4 and rng.random() < 0.6:
        return _maybe(rng, 0.3, "-oversample", _pick(rng, -1, 0))
    return [("-oversample", _pick(rng, 1, 1, 1, 2, 3))]


def _repeats(rng: random.Random, groups: list[Group]) -> list[Group]:
    """Return earlier, other values of some options, which the later ones must replace."""
    given = [group for group in groups if group[0] in SCALARS]
    return [(group[0], f"{float(group[1]) * 1.5 + 1:.4g}") for group in given if rng.random() < 0.08]


def _beam_in_force(groups: list[Group], scene: Scene) -> tuple[float, ...]:
    """Return the way of the photons: that of the convention which is chosen last, by name or by a vector."""
    beam: tuple[float, ...] = (1, 0, 0)
    for name, *_ in groups:
        if name in ("-mosflm", "-denzo"):
            beam = (1, 0, 0)
        elif name in ("-xds", "-adxv", "-dials"):
            beam = (0, 0, 1)
        elif name.endswith("_vector") or name in ("-pix0_vector_mm", "-spindle_axis", "-twotheta_axis"):
            beam = scene.beam
    return beam


def build(seed: int) -> OptionSet:
    """Return the option set of this seed."""
    rng = random.Random(seed)
    scene = draw_scene(rng)
    files: Files = {}
    geometric = _geometry(rng, scene)
    sized = _image_size(rng, scene, files)
    others = _crystal(rng, scene, files) + _amplitudes(rng, files) + _beam(rng, scene, files)
    groups = geometric + sized + others + _sensor(rng, scene) + _scan(rng) + _output(rng, files)
    groups += _subpixels(rng, scene, groups)
    rng.shuffle(groups)
    beam = _beam_in_force(groups, scene)
    if "s.txt" in files and beam != scene.beam:
        # Sources behind the crystal or beside it are refused.
        files["s.txt"] = input_files.source_file(random.Random(seed), beam, scene.wavelength).encode()
    pixel = (7 * seed % scene.slow, 11 * seed % scene.fast)
    return OptionSet(seed, _without_infinite_misset(_repeats(rng, groups) + groups), files, pixel)


def _without_infinite_misset(groups: list[Group]) -> list[Group]:
    """Return the groups with -misset_seed last if it would take the words after it, of which one is inf, for angles."""
    words = [word for group in groups for word in group]
    for i, word in enumerate(words):
        if word == "-misset_seed" and "inf" in words[i + 2 : i + 5]:
            seeds = [group for group in groups if group[0] == "-misset_seed"]
            return [group for group in groups if group[0] != "-misset_seed"] + seeds
    return groups
