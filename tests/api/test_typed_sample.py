"""The sample that the type checker reads also runs."""

import importlib.util
import pathlib

import numpy as np
from helpers import SMALL_WORDS

spec = importlib.util.spec_from_file_location("typed_sample", pathlib.Path(__file__).with_name("typed_sample.py"))
sample = importlib.util.module_from_spec(spec)
spec.loader.exec_module(sample)


def test_it_runs():
    assert sample.still(np.eye(3)).max() > 0
    assert sample.series(SMALL_WORDS, 2).shape == (2, 24, 24)
