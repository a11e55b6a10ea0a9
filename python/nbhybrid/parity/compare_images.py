"""Compares two images: how many pixels are the same, how far the others are apart, and where the spots are."""

from __future__ import annotations

import dataclasses
import math
from typing import TYPE_CHECKING, Any

import numpy as np

from nbhybrid.errors import InputFileError

if TYPE_CHECKING:
    import numpy.typing as npt

    from nbhybrid.images import Image

# Relative errors are looked at where the first image exceeds this share of its maximum: below it there is nothing to measure.
FLOOR = 1e-6
MOST_PEAKS = 500
MOST_WORST = 10
# A peak's counterpart lies within this many pixels.
PEAK_REACH = 3.0


@dataclasses.dataclass(frozen=True)
class Pixel:
    """A pixel that differs: its place, both values, how far they are apart."""

    slow: int
    fast: int
    first: float
    second: float
    relative: float
    units: int | None


@dataclasses.dataclass(frozen=True)
class Peaks:
    """Local maxima of both images, the pairs found, and the distances between their centroids in pixels."""

    first: int
    second: int
    matched: int
    median_distance: float
    largest_distance: float


@dataclasses.dataclass
class ImageComparison:
    """What two images have in common.

    Attributes
    ----------
    first, second : Image
    identical : int
        Pixels with the same bits.
    not_finite : (int, int)
        Pixels of each image that are no finite numbers.
    histogram : list of (str, int) or None
        Pixels by their distance in units in the last place (of float32; of one count for integers). None for images of
        different types.
    largest_units : int or None
    correlation : float
        Pearson's, over the pixels that are finite in both; NaN if an image is constant.
    sums : (float, float)
    floor : float
        Relative errors are counted where the first image exceeds it.
    largest_relative : float
        Above the floor, relative to the first image.
    rms_difference : float
    worst : list of Pixel
        By relative difference above the floor, then by absolute difference.
    peaks : Peaks
    rtol : float
    """

    first: Image
    second: Image
    identical: int
    not_finite: tuple[int, int]
    histogram: list[tuple[str, int]] | None
    largest_units: int | None
    correlation: float
    sums: tuple[float, float]
    floor: float
    largest_relative: float
    rms_difference: float
    worst: list[Pixel]
    peaks: Peaks
    rtol: float

    @property
    def pixels(self) -> int:
        """The number of pixels."""
        return int(self.first.pixels.size)

    @property
    def share_identical(self) -> float:
        """The share of pixels with the same bits."""
        return self.identical / self.pixels

    @property
    def sum_ratio(self) -> float:
        """The second image's sum over the first's."""
        return self.sums[1] / self.sums[0] if self.sums[0] else math.nan

    @property
    def identical_bits(self) -> bool:
        """True if every pixel has the same bits."""
        return self.identical == self.pixels

    @property
    def same(self) -> bool:
        """True if the images are identical, or agree within the relative tolerance that was asked for."""
        within = self.rtol > 0 and self.largest_relative <= self.rtol and self.not_finite == (0, 0)
        return self.identical_bits or within


def compare_images(first: Image, second: Image, rtol: float = 0.0, floor: float = FLOOR) -> ImageComparison:
    """Compare two images pixel by pixel.

    Parameters
    ----------
    first, second : Image
        Of the same shape.
    rtol : float
        Relative differences up to this are taken for the same; 0 demands all bits.
    floor : float
        As a share of the first image's maximum; see `ImageComparison.floor`.

    Raises
    ------
    InputFileError
        If their shapes differ.
    """
    if first.pixels.shape != second.pixels.shape:
        shapes = [f"{image.pixels.shape[0]} x {image.pixels.shape[1]}" for image in (first, second)]
        raise InputFileError(f"{first.path} has {shapes[0]} pixels (slow x fast), {second.path} has {shapes[1]}")
    a, b = first.pixels.astype(np.float64), second.pixels.astype(np.float64)
    finite = np.isfinite(a) & np.isfinite(b)
    not_finite = (int(a.size - np.isfinite(a).sum()), int(b.size - np.isfinite(b).sum()))
    a, b = np.where(finite, a, 0.0), np.where(finite, b, 0.0)
    units = units_apart(first.pixels, second.pixels)
    differs = units != 0 if units is not None else first.pixels != second.pixels
    level = floor * float(np.max(a, initial=0.0))
    relative = np.zeros_like(a)
    np.divide(np.abs(b - a), np.abs(a), out=relative, where=(a > level) & (a != 0))
    return ImageComparison(
        first=first,
        second=second,
        identical=int(a.size - differs.sum()),
        not_finite=not_finite,
        histogram=None if units is None else histogram(units),
        largest_units=None if units is None else int(units.max(initial=0)),
        correlation=correlation(a[finite], b[finite]),
        sums=(float(a.sum()), float(b.sum())),
        floor=level,
        largest_relative=float(relative.max(initial=0.0)),
        rms_difference=float(np.sqrt(np.mean((a - b) ** 2))),
        worst=_worst(first.pixels, second.pixels, differs, relative, units),
        peaks=match_peaks(find_peaks(a), find_peaks(b)),
        rtol=rtol,
    )


def units_apart(first: npt.NDArray[Any], second: npt.NDArray[Any]) -> npt.NDArray[np.int64] | None:
    """Return how many float32 numbers (or counts, for integers) lie between the pixels; None for different types.

    Equal bits are 0 apart, also of numbers that are not finite; zeros of different sign are 1 apart.
    """
    if first.dtype != second.dtype:
        return None
    if first.dtype != np.float32:
        return np.abs(first.astype(np.int64) - second.astype(np.int64)) if first.dtype.kind in "iu" else None
    apart: npt.NDArray[np.int64] = np.abs(_place(first) - _place(second))
    return apart


def _place(pixels: npt.NDArray[Any]) -> npt.NDArray[np.int64]:
    bits = np.ascontiguousarray(pixels, "<f4").view("<i4").astype(np.int64)
    return np.where(bits < 0, -(bits & 0x7FFFFFFF) - 1, bits)


def histogram(units: npt.NDArray[np.int64]) -> list[tuple[str, int]]:
    """Return the number of pixels 0, 1, 2, 3-4, 5-8, ... units apart, up to the last that occurs or 16384."""
    counted = [("0", int((units == 0).sum())), ("1", int((units == 1).sum()))]
    low, largest = 2, int(units.max(initial=0))
    while low <= largest:
        high = 2 if low == 2 else 2 * (low - 1)
        label = str(low) if high == low else f"{low}-{high}" if high <= 2**14 else f"over {low - 1}"
        last = label.startswith("over")
        counted.append((label, int(((units >= low) & ((units <= high) | last)).sum())))
        if last:
            break
        low = high + 1
    return counted


def correlation(a: npt.NDArray[np.float64], b: npt.NDArray[np.float64]) -> float:
    """Return Pearson's correlation coefficient; NaN if an array is constant."""
    if a.size == 0 or not np.ptp(a) or not np.ptp(b):
        return math.nan
    x, y = a - a.mean(), b - b.mean()
    return float((x * y).sum() / math.sqrt(float((x * x).sum()) * float((y * y).sum())))


def _worst(
    first: npt.NDArray[Any],
    second: npt.NDArray[Any],
    differs: npt.NDArray[np.bool_],
    relative: npt.NDArray[np.float64],
    units: npt.NDArray[np.int64] | None,
) -> list[Pixel]:
    places = np.flatnonzero(differs)
    absolute = np.abs(second.ravel()[places].astype(np.float64) - first.ravel()[places].astype(np.float64))
    absolute[np.isnan(absolute)] = np.inf
    order = np.lexsort((absolute, relative.ravel()[places]))[::-1][:MOST_WORST]
    found = []
    for place in places[order]:
        slow, fast = (int(i) for i in np.unravel_index(int(place), first.shape))
        distance = None if units is None else int(units[slow, fast])
        found.append(Pixel(slow, fast, first[slow, fast].item(), second[slow, fast].item(), float(relative[slow, fast]), distance))
    return found


def find_peaks(pixels: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """Return the centroids (slow, fast) of the brightest local maxima, at most 500, each over its 3 x 3 pixels.

    A local maximum exceeds the mean by three standard deviations. Pixels at the edge have no neighbours and are left out.
    """
    if min(pixels.shape) < 3:
        return np.empty((0, 2))
    middle = pixels[1:-1, 1:-1]
    peak = middle > pixels.mean() + 3 * pixels.std()
    slow, fast = middle.shape
    shifts = [(i, j) for i in (0, 1, 2) for j in (0, 1, 2) if (i, j) != (1, 1)]
    for i, j in shifts:
        neighbour = pixels[i : i + slow, j : j + fast]
        # Of equal neighbours the first is the peak.
        peak &= middle > neighbour if (i, j) < (1, 1) else middle >= neighbour
    places = np.argwhere(peak)
    brightness = middle[peak]
    places = places[np.argsort(-brightness, kind="stable")[:MOST_PEAKS]]
    offsets = np.array([_centroid(pixels[i : i + 3, j : j + 3]) for i, j in places]).reshape(-1, 2)
    centroids: npt.NDArray[np.float64] = places + 1 + offsets
    return centroids


def _centroid(window: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    weights = window - window.min()
    offsets = np.array([-1.0, 0.0, 1.0])
    moments = np.array([(weights.sum(axis=1) * offsets).sum(), (weights.sum(axis=0) * offsets).sum()])
    centroid: npt.NDArray[np.float64] = moments / weights.sum()
    return centroid


def match_peaks(first: npt.NDArray[np.float64], second: npt.NDArray[np.float64]) -> Peaks:
    """Pair peaks that are each other's nearest, within `PEAK_REACH` pixels."""
    if not len(first) or not len(second):
        return Peaks(len(first), len(second), 0, math.nan, math.nan)
    distance = np.hypot(first[:, None, 0] - second[None, :, 0], first[:, None, 1] - second[None, :, 1])
    nearest = distance.argmin(axis=1)
    mutual = distance.argmin(axis=0)[nearest] == np.arange(len(first))
    apart = distance[np.arange(len(first)), nearest][mutual]
    apart = apart[apart <= PEAK_REACH]
    if not len(apart):
        return Peaks(len(first), len(second), 0, math.nan, math.nan)
    return Peaks(len(first), len(second), len(apart), float(np.median(apart)), float(apart.max()))
