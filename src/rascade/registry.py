"""Places to add things: members of one kind by name, Rascade's own and those of other packages.

A registry of end points, figures, analyses or executors holds what the kind's class asks for; what
that is, the class says in its docstring. A package brings a member through an entry point:

    [project.entry-points."rascade.end_points"]
    ttnt = "my_package.end_points:TTNT"

Packages are looked at when the registry is first read, so a start without them costs nothing.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterable, Iterator
from typing import Generic, Protocol, TypeVar

from rascade.errors import InputError
from rascade.text import did_you_mean

__all__ = ["Named", "Registry"]


class Named(Protocol):
    """What every member of a registry has."""

    @property
    def name(self) -> str:
        """By which it is found: lower case, no blanks."""


Member = TypeVar("Member", bound=Named)


class Registry(Generic[Member]):
    """Members of one kind, in order: Rascade's own first, then those of other packages.

    Attributes:
        kind: what a member is called in messages, such as ``end point``.
        group: of the entry points.
    """

    def __init__(
        self,
        kind: str,
        group: str,
        own: Iterable[Member],
        check: Callable[[Member], None] = lambda member: None,
    ) -> None:
        """Take Rascade's own members.

        Args:
            kind: see above.
            group: see above.
            own: in the order wanted.
            check: called with each member of another package; raises `InputError` where it does
                not do its duties.
        """
        self.kind, self.group = kind, group
        self._own = {member.name: member for member in own}
        self._check = check
        self._others: dict[str, Member] | None = None

    def __iter__(self) -> Iterator[Member]:
        yield from self._members().values()

    def __len__(self) -> int:
        return len(self._members())

    def __contains__(self, name: object) -> bool:
        return name in self._members()

    def __getitem__(self, name: str) -> Member:
        """Return a member by name, in any case of letters.

        Raises:
            InputError: there is none; the message names those there are.
        """
        members = self._members()
        wanted = name.strip().casefold() if isinstance(name, str) else ""
        if wanted in members:
            return members[wanted]
        hint = did_you_mean(wanted, members) or f"; there are {', '.join(members)}"
        raise InputError(f"no {self.kind} is called {name!r}{hint}")

    @property
    def names(self) -> tuple[str, ...]:
        """Names of the members in order."""
        return tuple(self._members())

    @contextlib.contextmanager
    def adding(self, member: Member) -> Iterator[Member]:
        """Have one member more within a ``with`` block, as a script or a test needs it.

        Raises:
            InputError: its name is taken, or it does not do its duties.
        """
        others = self._packages()
        self._admit(member, f"{type(member).__module__}", others)
        try:
            yield member
        finally:
            del others[member.name]

    def _members(self) -> dict[str, Member]:
        return {**self._own, **self._packages()}

    def _packages(self) -> dict[str, Member]:
        if self._others is None:
            from importlib.metadata import entry_points

            found: dict[str, Member] = {}
            for point in sorted(entry_points(group=self.group), key=lambda p: p.name):
                try:
                    member: Member = point.load()
                except Exception as error:
                    raise InputError(
                        f"the {self.kind} {point.name!r} of another package cannot be loaded from "
                        f"{point.value} ({type(error).__name__}: {error}); mend or remove the "
                        "package"
                    ) from error
                self._admit(member, point.value, found)
            self._others = found
        return self._others

    def _admit(self, member: Member, place: str, others: dict[str, Member]) -> None:
        name = getattr(member, "name", None)
        if not isinstance(name, str) or not name.isidentifier() or name != name.casefold():
            raise InputError(
                f"{place}: {self.kind}: a name is one word in lower case, not {name!r}"
            )
        if name in self._own or name in others:
            raise InputError(f"{place}: {self.kind}: the name {name!r} is taken; choose another")
        self._check(member)
        others[name] = member
