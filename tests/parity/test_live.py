"""Generated command lines through the reference program and ours: every file to the byte. NB_C_BIN names the reference."""

import os
import warnings

import live
import option_sets
import pytest

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
    return live.Programs([REFERENCE])


@pytest.mark.parametrize("seed", range(100, 100 + SETS))
def test_generated_command_line(programs, seed):
    option_set = option_sets.build(seed)
    verdict = live.judge(programs, option_set, ["--threads", str((1, 2, 7)[seed % 3])])
    assert not verdict.bad, f"{verdict.kind}: {verdict.detail}\n{live.shown(option_set)}"


def test_the_generator_gives_something_to_compare(programs):
    kinds = [live.judge(live.Programs(programs.reference, programs.reference), option_sets.build(seed)).kind for seed in range(60)]
    assert kinds.count("same") > 50, kinds


def test_shrinking_finds_the_culprit(programs):
    wrong = option_sets.OptionSet(0, [("-cell", "50"), ("-default_F", "9"), ("-detpixels", "8"), ("-phi", "3")], {})
    other = live.Programs(programs.reference, [*programs.reference, "-floatfile", "elsewhere.bin"])
    shrunk, verdict = live.shrink(other, wrong, live.judge(other, wrong))
    assert verdict.kind == "different"
    assert [group[0] for group in shrunk.groups] == ["-cell", "-default_F"]
