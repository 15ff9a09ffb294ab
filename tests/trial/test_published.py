import re
from dataclasses import replace

from rascade.evidence import load
from rascade.model import load_table
from rascade.trial.results.published.arms import (
    calibration_targets,
    calibration_uses,
    published_results,
)
from rascade.trial.results.published.numbers import check_numbers


def test_the_note_of_a_target_travels_with_its_result() -> None:
    rows = {row["endpoint"]: row for row in published_results("x", "rasolute-302.daraxonrasib")}
    assert rows["os"]["use"] == "validate"
    assert rows["os"]["note"] == (
        "not a target of the hand calibration, but seen while it was done"
    )
    assert (rows["pfs"]["use"], rows["pfs"]["note"]) == ("calibrate", "")
    assert calibration_uses()["rasolute-302.daraxonrasib", "orr"].target == "CT06"


def test_every_target_that_a_parameter_was_fitted_to_is_listed() -> None:
    listed = {use.target for use in calibration_targets() if use.use == "calibrate"}
    named = {t for row in load_table().values() for t in re.findall(r"CT\d+", row.fitted)}
    assert {"CT08", "CT11", "CT12", "CT17", "CT18"} <= named <= listed


def test_every_number_has_a_source_that_the_evidence_knows() -> None:
    count, problems = check_numbers(load())
    assert count > len(load_table())
    assert [str(problem) for problem in problems] == []


def test_a_target_or_citation_that_is_gone_is_noticed() -> None:
    whole = load()
    less = replace(
        whole,
        calibration_targets=tuple(f for f in whole.calibration_targets if f.id != "CT18"),
        citation_rows=tuple(c for c in whole.citation_rows if c.id != "PMID:26037647"),
    )
    said = [str(problem) for problem in check_numbers(less)[1]]
    assert any(s.startswith("calibration.csv:") and "'CT18'" in s for s in said)
    assert any(s.startswith("parameters/cell.csv:") and "GAP_ratio" in s for s in said)
    assert any(s.startswith("alleles.csv:") and "G12D" in s for s in said)
