"""Comparisons of traces as text and as JSON."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from nbhybrid.parity.compare_traces import SCALING_CHAIN
from nbhybrid.traces import QUANTITIES

if TYPE_CHECKING:
    from nbhybrid.parity.compare_traces import Difference, PixelComparison, StepDifference, TraceComparison


# Distances beyond are shown by their order of magnitude.
MOST_ULPS = 100_000


def to_markdown(comparison: TraceComparison) -> str:
    """Return the comparison as a page of Markdown: the finding first, then the numbers that show it."""
    lines = [f"# {'Same' if comparison.same else 'Different'}", ""]
    lines += [f"A: `{comparison.first}`  ", f"B: `{comparison.second}`  ", f"relative tolerance: {comparison.rtol:g}", ""]
    for pixel in comparison.pixels:
        lines += _pixel_lines(pixel)
    return "\n".join(lines).rstrip() + "\n"


def to_dict(comparison: TraceComparison) -> dict[str, Any]:
    """Return the comparison as values for JSON."""
    return {
        "same": comparison.same,
        "first": comparison.first,
        "second": comparison.second,
        "rtol": comparison.rtol,
        "pixels": [_pixel_dict(pixel) for pixel in comparison.pixels],
    }


def finding(comparison: TraceComparison) -> str:
    """Return the finding in a few lines."""
    return "\n".join(_finding_of(pixel) for pixel in comparison.pixels)


def _title(pixel: PixelComparison) -> str:
    return "pixel of unknown place" if pixel.slow is None else f"pixel ({pixel.slow}, {pixel.fast})"


def _finding_of(pixel: PixelComparison) -> str:
    if pixel.same:
        counted = f"{len(pixel.differences)} quantities" + (f", {pixel.steps_compared} steps" if pixel.steps_compared else "")
        return f"{_title(pixel)}: same ({counted})"
    text = f"{_title(pixel)}: {pixel.explanation()}"
    if pixel.consequences():
        text += f"\n  consequences: {', '.join(pixel.consequences())}"
    if pixel.independent():
        text += f"\n  different by themselves: {', '.join(pixel.independent())}"
    if pixel.first_step is not None:
        text += f"\n  {_step_text(pixel.first_step)}"
    return text


def _step_text(step: StepDifference) -> str:
    place = ", ".join(f"{name} {number}" for name, number in step.place.items())
    fields = "; ".join("{} {} and {}".format(name, *_pair((a,), (b,))) for name, (a, b) in step.fields.items())
    return f"first divergent step: row {step.row} ({place}): {fields}"


def _pixel_lines(pixel: PixelComparison) -> list[str]:
    title = _title(pixel)
    return [f"## {title[0].upper()}{title[1:]}", "", _finding_of(pixel).replace("\n  ", "\n\n"), "", *tables(pixel)]


def tables(pixel: PixelComparison) -> list[str]:
    """Return the lines of two tables: what differs, each quantity where it first does, and the scaling chain."""
    lines = []
    bad: dict[str, list[Difference]] = {}
    for d in pixel.differences:
        if d.verdict.bad:
            bad.setdefault(d.name, []).append(d)
    if bad:
        lines += ["### What differs", ""]
        lines += ["| quantity | unit | A | B | relative | ulps | |", "| --- | --- | --- | --- | --- | --- | --- |"]
        lines += [_row(same_name) for same_name in bad.values()]
        lines.append("")
    chain = [d for d in pixel.differences if d.name in SCALING_CHAIN]
    if chain:
        lines += ["### Scaling chain", "", "| quantity | unit | A | B | B / A | |", "| --- | --- | --- | --- | --- | --- |"]
        lines += [_chain_row(d) for d in sorted(chain, key=lambda d: SCALING_CHAIN.index(d.name))]
        lines.append("")
    return lines


def _unit(d: Difference) -> str:
    return QUANTITIES.get(d.name, ("", ""))[0]


def _row(differences: list[Difference]) -> str:
    """Return the row of a quantity; a trace has it once for each layer, sub-pixel and source."""
    d = differences[0]
    name = d.name if d.occurrence == 0 else f"{d.name} (line {d.occurrence + 1} of this name)"
    verdict = d.verdict.value + (f", and {len(differences) - 1} more" if len(differences) > 1 else "")
    relative = "" if math.isnan(d.relative) else f"{d.relative:.2g}"
    ulps = "" if d.ulps is None else str(d.ulps) if d.ulps < MOST_ULPS else f"{d.ulps:.0e}"
    first, second = _pair(d.first, d.second)
    return f"| {name} | {_unit(d)} | {first} | {second} | {relative} | {ulps} | {verdict} |"


def _chain_row(d: Difference) -> str:
    ratio = ""
    if d.first and d.second and d.first[0]:
        ratio = f"{d.second[0] / d.first[0]:.6g}"
    first, second = _pair(d.first, d.second)
    return f"| {d.name} | {_unit(d)} | {first} | {second} | {ratio} | {d.verdict.value} |"


def _pair(first: tuple[float, ...] | None, second: tuple[float, ...] | None) -> tuple[str, str]:
    """Return both values with as many digits as their difference needs, at least 6; all 15 if they are the same."""
    digits = 15
    if first and second and len(first) == len(second) and first != second:
        apart = math.dist(first, second)
        size = max(math.hypot(*first), math.hypot(*second))
        if 0 < apart < math.inf:
            digits = min(15, max(6, 3 + math.ceil(math.log10(size / apart))))
    return _values(first, digits), _values(second, digits)


def _values(values: tuple[float, ...] | None, digits: int) -> str:
    return "" if values is None else " ".join(str(v) if isinstance(v, int) else format(v, f".{digits}g") for v in values)


def _finite(value: float) -> float | None:
    return value if math.isfinite(value) else None


def _pixel_dict(pixel: PixelComparison) -> dict[str, Any]:
    first = pixel.first_divergent
    return {
        "slow": pixel.slow,
        "fast": pixel.fast,
        "same": pixel.same,
        "explanation": pixel.explanation(),
        "first_divergent": first.name if first else None,
        "consequences": pixel.consequences(),
        "independent": pixel.independent(),
        "first_divergent_step": None
        if pixel.first_step is None
        else {"row": pixel.first_step.row, **pixel.first_step.place, "fields": pixel.first_step.fields},
        "quantities": [
            {
                "name": d.name,
                "occurrence": d.occurrence,
                "unit": _unit(d),
                "first": d.first,
                "second": d.second,
                "absolute": _finite(d.absolute),
                "relative": _finite(d.relative),
                "ulps": d.ulps,
                "verdict": d.verdict.value,
            }
            for d in pixel.differences
        ],
    }
