"""Amplitudes of the unit cell: from files, arrays, a grid, or one for all."""

from __future__ import annotations

import base64
import binascii
import dataclasses
import math
import operator
import os
import zlib
from typing import TYPE_CHECKING, Any, ClassVar

from nbhybrid import _core
from nbhybrid.arrays import Sizes, take
from nbhybrid.cores import usable_cores
from nbhybrid.errors import InputFileError, ModelError
from nbhybrid.fields import FLAG, PATH, number, shown
from nbhybrid.hints import names_are_checked
from nbhybrid.input_warnings import in_words_of_objects, warn
from nbhybrid.model import Model
from nbhybrid.options import usual

if TYPE_CHECKING:
    from collections.abc import Mapping

    import numpy as np
    import numpy.typing as npt

    from nbhybrid.input_warnings import Pair

MAX_TABLE_GIB: float = usual("--max-table-gib")
_DEFAULT: float = usual("-default_F")
_AMPLITUDE = number()
_LIMIT = number(above=0, infinite=True)


@dataclasses.dataclass(frozen=True)
class UpToComment:
    """What the reference reads of a file in which a line begins with ``#``: it ends there.

    Attributes
    ----------
    table : object or None
        Of the core; None where no row comes before that line.
    remark : (str, str)
        Name and text of the warning; without a table, what is wrong.
    error : str
        Why the rest of the file is no table; empty if it is one.
    """

    table: Any
    remark: Pair
    error: str = ""


@names_are_checked
@dataclasses.dataclass(frozen=True, kw_only=True, eq=False, repr=False)
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
    _up_to_comment: UpToComment | None = None

    _kinds: ClassVar = {"interpolate": FLAG}

    @classmethod
    def from_file(
        cls,
        path: str | os.PathLike[str],
        default: float = _DEFAULT,
        *,
        dump: bool = False,
        interpolate: bool | None = None,
        max_table_gib: float = MAX_TABLE_GIB,
        skip_comments: bool | None = None,
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
        skip_comments : bool, optional
            Whether lines that begin with ``#`` are skipped. By default the semantics of an experiment decide: with the reference's
            the first such line ends the file, and the experiment warns of it; where ``comment-lines`` is corrected they are
            skipped. The properties `grid` and `origin` tell of the whole file. False: the first ends the file in any case.

        Warns
        -----
        InputWarning
            Where less than the whole file is read, or all of its rows lie in one sector of reciprocal space.

        Raises
        ------
        InputFileError, SizeError
        """
        name = os.fsencode(PATH.take("path", path))
        default, limit = _AMPLITUDE.take("default", default), _LIMIT.take("max_table_gib", max_table_gib)

        def read(skip: bool) -> tuple[Any, list[Pair]]:
            return _core.StructureFactors.read(name, FLAG.take("dump", dump), default, limit, skip, usable_cores())

        if skip_comments is not None:
            table, remarks = read(FLAG.take("skip_comments", skip_comments))
            warn(_in_words(remarks))
            return cls(interpolate=interpolate, _table=table)
        try:
            table, remarks = read(False)
        except InputFileError as error:
            # Without an error, the whole file has rows, and the first line that is not blank is a comment.
            table, remarks = read(True)
            warn(_in_words(remarks))
            return cls(interpolate=interpolate, _table=table, _up_to_comment=UpToComment(None, ("comment-lines", str(error))))
        ending = [remark for remark in remarks if remark[0] == "comment-lines"]
        if not ending:
            warn(_in_words(remarks))
            return cls(interpolate=interpolate, _table=table)
        if not os.path.isfile(path):
            raise InputFileError(f"{os.fspath(path)}: has a line that begins with '#', and can be read once: give skip_comments")
        try:
            whole, remarks = read(True)
        except InputFileError as error:
            return cls(interpolate=interpolate, _table=table, _up_to_comment=UpToComment(table, ending[0], str(error)))
        up_to_comment, table = UpToComment(table, ending[0]), whole
        warn(_in_words(remarks))
        return cls(interpolate=interpolate, _table=table, _up_to_comment=up_to_comment)

    def _for(self, semantics: str) -> tuple[Any, list[Pair]]:
        """Return the core's table for an experiment of these semantics, and warnings about it."""
        if self._up_to_comment is None or _core.corrects(semantics, "comment-lines"):
            if self._up_to_comment is not None and self._up_to_comment.error:
                raise InputFileError(self._up_to_comment.error)
            return self._table, []
        if self._up_to_comment.table is None:
            raise InputFileError(in_words_of_objects(self._up_to_comment.remark[1]))
        return self._up_to_comment.table, [self._up_to_comment.remark]

    @classmethod
    def from_arrays(
        cls,
        hkl: Any,
        amplitudes: Any,
        default: float = _DEFAULT,
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
        default, limit = _AMPLITUDE.take("default", default), _LIMIT.take("max_table_gib", max_table_gib)
        sizes = Sizes()
        indices = take(hkl, "hkl", ("n", 3), "int32", sizes=sizes)
        values = take(amplitudes, "amplitudes", ("n",), "float64", sizes=sizes)
        table, remarks = _core.StructureFactors.from_rows(indices, values, default, limit)
        warn(_in_words(remarks))
        return cls(interpolate=interpolate, _table=table)

    @classmethod
    def from_grid(
        cls,
        grid: Any,
        origin: tuple[int, int, int],
        default: float = _DEFAULT,
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
        default, limit = _AMPLITUDE.take("default", default), _LIMIT.take("max_table_gib", max_table_gib)
        values = take(grid, "grid", ("n_h", "n_k", "n_l"), "float64", finite=False)
        table, remarks = _core.StructureFactors.from_grid(values, _corner(origin), default, limit)
        warn(_in_words(remarks))
        return cls(interpolate=interpolate, _table=table)

    @classmethod
    def constant(cls, amplitude: float) -> StructureFactors:
        """Return the same amplitude for every reflection."""
        amplitude = _AMPLITUDE.take("amplitude", amplitude)
        if amplitude == 0:
            raise ModelError(f"amplitude: found {amplitude!r}, expected a finite number other than zero")
        return cls(_table=_core.StructureFactors(amplitude))

    def __post_init__(self) -> None:
        super().__post_init__()
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

    def __repr__(self) -> str:
        """Return what there is, in a line."""
        table = ""
        if self._table.has_table:
            ranges = zip("hkl", self._table.origin, memoryview(self._table).shape or (), strict=True)
            table = "a table over " + ", ".join(f"{name} {first}..{first + count - 1}" for name, first, count in ranges) + "; "
        more = "" if self.interpolate is None else f", interpolate={self.interpolate}"
        return f"<StructureFactors: {table}others {self.default!r}{more}>"

    def to_dict(self) -> dict[str, Any]:
        """Return the table as plain values; the amplitudes are packed, and keep all their bits."""
        values: dict[str, Any] = {"default": self.default}
        if self.interpolate is not None:
            values["interpolate"] = self.interpolate
        values |= _packed(self._table)
        if self._up_to_comment is not None:
            ending: dict[str, Any] = {"warning": list(self._up_to_comment.remark), "error": self._up_to_comment.error}
            values["up_to_comment"] = ending | _packed(self._up_to_comment.table)
        return values

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> StructureFactors:
        """Return the structure factors of these values, as `to_dict` gives them.

        Raises
        ------
        ModelError
        """
        if not hasattr(values, "items"):
            raise ModelError(f"StructureFactors: found {shown(values)}, expected a dictionary as to_dict gives it")
        try:
            default = _AMPLITUDE.take("StructureFactors.default", values["default"])
            ending = values.get("up_to_comment")
            up_to_comment = None
            if ending is not None:
                name, text = ending["warning"]
                table = _unpacked(ending, default) if "values_base64" in ending else None
                up_to_comment = UpToComment(table, (name, text), ending.get("error", ""))
            return cls(interpolate=values.get("interpolate"), _table=_unpacked(values, default), _up_to_comment=up_to_comment)
        except (KeyError, TypeError, ValueError, binascii.Error, zlib.error) as error:
            if isinstance(error, ModelError):
                raise
            why = f"there is no {error}" if isinstance(error, KeyError) else str(error)
            raise ModelError(f"StructureFactors: are not as to_dict writes them: {why}") from error

    def __reduce__(self) -> tuple[Any, ...]:
        return (StructureFactors.from_dict, (self.to_dict(),))


def _corner(origin: Any) -> tuple[int, int, int]:
    """Return three Miller indices that fit the core's integers."""
    try:
        h, k, m = (operator.index(i) for i in origin)
    except (TypeError, ValueError):
        raise ModelError(f"origin: found {shown(origin)}, expected three whole numbers") from None
    if max(abs(i) for i in (h, k, m)) >= 2**63:
        raise ModelError(f"origin: found {shown(origin)}, expected Miller indices")
    return h, k, m


def _in_words(pairs: list[Pair]) -> list[Pair]:
    return [(name, in_words_of_objects(text)) for name, text in pairs]


def _packed(table: Any) -> dict[str, Any]:
    """Return a table of the core as plain values; nothing for none."""
    import numpy as np

    if table is None or not table.has_table:
        return {}
    grid = np.asarray(table)
    packed = base64.b64encode(zlib.compress(grid.astype("<f8").tobytes(), 1)).decode("ascii")
    return {"origin": list(table.origin), "shape": list(grid.shape), "values_base64": packed}


def _unpacked(values: Mapping[str, Any], default: float) -> Any:
    """Return the table of what `_packed` returned, or one that has the default alone."""
    import numpy as np

    if "values_base64" not in values:
        return _core.StructureFactors(default)
    raw = zlib.decompress(base64.b64decode(values["values_base64"]))
    grid = np.frombuffer(raw, "<f8").reshape(values["shape"])
    table, _ = _core.StructureFactors.from_grid(np.ascontiguousarray(grid), _corner(values["origin"]), default, math.inf)
    return table  # warned about when it was made
