"""Photon-counting noise."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

from nbhybrid import _core
from nbhybrid.arrays import ArrayValueError, device_buffer, is_on_cuda, kind_of, out_buffer, room_like, take
from nbhybrid.cores import usable_cores
from nbhybrid.devices import cuda_extension
from nbhybrid.errors import ModelError

if TYPE_CHECKING:
    from collections.abc import Callable

    import numpy.typing as npt

_WORD = 2**32


def poisson(
    image: Any,
    seed: int,
    *,
    generator: Literal["counter", "reference"] = "counter",
    image_number: int = 0,
    panel: int = 0,
    region: tuple[int | None, int | None, int | None, int | None] | None = None,
    out: Any = None,
    threads: int | None = None,
    watch: Callable[[float], bool] | None = None,
) -> Any:
    """Return the photons counted where the pixels' values are expected.

    Parameters
    ----------
    image : array_like of float32 or float64, (slow, fast) or (n, slow, fast), or a list of panels
        Photons expected in each pixel: what `Simulator.run` or `simulate_batch` returns.
    seed : int
        0 to 2**63 - 1.
    generator : {"counter", "reference"}
        ``"counter"``: the count of a pixel depends on nothing but the seed, the number of the image, the panel, the pixel and its
        value, so that images may be made in any order and on any number of threads. ``"reference"``: the stream of nanoBragg.c
        with ``-seed``, one pixel after the other; of a single image.
    image_number : int
        Number of the image, or of the first of several; 0 to 2**32 - 1.
    panel : int
        Number of the panel, or of the first in a list; 0 to 2**32 - 1.
    region : (int or None, int or None, int or None, int or None), optional
        For the reference's generator: first and last slow pixel, first and last fast pixel, as of a `Detector`; outside, counts
        are 0 and nothing is drawn.
    out : array or tensor of float32, optional
        Where to write, of the image's shape; may be the image itself. It is returned. Not for a list of panels. For an
        image in the memory of a CUDA device it must lie there too.
    threads : int, optional
        By default the cores this process may use.
    watch : callable, optional
        As for `Simulator.run`.

    Returns
    -------
    numpy.ndarray, torch.Tensor or cupy.ndarray of float32
        Whole numbers, of the image's shape and kind, and on its device. The reference's noise image has them plus 40 (``-adc``), at
        most 65535: ``numpy.minimum(counts + 40, 65535).astype(numpy.uint16)``.

    Raises
    ------
    ArrayTypeError, ArrayValueError
        If the image is none, or holds a negative or infinite value.
    ModelError
        For a seed, a number or a region that cannot be.

    Notes
    -----
    The counter-based deviates are those of Philox 4x32-10 (Salmon et al., Proc. SC11 (2011) 16), turned into counts by inversion
    for means below 10 and by Hoermann's PTRS (Insurance: Math. Econ. 12 (1993) 39) from there on.
    """
    _check_number("seed", seed, 2**63)
    _check_number("image_number", image_number, _WORD)
    _check_number("panel", panel, _WORD)
    if generator not in ("counter", "reference"):
        raise ModelError(f"generator: found {generator!r}, expected counter or reference")
    if generator == "counter" and region is not None:
        raise ModelError("region: is for the reference's generator")
    if isinstance(image, (list, tuple)) and image and all(getattr(each, "ndim", 0) == 2 for each in image):
        if out is not None or generator == "reference":
            raise ModelError("a list of panels takes neither out nor the reference's generator")
        return [
            poisson(each, seed, image_number=image_number, panel=panel + i, threads=threads, watch=watch)
            for i, each in enumerate(image)
        ]
    if is_on_cuda(image):
        return _on_device(image, seed, generator, image_number, panel, out)
    means = _means(image)
    counts = _room(means.shape) if out is None else out_buffer(out, "out", means.shape)
    if generator == "reference":
        if means.ndim != 2:
            raise ArrayValueError(f"image: found {means.shape[0]} images, expected one for the reference's generator")
        _core.reference_noise(means, counts, seed, _bounds(region, means.shape))
    else:
        images = means.shape[0] if means.ndim == 3 else 1
        _check_number("image_number", image_number + max(images - 1, 0), _WORD)
        pixels = means.shape[-1] * means.shape[-2]
        _core.counter_noise(means, counts, seed, image_number, panel, images, pixels, threads or usable_cores(), watch)
    return kind_of(image).give(counts) if out is None else out


def _on_device(image: Any, seed: int, generator: str, image_number: int, panel: int, out: Any) -> Any:
    """Do the same on a CUDA device, in whose memory the image lies. Values below 0 are not looked for: they count as 0."""
    if generator != "counter":
        raise ModelError("generator: only counter works on a device, not reference: copy the image to the host")
    shapes = (("slow", "fast"), ("n", "slow", "fast"))
    means = device_buffer(image, "image", shapes, ("float32", "float64"), for_output=False)
    out = room_like(image, "image", means.shape, means.device) if out is None else out
    counts = device_buffer(out, "out", (means.shape,), device=means.device, where=f"image lies on cuda:{means.device}")
    images = means.shape[0] if len(means.shape) == 3 else 1
    _check_number("image_number", image_number + max(images - 1, 0), _WORD)
    pixels = means.shape[-1] * means.shape[-2]
    where = (means.device, means.address, means.dtype == "float64", counts.address)
    with counts.work(means):
        cuda_extension().counter_noise(*where, seed, image_number, panel, images, pixels, counts.stream)
    return out


def _means(image: Any) -> npt.NDArray[Any]:
    """Return the image as float32 or float64, checked."""
    wide = "float64" in str(getattr(image, "dtype", "float64"))
    shape = ("n", "slow", "fast") if getattr(image, "ndim", 2) == 3 else ("slow", "fast")
    means = take(image, "image", shape, "float64" if wide else "float32")
    if means.size and means.min() < 0:
        raise ArrayValueError(f"image: found the value {means.min()}, expected photons: none below 0")
    return means


def _room(shape: tuple[int, ...]) -> npt.NDArray[Any]:
    import numpy as np

    return np.empty(shape, np.float32)


def _check_number(name: str, value: int, end: int) -> None:
    if isinstance(value, bool) or not hasattr(value, "__index__") or not 0 <= value < end:
        raise ModelError(f"{name}: found {value!r}, expected a whole number from 0 to {end - 1}")


def _bounds(region: tuple[int | None, int | None, int | None, int | None] | None, shape: tuple[int, ...]) -> tuple[int, ...]:
    """Return first and last pixel along slow and fast."""
    last = (shape[0] - 1, shape[0] - 1, shape[1] - 1, shape[1] - 1)
    given = (None,) * 4 if region is None else region
    if len(given) != 4:
        raise ModelError(f"region: found {region!r}, expected first and last pixel along slow and fast")
    usual = (0, last[0], 0, last[2])
    bounds = tuple(usual[i] if v is None else v for i, v in enumerate(given))
    if any(not 0 <= v <= most for v, most in zip(bounds, last, strict=True)):
        raise ModelError(f"region: found {region!r}, expected pixels inside {shape[0]} x {shape[1]}")
    return bounds
