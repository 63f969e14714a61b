"""What the docstring of a formula says, taken apart: answer, formula, limits, domain."""

import inspect
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

RAISES = "Raises:"
REFUSED = "ValueError:"
LIMITS = ("Valid ", "Leaves out ", "Asymptotic", "Holds ", "Good ", "Normal approximation")
SENTENCE = re.compile(r"(?<=[.;:)])\s+(?=[A-Z])")
"""Where a sentence ends that another follows; `ch. 21` and `1 / (2 mu)` have no capital after."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """A docstring as paragraphs: `answer` is its first line, `limits` say where it is valid."""

    answer: str
    text: tuple[str, ...]
    limits: str
    refused: str


def told(function: Callable[..., Any]) -> Told:
    """Take a formula's docstring apart."""
    blocks = [
        " ".join(block.split()) for block in (inspect.getdoc(function) or "").split("\n\n") if block
    ]
    answer, *rest = blocks or [""]
    text, limits, refused = [], [], ""
    for block in rest:
        if block.startswith(RAISES):
            refused = block.removeprefix(RAISES).strip().removeprefix(REFUSED).strip()
            continue
        sentences = SENTENCE.split(block)
        limits += [one for one in sentences if one.startswith(LIMITS)]
        if left := " ".join(one for one in sentences if not one.startswith(LIMITS)):
            text.append(left)
    return Told(
        answer=answer, text=tuple(text), limits=" ".join(limits), refused=refused.replace("`", "")
    )
