"""Names in any script: identifiers of a study, and labels that transport files can hold.

Version 5 transport files hold ASCII and texts of at most 200 bytes, and users call their arms,
centres and strata what they like. Parquet, CSV and the definition keep every name as it was given.
Transport files hold a label for each name that they cannot: different names have different labels,
and ``names.csv`` leads back from the label to the name.
"""

from __future__ import annotations

import hashlib
import re
import unicodedata
from collections.abc import Iterable, Iterator, Mapping
from functools import cache
from itertools import count
from typing import TYPE_CHECKING

from rascade.exchange.adam.variables import rows_of, variables_of

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["Labels", "fits", "labels_of", "plain_text", "study_identifier", "unique_labels"]

Labels = Mapping[str, Mapping[str, str]]  # kind of names -> name -> label in transport files

_STEM, _DIGITS = 20, 8
_KINDS = {"arm": "Arm", "site": "Site", "stratum": "Stratum", "term": "Term", "place": "Place"}
_GREEK = re.compile(r"GREEK (SMALL|CAPITAL) LETTER (?:FINAL )?([A-Z]+)")


@cache
def _signs() -> Mapping[int, str]:
    return str.maketrans({row["sign"]: row["text"] for row in rows_of("signs")})


def _readable(value: str) -> tuple[str, bool]:
    """Return a text in ASCII with what has no equivalent left out, and whether anything was."""
    lost, letters = False, []
    for letter in unicodedata.normalize("NFKD", value.translate(_signs())):
        greek = _GREEK.match(unicodedata.name(letter, ""))
        if letter.isascii() and (letter.isprintable() or letter.isspace()):
            letters.append(letter)
        elif greek:
            letters.append(greek[2].lower() if greek[1] == "SMALL" else greek[2].capitalize())
        elif not unicodedata.combining(letter):
            lost = True
            letters.append(" ")
    return " ".join("".join(letters).split()), lost


def plain_text(value: object, length: int = 200) -> str:
    """Return a text as version 5 transport files can hold it: ASCII, no longer than `length`.

    Accents are dropped, Greek letters are spelled out, what has no equivalent is left out. Texts
    can become alike; `unique_labels` keeps them apart.
    """
    return _readable(str(value))[0][:length].strip()


def fits(text: str, length: int) -> bool:
    """Tell whether a transport file can hold a text as it is."""
    return text.isascii() and text.isprintable() and len(text) <= length and text == text.strip()


def unique_labels(names: Iterable[str], kind: str, length: int) -> dict[str, str]:
    """Return a label for each name, no two alike; a name that fits is its own label.

    Args:
        names: in the order in which they are numbered.
        kind: of the names, one of those that `Variable.names` lists.
        length: longest label.
    """
    every = list(dict.fromkeys(names))
    found = {name: name for name in every if fits(name, length)}
    taken = set(found)
    stems = {name: _readable(name) for name in every if name not in found}
    for number, name in enumerate(every, start=1):
        if name in found:
            continue
        stem, lost = stems[name]
        alike = sum(stem == other for other, _ in stems.values()) > 1
        labels = _candidates(stem, f"{_KINDS[kind]} {number}", length, coded=lost or alike)
        found[name] = next(label for label in labels if label not in taken)
        taken.add(found[name])
    return {name: found[name] for name in every}


def _candidates(stem: str, code: str, length: int, *, coded: bool) -> Iterator[str]:
    """Yield labels for a name, the most readable first, without end."""
    if not re.search("[A-Za-z0-9]", stem):
        yield code
    elif not coded and len(stem) <= length:
        yield stem
    for turn in count():
        tail = f" [{code}]" if not turn else f" [{code}.{turn}]"
        yield (stem[: length - len(tail)].rstrip() + tail).strip()


def labels_of(datasets: Mapping[str, pd.DataFrame]) -> Labels:
    """Return the labels of all names of some data sets that transport files cannot hold.

    Arms are numbered as TRT01PN numbers them, everything else by the alphabet.
    """
    names: dict[str, dict[str, None]] = {kind: {} for kind in _KINDS}
    shortest = dict.fromkeys(_KINDS, 200)
    adsl = datasets.get("ADSL")
    if adsl is not None and {"TRT01P", "TRT01PN"} <= set(adsl.columns):
        names["arm"].update(dict.fromkeys(adsl.sort_values("TRT01PN")["TRT01P"]))
    for dataset, table in datasets.items():
        for variable in variables_of(dataset):
            if variable.names and variable.name in table:
                names[variable.names].update(dict.fromkeys(sorted(table[variable.name].unique())))
                shortest[variable.names] = min(shortest[variable.names], variable.length)
    found = {}
    for kind, own in names.items():
        labels = unique_labels([name for name in own if name], kind, shortest[kind])
        found[kind] = {name: label for name, label in labels.items() if name != label}
    return found


def study_identifier(name: str, *more: object) -> str:
    """Return an identifier of at most 29 characters from the name of a study.

    It begins as the name does and ends in eight digits of a hash, so that no two studies of alike
    names, in any script, share it.

    Args:
        name: of the study.
        more: whatever else tells it from another of that name.
    """
    stem = re.sub(r"[^A-Z0-9]+", "-", plain_text(name).upper()).strip("-")
    text = "\x1f".join([name, *map(str, more)])
    digits = hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:_DIGITS].upper()
    return f"{stem[:_STEM].strip('-') or 'STUDY'}-{digits}"
