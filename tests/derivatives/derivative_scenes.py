"""Random experiments with everything that has derivatives, small enough to be differentiated in a moment."""

import nbhybrid as nb
import numpy as np

SHAPES = ("square", "round", "gauss", "tophat")
PIXELS = (14, 18)


def scene(seed, shape=None):
    """Return an experiment, and the paths by which it is to be differentiated."""
    rng = np.random.default_rng(seed)
    pick = lambda *choices: choices[rng.integers(len(choices))]  # noqa: E731
    n_cells = tuple(rng.uniform(3.1, 9, 3)) if rng.random() < 0.6 else tuple(int(n) for n in rng.integers(3, 9, 3))
    crystal = {
        "cell": nb.UnitCell(*rng.uniform(28, 55, 3), *rng.uniform(78, 102, 3)),
        "misset_deg": tuple(rng.uniform(-40, 40, 3)),
        "n_cells": n_cells,
        "shape": shape or pick(*SHAPES),
        "fudge": float(rng.uniform(0.8, 1.2)),
    }
    kind = pick("one", "spread", "rotations")
    if kind == "spread":
        crystal |= {"mosaic_spread_deg": 0.4, "mosaic_domains": 4}
    if kind == "rotations":
        from nbhybrid.values import rotation_of

        crystal["domain_rotations"] = np.stack([rotation_of(w) for w in rng.normal(0, 0.3, (3, 3))])
    beam = {"polarization": pick(None, 0.0, 0.7, -0.4), "fluence": 1e24}
    sources = pick(None, "spectrum", "directions")
    if sources:
        directions = None if sources == "spectrum" else [[-1, 0.002, 0], [-1, 0, -0.003], [-0.5, 0.001, 0.001]]
        beam["sources"] = nb.Sources(directions, [1.0, 1.02, 0.97], [1.0, 0.5, 2.0])
    beam["wavelength_angstrom" if rng.random() < 0.5 or sources else "energy_ev"] = 1.0 if "sources" in beam else pick(1.0)
    if "energy_ev" in beam:
        beam["energy_ev"] = 12000.0
    sensor = nb.Sensor(thickness_um=300.0, attenuation_depth_um=250.0, layers=int(pick(1, 3))) if rng.random() < 0.5 else None
    # The sources lie along the beam of MOSFLM's convention.
    make = nb.Detector.mosflm if sources == "directions" else pick(nb.Detector.mosflm, nb.Detector.xds)
    detector = make(
        pixels=PIXELS,
        pixel_size_mm=0.35,
        distance_mm=float(rng.uniform(35, 60)),
        rotation_deg=tuple(rng.uniform(-3, 3, 3)),
        sensor=sensor,
    )
    sampling = {"oversample": int(pick(1, 2)), "recompute_solid_angle": bool(pick(True, False))}
    sampling |= {
        "recompute_polarization": bool(pick(True, False)),
        "recompute_thickness": bool(pick(True, False)) and sensor is not None,
    }
    if rng.random() < 0.3:
        sampling["dmin_angstrom"] = 1.9
    factors = nb.StructureFactors.from_grid(rng.uniform(10, 100, (41, 41, 41)), (-20, -20, -20), default=7.0)
    experiment = nb.Experiment(
        crystal=nb.Crystal(**crystal),
        beam=nb.Beam(**beam),
        detector=detector,
        scan=nb.Scan(phi_deg=3.0, range_deg=1.0, steps=2) if rng.random() < 0.4 else nb.Scan(),
        sampling=nb.Sampling(**sampling),
        structure_factors=factors if rng.random() < 0.8 else 25.0,
        semantics="corrected",
    )
    return experiment


def smooth_paths(simulator):
    """Return the paths of a simulator that it has derivatives by, without the tables of amplitudes."""
    tables = ("structure_factors.amplitudes", "structure_factors.intensities")
    return [path for path, parameter in simulator.differentiable.items() if parameter and path not in tables]
