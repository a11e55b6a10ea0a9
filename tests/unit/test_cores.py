"""How many threads a run takes."""

import os

import pytest
from nbhybrid.cores import usable_cores


@pytest.mark.parametrize(("wanted", "threads"), [("1", 1), ("1,4", 1), (" 2 ", 2), ("", 3), ("0", 3), ("many", 3), ("99", 3)])
def test_environment_and_mask(wanted, threads, monkeypatch):
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: {0, 2, 5}, raising=False)
    monkeypatch.setenv("OMP_NUM_THREADS", wanted)
    assert usable_cores() == threads


def test_without_a_wish(monkeypatch):
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: {0, 2}, raising=False)
    monkeypatch.delenv("OMP_NUM_THREADS", raising=False)
    assert usable_cores() == 2
