"""Another secret ends what the old one has opened, at once."""

import httpx

from tests.console.world import Console


def test_who_takes_a_secret_back_has_taken_it_back(console: Console) -> None:
    old, reader = console.secret(), console.secret("read")
    with console.client(Origin=console.url) as browser:
        browser.post("/api/auth/login", json={"secret": old})
        body = {"reset": ["secret"]}
        with console.http as http:
            assert http.put("/api/settings", json=body).is_success
        assert browser.get("/api/auth/check").status_code == 401
    assert status(console, old) == 401
    assert console.secret() != old
    assert status(console, console.secret()) == 200
    assert status(console, reader) == 200  # of that nothing was said
    console.stop()
    console.start()
    assert status(console, old) == 401


def test_a_secret_of_ones_own_is_the_secret_at_once(console: Console) -> None:
    made = console.secret()
    body = {"values": {"secret": "sixteen characters"}}
    with console.http as http:
        answer = http.put("/api/settings", json=body)
    assert answer.is_success, answer.text
    assert "sixteen" not in answer.text
    assert [status(console, each) for each in (made, "sixteen characters")] == [401, 200]


def status(console: Console, secret: str) -> int:
    answer = httpx.get(f"{console.url}/api/auth/check", headers={"Authorization": f"Bearer {secret}"})
    return answer.status_code
