"""The generated pages are what the code and its data say now, and nothing is missing from them."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
DOCS = ROOT / "docs"
REFERENCE = DOCS / "reference"


@pytest.fixture(scope="module")
def rebuilt(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("docs")
    done = subprocess.run(
        [sys.executable, "docs/build.py", "--out", str(folder)],
        capture_output=True,
        text=True,
        cwd=ROOT,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return folder


def page(name: str) -> str:
    return (REFERENCE / name).read_text(encoding="utf-8")


def test_the_reference_is_not_stale(rebuilt: Path) -> None:
    made = {path.name for path in (rebuilt / "reference").iterdir()}
    kept = {path.name for path in REFERENCE.iterdir()}
    assert kept == made, "a page that nothing generates, or one that was never kept"
    stale = [
        name
        for name in sorted(made)
        if page(name) != (rebuilt / "reference" / name).read_text(encoding="utf-8")
    ]
    assert not stale, f"run make docs: {', '.join(stale)}"


def test_every_verb_and_option_has_its_entry() -> None:
    from importlib import import_module

    from typer.main import get_command

    from rascade.cli.main import VERBS

    text = page("cli.md")
    for verb, (module, _) in VERBS.items():
        command = get_command(import_module(module).app)
        children = getattr(command, "commands", None) or {"": command}
        for name, child in children.items():
            heading = f"## {verb} {name}".rstrip()
            assert f"\n{heading}\n" in text, heading
            entry = text.split(f"\n{heading}\n", 1)[1].split("\n## ", 1)[0]
            for parameter in child.params:
                for spelling in parameter.opts:
                    if spelling.startswith("--") and spelling != "--help":
                        assert f"`{spelling}" in entry, f"{heading}: {spelling}"


def test_every_field_of_a_study_has_its_entry_and_stands_in_the_how_to() -> None:
    from rascade.studies import json_schema

    text = page("study-schema.md")
    how_to = "\n".join(p.read_text(encoding="utf-8") for p in (DOCS / "how-to").glob("*.md"))
    for definition in json_schema()["$defs"].values():
        for field, facts in definition["properties"].items():
            assert f"| `{field}` |" in text
            assert re.search(rf"\b{field}:|`{field}`", how_to), field
            assert facts.get("description") or "$ref" in facts, f"{field} has no docstring"


def test_every_error_has_its_entry() -> None:
    from rascade import errors

    text = page("errors.md")
    for name in errors.__all__:
        assert f"\n## {name}\n" in text


def test_every_parameter_mechanism_and_drug_has_its_entry() -> None:
    from rascade.model import known_drugs, load_table
    from rascade.model.mechanisms import load_mechanisms

    # What comes below tells of patients, whose tables name rows as well.
    parameters, fitted = page("parameters.md").partition("\n## Patients\n")[0], page("fitted.md")
    for row in load_table().values():
        assert parameters.count(f"\n| `{row.name}` |") == 1, row.name
        assert (f"\n| `{row.name}` |" in fitted) == (row.confidence == "fitted"), row.name
    for name in load_mechanisms():
        assert f"\n## {name}\n" in page("mechanisms.md")
    for name in known_drugs():
        assert f"\n### {name}\n" in page("drugs.md")


def test_every_fact_has_its_entry_and_figure(rebuilt: Path) -> None:
    from rascade.analyses.facts.records import find_facts

    text = page("facts.md")
    names = [fact.id for fact in find_facts()]
    for name in names:
        assert text.count(f"\n### {name}\n") == 1, f"run docs/build.py --run facts: {name}"
        assert f"(../images/facts/{name}.svg)" in text
    kept = {path.name for path in (DOCS / "images" / "facts").iterdir()}
    assert kept == {path.name for path in (rebuilt / "images" / "facts").iterdir()}
    assert kept == {f"{name}.svg" for name in names}


def test_identifiability_is_of_the_facts_and_parameters_as_they_are() -> None:
    import json

    from rascade.analyses.identifiability.run import chosen_facts
    from rascade.model import load_table

    kept = json.loads((DOCS / "results" / "identifiability.json").read_text(encoding="utf-8"))
    assert kept["facts"] == [fact.id for fact in chosen_facts()], (
        "run docs/build.py --run identifiability"
    )
    for row in kept["parameters"]:
        assert load_table()[row["name"]].value == row["value"], row["name"]
        assert f"| {row['name']} |" in page("identifiability.md")
