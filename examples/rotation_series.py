"""A rotation series: ten images of half a degree from one prepared simulator, and the spots that come and go.

    python examples/rotation_series.py [--output FOLDER]

Lysozyme, turned about the spindle in fine steps. Only the scan changes from image to image. With --output the images are written
to FOLDER/series.npy, (image, slow, fast).
"""

import argparse
import pathlib

import nbhybrid as nb
import numpy as np

LYSOZYME = pathlib.Path(__file__).resolve().parent / "lysozyme"
IMAGES, DEGREES, STEPS = 10, 0.5, 5  # each image: its width and the number of steps in it
THRESHOLD = 0.3  # photons: a spot is at least as bright in its brightest pixel


def lysozyme():
    """Return the experiment: a crystal of about 40 nm in a bright beam."""
    return nb.Experiment(
        crystal=nb.Crystal(mosflm_matrix=np.loadtxt(LYSOZYME / "lyso_A.mat"), n_cells=12),
        structure_factors=nb.StructureFactors.from_file(LYSOZYME / "lyso.hkl"),
        beam=nb.Beam(wavelength_angstrom=0.9768, fluence=1e24),
        detector=nb.Detector.mosflm(pixels=(200, 200), pixel_size_mm=0.25, distance_mm=120),
        sampling=nb.Sampling(oversample=3),
        semantics="corrected",  # the reference would leave out the step at phi = 0
    )


def brightest_around(image, reach=2):
    """Return for each pixel the largest value within a reach of it, in rows and columns."""
    padded = np.pad(image, reach)
    return np.lib.stride_tricks.sliding_window_view(padded, (2 * reach + 1,) * 2).max(axis=(2, 3))


def spots_of(image):
    """Return where the spots are: pixels above the threshold that are the brightest around."""
    return (image > THRESHOLD) & (image == brightest_around(image))


def reflection_of(simulator, image):
    """Return the Miller index behind the brightest pixel, from the strongest step of its trace."""
    brightest = np.unravel_index(image.argmax(), image.shape)
    steps = simulator.trace([brightest], level="steps")[0].steps
    strongest = steps[np.abs(steps["lattice_factor"] * steps["amplitude"]).argmax()]
    return tuple(int(strongest[name]) for name in ("h0", "k0", "l0"))


def main():
    """Simulate, count, and check the series against one wide image."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--output", type=pathlib.Path, metavar="FOLDER")
    output = parser.parse_args().output

    experiment = lysozyme()
    simulator = nb.Simulator(experiment)
    series = np.empty((IMAGES, *experiment.shape), np.float32)
    before = np.zeros(experiment.shape, bool)
    print("image   phi (degrees)   spots   new   gone   brightest (h k l)")
    for i, image in enumerate(series):
        phi = i * DEGREES
        simulator.update(scan=nb.Scan(phi_deg=phi, range_deg=DEGREES, steps=STEPS))
        simulator.run(image)  # writes into the stack

        spots = spots_of(image)
        new = (spots & ~brightest_around(before)).sum()  # nothing was near in the image before
        gone = (before & ~brightest_around(spots)).sum()
        print(
            f"{i:5}     {phi:4.1f} to {phi + DEGREES:4.1f}  {spots.sum():6}  {new:4}  {gone:5}   {reflection_of(simulator, image)}"
        )
        before = spots

    # An image is the mean over its steps, and the series has the steps of the whole turn.
    simulator.update(scan=nb.Scan(phi_deg=0.0, range_deg=IMAGES * DEGREES, steps=IMAGES * STEPS))
    whole = simulator.run()
    apart = np.abs(series.mean(axis=0, dtype=np.float64) - whole).max() / whole.max()
    print(f"images: {len(series)}")
    print(f"mean of the series and one image of {IMAGES * DEGREES:g} degrees: {apart:.1e} of the maximum apart")
    assert apart < 1e-6

    if output:
        output.mkdir(parents=True, exist_ok=True)
        np.save(output / "series.npy", series)
        print(f"written: {output / 'series.npy'}")


if __name__ == "__main__":
    main()
