"""Accounts of this machine, made for a test, and what they may do."""

import os
import pickle
from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar

T = TypeVar("T")


@dataclass
class Account:
    """A user of this machine, made for a test."""

    name: str
    uid: int

    @property
    def become(self) -> list[str]:
        """What runs a program as this user. The interpreter may lie where only root may look: reading is all
        that is lent to the account."""
        prefix = ["setpriv", f"--reuid={self.uid}", f"--regid={self.uid}", "--clear-groups"]
        return [*prefix, "--inh-caps=+dac_read_search", "--ambient-caps=+dac_read_search"]

    def does(self, act: Callable[[], T]) -> T | str:
        """What `act` answers in a process of this user, with nothing lent; or what the system has against
        it."""
        reader, writer = os.pipe()
        child = os.fork()
        if child == 0:
            os.setgroups([])
            os.setresgid(self.uid, self.uid, self.uid)
            os.setresuid(self.uid, self.uid, self.uid)
            try:
                answer: T | str = act()
            except OSError as error:
                answer = error.strerror or str(error)
            os.write(writer, pickle.dumps(answer))
            os._exit(0)
        os.close(writer)
        with os.fdopen(reader, "rb") as said:
            found: T | str = pickle.loads(said.read())
        os.waitpid(child, 0)
        return found
