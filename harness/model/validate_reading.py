"""What can be wrong with the words of a lab before it runs, each in one line."""

import string
from collections.abc import Collection, Iterator

from harness.model.lab import Lab
from harness.model.names import nearest
from harness.model.reading import Line, Phrase, Question

VALUE = "value"
"""What a phrase may leave open, in braces."""
CHOICES = range(2, 6)
"""How many answers a question may offer."""


def reading(lab: Lab) -> Iterator[str]:
    """Say what is wrong with a lab's words: names of nothing, questions without a right answer."""
    words = lab.reading
    variants = [variant.name for variant in lab.variants]
    for name in words.variants:
        yield from _unknown("reading: variant", name, variants)
    claims = [item.claim for item in lab.expect] + [item.name for item in lab.predict]
    claims += [item.claim for item in lab.across]
    for name, phrase in words.phrases.items():
        yield from _unknown("reading: claim", name, claims)
        yield from (f"reading: {name!r}: {problem}" for problem in _phrase(phrase))
    if words.line:
        yield from (f"reading: line: {problem}" for problem in _line(lab, words.line))
    for question in words.questions:
        yield from _unknown("question: variant", question.on, variants)
        yield from (f"question {question.asks!r} {problem}" for problem in _question(lab, question))


def _phrase(phrase: Phrase) -> Iterator[str]:
    if not phrase.row:
        yield "row is empty; write a predicate, such as row='never comes back'"
    for name in ("told", "missed", "never"):
        yield from (f"{name} {problem}" for problem in _template(getattr(phrase, name)))
    if phrase.told and not phrase.missed:
        yield "has told= and no missed=; say also what was seen where the claim does not hold"


def _template(text: str) -> Iterator[str]:
    try:
        fields = {name for _, name, _, _ in string.Formatter().parse(text) if name is not None}
    except ValueError as error:
        yield f"{text!r}: {error}"
        return
    for name in sorted(fields - {VALUE}):
        yield f"{text!r}: {{{name}}} stands for nothing; only {{{VALUE}}} is filled in"


def _line(lab: Lab, line: Line) -> Iterator[str]:
    if line.plot is not None and line.plot not in lab.plots:
        yield f"the plot {line.plot.title!r} is not one of the lab's; add it to plots="
    if line.curves and line.plot is None:
        yield "names curves of no plot; give plot= as well"
    for end in line.ends:
        yield from _template(end.said)


def _question(lab: Lab, question: Question) -> Iterator[str]:
    if len(question.choices) not in CHOICES:
        yield f"has {len(question.choices)} choices; give {CHOICES[0]} to {CHOICES[-1]}"
    right = [choice for choice in question.choices if choice.claim]
    if len(right) != 1:
        yield (
            f"has {len(right)} right choices; name a claim about {question.on} in claim= of "
            "exactly one, which is the right one because of it"
        )
    for choice in right:
        about = _claims_about(lab, question.on)
        if choice.claim not in about:
            close = nearest(choice.claim, about)
            yield (
                f"has the right choice {choice.said!r}, but {choice.claim!r} is no claim about "
                f"{question.on}{close}; its claims are {'; '.join(about)}"
            )


def _claims_about(lab: Lab, variant: str) -> list[str]:
    claims = [item.claim for item in lab.expect if variant in item.variants]
    claims += [item.claim for item in lab.across if variant in item.variants]
    return claims + [item.name for item in lab.predict if item.on == variant]


def _unknown(what: str, name: str, names: Collection[str]) -> Iterator[str]:
    if name not in names:
        yield f"{what} {name!r} is not one of {'; '.join(names)}{nearest(name, names)}"
