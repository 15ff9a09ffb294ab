"""Ways to damage a good SBML document, for Hypothesis and for atheris alike."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from rascade.engine.sbml.document import parse
from rascade.engine.sbml.scan import scan
from rascade.errors import InputError, UnsupportedFeature

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["DAMAGES", "SEEDS", "read_here"]

_HEAD = (
    '<?xml version="1.0" encoding="UTF-8"?>\n'
    '<sbml xmlns="http://www.sbml.org/sbml/level3/version2/core" level="3" version="2">'
)
_MATH = '<math xmlns="http://www.w3.org/1998/Math/MathML">'

# Small documents that between them touch every part of the reader.
SEEDS: tuple[bytes, ...] = (
    f"""{_HEAD}<model id="m" conversionFactor="f">
<listOfFunctionDefinitions><functionDefinition id="g">{_MATH}<lambda><bvar><ci>x</ci></bvar>
<apply><times/><ci>x</ci><cn type="e-notation">1<sep/>2</cn></apply></lambda></math>
</functionDefinition></listOfFunctionDefinitions>
<listOfCompartments><compartment id="C" size="2" spatialDimensions="3" constant="false"/>
</listOfCompartments>
<listOfSpecies><species id="S" compartment="C" initialAmount="10" hasOnlySubstanceUnits="false"
boundaryCondition="false" constant="false"/><species id="P" compartment="C"
initialConcentration="0" hasOnlySubstanceUnits="true" boundaryCondition="false" constant="false"/>
</listOfSpecies>
<listOfParameters><parameter id="k" value="0.5" constant="true"/><parameter id="f" value="1"
constant="true"/><parameter id="a" constant="false"/></listOfParameters>
<listOfInitialAssignments><initialAssignment symbol="k">{_MATH}<apply><divide/><cn>1</cn>
<cn type="integer">3</cn></apply></math></initialAssignment></listOfInitialAssignments>
<listOfRules><assignmentRule variable="a">{_MATH}<piecewise><piece><ci>S</ci><apply><lt/>
<csymbol encoding="text" definitionURL="http://www.sbml.org/sbml/symbols/time">t</csymbol>
<cn>3</cn></apply></piece><otherwise><apply><ci>g</ci><ci>S</ci></apply></otherwise></piecewise>
</math></assignmentRule><rateRule variable="C">{_MATH}<cn>0.1</cn></math></rateRule></listOfRules>
<listOfReactions><reaction id="r" reversible="false"><listOfReactants><speciesReference
species="S" stoichiometry="2" constant="true"/></listOfReactants><listOfProducts>
<speciesReference id="n" species="P" stoichiometry="1" constant="true"/></listOfProducts>
<kineticLaw>{_MATH}<apply><times/><ci>k</ci><apply><power/><ci>S</ci><ci>h</ci></apply></apply>
</math><listOfLocalParameters><localParameter id="h" value="2"/></listOfLocalParameters>
</kineticLaw></reaction></listOfReactions>
<listOfEvents><event id="e" useValuesFromTriggerTime="true"><trigger initialValue="false"
persistent="true">{_MATH}<apply><gt/><ci>P</ci><cn>1</cn></apply></math></trigger>
<listOfEventAssignments><eventAssignment variable="S">{_MATH}<apply><plus/><ci>S</ci><cn>5</cn>
</apply></math></eventAssignment></listOfEventAssignments></event></listOfEvents>
</model></sbml>""".encode(),
    b"""<sbml xmlns="http://www.sbml.org/sbml/level2/version4" level="2" version="4"><model id="m">
<listOfCompartments><compartment id="C" size="1"/></listOfCompartments>
<listOfSpecies><species id="A" compartment="C" initialAmount="1"/></listOfSpecies>
<listOfParameters><parameter id="q" value="2"/></listOfParameters>
<listOfReactions><reaction id="r"><listOfReactants><speciesReference species="A">
<stoichiometryMath><math xmlns="http://www.w3.org/1998/Math/MathML"><ci>q</ci></math>
</stoichiometryMath></speciesReference></listOfReactants><kineticLaw>
<math xmlns="http://www.w3.org/1998/Math/MathML"><apply><root/><degree><cn>3</cn></degree>
<ci>A</ci></apply></math><listOfParameters><parameter id="q" value="1"/></listOfParameters>
</kineticLaw></reaction></listOfReactions></model></sbml>""",
)

_NUMBERS = (
    b"1e999",
    b"-1e999",
    b"NaN",
    b"INF",
    b"",
    b"1" * 400,
    b"0x10",
    b"1e-400",
    b"--1",
    b"1,5",
)
_TAGS = tuple(
    f"<{word}/>".encode()
    for word in (
        "apply", "times", "divide", "power", "root", "log", "factorial", "rem", "quotient", "max",
        "piecewise", "otherwise", "lambda", "bvar", "exponentiale", "notanumber", "infinity",
        "not", "xor", "implies", "eq", "lt", "ceiling", "arccoth", "sep", "csymbol", "semantics",
    )
)  # fmt: skip
_PIECES = (
    b"&lt;", b"&#0;", b"&#x110000;", b"&nosuch;", b"]]>", b"<![CDATA[", b"<!--", b"-->", b"<?x?>",
    b'<!DOCTYPE a [<!ENTITY x "y">]>', b'<!ENTITY % p SYSTEM "file:///etc/passwd">', b"\x00",
    b"\xff\xfe", b"\xc3\x28", b'level="1"', b'version="99"', b"<math/>", b"<listOfRules/>",
    b'id="S"', b'id=""', b'species="nobody"', b'compartment=""', b'stoichiometry="NaN"',
    b'fast="true"', b"<delay/>", b'spatialDimensions="0"', b'constant="maybe"', b'symbol="P"',
)  # fmt: skip


def flip(data: bytes, at: int, how: int) -> bytes:
    """Change one byte."""
    at %= len(data)
    return data[:at] + bytes([data[at] ^ (1 + how % 255)]) + data[at + 1 :]


def cut(data: bytes, at: int, how: int) -> bytes:
    """Leave out a piece, or everything after a place."""
    at %= len(data)
    return data[:at] if how % 5 == 0 else data[:at] + data[at + how % 200 :]


def swap_tags(data: bytes, at: int, how: int) -> bytes:
    """Put another element, of this document or of MathML, in an element's place."""
    tags = list(re.finditer(rb"<[^>]+>", data))
    if not tags:
        return data
    one = tags[at % len(tags)]
    choices = [t.group() for t in tags] + list(_TAGS)
    return data[: one.start()] + choices[how % len(choices)] + data[one.end() :]


def swap_names(data: bytes, at: int, how: int) -> bytes:
    """Put one word of the document in another's place: names that are wrong, doubled, circular."""
    words = list(re.finditer(rb"(?<=[\"> ])[A-Za-z]\w*(?=[\"<])", data))
    if not words:
        return data
    one, other = words[at % len(words)], words[how % len(words)]
    return data[: one.start()] + other.group() + data[one.end() :]


def renumber(data: bytes, at: int, how: int) -> bytes:
    """Put a strange number in a number's place."""
    numbers = list(re.finditer(rb"(?<=[\">])[0-9.]+(?=[\"<])", data))
    if not numbers:
        return data
    one = numbers[at % len(numbers)]
    return data[: one.start()] + _NUMBERS[how % len(_NUMBERS)] + data[one.end() :]


def insert(data: bytes, at: int, how: int) -> bytes:
    """Put something that means something to XML or SBML anywhere."""
    at %= len(data) + 1
    return data[:at] + _PIECES[how % len(_PIECES)] + data[at:]


def nest(data: bytes, at: int, how: int) -> bytes:
    """Wrap an element deeply into operators."""
    ends = list(re.finditer(rb"<(ci|cn)[^>]*>[^<]*</\1>", data))
    if not ends:
        return data
    one, depth = ends[at % len(ends)], how % 400
    inside = b"<apply><minus/>" * depth + one.group() + b"</apply>" * depth
    return data[: one.start()] + inside + data[one.end() :]


def double(data: bytes, at: int, how: int) -> bytes:
    """Have a piece twice."""
    at %= len(data)
    return data[: at + how % 300] + data[at:]


DAMAGES: tuple[Callable[[bytes, int, int], bytes], ...] = (
    flip, cut, swap_tags, swap_names, renumber, insert, nest, double,
)  # fmt: skip


def read_here(data: bytes) -> None:
    """Scan and read in this process; let through the deliberate errors only.

    Raises:
        AssertionError: a deliberate error without a message.
        Exception: whatever should not have come out.
    """
    try:
        scan(data, "damaged.xml")
        parse(data, "damaged.xml", 200_000)
    except (InputError, UnsupportedFeature) as error:
        assert str(error), type(error)
