"""The programs that are timed: the reference, nbhybrid in its ways, the PyTorch port."""

import dataclasses
import json
import os
import pathlib
import shutil
import statistics
import subprocess

from measure import summary, timed

ONE_PIXEL = ["-roi", "0", "0", "0", "0"]
PORT = pathlib.Path(__file__).resolve().parent / "torch_port.py"
ISA_NAMES = {"baseline": "the baseline", "v2": "SSE4", "v3": "AVX2", "v4": "AVX-512"}


@dataclasses.dataclass(frozen=True)
class Times:
    """Seconds of each round; doubt is by how many seconds the kernel's may be wrong."""

    whole: list[float]
    stages: dict[str, list[float]]
    doubt: float = 0.0

    def medians(self):
        """Return the medians as values for JSON."""
        return {"whole": statistics.median(self.whole)} | {name: statistics.median(each) for name, each in self.stages.items()}


class Reference:
    """A build of the reference program. Its kernel's time is that of the whole run less the median of runs of one pixel.

    Half the band of the middle half of those runs is the doubt.
    """

    identical = False  # nothing to compare the first build with, and another one need not have its bits

    def __init__(self, name, program):
        self.name = self.title = name
        self.program = program

    def works(self, words, folder):
        """Return what is to be done in each round, by name."""
        one = folder / "one"
        return {
            "whole": lambda: timed([self.program, *words], folder / "whole"),
            "one": lambda: timed([self.program, *words, *ONE_PIXEL], one),
        }

    def times(self, results):
        """Return the times from the results of all rounds."""
        one = results["one"]
        spread = summary(one, middle_half=True) if len(one) > 1 else summary(one)
        kernel = [max(whole - spread["median"], 1e-9) for whole in results["whole"]]
        return Times(results["whole"], {"kernel": kernel}, (spread["high"] - spread["low"]) / 2)


class Nbhybrid:
    """A way of nbhybrid: ENGINE[@ISA][:THREADS], such as exact, fast:2 or exact@v3.

    The stages' times are in the record that --json asks for; as that costs time too, it has a run of its own.
    """

    def __init__(self, way, command, name=""):
        # A name of its own has another nbhybrid, the base of a comparison, which need not know all options.
        self.command = command
        self.name = name or way
        self.is_base = bool(name)
        way, _, threads = way.partition(":")
        self.engine, _, self.isa = way.partition("@")
        self.threads = int(threads or 1)
        self.identical = self.engine == "exact"
        level = f" with {ISA_NAMES.get(self.isa, self.isa)}" if self.isa else ""
        self.title = f"`{self.engine}`{level}, {self.threads} thread{'s' * (self.threads > 1)}"

    def works(self, words, folder):
        """Return what is to be done in each round, by name."""
        command = [*self.command, *words, "--threads", str(self.threads), "--engine", self.engine]

        def stages():
            timed([*command, "--json", "record.json"], folder / "stages", NBHYBRID_ISA=self.isa)
            return json.loads((folder / "stages" / "record.json").read_text())["seconds"]

        return {"whole": lambda: timed(command, folder / "whole", NBHYBRID_ISA=self.isa), "stages": stages}

    def times(self, results):
        """Return the times from the results of all rounds."""
        names = results["stages"][0]
        return Times(results["whole"], {name: [each[name] for each in results["stages"]] for name in names})


class TorchPort:
    """The PyTorch port's command line, single precision, on one thread.

    A run simulates twice. The second simulation, for which all is compiled, is the kernel's time; the whole run is without it.
    """

    name = title = "PyTorch port, 1 thread"
    identical = False

    def __init__(self, python):
        self.python = python

    def is_there(self):
        """Return whether this Python has it."""
        return subprocess.run([self.python, "-c", "import nanobrag_torch"], capture_output=True, check=False).returncode == 0

    def works(self, words, folder):
        """Return what is to be done in each round, by name."""
        words = ["-mosaic_dom" if word == "-mosaic_domains" else word for word in words]
        words += ["-floatfile", "floatimage.bin", "-intfile", "intimage.img", "-pgmfile", "image.pgm"]

        def both():
            seconds = timed([self.python, PORT, "seconds.json", *words], folder / "whole", OMP_NUM_THREADS="1")
            kernel = json.loads((folder / "whole" / "seconds.json").read_text())
            return seconds - kernel, kernel

        return {"whole": both}

    def times(self, results):
        """Return the times from the results of all rounds."""
        whole, kernel = zip(*results["whole"], strict=True)
        return Times(list(whole), {"kernel": list(kernel)})


def lay_out(case, programs, place):
    """Return what each program does for a case in each round, by (program's name, part).

    Each part has a folder of its own below the place, since a left-over Fdump.bin would change the next run.
    """
    inputs = pathlib.Path(place) / case.name / "inputs"
    inputs.mkdir(parents=True)
    words = case.prepare(inputs)
    ours, others = case.ours.split(), case.others.split()
    works = {}
    for program in programs:
        folder = folder_of(case, program, place)
        more = ours if isinstance(program, Nbhybrid) and not program.is_base else others
        for part, work in program.works([*words, *more], folder).items():
            shutil.copytree(inputs, folder / part, copy_function=os.link)
            works[program.name, part] = work
    return works


def folder_of(case, program, place):
    """Return where a program's parts have their folders."""
    return pathlib.Path(place) / case.name / program.name.replace(" ", "_")


def times_of(program, results):
    """Return a program's times from the results of what lay_out returned."""
    return program.times({part: each for (owner, part), each in results.items() if owner == program.name})


def ratio(theirs, ours, stage):
    """Return the ratios of two programs' times, round by round, in a summary; the doubts widen the band.

    Parameters
    ----------
    theirs, ours : Times
    stage : str
        Or "whole".
    """
    first, second = ((each.whole if stage == "whole" else each.stages[stage]) for each in (theirs, ours))
    more, less = (theirs.doubt, ours.doubt) if stage == "kernel" else (0.0, 0.0)
    pairs = list(zip(first, second, strict=True))
    return {
        "median": statistics.median(a / b for a, b in pairs),
        "low": min(max(a - more, 0.0) / (b + less) for a, b in pairs),
        "high": max((a + more) / max(b - less, 1e-9) for a, b in pairs),
        "rounds": len(pairs),
    }
