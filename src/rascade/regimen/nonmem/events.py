"""Doses as NONMEM data records, and back: ID TIME AMT RATE II ADDL CMT EVID.

``CMT`` holds the drug's name, as nlmixr2 and mrgsolve allow; ``ROUTE`` and ``UNIT`` follow the
standard items, because a regimen is more than they can say. Equal doses at equal intervals are
folded into one record with ``II`` and ``ADDL``.

What is refused on reading (`from_nonmem`; the tests walk this table):

========================================  =====================================================
record                                    why
========================================  =====================================================
EVID other than 0 or 1, SS other than 0   resets and steady state are not supported
EVID 0 with AMT, RATE, II, ADDL or SS     an observation is no dose
AMT zero, negative or not finite          not a dose
RATE -1 or -2                             a modelled rate is not supported
RATE otherwise negative or not finite     not a rate
TIME negative, not finite                 doses start at time 0
TIME earlier than the record before       NONMEM wants time to rise within a patient
ADDL negative or not whole                a count
ADDL above zero with II zero              additional doses need an interval
II above zero with ADDL zero              an interval between which doses?
II negative                               an interval
II shorter than AMT/RATE, ADDL above 0    the infusion still runs when the next one starts
ID not a whole number from 1              patients are counted
EVID, ADDL, SS not whole                  counts and codes; 1.0 is 1
CMT not a drug                            with a did-you-mean
ROUTE or UNIT unknown                     with a did-you-mean
========================================  =====================================================
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from rascade.errors import RegimenError, UnsupportedFeature
from rascade.regimen.names import KnownDrugs, drug_names
from rascade.regimen.rules import MAX_DAY
from rascade.regimen.times import MAX_DOSES, DoseTable
from rascade.regimen.words import INFUSED_ROUTES, ROUTES, UNITS
from rascade.text import did_you_mean

__all__ = ["DoseRecord", "from_nonmem", "to_nonmem"]


@dataclass(frozen=True, slots=True)
class DoseRecord:
    """One line of a NONMEM data set that holds doses.

    Attributes:
        ID: patient, from 1.
        TIME: hours since the start of day 1.
        AMT: amount, in `UNIT`.
        RATE: amount per hour of an infusion; 0 is at once.
        II: hours between this and each additional dose.
        ADDL: number of additional doses.
        CMT: the drug.
        EVID: 1 for a dose, 0 for an observation (skipped on reading; it holds no dose).
        ROUTE: a key of `rascade.regimen.words.ROUTES`.
        UNIT: ``"mg"``, ``"cells"`` or ``"IU"``.
        SS: 1 for steady state, which is not supported.
        where: file and line, for messages.
    """

    ID: int
    TIME: float
    AMT: float
    RATE: float
    II: float
    ADDL: int
    CMT: str
    EVID: int = 1
    ROUTE: str = "IV"
    UNIT: str = "mg"
    SS: int = 0
    where: str = ""


def to_nonmem(doses: DoseTable | Mapping[int, DoseTable]) -> list[DoseRecord]:
    """Return records for one patient (ID 1) or for several.

    Args:
        doses: a dose table, or a mapping of patient numbers (from 1) to tables.
    """
    tables = {1: doses} if isinstance(doses, DoseTable) else doses
    records: list[DoseRecord] = []
    for patient, table in tables.items():
        records += _folded(patient, table)
    return records


def _folded(patient: int, table: DoseTable) -> list[DoseRecord]:
    """Return the records of one patient, runs of equal doses folded, in order of time."""
    series: dict[tuple[str, str, str, float, float], list[float]] = {}
    columns = (table.drug, table.route, table.unit, table.amount, table.duration_h, table.time_h)
    for drug, route, unit, amount, duration, time in zip(
        *(column.tolist() for column in columns), strict=True
    ):
        series.setdefault((drug, route, unit, amount, duration), []).append(time)
    records = [
        DoseRecord(
            ID=patient,
            TIME=time,
            AMT=amount,
            RATE=amount / duration if duration > 0 else 0.0,
            II=interval,
            ADDL=additional,
            CMT=drug,
            ROUTE=route,
            UNIT=unit,
        )
        for (drug, route, unit, amount, duration), times in series.items()
        for time, interval, additional in _runs(times, duration)
    ]
    return sorted(records, key=lambda record: record.TIME)


def _runs(times: list[float], duration: float) -> list[tuple[float, float, int]]:
    """Fold rising times into (first time, interval, number of additional doses)."""
    runs: list[tuple[float, float, int]] = []
    index = 0
    while index < len(times):
        end = index + 1
        interval = times[end] - times[index] if end < len(times) else 0.0
        foldable = interval > 0 and interval >= duration
        while (
            foldable
            and end < len(times)
            and times[end] == times[index] + (end - index) * (interval)
        ):
            end += 1
        additional = end - index - 1
        runs.append((times[index], interval if additional else 0.0, additional))
        index = end
    return runs


def from_nonmem(
    records: Iterable[DoseRecord], known_drugs: KnownDrugs | None = None
) -> dict[int, DoseTable]:
    """Return the doses of each patient; ``from_nonmem(to_nonmem(d)) == d``.

    As in NONMEM, records that follow each other under one ``ID`` are one individual: an ``ID`` that
    comes back after another one is a new individual. It gets the first number above all IDs of the
    data, so that nobody's doses are mixed.

    Args:
        records: records of all patients; those of one patient together and in order of time.
        known_drugs: names that ``CMT`` may hold, or a mapping of them to the names to use; None
            takes the drugs and aliases of the evidence.

    Returns:
        Patient number to dose table, patients in order of first appearance. Infusion times are
        AMT/RATE, so they agree with what was written to the last bit or two.

    Raises:
        RegimenError: a record is wrong; the message names its place and the mend.
        UnsupportedFeature: a record is right but asks for what is not supported.
    """
    names = drug_names(known_drugs)
    doses: dict[int, list[tuple[float, DoseRecord, str]]] = {}
    total = 0
    for patient, record, previous in _by_individual(_whole_numbers(records)):
        where = record.where
        _check_time(record, previous)
        if record.EVID == 0:
            _check_observation(record)
            continue
        _check_dose(record, where)
        total += record.ADDL + 1
        if total > MAX_DOSES:
            raise RegimenError(f"{where}: more than {MAX_DOSES} doses in the data set")
        drug = names.find(record.CMT)
        if drug is None:
            raise RegimenError(f"{where}: CMT: {names.unknown(record.CMT)}")
        doses.setdefault(patient, []).extend(
            (record.TIME + index * record.II, record, drug) for index in range(record.ADDL + 1)
        )
    return {patient: _table(rows) for patient, rows in doses.items()}


def _whole_numbers(records: Iterable[DoseRecord]) -> list[DoseRecord]:
    """Return the records with their places, and with codes that were written 1.0 as 1."""
    found = []
    for number, record in enumerate(records, start=1):
        where = record.where or f"record {number}"
        if record.where and all(type(getattr(record, item)) is int for item in _WHOLE_ITEMS):
            found.append(record)
            continue
        values: dict[str, Any] = {
            item: _whole(getattr(record, item), item, where) for item in _WHOLE_ITEMS
        }
        found.append(replace(record, where=where, **values))
    return found


def _whole(value: float, item: str, where: str) -> int:
    if not math.isfinite(value) or value != int(value):
        raise RegimenError(f"{where}: {item}: {value!r} is not a whole number")
    return int(value)


def _by_individual(records: list[DoseRecord]) -> Iterator[tuple[int, DoseRecord, float]]:
    """Yield the number of the individual, a record, and the time of the individual's last one."""
    unused = itertools.count(max((record.ID for record in records), default=0) + 1)
    seen: set[int] = set()
    for written, run in itertools.groupby(records, key=lambda record: record.ID):
        patient = next(unused) if written in seen else written
        seen.add(written)
        previous = 0.0
        for record in run:
            yield patient, record, previous
            previous = record.TIME


def _table(rows: list[tuple[float, DoseRecord, str]]) -> DoseTable:
    rows.sort(key=lambda row: row[0])
    return DoseTable(
        drug=np.array([drug for _, _, drug in rows], dtype=np.str_),
        time_h=np.array([time for time, _, _ in rows]),
        amount=np.array([record.AMT for _, record, _ in rows]),
        unit=np.array([record.UNIT for _, record, _ in rows], dtype=np.str_),
        route=np.array([record.ROUTE for _, record, _ in rows], dtype=np.str_),
        duration_h=np.array(
            [record.AMT / record.RATE if record.RATE else 0.0 for _, record, _ in rows]
        ),
    )


def _check_time(record: DoseRecord, previous: float) -> None:
    where = record.where
    if record.ID < 1:
        raise RegimenError(f"{where}: ID is {record.ID}; patients are counted from 1")
    if not (math.isfinite(record.TIME) and 0 <= record.TIME <= MAX_DAY * 24):
        raise RegimenError(f"{where}: TIME is {record.TIME:g} h; it must be from 0 on, in hours")
    if previous > record.TIME:
        raise RegimenError(
            f"{where}: TIME goes back to {record.TIME:g} h from {previous:g} h "
            f"in patient {record.ID}; sort the records by time"
        )
    if record.EVID not in {0, 1}:
        meaning = _EVENTS.get(record.EVID, "not an event of NONMEM")
        raise UnsupportedFeature(
            "EVID", f"{where}: EVID {record.EVID} ({meaning}) is not supported (0 or 1)"
        )
    if record.SS != 0:
        raise UnsupportedFeature("SS", f"{where}: SS {record.SS} is not supported; write each dose")


def _check_observation(record: DoseRecord) -> None:
    for item in ("AMT", "RATE", "II", "ADDL", "SS"):
        value = getattr(record, item)
        # Written so that NaN is refused too.
        if not value == 0:
            raise RegimenError(
                f"{record.where}: {item} is {value:g}, but EVID 0 makes this an observation; "
                "write EVID 1 for a dose, or leave the cell empty"
            )


def _check_dose(record: DoseRecord, where: str) -> None:
    if not (math.isfinite(record.AMT) and record.AMT > 0):
        raise RegimenError(f"{where}: AMT is {record.AMT:g}; a dose must be above zero")
    if record.RATE in {-1.0, -2.0}:
        raise UnsupportedFeature(
            "RATE", f"{where}: a modelled RATE ({record.RATE:g}) is not supported"
        )
    if not (math.isfinite(record.RATE) and record.RATE >= 0):
        raise RegimenError(f"{where}: RATE is {record.RATE:g}; it must be 0 or above")
    if not (math.isfinite(record.II) and record.II >= 0):
        raise RegimenError(f"{where}: II is {record.II:g} h; an interval cannot be negative")
    if record.ADDL < 0:
        raise RegimenError(f"{where}: ADDL is {record.ADDL}; a count cannot be negative")
    if record.ADDL > 0 and record.II == 0:
        raise RegimenError(f"{where}: ADDL is {record.ADDL} but II is 0; give the interval in II")
    if record.II > 0 and record.ADDL == 0:
        raise RegimenError(
            f"{where}: II is {record.II:g} h but ADDL is 0; give the number of additional doses in "
            "ADDL, or leave II empty"
        )
    _check_infusion(record, where)
    for item, value, known in (("ROUTE", record.ROUTE, ROUTES), ("UNIT", record.UNIT, _BASE_UNITS)):
        if value not in known:
            hint = did_you_mean(value, known, cutoff=0.4)
            raise RegimenError(f"{where}: {item} is {value!r}; known are {', '.join(known)}{hint}")


def _check_infusion(record: DoseRecord, where: str) -> None:
    if record.RATE > 0 and record.ROUTE in ROUTES and record.ROUTE not in INFUSED_ROUTES:
        raise RegimenError(f"{where}: RATE is given, but a {record.ROUTE} dose is not infused")
    # One part in 1e9 is left for the rounding of AMT/RATE.
    if record.ADDL > 0 and record.RATE > 0 and record.AMT / record.RATE > record.II * (1 + 1e-9):
        raise RegimenError(
            f"{where}: the infusion takes AMT/RATE = {record.AMT / record.RATE:g} h, "
            f"but the next one starts after II = {record.II:g} h"
        )


_WHOLE_ITEMS = ("ID", "ADDL", "EVID", "SS")
_EVENTS = {2: "other event", 3: "reset", 4: "reset and dose"}
_BASE_UNITS = tuple(dict.fromkeys(base for base, _ in UNITS.values()))
