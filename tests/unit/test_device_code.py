"""What nvcc makes of the exact engine's kernels: no product and sum are joined but where the code says so."""

import re

import pytest
from device_code import RENDER_FLAGS as FLAGS
from device_code import RENDER_KERNELS as KERNELS
from device_code import ROOT, compiled

SHAPES = 4


def ptx_of(source, *flags):
    """Return the code for the virtual machine, which the assembler may not contract where a rounding is named."""
    return compiled(f"cuda/{source}", *flags).ptx


def kernels_of(source, *flags):
    """Return the code of each kernel that decides or traces pixels, by its name."""
    kernels = compiled(f"cuda/{source}", *flags).ptx_of_kernels()
    return {name: code for name, code in kernels.items() if re.search("(decide|trace)_pixels", name)}


def built_kernels(source):
    """Return the kernels as the build compiles them."""
    kernels = kernels_of(source, FLAGS[source])
    assert len(kernels) == KERNELS[source]
    return kernels


def blocks_of(code):
    """Return a kernel's blocks of instructions by their labels, in order, and where each may go."""
    blocks = {"": []}
    for line in map(str.strip, code.splitlines()):
        label = re.match(r"(\$L__BB\w+):", line)
        name = label[1] if label else next(reversed(blocks))
        blocks.setdefault(name, [])
        if line.endswith(";"):
            blocks[name].append(line)
    exits = {}
    for name, after in zip(blocks, [*list(blocks)[1:], None], strict=True):
        exits[name] = set(re.findall(r"\bbra(?:\.uni)?\s+(\$L__BB\w+)", "\n".join(blocks[name])))
        ends = blocks[name] and re.match(r"(bra|ret|exit|trap)\b", blocks[name][-1])
        if after is not None and not ends:
            exits[name].add(after)
    return blocks, exits


def reached_from(start, exits, without=None):
    """Return the blocks that can be reached from one, not by way of another."""
    seen, todo = set(), [start]
    while todo:
        block = todo.pop()
        if block not in seen and block != without:
            seen.add(block)
            todo += exits[block]
    return seen


def loops_of(code):
    """Return the loops of a kernel, each by the names of its blocks and its list of instructions."""
    blocks, exits = blocks_of(code)
    entries = {name: {other for other in blocks if name in exits[other]} for name in blocks}
    bodies = {}
    for head in blocks:
        beside = reached_from("", exits, without=head)
        back = {block for block in entries[head] if block not in beside}
        if back:
            bodies[head] = {head}.union(*(reached_from(block, entries, without=head) for block in back))
    return [(body, [line for block in blocks if block in body for line in blocks[block]]) for body in bodies.values()]


def orientation_loops(code):
    """Return the loops over orientations: the smallest with most of the arithmetic, and the search around them."""
    loops = loops_of(code)
    heavy = [(body, lines) for body, lines in loops if len(re.findall(r"\bfma\.rn\.f(?:32|64)\b", "\n".join(lines))) > 30]
    steps = [lines for body, lines in heavy if not any(other < body for other, _ in heavy)]
    searches = [lines for _, lines in loops if "vote.sync.ballot" in "\n".join(lines)]
    return steps + ([min(searches, key=len)] if searches else [])


def test_the_build_joins_nothing():
    text = (ROOT / "cuda" / "cuda.cmake").read_text()
    assert re.search(r"target_compile_options\(nbhybrid_cuda_exact .*-fmad=false", text)
    assert re.search(r"target_compile_options\(nbhybrid_cuda_float .*-fmad=false", text)
    assert re.search(r"set\(float_sources cuda/render_float.cu cuda/trace_float.cu\)", text)
    assert "use_fast_math" not in text
    exact = re.search(r"set\(exact_sources (.*)\)", text)[1].split()
    assert {"cuda/render_exact.cu", "cuda/trace_exact.cu", "cuda/noise.cu"} <= set(exact)


@pytest.mark.parametrize("source", ["render_exact.cu", "trace_exact.cu"])
def test_joined_operations_are_those_of_multiply_add(source):
    kernels = kernels_of(source, "-fmad=false")
    assert len(kernels) == KERNELS.get(source, SHAPES)
    for name, code in kernels.items():
        assert len(re.findall(r"\bfma\.rn\.f64\b", code)) > 10, name
        # Without a rounding mode the assembler may join them. Nothing may flush small numbers to zero.
        assert re.findall(r"\b(?:add|sub|mul|mad|fma|div|sqrt)\.(?!rn|lo|hi|wide|s|u|cc)\S*f(?:32|64)", code) == [], name
        assert ".ftz" not in code, name
        assert ".approx" not in code, name


def test_without_multiply_add_there_is_none():
    kernels = kernels_of("render_exact.cu", "-fmad=false", "-DNBHYBRID_NO_MULTIPLY_ADD")
    assert len(kernels) == KERNELS["render_exact.cu"]
    assert {name for name, code in kernels.items() if re.search(r"\b(fma|mad)\.\S*f(32|64)", code)} == set()


def test_the_check_would_notice():
    """With the compiler's own rules there are such instructions."""
    kernels = kernels_of("render_exact.cu", "-DNBHYBRID_NO_MULTIPLY_ADD")
    assert all("fma.rn.f64" in code for code in kernels.values())


@pytest.mark.parametrize("source", KERNELS)
def test_arrays_stay_in_registers(source):
    """Those of a thread with two pixels, too: an index that is not constant would put them in memory."""
    assert [name for name, code in built_kernels(source).items() if ".local" in code] == []


def test_without_double_in_the_loops():
    """Where double is slow, the fast engine goes through the orientations without any."""
    for name, code in built_kernels("render_float.cu").items():
        loops = orientation_loops(code)
        assert loops, name
        assert [line for loop in loops for line in loop if ".f64" in line] == [], name


def test_double_in_the_loops_would_be_noticed():
    for name, code in built_kernels("render_fast.cu").items():
        loops = orientation_loops(code)
        assert loops, name
        assert all(".f64" in "\n".join(loop) for loop in loops), name


def test_noise_is_the_hosts():
    code = ptx_of("noise.cu", "-fmad=false")
    assert not re.search(r"\bfma\.\S*f64|\.ftz|\.approx", code)
