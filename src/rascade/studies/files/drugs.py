"""Drugs of the user's own in study files: as files beside the study, or written into it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rascade.errors import InputError
from rascade.model.own import as_mapping, check_own_drug, load_own_drug
from rascade.own_drugs import OwnDrug, own_drugs, use

if TYPE_CHECKING:
    from rascade.studies.files.schema import Arm, ExperimentStudy, Study, TrialStudy
    from rascade.studies.files.yaml_text import Document

__all__ = [
    "drugs_for_manifest",
    "named_drugs",
    "read_drugs",
    "told_drugs",
    "use_drugs",
    "with_drugs_of_the_dish",
    "with_named_drugs",
]


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
    more = _missing(study.drugs, named_drugs(study.arms) or ())
    return study.model_copy(update={"drugs": (*(study.drugs or ()), *more)}) if more else study


def with_drugs_of_the_dish(study: ExperimentStudy) -> ExperimentStudy:
    """Return an experiment that holds the user's own drugs that it names, as a trial does."""
    own = [drug for name, drug in own_drugs().items() if name in study.drugs]
    more = _missing(study.own_drugs, own)
    held = (*(study.own_drugs or ()), *more)
    return study.model_copy(update={"own_drugs": held}) if more else study


def _missing(
    held: Sequence[Mapping[str, Any]] | None, named: Sequence[OwnDrug]
) -> list[dict[str, Any]]:
    there = {one["name"] for one in held or ()}
    return [as_mapping(drug) for drug in named if drug.name not in there]


def drugs_for_manifest(study: Study) -> dict[str, Any]:
    """Return what the manifest says of the user's own drugs of a study; nothing if there are none.

    The hash is of what the file means: names and numbers, not its layout and comments.
    """
    held = study.own_drugs if study.kind == "experiment" else getattr(study, "drugs", None)
    return told_drugs(check_own_drug(one, "study") for one in held or ())


def told_drugs(drugs: Iterable[OwnDrug]) -> dict[str, Any]:
    """Return the entry of a manifest for these drugs; nothing if there are none."""
    told = [{"name": drug.name, "like": drug.like, "hash": drug.hash} for drug in drugs]
    return {"drugs": told} if told else {}
