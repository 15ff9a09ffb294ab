"""RECIST 1.1 and iRECIST for one patient in plain Python, from the papers, to check against.

Nothing of the program is used. A visit is a dictionary: ``sizes`` (None where not assessed),
``other`` ("none", "CR", "NN", "PD", "NE"), ``nodes_only``, ``new`` (sizes of new lesions that are
there), ``worse`` (non-targets worse than at the iUPD).
"""

from __future__ import annotations

from typing import Any

Visit = dict[str, Any]


def target_code(sizes: list, node: list, baseline: float, nadir: float) -> str:
    known = [(s, n) for s, n in zip(sizes, node, strict=True) if s is not None]
    total, whole = sum(s for s, _ in known), len(known) == len(sizes)
    if whole and all(s < 10 if n else s == 0 for s, n in known):
        return "CR"
    if known and total >= nadir * 1.2 - 1e-9 and total >= nadir + 5 - 1e-9:
        return "PD"
    if not whole:
        return "NE"
    return "PR" if total <= 0.7 * baseline + 1e-9 else "SD"


def recist(baseline: list, node: list, visits: list[Visit]) -> list[tuple[str, str, bool]]:
    """Overall response, that of the targets, and whether something came back, at each visit."""
    total = nadir = sum(baseline)
    ever_new = complete = False
    found = []
    for visit in visits:
        sizes, other = visit["sizes"], visit["other"]
        ever_new = ever_new or bool(visit["new"])
        target = target_code(sizes, node, total, nadir)
        back = any(s for s, n in zip(sizes, node, strict=True) if s is not None and not n)
        back = complete and (back or (other == "NN" and not visit["nodes_only"]))
        if target == "PD" or other == "PD" or ever_new or back:
            overall = "PD"
        elif target == "CR":
            overall = "CR" if other in ("none", "CR") else "PR"
        else:
            overall = target
        found.append((overall, target, back))
        complete = complete or overall == "CR"
        if None not in sizes:
            nadir = min(nadir, sum(sizes))
    return found


def irecist(read: list[tuple[str, str, bool]], visits: list[Visit]) -> list[str]:
    """Response by iRECIST at each visit, from what `recist` read."""
    codes: list[str] = []
    iupd: dict[str, Any] | None = None  # what the pending iUPD saw
    seen = {"count": 0, "least": 0.0}  # new lesions that are accounted for, without one
    for (_, target, back), visit in zip(read, visits, strict=True):
        if "iCPD" in codes:
            codes.append("iCPD")
            continue
        sizes = [s for s in visit["sizes"] if s is not None]
        new, other = visit["new"], visit["other"]
        if not sizes and not new and other in ("none", "NE"):
            codes.append("NE")
            continue
        total = sum(sizes) if sizes else None
        now = {"target": target == "PD" or back, "other": other == "PD"}
        if iupd is None:
            more = len(new) > seen["count"] or bool(
                new and sum(new) >= seen["least"] + 5 and sum(new) >= 1.2 * seen["least"]
            )
        else:
            more = len(new) > iupd["count"] or bool(new and sum(new) >= iupd["new"] + 5)
        if iupd is not None:
            grown = total is not None and iupd["total"] is not None and total >= iupd["total"] + 5
            confirmed = (
                (iupd["target"] and grown)
                or (iupd["other"] and visit["worse"])
                or more
                or (now["target"] and not iupd["target"])
                or (now["other"] and not iupd["other"])
            )
            still = bool(new) and len(new) >= iupd["count"] and sum(new) >= iupd["new"]
            holds = (
                (iupd["target"] and now["target"])
                or (iupd["other"] and now["other"])
                or (iupd["more"] and still)
            )
            if confirmed or holds:
                codes.append("iCPD" if confirmed else "iUPD")
                continue
        elif now["target"] or now["other"] or more:
            iupd = {**now, "more": more, "total": total, "count": len(new), "new": sum(new)}
            codes.append("iUPD")
            continue
        if target == "NE":  # not enough was read to overturn or to say anything
            codes.append("NE")
            continue
        known = seen if iupd is None else {"count": iupd["count"], "least": iupd["new"]}
        least = sum(new) if len(new) > known["count"] else min(known["least"], sum(new))
        seen, iupd = {"count": len(new), "least": least}, None
        clear = other in ("none", "CR") and not new
        codes.append({"CR": "iCR" if clear else "iPR", "PR": "iPR", "SD": "iSD"}[target])
    return codes
