"""A look at a model file before libsbml sees it.

libsbml builds the whole document in memory and recurses over MathML, so that a file made to harm
can exhaust memory or the stack. Expat reads the file first, as a stream, and refuses what no real
model has.
"""

from __future__ import annotations

import codecs
import re
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING
from xml.parsers import expat

from rascade.engine.sbml.numbers import attribute_problem, cn_problem
from rascade.errors import ModelFileError, UnsupportedFeature

if TYPE_CHECKING:
    from typing import NoReturn

__all__ = [
    "MAX_BYTES",
    "MAX_COUNTS",
    "MAX_DEPTH",
    "MAX_ELEMENTS",
    "MAX_MATH_DEPTH",
    "UNDERSTOOD_PACKAGES",
    "decoded",
    "load_text",
    "scan",
]

MAX_BYTES = 64 * 2**20
"""The largest file that is read unless it is trusted; the largest public models have 50 MB."""
MAX_DEPTH = 256
"""The deepest nesting of elements; libsbml crashes at some thousands."""
MAX_MATH_DEPTH = 200
"""The deepest nesting within one formula."""
MAX_ELEMENTS = 2_000_000
"""The most elements; a formula or an annotation of a public model has some thousands at most."""
MAX_COUNTS = {
    "compartment": 20_000,
    "species": 50_000,
    "parameter": 200_000,
    "reaction": 100_000,
    "assignmentRule": 100_000,
    "rateRule": 50_000,
    "initialAssignment": 100_000,
    "functionDefinition": 10_000,
    "event": 10_000,
}
"""The most of each kind: some ten times what the largest public kinetic models have."""

UNDERSTOOD_PACKAGES = frozenset({"l3v2extendedmath"})
"""Level 3 Version 2's operators for Version 1; those out of scope are refused where used."""

_CORE = re.compile(r"http://www\.sbml\.org/sbml/level([0-9]+)(?:/version([0-9]+)(?:/core)?)?")
_MATHML = "http://www.w3.org/1998/Math/MathML"
_VERSIONS = {"2": ("1", "2", "3", "4", "5"), "3": ("1", "2")}


def load_text(source: str | Path, *, trusted: bool = False) -> tuple[bytes, str]:
    """Return the bytes of a model and the name to use for it in messages.

    Args:
        source: a path, or the text of a model (anything whose first character is ``<``).
        trusted: whether to skip the cap on size.

    Raises:
        ModelFileError: no such file, not readable or too large.
    """
    if isinstance(source, str) and source.lstrip("\ufeff \t\r\n").startswith("<"):
        data, name = source.encode(), "the model text"
        if not trusted and len(data) > MAX_BYTES:
            raise ModelFileError(_too_large(name))
        return data, name
    path = Path(source)
    try:
        if not trusted and path.stat().st_size > MAX_BYTES:
            raise ModelFileError(_too_large(str(path)))
        return path.read_bytes(), str(path)
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or error
        raise ModelFileError(f"cannot read the model {str(source)!r:.200}: {reason}") from error


def decoded(data: bytes) -> str:
    """Return a document as text without its XML declaration, lines kept, whatever its encoding.

    libsbml is then given UTF-8 and believes it.

    Raises:
        ModelFileError: the bytes are not in the encoding that they declare.
    """
    encoding = "utf-8-sig"
    if data[:2] in (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE):
        encoding = "utf-16"
    elif declared := re.match(rb"\s*<\?xml[^>]*encoding\s*=\s*[\"']([\w.-]+)", data):
        named = declared.group(1).decode("ascii")
        encoding = named if named.lower() not in {"utf-8", "utf8"} else encoding
    try:
        text = data.decode(encoding)
    except (LookupError, UnicodeError) as error:
        raise ModelFileError(f"the model is not in the encoding {encoding}: {error}") from error
    return re.sub(r"^\s*<\?xml.*?\?>", lambda m: "\n" * m.group().count("\n"), text, flags=re.S)


def _too_large(name: str) -> str:
    return f"{name}: larger than {MAX_BYTES // 2**20} MiB; pass trusted=True to read it anyway"


def scan(data: bytes, name: str) -> None:
    """Refuse what libsbml would misread or could not stand.

    That is a document that is not well-formed, has a DOCTYPE, is too deep or too large, or holds
    malformed numbers.

    Args:
        data: the document.
        name: what to call it in messages.

    Raises:
        ModelFileError: for these reasons, or because it is not SBML.
        UnsupportedFeature: a package that must be understood to read the model.
    """
    try:
        _Scan(name).parser.Parse(data, True)
    except expat.ExpatError as error:
        raise ModelFileError(f"{name}:{error.lineno}: not well-formed XML: {error}") from error
    except (LookupError, ValueError) as error:  # an encoding that does not exist
        raise ModelFileError(f"{name}: not readable as XML: {error}") from error


class _Number:
    """A ``<cn>`` on its way: its type, its base and its text, cut at every ``<sep/>``."""

    def __init__(self, kind: str, base: str, depth: int, line: int) -> None:
        self.kind, self.base, self.depth, self.line = kind, base, depth, line
        self.parts = [""]

    def add(self, text: str) -> None:
        self.parts[-1] += text


class _Scan:
    """One look through a document, element by element."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.depth = self.elements = 0
        self.math_at = 0  # depth of the formula that is open, 0 outside
        self.core = ""  # the namespace of SBML in this document
        self.aside_at = 0  # depth of the notes or annotation that are open, 0 outside
        self.number: _Number | None = None  # the <cn> that is open
        self.counts: Counter[str] = Counter()
        self.parser = expat.ParserCreate(namespace_separator=" ")
        self.parser.StartElementHandler = self.start
        self.parser.EndElementHandler = self.end
        self.parser.StartDoctypeDeclHandler = self.doctype

    def refuse(self, why: str) -> NoReturn:
        raise ModelFileError(f"{self.name}:{self.parser.CurrentLineNumber}: {why}")

    def start(self, tag: str, attributes: dict[str, str]) -> None:
        self.depth += 1
        self.elements += 1
        namespace, _, local = tag.rpartition(" ")
        if self.depth == 1:
            core = _CORE.fullmatch(namespace)
            if local != "sbml" or not core:
                self.refuse(f"not an SBML document: its outermost element is {local!r}")
            self.core = namespace
            self._check_level(attributes, *core.groups())
            _check_packages(attributes)
        if self.depth > MAX_DEPTH:
            self.refuse(f"elements are nested more than {MAX_DEPTH} deep")
        if self.elements > MAX_ELEMENTS:
            self.refuse(f"more than {MAX_ELEMENTS} elements")
        self._look_inside(local)
        self._look_at_numbers(namespace, local, attributes)

    def _check_level(self, attributes: dict[str, str], level: str, version: str | None) -> None:
        """Refuse a level or version that libsbml does not know: it ends the process for that."""
        given = attributes.get("level", ""), attributes.get("version", "")
        if level == "1":
            raise UnsupportedFeature("SBML Level 1")
        known = given[1] in _VERSIONS.get(given[0], ())
        if not known or given != (level, version or "1"):
            self.refuse(
                f"level={given[0]!r} version={given[1]!r} in the namespace of level {level} "
                f"version {version or 1}: there is no such SBML, or they do not agree"
            )

    def _look_inside(self, local: str) -> None:
        if self.math_at and self.depth - self.math_at > MAX_MATH_DEPTH:
            self.refuse(f"a formula is nested more than {MAX_MATH_DEPTH} deep")
        if local == "math" and not self.math_at:
            self.math_at = self.depth
        if local in MAX_COUNTS:
            self.counts[local] += 1
            if self.counts[local] > MAX_COUNTS[local]:
                self.refuse(f"more than {MAX_COUNTS[local]} elements {local!r}")

    def _look_at_numbers(self, namespace: str, local: str, attributes: dict[str, str]) -> None:
        """Refuse malformed numbers; notes and annotations may hold what they like."""
        if self.aside_at:
            return
        if namespace == self.core:
            if local in {"notes", "annotation"}:
                self.aside_at = self.depth
            elif problem := attribute_problem(local, attributes):
                self.refuse(problem)
        elif self.number is not None:
            if local != "sep":
                self.refuse(f"a <cn> holds <{local}>; it may hold a number only")
            self.number.parts.append("")
        elif namespace == _MATHML and local == "cn":
            kind, base = attributes.get("type", "real"), attributes.get("base", "10")
            self.number = _Number(kind, base, self.depth, self.parser.CurrentLineNumber)
            self.parser.CharacterDataHandler = self.number.add

    def end(self, _tag: str) -> None:
        if self.depth == self.math_at:
            self.math_at = 0
        if self.depth == self.aside_at:
            self.aside_at = 0
        if self.number is not None and self.depth == self.number.depth:
            number, self.number = self.number, None
            self.parser.CharacterDataHandler = None
            if problem := cn_problem(number.kind, number.base, number.parts):
                raise ModelFileError(f"{self.name}:{number.line}: a <cn> {problem}")
        self.depth -= 1

    def doctype(self, *_: object) -> NoReturn:
        self.refuse("a DOCTYPE is not allowed in a model")


def _check_packages(attributes: dict[str, str]) -> None:
    for attribute, value in attributes.items():
        namespace, _, local = attribute.rpartition(" ")
        if namespace and local == "required" and value.strip() in {"true", "1"}:
            package = re.sub(r".*/(\w+)/version\d+$", r"\1", namespace)
            if package not in UNDERSTOOD_PACKAGES:
                raise UnsupportedFeature(f"SBML package {package}")
