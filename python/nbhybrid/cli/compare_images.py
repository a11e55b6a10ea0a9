"""``nbhybrid compare-images``."""

from __future__ import annotations

import argparse
import pathlib

from nbhybrid.cli.console import flush, say


def parser() -> argparse.ArgumentParser:
    """Return the parser of the command's words."""
    words = argparse.ArgumentParser(
        prog="nbhybrid compare-images",
        description="Compare two images pixel by pixel: raw float32 (-floatfile), SMV, PGM, .npy, .npz with one image, "
        "an image of a series in HDF5 (--image), or CBF where fabio is installed. "
        "The exit status is 0 if they are identical, or within --rtol; 1 if not; 2 for bad input.",
    )
    words.add_argument("first")
    words.add_argument("second")
    words.add_argument("--shape", nargs=2, type=int, metavar=("SLOW", "FAST"), help="of raw images that are not square")
    words.add_argument("--image", type=int, metavar="N", help="number of the image, of series in HDF5")
    words.add_argument("--rtol", type=float, default=0.0, help="relative differences up to this, above the floor, are the same")
    words.add_argument(
        "--floor", type=float, default=1e-6, help="look at relative errors where A exceeds this share of its maximum (1e-6)"
    )
    words.add_argument("--report", type=pathlib.Path, help="folder for summary.md, summary.json, env.json and images.png")
    return words


def run(words: list[str]) -> int:
    """Compare and return the exit status."""
    options = parser().parse_args(words)
    from nbhybrid.images import has_shape, read_image
    from nbhybrid.parity.compare_images import compare_images
    from nbhybrid.parity.image_report import finding, save_picture, to_dict, to_markdown

    names = [options.first, options.second]
    shape = tuple(options.shape) if options.shape else None
    # First the file that has a shape: the other may be raw and take it from this one.
    images = {name: read_image(name, shape, options.image) for name in names if has_shape(name)}
    known = shape or next((image.pixels.shape for image in images.values()), None)
    images |= {name: read_image(name, known, options.image) for name in names if name not in images}
    comparison = compare_images(images[names[0]], images[names[1]], options.rtol, options.floor)
    if options.report:
        from nbhybrid.parity.files import write_report

        pictures = {"images.png": lambda path: save_picture(comparison, path)}
        write_report(options.report, to_markdown(comparison, "images.png"), to_dict(comparison), pictures)
    say(finding(comparison) + "\n")
    flush()
    return 0 if comparison.same else 1
