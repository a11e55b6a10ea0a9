"""Copy what the tests need from a folder of reference results into this one.

    python tests/golden/update.py FOLDER

FOLDER holds cases.json, libm_probe.json, inputs/, images/, traces/ and corrected/ laid out as described in README.md.
Of the images only the float32 pixels are kept (of the largest only a crop of them).
"""

import argparse
import json
import pathlib
import shutil

import numpy as np

HERE = pathlib.Path(__file__).resolve().parent


def fresh(name):
    """Return an empty folder of this name beside the script."""
    folder = HERE / name
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    return folder


def copy_files(source, target, names):
    """Copy the named files with plain permissions."""
    for name in names:
        shutil.copyfile(source / name, target / name)


def copy_images(source, target):
    """Copy every npz, keeping the float32 pixels, whole or cropped."""
    for path in sorted(source.glob("*.npz")):
        with np.load(path) as held:
            np.savez_compressed(target / path.name, **{k: held[k] for k in ("float32", "crop") if k in held})


def copy_traces(source, target, cases):
    """Copy the summary and step traces of every traced pixel that cases.json names."""
    for name, case in cases.items():
        for pixel in case.get("trace_pixels", []):
            where = f"{pixel['slow']}_{pixel['fast']}"
            names = (f"{name}.trace_{where}.txt", f"{name}.steps_{where}.txt.gz")
            copy_files(source, target, [n for n in names if (source / n).exists()])


def main():
    """Copy everything and say how much it is."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=pathlib.Path)
    source = parser.parse_args().folder
    copy_files(source, HERE, ["cases.json", "libm_probe.json"])
    cases = json.loads((HERE / "cases.json").read_text())
    copy_files(source / "inputs", fresh("inputs"), sorted(p.name for p in (source / "inputs").iterdir()))
    copy_images(source / "images", fresh("images"))
    copy_traces(source / "traces", fresh("traces"), cases)
    corrected = fresh("corrected")
    copy_files(source / "corrected", corrected, ["cases.json"])
    copy_images(source / "corrected", corrected)
    total = sum(path.stat().st_size for path in HERE.rglob("*") if path.is_file())
    print(f"{len(cases)} cases, {total / 2**20:.1f} MiB")


if __name__ == "__main__":
    main()
