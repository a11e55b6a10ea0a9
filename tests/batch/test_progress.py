"""The bar of a series shows how many images are done, how fast, and what is left."""

import io
import sys

from nbhybrid.cli.progress import ProgressBar


class Terminal(io.StringIO):
    def isatty(self):
        return True


def shown(monkeypatch, shares, **options):
    terminal = Terminal()
    monkeypatch.setattr(sys, "stderr", terminal)
    with ProgressBar(wanted=True, patience=-1, **options) as bar:
        for share in shares:
            assert bar.update(share)
    return [line.strip() for line in terminal.getvalue().split("\r") if line.strip()]


def test_numbers_rate_and_time_left(monkeypatch):
    lines = shown(monkeypatch, [0.25, 0.5], total=400, unit="images")
    assert " 200/400 [" in lines[-1]
    assert "50%" in lines[-1]
    assert " images/s]" in lines[-1]
    assert "<" in lines[-1]


def test_what_was_there_does_not_count_for_the_rate(monkeypatch):
    lines = shown(monkeypatch, [0.5, 0.5], total=400, unit="images")
    assert "200/400" in lines[-1]
    assert "? images/s" in lines[-1] or " 0.00 images/s" in lines[-1]


def test_a_share_alone_is_shown_as_before(monkeypatch):
    lines = shown(monkeypatch, [0.3])
    assert lines[-1].startswith("30%")
    assert "/s" not in lines[-1]
