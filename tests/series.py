"""What the tests of series share: a spec that is rendered at once, and one that takes a while."""

import json
import pathlib
import sys

from helpers import run, sha256

BATCH = [sys.executable, "-m", "nbhybrid", "batch"]
CRYSTAL = "-cell 70 80 90 75 85 95 -misset 10 20 30 -default_F 100 -N 5 -distance 100 -lambda 1 -fluence 1e26"
ARGS = f"{CRYSTAL} -pixel 0.8 -detpixels 20 -oversample 1"


def spec_text(args=ARGS, images=11, seed=5, form="npy", place="out", series="", **tables):
    """Return a spec; tables are named by keywords, each a text of lines."""
    parts = {
        "series": f'output = "{place}"\nseed = {seed}\n' + (f"images = {images}\n" if images is not None else "") + series,
        "experiment": f'args = "{args}"\n',
        "output": f'format = "{form}"\n',
    }
    for name, text in tables.items():
        parts[name] = parts.get(name, "") + text + "\n"
    return "".join(f"[{name}]\n{text}\n" for name, text in parts.items())


def write_spec(folder, name="spec.toml", **parts):
    """Write a spec into a folder and return its path."""
    path = pathlib.Path(folder) / name
    path.write_text(spec_text(**parts))
    return path


def batch(folder, *words, **options):
    """Run the command in a folder and return the finished process."""
    return run(words, folder, command=BATCH, **options)


def hashes(folder):
    """Return the hash of every file of a folder by its relative path."""
    folder = pathlib.Path(folder)
    return {str(path.relative_to(folder)): sha256(path) for path in sorted(folder.rglob("*")) if path.is_file()}


def parameters(folder, image):
    """Return the parameters of an image that has a file of its own."""
    return json.loads((pathlib.Path(folder) / "images" / f"image_{image:06d}.json").read_text())
