"""What must not change an image, or change it in a known way, whatever the experiment."""

import dataclasses
import math
import random

import numpy as np
import tolerances
from helpers import hkl_text, smv_bytes
from hypothesis import assume, given
from hypothesis import strategies as st
from scenes import STATELESS, experiments, image, outputs, relative_difference, same_bits, tenths

FLUENCE = 3e28
# The factor of a round crystal loses its digits as 1/x^2 towards the centre of a spot, so that inputs that differ by a rounding may
# give images that differ visibly there.
STABLE = [extra for extra in STATELESS if extra[0] != "-round_xtal"]
# Rows that span more than these detectors can see.
INDICES = [(h, k, m) for h in range(-6, 7) for k in range(-6, 7) for m in range(-6, 7)]


def box(amplitude_of):
    """Return the files of a run with a table; amplitude_of gives F of (h, k, l)."""
    return {"f.hkl": hkl_text((*index, amplitude_of(index)) for index in INDICES).encode()}


def mixed(index, modulus=500):
    """Return an amplitude that has nothing to do with that of the neighbours."""
    h, k, m = index
    return (h * 7919 + k * 104729 + m * 1299709) % modulus


def is_multiple(product, factor, image_of_one):
    """Return True if an image is a power of two times another: to the bit, but for pixels too small to have all their bits."""
    normal = image_of_one >= np.finfo(np.float32).tiny
    tiny = np.abs(product - factor * image_of_one)[~normal]
    return same_bits(product[normal], factor * image_of_one[normal]) and (tiny <= factor * 2.0**-149).all()


@given(experiments())
def test_twice_the_photons_twice_the_intensity(one):
    single = image(one.words("-fluence", FLUENCE), one.shape)
    double = image(one.words("-fluence", 2 * FLUENCE), one.shape)
    assert is_multiple(double, 2, single)


@given(experiments())
def test_twice_the_amplitude_four_times_the_intensity(one):
    single = image(one.words("-default_F", 50), one.shape)
    double = image(one.words("-default_F", 100), one.shape)
    assert is_multiple(double, 4, single)


@given(
    experiments([*STATELESS, ("-phi", "0", "-osc", "1", "-phisteps", "3"), ("-water", "2")]),
    st.sampled_from([2, 3, 5, 7, 64]),
)
def test_threads_change_no_byte(one, threads):
    words = one.words("-seed", 7, leave_out=["-nonoise"])
    assert outputs(["--threads", threads, *words]) == outputs(["--threads", 1, *words])


@given(experiments(), st.data())
def test_a_region_is_a_part_of_the_whole(one, data):
    x = sorted(data.draw(st.tuples(*[st.integers(0, one.fast - 1)] * 2), label="x"))
    y = sorted(data.draw(st.tuples(*[st.integers(0, one.slow - 1)] * 2), label="y"))
    whole = image(one.words(), one.shape)
    part = image(one.words("-roi", *x, *y), one.shape)
    want = np.zeros_like(whole)
    inside = np.s_[y[0] : y[1] + 1, x[0] : x[1] + 1]
    want[inside] = whole[inside]
    assert same_bits(part, want)


@given(experiments(), st.randoms(use_true_random=False))
def test_a_mask_blackens_its_pixels_and_no_others(one, chance):
    mask = np.array([chance.choice([0, 1, 65535]) for _ in range(one.fast * one.slow)], "<u2")
    whole = image(one.words(), one.shape)
    masked = image(one.words("-mask", "m.img"), one.shape, {"m.img": smv_bytes(one.fast, one.slow, mask)})
    assert same_bits(masked, np.where(mask.reshape(one.shape) == 0, np.float32(0), whole))


@given(experiments(), st.integers(0, 1000))
def test_the_order_of_reflections_does_not_matter(one, seed):
    files = box(mixed)
    rows = files["f.hkl"].splitlines(keepends=True)
    random.Random(seed).shuffle(rows)
    words = one.words("-hkl", "f.hkl")
    assert same_bits(image(words, one.shape, files), image(words, one.shape, {"f.hkl": b"".join(rows)}))


@given(experiments())
def test_a_table_of_nothing_but_the_default(one):
    files = box(lambda _: one.amplitude)
    assert same_bits(image(one.words("-hkl", "f.hkl"), one.shape, files), image(one.words(), one.shape))


@given(experiments(most=0), st.sampled_from([2, 3]))
def test_each_pixel_sees_its_own_reflection_only(one, modulus):
    words = one.words("-hkl", "f.hkl", leave_out=["-default_F"])
    black = image(words, one.shape, box(lambda _: 0))
    whole = image(words, one.shape, box(mixed))
    some = image(words, one.shape, box(lambda index: mixed(index) if sum(index) % modulus else 0))
    rest = image(words, one.shape, box(lambda index: 0 if sum(index) % modulus else mixed(index)))
    assert not black.any()
    assert not ((some != 0) & (rest != 0)).any()
    assert same_bits(np.where(some != 0, some, rest), whole)


@given(experiments(STATELESS[1:]), st.sampled_from([1, 2, 4, 8]), st.sampled_from([0.5, 1, 2]), st.sampled_from([-2, 0, 5]))
def test_steps_by_number_or_by_width(one, count, osc, phi):
    counted = one.words("-phi", phi, "-osc", osc, "-phisteps", count)
    measured = one.words("-phi", phi, "-osc", osc, "-phistep", osc / count)
    assert outputs(counted) == outputs(measured)


@given(experiments(STABLE[1:], most=1), st.sampled_from([2, 3]))
def test_a_rotation_is_the_mean_of_its_angles(one, count):
    osc = 0.5 * count
    swept = image(one.words("-phi", 10, "-osc", osc, "-phisteps", count), one.shape)
    single = [image(one.words("-phi", 10 + 0.5 * i, "-osc", 0, "-phisteps", 1), one.shape) for i in range(count)]
    mean = np.mean(np.array(single, "f8"), axis=0)
    # Angles in radians are reached by one rounding more: 1e-16 times a phase.
    assert relative_difference(swept, mean.astype("f4")) <= tolerances.MEAN_OF_RUNS


def a_matrix(cell, wavelength):
    """Return the nine numbers of the matrix of a cell whose a* is along x and whose b* lies in the xy plane."""
    a, b, c = cell[:3]
    cosines = [math.cos(math.radians(angle)) for angle in cell[3:]]
    ca, cb, cg = cosines
    volume = a * b * c * math.sqrt(1 + 2 * ca * cb * cg - ca * ca - cb * cb - cg * cg)
    metric = np.array([[a * a, a * b * cg, a * c * cb], [a * b * cg, b * b, b * c * ca], [a * c * cb, b * c * ca, c * c]])
    assert volume > 0
    # Columns of an upper triangular matrix whose scalar products are those of a*, b*, c*.
    columns = np.linalg.cholesky(np.linalg.inv(metric)).T
    return columns * wavelength


@given(experiments(STABLE), st.integers(0, 3), tenths(75, 105))
def test_a_cell_is_its_matrix(one, oblique, angle):
    # One oblique angle at most: the reference's cells of two or three are not quite those of the angles given.
    angles = [angle if i == oblique else 90 for i in range(3)]
    one = dataclasses.replace(one, cell=(*one.cell[:3], *angles))
    matrix = a_matrix(one.cell, one.wavelength)
    text = "\n".join(" ".join(f"{x:.17g}" for x in row) for row in matrix)
    by_matrix = image(one.words("-mat", "a.mat", leave_out=["-cell"]), one.shape, {"a.mat": text.encode()})
    by_cell = image(one.words(), one.shape)
    assert relative_difference(by_matrix, by_cell) <= tolerances.CELL_AS_MATRIX


@given(experiments([extra for extra in STABLE if extra[0] != "-detector_rotx"]), st.integers(-6, 6), st.integers(-6, 6))
def test_moving_beam_and_detector_together(one, fast, slow):
    assume(fast or slow)
    # In this convention Xbeam counts along the slow axis.
    centre = (5 * one.pixel, 6 * one.pixel)
    moved = (centre[0] + slow * one.pixel, centre[1] + fast * one.pixel)
    first = image(one.words("-mosflm", "-Xbeam", centre[0], "-Ybeam", centre[1]), one.shape)
    second = image(one.words("-mosflm", "-Xbeam", moved[0], "-Ybeam", moved[1]), one.shape)
    old = np.s_[max(0, -slow) : one.slow - max(0, slow), max(0, -fast) : one.fast - max(0, fast)]
    new = np.s_[max(0, slow) : one.slow - max(0, -slow), max(0, fast) : one.fast - max(0, -fast)]
    assert relative_difference(first[old], second[new]) <= tolerances.MOVED_DETECTOR


@given(experiments(), st.permutations(range(12)))
def test_the_order_of_independent_options_does_not_matter(one, order):
    groups = one.groups()
    shuffled = [groups[i] for i in order if i < len(groups)] + groups[len(order) :]
    words = [word for group in shuffled for word in group]
    assert outputs([*words, "-noprogress"]) == outputs(one.words())
