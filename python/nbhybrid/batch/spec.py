"""The spec of a series: a file in TOML, checked as a whole before anything is rendered."""

from __future__ import annotations

import dataclasses
import functools
import hashlib
import os
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np

from nbhybrid import _core
from nbhybrid.batch import tables
from nbhybrid.batch.orientations import FORMS, ORDERS, read_numbers, read_orientations
from nbhybrid.batch.recipe import Recipe, digest_of, usual_images_per_file
from nbhybrid.batch.rotation import read_rotation
from nbhybrid.batch.shots import UNITS, Shot
from nbhybrid.batch.spec_experiment import read_experiment
from nbhybrid.cores import usable_cores
from nbhybrid.devices import CPU
from nbhybrid.engines import ENGINES, unknown
from nbhybrid.errors import InputFileError
from nbhybrid.formats import USUAL_ADC, Format, format_named, refusal_of, written_formats
from nbhybrid.input_warnings import line_of, warn

if TYPE_CHECKING:
    import numpy.typing as npt

    from nbhybrid.batch.rotation import Rotation
    from nbhybrid.batch.tables import Table
    from nbhybrid.experiment import Experiment
    from nbhybrid.input_warnings import Pair

_MOST_IMAGES = 2**32  # numbers of images are words of the noise's counter
_LARGEST_SEED = 2**63 - 1
_TABLES = ("series", "experiment", "render", "scan", "orientations", "shots", "noise", "output")
_USUAL_FORMAT = "hdf5"
# Keys of [output] that have an effect in some formats alone.
_KEYS_OF_FORMATS: dict[str, Callable[[Format], bool]] = {
    "compression": lambda kind: len(kind.compressions) > 1,
    "single_file": lambda kind: kind.series is not None,
    "adc": lambda kind: kind.has_adc,
}
# What stands for the output's name where the words of a spec are kept.
_SOME_OUTPUT = "series"


@dataclasses.dataclass(frozen=True, eq=False)
class Spec:
    """A series of images to render: made by `load` or `from_toml`.

    Attributes
    ----------
    path : str
        The file, for messages.
    text : str
        What it says.
    folder : str
        That names of files are relative to, absolute.
    output : str
        The folder that the series is written to, absolute.
    experiment : Experiment
        What all images have in common.
    recipe : Recipe
    orientations : numpy.ndarray, (n, 9) or (n, 4), or None
        Rows of the file; None: random.
    spectra : numpy.ndarray, (n, energies, 1 or 2), or str, or None
        Rows of a wavelength or energy and perhaps a weight; or the name of a shot's file with ``{image}`` in it.
    fluences : numpy.ndarray, (n,), or None
    single_file : bool
        Whether ``images.h5`` is to hold all images itself in the end.
    warnings : tuple of str
        Each is also a Python warning, an `InputWarning`, when the spec is made.
    """

    path: str
    text: str
    folder: str
    output: str
    experiment: Experiment
    recipe: Recipe
    orientations: npt.NDArray[np.float64] | None = None
    spectra: npt.NDArray[Any] | str | None = None
    fluences: npt.NDArray[Any] | None = None
    single_file: bool = False
    warnings: tuple[str, ...] = ()

    @classmethod
    def load(cls, path: str | os.PathLike[str]) -> Spec:
        """Return the spec of a file; names of files in it are relative to its folder.

        Raises
        ------
        InputFileError
            Naming file, table and key, what was found and what was expected.
        """
        name = os.fspath(path)
        return cls.from_toml(tables.read_text(name), os.path.dirname(os.path.abspath(name)), name)

    @classmethod
    def from_toml(cls, text: str, folder: str | os.PathLike[str] = ".", name: str = "spec") -> Spec:
        """Return the spec of a text; names of files in it are relative to the folder.

        Raises
        ------
        InputFileError
        """
        top = tables.Table(name, "", tables.parse(text, name))
        parts = {key: top.table(key) for key in _TABLES}
        top.done()
        home = os.path.abspath(folder)
        render = parts["render"]
        semantics = render.text("semantics")
        experiment, pairs = read_experiment(parts["experiment"], home, semantics)
        rotation = read_rotation(parts["scan"], experiment)
        if rotation is not None:
            experiment = experiment._variant(scan=rotation.scan(experiment, 0))
        orientations = _orientations(parts["orientations"], home, rotation is not None)
        spectra, fluences = _shots(parts["shots"], home, experiment)
        output = parts["series"].path("output", home)
        if output is None:
            raise parts["series"].lacks("output", "the name of a folder")
        recipe = _recipe(parts, experiment, orientations, rotation)
        single_file = parts["output"].flag("single_file")
        held = (("orientations", orientations), ("shots", spectra), ("shots.fluences", fluences))
        for key, array in held:
            if isinstance(array, np.ndarray) and len(array) < recipe.images:
                raise top.error(key, f"found {len(array)} rows, expected one for each of {recipe.images} images")
        for part in parts.values():
            part.done()
        if recipe.kind.warn is not None:
            of_format = [recipe.kind.warn(core) for core in experiment._cores]
            pairs += experiment._worded([pair for each in of_format for pair in each])
        if spectra is None and fluences is None:
            pairs += _blank(experiment)
        spec = cls(
            path=name,
            text=text,
            folder=home,
            output=os.path.abspath(output),
            experiment=experiment,
            recipe=recipe,
            orientations=orientations,
            spectra=spectra,
            fluences=fluences,
            single_file=single_file,
            warnings=tuple(map(line_of, pairs)),
        )
        warn(pairs)
        return spec

    @property
    def words(self) -> str:
        """What the spec says, as it is kept in the files: with another name for the output, so that they do not depend on that."""
        return tables.reworded(self.text, ("series", "output"), _SOME_OUTPUT)

    @functools.cached_property
    def identity(self) -> str:
        """The hash of all that decides which bytes are written: values, and contents of the files named, not the spec's wording."""
        # Names of files that are read later are taken as the spec gives them, wherever it lies.
        spectra = os.path.relpath(self.spectra, self.folder) if isinstance(self.spectra, str) else self.spectra
        arrays = [_digest(array) for array in (self.orientations, spectra, self.fluences)]
        return digest_of([self.experiment.to_dict(), self.recipe.to_dict(), arrays])

    def shot(self, image: int) -> Shot:
        """Return what the spec brings along for an image."""
        spectrum: Any = None
        if isinstance(self.spectra, str):
            spectrum = self.spectra.format(image=image)
        elif self.spectra is not None:
            spectrum = np.array(self.spectra[image], np.float64)
        fluence = None if self.fluences is None else float(self.fluences[image])
        return Shot(spectrum, fluence, self.recipe.unit)

    @property
    def has_shots(self) -> bool:
        """Whether there is something of `shot` at all."""
        return self.spectra is not None or self.fluences is not None


def _blank(experiment: Experiment) -> list[Pair]:
    """Return the warning that no image can show any diffraction; nothing if one can, as far as is known."""
    reasons = [core.why_blank for core in experiment._cores]
    return experiment._worded([("blank-image", f"all images will be blank: {reasons[0]}")]) if all(reasons) else []


def _digest(array: object) -> Any:
    if isinstance(array, np.ndarray):
        return [list(array.shape), array.dtype.str, hashlib.sha256(np.ascontiguousarray(array).data).hexdigest()]
    return array


def _refusal(experiment: Experiment, engine: str) -> str:
    """Return why no device can take the images; empty if one can."""
    return _core.Simulator(experiment._cores, usable_cores(), engine == "fast").device_refusal


def _recipe(
    parts: dict[str, Table], experiment: Experiment, orientations: npt.NDArray[np.float64] | None, rotation: Rotation | None
) -> Recipe:
    series, render, shots, noise, output = (parts[key] for key in ("series", "render", "shots", "noise", "output"))
    images = series.whole("images", 1, _MOST_IMAGES, None if orientations is None else len(orientations))
    if images is None:
        raise series.lacks("images", "a number of images where orientations are random")
    engine: Any = render.choice("engine", ENGINES, "exact")
    device = render.text("device", "cpu") or ""
    # Whether it is here is asked where images are rendered.
    why = unknown(engine, device) or (device != CPU and _refusal(experiment, engine))
    if why:
        raise render.error("device", why)
    order: Any = parts["orientations"].choice("quaternions", ORDERS, "wxyz")
    has_quaternions = orientations is not None and orientations.shape[1] == 4
    parts["orientations"].only_with(("quaternions",), has_quaternions, "a file of quaternions")
    has_spectra = any(key in shots for key in ("wavelengths", "spectra", "spectrum_files"))
    shots.only_with(("unit",), has_spectra, "wavelengths, spectra or spectrum_files")
    shape = _shape(parts["experiment"], experiment)
    kind = format_named(output.choice("format", [each.name for each in written_formats()], _USUAL_FORMAT))
    refusal = refusal_of(kind, len(experiment._cores), has_geometry=True)
    if refusal:
        raise output.error("format", f'found "{kind.name}": {refusal}')
    seed = series.whole("seed", 0, _LARGEST_SEED, 0)
    pixels = int(np.prod(shape, dtype=np.int64))
    for key, takes in _KEYS_OF_FORMATS.items():
        takers = " or ".join(f'"{each.name}"' for each in written_formats() if takes(each))
        output.only_with((key,), takes(kind), f'the format {takers}, not for "{kind.name}"')
    compressed = output.choice("compression", kind.compressions, kind.compressions[0])
    per_file = output.whole("images_per_file", 1, 100000, usual_images_per_file(pixels, images))
    return Recipe(
        images=images,
        seed=seed or 0,
        shape=shape,
        engine=engine,
        device=device,
        noise=noise.flag("photons"),
        quaternions=order,
        unit=shots.choice("unit", UNITS, "angstrom"),
        wavelength_rms=shots.number("wavelength_rms_percent") / 100.0,
        fluence_rms=shots.number("fluence_rms_percent") / 100.0,
        format=kind.name,
        compression=compressed,
        images_per_file=min(per_file or 1, images),
        adc=output.whole("adc", 0, 65535, USUAL_ADC) or 0,
        scan=rotation,
    )


def _shape(table: Table, experiment: Experiment) -> tuple[int, ...]:
    shapes = set(experiment.shapes)
    if len(shapes) > 1:
        raise table.error("detector", f"found panels of {len(shapes)} sizes, expected one size")
    (shape,) = shapes
    return shape if experiment.detector.panels is None else (len(experiment.shapes), *shape)


def _orientations(table: Table, folder: str, is_scan: bool) -> npt.NDArray[np.float64] | None:
    table.only_with(("random", "file", "quaternions"), not is_scan, "a series without [scan]")
    if is_scan:
        return None
    path = table.path("file", folder)
    is_random = table.flag("random", default=path is None and len(table) == 0)
    if (path is not None) == is_random:
        raise table.error("", f"expected either file = a file of {FORMS}, or random = true")
    return None if path is None else _named(table, "file", lambda: read_orientations(path))


def _shots(table: Table, folder: str, experiment: Experiment) -> tuple[Any, npt.NDArray[Any] | None]:
    files = {key: table.path(key, folder) for key in ("wavelengths", "weights", "spectra", "spectrum_files", "fluences")}
    given = [key for key in ("wavelengths", "spectra", "spectrum_files") if files[key]]
    if len(given) > 1:
        raise table.error(given[1], f"found beside {given[0]}, expected one of them")
    if files["weights"] and not files["wavelengths"]:
        raise table.error("weights", "found without wavelengths")
    arrays = {
        key: _named(table, key, functools.partial(read_numbers, path, key))
        for key, path in files.items()
        if path and key != "spectrum_files"
    }
    fluences = arrays.get("fluences")
    if fluences is not None and (fluences.ndim > 2 or fluences.size != len(fluences)):
        raise table.error("fluences", f"found the shape {fluences.shape}, expected (n,)")
    spectra = _pattern(table, files["spectrum_files"]) if files["spectrum_files"] else _spectra(table, arrays)
    if spectra is not None:
        _check_beam(table, given[0], experiment, isinstance(spectra, str) or spectra.shape[2] == 2)
    return spectra, None if fluences is None else fluences.reshape(-1)


def _spectra(table: Table, arrays: dict[str, npt.NDArray[Any]]) -> npt.NDArray[Any] | None:
    """Return the spectra of all shots as (n, energies, 1 or 2)."""
    if "spectra" in arrays:
        spectra = arrays["spectra"]
        if spectra.ndim != 3 or spectra.shape[2] != 2 or 0 in spectra.shape:
            raise table.error("spectra", f"found the shape {spectra.shape}, expected (n, energies, 2): wavelength and weight")
        return spectra
    if "wavelengths" not in arrays:
        return None
    wavelengths = arrays["wavelengths"]
    if wavelengths.ndim not in (1, 2) or 0 in wavelengths.shape:
        raise table.error("wavelengths", f"found the shape {wavelengths.shape}, expected (n,) or (n, energies)")
    wavelengths = wavelengths.reshape(len(wavelengths), -1)
    if "weights" not in arrays:
        return wavelengths[:, :, None]
    if arrays["weights"].shape != wavelengths.shape:
        found = arrays["weights"].shape
        raise table.error("weights", f"found the shape {found}, expected that of wavelengths, {wavelengths.shape}")
    return np.stack([wavelengths, arrays["weights"]], axis=2).astype(np.float64)


def _pattern(table: Table, pattern: str) -> str:
    try:
        is_good = pattern.format(image=0) != pattern.format(image=1)
    except (ValueError, LookupError, AttributeError, TypeError):
        is_good = False
    if not is_good:
        raise table.error("spectrum_files", f"found {pattern!r}, expected a name with {{image}} or {{image:06d}} for the number")
    return pattern


def _check_beam(table: Table, key: str, experiment: Experiment, has_weights: bool) -> None:
    """Refuse spectra of shots that would not be what the images are made with."""
    beam = experiment.beam
    spreads = ("horizontal_divergence_mrad", "vertical_divergence_mrad", "dispersion_percent")
    taken = next((name for name in spreads if getattr(beam, name) is not None), None)
    if taken or (beam.sources is not None and beam.sources.directions is not None):
        raise table.error(key, f"spectra take the place of the experiment's beam.{taken or 'sources'}, expected one of them")
    if has_weights and not _core.corrects(experiment.semantics, "source-weights"):
        raise table.error(
            key,
            f'the semantics "{experiment.semantics}" ignore weights, expected render.semantics = "corrected" or '
            '"reference,source-weights"',
        )


def _named(table: Table, key: str, read: Any) -> Any:
    """Return what a file holds; errors name the key too."""
    try:
        return read()
    except InputFileError as error:
        raise table.error(key, str(error)) from error
