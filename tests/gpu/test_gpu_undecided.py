"""On a GPU: the number of undecided pixels is that of the same functions on the host, in every run."""

import pytest
from nbhybrid import devices
from undecided import FACTORS, SHAPES, SHARES, count, words

WHY = devices.why_missing("cuda")
pytestmark = pytest.mark.skipif(bool(WHY), reason=f"{WHY}: what a GPU leaves undecided is NOT tested")


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("factors", FACTORS)
@pytest.mark.parametrize("share", SHARES)
def test_as_many_are_undecided_as_on_the_host(shape, factors, share, tmp_path):
    line = words(shape, factors, share)
    expected = count(line, tmp_path, level=SHARES[share][0])
    assert [count(line, tmp_path, device="cuda") for _ in range(2)] == [expected, expected]
