"""No golden run warns where nothing is wrong: every warning of one has its reason here."""

import pytest
from helpers import GOLDEN, run_well
from warnings_of_golden_runs import ALLOWED, LEFT_OUT, WARNED, golden_words, names_in

CASES = [name for name in sorted(golden_words()) if name not in LEFT_OUT]


@pytest.mark.parametrize("name", CASES)
def test_a_golden_run_warns_of_what_it_should(name, tmp_path):
    for path in (GOLDEN / "inputs").iterdir():
        (tmp_path / path.name).symlink_to(path)
    found = names_in(run_well([*golden_words()[name], "-nonoise", "-nopgm", "--quiet"], tmp_path).stderr)
    assert found == WARNED.get(name, set())


def test_every_warning_has_its_reason():
    names = {name for warned in WARNED.values() for name in warned}
    assert names == set(ALLOWED), "a warning without a reason, or a reason that nothing needs"
    assert set(WARNED) <= set(CASES)


def test_the_golden_runs_are_here():
    assert len(CASES) > 100
