"""How a lab is read: its claims in words, its line on the terminal, and its question to a learner.

Nothing here is judged. The numbers in these words come from claims and measures, so that a sentence
about a run cannot say what the run has not shown.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from harness.model.expect import Bound, Measure, Plot


@dataclass(frozen=True, slots=True, kw_only=True)
class Phrase:
    """A claim or prediction in words, each of them a predicate of the variants it is about.

    `row` is its name in a table, in the present tense ("never comes back"), and `value` what the
    number beside it is ("good, 18-25 s"). `told` and `missed` are for the sentence about a run, in
    the past tense, where the claim holds and where it does not; `{value}` stands for the number
    with its unit. `never` is said in place of either where a time has no end. Without `told`, the
    sentence leaves the claim out.
    """

    row: str
    value: str = ""
    told: str = ""
    missed: str = ""
    never: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class End:
    """A number with a name that stands at the end of a line: `{value} lost`."""

    said: str
    measure: Measure


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """What the terminal draws of each run: one value a second, and what stands at the end.

    `plot` is one of the lab's own and `curves` those of its curves that are summed, all when none
    is named; without a plot the line shows good answers. `caption` says what it is, and whether
    higher is better.
    """

    caption: str
    ends: tuple[End, ...]
    plot: Plot | None = None
    curves: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """An answer that a learner may choose, and the values of a measure with which it is right.

    `claim` names the claim or prediction that says so; the right choice has one, the others none.
    """

    said: str
    measure: Measure
    bound: Bound
    claim: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """What a learner is asked before a run: how one variant will do under the faults."""

    on: str
    asks: str
    choices: tuple[Choice, ...]

    @property
    def right(self) -> Choice:
        """The choice that a claim of the lab says is right; validation sees that there is one."""
        return next(choice for choice in self.choices if choice.claim)


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """The words of a lab: all may be missing, and then its claims speak for themselves.

    `opening` begins the sentence about a run ("After three seconds of freeze"). `variants` has a
    phrase for each variant, `phrases` one for each claim or prediction by its name, in the order in
    which the sentence tells them. Of `questions`, the first is asked whose variant is run.
    """

    opening: str = ""
    variants: Mapping[str, str] = field(default_factory=dict)
    phrases: Mapping[str, Phrase] = field(default_factory=dict)
    line: Line | None = None
    questions: tuple[Question, ...] = ()

    def phrase(self, claim: str) -> Phrase:
        """Give a claim's words; its name, where it has none."""
        return self.phrases.get(claim) or Phrase(row=claim)

    def question(self, variants: Sequence[str]) -> Question | None:
        """Give the question to ask before some variants are run, if there is one."""
        return next((item for item in self.questions if item.on in variants), None)


UNREAD = Reading()
"""A lab without words of its own."""


def choice(
    said: str,
    measure: Measure,
    *,
    at_least: float = float("-inf"),
    at_most: float = float("inf"),
    claim: str = "",
) -> Choice:
    """Offer an answer that is right when a measure lies within bounds."""
    return Choice(
        said=said, measure=measure, bound=Bound(at_least=at_least, at_most=at_most), claim=claim
    )
