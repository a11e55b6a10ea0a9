"""Settings of the whole test suite."""

import os
import pathlib
import shutil
import signal
import sys

import pytest

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE))


def pytest_configure(config):
    """Register the markers used below this folder; let programs be as users have them."""
    # A shell ignores interruptions for what it starts in the background, and so would the programs that the tests interrupt.
    if signal.getsignal(signal.SIGINT) == signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)
    # Output is tested as users get it, whatever the tests' own interpreter was told.
    os.environ.pop("PYTHONUNBUFFERED", None)
    config.addinivalue_line("markers", "reference: needs the reference program, named by the environment variable NB_C_BIN")


@pytest.fixture
def golden_folder(tmp_path):
    """Return a fresh folder that holds the input files of the golden runs."""
    shutil.copytree(HERE / "golden" / "inputs", tmp_path, dirs_exist_ok=True)
    return tmp_path
