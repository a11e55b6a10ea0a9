"""Files of ``nbhybrid run --output`` in formats that the core does not write: the package's, which may need numpy and more."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING

from nbhybrid._version import __version__
from nbhybrid.errors import ModelError, OptionError
from nbhybrid.files import Staged
from nbhybrid.formats import Images, format_of, parameters_of, refusal_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from nbhybrid import _core


class Outputs:
    """What the package writes of a run.

    Parameters
    ----------
    paths : sequence of str
    adc : float
        Is added to the pixels where a format holds integers.

    Raises
    ------
    OptionError
        If a file's format is unknown or cannot hold an image of a run, or a package is missing.
    """

    def __init__(self, paths: Sequence[str], adc: float) -> None:
        self._paths = paths
        self._adc = adc
        for path in paths:
            try:
                kind = format_of(path)
                kind.check_packages()
            except ModelError as error:
                raise OptionError(f"--output {path}: {str(error).removeprefix(f'{path}: ')}") from error
            why = refusal_of(kind, 1, has_geometry=True)
            if why:
                raise OptionError(f"--output {path}: {why}")

    def write(self, experiment: _core.Experiment, simulation: _core.Simulation) -> list[str]:
        """Write these files beside their places, then those of the core, and put all in their places. Returns their names.

        Raises
        ------
        OutputFileError
            If a file cannot be written; then there is none.
        """
        with contextlib.ExitStack() as unfinished:
            staged = [unfinished.enter_context(Staged(path)) for path in self._paths]
            for file in staged:
                self._fill(file, experiment, simulation)
            names = simulation.write()
            for file in staged:
                file.commit()
        return [*names, *self._paths]

    def _fill(self, file: Staged, experiment: _core.Experiment, simulation: _core.Simulation) -> None:
        kind = format_of(file.path)
        rendered = simulation.pixels
        images = Images(
            pixels=rendered.cast("B").cast("f", (1, *(rendered.shape or ()))),
            experiments=[experiment],
            parameters=parameters_of(experiment),
            adc=self._adc,
            compression=kind.compressions[0],
            provenance={"nbhybrid_version": __version__},
        )
        assert kind.write is not None
        fill = kind.write
        file.fill(lambda name: fill(name, images))
