"""Waiting for a condition with a deadline: the only way tests synchronise with processes."""

import time
from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")


def eventually(look: Callable[[], T], seconds: float = 20.0, interval: float = 0.01) -> T:
    """Call `look` until it answers something true; that answer. Raises AssertionError with the last one."""
    deadline = time.monotonic() + seconds
    while True:
        answer = look()
        if answer:
            return answer
        if time.monotonic() > deadline:
            raise AssertionError(f"not within {seconds} s; the last answer was {answer!r}")
        time.sleep(interval)
