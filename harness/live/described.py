"""What a page is told of a lab when it is opened: its parts, and what of them can be turned."""

from collections.abc import Iterator
from enum import Enum
from typing import Any

from harness.live.session import Session
from harness.model.lab import Service
from harness.model.script import script_of, script_to_json
from services.server import live_settings, load, settings_of
from services.settings import value_of

RATE_S = 60.0
"""The part of a run over which the load's highest rate is told."""


def opened(session: Session) -> dict[str, Any]:
    """Describe a session's lab as a JSON object: hosts, links, live settings, its own faults."""
    lab = session.lab
    placed = lab.placed(session.variant)
    return {
        "experiment": session.export().to_json(),
        "lab": session.slug,
        "title": lab.title,
        "question": lab.question,
        "variant": session.variant.name,
        "variants": [
            {"name": one.name, "kind": type(one).__name__.lower()} for one in lab.variants
        ],
        "seed": session.seed,
        "duration_s": lab.duration_s,
        "rate_rps": lab.load.peak_rps(min(lab.duration_s, RATE_S)),
        "targets": list(lab.load.targets()),
        "hosts": [
            {"name": host, "service": placed[host].name, "settings": [*_settings(placed[host])]}
            if host in placed
            else {"name": host, "service": "redis", "settings": []}
            for host in lab.hosts()
        ],
        "links": [
            {
                "name": link.name,
                "caller": link.caller,
                "callee": link.callee,
                "hosts": list(lab.behind(link.callee)),
            }
            for link in lab.links()
        ],
        "script": [*_own_script(session)],
    }


def _own_script(session: Session) -> Iterator[dict[str, Any]]:
    """Write the lab's own faults as a script, for a button."""
    own = session.whole.facing(session.variant, session.seed)
    yield from script_to_json(script_of(own.faults))


def _settings(service: Service) -> Iterator[dict[str, Any]]:
    """Tell the live settings of a host, with the values that they have in the lab."""
    module = load(service.app)
    made = settings_of(module, service.settings)
    for name in live_settings(module):
        value = value_of(made, name)
        plain = value.value if isinstance(value, Enum) else value
        choices = [one.value for one in type(value)] if isinstance(value, Enum) else []
        yield {"name": name, "value": plain, "choices": choices}
