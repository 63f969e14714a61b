"""Whether a request may be late for nothing but the work that a plan itself asks for."""

import math

from harness.recording import Recording, Request
from harness.swarm.acts import LIMIT_S, works
from harness.swarm.member import BEAT_S, Settings
from harness.swarm.scenario import Scenario

LONGEST_S = 4 * LIMIT_S
"""How long an act may go on for somebody: three hops of a request, each given up in its turn."""


def may_be_late(scenario: Scenario, late: Request, recording: Recording) -> bool:
    """Say whether the hosts could be busy for as long as the request has taken.

    A host works one act after the other. So a request waits no longer than all hosts together can
    work in that time: each act of a request that was sent by then and may still go on, and a beat
    of each host.
    """
    took_s = late.answered_s - late.sent_s
    if not took_s >= LIMIT_S:
        return False
    begun = [
        one
        for one in recording.requests
        if late.sent_s - LONGEST_S <= one.sent_s <= late.answered_s
    ]
    hosts = len(scenario.lab.hosts())
    beats = hosts * math.ceil(took_s / BEAT_S + 1)
    works_ms = [one.settings.get("work_ms", Settings().work_ms) for one in scenario.lab.services]
    longest_s = max(float(str(one)) for one in works_ms) / 1000
    return (sum(works(one.path) for one in begun) + beats) * longest_s >= took_s
