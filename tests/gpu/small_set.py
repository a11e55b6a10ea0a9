"""Run each kernel once on small images, for compute-sanitizer, which makes everything many times slower.

    python tests/gpu/small_set.py [--without-traces]

Of a trace whole notes are copied to the host, with room in them that nothing was noted in: initcheck would call that an error.
"""

import os
import sys

import nbhybrid as nb
import numpy as np
from helpers import SMALL

SHAPES = ["-square_xtal", "-round_xtal", "-gauss_xtal", "-tophat_spots"]
FACTORS = "--semantics corrected -oversample 2 -oversample_thick -detector_abs 300 -detector_thick 450 -hdivrange 2 -hdivsteps 2"
# One pixel a thread; a warp a pixel; two pixels a thread.
SIZES = [
    f"-detpixels 24 {FACTORS} -mosaic 1 -mosaic_domains 5",
    "-detpixels 12 -mosaic 1 -mosaic_domains 70",
    "-detpixels 400 -pixel 0.05",
]


def render(words, engine, traces):
    """Render one experiment by all ways in; the exact image must be the processor's."""
    made = nb.Experiment.from_args(words)
    simulator = nb.Simulator(made, engine=engine, device="cuda")
    image = simulator.run()
    if engine == "exact":
        assert np.array_equal(image, nb.simulate(made)), words
    pixels = np.argwhere(np.ones(image.shape))[:: image.size // 100].astype(np.int32)
    simulator.run_pixels(pixels)
    if traces:
        simulator.trace([tuple(map(int, pixel)) for pixel in pixels[:5]], "steps")
    if image.size < 10000:
        # Several images in one launch.
        nb.simulate_batch(made, [np.eye(3), np.eye(3)[[1, 2, 0]]], engine=engine, device="cuda")


def main(traces):
    """Render all of them, in double and without."""
    for slow in "01":
        os.environ["NBHYBRID_SLOW_DOUBLE"] = slow
        for engine in ("exact", "fast") if slow == "0" else ("fast",):
            for shape in SHAPES:
                for size in SIZES:
                    render(f"{SMALL} -oversample 1 {shape} {size}".split(), engine, traces)


if __name__ == "__main__":
    main("--without-traces" not in sys.argv)
