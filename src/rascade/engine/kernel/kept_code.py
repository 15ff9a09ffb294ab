"""The assembly of a model, written once on a machine and kept beside its object code.

Writing takes longer than everything else between a model and its first step once the object code
is there, so a second run reads what the first has written.
"""

from __future__ import annotations

import hashlib
import json
import zlib
from dataclasses import asdict
from typing import Any

from rascade.engine.kernel import cache
from rascade.engine.kernel.codegen.emit import ModelCode, write_model
from rascade.engine.kernel.codegen.layout import Layout
from rascade.engine.kernel.codegen.ordering import Factorization
from rascade.engine.symbolic.system import System

__all__ = ["model_code"]


def model_code(system: System, lanes: int, *, fused: bool) -> ModelCode:
    """Return what `write_model` writes, from the cache where it is there.

    Args:
        system: the equations.
        lanes: lanes in a group.
        fused: whether the processor has a fused multiply-add.
    """
    key = cache.cache_key("assembly", _fingerprint(system), lanes, fused)
    kept = cache.read(key)
    if kept is not None:
        return _unpacked(kept)
    code = write_model(system, lanes, fused=fused)
    cache.write(key, _packed(code))
    return code


def _fingerprint(system: System) -> str:
    """Digest of all that the assembly depends on.

    Nodes go in with their numbers, as `ModelCode.known` has them and as sums are ordered by them:
    `System.structure_hash` leaves the numbers out, so that it would not do here.
    """
    graph = system.graph
    conditions = system.conditions  # adds nodes to the graph where this is the first look
    triggers = [event.trigger for event in system.events]
    sizes = len(system.states), len(system.parameters)
    equations = sizes, system.rates, system.jacobian, system.time_derivative, triggers, conditions
    digest = hashlib.sha256(repr(equations).encode())
    entries = [node for _, _, node in system.jacobian]
    roots = [*system.rates, *entries, *system.time_derivative, *triggers, *conditions]
    for node in graph.reachable(roots):
        text = f"{node} {graph.ops[node].value} {graph.args[node]} {graph.values[node].hex()};"
        digest.update(text.encode())
    return digest.hexdigest()


def _packed(code: ModelCode) -> bytes:
    fields = asdict(code) | {"known": list(code.known.items())}
    return zlib.compress(json.dumps(fields).encode(), 1)


def _unpacked(content: bytes) -> ModelCode:
    fields: dict[str, Any] = json.loads(zlib.decompress(content))
    order = fields["factorization"]
    return ModelCode(
        text=fields["text"],
        layout=Layout(**fields["layout"]),
        factorization=Factorization(
            tuple(order["order"]),
            tuple(order["position"]),
            tuple(tuple(row) for row in order["lower"]),
            tuple(tuple(row) for row in order["upper"]),
        ),
        jacobian=(fields["jacobian"][0], fields["jacobian"][1]),
        sloped=fields["sloped"],
        known=dict(fields["known"]),
        entries=tuple((i, j, slot, value) for i, j, slot, value in fields["entries"]),
        watched=tuple(fields["watched"]),
    )
