"""What a search found, in words: the best schedule, and what each choice is worth."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from rascade.analyses.paired import Effect
from rascade.analyses.schedules.search import Evaluated
from rascade.analyses.schedules.space import Choice, Space

__all__ = ["rule", "verdict", "worth"]


def worth(found: Sequence[Evaluated], choices: Mapping[str, Choice]) -> list[dict[str, Any]]:
    """Return what each choice is worth: mean gain of the schedules that make it.

    Args:
        found: of one rung.
        choices: orders -> choice.

    Returns:
        Rows with ``dimension``, ``choice``, ``schedules`` (how many) and ``mean`` gain, those of
        a dimension together, best first.
    """
    groups: dict[str, dict[str, list[float]]] = {}
    for one in found:
        for name, value in choices[one.orders].items():
            groups.setdefault(name, {}).setdefault(value, []).append(one.value)
    return [
        {
            "dimension": name,
            "choice": value,
            "schedules": len(gains),
            "mean": sum(gains) / len(gains),
        }
        for name, values in groups.items()
        for value, gains in sorted(values.items(), key=lambda item: -sum(item[1]) / len(item[1]))
    ]


def rule(space: Space, choice: Choice) -> str:
    """Return a schedule as a sentence for people: what is given, and what begins when."""
    given = space.given(choice)
    starts = {drug.name: _week(space, choice, drug.name) for drug in given}
    first = min(starts.values(), default=0.0)
    early = [name for name, week in starts.items() if week == first]
    late = sorted((name for name in starts if name not in early), key=lambda name: starts[name])
    parts = [f"start {_listed(early)}" + (" together" if len(early) > 1 and not late else "")]
    parts += [f"{name} {_weeks(starts[name] - first)} later" for name in late]
    left = [drug.name for drug in space.drugs if drug not in given]
    text = ", ".join(parts) + (f"; leave out {_listed(left)}" if left else "")
    return f"{text[0].upper()}{text[1:]}: {space.orders(choice)}"


def _week(space: Space, choice: Choice, name: str) -> float:
    drug = next(one for one in space.drugs if one.name == name)
    text = choice.get(f"{name}: start week")
    return drug.start_weeks[0] if text is None else float(text)


def _weeks(number: float) -> str:
    return f"{number:g} week{'' if number == 1 else 's'}"


def _listed(names: Sequence[str]) -> str:
    return " and ".join(names)


def verdict(best: Evaluated, rival: Evaluated | None, gap: Effect | None, excess: float) -> str:
    """Return whether the best beats the published schedules by more than its own noise.

    Args:
        best: the winner, on fresh patients.
        rival: the best published schedule on the same patients; None where none was given.
        gap: what the winner adds to it, patient by patient.
        excess: by how many points the winner breaks the limits.
    """
    told = "" if excess <= 0 else f" It breaks the limits by {excess:.0f} points, as all do."
    if rival is None or gap is None:
        return f"No published schedule was given to compare with.{told}"
    if best.orders == rival.orders:
        return f"The best schedule that was found is a published one.{told}"
    size = f"{gap.value:.2g} months ({gap.low90:.2g} to {gap.high90:.2g})"
    if gap.low90 > 0:
        return f"The best schedule beats every published one, by {size}.{told}"
    if gap.value <= 0:
        return f"Nothing that was found beats the best published schedule, {rival.orders}.{told}"
    return (
        f"The best schedule is ahead of the best published one by {size}, within its noise: it "
        f"cannot be called better.{told}"
    )
