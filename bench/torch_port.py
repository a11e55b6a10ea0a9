"""Run the command line of the PyTorch port with every simulation done twice, and keep the time of the second.

    python bench/torch_port.py SECONDS.json WORDS...

The first simulation is the one in which torch compiles.
"""

import json
import sys
import time

import nanobrag_torch.__main__ as port


class TwiceTimed(port.Simulator):
    """The port's simulator, warmed up and timed."""

    def run(self, *args, **options):
        """Simulate twice."""
        super().run(*args, **options)
        started = time.perf_counter()
        image = super().run(*args, **options)
        with open(seconds_file, "w") as file:
            json.dump(time.perf_counter() - started, file)
        return image


seconds_file = sys.argv.pop(1)
port.Simulator = TwiceTimed
port.main()
