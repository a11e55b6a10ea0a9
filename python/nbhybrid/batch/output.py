"""What a task leaves behind: a file of its images, or one file an image; each appears whole or not at all."""

from __future__ import annotations

import contextlib
import json
import os
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from nbhybrid.batch import hdf5
from nbhybrid.batch.recipe import ENDINGS
from nbhybrid.batch.render import fluence_of
from nbhybrid.batch.shots import lines_of
from nbhybrid.files import write_text, write_whole

if TYPE_CHECKING:
    from collections.abc import Mapping

    from nbhybrid.batch.recipe import Recipe
    from nbhybrid.batch.render import Frame, Series, Task
    from nbhybrid.experiment import Experiment

PIECES = "pieces"
IMAGES = "images"
MASTER = "images.h5"
_LARGEST_COUNT = 65535


def piece_of(recipe: Recipe, span: tuple[int, int]) -> str:
    """Return the name of a file of images, in the output folder."""
    return os.path.join(PIECES, f"images_{recipe.name_of(span[0], span[1] - 1)}.h5")


def marker_of(recipe: Recipe, span: tuple[int, int]) -> str:
    """Return the name of the file that lists the failed images of a task, in the output folder."""
    return os.path.join(folder_of(recipe), f"images_{recipe.name_of(span[0], span[1] - 1)}.failed.json")


def folder_of(recipe: Recipe) -> str:
    """Return the name of the folder of all these files, in the output folder."""
    return PIECES if recipe.format == "hdf5" else IMAGES


def image_of(recipe: Recipe, image: int) -> str:
    """Return the name of an image's file, in the output folder."""
    return os.path.join(IMAGES, f"image_{recipe.name_of(image)}{ENDINGS[recipe.format]}")


def parameters_of(recipe: Recipe, image: int) -> str:
    """Return the name of the file of an image's parameters, which is written last."""
    return os.path.splitext(image_of(recipe, image))[0] + ".json"


def write(task: Task, pixels: npt.NDArray[np.float32], frames: list[Frame], series: Series, provenance: Mapping[str, str]) -> None:
    """Write what a task has rendered, and list the images that failed.

    The list is there before a file with failed images, and goes after a better one has come: whenever the task is killed, what is
    missing can be seen.

    Raises
    ------
    OutputFileError
    """
    recipe = series.recipe
    marker = os.path.join(task.folder, marker_of(recipe, task.span))
    failures = [{"image": frame.image, "error": frame.error} for frame in frames if frame.error]
    if failures:
        write_text(marker, json.dumps(failures, indent=1) + "\n")
    if recipe.format == "hdf5":
        hdf5.write_images(os.path.join(task.folder, piece_of(recipe, task.span)), pixels, frames, series, provenance)
    else:
        for frame in frames:
            if not frame.error:
                _write_image(task.folder, frame, series, provenance)
    if not failures:
        with contextlib.suppress(FileNotFoundError):
            os.unlink(marker)


def failures_of(folder: str, recipe: Recipe, span: tuple[int, int]) -> list[tuple[int, str]]:
    """Return number and error of the images of a task that failed."""
    try:
        with open(os.path.join(folder, marker_of(recipe, span)), encoding="utf-8") as file:
            return [(each["image"], each["error"]) for each in json.load(file)]
    except FileNotFoundError:
        return []


def _write_image(folder: str, frame: Frame, series: Series, provenance: Mapping[str, str]) -> None:
    """Write an image and then its parameters."""
    recipe = series.recipe
    name = os.path.join(folder, image_of(recipe, frame.image))
    fill = {"smv": _fill_smv, "bin": _fill_raw, "npy": _fill_array}[recipe.format]
    write_whole(name, lambda temporary: fill(temporary, frame, series))
    about = {"file": os.path.basename(name), "shape": list(recipe.shape)} | _values(frame, series)
    about |= {key: provenance[key] for key in ("nbhybrid_version", "nbhybrid_commit", "identity")}
    write_text(os.path.join(folder, parameters_of(recipe, frame.image)), json.dumps(about, indent=1) + "\n")


def _values(frame: Frame, series: Series) -> dict[str, Any]:
    """Return the parameters of an image as plain values."""
    wavelengths, weights = lines_of(frame.beam or series.experiment.beam)
    return {
        "image_number": frame.image,
        "seed": series.recipe.seed,
        "rotation": frame.rotation.tolist(),
        "phi_start_deg": series.scan_of(frame)[0],
        "phi_range_deg": series.scan_of(frame)[1],
        "fluence": fluence_of(frame, series),
        "wavelengths_angstrom": wavelengths.tolist(),
        "weights": weights.tolist(),
    }


def _fill_smv(path: str, frame: Frame, series: Series) -> None:
    """Write whole photons, cut off, and the recipe's adc on top, at most 65535: as the reference's noise image."""
    (part,) = series.parts(frame)
    counts = np.minimum(np.floor(frame.pixels) + np.float32(series.recipe.adc), np.float32(_LARGEST_COUNT))
    with open(path, "wb") as file:
        file.write(_with_mean_wavelength(part, series)._core.smv_header)
        file.write(counts.astype(np.uint16).tobytes())


def _with_mean_wavelength(part: Experiment, series: Series) -> Experiment:
    """Return an experiment for the header of an image: with a spectrum of its shot, the wavelength is that one's mean."""
    if part.beam.sources is series.experiment.beam.sources or part.beam.sources is None:
        return part
    wavelengths, weights = lines_of(part.beam)
    mean = float(np.average(wavelengths, weights=weights))
    return part._variant(beam=part.beam.replace(wavelength_angstrom=mean, energy_ev=None))


def _fill_raw(path: str, frame: Frame, series: Series) -> None:
    with open(path, "wb") as file:
        file.write(frame.pixels.tobytes())


def _fill_array(path: str, frame: Frame, series: Series) -> None:
    with open(path, "wb") as file:
        np.save(file, frame.pixels)
