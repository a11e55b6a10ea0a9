"""Simulate the lysozyme image, check it against the reference's, and make a picture of it.

    python examples/lysozyme/demo.py [--out FOLDER] [options of nbhybrid run, such as --threads 4]

Writes into out/lysozyme unless told otherwise. The exit status is 0 only if the image is the reference's to the bit.
"""

import argparse
import json
import pathlib
import re
import subprocess
import sys

import numpy as np
from PIL import Image

HERE = pathlib.Path(__file__).resolve().parent
SLOW_PIXELS, FAST_PIXELS = 2527, 2463
PICTURE_WIDTH = 821  # a third of the image: each of its pixels is the strongest of 3 x 3
REFERENCE_SHA256 = "f7f4c59ddd5dd348691170c2ac1b75ff023a416e7872a7f3d7f15813097b603c"

# What nbhybrid says of these options, which are those of a published run: vectors with six digits, a custom frame whose origin
# the reference makes anew, one point a pixel, and a rotation that begins at exactly 0.
EXPECTED_WARNINGS = ("normal-replaced", "custom-convention", "pix0-overwritten", "undersampled", "phi-carryover")


def simulate(folder, extra):
    """Run the simulation in the folder and return what it printed and its record."""
    options = (HERE / "options.txt").read_text().split()
    files = ["-mat", str(HERE / "lyso_A.mat"), "-hkl", str(HERE / "lyso.hkl")]
    more = ["--ignore-warnings", ",".join(EXPECTED_WARNINGS), *extra]
    command = [sys.executable, "-m", "nbhybrid", "run", *files, *options, "--json", "record.json", *more]
    print("nbhybrid run -mat lyso_A.mat -hkl lyso.hkl", *options, *more, flush=True)
    done = subprocess.run(command, cwd=folder, check=False, stdout=subprocess.PIPE, text=True)
    if done.returncode != 0:
        sys.exit(done.returncode)
    return done.stdout, json.loads((folder / "record.json").read_text())


def picture(pixels):
    """Return a picture in which spots are dark and even faint ones can be seen."""
    step = FAST_PIXELS // PICTURE_WIDTH
    rows = SLOW_PIXELS // step
    blocks = pixels[: rows * step, : PICTURE_WIDTH * step].reshape(rows, step, PICTURE_WIDTH, step).max(axis=(1, 3))
    faintest, strongest = 1e-5, 1.0
    shade = np.log(np.clip(blocks, faintest, strongest) / faintest) / np.log(strongest / faintest)
    return Image.fromarray((255 * (1 - shade)).round().astype(np.uint8))


def main():
    """Do all of it."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", type=pathlib.Path, default=pathlib.Path("out") / "lysozyme")
    arguments, extra = parser.parse_known_args()
    arguments.out.mkdir(parents=True, exist_ok=True)
    text, record = simulate(arguments.out, extra)

    peak = re.search(r"^max_I = (\S+)", text, re.M).group(1)
    mean = re.search(r"^mean= (\S+)", text, re.M).group(1)
    digest = next(file["sha256"] for file in record["files"] if file["path"] == "floatimage.bin")
    pixels = np.fromfile(arguments.out / "floatimage.bin", "<f4").reshape(SLOW_PIXELS, FAST_PIXELS)
    picture(pixels).save(arguments.out / "lysozyme.png", optimize=True)

    seconds = ", ".join(f"{stage} {spent:.2f} s" for stage, spent in record["seconds"].items())
    print(f"max {peak}, mean {mean}")
    print(f"{seconds} ({record['threads']} threads)")
    print(f"floatimage.bin sha256 {digest}")
    same = digest == REFERENCE_SHA256
    print("This is the reference's image to the bit." if same else f"This is NOT the reference's image, {REFERENCE_SHA256}")
    print(f"A picture to look at: {arguments.out / 'lysozyme.png'}")
    return 0 if same else 1


if __name__ == "__main__":
    sys.exit(main())
