"""Writes the seed corpus: one folder per fuzz target with small files, good ones and ones with a fault each."""

import struct
import sys
from pathlib import Path

NAN = float("nan")


def hkl_seeds():
    rows = "".join(f"{h:4d} {k:3d} {m:3d} {10.5 * (h + 2 * k + 3 * m):9.2f}\n" for h in (-1, 0, 2) for k in (0, 1) for m in (-2, 3))
    return {
        "rows": rows,
        "crlf": rows.replace("\n", "\r\n"),
        "comment": rows + "# end\n1 1 1 x\n",
        "comment_first": "# h k l F\n" + rows,
        "exponents": "0 0 0 1e-300\n+1 -1 007 .5E+2\n1 1 1 123456789012345678901234567890\n",
        "three_columns": "1 2 3\n",
        "five_columns": "1 2 3 4 5\n",
        "real_index": "1.0 2 3 4\n",
        "not_finite": "1 2 3 nan\n1 2 3 1e999\n",
        "large_index": "0 0 0 1\n1000000000 -1000000000 99999999999 1\n",
        "large_table": "0 0 0 1\n3000 3000 3000 1\n",
        "no_newline": "1 2 3 4",
        "blank": " \n\r\n\t\n",
    }


def fdump_seeds():
    def dump(header, values):
        return header.encode() + b"\n\x0c" + struct.pack(f"={len(values)}d", *values)

    good = dump("0 0 -1 -1 5 5", [1.5, 0, 0, 0, 0, 0, 0, 0])
    return {
        "one": good,
        "two": dump("-1 0 2 2 3 3", [1.5, 0, 0, 0, 2.5, 0, 0, 0, 0, 0, 0, 0]),
        "shifted": good.split(b"\x0c")[0] + b"\x0c" + b"\t \r" + good.split(b"\x0c")[1][3:],
        "truncated": good[:-1],
        "too_long": good + b"x",
        "not_finite": dump("0 0 -1 -1 5 5", [1.5, NAN, 0, 0, 0, 0, 0, 0]),
        "reversed": dump("0 0 1 -1 5 5", [1.5] * 8),
        "huge": dump("-1000000000 1000000000 -1000000000 1000000000 -1000000000 1000000000", [1.5]),
        "five_limits": dump("0 0 0 0 0", [1.5] * 8),
        "no_form_feed": good.replace(b"\x0c", b" "),
    }


def smv_seeds():
    def image(size1="SIZE1=3;\n", size2="SIZE2=2;\n", order="little_endian", header_bytes="512", more="", pixels=12):
        text = f"{{\nHEADER_BYTES={header_bytes};\nDIM=2;\nBYTE_ORDER={order};\nTYPE=unsigned_short;\n{size1}{size2}{more}}}\x0c"
        return text.encode().ljust(512) + bytes(range(pixels))

    return {
        "good": image(),
        "values": image(more="PIXEL_SIZE=0.1;\nDISTANCE=100;\nCLOSE_DISTANCE=99;\nPHI=nan;\nORGX\n"),
        "big_endian": image(order="big_endian"),
        "no_order": image(order="none"),
        "dimensions": image("SIZE1=0;\n", "DETECTOR_DIMENSIONS=2;\n"),
        "huge": image("SIZE1=2147483647;\n", "SIZE2=2147483647;\n"),
        "negative": image("SIZE1=-3;\n", "SIZE2=-2;\n"),
        "odd_header": image(header_bytes="511"),
        "long_header": image(header_bytes="1e7"),
        "infinite_header": image(header_bytes="inf"),
        "short_header": b"{\nHEADER_BYTES=100;\nBYTE_ORDER=little_endian;\nSIZE1=1;\nSIZE2=1;\n}".ljust(100) + b"\1\0",
        "truncated": image(pixels=11),
        "zero_byte": image(more="\0TYPE=float;\n"),
        "pgm": b"P5\n3 2\n255\n012345",
    }


def matrix_seeds():
    matrix = "-0.0283 -0.0030 0.0253\n-0.0287 0.0101 -0.0140\n0.0105 -0.0320 -0.0103\n"
    return {
        "matrix": matrix,
        "mosflm": matrix + " 0.000 0.000 0.000\n 78.0 78.0 37.0 90.0 90.0 90.0\n",
        "crlf": matrix.replace("\n", "\r\n"),
        "eight": "1 2 3 4 5 6 7 8",
        "not_finite": "1 2 3 4 5 6 7 8 inf",
        "word": "1 2 3 4 five 6 7 8 9",
        "sources": "-10 0 0 1.0 1e-10\n-10,0.1;0:2!1.1e-10\n\n-10 0 0\n",
        "comments": "# X Y Z weight lambda\n#1 2mm info nan\n-10 0 0\n# 0x10\r\n#",
    }


def main():
    root = Path(sys.argv[1] if len(sys.argv) > 1 else "seeds")
    for target, seeds in (
        ("hkl", hkl_seeds()),
        ("fdump", fdump_seeds()),
        ("smv", smv_seeds()),
        ("matrix", matrix_seeds()),
    ):
        folder = root / target
        folder.mkdir(parents=True, exist_ok=True)
        for name, content in seeds.items():
            (folder / name).write_bytes(content.encode() if isinstance(content, str) else content)


if __name__ == "__main__":
    main()
