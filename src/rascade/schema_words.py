"""What pydantic found, in words for the person who wrote the file: a path, what is wrong, a mend.

Every schema of files, of studies as of claims and facts, tells its problems so.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pydantic import BaseModel, ValidationError
from pydantic_core import PydanticCustomError

from rascade.text import did_you_mean

__all__ = ["Path", "dotted", "problems", "unknown_key", "wrong"]

#: Keys and places in lists, from the top of a file down to a value.
Path = tuple[str | int, ...]


def wrong(message: str, *path: str | int) -> PydanticCustomError:
    """Return the error for a value; `path` leads from the field to the part that is wrong."""
    return PydanticCustomError("rascade", "{message}", {"message": message, "path": path})


def dotted(path: Path) -> str:
    """Return a path as it is written in messages: ``arms[1].regimen``."""
    text = "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in path)
    return text.removeprefix(".")


def unknown_key(key: str, known: list[str]) -> str:
    """Return the message for a key that nothing reads."""
    hint = did_you_mean(key, known) or f"; known here: {', '.join(known)}"
    return f"unknown key{hint}"


def problems(
    error: ValidationError, value: object, model: type[BaseModel]
) -> list[tuple[Path, str]]:
    """Return every problem as a path in the file and a sentence with its mend.

    Args:
        error: what pydantic raised.
        value: what the file holds.
        model: what it was checked against.
    """
    found = [(_in_file(_path(item), value), item) for item in error.errors(include_url=False)]
    misspelt = _guesses(found, model)
    return [
        (path, _say(item, path, model))
        for path, item in found
        # "regimne" is one mistake, not an unknown key and a missing one.
        if not (item["type"] == "missing" and path in misspelt)
        # Entries that failed are not counted, so a list of them is called too short as well.
        and not (item["type"] == "too_short" and any(_below(path, other) for other, _ in found))
    ]


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
    "tuple_type": "a list, such as [a, b]",
    "list_type": "a list, such as [a, b]",
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
