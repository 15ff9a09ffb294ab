"""The moments at which a step must end because something that follows time happens there.

A step sees the rates at eight moments. What happens between them (a pulse, a bump) is lost
unless a step ends near it. So, before a patient is advanced, the expressions of the model that
depend on time alone (inputs.py) are searched for the moments at which they jump, bend, turn or are
steepest. Between two such moments they go one way, so that a step that leaps over a change ends
on other values than it began with, and the error control sees it.

The search halves spans of time until interval arithmetic (intervals.py) proves that nothing
happens in a span, or that the expression goes one way in it, which leaves the root to be found by
bisection. No sampling is involved: a pulse of a millisecond in a year is found. What ends the
search is in `_Search`.

In one module since the search and its proofs share the spans that they halve.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from rascade.engine.population.backend import Breaks, Status
from rascade.engine.symbolic.expression import FUNCTIONS, Op
from rascade.engine.symbolic.inputs import Feature, Kind
from rascade.engine.symbolic.intervals import enclose

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    from rascade.engine.population.backend import Batch, DoseTable
    from rascade.engine.symbolic.system import System

    Array = NDArray[np.float64]
    Whole = NDArray[np.int64]

__all__ = ["BreakFinder"]

MOST = 4096
"""The most spans and the most moments of one expression and patient that one search may hold."""
HALVINGS = 10
"""How often the span of a search is halved when there are more."""
_TOGETHER = 64  # patients searched at one time, which bounds the memory
_FLAT_HERE, _FLAT_ALL = 1e-5, 1e-10  # a change that small, of what is there or is anywhere, is none
_DOUBTED = 1e-3  # what is possible is mostly far above what is
_SAME = 1e-9  # values on both sides of a moment that are that near are the same
_ULPS = 8.0
_SPAN = 1e-18  # of the span: two moments nearer than this are one
_WIDENINGS = 40


class BreakFinder:
    """The moments of one system, for any patients.

    Args:
        system: the system.
        doses: all doses: a state that gets any does not stay as it is.
    """

    def __init__(self, system: System, doses: DoseTable) -> None:
        still = system.still
        dosed = frozenset(k for k in still if (doses.state[doses.amount > 0] == k).any())
        self.system = system
        self.inputs = system.timed(dosed)

    def find(self, batch: Batch, to: float) -> Breaks:
        """Return the moments of all running patients, from where they are up to a time."""
        none = Breaks.none(batch.n)
        return self._find(none, batch, np.flatnonzero(batch.status == Status.RUNNING), to)

    def renew(self, breaks: Breaks, batch: Batch, who: Whole, to: float) -> Breaks:
        """Return the moments after some patients have met an event or the end of what is known.

        Args:
            breaks: the moments so far.
            batch: the patients as they are now.
            who: (k,) those who have.
            to: the end of the call.
        """
        if not self.inputs.states:  # events change nothing that matters here
            who = breaks.waiting(batch.t, who)
        return self._find(breaks, batch, who, to)

    def _find(self, table: Breaks, batch: Batch, who: Whole, to: float) -> Breaks:
        if not self.inputs.features or not self.system.states or not len(who):
            return table
        graph = self.system.graph
        columns = [
            (batch.p if graph.ops[n] is Op.PARAMETER else batch.y)[who, graph.index(n)]
            for n in self.inputs.leaves
        ]
        keys = np.column_stack((batch.t[who], *columns))
        # Patients who agree in everything that matters share one search.
        unique, which = np.unique(keys, axis=0, return_inverse=True)
        which = which.reshape(-1)
        parts = [
            _search(self, unique[k : k + _TOGETHER, 1:], unique[k : k + _TOGETHER, 0], to)
            for k in range(0, len(unique), _TOGETHER)
        ]
        found = [rows for part in parts for rows in part]
        return table.with_rows(who, which, found)


def _search(finder: BreakFinder, values: Array, start: Array, to: float) -> list[Array]:
    """Return (m, 4) an entry of `values`: time, before, after, kind; sorted by time.

    Where there are too many for one search, only an early part of the span is searched, and a row
    of the kind ``Breaks.MORE`` ends the list.
    """
    todo = np.arange(len(start))
    end = np.full(len(start), to)
    out: list[Array] = [np.empty((0, 4))] * len(start)
    for attempt in range(HALVINGS + 2):
        last = attempt > HALVINGS
        if last:  # what is that dense cannot be followed: the other expressions still are
            end[todo] = to
        search = _Search(finder, values[todo], start[todo], end[todo], give_up=last)
        full = search.run()
        rows = search.split()
        for place in np.flatnonzero(~full).tolist():
            i = int(todo[place])
            out[i] = rows[place]
            if end[i] < to:  # what happens at that very moment is found again from there
                early = rows[place][:, 0] < end[i]
                side = rows[place][~early, 1].min(initial=end[i])
                out[i] = np.vstack((rows[place][early], [end[i], side, end[i], Breaks.MORE]))
        todo = todo[full]
        if not len(todo):
            break
        end[todo] = start[todo] + 0.5 * (end[todo] - start[todo])
    return out


class _Search:
    """One search: some patients, each with a span of time.

    A span is searched no further when the expression provably has no root there, when it provably
    goes one way (then there is one root at most), when it is flat (its change is below 1e-5 of
    its own size there or 1e-10 of its largest; for turns only), or when it is a few units in the
    last place long.

    Args:
        finder: what to look for.
        values: (n, k) values of the leaves.
        start: (n,) where each span begins.
        end: (n,) where it ends.
        give_up: leave out an expression with too many moments instead of reporting the patient.
    """

    def __init__(
        self, finder: BreakFinder, values: Array, start: Array, end: Array, *, give_up: bool
    ) -> None:
        self.graph = finder.system.graph
        self.inputs = finder.inputs
        self.columns = {
            node: np.ascontiguousarray(values[:, k]) for k, node in enumerate(finder.inputs.leaves)
        }
        self.give_up = give_up
        self.n = len(start)
        # A moment a rounding away from an end belongs to it.
        self.start, self.end = start, end
        self.tiny = np.maximum(_SPAN * (end - start), 1e-290)
        self.full = np.zeros(self.n, dtype=np.bool_)
        # Patient, time, before, after, whether rates may jump.
        self.rows: tuple[Any, ...] = (
            np.empty(0, dtype=np.int64),
            *(np.empty(0) for _ in range(3)),
            np.empty(0, dtype=np.bool_),
        )

    def run(self) -> NDArray[np.bool_]:
        """Search for every feature; return which patients have too many moments."""
        with np.errstate(all="ignore"):
            for feature in self.inputs.features:
                turn = feature.kind is Kind.TURN
                who, a, b = self._spans(inner=feature.inner, margin=not turn)
                if turn:
                    found = self._turns(feature, who, a, b)
                    self._add(*found, found[1], found[1], jumps=False)
                else:
                    found = self._roots(feature, who, a, b)
                    self._add(*found, *self._sides(feature, *found), jumps=feature.jumps)
        return self.full

    def split(self) -> list[Array]:
        """Return the rows of each patient."""
        who, time, before, after, jumps = self.rows
        table = np.column_stack((time, before, after, np.where(jumps, Breaks.JUMP, Breaks.LAND)))
        inside = (time >= self.start[who]) & (time <= self.end[who])
        inside[inside] = self._matters(who[inside], *table[inside, :3].T)
        table, who = table[inside], who[inside]
        return np.split(table, np.searchsorted(who, np.arange(1, self.n)))

    def _matters(self, who: Whole, time: Array, before: Array, after: Array) -> NDArray[np.bool_]:
        """Whether anything that the rest of the system sees changes; what turns always matters."""
        changed: NDArray[np.bool_] = before == after
        rest = np.flatnonzero(~changed)
        who, moments = who[rest], [t[rest].copy() for t in (before, time, after)]
        leaves = {node: column[who] for node, column in self.columns.items()}
        order = self.graph.reachable(self.inputs.largest)
        with np.errstate(all="ignore"):
            found = [self._values(order, leaves, t) for t in moments]
        for node in self.inputs.largest:
            old, now, new = (np.broadcast_to(values[node], who.shape) for values in found)
            same = np.ones(who.shape, dtype=np.bool_)
            for other in (new, now):  # a step that lands there must not see what holds there alone
                same &= np.abs(other - old) <= _SAME * np.maximum(np.abs(other), np.abs(old))
            changed[rest] |= ~same
        return changed

    # -- spans ------------------------------------------------------------------------------

    def _spans(self, *, inner: bool, margin: bool) -> tuple[Whole, Array, Array]:
        """Return patient, begin and end of the spans in which nothing found so far happens."""
        everyone = np.flatnonzero(~self.full)
        ulps = _ULPS * np.spacing(np.maximum(np.abs(self.start), np.abs(self.end)))
        ulps = np.maximum(ulps, self.tiny) if margin else np.zeros(self.n)
        first, last = self.start - ulps, self.end + ulps
        if not inner:
            return everyone, first[everyone], last[everyone]
        who, _, before, after, _ = self.rows
        keep = ~self.full[who]
        who, before, after = who[keep], before[keep], after[keep]
        group = np.concatenate((everyone, who))
        begin = np.concatenate((first[everyone], after))
        order = np.lexsort((begin, group))
        group, begin = group[order], begin[order]
        ends = np.concatenate((before, last[everyone]))
        ends_of = np.concatenate((who, everyone))
        ends = ends[np.lexsort((ends, ends_of))]
        inside = begin < ends
        return group[inside], begin[inside], ends[inside]

    def _too_many(self, who: Whole) -> NDArray[np.bool_]:
        """Note the patients with too many spans; return which spans are of others."""
        counts = np.bincount(who, minlength=self.n)
        dropped = counts > MOST
        if not self.give_up:
            self.full |= dropped
        return ~dropped[who]

    # -- values -----------------------------------------------------------------------------

    def _leaves(self, who: Whole) -> Mapping[int, Array]:
        return {node: column[who] for node, column in self.columns.items()}

    def _points(self, node: int, who: Whole, t: Array) -> Array:
        """The values of a node at moments."""
        found = self._values(self.graph.reachable([node]), self._leaves(who), t)
        return np.broadcast_to(found[node], t.shape)

    def _values(
        self, order: Sequence[int], leaves: Mapping[int, Array], t: Array
    ) -> dict[int, Array]:
        graph = self.graph
        found: dict[int, Array] = {}
        for n in order:
            op = graph.ops[n]
            value: Any
            if op is Op.CONSTANT:
                value = graph.values[n]
            elif op is Op.TIME:
                value = t
            elif op in (Op.PARAMETER, Op.STATE):
                value = leaves[n]
            else:
                value = FUNCTIONS[op](*(found[a] for a in graph.args[n]))
            found[n] = np.asarray(value, dtype=np.float64)
        return found

    def _bounds(
        self, nodes: Sequence[int], who: Whole, a: Array, b: Array
    ) -> list[tuple[Array, Array]]:
        found = enclose(self.graph, self.graph.reachable(nodes), a, b, self._leaves(who))
        return [found[node] for node in nodes]

    # -- roots ------------------------------------------------------------------------------

    def _roots(self, feature: Feature, who: Whole, a: Array, b: Array) -> tuple[Whole, Array]:
        """Return patient and time of every moment at which the expression changes its cell."""
        cell = _CELLS[feature.kind]
        whos, lows, highs = [who[:0]], [a[:0]], [a[:0]]
        while len(who):
            (low, high), (down, up) = self._bounds([feature.node, feature.slope], who, a, b)
            same = (cell(low) == cell(high)) | np.isnan(low)
            one_way = (down > 0) | (up < 0) | ((down == 0) & (up == 0))
            short = b - a <= self._least(who, a, b)
            done = ~same & (one_way | short)
            whos.append(who[done])
            lows.append(a[done])
            highs.append(b[done])
            who, a, b = self._halves(who, a, b, ~same & ~done)
        spans = np.concatenate(whos), np.concatenate(lows), np.concatenate(highs)
        return self._bisect(feature, *self._brackets(feature, *spans))

    def _least(self, who: Whole, a: Array, b: Array) -> Array:
        ulps = _ULPS * np.spacing(np.maximum(np.abs(a), np.abs(b)))
        return np.maximum(ulps, self.tiny[who])

    def _halves(
        self, who: Whole, a: Array, b: Array, keep: NDArray[np.bool_]
    ) -> tuple[Whole, Array, Array]:
        who, a, b = who[keep], a[keep], b[keep]
        few = self._too_many(who)
        who, a, b = who[few], a[few], b[few]
        middle = a + 0.5 * (b - a)
        return np.tile(who, 2), np.concatenate((a, middle)), np.concatenate((middle, b))

    def _brackets(
        self, feature: Feature, who: Whole, a: Array, b: Array
    ) -> tuple[Whole, Array, Array, Array]:
        """Spans with a root each, and the number that is passed there."""
        at_a, at_b = (self._points(feature.node, who, t) for t in (a, b))
        if feature.kind is Kind.SIGN:
            differ = (np.sign(at_a) != np.sign(at_b)) & ~np.isnan(at_a) & ~np.isnan(at_b)
            return who[differ], a[differ], b[differ], np.zeros(int(differ.sum()))
        at_a, at_b = np.floor(at_a), np.floor(at_b)
        count = np.abs(at_b - at_a)
        count = np.where(np.isfinite(count), count, 0)
        total = np.bincount(who, weights=count, minlength=self.n)
        dropped = total > MOST
        if not self.give_up:
            self.full |= dropped
        repeats = np.where(dropped[who], 0, count).astype(np.int64)
        row = np.repeat(np.arange(len(who)), repeats)
        nth = np.arange(len(row)) - np.repeat(np.cumsum(repeats) - repeats, repeats)
        level = np.minimum(at_a, at_b)[row] + 1.0 + nth
        return who[row], a[row], b[row], level

    def _bisect(
        self, feature: Feature, who: Whole, a: Array, b: Array, level: Array
    ) -> tuple[Whole, Array]:
        """Close in on the two neighbouring numbers between which the change lies."""
        if not len(who):
            return who, a
        at_a, at_b = (self._points(feature.node, who, t) for t in (a, b))
        first = self._side(feature, at_a, level)
        # Where the expression is straight, the first guess is the root.
        guess = a + (level - at_a) / (at_b - at_a) * (b - a)
        tiny = self.tiny[who]
        for shift in (-4.0, 4.0):
            near = guess + shift * np.maximum(np.spacing(np.abs(guess)), tiny)
            inside = (near > a) & (near < b)
            near = np.where(inside, near, a)
            old = self._side(feature, self._points(feature.node, who, near), level) == first
            a = np.where(inside & old, near, a)
            b = np.where(inside & ~old, near, b)
        open_ = np.arange(len(a))
        while len(open_):
            low, high = a[open_], b[open_]
            middle = low + 0.5 * (high - low)
            value = self._points(feature.node, who[open_], middle)
            old = self._side(feature, value, level[open_]) == first[open_]
            a[open_], b[open_] = np.where(old, middle, low), np.where(old, high, middle)
            open_ = open_[(middle > low) & (middle < high) & (high - low > tiny[open_])]
        return who, _roundest(a, b, 2.0 * np.spacing(np.abs(b)))

    @staticmethod
    def _side(feature: Feature, value: Array, level: Array) -> Array:
        side: Array = (
            np.sign(value)
            if feature.kind is Kind.SIGN
            else np.asarray(value >= level, dtype=np.float64)
        )
        return side

    def _sides(self, feature: Feature, who: Whole, time: Array) -> tuple[Array, Array]:
        """The last moment before and the first after, at which no rounding leaves a doubt."""
        cell = _CELLS[feature.kind]
        size = np.maximum(4.0 * np.spacing(np.abs(time)), self.tiny[who])
        most = np.maximum(1e-6 * (self.end - self.start)[who], size)
        sides = []
        for sign in (-1.0, 1.0):
            shift = size.copy()
            doubt = np.arange(len(who))
            for _ in range(_WIDENINGS):
                t = time[doubt] + sign * shift[doubt]
                ((low, high),) = self._bounds([feature.node], who[doubt], t, t)
                unsure = (cell(low) != cell(high)) & (shift[doubt] < most[doubt])
                doubt = doubt[unsure]
                if not len(doubt):
                    break
                shift[doubt] *= 4.0
            shift = np.where(shift < most, shift, size)  # where it never becomes sure
            sides.append(time + sign * shift)
        return sides[0], sides[1]

    # -- turns ------------------------------------------------------------------------------

    def _turns(self, feature: Feature, who: Whole, a: Array, b: Array) -> tuple[Whole, Array]:
        """Return patient and time of every moment at which the slope changes its sign."""
        whos, lows, highs = [who[:0]], [a[:0]], [a[:0]]
        largest = np.zeros(self.n)
        while len(who):
            (low, high), (down, up) = self._bounds([feature.node, feature.slope], who, a, b)
            value = np.abs(self._points(feature.node, who, a))
            np.fmax.at(largest, who, np.where(np.isfinite(value), value, 0.0))
            same = (down > 0) | (up < 0) | ((down == 0) & (up == 0)) | np.isnan(down)
            change = np.maximum(np.abs(down), np.abs(up)) * (b - a)
            here = np.maximum(np.abs(low), np.abs(high))
            most = np.zeros(self.n)
            np.fmax.at(most, who, np.where(np.isfinite(here), here, 0.0))
            flat = change <= np.maximum(_FLAT_HERE * here, _FLAT_ALL * largest[who])
            flat &= np.isfinite(here)
            flat |= b - a <= self._least(who, a, b)
            flat |= high - low <= _FLAT_ALL * np.maximum(largest, _DOUBTED * most)[who]
            done = ~same & flat
            whos.append(who[done])
            lows.append(a[done])
            highs.append(b[done])
            who, a, b = self._halves(who, a, b, ~same & ~done)
        spans = np.concatenate(whos), np.concatenate(lows), np.concatenate(highs)
        return self._crossings(feature, *spans)

    def _crossings(self, feature: Feature, who: Whole, a: Array, b: Array) -> tuple[Whole, Array]:
        """Of flat spans, joined where they touch, where the slope changes its sign over one."""
        order = np.lexsort((a, who))
        who, a, b = who[order], a[order], b[order]
        if not len(who):
            return who, a
        new = np.r_[True, (who[1:] != who[:-1]) | (a[1:] > b[:-1])]
        first = np.flatnonzero(new)
        who, a, b = who[first], a[first], np.maximum.reduceat(b, first)
        at_a, at_b = (self._points(feature.slope, who, t) for t in (a, b))
        turns = np.sign(at_a) * np.sign(at_b) < 0
        moments = a + at_a / (at_a - at_b) * (b - a)
        return who[turns], moments[turns]

    # -- rows -------------------------------------------------------------------------------

    def _add(self, who: Whole, time: Array, before: Array, after: Array, *, jumps: bool) -> None:
        """Put in further moments; those whose sides overlap become one."""
        if not len(who):
            return
        near = 2.0 * np.maximum(_ULPS * np.spacing(np.abs(time)), self.tiny[who])
        for limit in (self.start[who], self.end[who]):
            time = np.where(np.abs(time - limit) <= near, limit, time)
        new = (who, time, before, after, np.full(len(who), jumps))
        joined = [np.concatenate(pair) for pair in zip(self.rows, new, strict=True)]
        order = np.lexsort((joined[1], joined[0]))
        who, time, before, after, hard = (x[order] for x in joined)
        apart = (who[1:] != who[:-1]) | (before[1:] > after[:-1])
        first = np.flatnonzero(np.r_[True, apart])
        self.rows = (
            who[first],
            time[first],
            np.minimum.reduceat(before, first),
            np.maximum.reduceat(after, first),
            np.logical_or.reduceat(hard, first),
        )
        counts = np.bincount(self.rows[0], minlength=self.n)
        if not self.give_up:
            self.full |= counts > 4 * MOST


def _roundest(a: Array, b: Array, slack: Array) -> Array:
    """The moment of a change between two neighbours: the shortest decimal there, else the later.

    What people write as 24 or 0.3 becomes just that, whichever way the roots were rounded.
    """
    short = np.array([float(f"{x:.15g}") for x in b.tolist()])
    near = (short >= a - slack) & (short <= b + slack)
    return np.where(near, short, b)


_CELLS = {Kind.SIGN: np.sign, Kind.WHOLE: np.floor}
