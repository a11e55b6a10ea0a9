"""Series in HDF5: files of some images each and one that shows them as a whole; `_hdf5_series` makes them with h5py."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from nbhybrid.errors import InputFileError
from nbhybrid.extras import EXTRAS, install
from nbhybrid.formats.entry import Format, Series

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import numpy.typing as npt

    from nbhybrid.formats.entry import Images


def _write(path: str, images: Images) -> None:
    from nbhybrid.formats import _hdf5_series

    _hdf5_series.write_images(path, images)


def _link(path: str, pieces: Sequence[str], images: int, provenance: Mapping[str, str]) -> None:
    from nbhybrid.formats import _hdf5_series

    _hdf5_series.write_master(path, pieces, images, provenance)


def _merge(path: str, pieces: Sequence[str], images: int, provenance: Mapping[str, str], compression: str) -> None:
    from nbhybrid.formats import _hdf5_series

    _hdf5_series.merge(path, pieces, images, provenance, compression)


def _is_merged(path: str) -> bool:
    from nbhybrid.formats import _hdf5_series

    return _hdf5_series.is_merged(path)


def _read(path: str, number: int | None) -> npt.NDArray[Any]:
    """Read an image of a series, and say which piece is missing if it is not there."""
    try:
        import h5py
    except ImportError as error:
        raise InputFileError(f"{path}: reading HDF5 needs h5py, which is not installed: {install('hdf5')}") from error
    from nbhybrid.formats._hdf5_series import missing_pieces

    try:
        with h5py.File(path, "r") as file:
            count = len(file["images"])
            if number is None and count != 1:
                raise InputFileError(f"{path}: holds a series of {count} images: say which, --image N (0 to {count - 1})")
            number = number or 0
            if not 0 <= number < count:
                raise InputFileError(f"{path}: there is no image {number}, expected 0 to {count - 1}")
            missing = missing_pieces(path, number)
            if missing:
                others = len(missing_pieces(path)) - 1
                more = f" (nor are {others} others)" if others else ""
                raise InputFileError(
                    f"{path}: image {number} is in {missing[0]}, which is not beside it{more}: copy the folder as a whole, or "
                    "make one file of the series by nbhybrid batch SPEC --merge"
                )
            if file["parameters/failed"][number]:
                raise InputFileError(f"{path}: image {number} failed when the series was rendered; there are no pixels")
            pixels = file["images"][number]
    except (OSError, KeyError, ValueError) as error:
        if isinstance(error, InputFileError):
            raise
        raise InputFileError(f"{path}: is no series that nbhybrid batch has written ({error})") from error
    if pixels.ndim != 2:
        raise InputFileError(f"{path}: holds images of {len(pixels)} panels, expected one")
    image: npt.NDArray[Any] = pixels
    return image


FORMAT = Format(
    name="hdf5",
    title="HDF5",
    suffixes=(".h5", ".hdf5"),
    write=_write,
    series=Series(link=_link, merge=_merge, is_merged=_is_merged),
    panels=True,
    compressions=("none", "gzip"),
    packages=EXTRAS["hdf5"],
    begins=re.compile(rb"\x89HDF\r\n\x1a\n"),
    read=_read,
)
