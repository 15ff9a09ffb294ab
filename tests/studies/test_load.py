"""Study files: the contract of issue 2, and one message for each thing that can be wrong."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from rascade.errors import (
    EligibilityError,
    InputError,
    ParameterError,
    StudyFileError,
    UnsupportedFeature,
)
from rascade.regimen import parse
from rascade.studies import (
    Checks,
    ExperimentStudy,
    OperatingStudy,
    TrialStudy,
    dump,
    json_schema,
    load,
    loads,
    override,
    study_hash,
)
from rascade.studies.files.load import model_checks

DRUGS = ["daraxonrasib", "gemcitabine", "nab-paclitaxel", "sotorasib", "adagrasib", "pembrolizumab"]
STUDIES = Path(__file__).parents[2] / "studies"


def expression(text: str) -> None:
    if "kras" not in text and "ecog" not in text:
        raise EligibilityError(f"eligibility: no property in {text!r}")


def parameter(name: str, value: float) -> None:
    if name != "KRAS_share":
        raise ParameterError(f"no parameter {name!r} in the parameter table")


CHECKS = Checks(drugs=DRUGS, eligibility=expression, parameter=parameter)

RASOLUTE = """\
kind: trial
name: RASolute 302, second-line metastatic PDAC
cohort: {disease: PDAC, stage: metastatic, line: 2, size: 250, eligibility: ["kras_allele != 'WT'"]}
seed: 302
arms:
  - {name: daraxonrasib, regimen: daraxonrasib 300 mg PO QD}
  - {name: chemotherapy, regimen: ORDERS}
imaging_every_weeks: 8
follow_up_months: 24
""".replace(
    "ORDERS",
    "gemcitabine 1000 mg/m2 IV D1,8,15 Q28D + nab-paclitaxel 125 mg/m2 IV D1,8,15 Q28D",
)


def test_the_study_of_the_issue() -> None:
    study = loads(RASOLUTE, "s.yaml", CHECKS)
    assert study.name == "RASolute 302, second-line metastatic PDAC"
    assert study.cohort.eligibility == ("kras_allele != 'WT'",)
    assert (study.seed, study.imaging_every_weeks, study.follow_up_months) == (302, 8, 24)
    text = "gemcitabine 1000 mg/m2 IV D1,8,15 Q28D + nab-paclitaxel 125 mg/m2 IV D1,8,15 Q28D"
    assert study.arms[1].regimen == parse(text, DRUGS)
    assert [study.size_of(arm) for arm in study.arms] == [250, 250]
    assert study.reference_arm == "chemotherapy"


def test_optional_parts() -> None:
    more = "parameters: {KRAS_share: 0.4}\nreference: daraxonrasib\ndescription: two\n"
    study = loads(RASOLUTE.replace("QD}", "QD, size: 10}") + more, "s.yaml", CHECKS)
    assert study.size_of(study.arms[0]) == 10
    assert dict(study.parameters) == {"KRAS_share": 0.4}
    assert study.reference_arm == "daraxonrasib"


WRONG = [
    ("seed: 302", "seeed: 302", 4, r"seeed: unknown key; did you mean 'seed'\?"),
    ("seed: 302\n", "", 1, "seed: missing; add it"),
    ("line: 2, ", "lines: 2, ", 3, "cohort.lines: unknown key; did you mean 'line'"),
    ("line: 2,", "line: two,", 3, "cohort.line: expected a whole number, found 'two'"),
    ("size: 250", "size: -5", 3, "cohort.size: -5 must be at least 1"),
    ("size: 250", "size: 0", 3, "cohort.size: 0 must be at least 1"),
    ("size: 250", "size: 2.5", 3, "cohort.size: expected a whole number"),
    ("size: 250", "size: true", 3, "cohort.size: expected a whole number, found true"),
    ("size: 250", "size: '250'", 3, "cohort.size: expected a whole number, found '250'"),
    ("size: 250", "size: 10000000", 3, "must be at most 100000"),
    ("disease: PDAC", "disease: PDCA", 3, "'PDCA' is not one of PDAC; did you mean 'PDAC'"),
    (
        "metastatic, line",
        "metastasised, line",
        3,
        "not one of metastatic, locally advanced.*did you",
    ),
    ("[\"kras_allele != 'WT'\"]", "kras_allele", 3, "cohort.eligibility: expected a list"),
    ("kras_allele != 'WT'", "allele != 'WT'", 3, r"cohort.eligibility\[0\]: no property"),
    ("{name: daraxonrasib, regimen:", "{name: daraxonrasib, regimne:", 6, "did you mean 'regimen'"),
    (
        "daraxonrasib 300 mg PO QD",
        "daraxonrasb 300 mg PO QD",
        6,
        r"arms\[0\].regimen: no drug.*'daraxonrasib'",
    ),
    ("daraxonrasib 300 mg PO QD", "daraxonrasib 300 mgs PO QDD", 6, r"arms\[0\].regimen"),
    ("daraxonrasib 300 mg PO QD", "", 6, r"arms\[0\].regimen: the regimen is empty"),
    ("daraxonrasib 300 mg PO QD", "3", 6, r"arms\[0\].regimen: expected orders as text"),
    ("nab-paclitaxel 125 mg/m2", "nab-paclitaxel 125 mg/m3", 7, r"arms\[1\].regimen:.*'mg/m3'"),
    (
        "name: chemotherapy",
        "name: Daraxonrasib",
        7,
        r"arms\[1\].name: 'Daraxonrasib' is the name of arms\[0\]",
    ),
    (
        "name: chemotherapy",
        "name: 12",
        7,
        r"arms\[1\].name: expected text, found 12; put it in quotes",
    ),
    ("imaging_every_weeks: 8", "imaging_every_weeks: 0", 8, "0 must be at least 1"),
    (
        "follow_up_months: 24",
        "follow_up_months: .inf",
        9,
        "follow_up_months: expected a finite number",
    ),
    ("follow_up_months: 24", "follow_up_months: -1", 9, "must be more than 0"),
    ("seed: 302", "seed: -1", 4, "seed: -1 must be at least 0"),
    ("seed: 302", "seed: 302\nreference: chemo", 5, "no arm is called 'chemo'"),
    ("seed: 302", "seed: 302\nparameters: {KRAS_shar: 1}", 5, "parameters.KRAS_shar: no parameter"),
    ("seed: 302", "seed: 302\nparameters: {KRAS_share: x}", 5, "expected a number, found 'x'"),
    ("seed: 302", "seed: 302\nseed: 303", 5, "seed: the key is there twice"),
    ("kind: trial", "kind: trail", 1, "kind: 'trail' is not a kind of study.*did you mean 'trial'"),
    ("kind: trial", "knid: trial", 1, r"kind: missing.*'knid' is close"),
    ("name: RASolute 302, second-line metastatic PDAC", "name: ''", 2, "name: 0 characters"),
]


@pytest.mark.parametrize(("old", "new", "line", "says"), WRONG)
def test_a_wrong_study_is_told_where_and_how(old: str, new: str, line: int, says: str) -> None:
    assert old in RASOLUTE
    with pytest.raises(StudyFileError, match=says) as caught:
        loads(RASOLUTE.replace(old, new, 1), "study.yaml", CHECKS)
    first = str(caught.value).splitlines()[0]
    assert first.startswith(f"study.yaml:{line}: "), first


def test_a_misspelt_key_is_one_problem() -> None:
    with pytest.raises(StudyFileError) as caught:
        loads(RASOLUTE.replace("seed:", "sede:").replace("stage:", "stge:"), "s.yaml", CHECKS)
    assert str(caught.value).splitlines() == [
        "s.yaml:3: cohort.stge: unknown key; did you mean 'stage'?",
        "s.yaml:4: sede: unknown key; did you mean 'seed'?",
    ]


def test_empty_lists_are_refused_once() -> None:
    text = (
        RASOLUTE[: RASOLUTE.index("arms:")]
        + "arms: []\nimaging_every_weeks: 8\nfollow_up_months: 1\n"
    )
    with pytest.raises(StudyFileError, match=r"^s.yaml:5: arms: 0 entries; expected at least 1$"):
        loads(text, "s.yaml", CHECKS)


def test_a_drug_that_is_not_modelled() -> None:
    def modelled(drugs: object) -> None:
        if "gemcitabine" in drugs:
            raise UnsupportedFeature("drug gemcitabine", "gemcitabine is not modelled yet")

    checks = Checks(drugs=DRUGS, modelled=modelled)
    with pytest.raises(
        UnsupportedFeature, match=r"^s.yaml:7: arms\[1\].regimen: gemcitabine is not"
    ):
        loads(RASOLUTE, "s.yaml", checks)


def test_files_that_cannot_be_read(tmp_path: Path) -> None:
    (tmp_path / "study.yaml").write_bytes(b"kind: trial\nname: \xff\n")
    (tmp_path / "large.yaml").write_bytes(b"#" * (2**20 + 1))
    cases = {
        "study.yml": r"study.yml: no such file; did you mean .*study.yaml\?",
        ".": "is a folder",
        "study.yaml": "study.yaml:2: not UTF-8",
        "large.yaml": "larger than 1 MiB",
        "study.yaml/x": "no such file|cannot be read",
    }
    for name, says in cases.items():
        with pytest.raises(StudyFileError, match=says):
            load(tmp_path / name, CHECKS)


def test_the_normal_form_reads_back() -> None:
    study = loads(RASOLUTE + "description: '1e3'\n", "s.yaml", CHECKS)
    text = dump(study)
    assert loads(text, "s.yaml", CHECKS) == study
    assert dump(loads(text, "s.yaml", CHECKS)) == text


def test_the_hash_is_of_the_meaning() -> None:
    study = loads(RASOLUTE, "s.yaml", CHECKS)
    same = "# comment\n" + RASOLUTE.replace("300 mg PO QD", '"300 mg po daily"').replace('"', "")
    assert study_hash(
        loads(same.replace("[kras_allele != 'WT']", "[\"kras_allele != 'WT'\"]"), "x", CHECKS)
    ) == study_hash(study)
    assert study_hash(override(study, seed=1)) != study_hash(study)


def test_override() -> None:
    study = loads(RASOLUTE.replace("QD}", "QD, size: 10}"), "s.yaml", CHECKS)
    smaller = override(study, size=4, seed=9)
    assert [smaller.size_of(arm) for arm in smaller.arms] == [4, 4]
    assert smaller.seed == 9
    assert loads(dump(smaller), "x", CHECKS) == smaller
    for wrong in ({"size": -5}, {"size": 0}, {"size": 10**7}, {"seed": -1}, {"seed": 2**63}):
        with pytest.raises(InputError, match="--s"):
            override(study, **wrong)


def test_the_schema_covers_every_field() -> None:
    schema = json_schema()
    json.dumps(schema)
    trial = schema["$defs"]["TrialStudy"]
    assert set(trial["properties"]) == set(TrialStudy.model_fields)
    assert all("description" in field or "$ref" in field for field in trial["properties"].values())
    assert trial["additionalProperties"] is False
    assert schema["$defs"]["Arm"]["properties"]["regimen"]["type"] == "string"


@pytest.mark.parametrize("path", sorted(STUDIES.glob("*.yaml")), ids=lambda path: path.stem)
def test_example_studies_load(path: Path) -> None:
    study = load(path)
    assert study.arms
    # The comment at the top of an example tells how to run it.
    assert f"rascade trial studies/{path.name} --out" in path.read_text()


@pytest.mark.parametrize(
    ("kind", "word", "verb"),
    [
        (TrialStudy, "trial", "trial"),
        (ExperimentStudy, "experiment", "experiment"),
        (OperatingStudy, "operating-characteristics", "power"),
    ],
)
def test_advice_is_about_the_kind_of_study_that_is_wanted(kind: type, word: str, verb: str) -> None:
    for text, says in (
        ("", f"the file is empty; see: rascade {verb} --help"),
        ("- a", f"expected keys and values, such as 'kind: {word}'"),
        ("name: x", f"kind: missing; write 'kind: {word}'"),
        ("sex: male", "this is a patient file; give it to: rascade simulate --patient s.yaml"),
    ):
        with pytest.raises(StudyFileError, match=r"s\.yaml:1: ") as caught:
            loads(text, "s.yaml", CHECKS, kind)
        assert says in str(caught.value)


@pytest.mark.parametrize("character", ["\u202e", "\u2066", "\x9b"])
def test_characters_that_deceive_are_refused(character: str) -> None:
    """They would turn or hide what stands on a terminal and in a report."""
    for text in (
        RASOLUTE.replace("302,", f"302{character},"),
        RASOLUTE.replace("name: chemotherapy", f'name: "chemo\\u{ord(character):04x}therapy"'),
    ):
        with pytest.raises(StudyFileError, match=r"s\.yaml:\d: (a control character|not text)"):
            loads(text, "s.yaml", CHECKS)
    joined = RASOLUTE.replace("302,", "302 می\u200cخواهم,")
    assert "\u200c" in loads(joined, "s.yaml", CHECKS).name


def test_a_cohort_that_nobody_can_be_in_is_refused_before_anything_is_simulated() -> None:
    def wrong(old: str, new: str) -> str:
        with pytest.raises(StudyFileError) as caught:
            loads(RASOLUTE.replace(old, new), "s.yaml", model_checks())
        return str(caught.value)

    assert wrong("kras_allele != 'WT'", "age_years > 200") == (
        "s.yaml:3: cohort.eligibility: none of 20,000 patients drawn meets age_years > 200"
    )
    both = wrong("\"kras_allele != 'WT'\"", "kras_allele == 'WT', kras_allele != 'WT'")
    assert both.endswith("meets kras_allele == 'WT' and kras_allele != 'WT'")


def test_a_published_arm_that_is_not_there_is_refused_before_anything_is_simulated() -> None:
    text = RASOLUTE.replace("QD}", "QD, published: rasolute-302.daraxonrasip}")
    with pytest.raises(StudyFileError, match=r"s\.yaml:6: arms\[0\]\.published: no trial arm"):
        loads(text, "s.yaml", model_checks())
