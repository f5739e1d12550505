"""Guards that only matter when something happens in between, or when a process is not what it seems."""

import logging
import os
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from app.amend import alone
from app.client import NoAnswer
from app.command_file.document import Document
from app.core.ledger import account
from app.core.rules import Rules
from app.model.faults import BadInput
from app.model.gpu import Gpu
from app.model.lease import Lease
from app.model.paths import Home
from app.model.settings import Settings
from app.store.lock import take
from app.store.plan_lock import take_plan
from control.src.cards import gpus
from control.src.files import configurations
from control.src.files.command_models import CommandFile
from control.src.files.configurations import Configurations
from control.src.files.editing import Wish
from control.src.routes import commands
from control.src.schedulers import asking, dismissal
from control.src.schedulers.asking import Asking, checked
from control.src.schedulers.dismissal import dismiss
from control.src.serve import _OwnLog
from control.src.web.problems import Refused

PID = 4711
STATE = {"process_start": 77, "boot_id": "this boot", "host": "here"}
TEXT = "1\ntrue\n1\n4\n"


@pytest.fixture
def home(tmp_path: Path) -> Home:
    """With what a scheduler with the pid PID holds and has written."""
    home = Home(tmp_path)
    for folder in (home.state, home.root / "command"):
        folder.mkdir(parents=True)
    return home


@pytest.fixture
def process(monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """What the kernel says of PID; the test may change it. Its scheduler lives."""
    facts: dict[str, Any] = {"start": 77, "boot_id": "this boot", "owner": 1000, "stopped": False}
    fake = SimpleNamespace(
        stat=lambda _: SimpleNamespace(start=facts["start"], stopped=facts["stopped"]),
        boot_id=lambda: facts["boot_id"],
        owner=lambda _: facts["owner"],
    )
    monkeypatch.setattr(asking, "procfs", fake)
    monkeypatch.setattr(asking, "is_alive", lambda _: True)
    monkeypatch.setattr(os, "getuid", lambda: 1000)
    return facts


def seen(**head: Any) -> Any:
    return SimpleNamespace(pid=PID, alive=True, top=STATE, head={"left": None, **head})


# Asking


def test_the_one_that_its_state_means_is_asked(home: Home, process: dict[str, Any]) -> None:
    assert checked(home, seen(), PID) is STATE


@pytest.mark.parametrize("other", [{"start": 78}, {"boot_id": "the one before"}, {"owner": 1001}])
def test_one_that_is_another_process_now_is_not(
    home: Home, process: dict[str, Any], other: dict[str, Any]
) -> None:
    process |= other
    with pytest.raises(Refused, match="is another process now") as refused:
        checked(home, seen(), PID)
    assert refused.value.kind == "not-it"


def test_one_that_stands_still_is_not_waited_for(
    home: Home, process: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    process["stopped"] = True
    monkeypatch.delattr(asking, "Client")  # nobody is called
    states: Any = SimpleNamespace(of=lambda _: seen())
    with pytest.raises(NoAnswer, match=f"kill -CONT {PID}"):
        Asking(lambda: home, states).ask(PID, "why", task="1/0")
    process["owner"] = 1001
    with pytest.raises(Refused, match="is another process now"):
        Asking(lambda: home, states).ask(PID, "why", task="1/0")


# Forgetting


def test_one_that_has_just_begun_keeps_its_state(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    """It has got the pid of the dead one after that one's state was read."""
    path = home.state_file(PID)
    path.write_text("{}")
    found = SimpleNamespace(alive=False, path=path, state=None)
    monkeypatch.setattr(dismissal, "states_of", lambda *_: [found])
    lock = take(home.state_lock(PID))
    assert lock
    with pytest.raises(Refused, match="has just started"):
        dismiss(home, PID)
    assert path.exists()
    lock.release()
    assert "forgotten" in dismiss(home, PID)
    assert not path.exists()


# Command files


@pytest.fixture
def files(home: Home) -> Configurations:
    """One with a single configuration, number 1."""
    home.command_file("multi", 1).write_text(TEXT)
    return Configurations(lambda: home, home.root / "control", b"key")


def test_one_that_is_started_this_moment_is_not_deleted(
    home: Home, files: Configurations, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Just after it was looked whether somebody runs it."""
    path = home.command_file("multi", 1)
    begun = []
    monkeypatch.setattr(configurations, "refuse_kept", lambda *_: begun.append(take_plan(home.state, path)))
    with pytest.raises(BadInput, match="already run by the scheduler"):
        files.delete("multi", 1, Wish(), {})
    assert path.read_text() == TEXT
    begun.pop().release()
    monkeypatch.undo()
    files.delete("multi", 1, Wish(), {})
    assert not path.exists()


def test_a_save_answers_with_its_own_text(
    home: Home, files: Configurations, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Another one follows as soon as the file is let go."""
    path = home.command_file("multi", 1)

    class ThenAnother:
        def __init__(self, given: Path) -> None:
            self._held = alone(given)

        def __enter__(self) -> None:
            self._held.__enter__()

        def __exit__(self, *error: Any) -> None:
            self._held.__exit__(*error)
            path.write_text(TEXT + "# another's\n")

    monkeypatch.setattr(configurations, "alone", ThenAnother)
    mine = TEXT + "# mine\n"
    changed, read = files.save("multi", 1, lambda _: mine, Wish("*"), False, "me")
    assert (changed, read.text) == (True, mine)
    assert read.etag == files.edited("multi", 1).etag(mine.encode())
    assert path.read_text() != mine


@pytest.mark.parametrize(("most", "told"), [(2, False), (3, True)])
def test_of_a_file_of_very_many_blocks_only_the_text_is_told(
    most: int, told: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(commands, "MOST_BLOCKS", most)
    text = "\n".join(f"{queue}\ntrue\n1\n4\n" for queue in (1, 2)) + "\n3\ntrue\nx\n4\n"
    structure, broken = commands._structure(Document(text, "multi"))
    assert structure is None if not told else [queue.queue_id for queue in structure or ()] == [1, 2]
    assert len(broken) == told
    whole: Any = {"text": text, "structure": structure, "all_faults": [], "broken": broken}
    assert (CommandFile.model_construct(**whole).masked().structure is not None) == told


# Files of the console's own


def test_its_log_is_its_users_alone_and_so_is_what_follows_a_full_one(tmp_path: Path) -> None:
    path, mask = tmp_path / "console.log", os.umask(0)
    try:
        log = _OwnLog(path, maxBytes=200, backupCount=1)
        for _ in range(10):
            log.emit(logging.makeLogRecord({"msg": "x" * 50}))
        log.close()
    finally:
        os.umask(mask)
    assert [each.stat().st_mode & 0o777 for each in (path, tmp_path / "console.log.1")] == [0o600, 0o600]


# Cards


def test_on_a_simulated_card_others_have_what_others_were_promised() -> None:
    """By leases, as no process is there: without ours, and the whole card where one says no amount."""
    card = Gpu("SIM-24-0", "0", "simulated", 24.0, 24.0, simulated=True)
    rules = Rules.of(Settings(), os.getuid(), None, 2)

    def others(*leases: tuple[int, float | None]) -> float:
        held = tuple(
            Lease(f"SIM-24-0.{uid}.{at}", card.uuid, uid, "x", gb, gb is None)
            for at, (uid, gb) in enumerate(leases)
        )
        return gpus.people_gb(account(card, held, (), rules))

    me, other = os.getuid(), os.getuid() + 1
    assert others((me, 10.0), (other, 3.0), (other, 4.0)) == 7.0
    assert others((me, 10.0)) == 0.0
    assert others((other, None)) == 24.0
