"""Amplitudes of the unit cell: from files, arrays, a grid, or one for all."""

from __future__ import annotations

import base64
import dataclasses
import math
import operator
import os
import zlib
from typing import TYPE_CHECKING, Any

from nbhybrid import _core
from nbhybrid.arrays import Sizes, take
from nbhybrid.cores import usable_cores
from nbhybrid.errors import ModelError
from nbhybrid.input_warnings import warn
from nbhybrid.model import Model

if TYPE_CHECKING:
    from collections.abc import Mapping

    import numpy as np
    import numpy.typing as npt

MAX_TABLE_GIB = 8.0


@dataclasses.dataclass(frozen=True, kw_only=True, eq=False)
class StructureFactors(Model):
    """Amplitudes of the unit cell, in electrons: a table, and a value for what the table does not hold.

    Made by `from_file`, `from_arrays`, `from_grid` or `constant`.

    Attributes
    ----------
    interpolate : bool, optional
        Whether amplitudes between the reflections are interpolated; by default if the crystal has two cells or fewer along an axis.
    """

    interpolate: bool | None = None
    _table: Any = None

    @classmethod
    def from_file(
        cls,
        path: str | os.PathLike[str],
        default: float = 0.0,
        *,
        dump: bool = False,
        interpolate: bool | None = None,
        max_table_gib: float = MAX_TABLE_GIB,
        skip_comments: bool = True,
    ) -> StructureFactors:
        """Read an HKL file (rows ``h k l F``), or a dump of the reference.

        Parameters
        ----------
        path : path-like
        default : float
            Amplitude of what the table lacks.
        dump : bool
            Whether the file is a dump (``Fdump.bin``).
        interpolate : bool, optional
        max_table_gib : float
            Larger tables are refused.
        skip_comments : bool
            Whether lines that begin with ``#`` are skipped; otherwise the first ends the file, as in the reference.

        Warns
        -----
        InputWarning
            Where less than the whole file is read.

        Raises
        ------
        InputFileError, SizeError
        """
        threads = usable_cores()
        table, remarks = _core.StructureFactors.read(os.fsencode(path), dump, float(default), max_table_gib, skip_comments, threads)
        warn(remarks)
        return cls(interpolate=interpolate, _table=table)

    @classmethod
    def from_arrays(
        cls,
        hkl: Any,
        amplitudes: Any,
        default: float = 0.0,
        *,
        interpolate: bool | None = None,
        max_table_gib: float = MAX_TABLE_GIB,
    ) -> StructureFactors:
        """Return the structure factors of these reflections; of equal ones the last counts.

        Parameters
        ----------
        hkl : array_like of int, (n, 3)
        amplitudes : array_like of float, (n,)
        default : float
            Amplitude of what the table lacks.
        interpolate : bool, optional
        max_table_gib : float
            Larger tables are refused.

        Raises
        ------
        ModelError, SizeError, ArrayTypeError, ArrayValueError
        """
        sizes = Sizes()
        indices = take(hkl, "hkl", ("n", 3), "int32", sizes=sizes)
        values = take(amplitudes, "amplitudes", ("n",), "float64", sizes=sizes)
        return cls(interpolate=interpolate, _table=_core.StructureFactors.from_rows(indices, values, float(default), max_table_gib))

    @classmethod
    def from_grid(
        cls,
        grid: Any,
        origin: tuple[int, int, int],
        default: float = 0.0,
        *,
        interpolate: bool | None = None,
        max_table_gib: float = MAX_TABLE_GIB,
    ) -> StructureFactors:
        """Return the structure factors of a dense grid.

        Parameters
        ----------
        grid : array_like of float, (n_h, n_k, n_l)
        origin : (int, int, int)
            Miller indices of ``grid[0, 0, 0]``.
        default : float
            Amplitude of what lies outside.
        interpolate : bool, optional
        max_table_gib : float
            Larger tables are refused.

        Raises
        ------
        ModelError, SizeError, ArrayTypeError, ArrayValueError
        """
        values = take(grid, "grid", ("n_h", "n_k", "n_l"), "float64", finite=False)
        corner = _corner(origin)
        return cls(interpolate=interpolate, _table=_core.StructureFactors.from_grid(values, corner, float(default), max_table_gib))

    @classmethod
    def constant(cls, amplitude: float) -> StructureFactors:
        """Return the same amplitude for every reflection."""
        if not math.isfinite(amplitude) or amplitude == 0:
            raise ModelError(f"amplitude: found {amplitude!r}, expected a finite number other than zero")
        return cls(_table=_core.StructureFactors(float(amplitude)))

    def __post_init__(self) -> None:
        if self._table is None:
            raise ModelError("StructureFactors are made by from_file, from_arrays, from_grid or constant")

    @property
    def default(self) -> float:
        """The amplitude of what the table lacks."""
        return float(self._table.default_amplitude)

    @property
    def origin(self) -> tuple[int, int, int] | None:
        """The Miller indices of ``grid[0, 0, 0]``; None without a table."""
        origin: tuple[int, int, int] = self._table.origin
        return origin if self._table.has_table else None

    @property
    def grid(self) -> npt.NDArray[np.float64] | None:
        """The table, (n_h, n_k, n_l), float64, read-only and not copied; None without one."""
        import numpy as np

        return np.asarray(self._table) if self._table.has_table else None

    def to_dict(self) -> dict[str, Any]:
        """Return the table as plain values; the amplitudes are packed, and keep all their bits."""
        values: dict[str, Any] = {"default": self.default}
        if self.interpolate is not None:
            values["interpolate"] = self.interpolate
        grid = self.grid
        if grid is not None:
            packed = base64.b64encode(zlib.compress(grid.astype("<f8").tobytes(), 1)).decode("ascii")
            values |= {"origin": list(self._table.origin), "shape": list(grid.shape), "values_base64": packed}
        return values

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> StructureFactors:
        """Return the structure factors of these values, as `to_dict` gives them."""
        import numpy as np

        if "values_base64" not in values:
            return cls(interpolate=values.get("interpolate"), _table=_core.StructureFactors(float(values["default"])))
        raw = zlib.decompress(base64.b64decode(values["values_base64"]))
        grid = np.frombuffer(raw, "<f8").reshape(values["shape"])
        return cls.from_grid(
            grid, values["origin"], values["default"], interpolate=values.get("interpolate"), max_table_gib=math.inf
        )

    def __reduce__(self) -> tuple[Any, ...]:
        return (StructureFactors.from_dict, (self.to_dict(),))


def _corner(origin: Any) -> tuple[int, int, int]:
    """Return three Miller indices that fit the core's integers."""
    try:
        h, k, m = (operator.index(i) for i in origin)
    except (TypeError, ValueError):
        raise ModelError(f"origin: found {origin!r}, expected three whole numbers") from None
    if max(abs(i) for i in (h, k, m)) >= 2**63:
        raise ModelError(f"origin: found {origin!r}, expected Miller indices")
    return h, k, m
