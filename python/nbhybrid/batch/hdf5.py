"""Series in HDF5: files of some images each, and one that shows them as a whole. The bytes depend on nothing but the series."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from nbhybrid.batch.render import fluence_of, lines_of_frames
from nbhybrid.errors import InputFileError, ModelError
from nbhybrid.files import write_whole

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from nbhybrid.batch.recipe import Recipe
    from nbhybrid.batch.render import Frame, Series

# The format of HDF5 1.10, the first with virtual datasets, whatever the library's version.
_BOUNDS = ("v110", "v110")
_GZIP_LEVEL = 4
UNITS = {
    "images": "photons",
    "parameters/image_number": "",
    "parameters/seed": "",
    "parameters/rotation": "",
    "parameters/fluence": "photons per square metre",
    "parameters/wavelengths": "Angstrom",
    "parameters/weights": "",
    "parameters/failed": "",
}
# Rows of these may be of other lengths.
_RAGGED = ("parameters/wavelengths", "parameters/weights")


def library() -> Any:
    """Return h5py.

    Raises
    ------
    ModelError
        If it is not there.
    """
    try:
        import h5py
    except ImportError as error:
        raise ModelError(
            "output.format: \"hdf5\" needs h5py, which is not installed: pip install 'nbhybrid[hdf5]', or choose smv, bin or npy"
        ) from error
    return h5py


def columns(frames: Sequence[Frame], series: Series) -> dict[str, npt.NDArray[Any]]:
    """Return the parameters of images by the names of their datasets."""
    wavelengths, weights = lines_of_frames(list(frames))
    return {
        "parameters/image_number": np.array([frame.image for frame in frames], np.int64),
        "parameters/seed": np.full(len(frames), series.recipe.seed, np.uint64),
        "parameters/rotation": np.stack([frame.rotation for frame in frames]),
        "parameters/fluence": np.array([fluence_of(frame, series) for frame in frames]),
        "parameters/wavelengths": wavelengths,
        "parameters/weights": weights,
        "parameters/failed": np.array([bool(frame.error) for frame in frames], np.uint8),
    }


def write_images(
    path: str, pixels: npt.NDArray[np.float32], frames: Sequence[Frame], series: Series, provenance: Mapping[str, str]
) -> None:
    """Write a file of some images with their parameters.

    Raises
    ------
    OutputFileError
    """
    h5py = library()
    how: dict[str, Any] = {}
    if series.recipe.compression == "gzip":
        how = {"compression": "gzip", "compression_opts": _GZIP_LEVEL, "shuffle": True}

    def write(name: str) -> None:
        with h5py.File(name, "w", libver=_BOUNDS) as file:
            file.attrs.update(provenance)
            file.create_dataset("images", data=pixels, chunks=(1, *series.recipe.shape), track_times=False, **how)
            for dataset, values in columns(frames, series).items():
                _group(file, dataset).create_dataset(os.path.basename(dataset), data=values, track_times=False)
            _say_units(file)

    write_whole(path, write)


def write_master(path: str, pieces: Sequence[str], recipe: Recipe, provenance: Mapping[str, str]) -> None:
    """Write the file whose datasets are those of all pieces, one after the other, without a copy.

    Parameters
    ----------
    path : str
    pieces : sequence of str
        The files, relative to the folder of `path`, in the order of their images.
    recipe : Recipe
    provenance : mapping

    Raises
    ------
    InputFileError
        If a piece is no such file.
    OutputFileError
    """
    h5py = library()
    folder = os.path.dirname(path)
    shapes = [_shapes(h5py, os.path.join(folder, piece)) for piece in pieces]

    def write(name: str) -> None:
        with h5py.File(name, "w", libver=_BOUNDS) as file:
            file.attrs.update(provenance)
            for dataset in UNITS:
                parts = [(piece, *held[dataset]) for piece, held in zip(pieces, shapes, strict=True)]
                _link(h5py, file, dataset, recipe.images, parts)
            _say_units(file)

    write_whole(path, write)


def _shapes(h5py: Any, path: str) -> dict[str, tuple[tuple[int, ...], Any]]:
    try:
        with h5py.File(path, "r") as file:
            return {name: (file[name].shape, file[name].dtype) for name in UNITS}
    except (OSError, KeyError) as error:
        raise InputFileError(f"{path}: is no file of images ({error}): remove it and start again") from error


def _link(h5py: Any, file: Any, dataset: str, images: int, parts: Sequence[tuple[str, tuple[int, ...], Any]]) -> None:
    """Make a dataset of other files' datasets of the same name; where these are narrower than others, it is NaN.

    h5py's own function would note the time in it.
    """
    dtype = parts[0][2]
    width = tuple(int(n) for n in np.max([shape[1:] for _, shape, _ in parts], axis=0)) if len(parts[0][1]) > 1 else ()
    whole = (images, *width)
    properties = h5py.h5p.create(h5py.h5p.DATASET_CREATE)
    properties.set_obj_track_times(False)
    properties.set_fill_value(np.array(np.nan if dataset in _RAGGED else 0, dtype))
    begin = 0
    for piece, shape, _ in parts:
        place = h5py.h5s.create_simple(whole)
        place.select_hyperslab((begin, *(0 for _ in width)), shape)
        properties.set_virtual(place, piece.encode(), f"/{dataset}".encode(), h5py.h5s.create_simple(shape))
        begin += shape[0]
    group, kind = _group(file, dataset), h5py.h5t.py_create(dtype)
    h5py.h5d.create(group.id, os.path.basename(dataset).encode(), kind, h5py.h5s.create_simple(whole), properties)


def _group(file: Any, dataset: str) -> Any:
    """Return the group of a dataset, made if it is not there; without a time."""
    folder = os.path.dirname(dataset)
    return file if not folder else file.require_group(folder)


def _say_units(file: Any) -> None:
    for name, unit in UNITS.items():
        if unit:
            file[name].attrs["units"] = unit
