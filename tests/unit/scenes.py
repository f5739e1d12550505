"""Random machines, tasks and settings for the properties of placement, also such as should not occur."""

from collections.abc import Sequence
from dataclasses import replace

from hypothesis import strategies as st

from app.core.place import Placement
from app.core.rules import Claim, Rules, Seen
from app.model.backend import Grant, Want
from app.model.blockers import DriverSilent
from app.model.gpu import Gpu, GpuProcess, Usage
from app.model.lease import Lease
from app.model.settings import Settings
from tests.unit.placing import ALICE, BOB, ME, gpu, lease, process, want

SIZES = (11.0, 22.49, 24.0, 79.6)
AMOUNTS = (0.0, 0.25, 3.0, 9.5, 11.0, 20.0, 23.4, 23.8, 24.0, 40.0, 80.0)

few = st.integers(0, 2)
amounts = st.sampled_from(AMOUNTS)


@st.composite
def processes(draw: st.DrawFn, number: int, leases: Sequence[Lease]) -> GpuProcess:
    used = draw(st.sampled_from((None, 0.1, 1.0, 4.0, 9.0, 15.0)))
    uid = draw(st.sampled_from((None, ME, ME, ALICE, ALICE, BOB)))
    session = draw(st.sampled_from((None, *(one.session for one in leases), 77)))
    peak = (used or 0.0) * draw(st.sampled_from((1.0, 1.5)))
    return process(used, uid, peak, compute=draw(st.integers(0, 5)) > 0, session=session, pid=1000 + number)


@st.composite
def leases_on(draw: st.DrawFn, card: int, number: int) -> Lease:
    """Any user's; what nobody's scheduler would do (an exclusive one beside others) is possible here."""
    uid = draw(st.sampled_from((ME, ME, ME, ALICE)))
    session = draw(st.integers(100, 104))
    name = f"U{card}.{uid}.{number}"
    valid = draw(st.integers(0, 9)) > 0
    declared = draw(st.one_of(st.none(), amounts))
    return lease(card, declared, uid, draw(st.integers(1, 9)), draw(st.booleans()), session, name, valid)


@st.composite
def cards(draw: st.DrawFn, number: int, leases: Sequence[Lease]) -> Gpu:
    found = [draw(processes(10 * number + n, leases)) for n in range(draw(few))]
    usage = draw(st.one_of(st.none(), st.builds(Usage, st.sampled_from((0.0, 50.0)), st.just(2.0))))
    return gpu(
        number,
        *found,
        total=draw(st.sampled_from(SIZES)),
        reserve=draw(st.sampled_from((0.0, 0.0, 0.4, 0.9, 8.0))),
        name=draw(st.sampled_from(("NVIDIA A10", "NVIDIA H100"))),
        health=draw(st.sampled_from(("ok",) * 9 + ("lost", "unreadable"))),
        compute_mode=draw(st.sampled_from(("default",) * 8 + ("exclusive_process", "prohibited"))),
        utilization=draw(st.sampled_from((None, 0.0, 90.0))),
        usage=usage,
        simulated=draw(st.integers(0, 9)) == 0 and not found,
    )


@st.composite
def machines(draw: st.DrawFn) -> Seen:
    count = draw(st.integers(1, 5))
    leases: list[Lease] = []
    gpus = []
    for number in range(count):
        here = [draw(leases_on(number, n)) for n in range(draw(few))]
        gpus.append(draw(cards(number, here)))
        leases += here
    mine = [one.name for one in leases if one.uid == ME]
    own = frozenset(name for name in mine if draw(st.booleans()))
    some = st.frozensets(st.integers(0, 6).map(lambda n: f"U{n}"), max_size=1)
    cpu = draw(few)
    return Seen(
        tuple(gpus),
        tuple(leases),
        silent=DriverSilent(1.0, "no answer") if draw(st.integers(0, 11)) == 0 else None,
        off=draw(some),
        aside=draw(some),
        vanished=draw(some),
        own=own,
        own_tasks=len(own) + cpu,
        own_cpu_tasks=cpu,
        known=(gpu(9, total=80.0),) if draw(st.integers(0, 4)) == 0 else (),
    )


@st.composite
def rule_sets(draw: st.DrawFn) -> Rules:
    chosen = Settings(
        gpu_left=draw(few),
        min_gpu=draw(st.integers(0, 4)),
        max_gpu=draw(st.sampled_from((None, None, 0, 1, 3))),
        memory_save_mode=draw(st.booleans()),
        maximize_resource_utilization=draw(st.booleans()),
        memory_margin_gb=draw(st.sampled_from((0.0, 0.5))),
        busy_memory_percent=draw(st.sampled_from((None, None, 0.0, 40.0))),
        others_growth_percent=draw(st.sampled_from((0.0, 10.0))),
        avoid_others=draw(st.booleans()),
        reserve_after=600,
        max_tasks=draw(st.sampled_from((None, None, 1, 6))),
    )
    in_range = draw(st.sampled_from((None, None, None, frozenset({"0", "1", "2"}))))
    return Rules(chosen, ME, in_range, cpu_count=draw(st.integers(1, 3)))


@st.composite
def wants(draw: st.DrawFn, queue: int) -> Want:
    return want(
        queue,
        draw(st.one_of(st.none(), amounts)),
        gpus=draw(st.sampled_from((0, 1, 1, 1, 2, 3))),
        waited=draw(st.sampled_from((0.0, 10.0, 700.0, 800.0))),
        avoid=draw(st.sampled_from(((), (), ("U0",)))),
        came=draw(st.sampled_from((0.0, 100.0, 200.0))),
        priority=draw(st.sampled_from((0, 0, 5))),
        fifo=draw(st.sampled_from((False, False, True))),
        share=draw(st.sampled_from((None, None, True, False))),
        devices=draw(st.sampled_from((None, None, None, ("0", "1"), ("1", "7")))),
        model=draw(st.sampled_from((None, None, None, "h100"))),
    )


Scene = tuple[Seen, list[Want], Claim | None, Rules]


@st.composite
def scenes(draw: st.DrawFn) -> Scene:
    tasks = [draw(wants(number)) for number in range(1, draw(st.integers(1, 6)) + 1)]
    claim = None
    if draw(st.booleans()):
        holder = tasks[0]
        claim = Claim(holder.key, holder.label, draw(st.sampled_from((("U0",), ("U0", "U1"), ("U9", "U1")))))
    return draw(machines()), tasks, claim, draw(rule_sets())


def lease_of(grant: Grant, uuid: str) -> Lease:
    label = f"queue {int(grant.key.digest, 16)}"
    return Lease(
        f"{uuid}.{ME}.{grant.key}", uuid, ME, "me", grant.memory_gb, grant.exclusive, scheduler=1, label=label
    )


def after(seen: Seen, placement: Placement, tasks: Sequence[Want]) -> Seen:
    """The machine with the grants of a decision carried out."""
    new = tuple(lease_of(grant, uuid) for grant in placement.grants for uuid in grant.gpu_uuids)
    counts = {one.key: one.spec.gpus for one in tasks}
    on_cpu = sum(counts[grant.key] == 0 for grant in placement.grants)
    return replace(
        seen,
        leases=seen.leases + new,
        own=seen.own | {one.name for one in new},
        own_tasks=seen.own_tasks + len(placement.grants),
        own_cpu_tasks=seen.own_cpu_tasks + on_cpu,
    )
