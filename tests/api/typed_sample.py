"""What a user may write, for the type checker: `make lint` reads this file strictly, and a test runs it."""

from __future__ import annotations

import nbhybrid as nb
import numpy as np
import numpy.typing as npt


def still(orientation: npt.NDArray[np.float64]) -> npt.NDArray[np.float32]:
    """Return a still of a crystal in this orientation."""
    crystal = nb.Crystal(cell=nb.UnitCell(70, 80, 90), rotation=orientation, n_cells=(5, 5, 5), shape="gauss")
    detector = nb.Detector.mosflm(pixels=(20, 24), pixel_size_mm=0.8, sensor=nb.Sensor(thickness_um=300))
    beam = nb.Beam(energy_ev=9500.0, horizontal_divergence_mrad=nb.Spread(range=0.2, steps=3))
    factors = nb.StructureFactors.from_arrays(np.array([[1, 2, 3]]), np.array([50.0]), default=10.0)
    experiment = nb.Experiment(
        crystal=crystal, structure_factors=factors, detector=detector, beam=beam, sampling=nb.Sampling(oversample=1)
    )
    simulator = nb.Simulator(experiment, threads=2)
    image: npt.NDArray[np.float32] = simulator.run()
    trace: nb.Trace = simulator.trace([(3, 4)], level="steps")
    amplitude = trace[0]["F_cell"]
    assert isinstance(amplitude, float)
    simulator.update(scan=nb.Scan(range_deg=1.0, steps=2))
    shape: tuple[int, int] = experiment.shape
    assert image.shape == shape
    return image


def series(args: list[str], count: int) -> npt.NDArray[np.float32]:
    """Return several stills of a command line's experiment."""
    try:
        experiment = nb.Experiment.from_args(args)
    except nb.Error as error:
        raise SystemExit(str(error)) from error
    images: npt.NDArray[np.float32] = nb.simulate_batch(experiment, np.repeat(np.eye(3)[None], count, axis=0))
    return images
