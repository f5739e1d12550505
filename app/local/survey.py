"""The account of each card as the state file shows it."""

from collections.abc import Mapping

from app.core.allowance import allowance
from app.core.ledger import Card as Account
from app.core.ledger import declared, ledger
from app.core.rules import Rules, Seen
from app.model.blockers import Allowance
from app.model.gpu import SetAside
from app.model.lease import Lease
from app.model.state_file import Card, CardProcess, OtherLease


def cards(
    seen: Seen,
    rules: Rules,
    tasks: Mapping[str, str],
    off: Mapping[str, float],
    aside: Mapping[str, SetAside],
) -> tuple[Card, ...]:
    """All cards. `tasks`: lease name -> "3/1", of this scheduler's attempts; `off`: uuid -> wall time."""
    return tuple(
        _card(account, tasks, off.get(uuid), aside.get(uuid)) for uuid, account in ledger(seen, rules).items()
    )


def allowance_of(seen: Seen, rules: Rules) -> Allowance:
    """How many cards this user holds and may hold now."""
    return allowance([card for card in ledger(seen, rules).values() if rules.covers(card.gpu)], rules)


def used_by_lease(seen: Seen, rules: Rules) -> dict[str, float]:
    """GB that the processes of each lease use now, of those of which any is known. A simulated task uses what
    it declares."""
    return {name: gb for account in ledger(seen, rules).values() for name, gb in _used(account).items()}


def _used(account: Account) -> dict[str, float]:
    """GB by name of lease."""
    if account.gpu.simulated:
        return {lease.name: declared(lease, account.gpu) for lease in account.leases}
    return {
        lease.name: sum(known)
        for lease, processes in zip(account.leases, account.tenants, strict=True)
        if (known := [process.used_gb for process in processes if process.used_gb is not None])
    }


def _card(
    account: Account, tasks: Mapping[str, str], off_since: float | None, aside: SetAside | None
) -> Card:
    gpu = account.gpu
    used = _used(account)
    own = [lease for lease in account.leases if lease.name in tasks]
    promised = sum(max(declared(lease, gpu), used.get(lease.name, 0.0)) for lease in own)
    others = [lease for lease in account.leases if lease.name not in tasks]
    return Card(
        uuid=gpu.uuid,
        index=gpu.index,
        name=gpu.name,
        health=gpu.health,
        total_gb=round(gpu.total_gb, 2),
        free_gb=0.0 if _alone(account) else round(max(account.free_gb, 0.0), 2),
        own_used_gb=round(sum(used.get(lease.name, 0.0) for lease in own), 2),
        own_promised_gb=round(promised, 2),
        others_gb=round(account.others_gb, 2),
        other_leases=tuple(_other(lease, used.get(lease.name, 0.0)) for lease in others),
        use=gpu.utilization,
        temperature_c=gpu.temperature_c,
        power_w=gpu.power_w,
        processes=_processes(account, tasks),
        off_since=off_since,
        simulated=gpu.simulated,
        aside=aside,
    )


def _alone(account: Account) -> bool:
    """Whether somebody has the card for themselves, however much of it they use."""
    return any(lease.exclusive for lease in account.leases)


def _processes(account: Account, tasks: Mapping[str, str]) -> tuple[CardProcess, ...]:
    whose = {
        process.pid: tasks.get(lease.name)
        for lease, processes in zip(account.leases, account.tenants, strict=True)
        for process in processes
    }
    return tuple(
        CardProcess(pid=p.pid, user=p.user, command=p.command, used_gb=p.used_gb, task=whose.get(p.pid))
        for p in account.gpu.processes
    )


def _other(lease: Lease, used_gb: float) -> OtherLease:
    return OtherLease(
        user=lease.user,
        label=lease.label,
        declared_gb=lease.declared_gb,
        exclusive=lease.exclusive,
        used_gb=round(used_gb, 2),
    )
