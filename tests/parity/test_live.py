"""Generated command lines through the reference program and ours: every file to the byte. NB_C_BIN names the reference."""

import os
import warnings

import pytest
from helpers import COMMAND
from nbhybrid.parity.fuzz.judge import Programs, Way, judge, shrink
from nbhybrid.parity.fuzz.option_sets import OptionSet, build

REFERENCE = os.environ.get("NB_C_BIN", "")
SETS = 48

pytestmark = pytest.mark.reference


@pytest.fixture(scope="module")
def programs():
    """Return both programs; without the reference skip, and say so where nobody overlooks it."""
    if not REFERENCE:
        text = "NB_C_BIN is not set: the live comparison with the reference program is SKIPPED"
        warnings.warn(text, stacklevel=1)
        pytest.skip(text)
    if not os.access(REFERENCE, os.X_OK):
        pytest.fail(f"NB_C_BIN={REFERENCE} is not a program")
    return Programs([os.path.abspath(REFERENCE)], COMMAND)


@pytest.mark.parametrize("seed", range(100, 100 + SETS))
def test_generated_command_line(programs, seed):
    option_set = build(seed)
    ways = programs.ways(option_set)
    verdict = judge(option_set, ways)
    assert not verdict.bad, f"{verdict.kind}: {verdict.detail}\n{ways[-1].shown(option_set)}"


def test_the_generator_gives_something_to_compare(programs):
    twice = [Way("reference", programs.reference, foreign=True), Way("again", programs.reference)]
    kinds = [judge(build(seed), twice).kind for seed in range(60)]
    assert kinds.count("same") > 50, kinds


def test_shrinking_finds_the_culprit(programs):
    wrong = OptionSet(0, [("-cell", "50"), ("-default_F", "9"), ("-detpixels", "8"), ("-phi", "3")], {})
    elsewhere = [*programs.reference, "-floatfile", "elsewhere.bin"]
    ways = [Way("reference", programs.reference, foreign=True), Way("elsewhere", elsewhere)]
    shrunk, verdict = shrink(wrong, judge(wrong, ways), ways)
    assert verdict.kind == "different"
    assert [group[0] for group in shrunk.groups] == ["-cell", "-default_F"]


# Of a few axes in a thousand the repeated normalisation never settles; at this polarization every last bit of the axis shows.
NEVER_SETTLING_AXES = ("0.885 -0.666 0.21", "-0.92 -0.217 0.691")


@pytest.mark.parametrize("sources", ["", "-oversample_polar -dmin 3 -hdivrange 10 -hdivsteps 2"], ids=["one", "more"])
@pytest.mark.parametrize("axis", NEVER_SETTLING_AXES)
def test_polarization_axis_that_never_settles(programs, axis, sources):
    crystal = "-cell 50 60 70 80 95 100 -misset 10 20 30 -default_F 10 -N 3 -nonoise -detpixels 41 -pixel 1 -oversample 1"
    words = f"{crystal} {sources} -beam_vector 1 0 0 -polar_vector {axis} -polar 1e15"
    option_set = OptionSet(0, [(word,) for word in words.split()], {})
    verdict = judge(option_set, programs.ways(option_set))
    assert verdict.kind == "same", verdict.detail
