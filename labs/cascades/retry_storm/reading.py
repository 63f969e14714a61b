"""The retry storm in words: its claims, its variants, and the question to a learner."""

from harness import measures
from harness.model.reading import Choice, Phrase, Question, Reading, choice
from labs.cascades.retry_storm.predictions import BUDGET, STALL_S, TRIES

AGAIN_S = measures.recovery_s()
RECOVERS = Phrase(
    row="recovers",
    value="after the freeze",
    told="recovered in {value}",
    missed="took {value} to recover",
    never="never came back",
)


def when(right: int, claim: str) -> tuple[Choice, ...]:
    """Ask when customers are answered again, and say which choice is right by which claim."""
    claims = {right: claim}
    return (
        choice("at 8 s", AGAIN_S, at_most=1, claim=claims.get(1, "")),
        choice("at about 13 s", AGAIN_S, at_least=2, at_most=12, claim=claims.get(2, "")),
        choice("not by 25 s", AGAIN_S, at_least=17, claim=claims.get(3, "")),
    )


READING = Reading(
    opening=f"After {STALL_S} s of freeze",
    variants={
        "naive": f"{TRIES} tries a call",
        "no-retry": "1 try a call",
        "budget": f"{TRIES} tries, but retries for {100 * BUDGET:.0f} % of requests at most",
    },
    phrases={
        "never comes back": Phrase(
            row="never comes back",
            value="good, 18-25 s",
            told="never came back",
            missed="answered {value} of requests from 18 to 25 s",
        ),
        "recovers by itself": RECOVERS,
        "the storm feeds itself": Phrase(row="feeds its own storm", value="calls to payments"),
        "every try is used up": Phrase(row="uses every try", value="calls per request"),
        "works for nobody": Phrase(row="works for nobody", value="wasted work"),
        "with one try the backlog drains": RECOVERS,
        "with a budget it drains a little later": RECOVERS,
    },
    questions=(
        Question(on="naive", asks="naive answers again", choices=when(3, "never comes back")),
        Question(
            on="no-retry",
            asks="no-retry answers again",
            choices=when(2, "with one try the backlog drains"),
        ),
        Question(
            on="budget",
            asks="budget answers again",
            choices=when(2, "with a budget it drains a little later"),
        ),
    ),
)
