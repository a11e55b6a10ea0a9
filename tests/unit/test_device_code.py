"""What nvcc makes of the exact engine's kernels: no product and sum are joined but where the code says so."""

import pathlib
import re
import shutil
import subprocess

import pytest

ROOT = pathlib.Path(__file__).resolve().parents[2]
NVCC = shutil.which("nvcc", path=None) or shutil.which("nvcc", path="/usr/local/cuda/bin")
# For each way of sharing out pixels: one to a thread, two neighbours to a thread, one to a warp.
SHAPES, SHARES = 4, 3


def ptx_of(source, folder, *flags):
    """Return the code for the virtual machine, which the assembler may not contract where a rounding is named."""
    if NVCC is None:
        pytest.skip("there is no nvcc: the device's code is NOT looked at")
    name = folder / f"code{len(list(folder.iterdir()))}.ptx"
    words = [NVCC, "-std=c++17", "-arch=sm_90", "-DNBHYBRID_ISA=looked_at", f"-I{ROOT / 'csrc'}", f"-I{ROOT / 'cuda'}", *flags]
    done = subprocess.run(
        [*words, "-ptx", str(ROOT / "cuda" / source), "-o", str(name)], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    return name.read_text()


def kernels_of(ptx):
    """Return the code of each kernel that decides pixels, by its name."""
    parts = re.split(r"^\.visible \.entry (\w*decide_pixels\w*)\(", ptx, flags=re.MULTILINE)
    return dict(zip(parts[1::2], parts[2::2], strict=True))


def test_the_build_joins_nothing():
    text = (ROOT / "cuda" / "cuda.cmake").read_text()
    assert re.search(r"target_compile_options\(nbhybrid_cuda_exact .*-fmad=false", text)
    assert "use_fast_math" not in text
    exact = re.search(r"set\(exact_sources (.*)\)", text)[1].split()
    assert {"cuda/render_exact.cu", "cuda/noise.cu"} <= set(exact)


def test_joined_operations_are_those_of_multiply_add(tmp_path):
    kernels = kernels_of(ptx_of("render_exact.cu", tmp_path, "-fmad=false"))
    assert len(kernels) == SHAPES * SHARES
    for name, code in kernels.items():
        assert len(re.findall(r"\bfma\.rn\.f64\b", code)) > 10, name
        # Without a rounding mode the assembler may join them. Nothing may flush small numbers to zero.
        assert re.findall(r"\b(?:add|sub|mul|mad|fma|div|sqrt)\.(?!rn|lo|hi|wide|s|u|cc)\S*f(?:32|64)", code) == [], name
        assert ".ftz" not in code, name
        assert ".approx" not in code, name


def test_without_multiply_add_there_is_none(tmp_path):
    kernels = kernels_of(ptx_of("render_exact.cu", tmp_path, "-fmad=false", "-DNBHYBRID_NO_MULTIPLY_ADD"))
    assert len(kernels) == SHAPES * SHARES
    assert {name for name, code in kernels.items() if re.search(r"\b(fma|mad)\.\S*f(32|64)", code)} == set()


def test_the_check_would_notice(tmp_path):
    """With the compiler's own rules there are such instructions."""
    kernels = kernels_of(ptx_of("render_exact.cu", tmp_path, "-DNBHYBRID_NO_MULTIPLY_ADD"))
    assert all("fma.rn.f64" in code for code in kernels.values())


@pytest.mark.parametrize(("source", "flags"), [("render_exact.cu", ["-fmad=false"]), ("render_fast.cu", [])])
def test_arrays_stay_in_registers(source, flags, tmp_path):
    """Those of a thread with two pixels, too: an index that is not constant would put them in memory."""
    kernels = kernels_of(ptx_of(source, tmp_path, *flags))
    assert len(kernels) == SHAPES * SHARES
    assert [name for name, code in kernels.items() if ".local" in code] == []


def test_noise_is_the_hosts(tmp_path):
    code = ptx_of("noise.cu", tmp_path, "-fmad=false")
    assert not re.search(r"\bfma\.\S*f64|\.ftz|\.approx", code)
