"""Fit the orientation of a crystal, and the scale, to the pixels around its brightest spots.

    python examples/fit_orientation.py [--output FOLDER]

An observed image is made: a crystal turned by a small rotation that the fit does not know, a scale, and counting noise. The fit
(Levenberg-Marquardt) renders the pixels of the boxes alone. With --output both images and the pixels go to FOLDER/fit.npz.
"""

import argparse
import pathlib

import nbhybrid as nb
import numpy as np

TRUE_TURN = np.array([0.20, -0.28, 0.16])  # degrees, about x, y and z of the laboratory
TRUE_SCALE = 1.7
BOXES, REACH = 40, 3  # number of boxes, and pixels from the middle of one to its edge
STEP = 0.01  # of the finite differences, in degrees and in the scale


def nominal():
    """Return the experiment as it is believed to be."""
    hkl = np.argwhere(np.ones((41, 41, 41))) - 20
    amplitudes = np.random.default_rng(1).gamma(2.0, 200.0, len(hkl))
    return nb.Experiment(
        crystal=nb.Crystal(cell=nb.UnitCell(70, 80, 90, 75, 85, 95), misset_deg=(10, 20, 30), n_cells=6, shape="gauss"),
        structure_factors=nb.StructureFactors.from_arrays(hkl, amplitudes),
        beam=nb.Beam(wavelength_angstrom=1.0, fluence=1e30),
        detector=nb.Detector.mosflm(pixels=(400, 400), pixel_size_mm=0.1, distance_mm=120),
        sampling=nb.Sampling(oversample=2),
        semantics="corrected",
    )


def rotation(turn):
    """Return the matrix of a rotation about a vector, by its length in degrees."""
    angle = np.radians(np.linalg.norm(turn))
    x, y, z = np.radians(turn) / angle if angle else (1.0, 0.0, 0.0)
    cross = np.array([[0, -z, y], [z, 0, -x], [-y, x, 0]])
    return np.eye(3) + np.sin(angle) * cross + (1 - np.cos(angle)) * cross @ cross


def misset(first, second):
    """Return the angle in degrees between two orientations."""
    between = rotation(first) @ rotation(second).T
    sines = (between - between.T)[[2, 0, 1], [1, 2, 0]] / 2  # exact for small angles, unlike the trace's cosine
    return np.degrees(np.arcsin(np.linalg.norm(sines)))


def boxes_around_spots(image):
    """Return the pixels, (n, 2), of boxes around the brightest spots; boxes do not overlap."""
    left, inside = image.copy(), np.zeros(image.shape, bool)
    while inside.sum() < BOXES * (2 * REACH + 1) ** 2 and left.max() > 0:
        slow, fast = np.unravel_index(left.argmax(), left.shape)
        box = np.s_[max(slow - REACH, 0) : slow + REACH + 1, max(fast - REACH, 0) : fast + REACH + 1]
        inside[box], left[box] = True, 0
    return np.argwhere(inside)


def main():
    """Make the observed image, fit, and compare with the truth."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--output", type=pathlib.Path, metavar="FOLDER")
    output = parser.parse_args().output

    experiment = nominal()
    simulator = nb.Simulator(experiment)

    def photons(turn, pixels=None):
        simulator.update(crystal=experiment.crystal.replace(rotation=rotation(turn)))
        return (simulator.run() if pixels is None else simulator.run_pixels(pixels)).astype(np.float64)

    observed = np.random.default_rng(2).poisson(TRUE_SCALE * photons(TRUE_TURN))
    pixels = boxes_around_spots(observed)
    counts = observed[tuple(pixels.T)]
    sigmas = np.sqrt(counts + 1.0)

    def residuals(values):
        return (values[3] * photons(values[:3], pixels) - counts) / sigmas

    def slopes(values):
        steps = STEP * np.eye(4)
        return np.stack([(residuals(values + step) - residuals(values - step)) / (2 * STEP) for step in steps], axis=1)

    values, damping = np.array([0.0, 0.0, 0.0, 1.0]), 1e-3  # the turn and the scale
    left = residuals(values)
    print(f"pixels: {len(pixels)} of {observed.size}")
    print(f"start: misset {misset(values[:3], TRUE_TURN):.6f} degrees, scale {values[3]:.5f}, chi2 {left @ left / len(left):.4g}")
    for _ in range(50):
        slope = slopes(values)
        normal = slope.T @ slope
        change = np.linalg.solve(normal + damping * np.diag(np.diag(normal)), -slope.T @ left)
        tried = residuals(values + change)
        gain = left @ left - tried @ tried
        damping *= 0.1 if gain > 0 else 10
        if gain > 0:
            values, left = values + change, tried
        if abs(gain) < 1e-6 * (left @ left):
            break
    residual = misset(values[:3], TRUE_TURN)
    print(f"end: misset {residual:.6f} degrees, scale {values[3]:.5f}, chi2 {left @ left / len(left):.4g}")
    assert residual < 1e-3

    if output:
        output.mkdir(parents=True, exist_ok=True)
        np.savez_compressed(output / "fit.npz", observed=observed, pixels=pixels, values=values)
        print(f"written: {output / 'fit.npz'}")


if __name__ == "__main__":
    main()
