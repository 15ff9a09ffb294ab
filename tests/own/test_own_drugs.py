"""Drugs of the user's own: from a file to orders, model, trial, report, and back to a file."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import rascade as rc
from rascade.cli.main import main
from rascade.errors import InputError
from rascade.model import load_table
from rascade.model.own import as_mapping, check_own_drug, load_own_drug, parse_own_drug, template
from rascade.own_drugs import forget, own_drugs

STRONG = """\
name = "strongrasib"
like = "sotorasib"
about = "made up: eight times as potent, half the clearance"
[numbers]
kinact_over_KI = { value = 79200, unit = "1/(M*s)", source = "assumed: eight times sotorasib" }
CL = { value = 10.45, unit = "L/h", source = "assumed: half of sotorasib", cv = 0.76 }
"""


@pytest.fixture(autouse=True)
def nothing_stays() -> Iterator[None]:
    yield
    for name in list(own_drugs()):
        forget(name)


@pytest.fixture
def strong(tmp_path: Path) -> Path:
    path = tmp_path / "strong.toml"
    path.write_text(STRONG)
    return path


@pytest.fixture(scope="module")
def trial() -> rc.TrialResult:
    """A copy, a stronger drug and the known one in the same patients."""
    copy = parse_own_drug(template("mysorasib", "sotorasib"), "copy.toml")
    for drug in (copy, parse_own_drug(STRONG, "strong.toml")):
        from rascade.own_drugs import use

        use(drug)
    orders = {"copy": "mysorasib", "strong": "strongrasib", "known": "sotorasib"}
    return rc.Trial(
        {arm: f"{drug} 960 mg PO QD" for arm, drug in orders.items()},
        rc.Cohort(size=12, eligibility="kras_allele == 'G12C'"),
        pairing="same-patients", follow_up_months=4, imaging_every_weeks=6, population="table",
    ).run(progress=False)  # fmt: skip


def of(result: rc.TrialResult, name: str, arm: str) -> Any:
    table = result.table(name)
    return table[table["arm"].astype(str) == arm].drop(columns="arm").reset_index(drop=True)


def test_a_copy_is_the_same_model_and_the_same_draws() -> None:
    """What a trial of a copy stands on, without the trial: equations, numbers, random numbers."""
    from rascade.model import assemble
    from rascade.own_drugs import use
    from rascade.patients.population import draw_parameters

    use(parse_own_drug(template("mysorasib", "sotorasib"), "copy.toml"))
    copy, known = assemble(("mysorasib",)), assemble(("sotorasib",))
    text = copy.composition.antimony.replace("mysorasib", "sotorasib")
    assert text == known.composition.antimony
    values = {name.replace("mysorasib", "sotorasib"): v for name, v in copy.values.items()}
    assert values == known.values
    numbers = {"sotorasib.CL": np.linspace(0.1, 0.9, 5)}  # asked for by the known drug's row
    drawn = [
        draw_parameters(one.table, (f"{drug}.CL",), numbers.__getitem__)
        for one, drug in ((copy, "mysorasib"), (known, "sotorasib"))
    ]
    assert np.array_equal(drawn[0]["mysorasib.CL"], drawn[1]["sotorasib.CL"])
    assert drawn[0]["mysorasib.CL"].std() > 0


@pytest.mark.slow
@pytest.mark.parametrize("name", ["visits", "lesions", "adverse_events"])
def test_a_copy_gives_the_very_same_courses(trial: rc.TrialResult, name: str) -> None:
    copy, known = of(trial, name, "copy"), of(trial, name, "known")
    assert len(known)
    columns = [c for c in known if c not in ("patient", "drug")]
    assert copy[columns].equals(known[columns])


@pytest.mark.slow
def test_a_stronger_drug_engages_more_and_has_more_side_effects(trial: rc.TrialResult) -> None:
    strong, known = of(trial, "visits", "strong"), of(trial, "visits", "known")
    assert strong["pERK_rel"].median() < known["pERK_rel"].median()
    # Patients who die leave at different visits of the two arms: the same visit is compared.
    visit = [
        part.assign(place=part.groupby("patient", observed=True).ngroup())
        for part in (strong, known)
    ]
    both = visit[0].merge(visit[1], on=["place", "day"], suffixes=("", "_known"))
    assert (both["RAS_GTP_rel"] < both["RAS_GTP_rel_known"]).mean() > 0.8
    best = [
        part.groupby("patient", observed=True)["sld_mm"].min().mean() for part in (strong, known)
    ]
    assert best[0] < best[1]
    assert len(of(trial, "adverse_events", "strong")) > len(of(trial, "adverse_events", "known"))


@pytest.mark.slow
def test_a_reader_is_told_whose_drug_it_is(trial: rc.TrialResult, tmp_path: Path) -> None:
    warnings = " ".join(trial.summary["warnings"])
    assert "strongrasib is a drug of the user's own (SHA-256" in warnings
    assert "C_liver), which do not move with potency" in warnings
    page = trial.report(tmp_path / "report.html").read_text()
    assert "strongrasib is a drug of the user" in page


def test_a_study_holds_the_drug_that_it_names(strong: Path, tmp_path: Path) -> None:
    trial = rc.Trial({"a": "none"})
    study = trial.to_file(tmp_path / "study.yaml").read_text()
    study = study.replace("regimen: none", "regimen: strongrasib 960 mg PO QD")
    (tmp_path / "study.yaml").write_text(f"drugs: [{strong.name}]\n{study}")
    read = rc.Trial.from_file(tmp_path / "study.yaml")
    written = read.to_file(tmp_path / "again.yaml")
    strong.unlink()
    forget("strongrasib")
    again = rc.Trial.from_file(written)
    assert again.study == read.study
    assert again.check().warnings[0].startswith("strongrasib is a drug of the user's own")


def test_a_job_elsewhere_knows_the_drug(strong: Path) -> None:
    from rascade.studies.files.trial_plan import to_plan
    from rascade.trial.design.plan_text import felt_by_patients, plan_from_text, plan_text

    load_own_drug(strong)
    plan = to_plan(rc.Trial({"a": "strongrasib 960 mg PO QD"}).study)
    text = plan_text(plan)
    forget("strongrasib")
    assert plan_from_text(text) == plan
    assert "strongrasib" in own_drugs()
    # What was simulated with another file of the same name is simulated again.
    forget("strongrasib")
    parse = STRONG.replace("10.45", "12")
    strong.write_text(parse)
    load_own_drug(strong)
    other = to_plan(rc.Trial({"a": "strongrasib 960 mg PO QD"}).study)
    assert felt_by_patients(other) != felt_by_patients(plan)
    assert "drugs" not in felt_by_patients(to_plan(rc.Trial({"a": "none"}).study))


def test_from_the_command_line(strong: Path, tmp_path: Path, capsys, monkeypatch) -> None:
    monkeypatch.setenv("RASCADE_DRUGS", str(tmp_path / "kept"))
    assert main(["drugs", "new", "mine", "--like", "trametinib"]) == 0
    start = capsys.readouterr().out
    (tmp_path / "mine.toml").write_text(start)
    assert main(["drugs", "show", "mine", "--drugs", str(tmp_path / "mine.toml")]) == 0
    assert "of trametinib, " in capsys.readouterr().out
    study = rc.Trial({"a": "none"}, rc.Cohort(size=2)).to_file(tmp_path / "study.yaml")
    study.write_text(
        study.read_text().replace("regimen: none", "regimen: strongrasib 960 mg PO QD")
    )
    assert main(["trial", str(study), "--check"]) == 2
    assert "no drug is called 'strongrasib'" in capsys.readouterr().err
    assert main(["trial", str(study), "--check", "--drugs", str(strong)]) == 0
    assert "strongrasib is a drug of the user's own" in capsys.readouterr().out
    forget("strongrasib")
    assert main(["drugs", "add", str(strong)]) == 0
    forget("strongrasib")
    assert main(["trial", str(study), "--check"]) == 0
    assert main(["drugs", "remove", "strongrasib"]) == 0
    capsys.readouterr()
    assert main(["drugs", "remove", "strongrasib"]) == 2
    assert "no drug of yours is called 'strongrasib'; kept: none" in capsys.readouterr().err
    assert main(["trial", str(study), "--check"]) == 2


def test_a_kept_file_that_went_wrong_is_not_in_the_way(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("RASCADE_DRUGS", str(tmp_path))
    (tmp_path / "bad.toml").write_text('name = "bad"\nlike = "sotorasb"\n')
    (tmp_path / "good.toml").write_text('name = "good"\nlike = "sotorasib"\n')
    assert main(["drugs", "list"]) == 0
    told = capsys.readouterr()
    assert "bad.toml:2: like: 'sotorasb'" in told.err and "drugs remove bad" in told.err
    assert "good\tyour own, like sotorasib" in told.out
    assert main(["drugs", "remove", "bad"]) == 0
    capsys.readouterr()
    assert main(["drugs", "list"]) == 0
    assert not capsys.readouterr().err


def test_each_number_is_measured_a_prior_or_missing(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["drugs", "show", "divarasib"]) == 0
    rows = [line.split("\t") for line in capsys.readouterr().out.splitlines()]
    known = {row[0]: row[3] for row in rows if len(row) == 5}
    assert known["kinact_over_KI"] == "prior" and known["affinity"] == "definition"
    assert main(["drugs", "show", "sotorasib"]) == 0
    assert "kinact_over_KI\t9900\t1/(M*s)\tmeasured (recalled)" in capsys.readouterr().out


def test_in_python() -> None:
    number = {"value": np.float64(1.0), "unit": "nM", "source": "assumed: weak"}
    drug = rc.Drug("mymek", like="trametinib", numbers={"KD_MEK": number})
    assert repr(drug) == "Drug('mymek', like 'trametinib', own: KD_MEK)"
    assert drug.numbers.loc["KD_MEK", "own"]
    assert drug.numbers["own"].sum() == 1
    assert load_table()["mymek.KD_MEK"].value == 1.0


def test_kinetics_as_publications_have_them() -> None:
    text = """
name = "pkdrug"
like = "sotorasib"
[pharmacokinetics]
dose = { value = 100, unit = "mg" }
auc = { value = 5000, unit = "ng*h/mL", source = "assumed: test", confidence = "verified" }
half_life = { value = 300, unit = "min", source = "assumed: test" }
tmax = { value = 1.5, unit = "h", source = "assumed: test" }
cmax = { value = 600, unit = "ng/mL", source = "assumed: test" }
"""
    numbers = {one.symbol: one for one in parse_own_drug(text, "pk.toml").numbers}
    assert numbers["CL"].value == pytest.approx(20.0)
    assert numbers["V"].value == pytest.approx(20.0 * 5 / np.log(2))
    ka, k = numbers["ka"].value, np.log(2) / 5
    assert np.log(ka / k) / (ka - k) == pytest.approx(1.5)
    assert numbers["CL"].confidence == "verified"


def test_mice_move_with_people() -> None:
    check = parse_own_drug(STRONG, "strong.toml")
    from rascade.own_drugs import use

    use(check)
    table = load_table()
    ratio = table["strongrasib.CL[xenograft]"].value / table["sotorasib.CL[xenograft]"].value
    assert ratio == pytest.approx(0.5)


def test_the_normal_form_is_the_drug() -> None:
    drug = parse_own_drug(STRONG.replace("about", "dose_levels = [960, 480]\nabout"), "x.toml")
    assert check_own_drug(as_mapping(drug), "again") == drug
    assert drug.levels == (1.0, 0.5)


WRONG = {
    "no name": ('like = "sotorasib"', "w.toml: name: missing"),
    "a known name": ('name = "sotorasib"\nlike = "sotorasib"', "is a known drug (sotorasib)"),
    "a brand": ('name = "Lumakras"\nlike = "sotorasib"', "is a known drug (sotorasib)"),
    "a strange name": (
        'name = "a;b"\nlike = "sotorasib"',
        "w.toml:1: name: 'a;b': letters and digits",
    ),
    "an unknown drug": (
        'name = "x1"\nlike = "sotorasb"',
        ("w.toml:2: like: 'sotorasb' is no drug that the model knows; did you mean 'sotorasib'?"),
    ),
    "no such key": ('name = "x1"\nlike = "sotorasib"\nnumber = 3', "did you mean 'numbers'?"),
    "no such number": (
        "[numbers]\nCLL = {value=1, unit='L/h', source='s'}",
        "w.toml:4: numbers.CLL: a drug of this class has no such number; did you mean 'CL'",
    ),
    "no table": ("[numbers]\nCL = 4", "w.toml:4: numbers.CL: write { value = ..."),
    "no value": ("[numbers]\nCL = {unit='L/h', source='s'}", "numbers.CL: value: missing"),
    "no unit": ("[numbers]\nCL = {value=1, source='s'}", "unit: missing; the table has L/h"),
    "no source": ("[numbers]\nCL = {value=1, unit='L/h'}", "source: missing"),
    "a source of blanks": ("[numbers]\nCL = {value=1, unit='L/h', source='  '}", "source: missing"),
    "no unit of it": (
        "[numbers]\nCL = {value=1, unit='litres per fortnit', source='s'}",
        "is no unit",
    ),
    "another dimension": (
        "[numbers]\nCL = {value=1, unit='mg', source='s'}",
        "measures something else than L/h",
    ),
    "a negative": ("[numbers]\nCL = {value=-1, unit='L/h', source='s'}", "-1 is not possible"),
    "no number": ("[numbers]\nCL = {value='5', unit='L/h', source='s'}", "'5' is no number"),
    "not finite": ("[numbers]\nCL = {value=nan, unit='L/h', source='s'}", "nan is not possible"),
    "true": ("[numbers]\nCL = {value=true, unit='L/h', source='s'}", "True is no number"),
    "a fraction of three": (
        "[numbers]\nfraction_unbound = {value=3, unit='fraction', source='s'}",
        "3 is no fraction",
    ),
    "outside its range": (
        "[numbers]\nCL = {value=5, unit='L/h', source='s', low=6}",
        "value: 5 is outside its range, 6 to 50",
    ),
    "a percent": (
        "[numbers]\nCL = {value=5, unit='L/h', source='s', cv=40}",
        "cv: 40; the coefficient of variation is a fraction",
    ),
    "no confidence": (
        "[numbers]\nCL = {value=5, unit='L/h', source='s', confidence='sure'}",
        "'sure' is none of verified",
    ),
    "half-life against CL and V": (
        (
            "[numbers]\n"
            "CL = {value=20, unit='L/h', source='s'}\n"
            "V = {value=100, unit='L', source='s'}\n"
            "[pharmacokinetics]\n"
            "half_life = {value=12, unit='h', source='s'}"
        ),
        "12 h, but CL and V make 3.47 h",
    ),
    "AUC against CL": (
        (
            "[numbers]\n"
            "CL = {value=20, unit='L/h', source='s'}\n"
            "[pharmacokinetics]\n"
            "dose = {value=100, unit='mg'}\n"
            "auc = {value=50, unit='mg*h/L', source='s'}"
        ),
        "dose over AUC is 2 L/h, but CL is 20 L/h",
    ),
    "AUC of no dose": (
        "[pharmacokinetics]\nauc = {value=50, unit='mg*h/L', source='s'}",
        "of which dose? add dose",
    ),
    "an impossible peak": (
        (
            "[pharmacokinetics]\n"
            "dose = {value=960, unit='mg'}\n"
            "cmax = {value=500, unit='mg/L', source='s'}"
        ),
        "but the other numbers make",
    ),
    "half-life in mg": (
        "[pharmacokinetics]\nhalf_life = {value=5, unit='mg', source='s'}",
        "measures something else than h",
    ),
    "rising levels": ("dose_levels = [240, 480]", "must go down from the full dose"),
    "broken": ("name = ", "no TOML"),
    "twice": ('name = "x2"', "no TOML"),
}


@pytest.mark.parametrize("what", WRONG)
def test_wrong_files_get_one_clear_line(what: str, tmp_path: Path, capsys) -> None:
    text, told = WRONG[what]
    whole = (
        text
        if text.startswith(("name", "like")) and what not in ("broken", "twice")
        else f'name = "x1"\nlike = "sotorasib"\n{text}'
    )
    with pytest.raises(InputError) as error:
        parse_own_drug(whole, "w.toml")
    assert told in str(error.value)
    assert "\n" not in str(error.value)


def test_three_compartments_have_no_half_life() -> None:
    text = 'name = "x1"\nlike = "oxaliplatin"\n[pharmacokinetics]\n'
    text += 'half_life = {value=5, unit="h", source="s"}'
    with pytest.raises(InputError, match="not of one or two compartments; give CL"):
        parse_own_drug(text, "w.toml")


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (b"\xff\xfe", "not UTF-8"),
        (b"x" * 300_000, "is larger than 200,000 bytes"),
        (b"a = " + b"[" * 5000, "no TOML"),
    ],
)
def test_hostile_files(tmp_path: Path, content: bytes, told: str, capsys) -> None:
    path = tmp_path / "bad.toml"
    path.write_bytes(content)
    assert main(["trial", "study.yaml", "--check", "--drugs", str(path)]) == 2
    out = capsys.readouterr()
    assert told in out.err
    assert "Traceback" not in out.err
    assert main(["trial", "study.yaml", "--check", "--drugs", str(tmp_path)]) == 2
    assert main(["trial", "study.yaml", "--check", "--drugs", str(tmp_path / "none.toml")]) == 2
    assert "none.toml: no such file" in capsys.readouterr().err


def test_anchors_of_a_known_drug_that_is_set_by_hand() -> None:
    trial = rc.Trial({"a": "sotorasib 960 mg PO QD"}, parameters={"sotorasib.CL": 10})
    assert "the plasma anchors of its side effects stay" in " ".join(trial.check().warnings)
