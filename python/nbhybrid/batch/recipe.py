"""What a worker has to know of a series, beside the experiment: plain values, kept in the output folder."""

from __future__ import annotations

import dataclasses
import hashlib
import json
from typing import TYPE_CHECKING, Any, Literal

from nbhybrid.batch.rotation import Rotation
from nbhybrid.batch.shots import Jitter
from nbhybrid.formats import USUAL_ADC, format_named

if TYPE_CHECKING:
    from nbhybrid.formats import Format

# Bytes of images and number of images that a task renders at most, unless the spec says how many.
_TASK_BYTES, _TASK_IMAGES = 64 << 20, 100
# The least number of tasks if there are as many images: four for each of 16 workers. It must not depend on how many workers there
# are, since the files would.
_TASKS = 64


@dataclasses.dataclass(frozen=True, kw_only=True)
class Recipe:
    """How the images of a series are made and written.

    Attributes
    ----------
    images : int
        How many there are; they are numbered from 0.
    seed : int
        Of all that is drawn.
    shape : tuple of int
        Of an image: (slow, fast), or (panels, slow, fast).
    engine, device : str
        As of `Simulator`.
    noise : bool
        Whether photons are counted.
    quaternions, unit : str
        Of the columns of the files of orientations and spectra.
    wavelength_rms, fluence_rms : float
        Relative, from shot to shot.
    format : str
        Name of one of `nbhybrid.formats` that can be written.
    compression : str
        One that the format has.
    images_per_file : int
        Of formats that hold several; in the others, how many a task renders.
    adc : int
        What is added to the pixels where the format holds integers.
    scan : Rotation, optional
        How the crystal turns from image to image.
    """

    images: int
    seed: int
    shape: tuple[int, ...]
    engine: Literal["exact", "fast"] = "exact"
    device: str = "cpu"
    noise: bool = False
    quaternions: Literal["wxyz", "xyzw"] = "wxyz"
    unit: str = "angstrom"
    wavelength_rms: float = 0.0
    fluence_rms: float = 0.0
    format: str = "hdf5"
    compression: str = "none"
    images_per_file: int = 1
    adc: int = USUAL_ADC
    scan: Rotation | None = None

    @property
    def kind(self) -> Format:
        """The format of the files."""
        return format_named(self.format)

    @property
    def jitter(self) -> Jitter:
        """What is drawn for each shot."""
        return Jitter(self.seed, self.wavelength_rms, self.fluence_rms)

    def ranges(self) -> list[tuple[int, int]]:
        """Return first image and the one after the last of each task."""
        step = self.images_per_file
        return [(first, min(first + step, self.images)) for first in range(0, self.images, step)]

    def name_of(self, *images: int) -> str:
        """Return the images' numbers as they stand in names of files, all of the same width."""
        width = max(6, len(str(self.images - 1)))
        return "-".join(f"{image:0{width}}" for image in images)

    def to_dict(self) -> dict[str, Any]:
        """Return plain values."""
        return dataclasses.asdict(self)

    @classmethod
    def from_dict(cls, values: dict[str, Any]) -> Recipe:
        """Return the recipe of what `to_dict` gave."""
        scan = values.get("scan")
        return cls(**values | {"shape": tuple(values["shape"]), "scan": None if scan is None else Rotation(**scan)})


def usual_images_per_file(pixels: int, images: int) -> int:
    """Return how many images a task renders unless the spec says so.

    Parameters
    ----------
    pixels : int
        Of an image.
    images : int
        Of the series.

    Returns
    -------
    int
        It depends on the series alone, not on the machine: as many as fit into 64 MiB, at most 100, and in a small series so few
        that there are 64 tasks or more.
    """
    return max(1, min(_TASK_IMAGES, _TASK_BYTES // (4 * pixels), images // _TASKS))


def digest_of(values: Any) -> str:
    """Return the hash of plain values."""
    return hashlib.sha256(json.dumps(values, sort_keys=True).encode()).hexdigest()
