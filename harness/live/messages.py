"""What the engine tells a page: the messages of the protocol, as JSON objects."""

import math
from collections.abc import Callable
from dataclasses import asdict, dataclass, fields, is_dataclass
from typing import Any

from harness.live.abilities import Abilities
from harness.live.fault_words import buttons
from harness.live.session import Session
from harness.live.snapshot import Look
from harness.live.tools import tools
from harness.live.viewed import Viewed
from harness.model.lab import Lab
from harness.model.operations import OPERATIONS

PROTOCOL = 2
Message = dict[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Labs:
    """The labs that can be opened: their names and titles, and each by its name.

    `lesson` gives the lesson of a lab as a JSON object, None where it has none.
    """

    names: tuple[tuple[str, str], ...]
    find: Callable[[str], Lab]
    lesson: Callable[[str], Message | None]


def hello(labs: Labs, abilities: Abilities) -> Message:
    """Say what there is: labs, faults with their buttons, operations, tools."""
    return {
        "say": "hello",
        "protocol": PROTOCOL,
        **abilities.told(),
        "labs": [{"name": name, "title": title} for name, title in labs.names],
        "faults": buttons(abilities.lacks),
        "operations": list(OPERATIONS),
        "tools": list(tools([name for name, _ in labs.names])) if "tools" in abilities.can else [],
    }


def tick(session: Session, look: Look) -> Message:
    """Say how things are at this moment, and when the next event is."""
    next_s = session.next_s()
    return {
        "say": "tick",
        **finite(look),
        "next_s": next_s if math.isfinite(next_s) else None,
        "messages": [asdict(message) for message in session.messages()],
    }


def series(session: Viewed) -> list[Message]:
    """Give the lab's own plots."""
    return [finite(one) for one in session.series()]


def upcoming(session: Session, most: int) -> Message:
    """Say what comes next, as things are now."""
    events = [asdict(event) for event in session.upcoming(most)]
    return {"say": "upcoming", "at_s": session.now_s, "events": events}


def claims(session: Viewed) -> Message:
    """Say how what the lab claims of this variant stands."""
    return {"say": "claims", "claims": [asdict(one) for one in session.claims()]}


def history_of(session: Viewed, span_s: float) -> Message:
    """Give what clients asked and were told lately; without answers nothing can be judged."""
    since_s = max(0.0, session.now_s - span_s)
    operations = [asdict(one) for one in session.history(since_s)]
    return {
        "say": "history",
        "at_s": session.now_s,
        "since_s": since_s,
        "kept": session.lab.load.keeps_answers(),
        "operations": operations,
    }


def followed(session: Viewed, number: int) -> Message:
    """Give a request with its spans."""
    request, spans = session.followed(number)
    return {
        "say": "followed",
        "number": number,
        "request": request and finite(request._asdict()),
        "spans": [finite(span._asdict()) for span in spans],
    }


def finite(value: Any) -> Any:  # noqa: ANN401 - any JSON
    """Make an object of each dataclass, and put null where a number is none.

    Most of each tick goes through here, which is why it is one pass and no `asdict` before it.
    """
    match value:
        case str() | int() | None:
            return value
        case float():
            return value if math.isfinite(value) else None
        case dict():
            return {name: finite(one) for name, one in value.items()}
        case list() | tuple():
            return [finite(one) for one in value]
    if is_dataclass(value):
        return {field.name: finite(getattr(value, field.name)) for field in fields(value)}
    return value
