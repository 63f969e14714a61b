"""What a page is told of a lab when it is opened: its parts, and what of them can be turned."""

from collections.abc import Iterator, Mapping
from dataclasses import asdict
from enum import Enum
from typing import Any

from harness.live.setting_range import range_of
from harness.live.viewed import Viewed
from harness.model.change import Configure
from harness.model.fault import Setting
from harness.model.lab import Service
from harness.model.script import script_of, script_to_json
from services.server import live_settings, load, settings_of
from services.settings import value_of

RATE_S = 60.0
"""The part of a run over which the load's highest rate is told."""


def opened(session: Viewed, own: Mapping[str, Any] | None = None) -> dict[str, Any]:
    """Describe a session's lab as a JSON object: hosts, links, live settings, its own faults.

    `own` is what an experiment says to play those; usually they are its script, to be changed.
    """
    lab = session.lab
    placed = lab.placed(session.variant)
    script = [*_own_script(session)]
    return {
        "experiment": session.export().to_json(),
        "lab": session.slug,
        "title": lab.title,
        "question": lab.question,
        "variant": session.variant.name,
        "variants": [
            {
                "name": one.name,
                "kind": type(one).__name__.lower(),
                "settings": {name: _plain(value) for name, value in one.settings.items()},
            }
            for one in lab.variants
        ],
        "seed": session.seed,
        "duration_s": lab.duration_s,
        "ends_s": lab.duration_s + lab.load.longest_timeout_s(),
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
        "turns": [*_turns(session)],
        "script": script,
        "own": {"script": script} if own is None else dict(own),
    }


def _own_script(session: Viewed) -> Iterator[dict[str, Any]]:
    """Write the lab's own faults as a script, for a button."""
    own = session.whole.facing(session.variant, session.seed)
    yield from script_to_json(script_of(own.faults))


def _turns(session: Viewed) -> Iterator[str]:
    """Name the live settings that the lab itself sets, those in which variants differ first."""
    lab = session.whole
    wanted = [name for variant in lab.variants for name in variant.settings]
    own = lab.facing(session.variant, session.seed)
    changes = [one.fault for one in (*own.faults, *own.steps) if isinstance(one.fault, Configure)]
    wanted += [f"{one.target}.{name}" for one in changes for name in one.values]
    wanted += [f"{one.name}.{name}" for one in lab.services for name in one.settings]
    placed = lab.placed(session.variant)
    live = {host: live_settings(load(service.app)) for host, service in placed.items()}
    told: set[str] = set()
    for name in wanted:
        service, _, setting = name.partition(".")
        for host in lab.behind(service):
            if setting in live.get(host, ()) and f"{host}.{setting}" not in told:
                told.add(f"{host}.{setting}")
                yield f"{host}.{setting}"


def _plain(value: Setting) -> Setting:
    return value.value if isinstance(value, Enum) else value


def _settings(service: Service) -> Iterator[dict[str, Any]]:
    """Tell the live settings of a host, with the values that they have in the lab."""
    module = load(service.app)
    made = settings_of(module, service.settings)
    for name in live_settings(module):
        value = value_of(made, name)
        choices = [one.value for one in type(value)] if isinstance(value, Enum) else []
        slider = range_of(service.app, service.settings, name)
        yield {
            "name": name,
            "value": _plain(value),
            "choices": choices,
            "range": slider and asdict(slider),
        }
