"""Which task of ours has which lease, over all schedulers of this home."""

import os
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from weakref import WeakKeyDictionary

from pydantic_core import from_json

from app.model.lease import Lease
from control.src.schedulers.states import Seen as Scheduler

RUNNING = b'"status":"running"'


@dataclass(frozen=True, slots=True)
class Tenant:
    """A task of ours that runs on cards."""

    scheduler: int  #: pid
    command_file: str
    queue_id: int
    index: int
    name: str | None
    key: str
    gpu_uuids: tuple[str, ...]
    asked_gb: float | None  #: None: the whole cards
    since: float
    supervisor: int | None  #: pid; None: it is being launched

    @property
    def label(self) -> str:
        return f"{self.queue_id}/{self.index}"


class Tenants:
    """By card and by lease. What a dead scheduler has left running is ours as well."""

    def __init__(self, schedulers: Iterable[Scheduler], leases: Iterable[Lease]) -> None:
        all_ = list(schedulers)
        found = [tenant for one in all_ for tenant in of_scheduler(one)]
        self.by_card: Mapping[str, list[Tenant]] = _by_card(found)
        living = {one.pid for one in all_ if one.alive}
        supervisors = {tenant.supervisor: tenant for tenant in found if tenant.supervisor}
        launching = {(tenant.scheduler, uuid): tenant for uuid, on in self.by_card.items() for tenant in on}
        self.by_lease: dict[str, Tenant] = {}
        self.labels: dict[str, str] = {}  #: of all leases of ours; of one that is kept for no task, "left"
        for lease in leases:
            if lease.uid != os.getuid():
                continue
            tenant = supervisors.get(lease.supervisor or 0)
            if tenant is None and lease.supervisor is None:
                tenant = launching.get((lease.scheduler or 0, lease.gpu))
            if tenant is not None:
                self.by_lease[lease.name] = tenant
                self.labels[lease.name] = tenant.label
            elif lease.scheduler in living:
                self.labels[lease.name] = "left"


_KNOWN: "WeakKeyDictionary[Scheduler, list[Tenant]]" = WeakKeyDictionary()


def of_scheduler(scheduler: Scheduler) -> list[Tenant]:
    """Worked out once for each of its changes."""
    found = _KNOWN.get(scheduler)
    if found is None:
        found = _KNOWN[scheduler] = list(_read(scheduler))
    return found


def _read(scheduler: Scheduler) -> Iterator[Tenant]:
    for queue_id, queue in scheduler.queues.items():
        if not queue.head["counts"].get("running"):
            continue
        for data in queue.tasks.values():
            task = from_json(data) if RUNNING in data else None
            if task and task["state"]["status"] == "running" and task["state"]["gpu_uuids"]:
                state = task["state"]
                yield Tenant(
                    scheduler=scheduler.pid,
                    command_file=scheduler.command_file or "",
                    queue_id=queue_id,
                    index=task["index"],
                    name=task["name"],
                    key=task["key"],
                    gpu_uuids=tuple(state["gpu_uuids"]),
                    asked_gb=state["memory_gb"],
                    since=state["since"],
                    supervisor=state["pid"],
                )


def _by_card(tenants: Iterable[Tenant]) -> Mapping[str, list[Tenant]]:
    found = defaultdict(list)
    for tenant in tenants:
        for uuid in tenant.gpu_uuids:
            found[uuid].append(tenant)
    return found
