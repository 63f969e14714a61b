"""The poison message in words: its claims, its variants, and the question to a learner."""

from harness import measures
from harness.measures import plots
from harness.model.reading import End, Line, Phrase, Question, Reading, choice

BOOKED = plots.calls_to("books", title="Orders booked")
BLOCKED = measures.longest_silence_s("books", 4, 18)
SHARE = measures.attempts_per_request("books", 8, 18)

READING = Reading(
    opening="After one bad order",
    variants={
        "naive": "an order stays until somebody can book it",
        "dead-letter": "an order that was delivered three times is set aside, unread",
        "caught": "an order that cannot be read is set aside by who reads it",
    },
    phrases={
        "not one more order is booked": Phrase(
            row="books nothing more",
            value="per order, 8-18 s",
            told="booked nothing more",
            missed="booked {value} of each order from 8 to 18 s",
        ),
        "blocked until one is back": Phrase(
            row="stops until one is back",
            told="stopped for {value}",
            missed="stopped for {value}",
        ),
        "nobody notices": Phrase(
            row="hardly stops",
            told="stopped for {value}",
            missed="stopped for {value}",
        ),
        "and every client is told yes": Phrase(row="tells every client yes", value="good answers"),
        "all orders but the bad one are booked": Phrase(row="books the rest", value="per order"),
        "one order is buried": Phrase(row="sets aside one order", value="orders"),
    },
    line=Line(
        caption="orders booked each second (higher is better)",
        plot=BOOKED,
        ends=(End(said="stopped for {value}", measure=BLOCKED),),
    ),
    questions=(
        Question(
            on="naive",
            asks="orders naive books each second, with one bad one among them",
            choices=(
                choice("all but that one", SHARE, at_least=0.95),
                choice("half", SHARE, at_least=0.3, at_most=0.7),
                choice("none", SHARE, at_most=0.02, claim="not one more order is booked"),
            ),
        ),
    ),
)
