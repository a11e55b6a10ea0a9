"""What cannot be done is refused in one line that names the culprit, before anything is written."""

import dataclasses

import pytest
from helpers import PROGRAM, SMALL_WORDS, error_line, run, smv_bytes, snapshot

OLD_OUTPUTS = ("floatimage.bin", "intimage.img", "image.pgm", "noiseimage.img")
DUMP = b"0 1 0 1 0 1\n\f" + bytes(8 * 27)
PLAIN = smv_bytes(24, 24)


@dataclasses.dataclass
class Refused:
    """A command line that is refused: words after those of a small sound run, input files, what the message must contain."""

    name: str
    words: str
    needles: tuple[str, ...]
    files: dict[str, bytes] = dataclasses.field(default_factory=dict)
    instead: bool = False  # the words are the whole command line

    def __str__(self):
        return self.name


def each(name, option, values, *needles):
    """Return a case for each bad value of an option."""
    return [Refused(f"{name}: {option} {value}", f"{option} {value}", (option, *needles)) for value in values]


OPTIONS = [
    Refused("misspelt option", "-defualt_F 5", ("-defualt_F", "-default_F")),
    Refused("unknown long option", "--treads 2", ("--treads", "--threads")),
    Refused("no value at the end", "-lambda", ("-lambda",)),
    Refused("an option in place of a value", "-lambda -nopgm", ("-lambda", "-nopgm")),
    Refused("two of three values", "-misset 1 2", ("-misset",)),
    Refused("three of four values", "-roi 1 2 3", ("-roi",)),
    Refused("no number of threads", "--threads none", ("--threads", "none")),
    Refused("stray word", "hello", ("hello",)),
    *each("no number", "-distance", ["abc", "12mm", "1,5"]),
    *each("no number", "-detpixels", ["twelve"]),
    *each("no number", "-phisteps", ["two"]),
    *each("no number", "-seed", ["dice"]),
    Refused("no number among three", "-misset 1 two 3", ("-misset", "two")),
    *each("not finite", "-lambda", ["nan", "inf", "-inf", "1e999"]),
    *each("not finite", "-fluence", ["nan", "inf"]),
    *each("not finite", "-phi", ["nan", "inf"]),
    Refused("not finite among three", "-misset 1 nan 3", ("-misset", "nan")),
    Refused("not finite in a vector", "-beam_vector 1 inf 0", ("-beam_vector", "inf")),
]

VALUES = [
    *each("nothing or less", "-pixel", ["0", "-0.1"]),
    *each("nothing or less", "-detsize", ["0", "-10"]),
    *each("less than nothing", "-detpixels", ["-3"]),
    *each("nothing or less", "-distance", ["0", "-100"]),
    *each("nothing or less", "-close_distance", ["0", "-100"]),
    *each("nothing or less", "-lambda", ["0", "-1"]),
    *each("nothing or less", "-energy", ["0", "-9000"]),
    Refused("no edge", "-cell 50 0 70 90 90 90", ("-cell",)),
    Refused("no first edge", "-cell 0 60 70 90 90 90", ("-cell",)),
    Refused("flat cell", "-cell 50 60 70 120 120 120", ("-cell",)),
    Refused("cell that cannot close", "-cell 50 60 70 10 80 160", ("-cell",)),
    Refused("cell angle beyond 180", "-cell 50 60 70 90 200 90", ("-cell",)),
    Refused("vector without direction", "-beam_vector 0 0 0", ("-beam_vector",)),
    Refused("region beyond the image", "-roi 100 120 0 10", ("-roi",)),
    Refused("region from right to left", "-roi 10 5 0 10", ("-roi",)),
    Refused("an image beyond any machine", "-detpixels 2000000", ("GiB",)),
    Refused("steps beyond any machine", "-mosaic_domains 1000000 -mosaic 1 -phisteps 1000000 -osc 1", ("step",)),
    Refused("layers beyond any machine", "-detector_abs 300 -detector_thick 450 -detector_thicksteps 2000000000", ("layers",)),
    Refused("no crystal", "-default_F 10 -detpixels 8 -nonoise", ("-cell", "-mat"), instead=True),
    Refused("no structure factors", "-cell 50 60 70 -detpixels 8 -nonoise", ("-hkl", "-default_F"), instead=True),
]


def reading(name, option, content, *needles, extra=""):
    """Return a case of an input file that cannot be used; None for a missing one."""
    files = {} if content is None else {"bad.file": content}
    return Refused(f"{option}: {name}", f"{option} bad.file {extra}", ("bad.file", *needles), files)


FILES = [
    reading("missing", "-mat", None),
    reading("empty", "-mat", b""),
    reading("eight numbers", "-mat", b"0.02 0 0\n0 0.02 0\n0 0\n", "8", "9"),
    reading("words", "-mat", b"0.02 0 0\n0 zero 0\n0 0 0.02\n", "line 2", "zero"),
    reading("singular", "-mat", b"1 2 3\n2 4 6\n0 0 1\n"),
    reading("zero", "-mat", b"0 0 0 0 0 0 0 0 0\n"),
    reading("missing", "-hkl", None),
    reading("empty", "-hkl", b""),
    reading("blank", "-hkl", b"\n \n"),
    reading("three columns", "-hkl", b"0 0 1 10\n0 0 2\n0 0 3 10\n", "line 2"),
    reading("a word", "-hkl", b"0 0 1 10\n\n0 x 2 5\n", "line 3", "x"),
    reading("no amplitude", "-hkl", b"0 0 1 ten\n", "line 1", "ten"),
    reading("amplitude not finite", "-hkl", b"0 0 1 10\n0 0 2 nan\n", "line 2", "nan"),
    reading("an index that is no integer", "-hkl", b"0 0 1 10\n1.5 0 0 10\n", "line 2", "1.5"),
    reading("a table that does not fit", "-hkl", b"-4000 0 0 1\n4000 4000 4000 1\n", "GiB", "--max-table-gib"),
    reading("an index beyond all bounds", "-hkl", b"99999999999999 0 0 1\n", "line 1"),
    reading("truncated", "-dump", DUMP[:100]),
    reading("limits alone", "-dump", DUMP[:13]),
    reading("limits upside down", "-dump", b"1 0 0 1 0 1\n\f" + bytes(300)),
    reading("foreign", "-dump", b"\x89PNG\r\n\x1a\n" + bytes(200)),
    reading("a table that does not fit", "-dump", DUMP, "--max-table-gib", extra="--max-table-gib 1e-8"),
    reading("limits of a table that is not there", "-dump", b"-4000 4000 0 4000 0 4000\n\f" + bytes(300), "truncated"),
    Refused("truncated Fdump.bin in the folder", "", ("Fdump.bin",), {"Fdump.bin": DUMP[:100]}),
    Refused("foreign Fdump.bin in the folder", "", ("Fdump.bin",), {"Fdump.bin": b"no dump at all\n"}),
    reading("missing", "-sourcefile", None),
    reading("empty", "-sourcefile", b"\n"),
    reading("a word", "-sourcefile", b"-10 0 0\n-10 here 0\n", "line 2", "here"),
    reading("no direction", "-sourcefile", b"-10 0 0 1 1e-10\n0 0 0 1 1e-10\n"),
    reading("no wavelength", "-sourcefile", b"-10 0 0 1 0\n"),
    reading("missing", "-mask", None),
    reading("empty", "-mask", b""),
    reading("not SMV", "-mask", b"P5\n24 24\n255\n" + bytes(576)),
    reading("no size of the header", "-mask", PLAIN.replace(b"=512", b"=abc", 1), "HEADER_BYTES"),
    reading("no size of the image", "-mask", PLAIN.replace(b"SIZE1=24", b"SIZE1=-4"), "SIZE1"),
    reading("no byte order", "-mask", smv_bytes(24, 24, order="middle_endian"), "BYTE_ORDER", "middle_endian"),
    reading("truncated pixels", "-mask", PLAIN[:-10]),
    reading("truncated header", "-mask", PLAIN[:200]),
    reading("another size", "-mask", smv_bytes(20, 24), "20", "24", extra="-detpixels 24"),
    reading("missing", "-img", None),
    reading("not SMV", "-img", b"nothing of the kind"),
    *(
        Refused(
            f"-img: no {name} in the header",
            "-img bad.file -cell 70 80 90 75 85 95 -default_F 9 -oversample 1",
            ("bad.file", keyword, option),
            {"bad.file": smv_bytes(24, 24, keys=[(keyword, "-5")])},
            instead=True,
        )
        for name, keyword, option in [("distance", "DISTANCE", "-distance"), ("wavelength", "WAVELENGTH", "-lambda")]
    ),
]

OUTPUTS = [
    Refused("folder that does not exist", "-floatfile nowhere/f.bin", ("nowhere/f.bin",)),
    Refused("integer image likewise", "-intfile nowhere/i.img", ("nowhere/i.img",)),
    Refused("PGM image likewise", "-pgmfile nowhere/p.pgm", ("nowhere/p.pgm",)),
    Refused("noise image likewise", "-noisefile nowhere/n.img -seed 1", ("nowhere/n.img",)),
    Refused("path through a file", "-floatfile image.pgm/f.bin", ("image.pgm/f.bin",)),
    Refused(
        "dump in a folder that does not exist",
        "-hkl f.hkl -dump nowhere/d.bin",
        ("nowhere/d.bin",),
        {"f.hkl": b"0 0 1 9\n"},
    ),
    Refused("a folder in place of a file", "-floatfile .", (".",)),
    Refused("record in a folder that does not exist", "--json nowhere/r.json", ("nowhere/r.json",)),
    Refused(
        "trace in a folder that does not exist",
        "--trace-pixel 1 1 --trace-level steps --trace-file nowhere/t",
        ("nowhere/t",),
    ),
]


@pytest.mark.parametrize("case", [*OPTIONS, *VALUES, *FILES, *OUTPUTS], ids=str)
def test_refused(case, tmp_path):
    for name in OLD_OUTPUTS:
        (tmp_path / name).write_bytes(b"result of another day")
    for name, content in case.files.items():
        (tmp_path / name).write_bytes(content)
    before = snapshot(tmp_path)
    words = [] if case.instead else SMALL_WORDS
    done = run([*words, *case.words.split()], tmp_path, timeout=20)
    line = error_line(done)
    missing = [needle for needle in case.needles if needle not in line]
    assert not missing, f"{missing} not in: {line}"
    assert snapshot(tmp_path) == before


@pytest.mark.parametrize("option", ["-hkl", "-mat", "-mask", "-img", "-sourcefile", "-dump", "-floatfile", "--json"])
def test_a_file_has_a_name(option, tmp_path):
    line = error_line(run([*SMALL_WORDS, option, ""], tmp_path))
    assert option in line


def test_sound_run_is_not_refused(tmp_path):
    done = run(SMALL_WORDS, tmp_path)
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("words", [[], ["run"]], ids=["bare", "run"])
def test_without_arguments_there_is_help(words, tmp_path):
    done = run(words, tmp_path, command=PROGRAM)
    text = done.stdout + done.stderr
    assert done.returncode == 2
    assert "usage" in text.lower()
    assert "run" in text
    assert "Traceback" not in text
    assert snapshot(tmp_path) == {}
