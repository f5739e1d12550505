"""Which task each of our leases is for, by the name that it has now: an edit may have moved what runs."""

from collections.abc import Callable, Collection, Iterable, Mapping

from app.model.task import TaskKey


class Whose:
    """Remembers them from the grant on; one that the plan has no more keeps the last name it had there."""

    def __init__(self) -> None:
        self.called: Callable[[TaskKey], str | None] = lambda _: None  #: "3/1"; None: not in the plan
        self._keys: dict[str, TaskKey] = {}
        self._last: dict[str, str] = {}

    def note(self, leases: Iterable[str], key: TaskKey, label: str) -> None:
        """These are given to this task."""
        for name in leases:
            self._keys[name], self._last[name] = key, label

    def keep(self, leases: Collection[str]) -> None:
        """The others are no more."""
        self._keys = {name: key for name, key in self._keys.items() if name in leases}
        self._last = {name: label for name, label in self._last.items() if name in leases}

    def label(self, name: str) -> str:
        """ "3/1", of the task that the lease is, or was, for."""
        self._last[name] = self.called(self._keys[name]) or self._last[name]
        return self._last[name]

    def labels(self) -> dict[str, str]:
        """Of all leases."""
        return {name: self.label(name) for name in self._keys}

    def queues(self) -> Mapping[str, str]:
        """As the leases themselves say it, for everybody: "queue 3"."""
        return {name: f"queue {self.label(name).partition('/')[0]}" for name in self._keys}
