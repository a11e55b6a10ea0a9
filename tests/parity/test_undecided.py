"""The device that the host emulates leaves undecided what the level of instructions of the same functions does, and few pixels."""

import pytest
from undecided import FACTORS, SHAPES, count, count_emulated, words


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("factors", FACTORS)
def test_as_many_are_undecided_on_the_emulated_device(shape, factors, tmp_path):
    line = words(shape, factors, "singles")
    found = count_emulated(line, tmp_path)
    assert found == count(line, tmp_path, level="device")
    assert found[0] < 0.001 * 150 * 150


def test_some_are_undecided(tmp_path):
    """Or the numbers would be equal whatever the bounds are."""
    assert count(words("-square_xtal", "plain", "pairs"), tmp_path, level="device")[0] > 0
