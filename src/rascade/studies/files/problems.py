"""What pydantic found, in the words of the person who wrote the file."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pydantic import BaseModel, ValidationError

from rascade.errors import StudyFileError
from rascade.studies.files.yaml_text import Document, Path, unknown_key
from rascade.text import did_you_mean

__all__ = ["study_error"]

MAX_SHOWN = 10


def study_error(
    error: ValidationError, document: Document, model: type[BaseModel]
) -> StudyFileError:
    """Return one error that lists every problem of a file, each with its line.

    Args:
        error: what pydantic raised.
        document: the file.
        model: the model of the study's kind.
    """
    found = [
        (_in_file(_path(item), document.value), item) for item in error.errors(include_url=False)
    ]
    misspelt = _guesses(found, model)
    told = [
        (document.line(path), document.message(path, _say(item, path, model)))
        for path, item in found
        # "regimne" is one mistake, not an unknown key and a missing one.
        if not (item["type"] == "missing" and path in misspelt)
        # Entries that failed are not counted, so a list of them is called too short as well.
        and not (item["type"] == "too_short" and any(_below(path, other) for other, _ in found))
    ]
    lines = [text for _, text in sorted(told, key=lambda item: item[0])]
    more = len(lines) - MAX_SHOWN
    if more > 0:
        lines = [*lines[:MAX_SHOWN], f"... and {more} more"]
    return StudyFileError("\n".join(lines))


def _below(path: Path, other: Path) -> bool:
    return len(other) > len(path) and other[: len(path)] == path


def _path(item: Mapping[str, Any]) -> Path:
    path: Path = tuple(item["loc"])
    if item["type"] == "rascade":
        path += tuple(item["ctx"]["path"])
    # pydantic marks the key of a mapping with an extra part.
    return path[:-1] if path and path[-1] == "[key]" else path


def _in_file(path: Path, value: Any) -> Path:
    """Return a path of the model as the file has it.

    Where a model takes one mapping for a list of them, or a list for a mapping that holds it, the
    model's path has a part that the file has not.
    """
    found: list[str | int] = []
    for part in path:
        if isinstance(value, dict) and isinstance(part, int):
            continue
        if isinstance(value, list) and isinstance(part, str):
            continue
        found.append(part)
        inside = isinstance(value, list) and isinstance(part, int) and part < len(value)
        value = value[part] if inside else value.get(part) if isinstance(value, dict) else None
    return tuple(found)


def _named(model: type[BaseModel]) -> dict[str, Any]:
    """Return the fields of a model by the name that a file uses."""
    return {field.alias or name: field for name, field in model.model_fields.items()}


def _fields_at(path: Path, model: type[BaseModel]) -> list[str]:
    """Return the keys that may stand below the parent of `path`."""
    current: type[BaseModel] | None = model
    for part in path[:-1]:
        if isinstance(part, int) or current is None:
            continue
        field = _named(current).get(part)
        current = _model_in(field.annotation) if field is not None else None
    return list(_named(current)) if current is not None else []


def _model_in(annotation: Any) -> type[BaseModel] | None:
    """Return the model inside an annotation such as ``tuple[Arm, ...]``."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    for inner in getattr(annotation, "__args__", ()):
        found = _model_in(inner)
        if found is not None:
            return found
    return None


def _guesses(found: list[tuple[Path, Any]], model: type[BaseModel]) -> set[Path]:
    guesses: set[Path] = set()
    for path, item in found:
        if item["type"] == "extra_forbidden":
            hint = did_you_mean(str(path[-1]), _fields_at(path, model))
            if hint:
                guesses.add((*path[:-1], hint.split("'")[1]))
    return guesses


_KINDS_OF_VALUE = {
    "int_type": "a whole number",
    "int_from_float": "a whole number",
    "float_type": "a number",
    "finite_number": "a finite number",
    "string_type": "text",
    "tuple_type": "a list, such as [a, b] or one '- ' a line",
    "list_type": "a list, such as [a, b] or one '- ' a line",
    "dict_type": "keys and values",
    "model_type": "keys and values",
    "model_attributes_type": "keys and values",
}
_COMPARISONS = {
    "greater_than": ("gt", "more than"),
    "greater_than_equal": ("ge", "at least"),
    "less_than": ("lt", "less than"),
    "less_than_equal": ("le", "at most"),
}


def _say(item: Mapping[str, Any], path: Path, model: type[BaseModel]) -> str:
    """Return one problem as a sentence with its mend."""
    kind, context, value = item["type"], item.get("ctx", {}), item.get("input")
    if kind == "rascade":
        return str(context["message"])
    if kind == "extra_forbidden":
        return unknown_key(str(path[-1]), _fields_at(path, model))
    if kind == "missing":
        return "missing; add it"
    if kind in _KINDS_OF_VALUE:
        quotes = "; put it in quotes" if kind == "string_type" and value is not None else ""
        return f"expected {_KINDS_OF_VALUE[kind]}, found {_shown(value)}{quotes}"
    if kind in _COMPARISONS:
        key, words = _COMPARISONS[kind]
        return f"{_shown(value)} must be {words} {context[key]:g}"
    if kind == "literal_error":
        return _literal(str(context["expected"]), value)
    if kind in {"too_short", "too_long"}:
        bound = context.get("min_length", context.get("max_length"))
        return f"{context['actual_length']} entries; expected {_AT[kind]} {bound}"
    if kind in {"string_too_short", "string_too_long"}:
        bound = context.get("min_length", context.get("max_length"))
        return f"{len(str(value))} characters; expected {_AT[kind]} {bound}"
    if kind == "string_pattern_mismatch":
        return f"{_shown(value)} must be one line that does not end in a space"
    return str(item["msg"])


_AT = {
    "too_short": "at least",
    "too_long": "at most",
    "string_too_short": "at least",
    "string_too_long": "at most",
}


def _literal(expected: str, value: object) -> str:
    choices = [choice.strip(" '") for choice in expected.replace(" or ", ", ").split("', '")]
    choices = [choice.strip("' ,") for part in choices for choice in part.split("', ")]
    hint = did_you_mean(value, choices) if isinstance(value, str) else ""
    return f"{_shown(value)} is not one of {', '.join(choices)}{hint}"


def _shown(value: object) -> str:
    """Return a value as the file would show it, short."""
    if value is None:
        return "nothing"
    if isinstance(value, (dict, list)):
        return "keys and values" if isinstance(value, dict) else "a list"
    if isinstance(value, bool):
        return str(value).lower()
    text = repr(value)
    return text if len(text) <= 60 else text[:57] + "..."
