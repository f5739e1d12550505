"""Leases: who has which card, and which of them nobody looks after."""

import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path

from app import procfs
from app.doctor.finding import Finding
from app.doctor.logout import logout
from app.execution.trees import holds, identities
from app.lease.directory import preview_directory
from app.lease.errors import LeaseError
from app.lease.inventory import Inventory, take_inventory
from app.model.gpu import Gpu
from app.model.lease import Lease
from app.model.settings import Settings
from app.view.text import count


def leases(settings: Settings, gpus: Sequence[Gpu]) -> Iterator[Finding]:
    """The directory, and what lies in it."""
    try:
        directory = preview_directory(settings.lease_dir)
        if directory is None:
            yield Finding.ok("lease directory", "not there yet; the first start makes it")
            return
        found = take_inventory(directory.path)
    except LeaseError as error:
        yield Finding.wrong("lease directory", str(error))
        return
    for each in directory.problems:
        yield Finding.warning("lease directory", each.text)
    if not directory.problems:
        yield Finding.ok("lease directory", str(directory.path))
    yield from logout(directory.path)
    yield from _mutex(found, directory.path)
    yield from _living(found.living, {gpu.uuid: gpu.index for gpu in gpus})
    yield from _unattended(found.living, directory.path)
    mine = sum(uid == os.getuid() for _, uid in found.dead)
    if found.dead:
        text = f"{count(len(found.dead), 'dead one')} ({mine} of yours), which count as nothing"
        yield Finding.ok("leases", text)


def _living(living: Iterable[Lease], names: Mapping[str, str]) -> Iterator[Finding]:
    by_user: dict[str, list[Lease]] = {}
    for lease in living:
        by_user.setdefault(lease.user, []).append(lease)
    for user, theirs in sorted(by_user.items()):
        cards = sorted({f"GPU {names[lease.gpu]}" if lease.gpu in names else lease.gpu for lease in theirs})
        yield Finding.ok("leases", f"{count(len(theirs), 'living one')} of {user} on {', '.join(cards)}")
        odd = [lease.gpu for lease in theirs if not lease.valid]
        if odd:
            text = f"{count(len(odd), 'living one')} of {user} can't be read, and counts as the whole card"
            yield Finding.warning("leases", text, f"ask {user} which gpulane that is: a newer one, perhaps")
    if not by_user:
        yield Finding.ok("leases", "no living one")


def _unattended(living: Iterable[Lease], folder: Path) -> Iterator[Finding]:
    """Of this user: those whose scheduler, or whose supervisor, has ended."""
    left: dict[int, list[Lease]] = {}
    for lease in living:
        if lease.uid != os.getuid() or not lease.valid or lease.supervisor is None:
            continue
        if procfs.start_time(lease.supervisor) != lease.supervisor_start:
            yield _held_by_what_is_left(lease, folder)
        elif lease.scheduler is not None and procfs.start_time(lease.scheduler) is None:
            left.setdefault(lease.scheduler, []).append(lease)
    for pid, theirs in left.items():
        whose = ", ".join(sorted({lease.label for lease in theirs}))
        text = f"the scheduler with pid {pid} has ended, and tasks of it run on ({whose})"
        yield Finding.warning("leases", text, "start it again on the same file: it takes them over")


def _held_by_what_is_left(lease: Lease, folder: Path) -> Finding:
    files = identities([str(folder / lease.name)])
    holders = [pid for pid in procfs.pids() if procfs.is_ours(pid) and holds(pid, files)]
    named = [f"{pid} ({found.command})" for pid in holders if (found := procfs.stat(pid))]
    who = f"process {', '.join(named)}" if named else "a process that can't be found from here"
    text = f"the supervisor of {lease.label} has ended, and {who} still holds {lease.gpu}"
    advice = "the next start on its file ends that"
    if holders:
        advice += f"; or end it yourself: kill {' '.join(map(str, holders))}"
    return Finding.warning("leases", text, advice)


def _mutex(found: Inventory, folder: Path) -> Iterator[Finding]:
    holder = None if found.mutex_pid is None else procfs.stat(found.mutex_pid)
    if holder and holder.stopped:
        owner = procfs.owner(holder.pid)
        who = "" if owner is None else f" of {procfs.user_name(owner)}"
        text = f"process {holder.pid} ({holder.command}{who}) is stopped and holds the mutex of {folder}"
        advice = f"leases are taken without it, more slowly; kill -CONT {holder.pid} lets it go on"
        yield Finding.warning("leases", text, advice)
