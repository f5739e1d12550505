"""A file that is read again when it has changed, and only then."""

import os
from pathlib import Path

import pytest

from control.src.latest import Latest


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "file"
    path.write_text("one")
    return path


def test_it_is_read_once_a_change(file: Path) -> None:
    reads: list[str] = []

    def read(path: Path, more: str) -> str:
        reads.append(path.read_text())
        return reads[-1] + more

    latest = Latest(read)
    assert [latest(file, "!"), latest(file, "!"), latest(file, "?")] == ["one!", "one!", "one?"]
    assert reads == ["one", "one"]
    before = file.stat()
    other = file.with_name("other")
    other.write_text("two")
    os.utime(other, ns=(before.st_atime_ns, before.st_mtime_ns))
    other.replace(file)  # of the same size and time
    assert [latest(file, "!"), latest(file, "!")] == ["two!", "two!"]
    file.unlink()
    with pytest.raises(FileNotFoundError):
        latest(file, "!")


def test_what_changes_while_it_is_read_is_read_again(file: Path) -> None:
    def read(path: Path) -> str:
        found = path.read_text()
        if found == "one":
            path.write_text("longer")
        return found

    latest = Latest(read)
    assert [latest(file), latest(file)] == ["one", "longer"]


def test_it_keeps_no_more_than_it_is_to(tmp_path: Path) -> None:
    reads: list[str] = []
    latest = Latest(lambda path: reads.append(path.name), most=2)
    for name in "abc":
        (tmp_path / name).touch()
    for name in "abcbca":
        latest(tmp_path / name)
    assert "".join(reads) == "abcba"


def test_a_name_that_no_file_has_is_asked_about_each_time(tmp_path: Path) -> None:
    reads: list[Path] = []
    latest = Latest(reads.append)
    latest(Path(f"{tmp_path}/a\0"))
    latest(Path(f"{tmp_path}/a\0"))
    assert len(reads) == 2
