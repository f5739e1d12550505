"""Parameters that a call does not know are refused: one that is misspelt would be taken for left out, and
`index=1` for configuration 0."""

from collections.abc import Iterator
from difflib import get_close_matches

from fastapi import Request
from fastapi.dependencies.models import Dependant
from fastapi.routing import APIRoute

from control.src.web.problems import Fault, Refused

PROBLEM = "there is no such parameter"


async def only_known(request: Request) -> None:
    """A dependency of every call. Raises Refused."""
    route = request.scope["route"]
    if not route.include_in_schema:
        return
    known = _names(route)
    faults = [
        Fault(file=f"query.{name}", line=0, column=0, problem=PROBLEM, hint=_hint(name, known))
        for name in request.query_params
        if name not in known
    ]
    if faults:
        said = "; ".join(f"{one.file}: {one.problem}; {one.hint}" for one in faults)
        raise Refused(422, "invalid-request", said, faults=[one.model_dump() for one in faults])


def _names(route: APIRoute) -> frozenset[str]:
    if route.unique_id not in _KNOWN:
        _KNOWN[route.unique_id] = frozenset(_all_names(route.dependant))
    return _KNOWN[route.unique_id]


_KNOWN: dict[str, frozenset[str]] = {}


def _all_names(dependant: Dependant) -> Iterator[str]:
    yield from (field.alias for field in dependant.query_params)
    for one in dependant.dependencies:
        yield from _all_names(one)


def _hint(name: str, known: frozenset[str]) -> str:
    near = get_close_matches(name, sorted(known), 1, 0.5)
    inside = [each for each in sorted(known) if name in each]
    meant = [*near, *inside]
    return f"did you mean {meant[0]}?" if meant else "this call has " + (", ".join(sorted(known)) or "none")
