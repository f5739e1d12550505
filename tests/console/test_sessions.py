"""Sessions and login links by themselves: what is remembered, for how long, and with what lock at hand."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from control.src.database import Database, DatabaseError
from control.src.web import sessions
from control.src.web.roles import Secrets
from control.src.web.sessions import LIFE_SECONDS, ONCE_SECONDS, SEEN_SECONDS, Sessions

KNOWN = Secrets("the secret", "the read-only one")


@dataclass
class Clock:
    """What these modules take for the time."""

    now: float = 1_763_994_720.0

    def time(self) -> float:
        return self.now


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    clock = Clock()
    monkeypatch.setattr(sessions, "time", clock)
    return clock


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    database = Database(tmp_path / "console.db")
    yield database
    database.close()


def opened(held: Sessions, given: str = KNOWN.write) -> str:
    """The cookie of a login that is let in."""
    found = held.open(given)
    assert found is not None
    return found[0]


def seen_at(database: Database) -> list[float]:
    return [row[0] for row in database.rows("SELECT seen_at FROM sessions")]


def refuse(*_: Any) -> Any:
    raise DatabaseError("somebody holds it")


def test_who_asks_is_found_without_the_database(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is asked on the event loop, and somebody may hold the database."""
    held = Sessions(database, KNOWN)
    cookie = opened(held)
    monkeypatch.setattr(database, "rows", refuse)
    monkeypatch.setattr(database, "write", refuse)
    found = held.find(cookie)
    assert found is not None
    assert found.role == "write"
    assert held.find("another") is None


def test_they_survive_a_restart_and_no_other_secret(database: Database) -> None:
    before = Sessions(database, KNOWN)
    cookies = [opened(before), opened(before, KNOWN.read)]
    found = [Sessions(database, KNOWN).find(cookie) for cookie in cookies]
    assert [one and one.role for one in found] == ["write", "read"]
    other = Sessions(database, Secrets("another secret", KNOWN.read))
    assert [other.find(cookie) for cookie in cookies] == [None, None]


def test_what_was_ended_is_ended_after_a_restart_as_well(database: Database) -> None:
    held = Sessions(database, KNOWN)
    cookie = opened(held)
    held.end(cookie)
    assert held.find(cookie) is None
    assert Sessions(database, KNOWN).find(cookie) is None


def test_one_that_nobody_uses_ends(database: Database, clock: Clock) -> None:
    held = Sessions(database, KNOWN)
    used, unused = opened(held), opened(held)
    clock.now += LIFE_SECONDS - 1
    assert held.find(used)
    clock.now += 2
    assert held.find(unused) is None
    assert held.find(used)


def test_which_are_used_is_written_down_now_and_then(database: Database, clock: Clock) -> None:
    held = Sessions(database, KNOWN)
    cookie, begun = opened(held), clock.now
    clock.now += SEEN_SECONDS - 1
    held.find(cookie)
    held.note_seen()
    assert seen_at(database) == [begun]
    clock.now += 2
    held.find(cookie)
    held.note_seen()
    assert seen_at(database) == [clock.now]
    database.write(("UPDATE sessions SET seen_at = ?", [(clock.now - 1,)]))
    held.note_seen()  # of what is written down already nothing is
    assert seen_at(database) == [clock.now - 1]
    clock.now += LIFE_SECONDS - 2
    assert Sessions(database, KNOWN).find(cookie)  # since it was seen, and not since it was opened


def test_what_could_not_be_written_down_is_tried_again(
    database: Database, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    held = Sessions(database, KNOWN)
    cookie = opened(held)
    clock.now += SEEN_SECONDS + 1
    held.find(cookie)
    with monkeypatch.context() as patch:
        patch.setattr(database, "write", refuse)
        with pytest.raises(DatabaseError):
            held.note_seen()
    held.note_seen()
    assert seen_at(database) == [clock.now]


def test_a_link_logs_in_for_ten_minutes(database: Database, clock: Clock) -> None:
    held = Sessions(database, KNOWN)
    first, second = held.make_once(), held.make_once()
    clock.now += ONCE_SECONDS - 1
    assert held.open(first)
    clock.now += 2
    assert held.open(second) is None


def test_a_link_that_only_reads_logs_in_who_only_reads(database: Database) -> None:
    held = Sessions(database, KNOWN)
    opened = held.open(held.make_once("read"))
    assert opened
    assert opened[1].role == "read"


def test_sessions_that_are_too_old_are_not_kept(database: Database, clock: Clock) -> None:
    cookie = opened(Sessions(database, KNOWN))
    clock.now += LIFE_SECONDS + 1
    assert Sessions(database, KNOWN).find(cookie) is None
    assert database.rows("SELECT digest FROM sessions") == []


def test_of_two_with_the_same_link_at_once_one_is_logged_in(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The second one comes while the first one's session is being written."""
    held = Sessions(database, KNOWN)
    token, write, second = held.make_once(), database.write, list[object]()

    def slow(*statements: tuple[str, Sequence[Sequence[Any]]]) -> None:
        if not second:
            second.append(None)
            second[0] = held.open(token)
        write(*statements)

    monkeypatch.setattr(database, "write", slow)
    assert held.open(token)
    assert second == [None]


def test_a_link_is_good_for_another_try_where_the_login_could_not_be_written(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    held = Sessions(database, KNOWN)
    token = held.make_once()
    with monkeypatch.context() as patch:
        patch.setattr(database, "write", refuse)
        with pytest.raises(DatabaseError):
            held.open(token)
    assert held.open(token)
    assert held.open(token) is None


def test_the_eldest_of_a_role_go(database: Database, clock: Clock, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sessions, "MOST", 2)
    held = Sessions(database, KNOWN)
    cookies = []
    for given in (KNOWN.write, KNOWN.read, KNOWN.read, KNOWN.read):
        clock.now += 1
        cookies.append(opened(held, given))
    for remembered in (held, Sessions(database, KNOWN)):
        assert [remembered.find(cookie) is not None for cookie in cookies] == [True, False, True, True]


def test_sessions_of_other_secrets_are_listed_no_more(database: Database) -> None:
    held = Sessions(database, KNOWN)
    opened(held)
    assert [one.login.role for one in Sessions(database, KNOWN).all()] == ["write"]
    assert Sessions(database, Secrets("another secret", KNOWN.read)).all() == []
