"""What is right but far from anything known: doses, drugs ordered twice, parameter values.

One place for every verb: trials, single patients, experiments and studies of operating
characteristics take their warnings from here. Nothing is refused.
"""

from __future__ import annotations

import csv
import itertools
import math
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING, Final

from rascade.errors import EvidenceError
from rascade.model import load_table
from rascade.model.own_rows import potency_symbols
from rascade.own_drugs import OwnDrug, own_drugs
from rascade.regimen import Amount, Order, Regimen
from rascade.regimen.times import order_times
from rascade.trial.design.selection import dropped_selection
from rascade.trial.design.spec import population_warnings

if TYPE_CHECKING:
    from rascade.trial.design.spec import TrialSpec

__all__ = [
    "FAR",
    "DoseRange",
    "dose_ranges",
    "parameter_cautions",
    "regimen_cautions",
    "trial_cautions",
]

#: A dose is far outside when it is this many times the highest, or below the lowest over this.
FAR: Final = 2.0
_WEEKS = 48
#: Body weight and surface by which doses per kg, per m2 and flat ones are compared.
_TYPICAL_SIZE = (70.0, 1.7)
#: A shorter infusion of a drug that is also given over days counts as a bolus.
_BOLUS_HOURS = 4.0


@dataclass(frozen=True, slots=True)
class DoseRange:
    """Doses of a drug that are labelled or have been studied in people.

    Attributes:
        drug: name in the evidence.
        route: a key of `rascade.regimen.words.ROUTES`.
        given: ``bolus``, ``infusion``, or empty where it makes no difference.
        unit: of the numbers.
        single: lowest and highest single dose.
        weekly: lowest and highest mean amount a week of a repeated dose; None if not known.
        source: see `rascade.model.sources`.
    """

    drug: str
    route: str
    given: str
    unit: str
    single: tuple[float, float]
    weekly: tuple[float, float] | None
    source: str


@cache
def dose_ranges() -> tuple[DoseRange, ...]:
    """Return the known doses, in file order."""
    text = (files("rascade.trial") / "data" / "dose_ranges.csv").read_text(encoding="utf-8")
    return tuple(
        DoseRange(
            row["drug"],
            row["route"],
            row["given"],
            row["unit"],
            (float(row["low"]), float(row["high"])),
            (float(row["week_low"]), float(row["week_high"])) if row["week_low"] else None,
            row["source"],
        )
        for row in csv.DictReader(text.splitlines())
    )


def trial_cautions(spec: TrialSpec) -> list[str]:
    """Return what a reader must know before the results of a trial: its cohort, orders, values."""
    found = population_warnings(spec.cohort)
    found += _selection(spec)
    found += own_drug_cautions(spec.drugs or ())
    found += parameter_cautions({**spec.parameters, **spec.changes.set})
    for arm in spec.arms:
        place = f"arm {arm.name}: " if len(spec.arms) > 1 else ""
        for phase in arm.course:
            found += regimen_cautions(phase.regimen, place)
        found += parameter_cautions(arm.changes.set, place)
    return list(dict.fromkeys(found))


def own_drug_cautions(drugs: Iterable[str | OwnDrug]) -> list[str]:
    """Say what a reader must know of drugs that are the user's own.

    Args:
        drugs: names of drugs, known ones among them, or own drugs themselves.
    """
    found = []
    for named in drugs:
        drug = own_drugs().get(named) if isinstance(named, str) else named
        if drug is None:
            continue
        numbers = ", ".join(number.symbol for number in drug.numbers) or "none"
        text = (
            f"{drug.name} is a drug of the user's own (SHA-256 {drug.hash[:12]}), like "
            f"{drug.like}: its own numbers are {numbers}, the others are those of {drug.like}"
        )
        moved = {number.symbol for number in drug.numbers}
        anchors = [symbol for symbol in _anchors(drug.like) if symbol not in moved]
        if drug.anchors == "concentration" and anchors and _moves_anchors(moved):
            text += (
                f". Side effects follow its exposure by the plasma anchors of {drug.like} "
                f"({', '.join(anchors)}), which do not move with potency"
            )
        found.append(text)
    return found


#: Numbers of a drug that say how strong it is, or how much of a dose is in the blood.
_EXPOSURE: Final = frozenset(
    {
        "CL", "V", "Vc", "Vp", "Q", "ka", "Vmax_elimination", "Km_elimination", "CL_formation",
        "fraction_unbound", "affinity",
    }
)  # fmt: skip


def _moves_anchors(symbols: Iterable[str]) -> list[str]:
    """Return the numbers among these that change exposure or potency."""
    return [s for s in symbols if s.partition("[")[0] in _EXPOSURE or potency_symbols([s])]


def _anchors(drug: str) -> list[str]:
    """Return the plasma concentrations at which a drug does damage, by symbol."""
    start = f"{drug}.C_"
    return [
        row.removeprefix(f"{drug}.")
        for row in load_table()
        if row.startswith(start) and "[" not in row
    ]


def _anchor_cautions(values: Mapping[str, float], place: str) -> list[str]:
    """Say which plasma anchors stay where exposure or potency of a drug is set by hand."""
    found = []
    for drug in dict.fromkeys(name.partition(".")[0] for name in values if "." in name):
        moved = [n.removeprefix(f"{drug}.") for n in values if n.startswith(f"{drug}.")]
        strong = _moves_anchors(moved)
        stay = [symbol for symbol in _anchors(drug) if symbol not in moved]
        if strong and stay:
            found.append(
                f"{place}{', '.join(strong)} of {drug} is set by hand; the plasma anchors of its "
                f"side effects stay where its published exposure put them: {', '.join(stay)}"
            )
    return found


def _selection(spec: TrialSpec) -> list[str]:
    """Say by what the published trials of the arms chose patients, and the simulated one cannot."""
    from rascade.evidence import load

    published = {arm.id: arm for arm in load().trials}
    found: dict[str, None] = {}
    for arm in spec.arms:
        record = published.get(arm.published or "")
        dropped = dropped_selection(record.population) if record is not None else ()
        if record is not None and dropped:
            text = (
                f"the published patients of {record.trial} ({record.population}) were selected by "
                f"what the model cannot apply: {'; '.join(dropped)}. The simulated ones are not"
            )
            found[text] = None
    return list(found)


def parameter_cautions(values: Mapping[str, float], place: str = "") -> list[str]:
    """Say which of the given values are outside the plausible range of their row.

    Args:
        values: row of the parameter table -> value in the row's unit.
        place: written before each sentence, such as ``arm new: ``.
    """
    table = load_table()
    return _anchor_cautions(values, place) + [
        f"{place}{name} = {value:g} {table[name].unit} is outside its plausible range, "
        f"{table[name].low:g} to {table[name].high:g}"
        for name, value in values.items()
        if not table[name].low <= value <= table[name].high
    ]


def regimen_cautions(regimen: Regimen, place: str = "", *, people: bool = True) -> list[str]:
    """Say which drugs are ordered twice, and which doses are far from labelled or studied ones.

    Args:
        regimen: what is given together.
        place: written before each sentence.
        people: False for mice, whose doses no label knows.
    """
    found = [text for order in regimen for text in _far(order)] if people else []
    return [place + text for text in dict.fromkeys([*_twice(regimen), *found])]


def _twice(regimen: Regimen) -> Iterator[str]:
    from rascade.regimen import format_regimen

    for first, second in itertools.combinations(regimen, 2):
        if first.drug == second.drug and _overlap(first, second) and not _both_ways(first, second):
            orders = " and ".join(format_regimen(Regimen((order,))) for order in (first, second))
            yield f"{first.drug} is ordered twice at the same time, and both are given: {orders}"


def _overlap(first: Order, second: Order) -> bool:
    """Tell whether two orders run at the same time, each from its first to its last dose."""
    (start, end), (other_start, other_end) = _span(first), _span(second)
    return start <= other_end and other_start <= end


def _both_ways(first: Order, second: Order) -> bool:
    """Tell whether one is a bolus and the other an infusion over hours, as FOLFIRINOX has them."""
    return {_given(first), _given(second)} == {"bolus", "infusion"}


def _span(order: Order) -> tuple[float, float]:
    start = (order.start_day - 1) * 24.0
    if order.schedule.repeats and order.stop_day is None and order.max_doses is None:
        return start, math.inf
    last = order.stop_day or order.start_day + 7 * 52 * 2
    times = order_times(order, last)
    return (float(times[0]), float(times[-1])) if len(times) else (start, start)


def _far(order: Order) -> Iterator[str]:
    known = _range_of(order)
    if known is None:
        return
    doses = [order.dose] if order.loading is None else [order.loading.dose, order.dose]
    for dose in doses:
        if dose.base_unit != Amount(1.0, known.unit).base_unit:
            continue
        where = _outside(dose.total(*_TYPICAL_SIZE), known.single, known.unit)
        if where is not None:
            low, high = known.single
            yield (
                f"{order.drug}: a dose of {dose.value:g} {dose.unit} {order.route} is far {where} "
                f"what is labelled or has been studied, {low:g} to {high:g} {known.unit}"
            )
            return
    yield from _far_a_week(order, known)


def _far_a_week(order: Order, known: DoseRange) -> Iterator[str]:
    if known.weekly is None or not order.schedule.repeats:
        return
    if order.dose.base_unit != Amount(1.0, known.unit).base_unit:
        return
    endless = replace(order, start_day=1, stop_day=None, max_doses=None, loading=None)
    a_week = len(order_times(endless, 7 * _WEEKS)) / _WEEKS
    where = _outside(a_week * order.dose.total(*_TYPICAL_SIZE), known.weekly, known.unit)
    if where is not None:
        low, high = known.weekly
        yield (
            f"{order.drug}: {a_week * order.dose.value:.4g} {order.dose.unit} a week is far "
            f"{where} what is labelled or has been studied, {low:g} to {high:g} {known.unit} a week"
        )


def _outside(total: float, limits: tuple[float, float], unit: str) -> str | None:
    low, high = (Amount(limit, unit).total(*_TYPICAL_SIZE) for limit in limits)
    if total > high * FAR:
        return "above"
    return "below" if total < low / FAR else None


def _range_of(order: Order) -> DoseRange | None:
    names = _names_of(order.drug)
    rows = [row for row in dose_ranges() if row.drug in names and row.route == order.route]
    if len(rows) < 2:
        return rows[0] if rows else None
    given = _given(order)
    return next((row for row in rows if row.given == given), None)


def _given(order: Order) -> str:
    """Return ``bolus`` or ``infusion``; empty for what is given into no vein."""
    if order.route != "IV":
        return ""
    hours = order.duration_h
    if hours is None:
        usual = load_table()
        row = f"{order.drug}.infusion"
        hours = usual[row].value if row in usual else 0.0
    return "bolus" if hours < _BOLUS_HOURS else "infusion"


@cache
def _names_of(drug: str) -> frozenset[str]:
    """Every name of a drug: the model and the evidence may use different ones."""
    from rascade.evidence import load

    evidence = load()
    try:
        record = evidence.drug(drug)
    except EvidenceError:
        return frozenset({drug})
    return frozenset({drug, record.name, *record.aliases})
