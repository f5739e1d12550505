"""Serving metrics on a port, from threads of their own: neither a scrape nor the loop waits for the other."""

from collections.abc import Callable, Iterable, Iterator

from prometheus_client import start_http_server
from prometheus_client.core import Metric
from prometheus_client.registry import Collector, CollectorRegistry

from app.metrics.families import families
from app.model.faults import BadInput
from app.model.state_file import StateFile

LOOPBACK = "127.0.0.1"


class _Source(Collector):
    """Asked at each scrape, in a thread of the server's."""

    def __init__(self) -> None:
        self.states: Callable[[], Iterable[StateFile]] = tuple

    def collect(self) -> Iterator[Metric]:
        yield from families(self.states())


class MetricsPort:
    """An open port."""

    def __init__(self, where: str) -> None:
        """`where`: "9100", or "0.0.0.0:9100". Raises BadInput where it is no such thing, or can't be had."""
        address, port = address_of(where)
        self._source = _Source()
        registry = CollectorRegistry()
        registry.register(self._source)
        try:
            self._server, self._thread = start_http_server(port, address, registry)
        except (OSError, UnicodeError) as error:
            why = getattr(error, "strerror", None) or str(error)
            raise BadInput(
                f"--metrics-port {where}: {address} port {port} can't be had ({why}); name another port"
            ) from error
        self.url = f"http://{address}:{self._server.server_port}/metrics"

    def serve(self, states: Callable[[], Iterable[StateFile]]) -> None:
        """From now on these; `states` is called in other threads."""
        self._source.states = states

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()


def address_of(where: str) -> tuple[str, int]:
    """Raises BadInput."""
    address, _, port = where.rpartition(":")
    if not port.isascii() or not port.isdecimal() or int(port) > 65535:
        raise BadInput(f"--metrics-port {where!r} is no port; write 9100, or 0.0.0.0:9100 for other machines")
    return address.strip("[]") or LOOPBACK, int(port)
