"""What ptxas makes of the kernels: nothing is left of the trace where there is none, and it joins no product and sum.

The device has no instruction for a quotient or a root: ptxas puts a sequence with joined operations in its place, and a subroutine
for the numbers that the sequence does not do. How many, a probe tells. All others must stand in the virtual machine's code, which
tests/unit/test_device_code.py looks at.
"""

import re

import pytest
from device_code import RENDER_FLAGS, RENDER_KERNELS, compiled

EXACT = "-fmad=false"
NO_TRACE = "-DNBHYBRID_WITHOUT_TRACE"
NO_MULTIPLY_ADD = "-DNBHYBRID_NO_MULTIPLY_ADD"
SHAPES = 4

PROBE = """
__global__ void one_div(double* x) { x[0] = x[1] / x[2]; }
__global__ void two_div(double* x) { x[0] = x[1] / x[2]; x[4] = x[5] / x[6]; }
__global__ void one_rcp(double* x) { x[0] = 1.0 / x[1]; }
__global__ void two_rcp(double* x) { x[0] = 1.0 / x[1]; x[4] = 1.0 / x[5]; }
__global__ void one_sqrt(double* x) { x[0] = sqrt(x[1]); }
__global__ void two_sqrt(double* x) { x[0] = sqrt(x[1]); x[4] = sqrt(x[5]); }
"""
OPERATIONS = ("div", "rcp", "sqrt")


def decides(name):
    return "decide_pixels" in name


def of_pixels(by_name):
    """Return what belongs to the kernels that decide or trace pixels."""
    return {name: value for name, value in by_name.items() if decides(name) or "trace_pixels" in name}


@pytest.mark.parametrize("name", RENDER_KERNELS)
def test_nothing_is_left_of_the_trace(name):
    """Compiled with the statements that note values for a trace, and without them, the machine code is the same."""
    words = f"cuda/{name}", RENDER_FLAGS[name]
    with_hooks, without = compiled(*words), compiled(*words, NO_TRACE)
    assert sum(map(decides, with_hooks.machine_code())) == RENDER_KERNELS[name]
    assert with_hooks.machine_code() == without.machine_code()
    assert with_hooks.resources() == without.resources()


def test_a_trace_would_be_noticed():
    """Where there is one, these statements make other code, with more to store; and they are in the headers that both compile."""
    traced, without = compiled("cuda/trace_exact.cu", EXACT), compiled("cuda/trace_exact.cu", EXACT, NO_TRACE)
    codes, fewer = of_pixels(traced.machine_code()), of_pixels(without.machine_code())
    assert len(codes) == SHAPES
    for name, code in codes.items():
        assert len(code) > len(fewer[name]), name
        assert traced.ptx_of_kernels()[name].count("st.") > without.ptx_of_kernels()[name].count("st.") + 20, name


@pytest.mark.parametrize("name", RENDER_KERNELS)
def test_everything_stays_in_registers(name):
    found = of_pixels(compiled(f"cuda/{name}", RENDER_FLAGS[name]).resources())
    assert len(found) == RENDER_KERNELS[name]
    for kernel, resources in found.items():
        assert (resources.stack_bytes, resources.spill_bytes) == (0, 0), (kernel, resources)


@pytest.fixture(scope="session")
def probe(tmp_path_factory):
    """Return for each operation how often its sequence, and its subroutine, have each joined instruction."""
    path = tmp_path_factory.mktemp("probe") / "probe.cu"
    path.write_text(PROBE)
    counts = {re.sub(r"^_Z\d+|P[df]$", "", name): found for name, found in compiled(str(path), EXACT).instructions().items()}
    sequences, subroutines = {}, {}
    for operation in OPERATIONS:
        one, two = (joined(counts[f"{number}_{operation}"]) for number in ("one", "two"))
        sequences[operation] = tuple(b - a for a, b in zip(one, two, strict=True))
        subroutines[operation] = tuple(2 * a - b for a, b in zip(one, two, strict=True))
    return sequences, subroutines


def joined(counts):
    """Return how many operations are joined, in double and in float."""
    return tuple(sum(number for name, number in counts.items() if name.split(".")[0] == kind) for kind in ("DFMA", "FFMA"))


def expected(ptx, probe):
    """Return the same for code of the virtual machine."""
    total = [len(re.findall(rf"\bfma\.rn\.f{bits}\b", ptx)) for bits in (64, 32)]
    for operation in OPERATIONS:
        number = len(re.findall(rf"\b{operation}\.rn\.f64\b", ptx))
        for i in range(2):
            total[i] += number * probe[0][operation][i] + (probe[1][operation][i] if number else 0)
    return tuple(total)


def test_the_probe_knows_sequences(probe):
    sequences, subroutines = probe
    assert all(sequences[operation][0] >= 4 and subroutines[operation][0] >= 4 for operation in OPERATIONS)


CODES = [
    ("cuda/render_exact.cu", EXACT),
    ("cuda/render_exact.cu", EXACT, NO_MULTIPLY_ADD),
    ("cuda/trace_exact.cu", EXACT),
    ("cuda/noise.cu", EXACT),
]


@pytest.mark.parametrize("words", CODES, ids=" ".join)
def test_the_assembler_joins_nothing(words, probe):
    made = compiled(*words)
    ptx, found = made.ptx_of_kernels(), made.instructions()
    assert ptx
    for name, code in ptx.items():
        if NO_MULTIPLY_ADD in words:
            assert "fma.rn" not in code, name
        assert joined(found[name]) == expected(code, probe), name


def test_the_assembler_would_be_noticed(probe):
    """By the compiler's own rules ptxas joins some that its input has apart; a look at that alone would not see them."""
    made = compiled("cuda/render_exact.cu", NO_MULTIPLY_ADD)
    found = of_pixels(made.instructions())
    assert len(found) == RENDER_KERNELS["render_exact.cu"]
    for name, counts in found.items():
        assert joined(counts)[0] > expected(made.ptx_of_kernels()[name], probe)[0] + 10, name
