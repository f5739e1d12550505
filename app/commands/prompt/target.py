"""Which scheduler the prompt talks to, from one line to the next."""

from dataclasses import dataclass

from app.commands import find
from app.commands.find import Scheduler
from app.model.faults import BadInput
from app.model.paths import Home
from app.model.state_file import StateFile, adapter


@dataclass
class Target:
    """The scheduler that was chosen, and after its end the next one on the same file."""

    home: Home
    pid: int | None = None
    file: str | None = None
    last: Scheduler | None = None  #: talked to, dead or alive

    def living(self) -> Scheduler | None:
        """None: none runs that can be meant. Raises BadInput where several can."""
        if self.last and self.last.alive():
            return self.last
        among = find.schedulers(self.home, *self._which())
        if not any(one.ran for one in among):
            if self.last is None and (self.pid is not None or self.file):
                self.last = max(among, key=lambda one: one.seen.updated_at, default=None)
            return None
        self.last = find.the_one(self.home, *self._which())
        return self.last

    def the_one(self) -> Scheduler:
        """The living one. Raises BadInput."""
        one = self.living()
        if one is None:
            raise BadInput(f"{self.gone()}; `run` starts it" if self.path else self.gone())
        return one

    @property
    def path(self) -> str | None:
        """Of its command file (real path), as far as one is known."""
        if self.last:
            return self.last.seen.command_file
        return str(self.home.resolve(self.file).resolve()) if self.file else None

    def gone(self) -> str:
        """That none runs, for whom it matters."""
        if self.last:
            file = find.shown_path(self.last.seen.command_file)
            return f"the scheduler with pid {self.last.pid} has ended ({file})"
        if self.file:
            return f"no scheduler runs on {self.file}"
        return "no scheduler runs here; `run FILE` starts one"

    def _which(self) -> tuple[int | None, str | None]:
        """After its end a pid says nothing any more, and its file does."""
        return (None, self.last.seen.command_file) if self.last else (self.pid, self.file)


def now(one: Scheduler) -> StateFile:
    """The scheduler as it is at this moment. Raises NoAnswer."""
    return adapter().validate_python(one.ask("status")["state"])
