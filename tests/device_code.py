"""What nvcc makes of a .cu file: code for the virtual machine and for the device, and what ptxas says of it. Each file once."""

import collections
import dataclasses
import functools
import os
import pathlib
import re
import shutil
import struct
import subprocess
import sysconfig
import tempfile

import pytest

ROOT = pathlib.Path(__file__).resolve().parents[1]
# A kernel for each shape and way of sharing out pixels: one to a thread, two neighbours to a thread (of one image, of several), one
# to a warp. Without double there is none for spheres.
RENDER_KERNELS = {"render_exact.cu": 16, "render_fast.cu": 16, "render_float.cu": 12}
RENDER_FLAGS = {"render_exact.cu": "-fmad=false", "render_fast.cu": "-fmad=true", "render_float.cu": "-fmad=false"}
NVCC = shutil.which("nvcc", path=None) or shutil.which("nvcc", path="/usr/local/cuda/bin")


@dataclasses.dataclass
class Resources:
    """What a kernel takes of a multiprocessor."""

    registers: int
    stack_bytes: int
    spill_bytes: int


@dataclasses.dataclass
class Compiled:
    """A file for sm_90: code for the virtual machine, machine code, and ptxas's report."""

    ptx: str
    cubin: bytes
    report: str

    def ptx_of_kernels(self):
        """Return the virtual machine's code of each kernel, by its name."""
        parts = re.split(r"^(?:\.visible )?\.entry (\w+)\(", self.ptx, flags=re.MULTILINE)
        return dict(zip(parts[1::2], parts[2::2], strict=True))

    def resources(self):
        """Return the resources of each kernel."""
        found = {}
        for part in self.report.split("Compiling entry function ")[1:]:
            name = re.match(r"'(\w+)'", part)[1]
            stack, stores, loads = map(
                int, re.search(r"(\d+) bytes stack frame, (\d+) bytes spill stores, (\d+) bytes spill loads", part).groups()
            )
            found[name] = Resources(int(re.search(r"Used (\d+) registers", part)[1]), stack, stores + loads)
        return found

    def machine_code(self):
        """Return the bytes of each kernel's instructions."""
        return {name[len(".text.") :]: code for name, code in sections_of(self.cubin).items() if name.startswith(".text.")}

    def instructions(self):
        """Return how often each kernel has each instruction of the device, modifiers of the rounding included."""
        with tempfile.TemporaryDirectory() as folder:
            (pathlib.Path(folder) / "code.cubin").write_bytes(self.cubin)
            text = disassembled(pathlib.Path(folder) / "code.cubin")
        parts = re.split(r"^\s*Function : (\w+)", text, flags=re.MULTILINE)
        counted = re.compile(r"\*/\s+(?:@!?U?P\w+\s+)?([A-Z][\w.]*)")
        return {name: collections.Counter(counted.findall(code)) for name, code in zip(parts[1::2], parts[2::2], strict=True)}


@functools.cache
def compiled(source, *flags):
    """Compile a file below the repository, or by its full path; skip, and say so, where there is no nvcc."""
    if NVCC is None:
        pytest.skip("there is no nvcc: the device's code is NOT looked at")
    path = ROOT / source
    with tempfile.TemporaryDirectory() as folder:
        words = [NVCC, "-std=c++17", "-arch=sm_90", "-DNBHYBRID_ISA=looked_at", f"-I{ROOT / 'csrc'}", f"-I{ROOT / 'cuda'}"]
        words += ["-Xptxas", "-v", "--keep", "--keep-dir", folder, "-cubin", "-o", f"{folder}/code.cubin", *flags, str(path)]
        done = subprocess.run(words, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr
        made = pathlib.Path(folder)
        return Compiled((made / f"{path.stem}.ptx").read_text(), (made / "code.cubin").read_bytes(), done.stdout + done.stderr)


def sections_of(elf):
    """Return the sections of a 64-bit ELF file, by their names."""
    assert elf[:5] == b"\x7fELF\x02"
    start = struct.unpack_from("<Q", elf, 0x28)[0]
    size, count, names = struct.unpack_from("<HHH", elf, 0x3A)
    heads = [struct.unpack_from("<IIQQQQ", elf, start + i * size) for i in range(count)]
    nobits = 8
    contents = [b"" if kind == nobits else elf[at : at + length] for _, kind, _, _, at, length in heads]
    strings = contents[names]
    return {strings[head[0] : strings.index(b"\0", head[0])].decode(): body for head, body in zip(heads, contents, strict=True)}


def find_cuobjdump():
    """Return cuobjdump: of the CUDA toolkit, or of the package nvidia-cuda-cuobjdump; None if it is not here."""
    places = [os.environ.get("PATH", ""), "/usr/local/cuda/bin"]
    places += map(str, pathlib.Path(sysconfig.get_path("purelib")).glob("nvidia/*/bin"))
    return shutil.which("cuobjdump", path=os.pathsep.join(places))


def disassembled(cubin):
    """Return the machine code as text; skip, and say so, where the tool is not here."""
    tool = find_cuobjdump()
    if tool is None:
        pytest.skip("there is no cuobjdump (pip install nvidia-cuda-cuobjdump nvidia-cuda-nvdisasm): machine code is NOT looked at")
    # It looks for nvdisasm there.
    environment = {**os.environ, "PATH": f"{pathlib.Path(tool).parent}{os.pathsep}{os.environ.get('PATH', '')}"}
    done = subprocess.run([tool, "-sass", cubin], capture_output=True, text=True, check=False, env=environment)
    if "nvdisasm" in done.stderr:
        pytest.skip("there is no nvdisasm (pip install nvidia-cuda-nvdisasm): machine code is NOT looked at")
    assert done.returncode == 0, done.stderr
    return done.stdout
