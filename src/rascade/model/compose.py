"""Put mechanisms together into one flat Antimony model for the drugs and clones of a study.

Every mechanism is copied once for the system, a drug, a clone, or a drug in a clone. A copy's own
symbols get the names of its drug and clone; a symbol that it reads is taken from the nearest place
that defines it: the same drug and clone, the drug, the clone, the system, and at last the
parameter table, again from the most specific row to the most general.

In one module since drugs, clones and copies are what names are resolved against.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache

from rascade.errors import InputError, ModelFileError, UnsupportedFeature
from rascade.model.mechanisms import (
    SETTINGS,
    Mechanism,
    data_file,
    defined_in,
    load_mechanisms,
    rename_symbols,
    symbols_in,
)
from rascade.model.pathways import Switches, pathway_rows
from rascade.model.system import PLACES, open_ports, system_mechanisms
from rascade.model.table import ParameterTable
from rascade.own_drugs import kept, own_drugs

__all__ = [
    "MEDIUM",
    "Composition",
    "Copy",
    "Drug",
    "compose",
    "known_clones",
    "known_drugs",
    "places",
    "shared_parts",
]

MEDIUM = "culture_medium"


@dataclass(frozen=True)
class Drug:
    """What a drug brings to the model: its mechanisms, and where its dose goes by route."""

    name: str
    mechanisms: tuple[str, ...]
    routes: Mapping[str, str]
    aliases: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    needs: tuple[str, ...] = ()

    @property
    def identifier(self) -> str:
        """The drug's name as part of an SBML identifier."""
        text = self.name.replace("-", "_").replace(" ", "_")
        return f"_{text}" if text[0].isdigit() else text

    def dose_target(self, route: str) -> str:
        """Return the species that a dose by this route enters.

        Raises:
            UnsupportedFeature: the model has no such route for the drug.
        """
        if route not in self.routes:
            ways = ", ".join(self.routes)
            raise UnsupportedFeature(
                f"{self.name} {route}", f"{self.name} is not modelled by {route}; modelled: {ways}"
            )
        return f"{self.routes[route]}_{self.identifier}"


@dataclass(frozen=True)
class Clone:
    """A cell population and the mechanisms it is made of."""

    name: str
    title: str
    tissue: str
    mechanisms: tuple[str, ...]
    drug_mechanisms: tuple[str, ...]
    settings: tuple[str, ...]


@dataclass(frozen=True)
class Copy:
    """One copy of a mechanism: for which drug, in which clone, its ports under which names."""

    mechanism: Mechanism
    drug: Drug | None = None
    clone: str | None = None
    aliases: Mapping[str, str] = field(default_factory=dict)

    @property
    def suffix(self) -> str:
        """What is hung on the copy's own symbols."""
        parts = [self.drug.identifier if self.drug else "", self.clone or ""]
        return "".join(f"_{part}" for part in parts if part)


@dataclass(frozen=True)
class Composition:
    """A flat model and what its names mean.

    Attributes:
        antimony: the model's text, valid Antimony without numbers for its parameters.
        copies: the copies it is made of, in order.
        parameters: SBML identifier -> row of the parameter table.
        symbols: SBML identifier of an own symbol -> (copy, symbol in the mechanism's file).
    sums: generated sums, name -> symbols added.
    absent_units: ports that nothing fills here -> dimensions of the number that stands there.
    held: symbols whose value before treatment switches of pathways need; none without switches.
    """

    antimony: str
    copies: tuple[Copy, ...]
    parameters: Mapping[str, str]
    symbols: Mapping[str, tuple[Copy, str]]
    sums: Mapping[str, tuple[str, ...]]
    absent_units: Mapping[str, Mapping[str, float]]
    held: tuple[str, ...] = ()


@kept
def known_drugs() -> Mapping[str, Drug]:
    """Return the drugs that the model can simulate, by INN name, the user's own among them."""
    listing = tomllib.loads(data_file("drugs.toml").read_text(encoding="utf-8"))
    listing |= {own.name: listing[own.like] for own in own_drugs().values()}
    return {
        name: Drug(
            name,
            tuple(facts["mechanisms"]),
            facts["routes"],
            facts.get("aliases", {}),
            tuple(facts.get("needs", ())),
        )
        for name, facts in listing.items()
    }


@cache
def known_clones() -> Mapping[str, Clone]:
    """Return the cell populations of the model by name."""
    listing = tomllib.loads(data_file("clones.toml").read_text(encoding="utf-8"))
    return {
        name: Clone(
            name,
            facts["title"],
            facts["tissue"],
            tuple(facts["mechanisms"]),
            tuple(facts["drug_mechanisms"]),
            tuple(facts.get("settings", SETTINGS)),
        )
        for name, facts in listing.items()
    }


def find_drugs(names: Sequence[str]) -> tuple[Drug, ...]:
    """Return the drugs of these names, each once, in alphabetical order.

    Raises:
        UnsupportedFeature: a drug is not modelled yet.
    """
    drugs = known_drugs()
    for name in names:
        if name not in drugs:
            raise UnsupportedFeature(f"drug {name}", not_modelled(name))
    return tuple(drugs[name] for name in sorted(set(names)))


def not_modelled(name: str) -> str:
    """Say that a drug is not modelled, and which modelled one is nearest to it by mechanism."""
    from rascade.evidence import load
    from rascade.evidence.names import near_spelling

    evidence, drugs = load(), known_drugs()
    known = evidence.find_drug(name)
    if known is None:
        slip = near_spelling(name, drugs)
        hint = f"; did you mean {slip}?" if slip else "; 'rascade model show' lists what is"
        return f"{name} is not modelled{hint}"
    near = evidence.nearest_by_mechanism(name, drugs)
    if not near:
        return (
            f"{name} is not modelled, nor is any other {known.group}; 'rascade model show' lists "
            "what is"
        )
    targets = {known.target, *(evidence.drug(other).target for other in near)}
    # The same mechanism on another target is worth a word: KRAS G12D is not G12C.
    told = [
        f"{other} ({evidence.drug(other).target})" if len(targets) > 1 else other for other in near
    ]
    own = f" ({known.target})" if len(targets) > 1 else ""
    return f"{name}{own} is not modelled; nearest by mechanism: {', '.join(told)}"


def _find_clones(names: Sequence[str] | None, setting: str) -> tuple[Clone, ...]:
    clones = {name: clone for name, clone in known_clones().items() if setting in clone.settings}
    for name in names or ():
        if name not in clones:
            raise InputError(f"no clone {name!r}; the model has {', '.join(clones)}")
    return tuple(clones[name] for name in (names or clones))


def _copies(
    drugs: Sequence[Drug], clones: Sequence[Clone], setting: str, include: Sequence[str]
) -> list[Copy]:
    """List the copies that these drugs and clones need; what none needs is left out."""
    library = load_mechanisms()
    system = [Copy(library[name]) for name in system_mechanisms()]
    by_drug = [copy for drug in drugs for copy in _drug_copies(drug, clones)]
    by_clone = [copy for clone in clones for copy in _clone_copies(clone, drugs)]
    copies = [system[0], *by_drug, *by_clone, *system[1:]]
    cytotoxics = any("cytotoxic_kill_sum" in copy.mechanism.adds for copy in copies)
    wanted = _wanted(drugs, include)
    return [
        copy
        for copy in copies
        if setting in copy.mechanism.settings
        and (cytotoxics or copy.mechanism.name != "cytotoxic_response")
        and (not copy.mechanism.on_demand or copy.mechanism.name in wanted)
    ]


def _wanted(drugs: Sequence[Drug], include: Sequence[str]) -> set[str]:
    """Return the on-demand mechanisms that these drugs need or a study asks for."""
    library = load_mechanisms()
    wanted: set[str] = set()
    asked = [*include, *(name for drug in drugs for name in drug.needs)]
    while asked:
        name = asked.pop()
        if name not in wanted:
            wanted.add(name)
            asked += library[name].brings
    return wanted


def shared_parts(drugs: Sequence[str], include: Sequence[str] = ()) -> tuple[str, ...]:
    """Return the on-demand parts of the tumour that every arm beside these drugs must have too.

    A contrast of two arms shows the drugs and nothing else if one model is under both. Side effects
    are not among them: they act on nothing in the tumour, and are graded only where a drug of the
    arm causes them.

    Args:
        drugs: INN names, of all arms.
        include: mechanisms that any arm asks for.

    Raises:
        UnsupportedFeature: a drug is not modelled yet.
    """
    library = load_mechanisms()
    wanted = _wanted(find_drugs(drugs), include)
    return tuple(sorted(name for name in wanted if not library[name].side_effect))


def _drug_copies(drug: Drug, clones: Sequence[Clone]) -> list[Copy]:
    library = load_mechanisms()
    normal = any(clone.tissue == "normal_tissue" for clone in clones)
    names = [name for name in (*drug.mechanisms, MEDIUM) if library[name].per == "drug"]
    return [
        Copy(library[name], drug, None, drug.aliases.get(name, {}))
        for name in names
        if normal or name != "normal_tissue_exposure"
    ]


def _clone_copies(clone: Clone, drugs: Sequence[Drug]) -> list[Copy]:
    library = load_mechanisms()
    copies = [Copy(library[name], None, clone.name) for name in clone.mechanisms]
    for drug in drugs:
        for name in drug.mechanisms:
            if name in clone.drug_mechanisms:
                copies.append(Copy(library[name], drug, clone.name, {"drug_tissue": clone.tissue}))
    return copies


def _candidates(symbol: str, copy: Copy) -> list[str]:
    drug, clone = copy.drug.identifier if copy.drug else None, copy.clone
    names = []
    if drug and clone:
        names.append(f"{symbol}_{drug}_{clone}")
    if drug:
        names.append(f"{symbol}_{drug}")
    if clone:
        names.append(f"{symbol}_{clone}")
    return [*names, symbol]


def _row_candidates(symbol: str, copy: Copy, setting: str) -> list[tuple[str, str]]:
    """Return (table row, SBML identifier) from the most specific to the most general."""
    drug, clone = copy.drug, copy.clone
    pairs = []
    if drug:
        for place in places(setting):
            pairs.append((f"{drug.name}.{symbol}[{place}]", f"{symbol}_{drug.identifier}"))
    if drug and clone:
        pairs.append((f"{drug.name}.{symbol}[{clone}]", f"{symbol}_{drug.identifier}_{clone}"))
    if drug:
        pairs.append((f"{drug.name}.{symbol}", f"{symbol}_{drug.identifier}"))
    if clone:
        pairs.append((f"{symbol}[{clone}]", f"{symbol}_{clone}"))
    pairs += [(f"{symbol}[{place}]", symbol) for place in places(setting)]
    return [*pairs, (symbol, symbol)]


def places(setting: str) -> tuple[str, ...]:
    """Return the settings whose rows count, nearest first: what holds in any mouse holds in one."""
    return (setting, "xenograft") if setting == "mouse" else (setting,)


class _Builder:
    """Resolve names and write the flat text."""

    def __init__(
        self, copies: Sequence[Copy], table: ParameterTable, setting: str, switches: bool = False
    ) -> None:
        self.copies = copies
        self.switches = Switches() if switches else None
        self.setting = setting
        self.table = table
        self.symbols = {
            f"{own}{copy.suffix}": (copy, own)
            for copy in copies
            for own in sorted(copy.mechanism.own)
        }
        self.sums: dict[str, list[str]] = {}
        for copy in copies:
            for total, own in copy.mechanism.adds.items():
                # What drugs do in a clone adds up within that clone, all else over the system.
                where = f"_{copy.clone}" if copy.mechanism.per == "drug and clone" else ""
                self.sums.setdefault(f"{total}{where}", []).append(f"{own}{copy.suffix}")
        self.passes = {
            (copy.clone, symbol): f"{own}{copy.suffix}"
            for copy in copies
            for symbol, own in copy.mechanism.passes.items()
        }
        self.places = load_mechanisms()[PLACES].own
        self.parameters: dict[str, str] = {}
        self.absent: dict[str, tuple[float, dict[str, float]]] = {}

    def resolve(self, symbol: str, copy: Copy) -> str:
        """Return the flat name of a symbol that a copy uses."""
        if symbol in copy.mechanism.own:
            return symbol + copy.suffix
        if symbol in self.places:
            return symbol
        wanted = copy.aliases.get(symbol, symbol)
        for name in _candidates(wanted, copy):
            if name in self.symbols or name in self.sums:
                return name
        for row, name in _row_candidates(wanted, copy, self.setting):
            if row in self.table:
                self.parameters[name] = row
                return name
        if symbol in copy.mechanism.ports:
            return self._absent(symbol, copy)
        whom = f" for {copy.suffix[1:]}" if copy.suffix else ""
        raise ModelFileError(
            f"{copy.mechanism.name}.ant reads {symbol!r}{whom}, "
            "which no mechanism defines and which has no row in the parameter table"
        )

    def _absent(self, symbol: str, copy: Copy) -> str:
        if symbol in open_ports():
            self.absent[symbol] = open_ports()[symbol]
        elif symbol.endswith("_sum"):
            self.absent[symbol] = (0.0, {})
        else:
            raise ModelFileError(f"{copy.mechanism.name}.ant: nothing fills the port {symbol!r}")
        return symbol

    def text(self) -> str:
        """Return the flat Antimony text."""
        lines = ["model rascade()"]
        for copy in self.copies:
            lines.append(f"  // {copy.mechanism.title}{copy.suffix and f' ({copy.suffix[1:]})'}")
            for statement in copy.mechanism.statements:
                names = {s: self.resolve(s, copy) for s in symbols_in(statement)}
                self._pass(statement, names, copy)
                self._switch(statement, names, copy)
                lines.append(f"  {rename_symbols(statement, names)};")
        lines.append("  // Sums over copies")
        lines += [f"  {total} := {' + '.join(parts)};" for total, parts in self.sums.items()]
        if self.absent:
            lines.append("  // Not part of this model")
            lines += [f"  {name} = {value:g};" for name, (value, _) in sorted(self.absent.items())]
        if self.switches:
            lines += ["  // Switches of pathways", *self.switches.lines()]
        return "\n".join([*lines, "end", ""])

    def _pass(self, statement: str, names: dict[str, str], copy: Copy) -> None:
        """Let a statement read a symbol through the mechanism that stands between, where one does.

        How the symbol itself comes about, in the mechanism that owns it, is left as it is.
        """
        if copy.mechanism.passes:
            return
        for symbol in names.keys() - defined_in(statement):
            through = self.passes.get((copy.clone, symbol))
            if through and (":=" in statement or symbol not in copy.mechanism.own):
                names[symbol] = through

    def _switch(self, statement: str, names: dict[str, str], copy: Copy) -> None:
        """Let a statement read through the switches of its pathways, where there are any."""
        if self.switches is None:
            return
        for reading in pathway_rows():
            symbol = reading.symbol
            if (
                reading.mechanism == copy.mechanism.name
                and symbol in names
                and symbol not in defined_in(statement)
                and (not reading.clones or copy.clone in reading.clones)
                and (names[symbol] in self.symbols or names[symbol] in self.sums)
            ):
                names[symbol] = self.switches.through(reading, names[symbol])


def compose(
    drugs: Sequence[str],
    table: ParameterTable,
    clones: Sequence[str] | None = None,
    setting: str = "patient",
    include: Sequence[str] = (),
    switches: bool = False,
) -> Composition:
    """Put together the model for these drugs.

    Args:
        drugs: INN names; empty for the untreated disease.
        table: the parameter table that says which numbers are clone- or drug-specific.
        clones: cell populations; all that the setting has if not given.
        setting: ``patient``, ``mouse`` (with an immune system), ``xenograft`` (a nude mouse) or
            ``culture`` (a dish).
        include: mechanisms wanted although no drug needs them, such as ``autophagy``.
        switches: whether the model gets a switch for every pathway, see `rascade.model.pathways`.

    Raises:
        InputError: no such clone or setting.
        UnsupportedFeature: a drug is not modelled yet.
        ModelFileError: a mechanism reads something that nothing defines.
    """
    if setting not in SETTINGS:
        raise InputError(f"no setting {setting!r}; the model has {', '.join(SETTINGS)}")
    for name in include:
        if name not in load_mechanisms():
            raise InputError(f"no mechanism {name!r}; the model has {', '.join(load_mechanisms())}")
    copies = _copies(find_drugs(drugs), _find_clones(clones, setting), setting, include)
    builder = _Builder(copies, table, setting, switches)
    text = builder.text()
    return Composition(
        text,
        tuple(copies),
        dict(sorted(builder.parameters.items())),
        builder.symbols,
        {total: tuple(parts) for total, parts in builder.sums.items()},
        {name: unit for name, (_, unit) in sorted(builder.absent.items())},
        tuple(builder.switches.held) if builder.switches else (),
    )
