"""Random valid input files for generated command lines. Every function takes a random.Random first."""

from __future__ import annotations

import math
import struct
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import random
    from collections.abc import Sequence

    from nbhybrid.parity.fuzz.scene import Scene


def number(rng: random.Random, value: float) -> str:
    """Return a number in one of the ways people write it."""
    style = rng.randrange(5)
    if style == 0:
        return f"{value:.3f}"
    if style == 1:
        return f"{value:.17g}"
    if style == 2:
        return f"{value:.4e}"
    return f"{value:g}"


def rotation_matrix(rng: random.Random) -> list[list[float]]:
    """Return a rotation uniformly distributed over all rotations, as three rows."""
    while True:
        w, x, y, z = (rng.gauss(0, 1) for _ in range(4))
        length = math.sqrt(w * w + x * x + y * y + z * z)
        if length > 1e-3:
            break
    w, x, y, z = w / length, x / length, y / length, z / length
    return [
        [1 - 2 * (y * y + z * z), 2 * (x * y - w * z), 2 * (x * z + w * y)],
        [2 * (x * y + w * z), 1 - 2 * (x * x + z * z), 2 * (y * z - w * x)],
        [2 * (x * z - w * y), 2 * (y * z + w * x), 1 - 2 * (x * x + y * y)],
    ]


def orientation_matrix(rng: random.Random, edges: Sequence[float], wavelength: float) -> str:
    """Return the text of a well-conditioned matrix: a sheared reciprocal cell, turned, times the wavelength."""
    shear: list[list[float]] = [[1, rng.uniform(-0.3, 0.3), rng.uniform(-0.3, 0.3)], [0, 1, rng.uniform(-0.3, 0.3)], [0, 0, 1]]
    # Once a left-handed matrix here and there, which is refused now: the draw keeps the files of all seeds.
    rng.random()
    turn = rotation_matrix(rng)
    rows = []
    for i in range(3):
        row = []
        for j in range(3):
            element = 0.0  # not sum(), which rounds otherwise since Python 3.12: a seed gives one file
            for k in range(3):
                element += turn[i][k] * shear[k][j]
            row.append(element * wavelength / edges[j])
        rows.append(row)
    style = rng.choice(["{:12.8f}", "{:.17g}", "{:.6e}"])
    text = "\n".join(" ".join(style.format(x) for x in row) for row in rows) + "\n"
    if rng.random() < 0.2:
        text = text.replace("\n", rng.choice([" ", "\n\n", "\t"]))
    if rng.random() < 0.3:
        # MOSFLM writes more numbers after the nine.
        text += "\n       0.000       0.000       0.000\n  0.1 0.2 0.3\n   78.0 78.0 37.0 90 90 90\n"
    return text


def _index_box(rng: random.Random) -> list[tuple[int, int]]:
    """Return low and high limits of the three indices."""
    kind = rng.randrange(6)
    if kind == 0:
        return [(-5, 5)] * 3
    if kind == 1:
        return [(-rng.randint(0, 6), rng.randint(0, 6)) for _ in range(3)]
    if kind == 2:
        return [(-8, 8), (-8, 8), (rng.randint(-2, 0), rng.randint(0, 2))]
    if kind == 3:
        return [(low := rng.randint(-4, 3), low + rng.randint(0, 3)) for _ in range(3)]
    if kind == 4:
        return [(0, 0)] * 3
    return [(-rng.randint(5, 9), rng.randint(5, 9)) for _ in range(3)]


def _amplitude(rng: random.Random) -> str:
    """Return the text of one amplitude; zeros, negative ones and exponents occur."""
    kind = rng.random()
    if kind < 0.05:
        return "0"
    if kind < 0.08:
        return f"-{rng.uniform(1, 100):.2f}"
    if kind < 0.12:
        return f"{rng.uniform(1, 500):.3e}"
    return f"{rng.uniform(0, 500):.{rng.choice([0, 1, 2, 4])}f}"


def _hkl_rows(rng: random.Random) -> list[tuple[int, int, int, str]]:
    """Return rows of (h, k, l, text of F): a box with or without gaps, in or out of order, some rows repeated."""
    (h0, h1), (k0, k1), (l0, l1) = _index_box(rng)
    keep = rng.choice([1, 1, 1, 0.8, 0.3])
    rows = [
        (h, k, m, _amplitude(rng))
        for h in range(h0, h1 + 1)
        for k in range(k0, k1 + 1)
        for m in range(l0, l1 + 1)
        if rng.random() < keep
    ] or [(0, 0, 0, "100")]
    if rng.random() < 0.3:
        rng.shuffle(rows)
    if rng.random() < 0.2:
        rows += [(*rng.choice(rows)[:3], _amplitude(rng)) for _ in range(5)]
    return rows


def hkl_file(rng: random.Random) -> str:
    """Return the text of an HKL file in one of several layouts."""
    rows = _hkl_rows(rng)
    layout = rng.choice(["{} {} {} {}", "{:4d}{:4d}{:4d} {:>9}", "{}\t{}\t{}\t{}", "  {:+d} {:+d} {:+d}   {}  "])
    lines = [layout.format(*row) for row in rows]
    if rng.random() < 0.1:
        lines.insert(rng.randrange(len(lines) + 1), "")
    if rng.random() < 0.05:
        # The reference reads no further than the first line that is no row.
        lines.insert(rng.randint(1, len(lines)), "# the rest is silence")
    text = rng.choice(["\n", "\n", "\n", "\r\n"]).join(lines)
    return text if rng.random() < 0.1 else text + "\n"


def dump_file(rng: random.Random) -> bytes:
    """Return a binary dump as the reference writes it: limits, then doubles with one more plane at the end of each axis."""
    limits = _index_box(rng)
    header = " ".join(f"{low} {high}" for low, high in limits) + "\n\f"
    counts = [high - low + 2 for low, high in limits]
    values = []
    for h in range(counts[0]):
        for k in range(counts[1]):
            for m in range(counts[2]):
                padding = h == counts[0] - 1 or k == counts[1] - 1 or m == counts[2] - 1
                values.append(0.0 if padding else round(rng.uniform(0, 500), rng.choice([0, 0, 2])))
    return header.encode() + struct.pack(f"<{len(values)}d", *values)


def source_file(rng: random.Random, beam: Sequence[float], wavelength: float) -> str:
    """Return the text of a source file: one to five rows of one to five columns around the direction of the beam."""
    columns = rng.choice([1, 2, 3, 3, 4, 5, 5])
    delimiter = rng.choice([" ", "  ", "\t", ", ", ",", " ; ", ":", "! "])
    lines = []
    for _ in range(rng.randint(1, 5)):
        position = [-10 * b + rng.uniform(-0.1, 0.1) for b in beam]
        row = [*position, rng.choice([1, 0.5, 2.5, 0]), wavelength * 1e-10 * rng.uniform(0.97, 1.03)][:columns]
        count = columns if rng.random() < 0.8 else rng.randint(1, columns)
        words = [f"{x:.6g}" for x in row[:count]]
        lines.append(rng.choice(["", "", " "]) + delimiter.join(words) + rng.choice(["", "", " "]))
    if rng.random() < 0.1:
        lines.insert(rng.randrange(len(lines) + 1), "   ")
    if rng.random() < 0.05:
        # A comment is a row of its own in the reference; this one has a wavelength left to the default.
        lines.append("# 0.3 0.4")
    return "\n".join(lines) + "\n"


def smv_keys(rng: random.Random, scene: Scene) -> list[tuple[str, str]]:
    """Return some header keys about the geometry, in any order: the reference takes the last place where a word occurs."""
    possible = [
        ("PIXEL_SIZE", number(rng, scene.pixel)),
        ("DISTANCE", number(rng, scene.distance)),
        ("CLOSE_DISTANCE", number(rng, scene.distance * rng.uniform(0.95, 1.05))),
        ("WAVELENGTH", number(rng, scene.wavelength)),
        ("BEAM_CENTER_X", number(rng, scene.somewhere(rng))),
        ("BEAM_CENTER_Y", number(rng, scene.somewhere(rng))),
        (rng.choice(["ORGX", "XDS_ORGX"]), number(rng, scene.fast * rng.uniform(0.2, 0.8))),
        (rng.choice(["ORGY", "XDS_ORGY"]), number(rng, scene.slow * rng.uniform(0.2, 0.8))),
        ("PHI", number(rng, rng.choice([0, 12.5, -3]))),
        ("OSC_RANGE", number(rng, rng.choice([0.5, 1, 0]))),
        ("OSC_START", "12.5"),
        ("TWOTHETA", number(rng, rng.choice([0, 7]))),
        ("DETECTOR_SN", "000"),
    ]
    keys = [key for key in possible if rng.random() < 0.5]
    if all(name != "PIXEL_SIZE" for name, _ in keys) and rng.random() < 0.7:
        keys.append(("PIXEL_SIZE", number(rng, scene.pixel)))
    if rng.random() < 0.5:
        rng.shuffle(keys)
    return keys


def smv_image(fast: int, slow: int, pixels: Sequence[int], keys: Sequence[tuple[str, str]], header_bytes: int = 512) -> bytes:
    """Return an SMV image of 16-bit pixels; the keys follow the usual ones."""
    lines = [f"HEADER_BYTES={header_bytes}", "DIM=2", "BYTE_ORDER=little_endian", "TYPE=unsigned_short"]
    lines += [f"SIZE1={fast}", f"SIZE2={slow}"] + [f"{key}={value}" for key, value in keys]
    header = "{\n" + "".join(line + ";\n" for line in lines) + "}\f"
    return header.ljust(header_bytes).encode() + struct.pack(f"<{len(pixels)}H", *pixels)
