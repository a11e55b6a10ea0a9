"""What a task leaves behind: a file of its images, or one file an image; each appears whole or not at all."""

from __future__ import annotations

import contextlib
import json
import os
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from nbhybrid import formats
from nbhybrid.batch.render import fluence_of, lines_of_frames
from nbhybrid.batch.shots import lines_of
from nbhybrid.files import write_text
from nbhybrid.formats import Images

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from nbhybrid.batch.recipe import Recipe
    from nbhybrid.batch.render import Frame, Series, Task
    from nbhybrid.experiment import Experiment

PIECES = "pieces"
IMAGES = "images"


def master_of(recipe: Recipe) -> str:
    """Return the name of the file that shows a series as a whole, in the output folder."""
    return f"images{recipe.kind.suffix}"


def piece_of(recipe: Recipe, span: tuple[int, int]) -> str:
    """Return the name of a file of images, in the output folder."""
    return os.path.join(PIECES, f"images_{recipe.name_of(span[0], span[1] - 1)}{recipe.kind.suffix}")


def marker_of(recipe: Recipe, span: tuple[int, int]) -> str:
    """Return the name of the file that lists the failed images of a task, in the output folder."""
    return os.path.join(folder_of(recipe), f"images_{recipe.name_of(span[0], span[1] - 1)}.failed.json")


def folder_of(recipe: Recipe) -> str:
    """Return the name of the folder of all these files, in the output folder."""
    return PIECES if recipe.kind.series else IMAGES


def image_of(recipe: Recipe, image: int) -> str:
    """Return the name of an image's file, in the output folder."""
    return os.path.join(IMAGES, f"image_{recipe.name_of(image)}{recipe.kind.suffix}")


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
    if recipe.kind.series:
        _write_piece(os.path.join(task.folder, piece_of(recipe, task.span)), pixels, frames, series, provenance)
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


def _write_piece(
    path: str, pixels: npt.NDArray[np.float32], frames: Sequence[Frame], series: Series, provenance: Mapping[str, str]
) -> None:
    """Write a file of some images and their parameters."""
    images = Images(
        pixels=pixels,
        experiments=series.experiment._cores,
        parameters=_columns(frames, series),
        adc=series.recipe.adc,
        compression=series.recipe.compression,
        provenance=provenance,
    )
    formats.write(series.recipe.kind, path, images)


def _columns(frames: Sequence[Frame], series: Series) -> dict[str, npt.NDArray[Any]]:
    """Return the parameters of images by their names."""
    wavelengths, weights = lines_of_frames(list(frames))
    starts, ranges = np.array([series.scan_of(frame) for frame in frames], np.float64).T
    return {
        "image_number": np.array([frame.image for frame in frames], np.int64),
        "seed": np.full(len(frames), series.recipe.seed, np.uint64),
        "rotation": np.stack([frame.rotation for frame in frames]),
        "phi_start": starts,
        "phi_range": ranges,
        "fluence": np.array([fluence_of(frame, series) for frame in frames]),
        "wavelengths": wavelengths,
        "weights": weights,
        "failed": np.array([bool(frame.error) for frame in frames], np.uint8),
    }


def _write_image(folder: str, frame: Frame, series: Series, provenance: Mapping[str, str]) -> None:
    """Write an image and then its parameters."""
    recipe = series.recipe
    name = os.path.join(folder, image_of(recipe, frame.image))
    parts = series.parts(frame) if recipe.kind.needs_geometry else []
    images = Images(
        pixels=frame.pixels[None],
        experiments=[_with_mean_wavelength(part, series)._core for part in parts],
        parameters=_columns([frame], series),
        adc=recipe.adc,
        compression=recipe.compression,
        provenance=provenance,
    )
    formats.write(recipe.kind, name, images)
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


def _with_mean_wavelength(part: Experiment, series: Series) -> Experiment:
    """Return an experiment for the header of an image: with a spectrum of its shot, the wavelength is that one's mean."""
    if part.beam.sources is series.experiment.beam.sources or part.beam.sources is None:
        return part
    wavelengths, weights = lines_of(part.beam)
    mean = float(np.average(wavelengths, weights=weights))
    return part._variant(beam=part.beam.replace(wavelength_angstrom=mean, energy_ev=None))
