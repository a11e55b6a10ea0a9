"""No input file, however broken, does more than end the run with one clear line."""

import pathlib
import random
import tempfile

import pytest
from helpers import error_line, hkl_text, run, smv_bytes, snapshot
from hypothesis import given, settings
from hypothesis import strategies as st

GIVEN = ["-N", "3", "-distance", "100", "-pixel", "1", "-oversample", "1", "-nonoise", "-noprogress"]
CELL = ["-cell", "50", "60", "70"]
EIGHT = ["-detpixels", "8"]

# By kind of file: the words that read it and a sound one.
READERS = {
    "hkl": (
        [*CELL, *EIGHT, "-hkl", "file"],
        hkl_text([(h, k, 1, 100 + h) for h in range(-2, 3) for k in (0, 1)]).encode(),
    ),
    "matrix": ([*EIGHT, "-default_F", "10", "-mat", "file"], b"0.02 0 0\n0 0.0166 0.001\n0 0 0.0143\n"),
    "sources": (
        [*CELL, *EIGHT, "-default_F", "10", "-sourcefile", "file"],
        b"-10 0 0 1 1e-10\n-10 0.1 0 1\n-10, 0, 0.1\n",
    ),
    "mask": ([*CELL, "-default_F", "10", "-mask", "file"], smv_bytes(8, 8, keys=[("PIXEL_SIZE", 1), ("DISTANCE", 90)])),
    "dump": ([*CELL, *EIGHT, "-dump", "file"], b"0 1 0 1 0 1\n\f" + bytes(8 * 27)),
    "stray dump": ([*CELL, *EIGHT, "-default_F", "10"], b"-1 0 0 0 0 1\n\f" + bytes(8 * 18)),
}
# Pieces that numbers, headers and limits are broken with.
PIECES = [
    b"",
    b"nan",
    b"-inf",
    b"1e999",
    b"99999999999999999999",
    b"-2147483648",
    b"2147483647",
    b"1e5",
    b"0",
    b"-",
    b"\0",
]
PIECES += [
    b"\n",
    b"\r",
    b"\f",
    b" ",
    b"=",
    b";",
    b"#",
    b"\xff\xfe",
    b"0x1p3",
    b"1,5",
    b"SIZE1=",
    b"HEADER_BYTES=7;",
    b"}",
]


def damage(content, seed):
    """Return the content with some pieces put in, taken out or repeated."""
    rng = random.Random(seed)
    for _ in range(rng.randint(1, 4)):
        start = rng.randrange(len(content) + 1)
        end = min(len(content), start + rng.choice([0, 0, 1, 3, 40]))
        piece = rng.choice([*PIECES, bytes(rng.randrange(256) for _ in range(3)), content[start:end] * 2])
        content = content[:start] + piece + content[end:]
    return content if rng.random() < 0.8 else content[: rng.randrange(len(content) + 1)]


def check(kind, content):
    """Run on this content: success, or a refusal that leaves nothing behind."""
    words = READERS[kind][0]
    with tempfile.TemporaryDirectory() as folder:
        pathlib.Path(folder, "Fdump.bin" if kind == "stray dump" else "file").write_bytes(content)
        before = snapshot(folder)
        done = run(["--max-table-gib", "0.01", *words, *GIVEN], folder, timeout=30)
        assert done.returncode in (0, 2), f"exit {done.returncode}: {done.stderr}"
        assert "Traceback" not in done.stderr
        if done.returncode == 2:
            assert error_line(done)
            assert snapshot(folder) == before


@pytest.mark.parametrize("kind", READERS)
def test_the_sound_file_is_read(kind):
    words, content = READERS[kind]
    with tempfile.TemporaryDirectory() as folder:
        pathlib.Path(folder, "Fdump.bin" if kind == "stray dump" else "file").write_bytes(content)
        done = run(["--max-table-gib", "0.01", *words, *GIVEN], folder)
        assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("kind", READERS)
@settings(parent=settings(), max_examples=4)
@given(content=st.binary(max_size=600))
def test_noise_as_a_file(kind, content):
    check(kind, content)


@pytest.mark.parametrize("kind", READERS)
@given(seed=st.integers(0, 2**32))
def test_damaged_files(kind, seed):
    check(kind, damage(READERS[kind][1], seed))
