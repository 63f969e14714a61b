"""What of a script is still to be done, while a person may inject faults of their own between.

A script's `heal` means the fault that the script itself has injected, whatever number that has got.
"""

from collections import deque
from dataclasses import replace

from harness.model.operations import Heal, Inject, Operation
from harness.model.script import Act, Script


class Ahead:
    """The rest of a script, in its order."""

    def __init__(self, script: Script) -> None:
        self._acts = deque(script)
        self._injected = 0
        self._numbers: dict[int, int] = {}

    def next_s(self) -> float | None:
        """Give when the next operation is to be done; None when there is none."""
        return self._acts[0].at_s if self._acts else None

    def last_s(self) -> float | None:
        """Give when the last one is to be done."""
        return self._acts[-1].at_s if self._acts else None

    def take(self) -> tuple[Act, Operation | None]:
        """Take the next act, and what is to be done for it: nothing, to heal what is not there."""
        act = self._acts.popleft()
        if isinstance(act.operation, Inject):
            self._injected += 1
        return act, _renumbered(act.operation, self._numbers)

    def got(self, number: int | None) -> None:
        """Hear which number the fault has got that was taken last."""
        if number is not None:
            self._numbers[self._injected] = number

    def rest(self, injected: int) -> Script:
        """Write the rest as it is to be done after so many faults have been injected in all."""
        numbers, own = dict(self._numbers), self._injected
        acts: list[Act] = []
        for act in self._acts:
            if isinstance(act.operation, Inject):
                own, injected = own + 1, injected + 1
                numbers[own] = injected
            if operation := _renumbered(act.operation, numbers):
                acts.append(replace(act, operation=operation))
        return tuple(acts)


def _renumbered(operation: Operation, numbers: dict[int, int]) -> Operation | None:
    if not isinstance(operation, Heal):
        return operation
    return Heal(numbers[operation.fault]) if operation.fault in numbers else None
