"""Idempotency keys in words: the lab's claims, its variants, and the questions to a learner."""

from harness.measures import plots
from harness.model.reading import End, Line, Phrase, Question, Reading, choice
from labs.resilience.idempotency.measures import charges_per_order
from labs.resilience.idempotency.predictions import (
    CHARGES_LATE,
    LOST,
    SLOW_S,
    TRIES,
    TWICE_LOST,
    WRONG_LATE,
)

PAYMENTS_PLOT = plots.each_second(
    {"payments": charges_per_order(0, 1)}, title="Payments for each order"
)
TWICE = {
    "told": "charged {value} of the customers twice",
    "missed": "charged {value} of the customers twice",
}
PAID = {
    "told": "took payment {value} times an order",
    "missed": "took payment {value} times an order",
}
WRONG = {
    "told": "told {value} of those who had paid that it failed",
    "missed": "told {value} of those who had paid that it failed",
}

READING = Reading(
    opening="While answers of the payments were lost, and then late",
    variants={
        "no-key": f"{TRIES} tries, and payments that look at no key",
        "new-key": "a key, made anew for each try",
        "no-retry": "one try",
        "ask-first": "asks whether it is paid before it tries again",
        "key": f"{TRIES} tries with the key of the order",
        "ask-later": f"asks {1000 * SLOW_S:g} ms later",
    },
    phrases={
        "lost answers are paid for twice": Phrase(
            row="charge twice when answers are lost", value="charged twice", **TWICE
        ),
        "late answers are paid for twice": Phrase(
            row="charge twice when answers are late", value="charged twice", **TWICE
        ),
        "all who wait too briefly are told that it failed": Phrase(
            row="tells all that it failed", value="told so", **WRONG
        ),
        "each order is paid for once": Phrase(row="charge once", value="per order", **PAID),
        "whoever has paid is told so": Phrase(row="tell the truth", value="told no", **WRONG),
        "also when answers are lost": Phrase(
            row="tell the truth when answers are lost", value="told no", **WRONG
        ),
        "one in five pays twice": Phrase(row="charges one in five twice", **TWICE),
        "a quarter more payments than orders": Phrase(
            row="charges a quarter more", value="per order", **PAID
        ),
        "one payment for each try": Phrase(row="charges for each try", value="per order", **PAID),
        "who asks too early pays twice": Phrase(row="asks too early", value="per order", **PAID),
        "one in five has paid and is told otherwise": Phrase(
            row="tells one in five that it failed", value="told so", **WRONG
        ),
    },
    line=Line(
        caption="payments for each order, each second (1 is right); charged twice when answers "
        "are lost, payments for each order when they are late, told that it failed",
        plot=PAYMENTS_PLOT,
        ends=(
            End(said="{value}", measure=TWICE_LOST),
            End(said="{value}", measure=CHARGES_LATE),
            End(said="{value}", measure=WRONG_LATE),
        ),
    ),
    questions=(
        Question(
            on="new-key",
            asks=f"{100 * LOST:.0f} % of the answers are lost, and each try has a key of its own: "
            "charged twice are",
            choices=(
                choice("none: there are keys", TWICE_LOST, at_most=0.02),
                choice("one in 25", TWICE_LOST, at_least=0.02, at_most=0.08),
                choice(
                    "one in five",
                    TWICE_LOST,
                    at_least=0.08,
                    at_most=0.32,
                    claim="lost answers are paid for twice",
                ),
            ),
        ),
        Question(
            on="ask-first",
            asks="answers take 400 ms, the shop waits 250 and then asks whether it is paid: "
            "payments for each order",
            choices=(
                choice("one: it asks first", CHARGES_LATE, at_most=1.2),
                choice(
                    "two",
                    CHARGES_LATE,
                    at_least=1.8,
                    at_most=2.2,
                    claim="who asks too early pays twice",
                ),
                choice("three", CHARGES_LATE, at_least=2.8),
            ),
        ),
    ),
)
