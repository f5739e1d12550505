"""The child process that a message goes out from, or that looks at addresses: whatever a notifier hangs in
ends with it, and so does what apprise has loaded (0.3 s, 45 MB).

Reads one request as JSON from its input, since addresses hold secrets and belong into no argument and no
environment; answers a JSON line an address. apprise and the standard library alone.
"""

import ctypes
import difflib
import json
import os
import signal
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from typing import Any

Tell = Callable[[Mapping[str, Any]], None]

PR_SET_PDEATHSIG = 1


def main() -> None:
    answers = os.dup(1)
    os.dup2(2, 1)  # what notifiers print is no answer
    request = json.load(sys.stdin.buffer)
    _bounded(request["within"])

    def tell(answer: Mapping[str, Any]) -> None:
        os.write(answers, json.dumps(answer).encode() + b"\n")  # so short that lines never mix

    CALLS[request["call"]](request, tell)


def _bounded(seconds: float) -> None:
    """This process ends with its parent, and in time. The kernel sees to it, whatever we hang in."""
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
    signal.signal(signal.SIGALRM, signal.SIG_DFL)
    signal.setitimer(signal.ITIMER_REAL, seconds)


def send(request: Mapping[str, Any], tell: Tell) -> None:
    """To each address from a process of its own: one that hangs or crashes takes no other with it."""
    _schemes()  # loaded once, for all of them
    asked: dict[int, int] = {}
    for at in range(len(request["urls"])):
        if (child := os.fork()) == 0:
            try:
                _bounded(request["seconds"])
                tell({"at": at, "error": _deliver(request, at)})
            finally:
                os._exit(0)
        asked[child] = at
    while asked:
        child, status = os.wait()
        at = asked.pop(child)
        if os.WIFSIGNALED(status):
            tell({"at": at, "error": _silent(request["seconds"], os.WTERMSIG(status))})


def _silent(seconds: float, number: int) -> str:
    if number == signal.SIGALRM:
        return f"no answer within {seconds:.0f} s"
    return f"apprise failed ({signal.strsignal(number)})"


def _deliver(request: Mapping[str, Any], at: int) -> str | None:
    """Why it was not taken, after some tries. Of what is raised only the kind, as it may hold the address."""
    wrong = None
    for pause in (0.0, *request["pauses"]):
        time.sleep(pause)
        try:
            if _hand_over(request["urls"][at], request["title"], request["body"]):
                return None
            wrong = "it could not be reached, or refused it"
        except Exception as error:
            wrong = f"apprise failed ({type(error).__name__})"
    return wrong


def _hand_over(url: str, title: str, body: str) -> bool:
    """Whether it was taken."""
    import apprise

    asset = apprise.AppriseAsset(app_id="gpulane", app_desc="gpulane", app_url="", async_mode=False)
    notifier = apprise.Apprise(asset=asset)
    if not notifier.add(url):
        return False
    return bool(notifier.notify(title=title, body=body, body_format=apprise.NotifyFormat.TEXT))


def check(request: Mapping[str, Any], tell: Tell) -> None:
    """Tells of each address that apprise does not take: whether it knows its scheme, else the nearest one."""
    for at, scheme in _refused(request["urls"]):
        known = scheme in _schemes()
        near = [] if known else difflib.get_close_matches(scheme, _schemes(), 1)
        tell({"at": at, "known": known, "near": near})


def _refused(urls: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    import apprise

    for at, url in urls.items():
        if apprise.Apprise.instantiate(url, suppress_exceptions=True) is None:
            yield at, url.partition("://")[0].lower()


def _schemes() -> list[str]:
    from apprise.manager_plugins import NotificationManager

    return sorted(NotificationManager().schemas())  # type: ignore[no-untyped-call]


CALLS: Mapping[str, Callable[[Mapping[str, Any], Tell], None]] = {"send": send, "check": check}


if __name__ == "__main__":
    del sys.path[0]  # our folder: its modules have plain names, which notifiers may mean others by
    main()
