"""Images from files and into files, in the formats of `nbhybrid.formats`."""

from __future__ import annotations

import dataclasses
import math
import os
from typing import TYPE_CHECKING, Any

from nbhybrid._version import __version__
from nbhybrid.errors import InputFileError, ModelError
from nbhybrid.fields import PATH, number, part
from nbhybrid.formats import USUAL_ADC, Images, all_formats, format_of, parameters_of, write, written_formats
from nbhybrid.input_warnings import warn

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

    from nbhybrid.experiment import Experiment
    from nbhybrid.formats import Format

# What 16 bits hold, and so what may be added to photons.
LARGEST_COUNT = 65535
_ADC = number(least=-LARGEST_COUNT, most=LARGEST_COUNT)


@dataclasses.dataclass(frozen=True)
class Image:
    """An image that was read from a file.

    Attributes
    ----------
    path : str
    kind : {"float", "smv", "pgm", "cbf", "numpy", "hdf5"}
    pixels : numpy.ndarray, (slow, fast)
        float32, uint16, uint8, or whatever a CBF or an array file holds.
    shape_source : str
        Where the shape comes from, for files that do not say.
    """

    path: str
    kind: str
    pixels: npt.NDArray[Any]
    shape_source: str = ""


def read_image(path: str | os.PathLike[str], shape: tuple[int, int] | None = None, number: int | None = None) -> Image:
    """Read an image; what it is shows in its first bytes.

    Parameters
    ----------
    path : path-like
        A file that begins as an SMV, PGM, CBF, ``.npy`` or ``.npz`` file does; any other is taken for raw float32, as
        ``-floatfile`` writes it. An ``.npz`` file must hold one array of two dimensions.
    shape : (slow, fast), optional
        Of a raw image. Without it the image must be square.
    number : int, optional
        Of the image in a series that ``nbhybrid batch`` has written in HDF5, which need not be said if there is one alone.

    Raises
    ------
    InputFileError
        If the file is missing, malformed or not of that shape; for a series, if the image failed or its piece is missing.
    """
    name = os.fspath(path)
    try:
        with open(name, "rb") as file:
            start = file.read(32)
    except OSError as error:
        raise InputFileError(f"{name}: cannot be read: {error.strerror or error}") from error
    found = _format_that_begins(start)
    if found is None:
        return _read_float(name, shape)
    assert found.read is not None
    return Image(name, found.kind, found.read(name, number))


def _format_that_begins(start: bytes) -> Format | None:
    """Return the format of a file that begins so; None for raw numbers, which begin with anything."""
    return next((each for each in all_formats() if each.begins is not None and each.begins.match(start)), None)


def title_of_kind(kind: str) -> str:
    """Return the format of an image that was read, in words."""
    return next((each.title for each in all_formats() if each.kind == kind), kind)


def has_shape(path: str) -> bool:
    """Return False for a raw image, which does not say how many pixels a row has."""
    try:
        with open(path, "rb") as file:
            return _format_that_begins(file.read(32)) is not None
    except OSError:
        return False


def _read_float(name: str, shape: tuple[int, int] | None) -> Image:
    import numpy as np

    size = os.path.getsize(name)
    if size == 0 or size % 4:
        raise InputFileError(f"{name}: has {size} bytes, expected an SMV, PGM or CBF image, or raw float32 (4 bytes a pixel)")
    pixels = np.fromfile(name, "<f4")
    source = "as given"
    if shape is None:
        edge = math.isqrt(pixels.size)
        if edge * edge != pixels.size:
            raise InputFileError(f"{name}: has {pixels.size} pixels and is not square: say its shape, --shape SLOW FAST")
        shape, source = (edge, edge), "assumed to be square"
    if shape[0] * shape[1] != pixels.size:
        raise InputFileError(f"{name}: has {pixels.size} pixels, expected {shape[0]} x {shape[1]} = {shape[0] * shape[1]}")
    return Image(name, "float", pixels.reshape(shape), source)


def write_image(
    path: str | os.PathLike[str],
    image: Any,
    experiment: Experiment | None = None,
    *,
    adc: float | None = None,
    compression: str | None = None,
) -> None:
    """Write an image in the format that the end of the file's name stands for.

    Parameters
    ----------
    path : path-like
        Such as ``image.img`` (SMV), ``image.npy``, ``image.h5`` or ``image.bin`` (raw float32). The file appears when it is
        complete.
    image : array_like of float32, (slow, fast) or (panels, slow, fast), or a list of panels
        Photons: what `simulate` or `poisson` returns.
    experiment : Experiment, optional
        What was simulated, for formats that say where the detector is.
    adc : float, optional
        Is added to the pixels where the format holds integers, which are whole photons; 40 by default.
    compression : str, optional
        ``"none"``, or what the format has; HDF5: ``"gzip"``.

    Warns
    -----
    InputWarning
        If integers hold pixels that are negative or no numbers, which become 0; or if most are too large for them.

    Raises
    ------
    ModelError
        If there is no such format, it cannot hold this image or has no `adc`, or a package that it needs is not installed.
    ArrayTypeError, ArrayValueError
        If the image is none.
    OutputFileError
        If the file cannot be written.
    """
    import numpy as np

    from nbhybrid.arrays import take

    name = PATH.take("path", path)
    kind = format_of(name)
    kind.check_packages()
    if experiment is not None:
        from nbhybrid.experiment import Experiment

        experiment = part(Experiment).take("experiment", experiment)
    if adc is not None:
        adc = _ADC.take("adc", adc)
        if not kind.has_adc:
            integers = " or ".join(each.suffix for each in written_formats() if each.has_adc)
            raise ModelError(
                f"adc: found {adc:g}, which {kind.title} does not add to its pixels, expected a name that ends in {integers}"
            )
    offset = USUAL_ADC if adc is None else adc
    if compression is not None and compression not in kind.compressions:
        known = " or ".join(f'"{each}"' for each in kind.compressions)
        raise ModelError(f'compression: found "{compression}", which {kind.title} does not have, expected {known}')
    cores = () if experiment is None else experiment._cores
    has_panels = _is_panels(image) if experiment is None else experiment.detector.panels is not None
    parts = list(image) if has_panels else [image]
    shapes: Any = [core.shape for core in cores] if cores else [(None, None)] * len(parts)
    if len(shapes) != len(parts):
        raise ModelError(f"image: found {len(parts)} panels, expected {len(shapes)}, as the experiment has")
    pixels = [take(part, "image", tuple(shape), "float32", finite=False) for part, shape in zip(parts, shapes, strict=True)]
    if len({part.shape for part in pixels}) != 1:
        raise ModelError(f"image: found panels of {len({part.shape for part in pixels})} sizes, expected one size")
    if pixels[0].size == 0:
        raise ModelError(f"image: found the shape {pixels[0].shape}, expected pixels")
    if kind.has_adc:
        _warn_if_clipped(name, pixels[0], offset)
    images = Images(
        pixels=np.stack(pixels)[None] if has_panels else pixels[0][None],
        experiments=cores,
        parameters=parameters_of(cores[0] if cores else None),
        adc=offset,
        compression=compression or kind.compressions[0],
        provenance={"nbhybrid_version": __version__},
    )
    write(kind, name, images)


def _warn_if_clipped(name: str, pixels: npt.NDArray[np.float32], adc: float) -> None:
    """Warn of photons that are no numbers or negative; and if most are too many for 16 bits, or negative with `adc`."""
    import numpy as np

    values = np.floor(pixels.astype(np.float64)) + adc
    bad = int(pixels.size - np.count_nonzero(pixels >= 0))
    if bad:
        warn([("clipped", f"{name}: {bad} of {pixels.size} pixels are negative or no numbers, and become 0 or less than adc")])
    for what, share in (("above 65535", np.mean(values > LARGEST_COUNT)), ("below 0", np.mean(values < 0))):
        if share > 0.5:
            warn([("clipped", f"{name}: {100 * share:.0f} % of its pixels are {what}, with adc={adc:g}")])


def _is_panels(image: Any) -> bool:
    """Tell whether an image is several: an array of three dimensions, or a list of arrays of two."""
    first = image[0] if isinstance(image, (list, tuple)) and image else None
    return getattr(image, "ndim", 2) == 3 or getattr(first, "ndim", 1) == 2
