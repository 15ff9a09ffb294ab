"""Reading YAML with suspicion, and with the place of every value.

What is read is the JSON part of YAML 1.2: mappings, sequences, text, numbers, true, false and
null. Anchors, aliases, tags and several documents in a file are refused, so no text can unfold
into more than itself or into a Python object; numbers and truth values are told apart by the core
schema of YAML 1.2 (``no`` is text, ``0302`` is 302).

One reading is added to YAML's. In ``{regimen: gemcitabine 1000 mg/m2 IV D1,8,15 Q28D}`` YAML ends
the value at the first comma and reads ``8`` as a key without a value, which no study has. Such
keys are taken for what they are: the rest of the text before them.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import yaml

from rascade.errors import StudyFileError
from rascade.schema_words import Path, dotted

__all__ = [
    "A_STUDY",
    "Document",
    "Wanted",
    "hidden_character",
    "plain_value",
    "read_yaml",
]

MAX_DEPTH = 20
MAX_VALUES = 20_000


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a file is meant to hold, for advice.

    Attributes:
        what: in words, ``study`` or ``patient``.
        example: a line that such a file may have.
        help: the command that shows one.
    """

    what: str
    example: str
    help: str


A_STUDY = Wanted("study", "kind: trial", "rascade trial --help")


@dataclass(frozen=True, slots=True)
class Document:
    """A YAML text and where its values are.

    Attributes:
        name: file name for messages.
        value: the root mapping.
        lines: path of a value -> line number (1 is the first) of its key; None for a study that
            does not stand in a file.
    """

    name: str
    value: dict[str, Any]
    lines: dict[Path, int] | None

    def error(self, path: Path, message: str) -> StudyFileError:
        """Return the error to raise for a value; a missing value is at the line of its parent."""
        return StudyFileError(self.message(path, message))

    def message(self, path: Path, message: str) -> str:
        """Return ``file:line: path: message``."""
        where = dotted(path)
        place = self.name if self.lines is None else f"{self.name}:{self.line(path)}"
        return f"{place}: {where + ': ' if where else ''}{message}"

    def line(self, path: Path) -> int:
        """Return the line of a value, or of the nearest thing above it; 0 without a file."""
        if self.lines is None:
            return 0
        known = path
        while known and known not in self.lines:
            known = known[:-1]
        return self.lines.get(known, 1)


@dataclass(slots=True)
class _Span:
    """A plain scalar of a flow mapping, which a comma may have cut short."""

    start: int
    end: int


@dataclass(slots=True)
class _Frame:
    """A mapping or a sequence that is being filled."""

    container: dict[str, Any] | list[Any]
    path: Path
    flow: bool
    key: str | None = None
    key_span: _Span | None = None
    last_key: str | None = None
    last_span: _Span | None = None
    cut: set[str] = field(default_factory=set)


def read_yaml(text: str, name: str, wanted: Wanted = A_STUDY) -> Document:
    """Read one YAML document whose root is a mapping.

    Args:
        text: the text.
        name: file name for messages.
        wanted: what the file is meant to hold.

    Raises:
        StudyFileError: the text is not the YAML that is read here; the message is
            ``file:line: what: mend``.
    """
    return _Builder(text.removeprefix("\ufeff"), name, wanted).document()


class _Builder:
    """Builds values from parser events without recursion, so that depth costs nothing."""

    def __init__(self, text: str, name: str, wanted: Wanted) -> None:
        self.text = text
        self.name = name
        self.wanted = wanted
        self.lines: dict[Path, int] = {}
        self.stack: list[_Frame] = []
        self.root: Any = None
        self.documents = 0
        self.values = 0

    def document(self) -> Document:
        for event in self._events():
            self._take(event)
        if self.root is None:
            raise self._error(1, f"the file is empty; see: {self.wanted.help}")
        if not isinstance(self.root, dict):
            raise self._error(1, f"expected keys and values, such as {self.wanted.example!r}")
        return Document(self.name, self.root, self.lines)

    def _events(self) -> Iterator[yaml.Event]:
        try:
            yield from yaml.parse(self.text, Loader=yaml.SafeLoader)
        except yaml.MarkedYAMLError as error:
            mark = error.problem_mark or error.context_mark
            line = mark.line + 1 if mark else 1
            column = f" (column {mark.column + 1})" if mark else ""
            raise self._error(line, f"not YAML: {error.problem}{column}{_hint(error)}") from None
        except yaml.reader.ReaderError as error:
            line = self.text.count("\n", 0, error.position) + 1
            code = error.character if isinstance(error.character, int) else 0
            raise self._error(line, f"not text: character U+{code:04X}") from None

    def _error(self, line: int, message: str) -> StudyFileError:
        return StudyFileError(f"{self.name}:{line}: {message}")

    def _take(self, event: yaml.Event) -> None:
        line = _mark(event.start_mark).line + 1
        if isinstance(event, yaml.AliasEvent):
            raise self._error(line, "aliases (*name) are not read; write the value out")
        if isinstance(event, yaml.NodeEvent) and event.anchor:
            raise self._error(line, "anchors (&name) are not read; write the value out")
        if isinstance(event, yaml.DocumentStartEvent):
            self.documents += 1
            if self.documents > 1:
                one = f"one {self.wanted.what} in a file"
                raise self._error(line, f"a second document ('---'); {one}")
        elif isinstance(event, (yaml.MappingStartEvent, yaml.SequenceStartEvent)):
            self._open(event, line)
        elif isinstance(event, (yaml.MappingEndEvent, yaml.SequenceEndEvent)):
            frame = self.stack.pop()
            if not self.stack:
                self.root = frame.container
        elif isinstance(event, yaml.ScalarEvent):
            self._scalar(event, line)

    def _open(self, event: yaml.MappingStartEvent | yaml.SequenceStartEvent, line: int) -> None:
        _refuse_tag(self, event.tag, line)
        container: dict[str, Any] | list[Any] = (
            {} if isinstance(event, yaml.MappingStartEvent) else []
        )
        if self.stack and self._wants_key():
            raise self._error(line, "a key must be text")
        path = self._place(container, line, None)
        if len(self.stack) >= MAX_DEPTH:
            raise self._error(line, f"nested more than {MAX_DEPTH} deep")
        self.stack.append(_Frame(container, path, bool(event.flow_style)))

    def _wants_key(self) -> bool:
        frame = self.stack[-1]
        return isinstance(frame.container, dict) and frame.key is None

    def _scalar(self, event: yaml.ScalarEvent, line: int) -> None:
        _refuse_tag(self, event.tag, line)
        if hidden := hidden_character(event.value):
            raise self._error(line, hidden)
        span = _span(event) if event.style is None else None
        if not self.stack:
            self.root = event.value or None
        elif self._wants_key():
            frame = self.stack[-1]
            frame.key, frame.key_span = str(event.value), span
            self.lines.setdefault((*frame.path, frame.key), line)
        elif self._is_cut_short(event):
            self._rejoin(line)
        else:
            value = plain_value(event.value) if event.style is None else event.value
            self._place(value, line, span)

    def _is_cut_short(self, event: yaml.ScalarEvent) -> bool:
        """Whether this is the missing value of a flow key that has no colon."""
        frame = self.stack[-1]
        if not (frame.flow and frame.key_span and event.style is None and event.value == ""):
            return False
        return ":" not in self.text[frame.key_span.end : _span(event).start]

    def _rejoin(self, line: int) -> None:
        """Give the key without a value back to the plain text before it."""
        frame = self.stack[-1]
        if frame.last_span is None or frame.last_key is None or frame.key_span is None:
            message = f"{frame.key!r} has no value; put text that holds a comma in quotes"
            raise self._error(line, message)
        frame.last_span.end = frame.key_span.end
        whole = self.text[frame.last_span.start : frame.last_span.end]
        assert isinstance(frame.container, dict)
        frame.container[frame.last_key] = " ".join(whole.split())
        if frame.key not in frame.container:
            self.lines.pop((*frame.path, str(frame.key)), None)
        frame.key = None

    def _place(self, value: object, line: int, span: _Span | None) -> Path:
        """Put a value into the innermost container and return its path."""
        self.values += 1
        if self.values > MAX_VALUES:
            raise self._error(line, f"more than {MAX_VALUES} values")
        if not self.stack:
            return ()
        frame = self.stack[-1]
        if isinstance(frame.container, list):
            path: Path = (*frame.path, len(frame.container))
            frame.container.append(value)
            self.lines[path] = line
            return path
        assert frame.key is not None
        path = (*frame.path, frame.key)
        if frame.key in frame.container:
            message = f"the key is there twice (first on line {self.lines[path]})"
            raise self._error(line, f"{dotted(path)}: {message}")
        frame.container[frame.key] = value
        frame.last_key, frame.last_span, frame.key = frame.key, span, None
        return path


def _mark(mark: Any) -> yaml.Mark:
    assert mark is not None, "the parser marks every event"
    return mark  # type: ignore[no-any-return]


def _span(event: yaml.Event) -> _Span:
    return _Span(_mark(event.start_mark).index, _mark(event.end_mark).index)


def _refuse_tag(builder: _Builder, tag: str | None, line: int) -> None:
    if tag is not None and tag != "!":
        raise builder._error(line, f"tags ({tag}) are not read; write the plain value")


# Controls of a terminal, and those that turn the direction of text: what is shown would not be
# what is stored. New lines and tabs are for the fields to judge.


def hidden_character(text: str) -> str:
    """Return what is wrong with a text that holds a control character; nothing if it is right."""
    found = _HIDDEN.search(text)
    return f"a control character (U+{ord(found[0]):04X}) in the text; take it out" if found else ""


_HIDDEN = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2028\u2029\u2066-\u2069\ufeff]")
_INTEGER = re.compile(r"[-+]?[0-9]{1,30}")
_FLOAT = re.compile(r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?")
_WORDS: dict[str, bool | float | None] = {
    **dict.fromkeys(("", "~", "null", "Null", "NULL")),
    **dict.fromkeys(("true", "True", "TRUE"), True),
    **dict.fromkeys(("false", "False", "FALSE"), False),
    **dict.fromkeys((".nan", ".NaN", ".NAN"), float("nan")),
    **dict.fromkeys((".inf", ".Inf", ".INF", "+.inf"), float("inf")),
    **dict.fromkeys(("-.inf", "-.Inf", "-.INF"), float("-inf")),
}


def plain_value(text: str) -> str | int | float | bool | None:
    """Return what a plain scalar means in the core schema of YAML 1.2."""
    if text in _WORDS:
        return _WORDS[text]
    if _INTEGER.fullmatch(text):
        return int(text)
    return float(text) if _FLOAT.fullmatch(text) else text


def _hint(error: yaml.MarkedYAMLError) -> str:
    problem = str(error.problem)
    if "'\\t'" in problem:
        return "; indent with spaces, not with tabs"
    if "mapping values are not allowed" in problem:
        return "; put text that holds ': ' in quotes"
    if "'<block end>'" in problem:
        return "; check the indentation"
    return ""
