"""Edits of the command file and of the settings while their scheduler runs."""

import asyncio
import gc
import os
from collections.abc import AsyncIterator, Callable
from datetime import datetime
from pathlib import Path
from typing import Generic, Protocol, TypeVar

from watchfiles import awatch

from app.model.faults import BadInput
from app.model.problems import Problem, problem
from app.narrate import log
from app.signature import Signature, signature
from app.writers import is_being_written, spreadsheet_lock

LOOK_MILLISECONDS = 2_000
"""Between looks at the file itself: network file systems tell of no changes."""

BEGIN_SECONDS = 0.2
"""After so long the watch has begun, and what was saved before that is looked for."""

SETTLE_SECONDS = 0.08
"""A file that has not changed for so long has been saved: some editors write in two steps."""

SETTLE_LOOKS = 20
"""For which a file that changes all the time is waited for."""

WRITTEN_LOOKS = 100
"""For which one is waited for that somebody has open for writing: half of it may still come."""

LONGEST_SECONDS = round(WRITTEN_LOOKS * SETTLE_SECONDS)

READS = 3
"""Of a version that others save over while it is read: they might have had half of it there."""

UNREAD: Signature = (0, 0, 0, 0)
"""Of no file: whatever is there is looked at."""


class Version(Protocol):
    """A file as it was read."""

    @property
    def text(self) -> str: ...

    @property
    def problems(self) -> tuple[Problem, ...]: ...


V = TypeVar("V", bound=Version)


class Edits(Generic[V]):
    """Watches a file; a good version is handed on, a bad one changes nothing and says why."""

    def __init__(
        self,
        path: Path,
        seen: Signature | None,
        version: V,
        read: Callable[[], V],
        accept: Callable[[V], None],
        told: Callable[[], None],
        of_settings: bool = False,
        given: Path | None = None,
    ) -> None:
        """`seen`, `version`: what runs; `read` (called in a thread) and `accept` raise BadInput; `told` is
        called when there are other `problems`; `given`: what led to the file when it was started."""
        self._path, self._seen, self._of_settings, self._given = path, seen, of_settings, given
        self._text, self._warnings = version.text, version.problems  # the rest may be large
        self._read, self._accept, self._told = read, accept, told
        self._problem: Problem | None = None
        self._elsewhere: Problem | None = None

    @property
    def problems(self) -> tuple[Problem, ...]:
        """Of the version that runs, and why there is no newer one."""
        return (*self._warnings, *(each for each in (self._problem, self._elsewhere) if each))

    @property
    def up_to_date(self) -> bool:
        """Whether the version that runs is the file as it stands."""
        return self._problem is None and signature(self._path) == self._seen

    def rewritten(self, before: Signature | None, after: Signature) -> None:
        """We have changed the file ourselves, in nothing that has to be taken up, when it was as `before`.
        What others have saved is looked at all the same."""
        if self._seen == before:
            self._seen = after

    async def run(self) -> None:
        """Until cancelled."""
        async for _ in self._signs():
            self._look_where_it_is()
            if signature(self._path) == self._seen:
                continue
            for left in reversed(range(READS)):
                self._seen = await self._settled()
                if self._seen is None:
                    self._problem = problem(
                        "settings_gone" if self._of_settings else "file_gone", file=str(self._path)
                    )
                    self._told()
                    break
                if await self._apply(last=not left):
                    break

    async def _settled(self) -> Signature | None:
        """The file's signature once it changes no more, and nobody writes it."""
        now = signature(self._path)
        for look in range(WRITTEN_LOOKS):
            before = now
            await asyncio.sleep(SETTLE_SECONDS)
            now = signature(self._path)
            if (now == before or look >= SETTLE_LOOKS) and not self._half_written():
                break
            if look == SETTLE_LOOKS:
                self._problem = problem("edit_waits", file=str(self._path), seconds=LONGEST_SECONDS)
                self._told()
        return now

    def _look_where_it_is(self) -> None:
        """Links may be led elsewhere, and an editor may put a file in the place of one."""
        if self._given is None:
            return
        there = Path(os.path.realpath(self._given)) == self._path
        if there == (self._elsewhere is not None):
            given, file = str(self._given), str(self._path)
            self._elsewhere = None if there else problem("file_elsewhere", given=given, file=file)
            self._told()

    def _half_written(self) -> bool:
        """A spreadsheet program keeps it open for writing all the time."""
        return is_being_written(self._path) and spreadsheet_lock(self._path) is None

    async def _signs(self) -> AsyncIterator[object]:
        """Something may have changed. The folder is watched: a watch on the file dies with the first rename
        over it. Where the kernel has no watch left for this user, the file is looked at every second."""
        watch = awatch(
            self._path.parent,
            debounce=50,
            step=10,
            recursive=False,
            rust_timeout=LOOK_MILLISECONDS,
            yield_on_timeout=True,
        )
        first = asyncio.ensure_future(anext(watch))
        try:
            await asyncio.wait({first}, timeout=BEGIN_SECONDS)
            yield None
            yield await first
            async for sign in watch:
                yield sign
        except (OSError, RuntimeError) as error:  # watchfiles wraps what inotify answers
            log.warning("%s can't be watched (%s); it is looked at every second", self._path.parent, error)
        finally:
            first.cancel()
        while True:
            await asyncio.sleep(1)
            yield None

    async def _apply(self, last: bool) -> bool:
        """False: others have saved over what was read, and it is not the `last` try; nothing was done."""
        at = f"{datetime.now():%H:%M:%S}"  # noqa: DTZ005 - as a clock on the wall shows it
        gc.disable()  # of 100,000 tasks it would look at each again and again while they are made
        try:
            version = await asyncio.to_thread(self._read)
            if self._saved_over() and not last:
                return False
            if version.text != self._text:  # else it was only touched, or is again what it was
                self._accept(version)
            self._text, self._warnings = version.text, version.problems
        except BadInput as bad:
            if self._saved_over() and not last:
                return False
            self._problem = self._refused(at, str(bad))
        except OSError as error:  # no descriptor left: looked at again
            wrong = f"{self._path} can't be checked now: {error}"
            self._problem = self._refused(at, wrong)
            self._seen = UNREAD
        except Exception as error:  # a bug about one file is no reason to end what runs
            log.exception("%s can't be read", self._path)
            self._problem = self._refused(at, f"a bug of gpulane, whose log says more: {error!r}")
        else:
            self._problem = None
            gc.freeze()
        finally:
            gc.enable()
        self._told()
        return True

    def _saved_over(self) -> bool:
        return signature(self._path) != self._seen

    def _refused(self, at: str, faults: str) -> Problem:
        if "\n" in faults:  # several, a line each
            faults = f"\n{faults}"
        return problem("settings_refused" if self._of_settings else "edit_refused", at=at, faults=faults)
