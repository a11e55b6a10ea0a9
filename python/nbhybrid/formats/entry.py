"""What a format of images is: its names, what a file of it holds, and how it is written and read."""

from __future__ import annotations

import dataclasses
import importlib
import os
from typing import TYPE_CHECKING, Any, Literal

from nbhybrid import _core
from nbhybrid.errors import ModelError
from nbhybrid.extras import command
from nbhybrid.options import usual

if TYPE_CHECKING:
    import re
    from collections.abc import Callable, Mapping, Sequence

    import numpy.typing as npt

    from nbhybrid.input_warnings import Pair

# Added to the pixels of integer formats unless something else is asked for.
USUAL_ADC = int(usual("-adc"))
_PIXELS = {"float32": "32-bit floats", "uint16": "16-bit integers", "uint8": "8-bit grey values"}
_BYTES = {"float32": 4, "uint16": 2, "uint8": 1}
# What may be known of each image, and its unit.
PARAMETERS = {
    "image_number": "",
    "seed": "",
    "rotation": "",
    "phi_start": "degree",
    "phi_range": "degree",
    "fluence": "photons per square metre",
    "wavelengths": "Angstrom",
    "weights": "",
    "failed": "",
}


@dataclasses.dataclass(frozen=True, kw_only=True)
class Images:
    """What is written into a file.

    Attributes
    ----------
    pixels : buffer of float32, (n, slow, fast) or (n, panels, slow, fast)
        Photons, without gaps in memory. An array of numpy, or a memoryview where there is no numpy.
    experiments : sequence of _core.Experiment
        What was simulated: one for each panel, with the beam and the scan of the (first) image. Empty if only the pixels are known.
        `geometry` and `configuration` of each hold all numbers.
    parameters : mapping
        Of `PARAMETERS`, those that are known: arrays or lists with a row for each image.
    adc : float
        Is added to the pixels where the format holds integers.
    compression : str
        One of the format's.
    provenance : mapping
        Texts by name: version, spec, ...
    """

    pixels: Any
    experiments: Sequence[_core.Experiment] = ()
    parameters: Mapping[str, Any] = dataclasses.field(default_factory=dict)
    adc: float = USUAL_ADC
    compression: str = "none"
    provenance: Mapping[str, str] = dataclasses.field(default_factory=dict)


@dataclasses.dataclass(frozen=True, kw_only=True)
class Series:
    """How files of some images each become one. `pieces` are names relative to the folder of `path`, in the order of their images.

    Attributes
    ----------
    link : callable
        ``link(path, pieces, images, provenance)`` writes a file that refers to the pieces.
    merge : callable
        ``merge(path, pieces, images, provenance, compression)`` writes one that holds all images itself.
    is_merged : callable
        ``is_merged(path)``: whether there is a file that holds all images itself, none of which has failed.
    """

    link: Callable[[str, Sequence[str], int, Mapping[str, str]], None]
    merge: Callable[[str, Sequence[str], int, Mapping[str, str], str], None]
    is_merged: Callable[[str], bool]


@dataclasses.dataclass(frozen=True, kw_only=True)
class Format:
    """A format of images.

    Attributes
    ----------
    name : str
        In a spec.
    title : str
        In messages.
    suffixes : tuple of str
        Ends of file names, such as ``".img"``; the usual one first.
    pixels : {"float32", "uint16", "uint8"}
        What a file holds for each pixel.
    write : callable, optional
        ``write(path, images)`` writes a new file. It need not care for temporary names; None: the format is only read.
    series : Series, optional
        If a file may hold several images.
    panels : bool
        Whether it may hold several panels.
    needs_geometry : bool
        Whether it cannot be written without the experiment.
    compressions : tuple of str
        What there is to choose from, the usual one first.
    packages : tuple of str
        Without which it cannot be written.
    warn : callable, optional
        ``warn(experiment)`` returns warnings (name and text) about what a file cannot hold of it.
    begins : re.Pattern, optional
        How a file of it begins, if that can be told from raw numbers.
    read : callable, optional
        ``read(path, number)`` returns the pixels, (slow, fast), of one of its images.
    kind : str
        What `read_image` calls it; by default its name.
    """

    name: str
    title: str
    suffixes: tuple[str, ...]
    pixels: Literal["float32", "uint16", "uint8"] = "float32"
    write: Callable[[str, Images], object] | None = None
    series: Series | None = None
    panels: bool = False
    needs_geometry: bool = False
    compressions: tuple[str, ...] = ("none",)
    packages: tuple[str, ...] = ()
    warn: Callable[[_core.Experiment], list[Pair]] | None = None
    begins: re.Pattern[bytes] | None = None
    read: Callable[[str, int | None], npt.NDArray[Any]] | None = None
    kind: str = ""

    def __post_init__(self) -> None:
        if not self.kind:
            object.__setattr__(self, "kind", self.name)

    @property
    def suffix(self) -> str:
        """The usual end of a file's name."""
        return self.suffixes[0]

    @property
    def bytes_per_pixel(self) -> int:
        """How many bytes a pixel takes, uncompressed."""
        return _BYTES[self.pixels]

    @property
    def has_adc(self) -> bool:
        """Whether something is added to the pixels."""
        return self.pixels == "uint16"

    @property
    def holds(self) -> str:
        """What a file holds, in words."""
        images = "images" if self.series else "one image"
        panels = "any number of panels" if self.panels else "one panel"
        return f"{images} of {panels}, {_PIXELS[self.pixels]}"

    def refusal(self, panels: int, has_geometry: bool) -> str:
        """Return why an image cannot be written in this format; empty if it can.

        Parameters
        ----------
        panels : int
            Of its detector.
        has_geometry : bool
            Whether the experiment is known.
        """
        if self.write is None:
            return f"nbhybrid reads {self.title} and does not write it"
        if panels > 1 and not self.panels:
            return f"{self.title} holds {self.holds}, and the detector has {panels} panels: expected one"
        if self.needs_geometry and not has_geometry:
            return f"{self.title} says where the detector is, which the pixels alone do not tell: expected the experiment too"
        return ""

    def check_packages(self) -> None:
        """Look whether what the format needs is installed.

        Raises
        ------
        ModelError
            If it is not.
        """
        for package in self.packages:
            try:
                importlib.import_module(package)
            except ImportError as error:
                raise ModelError(f'"{self.name}" needs {package}, which is not installed: {command(self.packages)}') from error


def native(name: str, **more: Any) -> Format:
    """Return the format that the core has under this name, with what Python adds to it.

    Parameters
    ----------
    name : str
    **more
        Attributes of `Format`.
    """
    (core,) = (each for each in _core.image_formats() if each["name"] == name)

    def write(path: str, images: Images) -> None:
        experiment = images.experiments[0] if images.experiments else None
        _core.write_image(name, os.fsencode(path), images.pixels, experiment, images.adc)

    return Format(
        name=name,
        title=core["title"],
        suffixes=tuple(f".{suffix}" for suffix in core["suffixes"].split()),
        pixels=core["pixels"],
        write=write,
        panels=core["holds_panels"],
        needs_geometry=core["needs_geometry"],
        warn=lambda experiment: _core.format_warnings(name, experiment),
        **more,
    )
