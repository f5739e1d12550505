"""console.db beside others who open it."""

import sqlite3
import subprocess
import sys
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from app.store.schema import connect
from control.src.database import Database, DatabaseError

LOOK = """
import sqlite3, sys
connection = sqlite3.connect(sys.argv[1])
print(connection.execute(sys.argv[2]).fetchall())
connection.close()
"""


def seen_by_another(path: Path, query: str) -> str:
    """By a process of its own, which closes it again."""
    done = subprocess.run([sys.executable, "-c", LOOK, str(path), query], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


def test_what_is_written_after_somebody_has_looked_is_not_lost(tmp_path: Path) -> None:
    """SQLite removes the -wal where it believes that nobody else has the file open."""
    path = tmp_path / "console.db"
    with closing(Database(path)) as first, closing(Database(path)) as second:
        assert seen_by_another(path, "SELECT count(*) FROM cards") == "[(0,)]"
        assert path.with_name("console.db-wal").exists()
        for number, one in enumerate((first, second)):
            one.write(("INSERT INTO cards VALUES (?, '0', 'x', 24, 0)", [(f"GPU-{number}",)]))
        assert seen_by_another(path, "SELECT uuid FROM cards") == "[('GPU-0',), ('GPU-1',)]"


def test_and_neither_is_history(tmp_path: Path) -> None:
    path = tmp_path / "history.db"
    with closing(connect(path)) as first, closing(connect(path)):
        assert seen_by_another(path, "SELECT count(*) FROM runs") == "[(0,)]"
        assert path.with_name("history.db-wal").exists()
        first.execute("CREATE TABLE more (a)")
        first.execute("INSERT INTO more VALUES (7)")
        assert seen_by_another(path, "SELECT a FROM more") == "[(7,)]"


@pytest.mark.parametrize("make", [Database, connect])
def test_it_is_its_users_alone(tmp_path: Path, make: Callable[[Path], Any]) -> None:
    path = tmp_path / "a.db"
    with closing(make(path)):
        assert {each.stat().st_mode & 0o777 for each in tmp_path.iterdir()} == {0o600}


def test_a_link_is_not_followed(tmp_path: Path) -> None:
    target, path = tmp_path / "target.db", tmp_path / "console.db"
    path.symlink_to(target)
    for _ in range(2):
        with pytest.raises(DatabaseError, match="it is a link"):
            Database(path)
        sqlite3.connect(target).close()
