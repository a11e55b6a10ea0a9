"""Every tolerance of the tests, each with its reason."""

from nbhybrid.libm import libm_verdict


def libm_matches():
    """Return True where the local elementary functions give every result of the probe, to the last bit."""
    return libm_verdict()["matches"]


def exact_units():
    """Return how many float32 units a pixel of the exact engine may differ from the reference.

    Zero where the local C library computes what the reference's did. Elsewhere one: the sum is made in double, so another
    rounding of sin or exp can move the float32 pixel only across one boundary.
    """
    return 0 if libm_matches() else 1


def exact_counts():
    """Return how many counts an integer pixel may differ: one where a float32 pixel may, for it is rounded from that."""
    return 0 if libm_matches() else 1


def traces_are_exact():
    """Return True where trace digits can be demanded: they show doubles, which another C library rounds otherwise."""
    return libm_matches()


# Differences below are in units of the strongest pixel of the image.

# A cell and the same cell given as a matrix of nine numbers with 17 digits: the vectors are reached by other roundings (a few
# 1e-16), which N * pi * h, below 1000, turns into 1e-13 of a lattice factor. What shows is the rounding of the float32 pixel, 6e-8.
CELL_AS_MATRIX = 2e-7

# Of edges and angles, as promised: vectors are products of a few sines and cosines, 1e-15, and quotients by a sine. Reciprocal ones
# lose as many digits as a cell is flat, for which tests allow separately.
CELL_AS_ASKED = 1e-9

# Sums of images over those of square crystals, as a ratio of integrals over spots. Sums over sub-pixels and domains stand for the
# integrals: 0.4 % to 1.5 % are seen.
SAMPLED_SPOTS = 0.025

# Beam centre and detector moved together by whole pixels: places of about 0.01 m are rounded to 1e-18 m, again some 1e-13 of a
# lattice factor, and again only float32 shows.
MOVED_DETECTOR = 2e-7

# One run over n angles, and the mean of n runs over one angle each: n float32 roundings instead of one.
MEAN_OF_RUNS = 3e-7

# Seconds within which an interrupted run must have ended, and CPU seconds that asking for the version may take (generously: a cold
# start of the interpreter on a loaded machine included).
INTERRUPT_SECONDS = 1.0
VERSION_CPU_SECONDS = 0.3

# The same number of photons computed in double in another order of a few products, then rounded to float32: half a unit each side.
ONE_ROUNDING = 6e-8

# Means and products of a few float32 images against one image.
SEVERAL_ROUNDINGS = 4e-7

# The fast engine computes the lattice factor of a parallelepiped in float32: a quotient of two products of three sines, squared. A
# sine and its argument have two to three roundings of 6e-8 each, and errors of both signs: 12 times 2e-7 in the worst case, stated
# with what the pixel's own rounding adds. The brightest thousandth of the terms is computed in double, so that no single one takes
# that error into the sum of an image: 6e-8 is the largest that was seen. On a device squares of amplitudes are rounded to float32,
# another 6e-8 of a term at most.
FAST_RELATIVE = 3e-6
# Of the brightest pixel: fainter ones lie between spots, where a sine is next to its zero and has fewer digits.
FAST_FAINT = 1e-6
FAST_SUM = 1e-7

# A trace of a device's exact engine: twelve sines within 7.0e-14, theirs within 2.3e-16, make a term of a parallelepiped (8.5e-13),
# and the roundings of products and quotients less than 1e-14 more. Factors and sums of other shapes are nearer.
TRACE_DEVICE = 1e-12
# What a log's fifteen digits leave out.
FIFTEEN_DIGITS = 5e-15
# Of N1 N2 N3, the largest lattice factor: a step of a smaller factor may be left out. What is left out of a pixel stays below 1e-56
# photons, and a step of the largest factor has 5e5 in the images that this is for: the root of 2e-62.
TRACE_OUT_OF_REACH = 1.5e-31
# The same without double, on devices where that is slow. Indices are sums of two float32 with errors of 8e-14 of the largest one
# (tests/cpp/test_float_pair.cpp), far below the rounding of their offsets to float32, 6e-8 at most; so a parallelepiped's sines
# and their arguments have the roundings that FAST_RELATIVE allows for, and 1.1e-6 is the largest that was seen. Exponents of
# gauss spots and radii of tophat spots are such sums, too: a gauss term has 3e-7 for its power of 2, its amplitude in float32 and
# the pixel's own rounding. The brightest thousandth of a parallelepiped's terms is computed from sums of two float32, but for the
# part in which a sine differs from its argument: 12 times 2e-8 in the worst case for the terms that matter, and 6e-8 for the
# amplitude, of either sign; 7e-8 of a sum is the largest that was seen.
FAST_FLOAT_RELATIVE = 3e-6
FAST_FLOAT_SUM = 1e-7

# dxtbx takes a scan for a still whose images turn by less (model/scan.h, min_oscillation_width_), in degrees of a header.
DXTBX_STILL_DEGREES = 1e-7
# A rotation matrix of a file, its rows made exact: some roundings of float64.
ROTATION_ROUNDING = 1e-15
# Times of images with 16 times as many domains, measured within half a second on a machine that others use.
ESTIMATE_FACTOR = 5.0
# A geometry read back from a header that nbhybrid wrote: distances have 15 digits there, two-theta goes from radians to degrees and
# back, and what a swing of 60 degrees divides by its cosine has twice these errors.
READ_BACK = 1e-12
# Of a pixel: how well another program finds the beam centre in a header.
DXTBX_PIXELS = 0.01

# Derivatives: inner products of jvp, vjp and columns of the Jacobian, of the sum of magnitudes of their terms. All are sums of the
# same slopes in other orders: thousands of roundings of 1.1e-16, partly of one sign.
DERIVATIVE_INNER_PRODUCTS = 1e-12
# And differences of images in float64, of the largest slope: small steps with an error of fourth order, and roundings of images,
# 1e-13 of the brightest pixel, over the step.
DERIVATIVE_DIFFERENCES = 1e-6

# The reduced form of lattice factors, of the largest value or slope: the polynomial's slope is right to 4.2e-14, and the rest is
# roundings.
REDUCED_FORM = 1e-12
