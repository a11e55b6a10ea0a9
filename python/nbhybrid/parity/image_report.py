"""Comparisons of images as text, as JSON and as a picture."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from nbhybrid.images import title_of_kind

if TYPE_CHECKING:
    import pathlib

    import numpy.typing as npt

    from nbhybrid.parity.compare_images import ImageComparison

# Longest edge of a panel of the picture, in image pixels; larger images are reduced by the maximum over blocks, which keeps spots.
LARGEST_PANEL = 1000


def finding(c: ImageComparison) -> str:
    """Return the comparison in a few lines."""
    if c.identical_bits:
        return f"identical: {_shape(c)}"
    lines = [
        f"{'within the tolerance' if c.same else 'different'}: {c.pixels - c.identical} of {_shape(c)} differ",
        f"  identical pixels   {100 * c.share_identical:.4f} %",
        f"  correlation        {c.correlation:.12g}",
        f"  sum ratio B/A      {c.sum_ratio:.12g}",
        f"  largest relative   {c.largest_relative:.3g} where A exceeds {c.floor:.3g}",
    ]
    if c.largest_units is not None:
        lines.append(f"  largest distance   {c.largest_units} {_unit(c)}")
    if c.not_finite != (0, 0):
        lines.append(f"  not finite         {c.not_finite[0]} pixels of A, {c.not_finite[1]} of B")
    lines.append(f"  {_peaks(c)}")
    worst = c.worst[0]
    lines.append(f"  worst pixel        ({worst.slow}, {worst.fast}): {worst.first:.9g} and {worst.second:.9g}")
    return "\n".join(lines)


def to_markdown(c: ImageComparison, picture: str | None = None) -> str:
    """Return the comparison as a page of Markdown; `picture` is the name of the PNG beside it."""
    verdict = "Identical" if c.identical_bits else "Within the tolerance" if c.same else "Different"
    lines = [
        f"# {verdict}",
        "",
        f"A: `{c.first.path}` ({title_of_kind(c.first.kind)})  ",
        f"B: `{c.second.path}` ({title_of_kind(c.second.kind)})  ",
    ]
    lines += [f"{_shape(c)} (slow x fast), relative tolerance {c.rtol:g}", ""]
    lines += ["| | |", "| --- | --- |", *(f"| {name} | {value} |" for name, value in _rows(c)), ""]
    if picture:
        lines += [f"![A, B, their difference and its histogram]({picture})", ""]
    if c.histogram and not c.identical_bits:
        lines += ["## Distances", "", f"| {_unit(c)} | pixels |", "| --- | --- |"]
        lines += [f"| {label} | {count} |" for label, count in c.histogram if count]
        lines.append("")
    if c.worst:
        lines += [
            "## Worst pixels",
            "",
            f"| slow | fast | A | B | relative | {_unit(c)} |",
            "| --- | --- | --- | --- | --- | --- |",
        ]
        for p in c.worst:
            units = "" if p.units is None else p.units
            lines.append(f"| {p.slow} | {p.fast} | {p.first:.9g} | {p.second:.9g} | {p.relative:.3g} | {units} |")
        lines.append("")
    return "\n".join(lines)


def to_dict(c: ImageComparison) -> dict[str, Any]:
    """Return the comparison as values for JSON; what is not finite becomes null."""

    def number(value: float) -> float | None:
        return value if math.isfinite(value) else None

    return {
        "same": c.same,
        "identical": c.identical_bits,
        "first": c.first.path,
        "second": c.second.path,
        "kinds": [c.first.kind, c.second.kind],
        "shape": list(c.first.pixels.shape),
        "pixels": c.pixels,
        "identical_pixels": c.identical,
        "not_finite": list(c.not_finite),
        "histogram": None if c.histogram is None else dict(c.histogram),
        "largest_units": c.largest_units,
        "correlation": number(c.correlation),
        "sums": [number(s) for s in c.sums],
        "sum_ratio": number(c.sum_ratio),
        "floor": c.floor,
        "largest_relative": c.largest_relative,
        "rms_difference": c.rms_difference,
        "rtol": c.rtol,
        "peaks": {
            "first": c.peaks.first,
            "second": c.peaks.second,
            "matched": c.peaks.matched,
            "median_distance_pixels": number(c.peaks.median_distance),
            "largest_distance_pixels": number(c.peaks.largest_distance),
        },
        "worst": [
            {
                "slow": p.slow,
                "fast": p.fast,
                "first": number(p.first),
                "second": number(p.second),
                "relative": p.relative,
                "units": p.units,
            }
            for p in c.worst
        ],
    }


def save_picture(c: ImageComparison, path: pathlib.Path) -> None:
    """Draw both images, their difference and the histogram of distances as a PNG."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.colors import PowerNorm
    from matplotlib.figure import Figure

    figure = Figure(figsize=(11, 10), layout="constrained")
    FigureCanvasAgg(figure)
    panels = figure.subplots(2, 2)
    a, b = (_reduced(image.pixels, largest=True) for image in (c.first, c.second))
    brightest = max(float(a.max(initial=0)), float(b.max(initial=0))) or 1.0
    extent = (-0.5, c.first.pixels.shape[1] - 0.5, c.first.pixels.shape[0] - 0.5, -0.5)
    for panel, name, pixels in ((panels[0, 0], "A", a), (panels[0, 1], "B", b)):
        drawn = panel.imshow(pixels, norm=PowerNorm(0.3, 0, brightest, clip=True), cmap="viridis", extent=extent)
        panel.set_title(f"{name} (power 0.3)")
        figure.colorbar(drawn, ax=panel, shrink=0.8)
    apart = _reduced(c.second.pixels.astype(float) - c.first.pixels.astype(float), largest=False)
    limit = float(abs(apart).max(initial=0)) or 1.0
    drawn = panels[1, 0].imshow(apart, cmap="RdBu_r", vmin=-limit, vmax=limit, extent=extent)
    panels[1, 0].set_title("B - A")
    figure.colorbar(drawn, ax=panels[1, 0], shrink=0.8)
    for panel in (panels[0, 0], panels[0, 1], panels[1, 0]):
        panel.set_xlabel("fast (pixels)")
        panel.set_ylabel("slow (pixels)")
    _draw_histogram(panels[1, 1], c)
    figure.savefig(path, dpi=90, metadata={"Software": None})


def _draw_histogram(panel: Any, c: ImageComparison) -> None:
    counted = c.histogram or []
    panel.bar([label for label, _ in counted], [count for _, count in counted], color="0.35")
    panel.set_yscale("log")
    panel.set_ylim(0.5, None)
    panel.set_xlabel(f"distance ({_unit(c)})")
    panel.set_ylabel("pixels")
    panel.set_title(f"{100 * c.share_identical:.4g} % identical")
    panel.tick_params("x", rotation=90)


def _reduced(pixels: npt.NDArray[Any], largest: bool) -> npt.NDArray[Any]:
    """Return the image with blocks replaced by their largest pixel, or by the one farthest from 0."""
    import numpy as np

    pixels = np.nan_to_num(pixels.astype(float), nan=0.0, posinf=0.0, neginf=0.0)
    size = -(-max(pixels.shape) // LARGEST_PANEL)
    if size == 1:
        return pixels
    padded = np.pad(pixels, [(0, -n % size) for n in pixels.shape], mode="edge")
    blocks = padded.reshape(padded.shape[0] // size, size, padded.shape[1] // size, size)
    high: npt.NDArray[Any] = blocks.max(axis=(1, 3))
    low: npt.NDArray[Any] = blocks.min(axis=(1, 3))
    return high if largest else np.where(high > -low, high, low)


def _shape(c: ImageComparison) -> str:
    sources = {image.shape_source for image in (c.first, c.second)} - {"", "as given"}
    return f"{c.first.pixels.shape[0]} x {c.first.pixels.shape[1]} pixels" + (f", {sources.pop()}" if sources else "")


def _unit(c: ImageComparison) -> str:
    return "float32 ulps" if c.first.pixels.dtype == "float32" else "counts"


def _peaks(c: ImageComparison) -> str:
    p = c.peaks
    if p.matched == 0:
        return f"peaks              {p.first} and {p.second}, none matched"
    return (
        f"peaks              {p.matched} matched of {p.first} and {p.second}, "
        f"apart by {p.median_distance:.3g} (median) to {p.largest_distance:.3g} pixels"
    )


def _rows(c: ImageComparison) -> list[tuple[str, str]]:
    rows = [
        ("identical pixels", f"{c.identical} of {c.pixels} ({100 * c.share_identical:.6g} %)"),
        ("correlation", f"{c.correlation:.12g}"),
        ("sums of A and B", f"{c.sums[0]:.9g} and {c.sums[1]:.9g}, ratio B/A {c.sum_ratio:.12g}"),
        (f"largest relative error where A exceeds {c.floor:.3g}", f"{c.largest_relative:.6g}"),
        ("root of the mean squared difference", f"{c.rms_difference:.6g}"),
        ("peaks", _peaks(c).removeprefix("peaks").strip()),
    ]
    if c.largest_units is not None:
        rows.insert(1, ("largest distance", f"{c.largest_units} {_unit(c)}"))
    if c.not_finite != (0, 0):
        rows.append(("not finite", f"{c.not_finite[0]} of A, {c.not_finite[1]} of B"))
    return rows
