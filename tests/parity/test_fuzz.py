"""The generator of command lines and what judges them; no reference program is needed."""

import json
import os
import shlex
import sys

import pytest
from helpers import COMMAND
from nbhybrid.errors import InputFileError, OptionError, OutputFileError
from nbhybrid.options import options
from nbhybrid.parity.fuzz.campaign import run_campaign
from nbhybrid.parity.fuzz.judge import Programs, Verdict, Way, histogram, judge, shrink
from nbhybrid.parity.fuzz.option_sets import OptionSet, build

# Runs the command under test, then changes the lowest bit of the float image if all of CULPRITS are among the words.
WRONG_PROGRAM = """\
#!{python}
import pathlib, subprocess, sys
words = sys.argv[1:]
done = subprocess.run({command} + words)
if done.returncode == 0 and set({culprits}) <= set(words):
    names = [b for a, b in zip(words, words[1:]) if a in ("-floatfile", "-floatimage")]
    path = pathlib.Path((names or ["floatimage.bin"])[-1])
    path.write_bytes(bytes([path.read_bytes()[0] ^ 1]) + path.read_bytes()[1:])
sys.exit(done.returncode)
"""


@pytest.fixture
def wrong_program(tmp_path):
    """Return a function that makes a program which errs if it finds these words."""

    def make(*culprits):
        path = tmp_path / "wrong"
        path.write_text(WRONG_PROGRAM.format(python=sys.executable, command=COMMAND, culprits=culprits))
        path.chmod(0o755)
        return str(path)

    return make


def simple_set(*groups):
    """Return a set of few words which make a small image."""
    return OptionSet(0, [("-cell", "50"), ("-default_F", "9"), ("-detpixels", "8"), ("-oversample", "1"), *groups], {})


def test_a_seed_gives_one_set():
    first, second = build(7), build(7)
    assert (first.words(), first.files, first.pixel) == (second.words(), second.files, second.pixel)
    assert len({shlex.join(build(seed).words()) for seed in range(50)}) == 50


def test_every_way_gives_the_same_files():
    results = []
    campaign = run_campaign(
        12, 1, None, jobs=2, on_result=lambda seed, verdict: results.append((seed, verdict.kind)), command=COMMAND
    )
    assert campaign.same, campaign.to_text()
    assert [seed for seed, _ in results] == list(range(1, 13))
    assert campaign.counts["same"] >= 10
    assert sum(campaign.counts.values()) == 12
    assert "12 command lines from seed 1 in several ways" in campaign.to_text()
    assert json.loads(json.dumps(campaign.to_dict()))["reference"] is None


SEED_WITH_PHI = next(seed for seed in range(100) if any(group[0] == "-phi" for group in build(seed).groups))


def test_a_wrong_reference_is_found(wrong_program):
    reference = wrong_program("-phi")
    campaign = run_campaign(1, SEED_WITH_PHI, os.path.relpath(reference), command=COMMAND)
    assert campaign.counts["different"] == 1
    (failure,) = campaign.failures
    words = shlex.split(failure.command)
    assert words[: len(COMMAND)] == COMMAND or words[:2] == ["nbhybrid", "run"]
    assert "-phi" in words
    assert len([word for word in words if word.startswith("-")]) <= 9
    assert failure.yardstick.startswith(f"OMP_NUM_THREADS=1 {reference}")
    assert failure.command in campaign.to_text()
    described = json.loads(json.dumps(campaign.to_dict()))
    assert described["failures"][0]["command"] == failure.command
    assert described["reference"]["path"] == reference
    assert len(described["reference"]["sha256"]) == 64


def test_a_way_that_is_wrong_is_found(wrong_program, tmp_path):
    campaign = run_campaign(1, SEED_WITH_PHI, None, command=[wrong_program("-phi", "7")])
    (failure,) = campaign.failures
    assert (failure.verdict.kind, failure.verdict.way) == ("different", "7 threads")
    assert "-phi" in shlex.split(failure.command)
    failure.write(tmp_path / "kept")
    assert (tmp_path / "kept" / "command.txt").read_text().splitlines() == [failure.command, failure.yardstick]
    assert {path.name for path in (tmp_path / "kept").iterdir()} == {"command.txt", *failure.files}
    with pytest.raises(OutputFileError, match="wrong"):
        failure.write(tmp_path / "wrong")


def test_tracing_is_one_of_the_ways(wrong_program):
    programs = Programs(None, [wrong_program("--trace-pixel")])
    option_set = simple_set()
    assert judge(option_set, programs.ways(option_set)).way == "traced pixel"


def test_without_minimising_the_set_stays(wrong_program):
    campaign = run_campaign(1, SEED_WITH_PHI, wrong_program("-phi"), minimise=False, command=COMMAND)
    assert campaign.failures[0].command.endswith(shlex.join(build(SEED_WITH_PHI).words()))


def test_shrinking_can_be_stopped(wrong_program):
    option_set = simple_set(("-phi", "3"))
    ways = Programs([wrong_program("-phi")], COMMAND).ways(option_set)
    verdict = judge(option_set, ways)
    assert shrink(option_set, verdict, ways, lambda: True) == (option_set, verdict)


def test_what_all_refuse_is_not_compared():
    option_set = simple_set(("-cell", "0"))
    verdict = judge(option_set, Programs(None, COMMAND).ways(option_set))
    assert verdict.kind == "invalid"
    assert "-cell" in verdict.detail


@pytest.mark.parametrize(
    ("program", "status", "kind"),
    [("exit 2", 0, "refused"), ("echo x > new; exit 2", 0, "failed"), ("exit 9", 0, "failed"), ("true", 2, "different")],
)
def test_other_endings(program, status, kind):
    option_set = simple_set(*([("-cell", "0")] if status else []))
    ways = [Way("ours", COMMAND), Way("other", ["sh", "-c", program])]
    verdict = judge(option_set, ways)
    assert (verdict.kind, verdict.way) == (kind, "other")


def test_a_reference_that_gives_up_is_not_compared():
    option_set = simple_set()
    assert judge(option_set, [Way("reference", ["sh", "-c", "exit 9"], foreign=True), Way("ours", COMMAND)]).kind == "invalid"
    assert judge(option_set, [Way("ours", ["sh", "-c", "exit 9"]), Way("again", COMMAND)]).kind == "failed"


def test_a_program_that_cannot_be_run_is_an_error(tmp_path):
    with pytest.raises(OptionError, match="absent"):
        run_campaign(1, 1, str(tmp_path / "absent"))
    with pytest.raises(InputFileError, match="cannot be run"):
        run_campaign(1, 1, None, command=[str(tmp_path / "absent")])


def test_reasons_are_counted_without_numbers():
    verdicts = [Verdict("invalid", '-N 3: found "x"'), Verdict("invalid", '-N 4: found "y"'), Verdict("invalid", "else")]
    assert histogram(verdicts) == {"-N #: found #": 2, "else": 1}


def test_every_word_of_the_reference_is_generated():
    """But for -printout, which prints all pixels."""
    generated = {word for seed in range(1500) for word in build(seed).words()}
    words = {word for each in options().values() if not each.is_own for word in each.spellings}
    assert len(words) > 120
    assert words - generated == {"-printout"}
