"""The first lines, published values, what has no effect, and the text of tables and links."""

from __future__ import annotations

import json
import re
from dataclasses import replace

import numpy as np
import pytest

from rascade.report.figures.biomarkers import biomarker_figure
from rascade.report.figures.forest import _left_out, forest_figure, subgroups
from rascade.report.figures.markers import marker_figure
from rascade.report.figures.published import published_figure
from rascade.report.figures.response import waterfall_figure
from rascade.report.figures.survival import survival_figure
from rascade.report.figures.swimmer import swimmer_figure
from rascade.report.look.canvas import Canvas, drawing
from rascade.report.look.links import linked
from rascade.report.look.page import Table, render
from rascade.report.look.schedule import on_schedule
from rascade.report.look.text import interval
from rascade.report.runs.trial import read_trial
from rascade.report.tables import exposure as exposure_tables
from rascade.report.tables import further as further_tables
from rascade.report.tables import trial as tables
from rascade.report.tables.data_cut import data_cut_text
from rascade.report.tables.first_lines import answers, context, roles
from rascade.report.tables.published import compare

from .overlap import drawn_canvases, faults
from .synthetic import ARMS, write_run

LONG = [
    "daraxonrasib 300 mg once a day with gemcitabine 1000 mg/m2 and nab-paclitaxel 125 mg/m2",
    "daraxonrasib + gemcitabine + nab-paclitaxel (investigator's choice of schedule)",
    "chemotherapy",
    "Folfirinoxnachgemcitabinbasiertererstlinientherapieohneleerzeichen",
    "the same, but later",
]
TOLD = {
    "published_contrasts": [
        {"arm": ARMS[0], "reference": ARMS[1], "endpoint": "pfs", "value": 0.49, "low": 0.38,
         "high": 0.64, "source": "RASolute 302; PMID:42223072", "use": "compare", "note": "n"},
    ],
    "published_events": [
        {"arm": ARMS[0], "term": "Rash (grouped)", "basis": "Rash", "any_pct": None,
         "grade3plus_pct": 14.0, "n": 248, "trial": "RASolute 302", "own": True,
         "source": "RASolute 302; PMID:42223072", "use": "calibrate", "note": "set to it"},
        {"arm": ARMS[0], "term": "Discontinuation for adverse event", "basis": "discontinued",
         "any_pct": 1.2, "grade3plus_pct": None, "n": 248, "trial": "RASolute 302", "own": True,
         "source": "RASolute 302; PMID:42223072", "use": "compare", "note": ""},
        {"arm": ARMS[1], "term": "Fatigue", "basis": "Fatigue", "any_pct": 54.0,
         "grade3plus_pct": 17.0, "n": 405, "trial": "MPACT", "own": False,
         "source": "MPACT; PMID:24131140", "use": "calibrate", "note": ""},
        {"arm": ARMS[1], "term": "Sepsis", "basis": "Sepsis", "any_pct": None,
         "grade3plus_pct": 3.0, "n": 405, "trial": "MPACT", "own": False,
         "source": "MPACT; PMID:24131140", "use": "calibrate", "note": ""},
    ],
    "published_arms": [
        {"arm": ARMS[0], "trial": "RASolute 302", "nct": "NCT06625320", "population": "PDAC 2L",
         "note": "Upper limit of OS not reached; median follow-up 8.5 months."},
    ],
    "covariates": [
        {"name": "sex", "acts": False, "how": ""}, {"name": "age_years", "acts": False, "how": ""},
        {"name": "ecog", "acts": False, "how": ""},
        {"name": "kras_allele", "acts": True, "how": "sets the rates of the RAS cycle"},
    ],
}  # fmt: skip


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    found = read_trial(write_run(tmp_path_factory.mktemp("run"), n=90))
    found.manifest.update(TOLD)
    own = found.summary_of(ARMS[0])
    own["discontinued_for_ae_pct"] = 3.0
    own["relative_dose_intensity_pct"] = {"daraxonrasib": 91.5}
    own["drug_stopped_for_ae_pct"] = {"daraxonrasib": 3.0}
    own["adverse_events"] = [
        {"term": "Rash", "any_pct": 80.0, "grade3plus_pct": 7.0, "grade3plus_ci": [2.0, 15.0]}
    ]
    events = found.adverse_events
    found.patients["treatment_end_reason"] = np.where(
        found.patients["treatment_end_day"].notna(), "progression", ""
    )
    found.patients["dose_held"] = found.patients["patient"] % 3 == 0
    found.patients["dose_reduced"] = found.patients["patient"] % 9 == 0
    assert events is not None and (events["term"] == "Rash").any()
    return found


def test_the_first_lines_answer_with_the_interval_and_what_was_published(run) -> None:
    pfs, survival, response = answers(run)
    contrast = run.summary["contrasts"][0]
    low, high = contrast["pfs_hr_ci"]
    word = "longer" if high < 1 else "shorter" if low > 1 else "not shown to differ"
    medians = [run.summary_of(arm)["pfs_median_months"] for arm in ARMS[:2]]
    assert pfs == (
        f"{ARMS[0]} against {ARMS[1]}, PFS {word}: hazard ratio {contrast['pfs_hr']:.2f} "
        f"(95 % CI {low:.2f} to {high:.2f}), median {medians[0]:.1f} against {medians[1]:.1f} "
        "months; published 0.49 (0.38 to 0.64), median 8.5 against not known months."
    )
    assert survival.startswith(f"{ARMS[0]} against {ARMS[1]}, OS ")
    assert "published median 13.1 (10.2 to not reached) against 6.6 (5.9 to 7.4) months" in survival
    rate, limits = run.summary_of(ARMS[0])["orr_pct"], run.summary_of(ARMS[0])["orr_ci"]
    assert f"response {rate:.1f} % (95 % CI {limits[0]:.1f} to {limits[1]:.1f}) against" in response
    assert "published 35.0 (17.0 to 56.0) against 10.0 (6.0 to 16.0) %" in response


@pytest.mark.parametrize(
    ("limits", "word"),
    [([0.3, 0.9], "longer"), ([1.1, 2.0], "shorter"), ([0.8, 1.2], "not shown to differ"),
     (None, "not shown to differ")],
)  # fmt: skip
def test_longer_is_said_only_where_the_interval_says_so(run, limits, word) -> None:
    contrast = run.summary["contrasts"][0] | {"pfs_hr": 0.9, "pfs_hr_ci": limits}
    text = answers(replace(run, summary=run.summary | {"contrasts": [contrast]}))[0]
    assert f", PFS {word}: hazard ratio 0.90" in text


def test_a_single_arm_and_nothing_estimable_are_said_too(tmp_path) -> None:
    alone = read_trial(write_run(tmp_path / "run", arms=1, n=12, censor_all=True, bare=True))
    (text,) = answers(alone)
    assert text.startswith(f"{ARMS[0]}: median PFS not reached months; median OS not reached")
    assert roles(alone) == ["No published results were given to compare this run with."]


def test_which_numbers_were_fitted_is_said_at_once(run) -> None:
    fitted, free = roles(run)
    assert "no evidence" in fitted and f"{ARMS[0]}: ORR, Rash grade 3+" in fitted
    assert "Median OS" in free and "PFS hazard ratio" in free and "ORR" not in free


def test_data_cuts_that_differ_are_said(run) -> None:
    texts = context(run)
    assert "Median follow-up of the published trial: 8.5 months" in texts[0]
    assert "not at the same data cut" in texts[0]
    assert any("RASolute 302 (NCT06625320); population: PDAC 2L" in text for text in texts)
    cut = {"month": 14.0, "events": 200, "endpoint": "os", "events_seen": 201, "reached": True}
    text = data_cut_text(replace(run, summary=run.summary | {"data_cut": cut}))
    assert text.startswith("Data cut after 201 events (OS), 14.0 months after the first entry.")
    never = cut | {"reached": False, "month": None}
    text = data_cut_text(replace(run, summary=run.summary | {"data_cut": never}))
    assert "was not reached" in text


def test_published_values_stand_under_simulated_ones_in_every_table(run) -> None:
    def row(table, name):
        return next(cells for cells in table.rows if cells[0] == name)

    arms = row(tables.headline_table(run), ARMS[0])
    assert arms[2].endswith("\npublished 35.0 (17.0–56.0)")
    assert arms[5].endswith("\npublished 13.1 (10.2–NR)")
    contrast = row(tables.contrast_table(run), ARMS[0])
    assert contrast[2].endswith("\npublished 0.49 (0.38–0.64)") and "publ" not in contrast[4]
    events = exposure_tables.adverse_event_table(run)
    assert row(events, "Rash")[2].endswith("\npublished 14 %")
    assert row(events, "Fatigue")[3].endswith("\npublished 54 %*")
    assert "* from another trial of the same drugs" in events.note
    assert "or not modelled here: Sepsis (chemotherapy, grade 3 or more 3 %)" in events.note
    labels = {(c.arm, c.label): c for c in compare(run)}
    assert labels[ARMS[0], "PFS hazard ratio"].published_text == "0.49 (0.38–0.64)"
    rash = labels[ARMS[0], "Rash, grade 3 or more"]
    assert (rash.simulated_text, rash.use) == ("7.0 (2.0–15.0)", "calibrate")
    assert labels[ARMS[0], "Stopped for side effects"].published == 1.2


def test_discontinuation_reductions_and_dose_intensity_are_shown(run) -> None:
    table = exposure_tables.exposure_table(run)
    rows = {cells[0]: cells[1:] for cells in table.rows}
    people = run.of_arm(ARMS[0])
    ended = int((people["treatment_end_reason"] == "progression").sum())
    assert rows["Treatment ended: progression"][0].startswith(f"{ended} (")
    assert rows["Treatment ongoing"][0].startswith(f"{len(people) - ended} (")
    held = int(people["dose_held"].sum())
    assert rows["Any dose held"][0].startswith(f"{held} (") and "Any dose reduced" in rows
    assert rows["Stopped for side effects"][0] == "3.0 %\npublished 1.2 %"
    (drug,) = exposure_tables.drug_table(run).rows
    assert drug == (ARMS[0], "daraxonrasib", "91.5 %", "3.0 %")


def test_what_does_nothing_in_the_model_is_no_subgroup_unless_randomised_by(run) -> None:
    people, covariates = run.patients, TOLD["covariates"]
    headings = {group.heading for group in subgroups(people, covariates)}
    assert headings == {"", "KRAS allele"}
    assert "No effect in the model, so not shown: sex, age, ECOG." in _left_out(covariates, ())
    strata = people.assign(stratum="x", stratum_ecog=people["ecog"].astype(str))
    groups = subgroups(strata, covariates, ["ecog"])
    assert [g.label for g in groups if g.heading == "ECOG, stratum"] == ["0", "1"]
    assert groups[1].heading == "ECOG, stratum", "strata come first"
    said = _left_out(covariates, ["ecog"])
    assert "not shown: sex, age." in said and "without effect in the model: ECOG." in said
    old = people.assign(stratum=np.where(people["ecog"] == 0, "ecog 0, sex F", "ecog 1, sex F"))
    assert "Stratum" in {group.heading for group in subgroups(old, covariates)}


def test_numbers_that_act_are_parted_where_publications_part_them(run) -> None:
    people = run.patients.assign(albumin_g_l=np.linspace(30, 46, len(run.patients)))
    acts = {"name": "albumin_g_l", "acts": True, "how": "changes the hazard of death", "cut": 40.0}
    groups = [g for g in subgroups(people, [acts]) if g.heading == "Albumin, g/L"]
    assert sorted(g.label for g in groups) == ["40 and above", "below 40"]
    below = next(g for g in groups if g.label == "below 40")
    np.testing.assert_array_equal(below.members, people["albumin_g_l"] < 40)


def influence(name, rho, p, **more):
    return {"name": name, "value": 1.0, "unit": "1", "source": "s", "confidence": "assumed",
            "fitted": False, "influence": rho, "influence_p": p, "influence_arm": "A",
            "influence_ci": None if rho is None else [rho - 0.1, rho + 0.1], **more}  # fmt: skip


def test_parameters_mattered_only_beyond_the_threshold() -> None:
    manifest = {
        "parameters": [influence("strong", -0.5, 0.001), influence("weak", 0.3, 0.4),
                       influence("fitted", None, None, fitted=True)],
        "influence": {"looked_at": 96, "level": 0.05, "least": {"A": 0.44, "B": 0.45}},
    }  # fmt: skip
    mattered, weak, fitted = tables.parameter_tables(manifest)
    assert mattered.caption == "Parameters that mattered"
    assert [row[0] for row in mattered.rows] == ["strong"]
    assert mattered.rows[0][4] == "−0.50 (−0.60 to −0.40)\nA"
    assert "96 correlations" in mattered.note and "±0.44 to 0.45" in mattered.note
    assert weak.caption == "Parameters without a shown influence" and weak.rows[0][0] == "weak"
    assert fitted.rows[0][0] == "fitted" and len(fitted.head) == 6
    manifest["parameters"] = manifest["parameters"][1:]
    first = tables.parameter_tables(manifest)[0]
    assert first.caption != "Parameters that mattered" and "96 correlations" in first.note


def test_identifiers_are_links_and_nothing_else_is() -> None:
    text = str(linked("see PMID:42223072; DOI:10.1016/S1470-2045(17)30074-8, NCT06625320."))
    assert '<a href="https://pubmed.ncbi.nlm.nih.gov/42223072/">PMID:42223072</a>;' in text
    assert 'href="https://doi.org/10.1016/S1470-2045(17)30074-8">DOI:10.1016/S1470' in text
    assert '<a href="https://clinicaltrials.gov/study/NCT06625320">NCT06625320</a>.' in text
    assert str(linked("(doi:10.1200/JCO.2025.43.4_suppl.724)")).endswith("suppl.724</a>)")
    assert "articles/PMC5557187/" in str(linked("PMC:PMC5557187"))
    hostile = str(linked('10.1234/x"onload=y <b> PMID:12 & javascript:1'))
    assert "<b>" not in hostile and 'onload=y"' not in hostile and "&amp;" in hostile
    assert hostile.count("<a ") == 2
    assert "<a" not in str(linked("version 10.1, 12.5 %, model 10.2/3"))
    assert str(linked("0.5 (0.4–0.6)")) == '0.5 <span class="nb">(0.4–0.6)</span>'


def test_tables_are_saved_as_csv_without_a_network() -> None:
    from urllib.parse import unquote

    table = Table("A b, c", ("x", "y"), [("=1+1", '5 "q",\npublished 4'), ("−1", "+3.5 %")])
    assert table.file_name == "a-b-c.csv"
    kind, data = table.csv_uri.split(",", 1)
    assert kind == "data:text/csv;charset=utf-8"
    assert unquote(data) == ('\ufeffx,y\r\n\'=1+1,"5 ""q"",; published 4"\r\n−1,+3.5 %\r\n')
    assert Table("漢字", ("x",), []).file_name == "table.csv"


def test_every_table_and_figure_of_a_page_can_be_saved() -> None:
    page = render(
        "patient.html.j2", title="t", lead="l", warnings=[], figures=[],
        patient=Table("P", ("a",), [("1",)]), doses=Table("D", ("a",), [("1",)]),
    )  # fmt: skip
    assert page.count("Save table (CSV)") == page.count("<table") == 2
    assert re.findall(r'download="([^"]*)"', page) == ["p.csv", "d.csv"]


def test_scans_within_a_window_are_counted_at_their_scheduled_day(run) -> None:
    visits = run.visits.assign(scheduled_day=run.visits["day"])
    spread = visits.assign(day=visits["day"] + visits["patient"] % 7 - 3.5)
    assert on_schedule(spread)["day"].tolist() == run.visits["day"].tolist()
    assert on_schedule(run.visits) is run.visits


def test_no_text_is_cut_or_overlaps_at_five_arms_with_long_names(tmp_path, monkeypatch) -> None:
    five = read_trial(write_run(tmp_path / "run", arms=5, n=12, names=LONG, name="arms " * 40))
    with drawn_canvases(monkeypatch) as canvases, drawing():
        survival_figure(five, "os")
        waterfall_figure(five)
        swimmer_figure(five)
        biomarker_figure(five)
        marker_figure(five)
        forest_figure(five, LONG[3])
        published_figure(five, compare(five))
        found = {canvas.figure.texts[0].get_text(): faults(canvas) for canvas in canvases}
    assert len(found) == 7
    assert {title: texts for title, texts in found.items() if texts} == {}


def test_a_name_from_right_to_left_turns_no_number_around() -> None:
    name = "العلاج الكيميائي"
    text = str(linked(f"{name} 0.82 (0.50–1.33), {name}: 5"))
    assert text == (
        f'<bdi>{name}</bdi> 0.82 <span class="nb">(0.50–1.33)</span>, <bdi>{name}</bdi>: 5'
    )
    with drawing():
        canvas = Canvas(4, 1, f"{name} 0.82 (0.50–1.33)", "footer")
        svg = canvas.svg()
    assert f"\u200e{name}\u200e 0.82 (0.50–1.33)" in svg
    assert interval([-9.4, -5.6]) == "-9.4 to -5.6" and interval([-1.2, 3.8]) == "-1.2 to 3.8"


def test_proportional_hazards_and_exposure_adjusted_rates_are_shown(run) -> None:
    detail = json.loads(json.dumps(run.summary["end_points"]))
    detail["contrasts"][0] |= {
        "pfs_proportional_hazards": {"statistic": 6.0, "p": 0.014, "slope": -0.4},
        "pfs_max_combo_p": 0.004,
        "pfs_weighted_log_rank": [{"rho": 0, "gamma": 1, "z": -2.5, "p": 0.01}],
        "os_hr_problem": "no events",
    }
    rate = {"patients_per_100_patient_years": 120.4, "patients_ci": [90.0, 160.0],
            "time_to_first_median_months": None}  # fmt: skip
    detail["arms"][0]["exposure_adjusted"] = {
        "any": rate, "grade3plus": rate, "terms": [{"term": "Rash", "any": rate}]
    }  # fmt: skip
    newer = replace(run, summary=run.summary | {"end_points": detail})
    pfs, survival = further_tables.hazards_table(newer).rows
    assert pfs[:4] == (
        ARMS[0], "PFS", "p = 0.014: the hazard ratio falls with time", "p = 0.004",
    )  # fmt: skip
    assert pfs[4] == "G(0, 1) −2.50" and survival[2] == "no hazard ratio: no events"
    rows = further_tables.exposure_adjusted_table(newer).rows
    assert rows[2] == ("Rash", "120 (90–160)\nNR months", "—")
    assert further_tables.hazards_table(run) is None or run.summary["end_points"]["contrasts"]


def test_many_contrasts_have_one_paragraph_each(run) -> None:
    several = run.summary["contrasts"] * 3
    texts = answers(replace(run, summary=run.summary | {"contrasts": several}))
    assert len(texts) == 3
    who = f"{several[0]['arm']} against {several[0]['reference']}"
    assert all(text.startswith(f"{who}: PFS ") and text.count(who) == 1 for text in texts)
