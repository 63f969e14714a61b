"""Survivors that are accepted, each with the reason why no test can or should tell it apart.

An entry whose mutant is killed, or is no longer there, is told, so that the list stays true.
"""

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Accepted:
    """One mutant by its module, function and lines, as a survivor is reported, and the reason."""

    path: str
    within: str
    old: str
    new: str
    reason: str

    @property
    def key(self) -> tuple[str, str, str, str]:
        """What a mutant has as its own key."""
        return self.path, self.within, self.old, self.new


ACCEPTED: Sequence[Accepted] = (
    Accepted(
        path="harness/measures/calls.py",
        within="largest_share.compute",
        old="slices[number][span.callee] += 1",
        new="slices[number][span.callee] += 2",
        reason="A share is the same when every call counts twice.",
    ),
    Accepted(
        path="harness/measures/requests.py",
        within="well_from_s",
        old="return next((float(second) for second in healthy if second > sick[-1]), math.inf)",
        new="return next((float(second) for second in healthy if (second >= sick[-1])), math.inf)",
        reason="No second is healthy and sick.",
    ),
    Accepted(
        path="harness/measures/series.py",
        within="increase.compute",
        old="window = slice(int(start_s), int(end_s) + 1)",
        new="window = slice(start_s, int(end_s) + 1)",
        reason="The seconds are whole already; `int` is for a caller without types.",
    ),
    Accepted(
        path="harness/measures/series.py",
        within="increase.compute",
        old="window = slice(int(start_s), int(end_s) + 1)",
        new="window = slice(int(start_s), end_s + 1)",
        reason="As for the start: the seconds are whole already.",
    ),
    Accepted(
        path="services/patterns/consumer_group.py",
        within="ConsumerGroup.bury",
        old="async with self._store.pipeline(transaction=True) as both:",
        new="async with self._store.pipeline() as both:",
        reason="redis-py's pipelines are transactions unless told otherwise; this says so.",
    ),
    Accepted(
        path="services/patterns/consumer_group.py",
        within="ConsumerGroup._delivery",
        old='return int(entries[0]["times_delivered"]) if entries else 1',
        new="return entries[0]['times_delivered'] if entries else 1",
        reason="redis-py gives an int; its annotations do not say so.",
    ),
    Accepted(
        path="services/patterns/breaker.py",
        within="Breaker._turn",
        old="self._changes += 1",
        new="self._changes -= 1",
        reason="Only whether it has changed is looked at, never which way.",
    ),
    Accepted(
        path="services/patterns/retry.py",
        within="Backoff.pause_ms",
        old="bound = min(self.cap_ms, self.base_ms * 2.0 ** min(retry - 1, 1000))",
        new="bound = min(self.cap_ms, self.base_ms * 2.0 ** min(retry - 1, 500.0))",
        reason="Five hundred doublings reach every cap too.",
    ),
    Accepted(
        path="services/patterns/retry.py",
        within="RetryBudget.withdraw",
        old="if self._tokens < 1 - 1e-9:",
        new="if (self._tokens <= 1 - 1e-09):",
        reason="No sum of deposits comes to just this figure.",
    ),
    Accepted(
        path="harness/model/validate_claims.py",
        within="_asks_for",
        old="return literal.startswith(path) or (bool(place) and path.startswith(literal))",
        new="return literal.startswith(path) or (place and path.startswith(literal))",
        reason="A bracket that was found is as true as its own truth value.",
    ),
    Accepted(
        path="harness/measures/requests.py",
        within="quantile_of",
        old="rank = max(0, math.ceil(round(quantile * len(ordered), 9)) - 1)",
        new="rank = max(0, math.ceil(round(quantile * len(ordered), 10)) - 1)",
        reason="Ten digits remove what binary adds as nine do, for as many values as a run has.",
    ),
    Accepted(
        path="harness/checks/verdict.py",
        within="_unapplied",
        old="bound=Bound(at_least=1),",
        new="bound=Bound(at_least=2),",
        reason="The value is NaN, which no bound accepts; there is none to choose.",
    ),
    Accepted(
        path="harness/checks/verdict.py",
        within="_unapplied",
        old="bound=Bound(at_least=1),",
        new="bound=Bound(at_least=0),",
        reason="The value is NaN, which no bound accepts, and what was missing is told instead.",
    ),
    Accepted(
        path="harness/measures/gauges.py",
        within="samples",
        old="columns = zip(*sampled(recording, metric, labels).values(), strict=False)",
        new="columns = zip(*sampled(recording, metric, labels).values(), strict=True)",
        reason="A recording's series are of one length; a shorter one would end the window.",
    ),
    Accepted(
        path="harness/measures/windows.py",
        within="check_called_by",
        old='callers = {span.caller for span in recording.spans if span.kind == "client"}',
        new="callers = {span.caller for span in recording.spans}",
        reason="The span of work names no caller, and no name is near to none.",
    ),
    Accepted(
        path="services/patterns/caching.py",
        within="Caching.flush",
        old="self._writes.of(name).count += 1",
        new="self._writes.of(name).count -= 1",
        reason="Fills under way look whether it has changed; what was written since is dirty.",
    ),
    Accepted(
        path="services/patterns/shedding.py",
        within="Shedding._worth",
        old="sign = -1 if self._newest_first() else 1",
        new="sign = -2 if self._newest_first() else 1",
        reason="Only the order counts, and twice as far is as negative.",
    ),
    Accepted(
        path="services/patterns/caching.py",
        within="Caching._write",
        old="self._writes.of(name).count += 1",
        new="self._writes.of(name).count += 2",
        reason="Only whether it has changed is looked at, never by how much.",
    ),
    Accepted(
        path="services/patterns/caching.py",
        within="Caching._write",
        old="self._writes.of(name).count += 1",
        new="self._writes.of(name).count -= 1",
        reason="Only whether it has changed is looked at, never which way.",
    ),
    Accepted(
        path="services/patterns/caching.py",
        within="_Writes",
        old="count: int = 0",
        new="count: int = 1",
        reason="Only whether it has changed is looked at, never from what.",
    ),
    Accepted(
        path="harness/measures/crowds.py",
        within="asked_by",
        old="within = (one for one in made if 0 <= one.intended_s < recording.duration_s)",
        new="within = (one for one in made if 0 <= one.sent_s < recording.duration_s)",
        reason="A crowd sends when it means to: both are its first try's start.",
    ),
    Accepted(
        path="harness/model/validate_claims.py",
        within="",
        old="SAMPLES = (1.0, 1000.0)",
        new="SAMPLES = (1.0, 500.0)",
        reason="One that is far from the other is wanted, and both are.",
    ),
    Accepted(
        path="harness/engines/sim/pipe.py",
        within="Pipe.__init__",
        old="self._watched = True",
        new="pass",
        reason="It is read where there is a receiver, since when `_pump` has set it.",
    ),
    Accepted(
        path="harness/engines/sim/endings.py",
        within="Endings._exits",
        old="if process is None or process.quit is None:",
        new="if (process is None):",
        reason="Every process of a host has it; mypy wants to see that one without is thought of.",
    ),
    Accepted(
        path="harness/engines/sim/tasks.py",
        within="_made",
        old="return 1, int(number) if number.isdigit() else 0",
        new="return 0, int(number) if number.isdigit() else 0",
        reason="Python counts all tasks in the names that it gives, so theirs are higher.",
    ),
    Accepted(
        path="harness/engines/sim/failures.py",
        within="Failures.see",
        old="if len(self._failed) > KEPT:",
        new="if (len(self._failed) <= KEPT):",
        reason="It forgets more often, and the same.",
    ),
    Accepted(
        path="services/patterns/locks.py",
        within="Locks._awaited",
        old="met.add(holder)",
        new="pass",
        reason="Detection lets no circle arise that the walk could run in; this would end it.",
    ),
    Accepted(
        path="services/patterns/rollout.py",
        within="Rollout.__init__",
        old="self._since_s = 0.0",
        new="self._since_s = 1.0",
        reason="Until a value is offered the one on trial is the proven one, whenever that began.",
    ),
    Accepted(
        path="services/patterns/consumer_group.py",
        within="ConsumerGroup.redrive",
        old='dead: list[Any] = await self._store.xrange(f"{self._stream}:dead") or []',
        new="dead: list[Any] = await self._store.xrange(f'{self._stream}:dead')",
        reason="It answers a list, if an empty one; the rest is for redis-py's type of the answer.",
    ),
)
