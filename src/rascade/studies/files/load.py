"""Reading and writing study files."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any, TypeVar

from pydantic import ValidationError

from rascade.errors import InputError, StudyFileError, UnsupportedFeature
from rascade.own_files import Limits, read_text
from rascade.random_streams import check_seed
from rascade.studies.files.drugs import read_drugs, with_drugs_of_the_dish, with_named_drugs
from rascade.studies.files.own_data import read_published
from rascade.studies.files.own_patients import read_patients_of
from rascade.studies.files.problems import study_error
from rascade.studies.files.schema import (
    KINDS,
    MAX_MEMBERS,
    MAX_PATIENTS,
    Checks,
    ExperimentStudy,
    OperatingStudy,
    Study,
    TrialStudy,
)
from rascade.studies.files.yaml_text import (
    A_STUDY,
    Document,
    Wanted,
    hidden_character,
    plain_value,
    read_yaml,
)
from rascade.text import did_you_mean

__all__ = [
    "check_plain",
    "dump",
    "load",
    "loads",
    "model_checks",
    "override",
    "plain_study",
    "read_study_text",
    "refuse_study",
    "study_hash",
]

#: A larger study file is refused before it is read.
MAX_BYTES = 2**20

AnyStudy = TypeVar("AnyStudy", TrialStudy, ExperimentStudy, OperatingStudy)
#: Kind -> what it is called, and the verb that runs it.
_A_STUDY = {
    "trial": ("a trial", "trial"),
    "experiment": ("an experiment", "experiment"),
    "operating-characteristics": ("a study of operating characteristics", "power"),
}


def load(
    path: str | Path, checks: Checks | None = None, kind: type[AnyStudy] | None = None
) -> AnyStudy:
    """Read a study file.

    Args:
        path: of the YAML file.
        checks: what names are checked against; None takes the evidence, the patients' properties
            and the model (`model_checks`).
        kind: the kind of study that is wanted; None for a trial.

    Raises:
        StudyFileError: the file cannot be read or is wrong; every problem is named as
            ``study.yaml:12: arms[1].regimen: ...``.
        UnsupportedFeature: the study is right, but something in it cannot be simulated yet.
    """
    return loads(read_study_text(Path(path)), str(path), checks, kind)


def loads(
    text: str,
    name: str = "study",
    checks: Checks | None = None,
    kind: type[AnyStudy] | None = None,
) -> AnyStudy:
    """Read a study from text; `name` stands for the file in messages. See `load`."""
    return _study(read_yaml(text, name, _wanted(_word(kind))), checks, kind)


def check_plain(
    plain: Mapping[str, Any], name: str, kind: type[AnyStudy] | None = None
) -> AnyStudy:
    """Check a study that is given as keys and values, as one that stands in a file is checked.

    Args:
        plain: what a study file holds.
        name: stands for the file in messages, which have no lines: ``Trial: arms[1].regimen: ...``.
        kind: the kind of study that is wanted; None for a trial.

    Raises:
        StudyFileError: something is wrong; every problem is named.
        UnsupportedFeature: the study is right, but something in it cannot be simulated yet.
    """
    document = Document(name, dict(plain), None)
    _refuse_hidden(document, (), document.value)
    return _study(document, None, kind)


def _refuse_hidden(document: Document, path: tuple[str | int, ...], value: object) -> None:
    """Refuse the texts that a file may not hold either, keys included."""
    if isinstance(value, str) and (hidden := hidden_character(value)):
        raise document.error(path, hidden)
    if isinstance(value, Mapping):
        for key, item in value.items():
            _refuse_hidden(document, path, key)
            _refuse_hidden(document, (*path, key), item)
    elif isinstance(value, list | tuple):
        for number, item in enumerate(value):
            _refuse_hidden(document, (*path, number), item)


def _word(kind: type[AnyStudy] | None) -> str:
    wanted: Any = kind or TrialStudy
    return next(word for word, model in KINDS.items() if model is wanted)


def _study(document: Document, checks: Checks | None, kind: type[AnyStudy] | None) -> AnyStudy:
    wanted: Any = kind or TrialStudy
    found = _kind(document, _word(kind))
    model: Any = KINDS[found]
    if model is not wanted:
        what, verb = _A_STUDY[found]
        use = f"rascade {verb} {document.name}"
        raise document.error(("kind",), f"this is {what}; run it with: {use}")
    checks = model_checks() if checks is None else checks
    value = read_patients_of(document, read_published(document, read_drugs(document)))
    try:
        study: AnyStudy = model.model_validate(value, context=checks)
    except ValidationError as error:
        raise study_error(error, document, model) from None
    _check_modelled(study, document, checks)
    if isinstance(study, TrialStudy):
        return with_named_drugs(study)
    return with_drugs_of_the_dish(study) if isinstance(study, ExperimentStudy) else study


def _wanted(kind: str) -> Wanted:
    return Wanted("study", f"kind: {kind}", f"rascade {_A_STUDY[kind][1]} --help")


def read_study_text(path: Path, wanted: Wanted = A_STUDY) -> str:
    """Return the text of a study or patient file.

    Args:
        path: of the file.
        wanted: what it is meant to hold.

    Raises:
        StudyFileError: there is no such file, or it is no text; the message says what to do.
    """
    near = partial(_neighbour, wanted=wanted)
    return read_text(path, Limits(f"a {wanted.what} file", MAX_BYTES, StudyFileError, near))


def _neighbour(path: Path, wanted: Wanted) -> str:
    """Return a hint at a file of nearly this name, here or among the studies."""
    studies = ["studies", "studies/experiments", "studies/operating"]
    folders = [path.parent, *(Path(name) for name in studies if wanted.what == "study")]
    files = [
        file
        for folder in folders
        if folder.is_dir()
        for file in sorted(folder.iterdir())
        if file.suffix in {".yaml", ".yml"}
    ]
    near = did_you_mean(path.name, [file.name for file in files])
    return next((f"; did you mean {file}?" for file in files if repr(file.name) in near), "")


def _kind(document: Document, wanted: str) -> str:
    kind = document.value.get("kind")
    listed = ", ".join(KINDS)
    if kind is None and _is_patient(document):
        use = f"rascade simulate --patient {document.name}"
        raise document.error((), f"this is a patient file; give it to: {use}")
    if kind is None:
        key = next((key for key in document.value if did_you_mean(key, ["kind"])), None)
        hint = f" ({key!r} is close)" if key else ""
        raise document.error(("kind",), f"missing; write 'kind: {wanted}'{hint}; kinds: {listed}")
    if not isinstance(kind, str) or kind not in KINDS:
        hint = did_you_mean(str(kind), KINDS)
        raise document.error(("kind",), f"{kind!r} is not a kind of study ({listed}){hint}")
    return kind


def _is_patient(document: Document) -> bool:
    from rascade.patients import load_properties

    return bool(document.value) and document.value.keys() <= {*load_properties(), "parameters"}


def refuse_study(document: Document) -> None:
    """Refuse a study where a patient is wanted, and say what to do with it.

    Raises:
        StudyFileError: the file has the kind of a study.
    """
    kind = document.value.get("kind")
    if isinstance(kind, str) and kind in _A_STUDY:
        what, verb = _A_STUDY[kind]
        use = f"rascade {verb} {document.name}"
        raise document.error(("kind",), f"this is {what}, no patient; run it with: {use}")


def _check_modelled(study: Study, document: Document, checks: Checks) -> None:
    for path, check in study.later_checks(checks):
        try:
            check()
        except UnsupportedFeature as error:
            where = document.message(path, str(error))
            raise UnsupportedFeature(error.feature, where) from None
        except InputError as error:
            raise document.error(path, str(error)) from None


def model_checks() -> Checks:
    """Return checks against the evidence, the patients' properties and the model."""
    return Checks(
        eligibility=_expression,
        somebody=_somebody,
        published=_published,
        parameter=_parameter,
        modelled=_modelled,
        population=_population,
        experiment=_experiment,
    )


def _expression(text: str) -> None:
    import numpy as np

    from rascade.patients import categories, draw_profiles, eligible

    # Two patients are enough to see whether every name and comparison has a meaning.
    eligible([text], draw_profiles(0, np.arange(2, dtype=np.int64)), categories())


def _somebody(expressions: Sequence[str]) -> None:
    import numpy as np

    from rascade.errors import EligibilityError
    from rascade.patients import categories, draw_profiles, eligible

    # A trial gives a place up after 5,000 patients; what nobody of these meets would end so.
    for number in (100, 20_000):
        drawn = draw_profiles(0, np.arange(number, dtype=np.int64))
        if eligible(expressions, drawn, categories()).any():
            return
    never = [one for one in expressions if not eligible([one], drawn, categories()).any()]
    what = never[0] if never else " and ".join(expressions)
    raise EligibilityError(f"none of {number:,} patients drawn meets {what}")


def _published(arm_id: str) -> None:
    from rascade.evidence import load as load_evidence

    load_evidence().trial(arm_id)


def _parameter(name: str, value: float) -> None:
    from rascade.model import load_table

    load_table().with_values({name: value})


def _modelled(drugs: Sequence[str]) -> None:
    from rascade.model.compose import find_drugs

    find_drugs(drugs)


def _population(what: str, value: str | int) -> None:
    from rascade.trial.design.spec import check_population

    check_population(what, value)


def _experiment(
    drugs: Sequence[str], setting: str, readouts: Sequence[str], changed: Sequence[str]
) -> None:
    from rascade.bench.readouts import check_names

    check_names(drugs, setting, readouts, changed)


def override(
    study: TrialStudy,
    *,
    size: int | None = None,
    seed: int | None = None,
    members: int | None = None,
    population: str | None = None,
) -> TrialStudy:
    """Return the study with other patients in each arm, seed, members or population.

    Raises:
        InputError: a number is out of its range.
    """
    if size is not None and not 1 <= size <= MAX_PATIENTS:
        raise InputError(f"--size: {size} patients in each arm; it must be 1 to {MAX_PATIENTS}")
    if seed is not None:
        check_seed(seed)
    if members is not None and not 0 <= members <= MAX_MEMBERS:
        raise InputError(f"--members: {members} of the ensemble; it must be 0 to {MAX_MEMBERS}")
    if population not in (None, "ensemble", "table"):
        raise InputError(f"--population: {population!r}; give ensemble or table")
    changes: dict[str, Any] = {
        name: value
        for name, value in (("members", members), ("population", population))
        if value is not None
    }
    if size is not None:
        changes["cohort"] = study.cohort.model_copy(update={"size": size})
        changes["arms"] = tuple(arm.model_copy(update={"size": None}) for arm in study.arms)
    if seed is not None:
        changes["seed"] = seed
    return study.model_copy(update=changes)


def plain_study(study: Study) -> dict[str, Any]:
    """Return a study as its file has it: mappings, lists, texts and numbers."""
    return study.model_dump(mode="json", exclude_none=True, by_alias=True)


def dump(study: Study) -> str:
    """Return the study as YAML in one normal form; ``loads(dump(study)) == study``."""
    import yaml

    class Dumper(yaml.SafeDumper):
        """Quotes the texts that would be read back as numbers by YAML 1.2 but not by 1.1."""

    def text(dumper: yaml.SafeDumper, value: str) -> yaml.ScalarNode:
        style = None if isinstance(plain_value(value), str) else "'"
        return dumper.represent_scalar("tag:yaml.org,2002:str", value, style)

    Dumper.add_representer(str, text)
    options: dict[str, Any] = {"sort_keys": False, "allow_unicode": True, "width": 10_000}
    return str(yaml.dump(plain_study(study), Dumper=Dumper, **options))


def study_hash(study: Study) -> str:
    """Return the SHA-256 of what a study means; layout and comments of its file do not matter."""
    text = json.dumps(plain_study(study), sort_keys=True, ensure_ascii=False, allow_nan=False)
    return hashlib.sha256(text.encode()).hexdigest()
