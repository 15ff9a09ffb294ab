"""Drugs of the user's own in study files: as files beside the study, or written into it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rascade.errors import InputError
from rascade.model.own import as_mapping, check_own_drug, load_own_drug
from rascade.own_drugs import OwnDrug, own_drugs, use

if TYPE_CHECKING:
    from rascade.studies.files.schema import Arm, TrialStudy
    from rascade.studies.files.yaml_text import Document

__all__ = ["named_drugs", "read_drugs", "use_drugs", "with_named_drugs"]


def read_drugs(document: Document) -> dict[str, Any]:
    """Return the keys and values of a study, its drugs read, checked and known.

    Raises:
        StudyFileError: a drug is wrong; the message names the study's line and the drug's own.
    """
    value = document.value
    given = value.get("drugs")
    if given is None:
        return value
    if not isinstance(given, list | tuple) or not given:
        raise document.error(("drugs",), "write a list of drugs' files, such as [my-drug.toml]")
    return {**value, "drugs": [_read(document, n, one) for n, one in enumerate(given)]}


def _read(document: Document, number: int, given: object) -> dict[str, Any]:
    path = ("drugs", number)
    try:
        if isinstance(given, str):
            return as_mapping(load_own_drug(Path(document.name).parent / given))
        if isinstance(given, Mapping):
            drug = check_own_drug(given, f"drugs[{number}]")
            use(drug)
            return as_mapping(drug)
    except InputError as error:
        raise document.error(path, str(error)) from None
    raise document.error(path, "give the name of a drug's file, or the drug as keys and values")


def use_drugs(given: Sequence[Mapping[str, Any]] | None) -> None:
    """Let the whole program know the drugs that a study holds."""
    for one in given or ():
        use(check_own_drug(one, "study"))


def named_drugs(arms: Sequence[Arm]) -> tuple[OwnDrug, ...] | None:
    """Return the user's own drugs that arms name; None for none."""
    named = {order.drug for arm in arms for order in arm.orders}
    return tuple(drug for name, drug in own_drugs().items() if name in named) or None


def with_named_drugs(study: TrialStudy) -> TrialStudy:
    """Return a study that holds the user's own drugs that it names, wherever they came from."""
    there = {one["name"] for one in study.drugs or ()}
    more = [as_mapping(d) for d in named_drugs(study.arms) or () if d.name not in there]
    if not more:
        return study
    return study.model_copy(update={"drugs": (*(study.drugs or ()), *more)})
