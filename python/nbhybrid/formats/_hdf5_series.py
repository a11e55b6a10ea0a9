"""Series in HDF5: files of some images each, and one that shows them as a whole. The bytes depend on nothing but the series."""

from __future__ import annotations

import contextlib
import os
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from nbhybrid.errors import InputFileError
from nbhybrid.files import write_whole
from nbhybrid.formats._hdf5_disk import Disk
from nbhybrid.formats.entry import PARAMETERS

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from nbhybrid.formats.entry import Images

_GZIP_LEVEL = 4
# What the master file says of its pieces.
_WHERE = (
    "The numbers are in {n} other files, from {first} to {last}, beside this one: copy the folder as a whole, or make one file of "
    "it by nbhybrid batch SPEC --merge. What a missing file would hold reads as NaN; of integers as -1, or as the largest value "
    "where there is no sign (seed, failed)."
)
UNITS = {"images": "photons", **{f"parameters/{name}": unit for name, unit in PARAMETERS.items()}}
# The others are float64.
_TYPES = {"image_number": np.int64, "seed": np.uint64, "failed": np.uint8}


def library() -> Any:
    """Return h5py, which is imported when a file is written or looked into."""
    import h5py

    return h5py


def write_images(path: str, images: Images) -> None:
    """Write a file of some images with what is known of them."""
    h5py = library()
    pixels = np.asarray(images.pixels)
    held = {"images": pixels}
    for name, rows in images.parameters.items():
        held[f"parameters/{name}"] = np.asarray(rows, _TYPES.get(name, np.float64))
    with _created(h5py, path, images.provenance) as (file, parameters):
        for dataset, values in held.items():
            properties = _properties(h5py, dataset, values.dtype, pixels.shape[1:], images.compression)
            group = parameters if os.path.dirname(dataset) else file
            with _dataset(h5py, group, dataset, values.dtype, values.shape, properties) as made:
                made.write(h5py.h5s.ALL, h5py.h5s.ALL, np.ascontiguousarray(values))


def nothing(dtype: npt.DTypeLike) -> Any:
    """Return what is read where nothing was written: NaN; of integers -1, or the largest where there is no sign."""
    kind = np.dtype(dtype)
    if kind.kind == "f":
        return np.array(np.nan, kind)
    return np.array(-1 if kind.kind == "i" else np.iinfo(kind).max, kind)


def _properties(h5py: Any, dataset: str, dtype: npt.DTypeLike, shape: tuple[int, ...], compression: str) -> Any:
    """Return how a dataset that holds its numbers itself is stored."""
    properties = _untimed(h5py.h5p.create(h5py.h5p.DATASET_CREATE))
    properties.set_fill_value(nothing(dtype))
    if dataset == "images":
        properties.set_chunk((1, *shape))
        if compression == "gzip":
            properties.set_shuffle()
            properties.set_deflate(_GZIP_LEVEL)
    return properties


def write_master(path: str, pieces: Sequence[str], images: int, provenance: Mapping[str, str]) -> None:
    """Write the file whose datasets are those of all pieces, one after the other, without a copy.

    What a missing piece would hold reads as `nothing` of its kind. An attribute says where the pieces are.

    Parameters
    ----------
    path : str
    pieces : sequence of str
        The files, relative to the folder of `path`, in the order of their images.
    images : int
        Of the series.
    provenance : mapping

    Raises
    ------
    InputFileError
        If a piece is no such file.
    OutputFileError
    """
    h5py = library()
    shapes = [_shapes(h5py, _beside(path, piece)) for piece in pieces]

    def write(name: str) -> None:
        with _created(h5py, name, provenance) as (file, parameters):
            for dataset in UNITS:
                parts = [(piece, *held[dataset]) for piece, held in zip(pieces, shapes, strict=True)]
                _link(h5py, parameters if os.path.dirname(dataset) else file, dataset, images, parts)
            _say(h5py, file, "pieces", _WHERE.format(n=len(pieces), first=pieces[0], last=pieces[-1]))

    write_whole(path, write)


def merge(path: str, pieces: Sequence[str], images: int, provenance: Mapping[str, str], compression: str) -> None:
    """Write a file that holds all images itself: its bytes are those of the series, and little of it is in memory.

    Parameters
    ----------
    path, pieces, images, provenance
        As for `write_master`.
    compression : str
        Of the pieces too.

    Raises
    ------
    InputFileError
        If a piece is no such file.
    OutputFileError
    """
    h5py = library()
    shapes = [_shapes(h5py, _beside(path, piece)) for piece in pieces]

    def write(name: str) -> None:
        with _created(h5py, name, provenance) as (file, parameters), contextlib.ExitStack() as open_ones:
            made = {}
            for dataset in UNITS:
                shape, dtype = _together([held[dataset] for held in shapes], images)
                group = parameters if os.path.dirname(dataset) else file
                properties = _properties(h5py, dataset, dtype, shape[1:], compression)
                made[dataset] = open_ones.enter_context(_dataset(h5py, group, dataset, dtype, shape, properties))
            begin = 0
            for piece, held in zip(pieces, shapes, strict=True):
                _copy(h5py, _beside(path, piece), held, made, begin)
                begin += held["images"][0][0]
        # The pieces are removed when this is done.
        with open(name, "rb") as written:
            os.fsync(written.fileno())

    write_whole(path, write)


def _beside(path: str, piece: str) -> str:
    """Return the path of a piece that is named relative to the folder of another file."""
    return os.path.join(os.path.dirname(path), piece)


def _copy(h5py: Any, piece: str, held: Mapping[str, tuple[tuple[int, ...], Any]], made: Mapping[str, Any], begin: int) -> None:
    """Copy what a piece holds to its place in the datasets of a larger file; images as they are stored."""
    with _closed(h5py.h5f.open(os.fsencode(piece), h5py.h5f.ACC_RDONLY)) as file:
        for dataset, (shape, dtype) in held.items():
            with _closed(h5py.h5d.open(file, dataset.encode())) as source:
                rest = (0,) * (len(shape) - 1)
                if dataset == "images":
                    for k in range(shape[0]):
                        filters, stored = source.read_direct_chunk((k, *rest))
                        made[dataset].write_direct_chunk((begin + k, *rest), stored, filters)
                    continue
                values = np.empty(shape, dtype)
                source.read(h5py.h5s.ALL, h5py.h5s.ALL, values)
                place = made[dataset].get_space()
                place.select_hyperslab((begin, *rest), shape)
                made[dataset].write(h5py.h5s.create_simple(shape), place, values)


def is_merged(path: str) -> bool:
    """Tell whether there is a file that holds all images itself, none of which has failed."""
    if not os.path.exists(path):
        return False
    h5py = library()
    try:
        with h5py.File(path, "r") as file:
            return not file["images"].is_virtual and not file["parameters/failed"][:].any()
    except (OSError, KeyError):
        return False


def missing_pieces(path: str, image: int | None = None) -> list[str]:
    """Return the files of images that a file refers to and that are not there.

    Parameters
    ----------
    path : str
        A file of a series, as `nbhybrid batch` writes it.
    image : int, optional
        Only the file that holds this image.
    """
    h5py = library()
    with h5py.File(path, "r") as file:
        images = file["images"]
        sources = images.virtual_sources() if images.is_virtual else []
    missing = []
    for source in sources:
        first, last = (corner[0] for corner in source.vspace.get_select_bounds())
        wanted = image is None or first <= image <= last
        if wanted and not os.path.exists(os.path.join(os.path.dirname(path), source.file_name)):
            missing.append(source.file_name)
    return missing


def _shapes(h5py: Any, path: str) -> dict[str, tuple[tuple[int, ...], Any]]:
    try:
        with h5py.File(path, "r") as file:
            return {name: (file[name].shape, file[name].dtype) for name in UNITS}
    except (OSError, KeyError) as error:
        raise InputFileError(f"{path}: is no file of images ({error}): remove it and start again") from error


def _together(parts: Sequence[tuple[tuple[int, ...], Any]], images: int) -> tuple[tuple[int, ...], Any]:
    """Return shape and type of a dataset that has room for those of all pieces."""
    width = np.max([shape[1:] for shape, _ in parts], axis=0) if len(parts[0][0]) > 1 else ()
    return (images, *(int(n) for n in width)), parts[0][1]


def _link(h5py: Any, group: Any, dataset: str, images: int, parts: Sequence[tuple[str, tuple[int, ...], Any]]) -> None:
    """Make a dataset of other files' datasets of the same name; where these are narrower than others, it is NaN.

    h5py's own function would note the time in it.
    """
    whole, dtype = _together([(shape, dtype) for _, shape, dtype in parts], images)
    properties = _untimed(h5py.h5p.create(h5py.h5p.DATASET_CREATE))
    properties.set_fill_value(nothing(dtype))
    begin = 0
    for piece, shape, _ in parts:
        place = h5py.h5s.create_simple(whole)
        place.select_hyperslab((begin, *(0 for _ in whole[1:])), shape)
        properties.set_virtual(place, piece.encode(), f"/{dataset}".encode(), h5py.h5s.create_simple(shape))
        begin += shape[0]
    with _dataset(h5py, group, dataset, dtype, whole, properties):
        pass


# Where HDF5 puts things depends on what is open meanwhile. Objects of h5py's own functions live until Python has forgotten their
# frames, and that may be late: Dask's profiler looks at all frames a hundred times a second. So the functions of C are called, and
# what they open is closed here.
@contextlib.contextmanager
def _closed(identifier: Any) -> Iterator[Any]:
    """Close an object of HDF5 at the end of a block."""
    try:
        yield identifier
    finally:
        identifier._close()


@contextlib.contextmanager
def _created(h5py: Any, name: str, provenance: Mapping[str, str]) -> Iterator[tuple[Any, Any]]:
    """Make a file for a block; it has a group of parameters, and says where it comes from."""
    of_file, of_group = _untimed(h5py.h5p.create(h5py.h5p.FILE_CREATE)), _untimed(h5py.h5p.create(h5py.h5p.GROUP_CREATE))
    mode = h5py.h5f.ACC_TRUNC
    with (
        Disk(name) as disk,
        _closed(_access_to(h5py, disk)) as access,
        _closed(h5py.h5f.create(os.fsencode(name), mode, of_file, access)) as file,
    ):
        for key, value in provenance.items():
            _say(h5py, file, key, value)
        with _closed(h5py.h5g.create(file, b"parameters", gcpl=of_group)) as parameters:
            yield file, parameters


def _access_to(h5py: Any, disk: Disk) -> Any:
    """Return how a file is opened that is written into this one."""
    access = h5py.h5p.create(h5py.h5p.FILE_ACCESS)
    # The format of HDF5 1.10, the first with virtual datasets, whatever the library's version.
    access.set_libver_bounds(h5py.h5f.LIBVER_V110, h5py.h5f.LIBVER_V110)
    access.set_fclose_degree(h5py.h5f.CLOSE_STRONG)
    access.set_fileobj_driver(h5py.h5fd.fileobj_driver, disk)
    return access


@contextlib.contextmanager
def _dataset(h5py: Any, group: Any, dataset: str, dtype: npt.DTypeLike, shape: tuple[int, ...], properties: Any) -> Iterator[Any]:
    """Make a dataset for a block; it has its unit."""
    name = os.path.basename(dataset).encode()
    kind, space = h5py.h5t.py_create(np.dtype(dtype)), h5py.h5s.create_simple(shape)
    with _closed(h5py.h5d.create(group, name, kind, space, properties)) as made:
        if UNITS[dataset]:
            _say(h5py, made, "units", UNITS[dataset])
        yield made


def _untimed(properties: Any) -> Any:
    """Let what has these properties not know when it was made."""
    properties.set_obj_track_times(False)
    return properties


def _say(h5py: Any, owner: Any, name: str, text: str) -> None:
    """Give an object an attribute."""
    strings = h5py.string_dtype()
    kind = h5py.h5t.py_create(strings, logical=True)
    with _closed(h5py.h5a.create(owner, name.encode(), kind, h5py.h5s.create(h5py.h5s.SCALAR))) as attribute:
        attribute.write(np.array(text, strings), mtype=h5py.h5t.py_create(strings))
