"""Machines, leases and tasks in a few words, for the tests of placement."""

import itertools
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from app.core.place import Placement, place
from app.core.rules import Claim, Rules, Seen
from app.model.backend import Now, Want
from app.model.blockers import Blocked, reason
from app.model.gpu import Gpu, GpuProcess
from app.model.lease import Lease
from app.model.settings import Settings
from app.model.task import Options, TaskKey, TaskSpec

ME, ALICE, BOB = 1000, 2001, 2002
USERS = {ME: "me", ALICE: "alice", BOB: "bob"}
NOW = Now(1000.0, 1_700_000_000.0)
_numbers = itertools.count(1)


def process(
    used_gb: float | None,
    uid: int | None = ALICE,
    peak_gb: float = 0.0,
    compute: bool = True,
    session: int | None = None,
    lineage: tuple[tuple[int, int], ...] = (),
    pid: int | None = None,
) -> GpuProcess:
    number = pid or 10_000 + next(_numbers)
    user = USERS.get(uid) if uid is not None else None
    return GpuProcess(number, 1, uid, user, "python", used_gb, peak_gb, compute, session, lineage)


def gpu(
    index: int | str, *processes: GpuProcess, total: float = 24.0, reserve: float = 0.0, **more: Any
) -> Gpu:
    """`reserve`: used and explained by no process."""
    free = total - reserve - sum(p.used_gb or 0.0 for p in processes)
    known: dict[str, Any] = {"name": "NVIDIA A10", "utilization": 0.0} | more
    return Gpu(f"U{index}", str(index), total_gb=total, free_gb=max(0.0, free), processes=processes, **known)


def lease(
    on: int | str,
    declared_gb: float | None,
    uid: int = ME,
    queue: int = 3,
    exclusive: bool = False,
    session: int | None = None,
    name: str = "",
    valid: bool = True,
) -> Lease:
    return Lease(
        name=name or f"U{on}.{uid}.{next(_numbers)}",
        gpu=f"U{on}",
        uid=uid,
        user=USERS[uid],
        declared_gb=declared_gb,
        exclusive=exclusive or declared_gb is None,
        valid=valid,
        scheduler=1,
        label=f"queue {queue}",
        session=session,
    )


def want(
    queue: int,
    memory: float | None = 20,
    gpus: int = 1,
    waited: float = 0.0,
    avoid: Sequence[str] = (),
    came: float = 0.0,
    **options: Any,
) -> Want:
    spec = TaskSpec(queue, f"run {queue}", gpus, memory, Options(**options))
    key = TaskKey(f"{queue:016x}", 0)
    return Want(key, f"{queue}/0", queue, spec, memory, NOW.mono - waited, frozenset(avoid), came)


def rules(in_range: frozenset[str] | None = None, **settings: Any) -> Rules:
    """Cards are shared unless told; no growth of others, so that sums are easy to follow."""
    plain = {"maximize_resource_utilization": True, "others_growth_percent": 0.0}
    return Rules(Settings(**(plain | settings)), ME, in_range, cpu_count=2)


class Case:
    """Given a machine and settings, expect grants and reasons."""

    def __init__(self, *gpus: Gpu, leases: Sequence[Lease] = (), own: bool = True, **settings: Any) -> None:
        names = frozenset(one.name for one in leases if own and one.uid == ME)
        self.seen = Seen(gpus, tuple(leases), own=names, own_tasks=len(names))
        self.rules = rules(**settings)
        self.claim: Claim | None = None

    def but(self, **changes: Any) -> "Case":
        """The same with other facts in `Seen`."""
        self.seen = replace(self.seen, **changes)
        return self

    def place(self, *wants: Want) -> Placement:
        """One decision; its claim is remembered."""
        placement = place(self.seen, wants, self.claim, self.rules, NOW)
        assert {grant.key for grant in placement.grants} ^ set(placement.blocked) == {
            one.key for one in wants
        }
        self.claim = placement.claim
        return placement

    def given(self, *wants: Want) -> dict[int, str]:
        """queue -> indices of the cards it got, for those that got some, in the order of the decisions."""
        numbers = {one.key: one.queue_id for one in wants}
        return {numbers[grant.key]: " ".join(grant.gpu_ids) for grant in self.place(*wants).grants}

    def blocked(self, one: Want, *before: Want) -> Blocked:
        return self.place(*before, one).blocked[one.key]

    def reason(self, one: Want, *before: Want) -> str:
        return reason(self.blocked(one, *before))
