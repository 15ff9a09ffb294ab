"""Numbers within sentences, from the kept results and the model, so that none grows old."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from builder import results

__all__ = ["VALUES"]

_PRIOR_KEYS = ("CL", "V", "Vc", "ka", "Vp", "Q", "Vmax_elimination", "fraction_unbound")


def _named(rows: list[dict[str, Any]], key: str, name: str) -> dict[str, Any]:
    return next(row for row in rows if row[key] == name)


def _contrast(study: str, arm: str) -> dict[str, Any]:
    return _named(results.read_result(study)["contrasts"], "arm", arm)


def _response(study: str, arm: str) -> float:
    return float(_named(results.read_result(study)["arms"], "name", arm)["orr_pct"])


def _ratio_with_limits(row: dict[str, Any], end: str) -> str:
    low, high = row[f"{end}_hr_ci"]
    return f"{row[f'{end}_hr']:.2f}, {low:.2f} to {high:.2f}"


def _half_effect() -> str:
    kept = json.loads((results.RESULTS / "facts.json").read_text(encoding="utf-8"))
    checks = _named(kept, "id", "cytotoxics-kill")["checks"]
    effect = next(c["effect"] for c in checks if c["what"].startswith("gemcitabine"))
    return f"{effect:.0f}"


def _drugs() -> str:
    from rascade.model import known_drugs

    return str(len(known_drugs()))


def _drugs_with_prior_kinetics() -> str:
    from rascade.model import known_drugs, load_table

    table = load_table()
    prior = 0
    for drug in known_drugs():
        rows = [row for key in _PRIOR_KEYS if (row := f"{drug}.{key}") in table]
        prior += all(table[row].confidence == "assumed" for row in rows)
    return str(prior)


def _states() -> str:
    from rascade.model import assemble

    return str(len(assemble(["daraxonrasib"]).system.states))


#: Name between ``<!-- value: name -->`` and ``<!-- end -->`` -> what makes the number.
VALUES: dict[str, Callable[[], str]] = {
    "rasolute-302-os-hr": lambda: f"{_contrast('rasolute-302', 'daraxonrasib')['os_hr']:.2f}",
    "krystal-1-sotorasib-orr": lambda: f"{_response('krystal-1-pdac', 'sotorasib'):.1f}",
    "codebreak-100-sotorasib-orr": lambda: f"{_response('codebreak-100-pdac', 'sotorasib'):.0f}",
    "krystal-1-pfs-hr": lambda: _ratio_with_limits(_contrast("krystal-1-pdac", "adagrasib"), "pfs"),
    "gemcitabine-half-effect": _half_effect,
    "drugs": _drugs,
    "drugs-with-prior-kinetics": _drugs_with_prior_kinetics,
    "states-under-daraxonrasib": _states,
}
