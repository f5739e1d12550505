"""Files on disk: whose they are, what kind, which encoding."""

import codecs
import os
import pwd
from pathlib import Path

import pytest

from app.command_file import read
from app.trust import foreign, other_members

TEXT = "# 任务队列：训练\n1\npython train.py --名 猫\n20\n"


def refused(path: Path) -> str:
    parsed = read(path, "single")
    assert parsed.tasks == ()
    (fault,) = parsed.faults
    assert fault.file == str(path)
    assert fault.hint
    return str(fault)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "command.txt"


@pytest.mark.parametrize("mark", [b"", codecs.BOM_UTF8])
def test_a_sound_file(path: Path, mark: bytes) -> None:
    path.write_bytes(mark + TEXT.encode())
    parsed = read(path, "single")
    assert (parsed.faults, parsed.problems, len(parsed.tasks)) == ((), (), 1)
    assert parsed.document.text.encode() == mark + TEXT.encode()


def test_faults_can_call_it_by_the_name_its_user_gave(path: Path) -> None:
    path.write_text("1\n")
    assert read(path, "single", "c.txt").faults[0].file == "c.txt"


@pytest.mark.parametrize("name", ["missing", "missing/x", "nul\0"])
def test_missing(tmp_path: Path, name: str) -> None:
    assert ": there is no such file;" in refused(tmp_path / name) or "\0" in name


def test_no_regular_file(path: Path) -> None:
    assert "a directory" in refused(path.parent)
    os.mkfifo(path)
    assert "a named pipe" in refused(path)
    assert "a device" in refused(Path("/dev/zero"))


def test_empty_and_too_large(path: Path) -> None:
    path.write_text("")
    assert "no task in it" in refused(path)
    os.truncate(path, 1 << 40)
    assert "larger than 65536 KiB" in refused(path)


def test_unreadable(path: Path) -> None:
    path.write_text(TEXT)
    path.chmod(0)
    if os.getuid() == 0:  # who may read everything: ask as somebody else
        path.parent.chmod(0o755)
        child = os.fork()
        if child == 0:
            code = 1
            try:
                os.setuid(65534)
                code = 0 if "denied" in str(read(path, "single").faults[0]) else 1
            finally:
                os._exit(code)
        assert os.waitpid(child, 0)[1] == 0
    else:
        assert "permission denied" in refused(path)


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-le", "utf-16-be"])
def test_utf16(path: Path, encoding: str) -> None:
    path.write_bytes("1\npython train.py\n20\n".encode(encoding))
    assert "written in UTF-16; save it as UTF-8" in refused(path)


@pytest.mark.parametrize("encoding", ["gbk", "gb18030"])
def test_gbk(path: Path, encoding: str) -> None:
    path.write_bytes(b"1\n" + TEXT.encode(encoding))
    assert refused(path).startswith(f"{path}:2:3: it seems to be written in GBK; save it as UTF-8")


@pytest.mark.parametrize(
    "data", ["1\npython café.py\n20\n".encode("latin-1"), b"1\n\xff\xfe\xfd\n20\n", bytes(range(1, 256)) * 9]
)
def test_other_junk(path: Path, data: bytes) -> None:
    path.write_bytes(data)
    assert "not UTF-8 text" in refused(path) or "UTF-16" in refused(path)


@pytest.mark.parametrize(
    "data", [b"\x7fELF\x02\x01\x01\0\0\0\0\0\0", b"1\nx\0\n20\n", os.urandom(4096) + b"\0"]
)
def test_binary_junk(path: Path, data: bytes) -> None:
    path.write_bytes(data)
    assert "holds NUL bytes" in refused(path)


@pytest.mark.parametrize("mode", [0o602, 0o666, 0o777])
def test_a_file_everybody_can_write(path: Path, mode: int) -> None:
    path.write_text(TEXT)
    path.chmod(mode)
    assert "everybody on this machine can write it" in refused(path)


def test_a_file_of_someone_else(path: Path) -> None:
    path.write_text(TEXT)
    status = path.stat()
    problem = foreign(status, status.st_uid + 1)
    assert (problem is None) == (status.st_uid == 0)
    assert foreign(status, status.st_uid) is None
    if os.getuid() == 0:
        os.chown(path, 65534, -1)
        assert "would run as root" in refused(path)


def test_a_group_with_other_members_is_worth_a_word(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path.write_text(TEXT)
    path.chmod(0o664)
    monkeypatch.setattr("app.trust.other_members", lambda gid, user: [])
    assert read(path, "single").problems == ()
    monkeypatch.setattr("app.trust.other_members", lambda gid, user: ["alice", "bob", "eve", "zoe"])
    parsed = read(path, "single")
    assert len(parsed.tasks) == 1
    assert "its group lets alice, bob, eve and others write it" in parsed.problems[0].text
    path.chmod(0o644)
    assert read(path, "single").problems == ()


def test_members_by_primary_group_count() -> None:
    nobody = pwd.getpwnam("nobody")
    assert "nobody" in other_members(nobody.pw_gid, "alice")
    assert "nobody" not in other_members(nobody.pw_gid, "nobody")
    assert other_members(2**31 - 5, "alice") == []
