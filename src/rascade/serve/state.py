"""What all routes share: settings, the queue and who runs it, the warm engine, own drugs."""

from __future__ import annotations

from dataclasses import dataclass

from rascade.serve.jobs import Jobs
from rascade.serve.live import Live
from rascade.serve.own import OwnDrugs
from rascade.serve.settings import ServeSettings
from rascade.serve.supervisor import Supervisor

__all__ = ["State"]


@dataclass(frozen=True)
class State:
    """What all routes share."""

    settings: ServeSettings
    jobs: Jobs
    supervisor: Supervisor
    live: Live
    drugs: OwnDrugs

    @classmethod
    def of(cls, settings: ServeSettings) -> State:
        """Return the state of a server that has not begun yet."""
        jobs = Jobs(settings.home)
        return cls(settings, jobs, Supervisor(settings, jobs), Live(settings.threads), OwnDrugs())
