"""The measurements as a Markdown page."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any


def markdown(result: dict[str, Any]) -> str:
    """The whole page."""
    return "\n".join([*_head(result), *_models(result), *_scaling(result.get("scaling"))]) + "\n"


def _head(result: dict[str, Any]) -> Iterator[str]:
    machine = result["machine"]
    versions = ", ".join(f"{k} {v}" for k, v in machine["versions"].items())
    yield "# Benchmarks of the population engine"
    yield ""
    yield (
        f"Written by `make bench` on {machine['date']}: {machine['processor']}, "
        f"{machine['cores']} cores, {machine['system']}, Python {machine['python']}, {versions}. "
        f"Load average {machine['load']:.1f} at the start, {machine['load_at_end']:.1f} at the end."
    )
    yield ""
    yield (
        "One core each, processor time, runs interleaved. **ratio**: a program's time over this "
        "engine's at the same relative tolerance, median of "
        f"{result['options']['repeats']} (lowest to highest). **at equal error**: over this "
        "engine's time at the error (root mean square) that the program achieved. Errors are "
        "relative to the state plus a thousandth of its typical size, over all states, times and "
        "patients. This engine's time includes setting up the patients; for the others only doses "
        "and integration count. Absolute tolerances are 0.001 · rtol · the typical size of each "
        "state; libRoadRunner, AMICI, COPASI and diffsol get the smallest of them, bngsim and "
        "LSODA all."
    )


def _models(result: dict[str, Any]) -> Iterator[str]:
    for model in result["models"]:
        yield ""
        yield f"## {model['title'][0].upper()}{model['title'][1:]}"
        yield ""
        check = model["truth_check"]
        compared = f" libRoadRunner at 1e-10 is within {check:.0e} of the truth." if check else ""
        yield (
            f"{model['states']} states, {model['parameters']} parameters, every parameter of "
            f"{model['patients']} patients drawn with a spread of 20 %.{compared}"
        )
        yield ""
        yield "| program | rtol | ms a patient | ratio | at equal error | rms error | max error |"
        yield "|---|---|---|---|---|---|---|"
        for row in model["rows"]:
            yield _row(row, model["programs"])
        for name, version in model["programs"].items():
            if not any(row["program"] == name for row in model["rows"]):
                yield f"| {name} | | {version} | | | | |"


def _row(row: dict[str, Any], versions: dict[str, str]) -> str:
    name = f"{row['program']} {versions.get(row['program'], '')}".strip()
    if "note" in row:
        return f"| {name} | {row['rtol']:.0e} | {row['note']} | | | | |"
    return (
        f"| {name} | {row['rtol']:.0e} | {row['ms_per_patient']:.3g} | {row['ratio']:.1f} "
        f"({row['ratio_low']:.1f}–{row['ratio_high']:.1f}) | {row['ratio_at_equal_error']:.1f} "
        f"| {row['rms_error']:.1e} | {row['max_error']:.1e} |"
    )


def _scaling(scaling: dict[str, Any] | None) -> Iterator[str]:
    if scaling is None:
        return
    yield from ("", "## Scaling on the disease model", "", "Relative tolerance 1e-4, wall time.")
    yield from ("", "| patients | ms a patient |", "|---|---|")
    for row in scaling["patients"]:
        yield f"| {row['patients']:,} | {row['ms_per_patient']:.3g} |"
    threads, start = scaling["threads"], scaling["start"]
    yield ""
    yield (
        f"Two threads on {threads['cores']} cores: {threads['best']:.2f} times the throughput in "
        f"the best of {threads['pairs']} interleaved pairs, median {threads['median']:.2f}, with "
        f"a load average of {threads['load']:.1f} before it began."
    )
    yield ""
    yield (
        "First result of one patient, imports and assembly included: from nothing "
        f"{start['nothing'][0]:.2f} s ({start['nothing'][1]:.2f} s of processor time), from the "
        f"cache {start['cache'][0]:.2f} s ({start['cache'][1]:.2f} s)."
    )
    yield ""
    yield "All states of every day for a week, written to Parquet in chunks:"
    yield from ("", "| patients | chunk | peak memory, MB | file, MB |", "|---|---|---|---|")
    for row in scaling["memory"]:
        yield (
            f"| {row['patients']:,} | {row['chunk']} | {row['peak_mb']:.0f} "
            f"| {row['parquet_mb']:.1f} |"
        )
