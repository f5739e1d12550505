"""When a failed task tries again: tenacity's stop and wait objects, evaluated without running anything.

tenacity's own loop would be a second owner of waiting, and its random waits use a global generator;
so only the policy objects are used, and the jitter is derived from the task's key.
"""

from collections.abc import Callable
from dataclasses import dataclass
from hashlib import blake2b

from tenacity import RetryCallState, stop_after_attempt, stop_never
from tenacity.wait import wait_base, wait_exponential, wait_fixed

from app.model.settings import RetryConfig
from app.model.task import TaskKey

QUICK_SECONDS = 1.0
"""A quick retry comes after this and up to as much again of jitter."""

LONGEST_REST = 60.0
"""Seconds, unless check_time is longer."""


class wait_rounds(wait_base):  # noqa: N801 - named like tenacity's own
    """`quick` waits by the first object, then one by the second, and again."""

    def __init__(self, quick: int, first: wait_base, then: wait_base) -> None:
        self.quick, self.first, self.then = quick, first, then

    def __call__(self, retry_state: RetryCallState) -> float:
        is_backoff = retry_state.attempt_number % (self.quick + 1) == 0
        return (self.then if is_backoff else self.first)(retry_state)


@dataclass(frozen=True, slots=True)
class RetryPolicy:
    """How often and when. `retries` None: for ever."""

    retries: int | None
    config: RetryConfig

    def next_wait(self, key: TaskKey, failures: int) -> float | None:
        """Seconds until the retry after the given failure (counted from 1); None: give up."""
        stop: Callable[[RetryCallState], bool]
        stop = stop_never if self.retries is None else stop_after_attempt(self.retries + 1)
        state = _after(failures)
        if stop(state):
            return None
        quick = wait_fixed(QUICK_SECONDS * (1 + jitter(key, failures)))
        return wait_rounds(
            self.config.max_retry_before_backoff, quick, wait_fixed(self.config.backoff_duration)
        )(state)


def jitter(key: TaskKey, failures: int) -> float:
    """0..1, the same for the same task and failure, so that a decision can be repeated."""
    digest = blake2b(f"{key}/{failures}".encode(), digest_size=4).digest()
    return int.from_bytes(digest, "big") / 2**32


def rest_after(refusals: int, check_time: float) -> float:
    """Seconds until a launch is tried again that the machine has refused, as it has so many times before."""
    longest = max(check_time, LONGEST_REST)
    return wait_exponential(multiplier=check_time, max=longest)(_after(refusals + 1))


def _after(attempts: int) -> RetryCallState:
    """What tenacity's objects look at."""
    state = RetryCallState(None, None, (), {})  # type: ignore[arg-type]
    state.attempt_number = attempts
    return state
