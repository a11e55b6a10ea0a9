"""Stills as of an X-ray laser: random orientations, a spectrum of spikes, one call; and the same bits from several processes.

    python examples/stills_spectrum.py [--output FOLDER] [--stills N] [--processes N]

With --output the images, orientations and spectrum are written to FOLDER/stills.npz.
"""

import argparse
import concurrent.futures
import functools
import multiprocessing
import pathlib

import nbhybrid as nb
import numpy as np

LYSOZYME = pathlib.Path(__file__).resolve().parent / "lysozyme"
EV_ANGSTROM = 12398.42
ENERGY, ENERGY_RMS, SPIKE_RMS = 9500.0, 12.0, 1.5  # eV
LINES = 30  # of the spectrum


def laser_spectrum(rng):
    """Return wavelengths in Angstrom and weights: random waves, smooth over the width of a spike, under an envelope."""
    offsets = np.linspace(-2.5, 2.5, LINES) * ENERGY_RMS
    smooth = np.exp(-(((offsets[:, None] - offsets) / SPIKE_RMS) ** 2) / 2)
    waves = smooth @ (rng.normal(size=LINES) + 1j * rng.normal(size=LINES))
    weights = np.abs(waves) ** 2 * np.exp(-((offsets / ENERGY_RMS) ** 2) / 2)
    return EV_ANGSTROM / (ENERGY + offsets), weights / weights.sum()


def random_rotations(count, rng):
    """Return rotation matrices, (count, 3, 3), none more likely than another."""
    turns, upper = np.linalg.qr(rng.normal(size=(count, 3, 3)))
    turns *= np.sign(np.diagonal(upper, axis1=1, axis2=2))[:, None, :]
    return turns * np.sign(np.linalg.det(turns))[:, None, None]


def stills(wavelengths, weights):
    """Return the experiment: a lysozyme crystal of about 40 nm and one point source for each line of the spectrum."""
    return nb.Experiment(
        crystal=nb.Crystal(cell=nb.UnitCell(27.2, 31.8, 34.1, 88.5, 108.6, 111.9), n_cells=12),
        structure_factors=nb.StructureFactors.from_file(LYSOZYME / "lyso.hkl"),
        beam=nb.Beam(energy_ev=ENERGY, fluence=1e24, sources=nb.Sources(None, wavelengths, weights)),
        detector=nb.Detector.mosflm(pixels=(160, 160), pixel_size_mm=0.3, distance_mm=110),
        sampling=nb.Sampling(oversample=3),
        semantics="corrected",  # the reference would take all lines for equally strong
    )


def main():
    """Simulate in one call, then in processes, then line by line, and compare."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--output", type=pathlib.Path, metavar="FOLDER")
    parser.add_argument("--stills", type=int, default=6)
    parser.add_argument("--processes", type=int, default=2)
    arguments = parser.parse_args()

    rng = np.random.default_rng(7)
    wavelengths, weights = laser_spectrum(rng)
    rotations = random_rotations(arguments.stills, rng)
    experiment = stills(wavelengths, weights)
    images = nb.simulate_batch(experiment, rotations)
    print(f"images: {len(images)}, {LINES} wavelengths each")
    for i, image in enumerate(images):
        print(f"still {i}: {image.sum():6.1f} photons, {(image > 0.1).sum():3} pixels above 0.1")

    # An experiment travels by pickle; each process takes a share of the orientations and one core.
    render = functools.partial(nb.simulate_batch, experiment, threads=1)
    context = multiprocessing.get_context("spawn")
    with concurrent.futures.ProcessPoolExecutor(arguments.processes, mp_context=context) as pool:
        shares = list(pool.map(render, np.array_split(rotations, arguments.processes)))
    same = (np.concatenate(shares) == images).all()
    print(f"{arguments.processes} processes: {'identical bits' if same else 'OTHER BITS'}")
    assert same

    # A still is the weighted mean of its monochromatic ones.
    simulator = nb.Simulator(experiment.replace(crystal=experiment.crystal.replace(rotation=rotations[0])))
    mean = np.zeros(experiment.shape)
    for wavelength, weight in zip(wavelengths, weights, strict=True):
        simulator.update(beam=experiment.beam.replace(energy_ev=None, wavelength_angstrom=wavelength, sources=None))
        mean += weight * simulator.run()
    apart = np.abs(images[0] - mean).max() / mean.max()
    print(f"still 0 and the weighted mean of its monochromatic images: {apart:.1e} of the maximum apart")
    assert apart < 1e-6

    if arguments.output:
        arguments.output.mkdir(parents=True, exist_ok=True)
        path = arguments.output / "stills.npz"
        np.savez_compressed(path, images=images, rotations=rotations, wavelengths_angstrom=wavelengths, weights=weights)
        print(f"written: {path}")


if __name__ == "__main__":
    main()
