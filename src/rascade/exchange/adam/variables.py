"""What the data sets are made of: variables, parameters, keys, controlled terms, wordings."""

from __future__ import annotations

import csv
from collections.abc import Container, Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

from rascade.errors import InputError
from rascade.trial.endpoints import TimeEndPoint, times

__all__ = [
    "DATASETS",
    "CodeList",
    "Disposition",
    "Reason",
    "Variable",
    "code_lists",
    "controlled_terms",
    "dispositions",
    "keys_of",
    "meddra_terms",
    "more_end_points",
    "parameters_of",
    "reasons",
    "rows_of",
    "variables_of",
]

#: Data set -> its label.
DATASETS: Mapping[str, str] = {
    "ADSL": "Subject-Level Analysis Dataset",
    "ADTTE": "Time-to-Event Analysis Dataset",
    "ADRS": "Response Analysis Dataset",
    "ADTR": "Tumor Results Analysis Dataset",
    "ADAE": "Adverse Events Analysis Dataset",
}

_SPELT_OUT = ("os", "pfs")
_LONGEST_CODE = 8  # letters of PARAMCD
_LONGEST_NAME = 80  # letters of PARAM, as its row of the variables says
_SMALL_WORDS = frozenset({"a", "an", "and", "by", "for", "from", "in", "of", "or", "the", "to"})


@dataclass(frozen=True, slots=True)
class Variable:
    """A variable of a data set.

    Attributes:
        name: at most 8 characters.
        label: at most 40 characters.
        type: ``text``, ``number`` or ``date``.
        length: of texts in transport files, in bytes; 8 for the others.
        terms: name of its controlled terms; empty if any value goes.
        key: it is a part of the data set's key.
        names: kind of the names that users give and that it holds, in any script (``arm``,
            ``site``, ``stratum``, ``term``, ``place``); empty if it holds no such names.
        group: optional variables of a group are there together, and only in trials that have
            something to put into one of them; empty for those that are always there.
        origin: as Define-XML says it: ``Assigned``, ``Derived`` or ``Predecessor``.
        comment: how it is made, for the definition.
    """

    name: str
    label: str
    type: str
    length: int
    terms: str
    key: bool
    names: str = ""
    group: str = ""
    origin: str = "Derived"
    comment: str = ""


@dataclass(frozen=True, slots=True)
class CodeList:
    """Controlled terms.

    Attributes:
        name: of the list, as variables refer to it.
        title: of the list for readers.
        code: of the NCI Thesaurus; empty where the list is the program's own.
        standard: ``SDTM`` or ``ADaM`` terminology; empty as `code`.
        version: day of publication of that terminology.
        terms: allowed values; a blank one means that a value may be missing.
        source: where the terms are from.
    """

    name: str
    title: str
    code: str
    standard: str
    version: str
    terms: tuple[str | int, ...]
    source: str


@dataclass(frozen=True, slots=True)
class Reason:
    """How the end of a time is put into words.

    Attributes:
        event: the time ends in an event.
        text: for ``EVNTDESC``.
        date: for ``CNSDTDSC``; empty for an event.
    """

    event: bool
    text: str
    date: str


@dataclass(frozen=True, slots=True)
class Disposition:
    """How the end of a treatment or of a study is put into words.

    Attributes:
        status: for ``EOTSTT`` or ``EOSSTT``.
        reason: for ``DCTREAS`` or ``DCSREAS``.
        specify: for ``DCTREASP`` or ``DCSREASP``.
    """

    status: str
    reason: str
    specify: str


def rows_of(name: str) -> list[dict[str, str]]:
    """Return the rows of one of the tables ``data/adam_NAME.csv``."""
    path = files("rascade.exchange") / "data" / f"adam_{name}.csv"
    return list(csv.DictReader(path.read_text(encoding="utf-8").splitlines()))


@cache
def _all() -> Mapping[str, tuple[Variable, ...]]:
    found: dict[str, list[Variable]] = {name: [] for name in DATASETS}
    for row in rows_of("variables"):
        found[row["dataset"]].append(
            Variable(
                name=row["variable"],
                label=row["label"],
                type=row["type"],
                length=int(row["length"] or 8),
                terms=row["terms"],
                key=bool(row["key"]),
                names=row["names"],
                group=row["presence"],
                origin=row["origin"],
                comment=row["comment"],
            )
        )
    return {name: tuple(variables) for name, variables in found.items()}


def variables_of(dataset: str, present: Container[str] | None = None) -> tuple[Variable, ...]:
    """Return the variables of a data set in their order.

    Args:
        dataset: its name.
        present: names of variables; optional ones that are not among them are left out. All
            variables if None.
    """
    every = _all()[dataset]
    if present is None:
        return every
    return tuple(v for v in every if not v.group or v.name in present)


def keys_of(dataset: str) -> list[str]:
    """Return the variables that together tell two records of a data set apart."""
    return [variable.name for variable in variables_of(dataset) if variable.key]


@cache
def _own_parameters(dataset: str) -> Mapping[str, tuple[str, int]]:
    own = (row for row in rows_of("parameters") if row["dataset"] == dataset)
    return {row["code"]: (row["name"], int(row["number"])) for row in own}


def parameters_of(dataset: str) -> Mapping[str, tuple[str, int]]:
    """Return PARAMCD -> PARAM and PARAMN of a data set, in order; empty if it has none.

    Those of ADTTE end with the times of `more_end_points`.
    """
    own = _own_parameters(dataset)
    if dataset != "ADTTE":
        return own
    first = 1 + max(number for _, number in own.values())
    more = enumerate(more_end_points().items(), first)
    return {**own, **{code: (_parameter_name(end.title), n) for n, (code, end) in more}}


def more_end_points() -> Mapping[str, TimeEndPoint]:
    """Return PARAMCD -> end point of the times that the tables here do not spell out.

    Raises:
        InputError: the names of two end points make the same code of eight letters.
    """
    own = _own_parameters("ADTTE")
    found: dict[str, TimeEndPoint] = {}
    for end in times():
        code = end.name.upper().replace("_", "")[:_LONGEST_CODE]
        if end.name in _SPELT_OUT:
            continue
        if code in own or code in found:
            raise InputError(
                f"end point {end.name!r}: its code in ADTTE, {code}, is that of another end point; "
                "give it a name that differs in the first eight letters"
            )
        found[code] = end
    return found


def _parameter_name(title: str) -> str:
    """Return the title of an end point as PARAM has it: ``Time to Next Treatment (days)``."""
    words = [w if w in _SMALL_WORDS else w[:1].upper() + w[1:] for w in title.split()]
    name = " ".join(words)
    return f"{name[:1].upper()}{name[1 : _LONGEST_NAME - 7]} (days)"


@cache
def code_lists() -> Mapping[str, CodeList]:
    """Return the controlled terms by name, with where they are from."""
    found = {}
    for row in rows_of("codelists"):
        texts = row["terms"].split("|")
        terms = tuple(map(int, texts)) if row["list"] == "zero_one" else tuple(texts)
        found[row["list"]] = CodeList(
            name=row["list"],
            title=row["title"],
            code=row["code"],
            standard=row["standard"],
            version=row["version"],
            terms=terms,
            source=row["source"],
        )
    return found


def controlled_terms() -> Mapping[str, tuple[str | int, ...]]:
    """Return the controlled terms by name, codes and names of parameters among them."""
    found = {name: one.terms for name, one in code_lists().items()}
    for dataset in DATASETS:
        own = parameters_of(dataset)
        if own:
            family = dataset[2:].lower()
            found[f"{family}_code"] = tuple(own)
            found[f"{family}_name"] = tuple(name for name, _ in own.values())
    return found


@cache
def reasons(family: str) -> Mapping[str, Reason]:
    """Return reason of the simulation -> its wording.

    Args:
        family: ``death``, ``progression`` or ``response``.
    """
    own = (row for row in rows_of("reasons") if row["family"] == family)
    return {r["reason"]: Reason(r["cnsr"] == "0", r["evntdesc"], r["cnsdtdsc"]) for r in own}


@cache
def dispositions(of: str) -> Mapping[str, Disposition]:
    """Return reason of the simulation -> its wording; `of` is ``treatment`` or ``study``."""
    own = (row for row in rows_of("dispositions") if row["of"] == of)
    return {r["reason"]: Disposition(r["status"], r["term"], r["specify"]) for r in own}


@cache
def meddra_terms() -> Mapping[str, tuple[str, str]]:
    """Return term of CTCAE -> preferred term in the spelling of MedDRA, and its organ class."""
    return {row["ctcae"]: (row["preferred"], row["soc"]) for row in rows_of("meddra")}
