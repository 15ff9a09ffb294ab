"""``reference/study-schema.md`` and ``.json``: every field of a study file, from its schema."""

from __future__ import annotations

import json
from typing import Any

from builder.text import NOTE, code, table

__all__ = ["schema_json", "study_page"]

_TITLES = {
    "TrialStudy": "A trial (`kind: trial`)",
    "ExperimentStudy": "An experiment (`kind: experiment`)",
    "Dish": "`cells`",
    "Given": "an entry of `treatments`",
    "Added": "an entry of `with`",
    "Grid": "`concentrations`",
    "Cohort": "`cohort`",
    "Arm": "an entry of `arms`",
    "AccrualPart": "`accrual`",
    "CentrePart": "an entry of `centres`",
    "RandomizationPart": "`randomization`",
    "CutOffPart": "`cut_off`",
    "OperatingStudy": "Operating characteristics (`kind: operating-characteristics`)",
    "PopulationPart": "`population`",
    "DesignPart": "an entry of `designs`",
    "FutilityPart": "`futility`",
    "ReestimationPart": "`reestimation`",
    "SelectionPart": "`selection`",
    "CurvePart": "`curve`",
    "SampleSizePart": "`sample_size`",
    "AssurancePart": "`assurance`",
}
_LIMITS = {
    "minimum": "at least {}",
    "maximum": "at most {}",
    "exclusiveMinimum": "more than {}",
    "minLength": "at least {} characters",
    "maxLength": "at most {} characters",
    "minItems": "at least {} entries",
    "maxItems": "at most {} entries",
    "maxProperties": "at most {} entries",
}


def schema_json() -> str:
    """Return the JSON schema as published."""
    from rascade.studies import json_schema

    return json.dumps(json_schema(), indent=2, ensure_ascii=False) + "\n"


def study_page() -> str:
    """Return the page."""
    from rascade.studies import json_schema

    parts = [
        NOTE,
        "# Study file\n",
        "A study file is YAML. The same rules as a JSON schema, for editors and other programs: "
        "[study-schema.json](study-schema.json). How to write one: "
        "[a trial](../how-to/study-file.md), [an experiment](../how-to/experiments.md), "
        "[operating characteristics](../how-to/operating-characteristics.md).\n",
    ]
    definitions = json_schema()["$defs"]
    order = sorted(definitions, key=lambda name: (name != "TrialStudy", name))
    for name in order:
        parts.append(_section(name, definitions[name]))
    return "\n".join(parts)


def _section(name: str, definition: dict[str, Any]) -> str:
    required = definition.get("required", [])
    rows = [
        (code(field), _type(schema), "yes" if field in required else "", _meaning(schema))
        for field, schema in definition["properties"].items()
    ]
    head = f"## {_TITLES.get(name, name)}\n\n{definition.get('description', '')}\n\n"
    return head + table(("field", "type", "needed", "meaning"), rows) + "\n"


def _parts(schema: dict[str, Any]) -> list[dict[str, Any]]:
    """Return the alternatives of a field, without null."""
    ways = schema.get("anyOf", [schema])
    return [way for way in ways if way.get("type") != "null"]


def _type(schema: dict[str, Any]) -> str:
    return " or ".join(_one_type(way) for way in _parts(schema))


def _one_type(way: dict[str, Any]) -> str:
    if "$ref" in way:
        return str(way["$ref"]).rsplit("/", maxsplit=1)[-1].lower()
    if "const" in way:
        return code(way["const"])
    kind = str(way.get("type", "any"))
    if kind == "array":
        return f"list of {_type(way['items'])}"
    if kind == "object":
        inside = way.get("additionalProperties")
        return f"names to {_type(inside) if isinstance(inside, dict) else 'any'}"
    return {"string": "text", "integer": "whole number"}.get(kind, kind)


def _meaning(schema: dict[str, Any]) -> str:
    limits = [
        text.format(f"{way[key]:g}" if way[key] < 1e6 else way[key])
        for way in _parts(schema)
        for key, text in _LIMITS.items()
        if key in way
    ]
    text = str(schema.get("description", "")).replace("``", "`")
    return f"{text} ({'; '.join(limits)})" if limits else text
