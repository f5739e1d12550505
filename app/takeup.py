"""Handing a change of a command file to the scheduler that watches it: taken up, or refused and undone."""

import contextlib
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, TypeVar

from app.amend import Amended
from app.client import Client, NoAnswer
from app.model.faults import BadInput, GpulaneError
from app.model.paths import Home
from app.store.plan_lock import pid_of, plan_holder

PATIENCE = 30.0
"""Seconds for a scheduler to take a change up, or to refuse it."""

LOOK_SECONDS = 0.02
State = dict[str, Any]
T = TypeVar("T")


@contextlib.contextmanager
def connected(home: Home, path: Path) -> Iterator[Client | None]:
    """To the scheduler that runs the file (real path), once it listens; None: none runs it.

    Raises BadInput where it does not answer, as that of another GPULANE_HOME."""
    deadline = time.monotonic() + PATIENCE
    while (holder := plan_holder(home.state, path)) is not None:
        try:
            client = Client(home.control_socket(pid_of(holder) or 0))
            break
        except NoAnswer as error:
            if time.monotonic() > deadline:
                raise BadInput(
                    f"the scheduler with pid {holder} runs {path} and does not answer here; is it of another "
                    "GPULANE_HOME?"
                ) from error
            time.sleep(LOOK_SECONDS)
    else:
        yield None
        return
    with client:
        yield client


def state_of(client: Client) -> State:
    """Raises NoAnswer."""
    state: State = client.ask("status")["state"]
    return state


def refusal(state: State) -> str | None:
    """Why the file as it stands is not taken up."""
    return next((one["facts"]["faults"] for one in state["problems"] if one["kind"] == "edit_refused"), None)


def refuse_unmended(state: State, file: str) -> None:
    """Raises BadInput where the file's last version was not taken up: no more would be."""
    if refused := refusal(state):
        raise BadInput(f"{file} as it stands is not taken up by its scheduler; mend it first: {refused}")


@contextlib.contextmanager
def kept_if_taken(amended: Amended, client: Client | None) -> Iterator[None]:
    """The change is undone if what is done meanwhile fails."""
    try:
        yield
    except BaseException:
        amended.undo()
        if client is not None:
            _until_forgotten(client)
        raise


def until(client: Client, there: Callable[[], T | None]) -> T:
    """What `there` answers, once it answers something. Raises BadInput with what the scheduler has against
    it."""
    deadline = time.monotonic() + PATIENCE
    while True:
        found = there()
        if found is not None:
            return found
        if refused := refusal(state_of(client)):
            raise BadInput(refused)
        if time.monotonic() > deadline:
            raise BadInput(f"its scheduler did not take it up within {PATIENCE:g} s; see ./gpulane ls")
        time.sleep(LOOK_SECONDS)


def _until_forgotten(client: Client) -> None:
    """Else the next one would be told of this one's fault."""
    deadline = time.monotonic() + PATIENCE
    with contextlib.suppress(GpulaneError):
        while refusal(state_of(client)) and time.monotonic() < deadline:
            time.sleep(LOOK_SECONDS)
