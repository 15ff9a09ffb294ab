"""The registry of end points: what every member must do, and one that comes from outside."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

import rascade as rc
from rascade.errors import InputError
from rascade.exchange.adam import check_folder, read_datasets
from rascade.exchange.adam.variables import parameters_of
from rascade.report.figures.survival import survival_figure
from rascade.report.look.canvas import drawing
from rascade.report.runs.trial import read_trial
from rascade.trial.assessment.times import TimeToEvent
from rascade.trial.endpoints import END_POINTS, EndPoint, TimeEndPoint, rates, times
from rascade.trial.endpoints.kinds import Observation
from rascade.trial.endpoints.observed import Observed, observed

from .trial_specs import spec


def _to_next_treatment(seen: Observed) -> Observation:
    """From the start to the first dose of another treatment, or to death."""
    next_day = np.nan_to_num(seen.run.safety.other_day, nan=np.inf)
    end = np.minimum(next_day, seen.run.death_day)
    last = np.where(seen.how.lost, seen.how.dropout_day, seen.last_day)
    event = end <= last
    times_ = TimeToEvent(
        np.where(event, end, last), event, np.where(next_day <= end, "next treatment", "death")
    )
    return Observation(times_, np.where(event, "", "no next treatment"))


#: What a package would bring: all that there is of the end point.
TTNT = TimeEndPoint(
    name="ttnt", label="TTNT", title="time to next treatment", observe=_to_next_treatment
)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    place = tmp_path_factory.mktemp("ttnt")
    (place / "study.yaml").write_text(
        "kind: trial\nname: next\nseed: 4\nimaging_every_weeks: 8\nfollow_up_months: 14\n"
        "cohort: {disease: PDAC, stage: metastatic, line: 2, size: 8}\n"
        "arms:\n"
        "  - {name: new, regimen: daraxonrasib 300 mg PO QD}\n"
        "  - {name: old, regimen: none, crossover: new}\n"
        "reference: old\n"
    )
    with END_POINTS.adding(TTNT):
        rc.Trial.from_file(place / "study.yaml").run(place / "run", progress=False)
    return place / "run"


@pytest.fixture
def ttnt() -> Iterator[EndPoint]:
    with END_POINTS.adding(TTNT) as member:
        yield member


def test_one_object_is_all_there_is_of_an_end_point(folder: Path, ttnt: EndPoint) -> None:
    result = rc.open_result(folder)
    people = result.patients
    crossed = people["crossover_day"].notna()
    assert crossed.any()
    assert people.loc[crossed, "ttnt_event"].all()
    assert people.loc[crossed, "ttnt_months"].to_numpy() == pytest.approx(
        people.loc[crossed, "crossover_day"].to_numpy() / 30.4375
    )
    assert (people.loc[~people["ttnt_event"], "ttnt_censor_reason"] == "no next treatment").all()

    arm, contrast = result.summary["arms"][1], result.summary["contrasts"][0]
    assert {"ttnt_median_months", "ttnt_ci"} <= set(arm)
    assert {"ttnt_hr", "ttnt_hr_ci", "ttnt_logrank_p"} <= set(contrast)
    detail = result.summary["end_points"]
    assert detail["arms"][0]["ttnt_rmst"]["mean_months"] > 0
    assert "ttnt_max_combo_p" in detail["contrasts"][0]

    curve = result.endpoint("ttnt").curve("old")
    assert curve["at_risk"].iloc[0] == 8 and curve["survival"].is_monotonic_decreasing
    assert result.endpoint("TTNT").median("old")[0] == arm["ttnt_median_months"]
    assert "TTNT" in repr(result)
    assert result.plot.survival("ttnt").axes

    page = (folder / "report.html").read_text(encoding="utf-8")
    assert "Time to next treatment" in page and "TTNT hazard ratio" in page
    with drawing():
        figure = survival_figure(read_trial(folder), "ttnt")
    assert figure.name == "ttnt" and "Time to next treatment" in figure.title


def test_it_is_in_adtte_under_a_code_of_its_own(
    folder: Path, ttnt: EndPoint, tmp_path: Path
) -> None:
    result = rc.open_result(folder)
    result.to_adam(tmp_path / "adam")
    adtte = read_datasets(tmp_path / "adam")["ADTTE"]
    own = adtte[adtte["PARAMCD"] == "TTNT"]
    assert set(own["PARAM"]) == {"Time to Next Treatment (days)"} and set(own["PARAMN"]) == {8}
    people = result.patients
    assert len(own) == len(people)
    assert own["SIMTIME"].sum() == pytest.approx(people["ttnt_months"].sum() * 30.4375)
    happened = own["CNSR"] == 0
    assert happened.sum() == people["ttnt_event"].sum() > 0
    assert set(own.loc[happened, "EVNTDESC"]) == {"TIME TO NEXT TREATMENT"}
    assert set(own.loc[~happened, "EVNTDESC"]) <= {"NO NEXT TREATMENT"}
    assert "TR02SDT" in set(own["SRCVAR"]), "crossover is dated by its first dose"
    assert '"TTNT"' in (tmp_path / "adam" / "define.xml").read_text(encoding="utf-8")
    assert check_folder(tmp_path / "adam")[1] == []


def test_codes_of_adtte_differ() -> None:
    for name in ("pfs_ema", "dor"):
        end = TimeEndPoint(name=name, label=name, title=name, observe=_to_next_treatment)
        with END_POINTS.adding(end), pytest.raises(InputError, match=f"'{name}': its code in ADTT"):
            parameters_of("ADTTE")


def test_a_cut_off_waits_for_its_events(folder: Path, ttnt: EndPoint) -> None:
    text = (folder / "study.yaml").read_text(encoding="utf-8")
    (folder.parent / "cut.yaml").write_text(text + "cut_off: {events: 3, endpoint: ttnt}\n")
    summary = rc.Trial.from_file(folder.parent / "cut.yaml").run(progress=False).summary
    cut = summary["data_cut"]
    assert cut["endpoint"] == "ttnt" and cut["events_seen"] >= 3 and cut["reached"]


@pytest.mark.parametrize(
    ("name", "says"), [("ttnt", "there are pfs, os"), ("orr", "there are"), ("pfss", "'pfs'")]
)
def test_a_cut_off_for_what_is_no_time_says_what_there_is(
    folder: Path, tmp_path: Path, name: str, says: str
) -> None:
    text = (folder / "study.yaml").read_text(encoding="utf-8")
    line = text.count("\n") + 1
    path = tmp_path / "cut.yaml"
    path.write_text(text + f"cut_off: {{events: 3, endpoint: {name}}}\n")
    with pytest.raises(InputError, match=rf"cut.yaml:{line}: cut_off.endpoint: .*{says}"):
        rc.Trial.from_file(path)


def test_results_with_an_end_point_that_is_gone_still_open(folder: Path, tmp_path: Path) -> None:
    result = rc.open_result(folder)
    assert "TTNT" not in repr(result)
    page = result.report(tmp_path / "r.html").read_text(encoding="utf-8")
    assert "TTNT hazard ratio" not in page and "Overall survival" in page
    with pytest.raises(InputError, match="no end point is called 'ttnt'"):
        result.endpoint("ttnt")


def test_results_from_before_an_end_point_came_say_nothing_of_it(
    folder: Path, tmp_path: Path
) -> None:
    late = TimeEndPoint(name="late", label="LATE", title="late", observe=_to_next_treatment)
    with END_POINTS.adding(late):
        result = rc.open_result(folder)
        assert "LATE" not in repr(result)
        assert "LATE" not in result.report(tmp_path / "r.html").read_text(encoding="utf-8")
        with pytest.raises(InputError, match="late: not in these results"):
            result.endpoint("late").curve("old")


# -- the contract ------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def seen() -> Observed:
    from rascade.engine import Settings
    from rascade.trial.conduct.run import allocate, run_arm

    trial = spec("none", size=6, months=12)
    patients = allocate(trial)[0]
    return observed(run_arm(trial, trial.arms[0], patients, settings=Settings()), trial)


@pytest.mark.parametrize("name", [*END_POINTS.names, "ttnt"])
def test_every_end_point_does_its_duties(name: str, seen: Observed) -> None:
    with END_POINTS.adding(TTNT):
        end = END_POINTS[name]
        assert end.label and end.title == end.title.strip() and end.title[0].islower()
        assert len({e.label for e in END_POINTS}) == len(END_POINTS)
        if isinstance(end, TimeEndPoint):
            assert end in times()
            found = end.observe(seen)
            assert found.times.day.shape == found.times.event.shape == found.why.shape == (6,)
            assert np.isfinite(found.times.day).all() and (found.times.day >= 0).all()
            assert (found.times.day <= seen.last_day + 1e-9).all()
            assert ((found.why == "") == found.times.event).all()
            again = end.observe(seen)
            assert (again.times.day == found.times.day).all()
        else:
            assert end in rates()
            assert end.codes and set(end.codes) <= {"CR", "PR", "SD", "PD", "NE"}


def test_a_member_that_does_not_do_its_duties_is_refused() -> None:
    wrong = EndPoint(name="new", label="NEW", title="new")
    with pytest.raises(InputError, match="expected a TimeEndPoint"), END_POINTS.adding(wrong):
        pass
    taken = TimeEndPoint(name="os", label="X", title="x", observe=_to_next_treatment)
    with pytest.raises(InputError, match="'os' is taken"), END_POINTS.adding(taken):
        pass
    named = TimeEndPoint(name="My end", label="X", title="x", observe=_to_next_treatment)
    with (
        pytest.raises(InputError, match="one word in lower case"),
        END_POINTS.adding(named),
    ):
        pass
    assert "new" not in END_POINTS


def test_packages_bring_members_by_entry_point(tmp_path: Path, monkeypatch) -> None:
    from rascade.registry import Registry
    from rascade.trial.endpoints.kinds import check_end_point

    info = tmp_path / "more_ends-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: more-ends\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text("[test.ends]\nttd = more_ends:TTD\n")
    (tmp_path / "more_ends.py").write_text(
        "from rascade.trial.endpoints import RateEndPoint\n"
        "TTD = RateEndPoint(name='deep', label='DEEP', title='deep', codes=('CR',))\n"
    )
    monkeypatch.syspath_prepend(tmp_path)
    found = Registry("end point", "test.ends", (), check_end_point)
    assert found.names == ("deep",) and found["DEEP"].label == "DEEP"
    (info / "entry_points.txt").write_text("[test.ends]\nttd = more_ends:MISSING\n")
    with pytest.raises(InputError, match="'ttd' of another package cannot be loaded"):
        list(Registry("end point", "test.ends", (), check_end_point))
