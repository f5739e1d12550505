"""The cards, and who has what of them: by the driver, everybody's leases, and all schedulers of this home."""

import asyncio
import contextlib
import os
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from app import procfs
from app.cards_now import Accounts, CardsNow, Looked, simulated_cards
from app.client import NoAnswer
from app.core.ledger import Card as Account
from app.model.blockers import say
from app.model.faults import BadInput
from app.model.gpu import GpuProcess, SetAside, index_order
from app.model.paths import Home
from app.model.settings import Settings
from app.model.state_file import Card
from app.store import gpus_off
from control.src.cards import models
from control.src.cards.tenants import Tenant, Tenants
from control.src.schedulers.asking import Asking
from control.src.schedulers.states import Seen as Scheduler
from control.src.web.problems import Refused

MIB = 1024
TICKS = os.sysconf("SC_CLK_TCK")


@dataclass(frozen=True, slots=True)
class Picture:
    """Everything of one moment."""

    looked: Looked
    settings: Settings
    accounts: Accounts
    tenants: Tenants

    @property
    def problem(self) -> str | None:
        silent = self.accounts.seen.silent
        return None if silent is None else say(silent)


class Gpus:
    """For the event loop's thread; what takes time is done in others."""

    def __init__(
        self,
        home: Callable[[], Home],
        settings: Callable[[], Settings],
        schedulers: Callable[[], Sequence[Scheduler]],
    ) -> None:
        self.now = CardsNow(home)
        self.settings = settings
        self._schedulers = schedulers

    async def picture(self, max_age: float = 1.0) -> Picture:
        """Of a look at the driver that is at most so many seconds old."""
        looked = await self.now.look(max_age)
        return await asyncio.to_thread(self._picture, looked, list(self._schedulers()))

    def _picture(self, looked: Looked, schedulers: Sequence[Scheduler]) -> Picture:
        settings = self.settings()
        seen = self.now.seen(looked, simulated_cards(_simulations(schedulers)), settings)
        rules = self.now.rules(settings, looked.gpus)
        tenants = Tenants(schedulers, seen.leases)
        accounts = self.now.accounts(seen, rules, tenants.labels, _aside(schedulers))
        return Picture(looked, settings, accounts, tenants)


def _simulations(schedulers: Iterable[Scheduler]) -> list[str]:
    living = [one.top for one in schedulers if one.alive and one.top]
    started = [top["started_with"] for top in living if top["status"] != "finished"]
    return [with_["simulate"] for with_ in started if with_ and with_["simulate"]]


def _aside(schedulers: Iterable[Scheduler]) -> dict[str, SetAside]:
    """By whichever living scheduler."""
    cards = [card for one in schedulers if one.alive and one.top for card in one.top["gpus"]]
    return {card["uuid"]: SetAside(**card["aside"]) for card in cards if card["aside"]}


def answer(picture: Picture) -> models.Gpus:
    """As GET /api/gpu has it."""
    settings, held = picture.settings, picture.accounts.allowance
    return models.Gpus(
        now=time.time(),
        looked_at=picture.looked.at,
        problem=picture.problem,
        memory_margin_gb=settings.memory_margin_gb,
        allowance=models.GpuAllowance(
            held=held.held,
            allowed=held.allowed,
            available=held.available,
            gpu_left=settings.gpu_left,
            min_gpu=settings.min_gpu,
            max_gpu=settings.max_gpu,
        ),
        cards=[_card(card, picture) for card in picture.accounts.cards],
    )


def _card(card: Card, picture: Picture) -> models.GpuCard:
    account = picture.accounts.book[card.uuid]
    gpu = account.gpu
    return models.GpuCard(
        uuid=card.uuid,
        index=card.index,
        name=card.name,
        health=card.health,
        total_gb=card.total_gb,
        free_gb=card.free_gb,
        free=account.empty and card.health == "ok",
        own_used_gb=card.own_used_gb,
        own_promised_gb=card.own_promised_gb,
        tasks=_tasks(card.uuid, picture),
        other_leases=list(card.other_leases),
        others_gb=card.others_gb,
        use=card.use,
        temperature_c=card.temperature_c,
        power_w=card.power_w,
        power_limit_w=gpu.power_limit_w,
        off_since=card.off_since,
        aside=card.aside,
        in_range=picture.accounts.rules.covers(gpu),
        mig=gpu.mig,
        simulated=gpu.simulated,
    )


def _tasks(uuid: str, picture: Picture) -> list[models.OwnTask]:
    leases = [lease.name for lease in picture.accounts.book[uuid].leases]
    its = [(name, tenant) for name in leases if (tenant := picture.tenants.by_lease.get(name))]
    used = {(one.scheduler, one.key): picture.accounts.used_gb.get(name) for name, one in its}
    return [
        models.OwnTask(
            scheduler=one.scheduler,
            task=one.label,
            name=one.name,
            key=one.key,
            used_gb=used.get((one.scheduler, one.key)),
            asked_gb=one.asked_gb,
            since=one.since,
        )
        for one in picture.tenants.by_card.get(uuid, [])
    ]


def processes(picture: Picture) -> models.GpuProcesses:
    """As GET /api/gpu/processes has it."""
    boot = time.time() - procfs.uptime()
    return models.GpuProcesses(
        looked_at=picture.looked.at,
        problem=picture.problem,
        cards=[
            models.CardProcesses(
                uuid=uuid,
                index=account.gpu.index,
                name=account.gpu.name,
                processes=[_process(one, account, picture, boot) for one in account.gpu.processes],
            )
            for uuid, account in picture.accounts.book.items()
        ],
    )


def _process(process: GpuProcess, account: Account, picture: Picture, boot: float) -> models.GpuProcess:
    pairs = zip(account.leases, account.tenants, strict=True)
    lease = next((lease for lease, its in pairs if process in its), None)
    tenant = picture.tenants.by_lease.get(lease.name) if lease else None
    return models.GpuProcess(
        pid=process.pid,
        user=process.user,
        own=process.uid == os.getuid(),
        command=process.command,
        used_gb=process.used_gb,
        started_at=None if process.start is None else boot + process.start / TICKS,
        compute=process.compute,
        ours=tenant.label if tenant else None,
        scheduler=tenant.scheduler if tenant else None,
        lease=lease.label if lease and not tenant else None,
    )


def infos(picture: Picture, task_id: Callable[[Tenant], int | None]) -> list[models.GpuInfo]:
    """As GET /api/gpus has it. `task_id`: history's, of a submitted task."""
    found = []
    for card in picture.accounts.cards:
        account = picture.accounts.book[card.uuid]
        ids = (task_id(tenant) for tenant in picture.tenants.by_card.get(card.uuid, []))
        found.append(
            models.GpuInfo(
                index=index_order(card.index)[0],
                uuid=card.uuid,
                name=card.name,
                memory_total=round(card.total_gb * MIB),
                memory_used=round(used_gb(account, card) * MIB),
                utilization=round(card.use or 0),
                assigned_task_id=next((id_ for id_ in ids if id_ is not None), None),
                is_free=account.empty and card.health == "ok" and card.off_since is None,
            )
        )
    return found


def used_gb(account: Account, card: Card) -> float:
    """As the driver shows it; on a simulated card what tasks declare."""
    if account.gpu.simulated:
        return card.own_used_gb + sum(lease.used_gb for lease in card.other_leases)
    return account.gpu.total_gb - account.gpu.free_gb


def people_gb(account: Account) -> float:
    """Used by other people: their processes, and what no process explains beyond a driver's reserve, as in a
    container that hides them."""
    if account.gpu.simulated:
        return account.leased_gb
    theirs = (one.used_gb or 0.0 for one in account.gpu.processes if one.uid not in (None, os.getuid()))
    hidden = (one.used_gb or 0.0 for one in account.gpu.processes if one.uid is None)
    return sum(theirs) + sum(hidden) + (0.0 if account.reserve_only else account.unexplained_gb)


def stray_gb(account: Account) -> float:
    """Used by processes of this user that are no task's: in nobody's way but of memory."""
    return sum(one.used_gb or 0.0 for one in account.strays if one.uid == os.getuid())


def turn(
    asking: Asking, picture: Picture, schedulers: Sequence[Scheduler], name: str, state: str
) -> dict[str, object]:
    """A card off or on, for all schedulers of this home. Raises Refused, BadInput."""
    cards = picture.accounts.cards
    found = next((card for card in cards if card.uuid == name), None) or next(
        (card for card in sorted(cards, key=lambda card: card.simulated) if card.index == name), None
    )
    if found is None:
        there = ", ".join(card.index for card in cards) or "none"
        raise Refused(404, "no-gpu", f"there is no GPU {name}; there is {there}")
    for one in schedulers:
        if one.alive and one.top and any(card["uuid"] == found.uuid for card in one.top["gpus"]):
            with contextlib.suppress(NoAnswer, Refused):
                return asking.ask(one.pid, "gpu", id=found.uuid, state=state)
    path = asking.home().gpus_off
    try:
        changed = gpus_off.turn(path, found.uuid, state == "on", time.time())
    except OSError as error:
        raise BadInput(f"{path} can't be written: {error.strerror}") from error
    word = f"is turned {state}" if changed else f"is {state} already"
    return {"ok": True, "changed": changed, "said": f"GPU {found.index} {word}"}
