"""Whose the other end of a connection is."""

import os
import socket
from pathlib import Path

import pytest

from control.src.web import peers
from control.src.web.peers import name_of

ROW = "  0: {client} {server} 01 00000000:00000000 00:00000000 00000000  {uid}        0 1 1\n"


def test_the_kernel_knows_the_user_of_a_connection() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        client = socket.create_connection(server.getsockname())
        with client:
            assert name_of(client.getsockname(), server.getsockname()) == f"uid {os.getuid()}"
    assert name_of(("192.0.2.7", 1), ("192.0.2.8", 2)) == "192.0.2.7"
    assert name_of(None, None) == "unix"


def test_a_port_may_be_the_end_of_several_connections(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    client = "0100007F:8000"
    rows = [(client, "0100007F:0050", 1001), (client, "0100007F:0051", 1002)]
    table = tmp_path / "tcp"
    table.write_text(
        "  sl  local_address rem_address\n"
        + "".join(ROW.format(client=a, server=b, uid=u) for a, b, u in rows)
    )
    monkeypatch.setitem(peers.TABLES, socket.AF_INET, str(table))
    assert name_of(("127.0.0.1", 0x8000), ("127.0.0.1", 0x51)) == "uid 1002"
