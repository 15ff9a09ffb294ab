"""What is kept of facts is read back into the records that it was written from."""

import json
from pathlib import Path

from rascade.report.pages.facts import read_facts
from rascade.studies.running.facts import facts_json

KEPT = Path(__file__).parents[3] / "docs" / "results" / "facts.json"


def test_kept_facts_come_through_their_records_byte_for_byte() -> None:
    assert facts_json(read_facts(KEPT)) == KEPT.read_text(encoding="utf-8")


def test_a_folder_older_than_a_key_is_read(tmp_path: Path) -> None:
    rows = json.loads(KEPT.read_text(encoding="utf-8"))[:1]
    del rows[0]["role"], rows[0]["standing"], rows[0]["checks"][0]["standing"]
    (tmp_path / "facts.json").write_text(json.dumps(rows), encoding="utf-8")
    (fact,) = read_facts(tmp_path / "facts.json")
    assert fact.role is None and fact.standing is None and fact.checks[0].standing is None
