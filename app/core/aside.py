"""Cards set aside: different tasks die soon on one while others are fine, so it is likely the card.

A broken card frees itself at once and would take, and fail, one task after the other. It is tried again
later, with one task; if that dies soon as well it is set aside for twice as long.
"""

from dataclasses import dataclass, field, replace

from app.core.board import Board
from app.core.verdict import SOON, Verdict
from app.model.backend import Now
from app.model.gpu import SetAside
from app.model.task import TaskKey

FIRST_REST = 600.0
LONGEST_REST = 4 * 3600.0
"""Seconds a card is set aside: at first, and at most."""


@dataclass(slots=True)
class _Record:
    """What is known of one card since its last attempt that went well."""

    died: set[TaskKey] = field(default_factory=set)  #: tasks that died soon on it
    well: bool = False  #: has any attempt ever gone well there?
    rests: int = 0  #: in a row
    until: float = 0.0  #: monotonic, of the last one
    shown: SetAside | None = None


class Aside:
    """Learns from the ends of attempts, and decides which cards are not to be used now."""

    def __init__(self, board: Board) -> None:
        self._board = board
        self._cards: dict[str, _Record] = {}
        self._common: dict[TaskKey, frozenset[str]] = {}  #: cards of every early death of a task

    def judge(self, key: TaskKey, uuids: tuple[str, ...], said: Verdict | None) -> None:
        """An attempt on these cards has ended, or lives on, and says this of them."""
        if said == "well":
            for uuid in uuids:
                self.forgive(uuid)
                self._record(uuid).well = True
        elif said == "suspect":
            # Who dies on other cards, too, has only itself to blame.
            self._common[key] = self._common.get(key, frozenset(uuids)) & frozenset(uuids)
            for uuid in uuids:
                self._record(uuid).died.add(key)

    def forgive(self, uuid: str) -> bool:
        """It is as good as any; whether that changes anything."""
        record = self._record(uuid)
        for key in record.died:
            self._common.pop(key, None)
        forgiven = record.shown is not None
        self._cards[uuid] = _Record(well=record.well)
        return forgiven

    def decide(self, now: Now) -> dict[str, SetAside]:
        """Decide anew, by all that was learned, which cards are not to be used; those, by uuid."""
        tasks = self._board.settings.fuse_tasks
        if tasks is None or not any(record.died or record.shown for record in self._cards.values()):
            return {}
        self._hear_the_living(now)
        resting = {uuid for uuid, record in self._cards.items() if record.shown and now.mono < record.until}
        for uuid, record in self._cards.items():
            if uuid in resting:
                continue
            record.shown = None
            blamed = {key for key in record.died if uuid in self._common.get(key, ())}
            if len(blamed) >= (1 if record.rests else tasks) and self._others_well(uuid, resting):
                self._rest(record, len(blamed), now)
                resting.add(uuid)
        return {uuid: shown for uuid in resting if (shown := self._cards[uuid].shown)}

    def tell_times(self, now: Now) -> None:
        """The wall clock was set: say by what it shows now until when they rest."""
        for record in self._cards.values():
            if record.shown:
                until = now.wall + record.until - now.mono
                since = until - (record.shown.until - record.shown.since)
                record.shown = replace(record.shown, since=since, until=until)

    def _hear_the_living(self, now: Now) -> None:
        """What has lived long says already that all is well where it runs."""
        for task in self._board.attempts.values():
            if now.mono - task.since >= SOON and not task.running.stopping:
                self.judge(task.key, task.running.gpu_uuids, "well")

    def _others_well(self, uuid: str, resting: set[str]) -> bool:
        others = (record for other, record in self._cards.items() if other != uuid and other not in resting)
        return any(record.well and not record.died for record in others)

    def _rest(self, record: _Record, tasks: int, now: Now) -> None:
        seconds = min(FIRST_REST * 2**record.rests, LONGEST_REST)
        record.died.clear()
        record.rests += 1
        record.until = now.mono + seconds
        record.shown = SetAside(since=now.wall, until=now.wall + seconds, tasks=tasks)

    def _record(self, uuid: str) -> _Record:
        return self._cards.setdefault(uuid, _Record())
