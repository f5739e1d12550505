"""Which task of ours has which lease, over all schedulers of this home."""

import os
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from app.model.lease import Lease
from app.model.state import Running
from app.model.state_file import StateFile, Task
from control.src.states import Seen as Scheduler


@dataclass(frozen=True, slots=True)
class Tenant:
    """A task of ours that runs on cards."""

    scheduler: int  #: pid
    command_file: str
    queue_id: int
    task: Task
    running: Running

    @property
    def label(self) -> str:
        return f"{self.queue_id}/{self.task.index}"


class Tenants:
    """By card and by lease. What a dead scheduler has left running is ours as well."""

    def __init__(self, schedulers: Iterable[Scheduler], leases: Iterable[Lease]) -> None:
        all_ = list(schedulers)
        found = [tenant for one in all_ if one.state for tenant in _of(one.state)]
        self.by_card: Mapping[str, list[Tenant]] = _by_card(found)
        living = {one.pid for one in all_ if one.alive}
        supervisors = {tenant.running.pid: tenant for tenant in found if tenant.running.pid}
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


def _of(state: StateFile) -> Iterable[Tenant]:
    for queue in state.queues:
        for task in queue.tasks:
            if isinstance(task.state, Running) and task.state.gpu_uuids:
                yield Tenant(state.pid, state.command_file, queue.queue_id, task, task.state)


def _by_card(tenants: Iterable[Tenant]) -> Mapping[str, list[Tenant]]:
    found = defaultdict(list)
    for tenant in tenants:
        for uuid in tenant.running.gpu_uuids:
            found[uuid].append(tenant)
    return found
