"""What the tests share: how to find and run the command under test, and how to look at what it left behind."""

import hashlib
import os
import pathlib
import shlex
import subprocess
import sys

import numpy as np

GOLDEN = pathlib.Path(__file__).resolve().parent / "golden"
# The program that computes all golden images.
GOLDEN_IMAGES = GOLDEN.parent / "golden_images.py"

# Any drop-in command may be put to the test: NBHYBRID_CMD='path/to/program run'.
COMMAND = shlex.split(os.environ.get("NBHYBRID_CMD", "")) or [sys.executable, "-m", "nbhybrid", "run"]

# The program without its subcommand.
PROGRAM = COMMAND[:-1] if COMMAND[-1] == "run" else COMMAND

# A crystal and a detector small enough that a run is over at once.
SMALL = "-cell 70 80 90 75 85 95 -misset 10 20 30 -default_F 100 -N 5 -distance 100 -lambda 1 -pixel 0.8"
SMALL_WORDS = [*SMALL.split(), "-detpixels", "24", "-oversample", "1", "-nonoise"]

# Golden runs that no device takes, and the option that is in the way.
NOT_FOR_DEVICES = {
    **dict.fromkeys(("interp_auto_N1", "interp_auto_N2", "interp_forced_N5", "interp_runs_out_of_range"), "-interpolate"),
    "oversample_all": "-oversample_thick, -oversample_polar, -oversample_omega",
    **{name: f"-{name}" for name in ("oversample_omega", "oversample_polar", "oversample_thick")},
}


def run(words, folder, timeout=120, command=None, **options):
    """Run the command with these words in this folder and return the finished process with its text."""
    return subprocess.run(
        [*(command or COMMAND), *(str(word) for word in words)],
        cwd=folder,
        check=False,
        capture_output=True,
        text=True,
        errors="replace",
        timeout=timeout,
        **options,
    )


class DlpackOnly:
    """An array of another package, which exports DLPack and nothing else."""

    def __init__(self, array):
        self.array = array

    def __dlpack__(self, **options):
        return self.array.__dlpack__(**options)

    def __dlpack_device__(self):
        return self.array.__dlpack_device__()


def finish(process, timeout=20):
    """Wait for a process that was told to end, and return what it printed; one that does not end is killed."""
    try:
        return process.communicate(timeout=timeout)
    finally:
        process.kill()


def run_well(words, folder, **options):
    """Run and demand success."""
    done = run(words, folder, **options)
    assert done.returncode == 0, f"exit {done.returncode}: {shlex.join(map(str, words))}\n{done.stderr}"
    return done


def sha256(path):
    """Return the hash of a file as hexadecimal digits."""
    return hashlib.sha256(pathlib.Path(path).read_bytes()).hexdigest()


def snapshot(folder):
    """Return what a folder holds: relative paths and the bytes of each file, None for a folder."""
    folder = pathlib.Path(folder)
    return {str(path.relative_to(folder)): path.read_bytes() if path.is_file() else None for path in sorted(folder.rglob("*"))}


def float_image(folder, shape, name="floatimage.bin"):
    """Return the float image of a finished run as an array of this shape (slow, fast)."""
    return np.fromfile(pathlib.Path(folder) / name, "<f4").reshape(shape)


def units_apart(first, second):
    """Return elementwise how many float32 numbers lie between two arrays."""

    def place(pixels):
        bits = np.ascontiguousarray(pixels, "<f4").view(np.int32).astype(np.int64)
        return np.where(bits < 0, -(bits & 0x7FFFFFFF), bits)

    return np.abs(place(first) - place(second))


def describe_difference(got, want):
    """Return in words how two float32 images differ."""
    if got.shape != want.shape:
        return f"shape {got.shape}, expected {want.shape}"
    apart = units_apart(got, want)
    worst = np.unravel_index(int(apart.argmax()), apart.shape)
    return (
        f"{100 * float((apart == 0).mean()):.4f} % of the pixels identical, largest difference {int(apart.max())} units at "
        f"(slow, fast) {tuple(int(i) for i in worst)}: {got[worst]:.9g}, expected {want[worst]:.9g}"
    )


def smv_bytes(fast, slow, pixels=None, keys=(), header_bytes=512, order="little_endian"):
    """Return an SMV image as bytes; keys are (name, value) pairs that follow the usual ones."""
    lines = [f"HEADER_BYTES={header_bytes}", "DIM=2", f"BYTE_ORDER={order}", "TYPE=unsigned_short"]
    lines += [f"SIZE1={fast}", f"SIZE2={slow}"] + [f"{key}={value}" for key, value in keys]
    header = "{\n" + "".join(line + ";\n" for line in lines) + "}\f"
    if pixels is None:
        pixels = np.ones(fast * slow, "<u2")
    return header.ljust(header_bytes).encode() + np.asarray(pixels, "<u2").tobytes()


def hkl_text(rows):
    """Return rows of (h, k, l, amplitude) as the text of an HKL file."""
    return "".join(f"{h} {k} {m} {amplitude}\n" for h, k, m, amplitude in rows)


def error_line(done):
    """Return the one line of a refusal, after checking that it is one: exit 2, nothing on stdout, no traceback."""
    assert done.returncode == 2, f"exit {done.returncode}, expected 2\n{done.stdout}\n{done.stderr}"
    lines = [line for line in done.stderr.splitlines() if not line.startswith("nbhybrid: warning:")]
    assert len(lines) == 1, f"expected one line on stderr, got:\n{done.stderr}"
    assert "Traceback" not in done.stderr
    assert done.stdout == "", f"expected nothing on stdout, got:\n{done.stdout}"
    return lines[0]
