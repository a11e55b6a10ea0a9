"""The hot loops of each copy of the kernel are vector instructions of the level's width: compilers give that up in silence.

Only innermost loops are looked at, and only their arithmetic on doubles. Compilers add scalar loops for what is left of a row of
lanes, and exceptions are scalar: what is demanded is that each shape has a loop in vectors that is long enough for its function.
The baseline of x86-64 has no instruction that rounds to whole numbers: its sines are scalar, and nothing is demanded of it.
NBHYBRID_BUILD names another folder of a build than build/dev.
"""

import collections
import functools
import operator
import os
import pathlib
import re
import shutil
import subprocess

import pytest

ROOT = pathlib.Path(__file__).resolve().parents[2]
BUILD = pathlib.Path(os.environ.get("NBHYBRID_BUILD", ROOT / "build" / "dev"))
OBJECTS = {
    match.group(1): path
    for path in sorted(BUILD.glob("CMakeFiles/nbhybrid_isa_*.dir/**/*.o"))
    if (match := re.search(r"nbhybrid_isa_(\w+)\.dir", str(path)))
}
REGISTERS = {"v2": "%xmm", "v3": "%ymm", "v4": "%zmm"}
SHAPES = {"square": 0, "round": 1, "gauss": 2, "tophat": 3}
# Products and sums of the function that makes a lattice factor, at least: six sines of eight; a sine and a cosine of sixteen; an
# exponential of fifteen and a squared length of fifteen; that length.
OF_A_FUNCTION = {"square": 48, "round": 32, "gauss": 30, "tophat": 15}
ARITHMETIC = re.compile(r"v?(?:fn?m(?:add|sub)\d+|mul|add|sub|div)([ps])d")
# A loop with a few scalar instructions among its vectors still is a vector loop.
MOSTLY = 0.9
# Of the arithmetic in all loops of a group. Found are 0.4 to 1, with gcc 11 and 12 and clang 14; 0 if loops are not vectorised.
SMALLEST_SHARE = 0.25
# Of a polynomial's loop that is arithmetic: 0.6 to 0.8 is found. Loops for exceptions are rather shuffles and moves: up to 0.4.
DENSE = 0.5
FOUND = "found (vector, scalar, all instructions) of each loop"


@functools.cache
def functions(path):
    """Return (name, [(address, instruction)]) of each function of an object file."""
    words = ["objdump", "--disassemble", "--demangle", "--no-show-raw-insn", "--wide", str(path)]
    listed = subprocess.run(words, capture_output=True, text=True, check=True).stdout
    found = re.findall(r"^[0-9a-f]+ <(.*)>:\n((?:.+\n)*)", listed, re.MULTILINE)
    lines = re.compile(r"^ *([0-9a-f]+):\t(.*)$", re.MULTILINE)
    return [(name, [(int(address, 16), text) for address, text in lines.findall(body)]) for name, body in found]


def innermost_loops(lines):
    """Return the instructions of each loop, which ends with a jump back, that holds no other loop."""
    jumps = ((address, re.match(r"j\w+ +([0-9a-f]+)\b", text)) for address, text in lines)
    loops = {(int(to[1], 16), address) for address, to in jumps if to and int(to[1], 16) <= address}
    for begin, end in loops:
        if not any((begin, end) != other and begin <= other[0] and other[1] <= end for other in loops):
            yield [text for address, text in lines if begin <= address <= end]


def arithmetic(instructions, register):
    """Return how many instructions compute with whole registers of this kind, how many with one number, and how many there are."""
    kinds = [(ARITHMETIC.fullmatch(text.split()[0]), text) for text in instructions if text.split()]
    packed = sum(1 for match, text in kinds if match and match[1] == "p" and register in text)
    return packed, sum(1 for match, _ in kinds if match and match[1] == "s"), len(instructions)


def loops_of(level):
    """Return how often loops of (packed, scalar, all) occur in the exact kernels: those that all shapes have, and the others."""
    by_shape = {}
    for shape, number in SHAPES.items():
        kernel = f"CrystalShape){number}, (nbhybrid::kernel::SquareSines)0"
        named = [lines for name, lines in functions(OBJECTS[level]) if kernel in name]
        assert named, f"no function of the {shape} crystal's exact kernel, expected {kernel} in a name"
        loops = (arithmetic(loop, REGISTERS[level]) for lines in named for loop in innermost_loops(lines))
        by_shape[shape] = collections.Counter(loop for loop in loops if any(loop[:2]))
    common = functools.reduce(operator.and_, by_shape.values())
    return {"common": common, **{shape: loops - common for shape, loops in by_shape.items()}}


def share_of_vectors(loops):
    packed = sum(loop[0] * number for loop, number in loops.items())
    return packed / sum((loop[0] + loop[1]) * number for loop, number in loops.items())


@pytest.fixture(params=REGISTERS)
def loops(request):
    """Return the loops of a level."""
    if shutil.which("objdump") is None:
        pytest.skip("there is no objdump: whether the kernel is made of vector instructions is NOT tested")
    if request.param not in OBJECTS:
        pytest.skip(f"no object of {request.param} in {BUILD} (make test builds it on x86-64): its instructions are NOT looked at")
    return loops_of(request.param)


@pytest.mark.parametrize("group", ["common", *SHAPES])
def test_much_of_the_arithmetic_is_in_vectors(loops, group):
    share = share_of_vectors(loops[group])
    assert share >= SMALLEST_SHARE, f"{share:.2f} of the instructions, {FOUND}: {dict(loops[group])}"


@pytest.mark.parametrize("shape", SHAPES)
def test_the_function_of_a_shape_is_in_vectors(loops, shape):
    vectors = [packed for packed, scalar, all_ in loops[shape] if packed >= max(MOSTLY * (packed + scalar), DENSE * all_)]
    assert max(vectors, default=0) >= OF_A_FUNCTION[shape], f"{FOUND}: {dict(loops[shape])}"
