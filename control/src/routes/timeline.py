"""What ran where, and what comes next."""

import time

from fastapi import APIRouter, Response

from control.src.cards import others
from control.src.console import TheConsole
from control.src.past import timeline
from control.src.past.timeline_models import Timeline
from control.src.schedulers.models import Time
from control.src.web.problems import Refused

router = APIRouter(tags=["timeline"])

DAY, HOUR = 86_400.0, 3_600.0


@router.get("/api/timeline", response_model=Timeline)
def timeline_picture(console: TheConsole, since: Time = None, until: Time = None) -> Response:
    """Attempts, and what waited, was held or had a backoff, between two times: the last day and the next hour
    where they are not said. At most 20,000 bars, the longest; `thinned` says how many are left out."""
    now = time.time()
    end = now + HOUR if until is None else until
    begin = max(0.0, min(end, now) - DAY) if since is None else since
    if begin >= end:
        raise Refused(422, "invalid-request", "since has to be before until")
    theirs = others.bars(console.archive, begin, end, timeline.MOST)
    found = timeline.picture(console.home(), console.states.all, theirs, begin, end, now)
    return Response(found, media_type="application/json")
