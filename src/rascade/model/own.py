"""Files of drugs of the user's own: read, checked as strictly as the package's own table, written.

A file is TOML: ``name``, ``like`` (a drug that the model knows), numbers with unit, source and
confidence, and pharmacokinetics in the forms that people have.
"""

from __future__ import annotations

import hashlib
import itertools
import re
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

from rascade.errors import InputError
from rascade.model.own_kinetics import by_mouth, kinetics
from rascade.model.own_place import SPAN, Place
from rascade.model.own_rows import own_rows, potency_symbols
from rascade.own_drugs import (
    ANCHORS,
    Number,
    OwnDrug,
    PotencyPrior,
    drug_folder,
    forget,
    own_drugs,
    use,
)
from rascade.own_files import Limits, read_text
from rascade.text import did_you_mean

__all__ = [
    "as_mapping",
    "check_own_drug",
    "drop_own_drug",
    "keep_own_drug",
    "load_kept_drugs",
    "load_own_drug",
    "own_rows",
    "parse_own_drug",
    "template",
]

_FILE = Limits("the file of one drug", 200_000)
_NAME = re.compile(r"[A-Za-z][A-Za-z0-9]*(?:[- ][A-Za-z0-9]+)*")
_KEYS = (
    "name", "like", "about", "anchors", "numbers", "pharmacokinetics", "dose_levels", "prediction",
)  # fmt: skip
_LARGEST_SD = 3.0
_NUMBER_KEYS = ("value", "unit", "source", "confidence", "cv", "low", "high", "description")


def load_own_drug(path: Path) -> OwnDrug:
    """Read a drug's file, check it, and let the whole program know the drug.

    Raises:
        InputError: the file cannot be read or is wrong; the message names file, line, key and mend.
    """
    text = read_text(path, _FILE)
    drug = parse_own_drug(text, str(path))
    use(drug)
    return drug


def load_kept_drugs() -> list[str]:
    """Let the program know the drugs that the user keeps, and say which are wrong.

    A file that went wrong since it was kept must not be in the way of everything else.
    """
    folder, wrong = drug_folder(), []
    for path in sorted(folder.glob("*.toml")) if folder.is_dir() else ():
        try:
            load_own_drug(path)
        except InputError as error:
            wrong.append(f"{error}; mend the file, or: rascade drugs remove {path.stem}")
    return wrong


def keep_own_drug(path: Path) -> Path:
    """Keep a drug's file among those that are always known, and return the copy.

    Raises:
        InputError: the file is wrong, or cannot be copied.
    """
    from rascade.files import as_output_error, write_bytes

    drug = load_own_drug(path)
    target = drug_folder() / f"{drug.name}.toml"
    with as_output_error(target):
        target.parent.mkdir(parents=True, exist_ok=True)
    write_bytes(target, path.read_bytes())
    return target


def drop_own_drug(name: str) -> Path:
    """Forget a drug that is kept, and return the file that is gone.

    Raises:
        InputError: none is kept by that name.
    """
    folder = drug_folder()
    known = {path.stem: path for path in folder.glob("*.toml")} if folder.is_dir() else {}
    if name not in known:
        hint = did_you_mean(name, known) or f"; kept: {', '.join(sorted(known)) or 'none'}"
        raise InputError(f"no drug of yours is called {name!r}{hint}")
    known[name].unlink()
    forget(name)
    return known[name]


def parse_own_drug(text: str, file: str) -> OwnDrug:
    """Read and check the text of a drug's file.

    Raises:
        InputError: something is wrong.
    """
    try:
        given = tomllib.loads(text)
    except (tomllib.TOMLDecodeError, RecursionError) as error:
        where = re.search(r"at line (\d+)", str(error))
        line = f":{where.group(1)}" if where else ""
        told = re.sub(r" \(at .*\)", "", str(error)) or "nested too deeply"
        raise InputError(f"{file}{line}: no TOML: {told}") from None
    return check_own_drug(given, Place(file, text))


def check_own_drug(given: Mapping[str, Any], place: Place | str) -> OwnDrug:
    """Check what a drug's file, or a study, says of a drug.

    Args:
        given: keys and values of the file.
        place: where they stand, for messages.

    Raises:
        InputError: something is wrong.
    """
    at = place if isinstance(place, Place) else Place(place)
    at.known(given, _KEYS)
    name, known = at.text(given, "name"), at.text(given, "like")
    _check_name(name, at)
    rows = _rows_of(known, at)
    numbers = {n.symbol: n for n in _numbers(at.table(given, "numbers"), rows, at)}
    published = at.table(given, "pharmacokinetics")
    numbers = by_mouth(published, numbers, rows, at)
    for number in kinetics(published, numbers, rows, at):
        numbers[number.symbol] = number
    about = given.get("about", "")
    if not isinstance(about, str) or len(about) > 500:
        at.wrong("about", "must be a text of at most 500 characters")
    levels = _levels(given.get("dose_levels", []), at)
    anchors = given.get("anchors", ANCHORS[0])
    if anchors not in ANCHORS:
        at.wrong("anchors", f"{anchors!r} is none of {', '.join(ANCHORS)}")
    prior = _prior(at.table(given, "prediction"), rows, at)
    drug = OwnDrug(name, known, tuple(numbers.values()), levels, about, "", anchors, prior)
    return replace(drug, hash=hashlib.sha256(repr(drug).encode()).hexdigest())


def _check_name(name: str, at: Place) -> None:
    from rascade.evidence import load

    if not _NAME.fullmatch(name) or len(name) > 60:
        at.wrong(
            "name", f"{name!r}: letters and digits, parts joined by one blank or dash, at most 60"
        )
    known = load().find_drug(name)
    if known is not None:
        at.wrong("name", f"{name!r} is a known drug ({known.name}); give yours another name")
    twin = next(
        (other for other in own_drugs() if _key(other) == _key(name) and other != name), None
    )
    if twin is not None:
        at.wrong("name", f"{name!r} reads as {twin!r}, which is one of your drugs already")


def _key(name: str) -> str:
    return re.sub(r"[\s-]", "", name).casefold()


def _rows_of(known: str, at: Place) -> dict[str, Any]:
    """Return the numbers of a known drug by symbol."""
    from rascade.model.compose import known_drugs
    from rascade.model.table import load_table

    if known not in known_drugs() or known in own_drugs():
        those = [name for name in known_drugs() if name not in own_drugs()]
        hint = did_you_mean(known, those) or "; 'rascade model show' lists those that are modelled"
        at.wrong("like", f"{known!r} is no drug that the model knows{hint}")
    table, start = load_table(), f"{known}."
    return {name.removeprefix(start): table[name] for name in table if name.startswith(start)}


def _numbers(given: Mapping[str, Any], rows: Mapping[str, Any], at: Place) -> Iterator[Number]:
    for symbol, value in given.items():
        key = f"numbers/{symbol}"
        if symbol not in rows:
            hint = did_you_mean(symbol, rows) or f"; there are {', '.join(rows)}"
            at.wrong(key, f"a drug of this class has no such number{hint}")
        if not isinstance(value, dict):
            at.wrong(key, 'write { value = ..., unit = "...", source = "...", confidence = "..." }')
        yield _number(symbol, value, rows[symbol], key, at)


def _number(symbol: str, given: Mapping[str, Any], row: Any, key: str, at: Place) -> Number:
    from rascade.model.table import CONFIDENCE

    for one in given:
        if one not in _NUMBER_KEYS:
            hint = did_you_mean(one, _NUMBER_KEYS) or f"; there are {', '.join(_NUMBER_KEYS)}"
            at.wrong(key, f"{one}: no such key{hint}")
    if "value" not in given:
        at.wrong(key, "value: missing")
    value = at.number(given["value"], key)
    unit = given.get("unit")
    if not isinstance(unit, str) or not unit:
        at.wrong(key, f"unit: missing; the table has {row.unit}")
    _check_unit(unit, row.unit, key, at)
    source = given.get("source")
    if not isinstance(source, str) or not source.strip():
        at.wrong(key, 'source: missing; where is the number from? "assumed: ..." is an answer')
    confidence = given.get("confidence", "assumed")
    usable = [one for one in CONFIDENCE if one not in ("derived", "fitted", "definition")]
    if confidence not in usable:
        at.wrong(key, f"confidence: {confidence!r} is none of {', '.join(usable)}")
    cv = at.number(given.get("cv", 0.0 if row.distribution == "fixed" else row.cv), f"{key}")
    share = row.unit == "fraction"
    low = at.number(given.get("low", value / SPAN), key)
    high = at.number(given.get("high", min(value * SPAN, 1.0) if share else value * SPAN), key)
    if share and value > 1:
        at.wrong(key, f"{value:g} is no fraction; it must be 0 to 1")
    if not low <= value <= high:
        at.wrong(key, f"value: {value:g} is outside its range, {low:g} to {high:g}")
    if cv > 5:
        at.wrong(key, f"cv: {cv:g}; the coefficient of variation is a fraction, as 0.4 for 40 %")
    about = str(given.get("description", row.description))
    return Number(symbol, value, unit, low, high, cv, source.strip(), confidence, about)


def _check_unit(unit: str, wanted: str, key: str, at: Place) -> None:
    from rascade.model.model_units import to_model_units
    from rascade.units import dimensions, is_unit

    if not is_unit(unit):
        at.wrong(key, f"unit: {unit!r} is no unit; the table has {wanted}")
    try:
        to_model_units(1.0, unit, 100.0)
        # A mass of a drug is an amount of it.
        mine, theirs = _amounts(dimensions(unit)), _amounts(dimensions(wanted))
    except InputError as error:
        at.wrong(key, f"unit: {error}")
    if mine != theirs:
        at.wrong(key, f"unit: {unit!r} measures something else than {wanted}, which it must")


def _amounts(powers: Sequence[tuple[str, float]]) -> dict[str, float]:
    found: dict[str, float] = {}
    for name, power in powers:
        name = "[substance]" if name == "[mass]" else name
        found[name] = found.get(name, 0.0) + power
    return {name: power for name, power in found.items() if power}


def _levels(given: object, at: Place) -> tuple[float, ...]:
    """Return dose levels as fractions of the first."""
    if given == []:
        return ()
    if not isinstance(given, list) or len(given) > 20:
        at.wrong("dose_levels", "write a list of doses, from the full one down, as [960, 480, 240]")
    doses = [at.number(one, "dose_levels") for one in given]
    if doses[0] <= 0 or any(b >= a or b <= 0 for a, b in itertools.pairwise(doses)):
        at.wrong("dose_levels", "must go down from the full dose, all above 0")
    return tuple(dose / doses[0] for dose in doses)


def _prior(given: Mapping[str, Any], rows: Mapping[str, Any], at: Place) -> PotencyPrior | None:
    """Return the prior of the potency in patients; None where the file gives none."""
    at.known(given, ("potency",), "prediction/")
    if not given:
        return None
    key, part = "prediction/potency", at.table(given, "potency")
    at.known(part, ("sd", "source"), f"{key}/")
    for needed in ("sd", "source"):
        if needed not in part:
            at.wrong(key, f'{needed}: missing; write {{ sd = 0.4, source = "..." }}')
    sd = at.number(part["sd"], key)
    if not 0 < sd < _LARGEST_SD:
        at.wrong(key, f"sd: {sd:g} is not between 0 and {_LARGEST_SD:g}; 0.4 is a factor of 1.5")
    symbols = potency_symbols(rows)
    if not symbols:
        at.wrong(key, "a drug of this class has no number of its potency")
    return PotencyPrior(symbols, sd, at.text(part, "source", f"{key}/source"))


def as_mapping(drug: OwnDrug) -> dict[str, Any]:
    """Return a drug as its file has it, in one normal form; `check_own_drug` gives it back."""
    numbers = {}
    for one in drug.numbers:
        kept = {key: value for key, value in asdict(one).items() if key != "symbol"}
        numbers[one.symbol] = kept
    found: dict[str, Any] = {"name": drug.name, "like": drug.like}
    if drug.anchors != ANCHORS[0]:
        found["anchors"] = drug.anchors
    if drug.potency is not None:
        prior = {"sd": drug.potency.sd, "source": drug.potency.source}
        found["prediction"] = {"potency": prior}
    if drug.about:
        found["about"] = drug.about
    if drug.levels:
        found["dose_levels"] = list(drug.levels)
    return {**found, "numbers": numbers} if numbers else found


def template(name: str, known: str) -> str:
    """Return the commented start of a file for a drug like a known one.

    Raises:
        InputError: the model does not know that drug, or the name cannot be.
    """
    at = Place("rascade drugs new")
    rows = _rows_of(known, at)
    _check_name(name, at)
    lines = [
        f"# A drug of your own, like {known}: its mechanism, its numbers where you give none.",
        "# Take the # away before a line to give a number of your own; each says unit and source.",
        "# confidence: verified, secondary, recalled or assumed. cv: between patients.",
        "# Use it: rascade trial STUDY.yaml --drugs THIS_FILE, or in a study: drugs: [THIS_FILE]",
        f'name = "{name}"',
        f'like = "{known}"',
        '# about = "what it is, in a sentence"',
        "# Doses from the full one down; without it, the steps of the drug that it is like.",
        "# dose_levels = [100, 75, 50]",
        "# The plasma concentrations of side effects (C_...) that you do not give: those of the",
        '# known drug ("concentration"), the unbound ones ("free"), or moved with "potency".',
        '# anchors = "concentration"',
        "",
        "[numbers]",
    ]
    for symbol, row in rows.items():
        key = symbol if re.fullmatch(r"\w+", symbol) else f'"{symbol}"'
        spread = f", cv = {row.cv:g}" if row.cv else ""
        source = row.source.replace('"', "'").replace("\\", "/")
        lines += [
            f"# {row.description} ({row.confidence}: {source})",
            f'# {key} = {{ value = {row.value:g}, unit = "{row.unit}"{spread}, '
            'source = "...", confidence = "assumed" }',
        ]
    lines += _published(rows)
    lines += [
        "",
        "# In predictions the potency in patients differs from a file's as trials say it does for",
        "# the known drug. Where you know better: the standard deviation of its logarithm.",
        "# [prediction]",
        '# potency = { sd = 0.4, source = "assumed: within a factor of two of that in cells" }',
    ]
    return "\n".join(lines) + "\n"


def _published(rows: Mapping[str, Any]) -> list[str]:
    """Return the lines of a file for kinetics as publications have them."""
    one, two = {"CL", "V"} <= rows.keys(), {"CL", "Vc", "Q", "Vp"} <= rows.keys()
    if not (one or two) or "Vp2" in rows or "Vmax_elimination" in rows:
        return []
    lines = [
        "",
        "# Instead of clearance and volumes, what a publication often has:",
        "# [pharmacokinetics]",
        '# half_life = { value = 5, unit = "h", source = "..." }',
        '# dose = { value = 100, unit = "mg" }',
        '# auc = { value = 2000, unit = "ng*h/mL", source = "..." }',
    ]
    if one and "ka" in rows:
        lines += [
            '# tmax = { value = 2, unit = "h", source = "..." }',
            '# cmax = { value = 300, unit = "ng/mL", source = "..." } # checked',
        ]
    if "ka" in rows:
        lines += [
            "# Where CL and volumes above are those of the vein, the share that reaches the blood:",
            '# F = { value = 0.4, unit = "fraction", source = "..." }',
        ]
    return lines
