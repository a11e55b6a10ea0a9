"""What nvcc makes of the exact engine's kernels: no product and sum are joined but where the code says so."""

import re

import pytest
from device_code import ROOT, compiled

SHAPES = 4


def ptx_of(source, *flags):
    """Return the code for the virtual machine, which the assembler may not contract where a rounding is named."""
    return compiled(f"cuda/{source}", *flags).ptx


def kernels_of(source, *flags):
    """Return the code of each kernel that decides or traces pixels, by its name."""
    kernels = compiled(f"cuda/{source}", *flags).ptx_of_kernels()
    return {name: code for name, code in kernels.items() if re.search("(decide|trace)_pixels", name)}


def test_the_build_joins_nothing():
    text = (ROOT / "cuda" / "cuda.cmake").read_text()
    assert re.search(r"target_compile_options\(nbhybrid_cuda_exact .*-fmad=false", text)
    assert "use_fast_math" not in text
    exact = re.search(r"set\(exact_sources (.*)\)", text)[1].split()
    assert {"cuda/render_exact.cu", "cuda/trace_exact.cu", "cuda/noise.cu"} <= set(exact)


@pytest.mark.parametrize("source", ["render_exact.cu", "trace_exact.cu"])
def test_joined_operations_are_those_of_multiply_add(source):
    kernels = kernels_of(source, "-fmad=false")
    assert len(kernels) == SHAPES
    for name, code in kernels.items():
        assert len(re.findall(r"\bfma\.rn\.f64\b", code)) > 10, name
        # Without a rounding mode the assembler may join them. Nothing may flush small numbers to zero.
        assert re.findall(r"\b(?:add|sub|mul|mad|fma|div|sqrt)\.(?!rn|lo|hi|wide|s|u|cc)\S*f(?:32|64)", code) == [], name
        assert ".ftz" not in code, name
        assert ".approx" not in code, name


def test_without_multiply_add_there_is_none():
    kernels = kernels_of("render_exact.cu", "-fmad=false", "-DNBHYBRID_NO_MULTIPLY_ADD")
    assert len(kernels) == SHAPES
    assert {name for name, code in kernels.items() if re.search(r"\b(fma|mad)\.\S*f(32|64)", code)} == set()


def test_the_check_would_notice():
    """With the compiler's own rules there are such instructions."""
    kernels = kernels_of("render_exact.cu", "-DNBHYBRID_NO_MULTIPLY_ADD")
    assert all("fma.rn.f64" in code for code in kernels.values())


def test_noise_is_the_hosts():
    code = ptx_of("noise.cu", "-fmad=false")
    assert not re.search(r"\bfma\.\S*f64|\.ftz|\.approx", code)
