"""Connections as they come: this machine's other users can open them, too, and are not to use them all up."""

import asyncio
import logging
import os
import time

from uvicorn.protocols.http.h11_impl import H11Protocol

from control.src.web.peers import name_of

log = logging.getLogger("gpulane.console")

HEAD_SECONDS = 10.0
"""In which the head of a request has to be there: whoever is slower is no browser."""

CROWD = 400
"""Connections; from so many on only this user gets more."""

MOST = 1_500
SAY_SECONDS = 60.0


class Connection(H11Protocol):
    _patience: asyncio.TimerHandle | None = None
    _said_at = 0.0  #: monotonic, for all of them

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        if len(self.connections) > CROWD and self._is_one_too_many():
            transport.abort()
        else:
            self._expect()

    def data_received(self, data: bytes) -> None:
        super().data_received(data)
        self._expect()

    def connection_lost(self, exc: Exception | None) -> None:
        self._expect_nothing()
        super().connection_lost(exc)

    def _is_one_too_many(self) -> bool:
        if len(self.connections) <= MOST and name_of(self.client, self.server) in (
            "unix",
            f"uid {os.getuid()}",
        ):
            return False
        if time.monotonic() - Connection._said_at > SAY_SECONDS:
            Connection._said_at = time.monotonic()
            log.warning("%d connections are open: others are turned away", len(self.connections))
        return True

    def _expect(self) -> None:
        """The rest of a request's head, unless an answer is being given."""
        if self._is_answering():
            self._expect_nothing()
        elif self._patience is None:
            self._patience = self.loop.call_later(HEAD_SECONDS, self._give_up)

    def _expect_nothing(self) -> None:
        if self._patience is not None:
            self._patience.cancel()
            self._patience = None

    def _give_up(self) -> None:
        self._patience = None
        if not self._is_answering():
            self.transport.close()

    def _is_answering(self) -> bool:
        return self.cycle is not None and not self.cycle.response_complete
