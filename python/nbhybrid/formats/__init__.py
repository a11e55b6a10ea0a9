"""Formats of images: each is one module here with an entry called ``FORMAT``, which is found by itself.

`nbhybrid run --output`, series and `nbhybrid.write_image` write by these entries, `nbhybrid.images.read_image` reads by them. What
the core writes itself, such as the reference's files, is an entry in C++ (``csrc/nbhybrid/io/format_*.cpp``), which a module here
takes over by `native`. A module imports numpy and other packages in its functions only, so that a run that does not ask for its
format does not need them.
"""

from __future__ import annotations

import functools
import importlib
import os
import pkgutil
from typing import TYPE_CHECKING

from nbhybrid.errors import ModelError
from nbhybrid.files import write_whole
from nbhybrid.formats.entry import PARAMETERS, USUAL_ADC, Format, Images, Series, native

if TYPE_CHECKING:
    from collections.abc import Sequence

    from nbhybrid import _core

__all__ = [
    "PARAMETERS",
    "USUAL_ADC",
    "Format",
    "Images",
    "Series",
    "all_formats",
    "format_named",
    "format_of",
    "native",
    "panels_of",
    "write",
    "written_formats",
]


@functools.cache
def all_formats() -> tuple[Format, ...]:
    """Return all formats, in the order of their names."""
    modules = [importlib.import_module(f"{__name__}.{found.name}") for found in pkgutil.iter_modules(__path__)]
    return tuple(sorted((module.FORMAT for module in modules if hasattr(module, "FORMAT")), key=lambda each: each.name))


def written_formats() -> tuple[Format, ...]:
    """Return the formats that can be written."""
    return tuple(each for each in all_formats() if each.write is not None)


def format_named(name: str) -> Format:
    """Return the format of a name, which there must be."""
    return next(each for each in all_formats() if each.name == name)


def format_of(path: str) -> Format:
    """Return the format that the end of a file's name stands for, among those that can be written.

    Raises
    ------
    ModelError
        If there is none.
    """
    suffix = os.path.splitext(path)[1].lower()
    found = next((each for each in all_formats() if suffix in each.suffixes), None)
    if found is None or found.write is None:
        known = ", ".join(f"{each.suffix} ({each.title})" for each in written_formats())
        what = f"found a name that ends in {suffix}" if suffix else "found a name without an end such as .img"
        what = what if found is None else f"nbhybrid reads {found.title} and does not write it"
        raise ModelError(f"{path}: {what}, expected {known}")
    return found


def panels_of(images: Images) -> int:
    """Return the number of panels of what is to be written."""
    shape: Sequence[int] = images.pixels.shape
    return shape[1] if len(shape) == 4 else 1


def refusal_of(kind: Format, panels: int, has_geometry: bool) -> str:
    """Return why an image cannot be written in this format, and in which it can; empty if it can in this one.

    Parameters
    ----------
    kind : Format
    panels, has_geometry
        As of `Format.refusal`.
    """
    why = kind.refusal(panels, has_geometry)
    others = [f"{each.name} ({each.suffix})" for each in written_formats() if not each.refusal(panels, has_geometry)]
    return f"{why}, or the format {' or '.join(others)}" if why else ""


def write(kind: Format, path: str, images: Images) -> None:
    """Write a file, which appears when it is complete.

    Raises
    ------
    ModelError
        If the format cannot hold the images, or a package that it needs is missing.
    OutputFileError
    """
    why = refusal_of(kind, panels_of(images), bool(images.experiments))
    if why:
        raise ModelError(f"{path}: {why}")
    assert kind.write is not None
    fill = kind.write
    write_whole(path, lambda name: fill(name, images))


def parameters_of(experiment: _core.Experiment | None) -> dict[str, list[object]]:
    """Return what is known of a single image, as a row of each of the `PARAMETERS`."""
    known: dict[str, list[object]] = {"image_number": [0], "failed": [0]}
    if experiment is None:
        return known
    configuration = experiment.configuration
    scan, beam = configuration["scan"], configuration["beam"]
    known |= {"phi_start": [scan["phi_deg"]], "phi_range": [scan["osc_deg"]], "fluence": [beam["fluence_photons_per_m2"]]}
    # Of several sources the configuration has no list.
    if beam["sources"] == 1:
        known |= {"wavelengths": [[beam["wavelength_angstrom"]]], "weights": [[1.0]]}
    return known
