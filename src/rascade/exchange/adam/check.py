"""Checks of the data sets: structure, keys, controlled terms, dates, and what must agree."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from rascade.exchange.adam.check_responses import check_responses, check_tumours
from rascade.exchange.adam.check_subjects import (
    check_against_subjects,
    check_ends,
    check_events,
    check_nobody_missing,
    check_subjects,
)
from rascade.exchange.adam.check_times import check_sources, check_times, check_times_of_scans
from rascade.exchange.adam.fault import Fault, found, one_to_one
from rascade.exchange.adam.names import fits
from rascade.exchange.adam.variables import (
    DATASETS,
    controlled_terms,
    keys_of,
    parameters_of,
    variables_of,
)

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    import pandas as pd

__all__ = ["Fault", "check_datasets", "check_limits"]

_NAME = re.compile(r"[A-Z_][A-Z0-9_]{0,7}")
_MOST_LABEL, _MOST_TEXT = 40, 200  # bytes, version 5 transport files


def check_datasets(datasets: Mapping[str, pd.DataFrame]) -> list[Fault]:
    """Check data sets against their definition and against each other.

    Args:
        datasets: by name, as `build_datasets` returns them or `read_datasets` reads them.

    Returns:
        What is wrong; empty if nothing is.
    """
    faults = [
        Fault(name, "-", "the data set is missing") for name in DATASETS if name not in datasets
    ]
    sound = {}
    for name, table in datasets.items():
        own = [*_structure(name, table)]
        faults += own
        if not own:
            sound[name] = table
            faults += [*check_limits(name, table), *_keys(name, table), *_terms(name, table)]
    faults += [*_between(sound)]
    return faults


def _between(sound: Mapping[str, pd.DataFrame]) -> Iterator[Fault]:
    """Yield contradictions within and between the data sets whose structure is right."""
    adsl, adtte, adrs, adtr, adae = (sound.get(name) for name in DATASETS)
    if adsl is not None:
        yield from check_subjects(adsl)
        yield from check_nobody_missing(sound)
        for name, table in sound.items():
            if name != "ADSL":
                yield from check_against_subjects(name, table, adsl)
    if adtte is not None:
        yield from check_times(adtte, adsl)
    if adrs is not None:
        yield from check_responses(adrs)
    if adtr is not None:
        yield from check_tumours(adtr, adrs, adsl)
    if adae is not None:
        yield from check_events(adae)
    if adtte is not None and adrs is not None:
        yield from check_times_of_scans(adtte, adrs)
        if adsl is not None:
            yield from check_sources(adtte, adrs, adsl)
    if adsl is not None and adrs is not None:
        yield from check_ends(adsl, adrs)


def _structure(dataset: str, table: pd.DataFrame) -> Iterator[Fault]:
    if dataset not in DATASETS:
        yield Fault(dataset, "-", f"unknown data set; they are {', '.join(DATASETS)}")
        return
    wanted = [variable.name for variable in variables_of(dataset)]
    for variable in variables_of(dataset):
        if variable.name not in table and not variable.group:
            yield Fault(dataset, variable.name, "the variable is missing")
    for name in table.columns:
        if name not in wanted:
            yield Fault(dataset, str(name), "the variable is not defined for this data set")
    for variable in variables_of(dataset):
        if variable.name in table and len(table):
            kind = table[variable.name].dtype.kind
            if kind not in {"text": "OUT", "date": "M", "number": "fiub"}[variable.type]:
                yield Fault(dataset, variable.name, f"must hold {variable.type}s")


def check_limits(dataset: str, table: pd.DataFrame) -> Iterator[Fault]:
    """Yield what a version 5 transport file could not hold, or not within the defined lengths."""
    if len(DATASETS[dataset]) > _MOST_LABEL or not _NAME.fullmatch(dataset):
        yield Fault(dataset, "-", "name or label is too long for a transport file")
    for variable in variables_of(dataset):
        if not _NAME.fullmatch(variable.name):
            yield Fault(dataset, variable.name, "names have at most 8 of A-Z, 0-9 and _")
        if len(variable.label) > _MOST_LABEL:
            yield Fault(dataset, variable.name, f"labels have at most {_MOST_LABEL} characters")
        if variable.type != "text" or variable.name not in table:
            continue
        if variable.length > _MOST_TEXT:
            yield Fault(dataset, variable.name, f"texts have at most {_MOST_TEXT} bytes")
        if variable.names:
            continue  # what transport files cannot hold has a label there
        texts = table[variable.name].astype(str)
        fine = {t: t == "" or fits(t, variable.length) for t in texts.unique()}
        rule = f"texts are ASCII and have at most {variable.length} characters"
        yield from found(dataset, variable.name, rule, table, ~texts.map(fine).astype(bool))


def _keys(dataset: str, table: pd.DataFrame) -> Iterator[Fault]:
    keys = keys_of(dataset)
    rule = "the key tells every record from the others"
    yield from found(dataset, ", ".join(keys), rule, table, table.duplicated(keys))
    for key in keys:
        rule = "a part of the key is never missing"
        blank = table[key].isna() if key != "USUBJID" else table[key].isin(["", None])
        yield from found(dataset, key, rule, table, blank)


def _terms(dataset: str, table: pd.DataFrame) -> Iterator[Fault]:
    terms = controlled_terms()
    for variable in variables_of(dataset):
        if variable.terms and variable.name in table:
            allowed = terms[variable.terms]
            wrong = ~table[variable.name].isin(allowed)
            words = ", ".join(str(term) or "blank" for term in allowed)
            rule = f"must be one of {words}"
            yield from found(dataset, variable.name, rule, table, wrong)
    if "PARAMCD" in table:
        own = parameters_of(dataset)
        for name, pairs in (
            ("PARAM", {code: text for code, (text, _) in own.items()}),
            ("PARAMN", {code: number for code, (_, number) in own.items()}),
        ):
            rule = f"{name} and PARAMCD belong together"
            wrong = table["PARAMCD"].map(pairs) != table[name]
            yield from found(dataset, f"PARAMCD, {name}", rule, table, wrong)
    sequence = "AESEQ" if "AESEQ" in table else "ASEQ"
    if sequence in table:
        rule = "the records of a subject are numbered from 1 without a gap"
        place = table.groupby("USUBJID")[sequence].rank(method="first")
        yield from found(dataset, sequence, rule, table, table[sequence] != place)
    if "AVISITN" in table:
        yield from one_to_one(dataset, table, "AVISIT", "AVISITN", within="PARAMCD")
