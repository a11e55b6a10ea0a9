"""``nbhybrid env``."""

from __future__ import annotations

import argparse
import json

from nbhybrid.cli.console import flush, say


def run(words: list[str]) -> int:
    """Print what results are made with and return the exit status."""
    argparse.ArgumentParser(prog="nbhybrid env", description="Versions and machine, as JSON.").parse_args(words)
    from nbhybrid.env import environment

    say(json.dumps(environment(), indent=2) + "\n")
    flush()
    return 0
