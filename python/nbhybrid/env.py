"""What a result was made with."""

from __future__ import annotations

import importlib.metadata
import platform
import re
import subprocess
import sys
import time
from typing import Any

from nbhybrid import _core
from nbhybrid._version import __version__
from nbhybrid.cores import usable_cores
from nbhybrid.libm import libm_verdict

PACKAGES = ("nbhybrid-cuda", "numpy", "torch", "Pillow", "matplotlib", "fabio", "h5py", "dask", "distributed", "tqdm")
VECTOR_FLAGS = ("sse4_2", "avx", "avx2", "fma", "avx512f", "avx512dq", "avx512vl")


def environment() -> dict[str, Any]:
    """Return versions, machine and time as values for JSON.

    torch and CUDA are not loaded for it: their versions come from what is installed, the GPU's from its driver's tool.
    """
    return {
        "nbhybrid": {"version": __version__, "commit": _core.commit},
        "python": platform.python_version(),
        "packages": {name: _installed(name) for name in PACKAGES},
        "platform": platform.platform(),
        "libc": " ".join(platform.libc_ver()),
        "libm": libm_verdict(),
        "processor": {"name": _processor(), "vector_flags": _vector_flags(), "isa_in_use": _core.isa()},
        "threads": usable_cores(),
        "cuda": {"device": None, "driver": None, **_cuda_device(), "toolkit": _cuda_toolkit()},
        "executable": sys.executable,
        "time": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
    }


def _installed(name: str) -> str | None:
    try:
        return importlib.metadata.version(name)
    except importlib.metadata.PackageNotFoundError:
        return None


def _cpuinfo(key: str) -> str:
    try:
        with open("/proc/cpuinfo", encoding="utf-8") as file:
            return next((line.split(":", 1)[1].strip() for line in file if line.startswith(key)), "")
    except OSError:
        return ""


def _processor() -> str:
    return _cpuinfo("model name") or platform.processor()


def _vector_flags() -> list[str]:
    present = set(_cpuinfo("flags").split())
    return [flag for flag in VECTOR_FLAGS if flag in present]


def _output_of(*command: str) -> str:
    """Return what a tool prints, nothing if it is not there or fails."""
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=10, check=False)
    except (OSError, subprocess.TimeoutExpired):
        return ""
    return done.stdout if done.returncode == 0 else ""


def _cuda_device() -> dict[str, str]:
    printed = _output_of("nvidia-smi", "--query-gpu=name,driver_version", "--format=csv,noheader").strip()
    if not printed:
        return {}
    name, driver = printed.splitlines()[0].rsplit(",", 1)
    return {"device": name.strip(), "driver": driver.strip()}


def _cuda_toolkit() -> str | None:
    found = re.search(r"release ([\d.]+)", _output_of("nvcc", "--version"))
    return found[1] if found else None
