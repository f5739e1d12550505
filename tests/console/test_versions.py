"""The last versions of a command file."""

import pytest

from control.src.files.versions import KEPT, Versions
from tests.console.test_commands import MULTI, save
from tests.console.test_commands import files as files
from tests.console.world import Console


def text(number: int) -> str:
    return f"1\necho {number}\n1\n10\n"


def test_the_last_twenty_are_kept_and_can_be_brought_back(files: Console) -> None:
    for number in range(KEPT + 3):
        save(files, {"text": text(number)})
    found = files.get(f"{MULTI}/versions")["versions"]
    assert len(found) == KEPT
    assert [one["present"] for one in found] == [True] + [False] * (KEPT - 1)
    assert {one["login"] for one in found} == {"bearer"}
    old = files.get(f"{MULTI}/versions/{found[1]['id']}")
    assert old["text"] == text(KEPT + 1)
    assert f"+echo {KEPT + 2}" in old["diff"]
    save(files, {"text": old["text"]})
    assert files.get(MULTI)["text"] == text(KEPT + 1)


def test_what_was_written_by_hand_is_kept_before_it_is_saved_over(files: Console) -> None:
    save(files, {"text": text(1)})
    files.world.file(text(2))
    save(files, {"text": text(3)})
    found = files.get(f"{MULTI}/versions")["versions"]
    assert [one["login"] for one in found] == ["bearer", None, "bearer", None]
    assert files.get(f"{MULTI}/versions/{found[1]['id']}")["text"] == text(2)


def test_they_are_for_this_user_alone(files: Console) -> None:
    save(files, {"text": text(1)})
    folder = files.folder / "versions" / "multi-0"
    assert folder.stat().st_mode & 0o777 == 0o700
    assert {path.stat().st_mode & 0o777 for path in folder.iterdir()} == {0o600}


@pytest.mark.parametrize("version", ["1", "x", "99999999999999999999", "..%2f..%2fsecrets"])
def test_one_that_is_not_there_is_no_error_of_ours(files: Console, version: str) -> None:
    with files.http as http:
        assert http.get(f"{MULTI}/versions/{version}").status_code in (404, 422)


def test_an_odd_file_among_them_is_passed_over(files: Console) -> None:
    save(files, {"text": text(1)})
    folder = files.folder / "versions" / "multi-0"
    (folder / "9999999999999.version").write_bytes(b"{}\nx")
    (folder / "8888888888888.version").symlink_to("/etc/passwd")
    assert len(Versions(folder).all()) == 2
