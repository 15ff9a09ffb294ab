from __future__ import annotations

import base64
import hashlib
import json
import re
import subprocess
import sys
import time
from html.parser import HTMLParser
from itertools import pairwise

import pandas as pd
import pytest

from rascade.errors import InputError, OutputError
from rascade.report import write_report
from rascade.report.figures.forest import subgroups
from rascade.report.figures.survival import survival_figure
from rascade.report.look.canvas import drawing
from rascade.report.runs.trial import read_trial
from rascade.report.tables.published import compare

from .synthetic import ARMS, write_run

WORKS = ("https://pubmed.ncbi.nlm.nih.gov/", "https://doi.org/", "https://clinicaltrials.gov/",
         "https://pmc.ncbi.nlm.nih.gov/")  # fmt: skip


class Page(HTMLParser):
    """Tags, texts and ids of a page; fails on tags that do not nest."""

    VOID = frozenset({"meta", "img", "br", "link", "hr", "input"})

    def __init__(self, text):
        super().__init__()
        self.tags, self.texts, self.open, self.ids = [], [], [], []
        self.scripts = ""
        self.feed(text)
        assert self.open == []

    def handle_starttag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))
        self.ids += [value for name, value in attrs if name == "id"]
        if tag not in self.VOID:
            self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        if self.open and self.open[-1] == "script":
            self.scripts += data
        elif self.open and self.open[-1] not in {"style"}:
            self.texts.append(" ".join(data.split()))

    def all(self, tag):
        return [attrs for name, attrs in self.tags if name == tag]

    @property
    def text(self):
        return " ".join(self.texts)


@pytest.fixture(scope="module")
def two(tmp_path_factory):
    folder = write_run(tmp_path_factory.mktemp("two"), n=120)
    write_report(folder, figures=True)
    return folder


def test_page_is_whole_accessible_and_needs_no_network(two):
    text = (two / "report.html").read_text()
    page = Page(text)
    assert page.all("html")[0]["lang"] == "en"
    # One script, ours, named by its hash: no other can run.
    digest = base64.b64encode(hashlib.sha256(page.scripts.encode()).digest()).decode()
    policy = next(
        m["content"] for m in page.all("meta") if "content" in m and "src" in m["content"]
    )
    assert len(page.all("script")) == 1 and f"script-src 'sha256-{digest}'" in policy
    assert "default-src 'none'" in policy
    assert not page.all("link")
    assert len(page.ids) == len(set(page.ids))
    for image in page.all("img"):
        assert image["src"].startswith("data:image/svg+xml;base64,")
        assert len(image["alt"]) > 20
    assert len(page.all("caption")) == len(page.all("table")) > 5
    assert all(head.get("scope") in {"col", "row"} for head in page.all("th"))
    levels = [int(tag[1]) for tag, _ in page.tags if re.fullmatch(r"h[1-6]", tag)]
    assert levels[0] == 1
    assert levels.count(1) == 1
    assert all(b - a <= 1 for a, b in pairwise(levels))
    for address in re.findall(r"""(?:href|src)="([^"]*)""", text):
        assert address.startswith(("#", "data:", *WORKS)), address
    anchors = {a["href"][1:] for a in page.all("a") if a["href"].startswith("#")}
    assert anchors <= set(page.ids)
    assert "@media print" in text


def test_page_shows_the_numbers_of_the_summary(two):
    summary = json.loads((two / "summary.json").read_text())
    text = Page((two / "report.html").read_text()).text
    for arm in summary["arms"]:
        assert f"{arm['orr_pct']:.1f} % ({arm['orr_ci'][0]:.1f}–{arm['orr_ci'][1]:.1f})" in text
        assert f"{arm['pfs_median_months']:.1f} (" in text
    contrast = summary["contrasts"][0]
    low, high = contrast["pfs_hr_ci"]
    assert f"{contrast['pfs_hr']:.2f} ({low:.2f}–{high:.2f})" in text
    best = pd.read_parquet(two / "patients.parquet")
    own = best[best["arm"] == ARMS[0]]["best_response"]
    count = int((own == "PR").sum())
    assert f"{count} ({100 * count / len(own):.1f} %)" in text
    assert text.count("Research use only") >= 2
    assert "calibrate" in text
    assert "8c1f" * 16 in text


def test_every_figure_carries_the_research_use_line_and_is_written_when_asked(two):
    files = {path.stem: path.read_text() for path in (two / "figures").glob("*.svg")}
    assert set(files) == {"pfs", "os", "waterfall", "spider", "swimmer", "biomarkers", "markers",
                          "forest-1", "mechanism", "published"}  # fmt: skip
    assert all(svg.startswith("<?xml") and "</svg>" in svg for svg in files.values())
    # Text is drawn as outlines; matplotlib keeps the words as a comment beside them.
    assert all("Research use only: simulated" in svg for svg in files.values())


def test_the_same_folder_gives_the_same_bytes(two):
    first = (two / "report.html").read_bytes()
    code = f"from rascade.report import write_report; write_report({str(two)!r})"
    subprocess.run([sys.executable, "-W", "error", "-c", code], check=True)
    assert (two / "report.html").read_bytes() == first
    assert not list(two.glob(".*"))


@pytest.mark.parametrize(
    "options",
    [
        {"arms": 1, "n": 40}, {"arms": 3, "n": 30}, {"arms": 5, "n": 25}, {"n": 3}, {"n": 1},
        {"n": 30, "censor_all": True}, {"n": 30, "bare": True}, {"arms": 1, "n": 1, "bare": True},
    ],
    ids=str,
)  # fmt: skip
def test_all_sizes_of_trial_make_a_page(tmp_path, options):
    page = Page(write_report(write_run(tmp_path / "run", **options)).read_text())
    assert "nan" not in page.text.lower().split()
    assert "None" not in page.text
    assert len(page.all("img")) >= 4


def test_names_from_the_study_are_never_markup(tmp_path):
    names = [
        "$\\frac{a}<script>alert(1)</script>",
        '\u202e"onload="x & ' + "y" * 90 + " 漢字\U0001f600",
    ]
    folder = write_run(
        tmp_path / "run", n=20, names=names, name="</title><img src=x onerror=y> ${q}^"
    )
    (folder / "study.yaml").write_text("name: </pre><script>alert(2)</script> \u2066\u202e\n")
    text = write_report(folder).read_text()
    page = Page(text)
    assert len(page.all("script")) == text.count("<script") == 1
    assert "alert" not in page.scripts
    assert all("onerror" not in attrs and "onload" not in attrs for _, attrs in page.tags)
    assert not {"\u202e", "\u2066"} & set(text)
    assert "<U+202E>" in page.text and "<U+2066>" in page.text
    assert "漢字\U0001f600" in page.text
    assert "$\\frac{a}<script>alert(1)</script>" in page.text


def test_an_arm_without_patients_and_failed_patients(tmp_path):
    from rascade.trial.results.statistics import summarize

    folder = write_run(tmp_path / "run", n=25)
    people = pd.read_parquet(folder / "patients.parquet")
    people["pfs_event"] = people["pfs_event"].astype(object)
    people.loc[:3, ["pfs_months", "os_months", "best_change_pct"]] = None
    people.loc[:3, ["pfs_event"]] = None
    people.loc[:3, "best_response"] = "NE"
    people.loc[:3, "solver_status"] = "STEP_TOO_SMALL"
    people.to_parquet(folder / "patients.parquet")
    summary = summarize(people, study="s", seed=1, model_hash="h", arms=[*ARMS[:2], "empty"],
                        reference=ARMS[1])  # fmt: skip
    (folder / "summary.json").write_text(json.dumps(summary))
    text = Page(write_report(folder).read_text()).text
    assert "STEP_TOO_SMALL" in text
    assert "4 of 25 patients left out of PFS and OS" in text
    assert "not estimable" in text


def test_patients_with_the_same_number_in_two_arms_keep_their_own_response(tmp_path):
    folder = write_run(tmp_path / "run", n=40)
    people, visits = (pd.read_parquet(folder / f"{t}.parquet") for t in ("patients", "visits"))
    shift = {ARMS[0]: 0, ARMS[1]: 40}
    for name, table in (("patients", people), ("visits", visits)):
        table["patient"] -= table["arm"].map(shift)
        table.to_parquet(folder / f"{name}.parquet")
    before = write_run(tmp_path / "other", n=40)
    write_report(folder, figures=True)
    write_report(before, figures=True)
    drawn = [(f / "figures" / "spider.svg").read_text() for f in (folder, before)]
    assert drawn[0] == drawn[1]


def test_missing_and_broken_files_are_named(tmp_path):
    folder = write_run(tmp_path / "run", n=5)
    (folder / "manifest.json").write_text("{")
    with pytest.raises(InputError, match=r"manifest\.json: not valid JSON"):
        write_report(folder)
    (folder / "manifest.json").write_text("[]")
    with pytest.raises(InputError, match="expected an object, found list"):
        write_report(folder)
    (folder / "manifest.json").write_text("{}")
    pd.read_parquet(folder / "visits.parquet").drop(columns="change_pct").to_parquet(
        folder / "visits.parquet"
    )
    with pytest.raises(InputError, match="no column 'change_pct'"):
        write_report(folder)
    (folder / "visits.parquet").write_bytes(b"PAR1")
    with pytest.raises(InputError, match=r"visits\.parquet: not a readable Parquet file"):
        write_report(folder)
    (folder / "visits.parquet").unlink()
    with pytest.raises(InputError, match="no such file"):
        write_report(folder)
    (folder / "summary.json").write_text("{}")
    with pytest.raises(InputError, match="no 'study'"):
        write_report(folder)
    assert not (folder / "report.html").exists()


def test_a_place_that_cannot_be_written_is_named(tmp_path):
    folder = write_run(tmp_path / "run", n=5)
    (folder / "report.html").mkdir()
    with pytest.raises(OutputError, match=r"report\.html cannot be written"):
        write_report(folder)
    assert not list(folder.glob(".*.part"))
    (folder / "figures").write_text("in the way")
    with pytest.raises(OutputError, match="figures: cannot be made"):
        write_report(folder, figures=True)


def test_comparison_says_inside_or_outside(two):
    rows = {(c.arm, c.label): c for c in compare(read_trial(two))}
    first = rows[ARMS[0], "ORR"]
    low, high = first.published_limits
    assert (first.inside == "yes") == (low <= first.simulated <= high)
    assert first.difference == f"{100 * (first.simulated / 35 - 1):+.0f} %".replace("-", "−")
    assert rows[ARMS[0], "Median PFS"].inside == "—"
    assert rows[ARMS[0], "Median OS"].inside in {"yes", "no"}  # one-sided: from 10.2
    assert len(rows) == 5


def test_numbers_at_risk_in_the_figure_are_those_of_the_tables(two):
    run = read_trial(two)
    with drawing():
        svg = survival_figure(run, "os").svg
    words = [w.strip() for w in re.findall(r"<!--(.*?)-->", svg)]
    own = run.of_arm(ARMS[0])["os_months"]
    expected = [str(int((own >= tick).sum())) for tick in range(0, 25, 3)]
    start = words.index(ARMS[0], words.index("At risk"))
    assert words[start + 1 : start + 10] == expected


def test_subgroups_are_disjoint_large_enough_and_complete(two):
    people = read_trial(two).patients
    groups = subgroups(people)
    assert groups[0].members.all()
    assert all(group.members.sum() >= 10 for group in groups)
    alleles = [g.members for g in groups if g.heading == "KRAS allele"]
    assert len(alleles) > 1 and (sum(alleles) <= 1).all()


def test_five_hundred_patients_in_well_under_eight_seconds(tmp_path):
    folder = write_run(tmp_path / "run", n=250)
    begin = time.process_time()  # what others do on the machine does not count
    write_report(folder)
    assert time.process_time() - begin < 8


def test_importing_the_reports_loads_no_plotting_library():
    code = (
        "import sys, rascade.report; "
        "print([m for m in ('matplotlib', 'pandas', 'jinja2') if m in sys.modules])"
    )
    result = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    )
    assert result.stdout.strip() == "[]"


def changed(folder, **entries):
    """Write a run with another manifest and return the text of its page."""
    write_run(folder, n=30)
    path = folder / "manifest.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | entries))
    return Page(write_report(folder).read_text()).text


def parameter(name, confidence, influence=None):
    return {
        "name": name,
        "value": 1.0,
        "unit": "1/h",
        "source": "PMID:1",
        "confidence": confidence,
        "fitted": confidence == "fitted",
        "influence": influence,
        "influence_p": None if influence is None else 0.001 if abs(influence) > 0.1 else 1.0,
    }


def test_confidence_is_counted_over_all_and_over_the_most_influential(tmp_path):
    kinds = ["fitted", "verified", "derived", "recalled", "assumed", "assumed"]
    still = [parameter(f"a{i}", kind) for i, kind in enumerate(kinds)]
    weak = [parameter(f"b{i}", "verified", 0.01) for i in range(4)]
    strong = [parameter(f"c{i}", "assumed", -0.5 - i / 100) for i in range(9)]
    text = changed(tmp_path, parameters=[*still, *weak, *strong, parameter("d", "fitted", 0.9)])
    assert (
        "The 20 parameters of this run by confidence: 2 fitted to published results, 5 verified in "
        "their sources, 1 derived from such numbers, 1 recalled and not looked up and 11 assumed."
    ) in text
    assert (
        "The 10 with the largest influence on PFS among patients, beyond what chance can do: 1 "
        "fitted to published results and 9 assumed. Influence is known only for the 14 that differ"
    ) in text
    assert "as their sources have them" not in text
    assert "as the source has them" not in text


def test_the_note_of_a_published_result_is_shown(tmp_path):
    row = {"arm": ARMS[0], "endpoint": "os", "value": 13.2, "low": 10.0, "high": None}
    note = "not a target of the hand calibration, but seen while it was done"
    text = changed(tmp_path, published=[row | {"source": "s", "use": "validate", "note": note}])
    assert f"validate: {note}" in text
    assert "kept apart" not in text and "kept for validation" not in text


def test_provenance_shows_files_and_the_command_as_typed(tmp_path):
    text = changed(
        tmp_path,
        command=["rascade", "trial", "my study.yaml", "--out", "x"],
        files={"visits.parquet": {"bytes": 12345, "sha256": "ab" * 32}},
    )
    assert "rascade trial 'my study.yaml' --out x" in text
    assert f"file visits.parquet 12 345 bytes; SHA-256 {'ab' * 32}" in text
    assert "{'" not in text


def test_the_page_says_that_medians_of_pfs_fall_on_scans(two):
    assert (
        "medians of PFS and their limits fall on scan days"
        in Page((two / "report.html").read_text()).text
    )
