"""Hedged requests in words: the lab's claims, its variants, and the question to a learner."""

from harness.model.reading import End, Line, Phrase, Question, Reading, choice
from labs.resilience.hedged_requests.predictions import HEDGE_S, LIMIT_S, P99, SLOWEST, TAIL, WORK

READING = Reading(
    opening="With one call in twenty slow, then with queues alone",
    variants={
        "single": "one try",
        "hedged": f"a second try after {1000 * HEDGE_S:g} ms",
        "queued": "equal work, one of four queues at random",
        "tied": "equal work, in two queues, until one of them starts",
    },
    phrases={
        "one in forty is late": Phrase(
            row="is late",
            value=f"over {1000 * LIMIT_S:g} ms",
            told="answered late in {value} of requests",
            missed="answered late in {value} of requests",
        ),
        "hardly one in two hundred is late": Phrase(
            row="is hardly late",
            value=f"over {1000 * LIMIT_S:g} ms",
            told="answered late in {value} of requests",
            missed="answered late in {value} of requests",
        ),
        "the extra load": Phrase(
            row="works one in twenty twice",
            value="executions",
            told="did {value} executions a request",
            missed="did {value} executions a request",
        ),
        "the tail of two tries": Phrase(row="has the p99 of two tries"),
        "queues make a tail of equal work": Phrase(
            row="waits in queues",
            value="p99",
            told="had a p99 of {value}",
            missed="had a p99 of {value}",
        ),
        "the tail of two queues": Phrase(
            row="waits less",
            value="p99",
            told="had a p99 of {value}",
            missed="had a p99 of {value}",
        ),
        "most second copies are dropped": Phrase(
            row="drops most second copies",
            value="executions",
            told="did {value} executions a request",
            missed="did {value} executions a request",
        ),
        "a hedge cuts the p99 by a third or more": Phrase(
            row="differ in their p99", value="one / other"
        ),
        "a tie cuts the p99 by a tenth or more": Phrase(
            row="differ in their p99", value="one / other"
        ),
    },
    line=Line(
        caption="slowest good answer each second (lower is better); p99, work for each request",
        plot=SLOWEST,
        ends=(End(said="{value}", measure=P99), End(said="{value}", measure=WORK)),
    ),
    questions=(
        Question(
            on="hedged",
            asks="one try: p99 1.3 s; with a second one for one request in twenty it is",
            choices=(
                choice("about 1.2 s: 5 % less", P99, at_least=1000, at_most=1400),
                choice("about 0.65 s: half", P99, at_least=450, at_most=900),
                choice(
                    "about 0.25 s: a fifth",
                    P99,
                    at_least=TAIL.bound.at_least,
                    at_most=TAIL.bound.at_most,
                    claim=TAIL.name,
                ),
            ),
        ),
    ),
)
