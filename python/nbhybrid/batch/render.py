"""What a worker does: the images of a task, from orientations and shots to pixels and parameters."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from nbhybrid.batch.orientations import random_rotation, rotation_of
from nbhybrid.batch.shots import Shot, beam_of, lines_of
from nbhybrid.detector import Detector
from nbhybrid.errors import NbhybridError
from nbhybrid.noise import poisson
from nbhybrid.simulator import simulate_batch

if TYPE_CHECKING:
    from collections.abc import Callable

    from nbhybrid.batch.recipe import Recipe
    from nbhybrid.beam import Beam
    from nbhybrid.experiment import Experiment
    from nbhybrid.scan import Scan

    Watch = Callable[[float], bool]

_NO_ROTATION = np.full((3, 3), np.nan)
_UNTURNED = np.eye(3)
_NOTHING = Shot()


@dataclasses.dataclass(frozen=True)
class Task:
    """Some images of a series, and what the spec brings along for each.

    Attributes
    ----------
    folder : str
        That the series is written to; it holds the rest.
    state : str
        Hash of what the folder says of the series.
    span : (int, int)
        First image and the one after the last of the file they belong to.
    images : tuple of int
        Numbers of the images to render.
    orientations : numpy.ndarray, (n, 9) or (n, 4), or None
    shots : list of Shot, or None
    threads : int
    """

    folder: str
    state: str
    span: tuple[int, int]
    images: tuple[int, ...]
    orientations: npt.NDArray[np.float64] | None = None
    shots: list[Shot] | None = None
    threads: int = 1


@dataclasses.dataclass
class Frame:
    """An image and its parameters.

    Attributes
    ----------
    image : int
        Its number.
    rotation : numpy.ndarray, (3, 3)
        Of the lattice, on top of the experiment's; NaN if the spec has none for it.
    beam : Beam or None
    pixels : numpy.ndarray of float32
        A part of the task's array; NaN if it failed.
    scan : Scan or None
        Instead of the experiment's.
    error : str
        Why it failed; empty if it did not.
    """

    image: int
    rotation: npt.NDArray[np.float64]
    beam: Beam | None
    pixels: npt.NDArray[np.float32]
    scan: Scan | None = None
    error: str = ""

    def fail(self, error: Exception) -> None:
        """Note why there is no such image."""
        self.error = str(error) if isinstance(error, NbhybridError) else f"{type(error).__name__}: {error}"
        self.pixels[...] = np.nan


class Series:
    """An experiment made ready for all images of a series.

    Parameters
    ----------
    experiment : Experiment
    recipe : Recipe
    """

    def __init__(self, experiment: Experiment, recipe: Recipe) -> None:
        self.experiment = experiment
        self.recipe = recipe
        configuration = experiment._cores[0].configuration
        self.fluence: float = configuration["beam"]["fluence_photons_per_m2"]
        self._scan: tuple[float, float] = (configuration["scan"]["phi_deg"], configuration["scan"]["osc_deg"])
        panels = experiment.detector.panels
        self._has_panels = panels is not None
        # One for each panel.
        self._parts = [experiment._variant(detector=Detector(panels=(panel,))) for panel in panels] if panels else [experiment]

    def render(self, task: Task, watch: Watch | None = None) -> tuple[npt.NDArray[np.float32], list[Frame]]:
        """Return the images of a task, (n, *shape), and their parameters. All pixels of an image that fails are NaN.

        Parameters
        ----------
        task : Task
        watch : callable, optional
            As for `Simulator.run`.
        """
        pixels = np.zeros((len(task.images), *self.recipe.shape), np.float32)
        frames = [self._frame(task, k, pixels[k]) for k in range(len(task.images))]
        for begin, end in _runs(frames):
            self._fill(frames[begin:end], pixels[begin:end], task.threads, watch)
        if self.recipe.noise:
            for frame in frames:
                self._count(frame, task.threads, watch)
        return pixels, frames

    def parts(self, frame: Frame) -> list[Experiment]:
        """Return the experiment of each panel with the beam and the scan of an image."""
        changes: dict[str, Any] = {}
        if frame.beam is not None and frame.beam is not self.experiment.beam:
            changes["beam"] = frame.beam
        if frame.scan is not None:
            changes["scan"] = frame.scan
        return [part._variant(**changes) for part in self._parts] if changes else self._parts

    def scan_of(self, frame: Frame) -> tuple[float, float]:
        """Return in degrees where an image begins on the spindle, and what it turns by: 0 for a still."""
        if self.recipe.scan is None or frame.scan is None:
            return self._scan
        return frame.scan.phi_deg, self.recipe.scan.width_deg

    def _frame(self, task: Task, k: int, pixels: npt.NDArray[np.float32]) -> Frame:
        """Return an image of a task with its parameters, not rendered yet."""
        image = task.images[k]
        frame = Frame(image, _NO_ROTATION, None, pixels)
        try:
            shot = task.shots[k] if task.shots else _NOTHING
            frame.beam = beam_of(self.experiment.beam, self.fluence, shot, self.recipe.jitter, image)
            if self.recipe.scan is not None:
                frame.scan = self.recipe.scan.scan(self.experiment, image)
                frame.rotation = _UNTURNED
            elif task.orientations is None:
                frame.rotation = random_rotation(self.recipe.seed, image)
            else:
                frame.rotation = rotation_of(task.orientations[k], self.recipe.quaternions)
        except Exception as error:  # whatever it is, the other images are still wanted
            frame.fail(error)
        return frame

    def _fill(self, frames: list[Frame], pixels: npt.NDArray[np.float32], threads: int, watch: Watch | None) -> None:
        """Render images in one beam and one scan; if that fails, each alone, to see which it is."""
        try:
            rotations = np.stack([frame.rotation for frame in frames])
            for panel, part in enumerate(self.parts(frames[0])):
                out = np.empty((len(frames), *part.shape), np.float32) if self._has_panels else pixels
                simulate_batch(
                    part, rotations, out, engine=self.recipe.engine, device=self.recipe.device, threads=threads, watch=watch
                )
                if self._has_panels:
                    pixels[:, panel] = out
        except Exception as error:
            if len(frames) == 1:
                frames[0].fail(error)
                return
            for k, frame in enumerate(frames):
                self._fill([frame], pixels[k : k + 1], threads, watch)

    def _count(self, frame: Frame, threads: int, watch: Watch | None) -> None:
        """Put the photons counted in the place of those expected."""
        if frame.error:
            return
        try:
            for panel, part in enumerate(frame.pixels if self._has_panels else [frame.pixels]):
                number = frame.image
                poisson(part, self.recipe.seed, image_number=number, panel=panel, out=part, threads=threads, watch=watch)
        except Exception as error:
            frame.fail(error)


def _runs(frames: list[Frame]) -> list[tuple[int, int]]:
    """Return begin and end of what one call can render: neighbours in the same beam and scan, none of which has failed."""
    runs: list[tuple[int, int]] = []
    for k, frame in enumerate(frames):
        if frame.error:
            continue
        if runs and runs[-1][1] == k and frames[k - 1].beam is frame.beam and frames[k - 1].scan is frame.scan:
            runs[-1] = (runs[-1][0], k + 1)
        else:
            runs.append((k, k + 1))
    return runs


def lines_of_frames(frames: list[Frame]) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]:
    """Return wavelengths in Angstrom and weights of images, (n, lines); NaN where an image has fewer lines than others."""
    each: list[Any] = [([], []) if frame.beam is None else lines_of(frame.beam) for frame in frames]
    longest = max((len(wavelengths) for wavelengths, _ in each), default=0)
    table = np.full((2, len(frames), max(longest, 1)), np.nan)
    for k, (wavelengths, weights) in enumerate(each):
        table[0, k, : len(wavelengths)] = wavelengths
        table[1, k, : len(wavelengths)] = weights
    return table[0], table[1]


def fluence_of(frame: Frame, series: Series) -> float:
    """Return the fluence of an image, photons per square metre."""
    if frame.beam is None:
        return float("nan")
    return series.fluence if frame.beam.flux is not None else float(frame.beam.fluence)
