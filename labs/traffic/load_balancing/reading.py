"""Load balancing in words: the lab's claims, its variants, and the question to a learner."""

from harness import measures
from harness.model.reading import End, Line, Phrase, Question, Reading, choice
from labs.traffic.load_balancing.predictions import OLD_S

SLOW = measures.success_ratio(5.5, 7.5)
OLD = measures.success_ratio(*OLD_S)
LOSES = Phrase(
    row="loses the slow one's share",
    value="good",
    told="answered {value} of requests while app-4 was slow",
    missed="answered {value} of requests while app-4 was slow",
)
BY_OLD = {
    "told": "answered {value} on old figures",
    "missed": "answered {value} on old figures",
}

READING = Reading(
    opening="With one slow replica, then old figures",
    variants={
        "round-robin": "each replica in turn",
        "least": "the replica that reported least work",
        "two-choices": "the better one of two at random",
        "own-count": "the least by the balancer's own count",
    },
    phrases={
        "its share is lost": LOSES,
        "the slow replica's share fails, and goes on to after the fault": Phrase(
            row="loses on after it", value="good, 5.5-8 s"
        ),
        "old figures send everybody to one replica": Phrase(
            row="suffers by old figures", value="good", **BY_OLD
        ),
        "and lose few": Phrase(row="loses few later", value="good", **BY_OLD),
        "a count of one's own is never old": Phrase(row="is never old", value="good", **BY_OLD),
        "the slow replica is avoided": Phrase(row="avoids app-4", value="calls"),
        "few are lost with it": Phrase(row="loses few", value="good"),
        "old figures make no herd": Phrase(row="makes no herd", value="most to one"),
        "one gets everything": Phrase(row="sends all to one", value="most to one"),
        "round robin asks nobody": Phrase(row="gives it its turn", value="calls per request"),
    },
    line=Line(
        caption="good answers each second (higher is better); share in each fault",
        ends=(
            End(said="{value}", measure=SLOW),
            End(said="{value}", measure=OLD),
        ),
    ),
    questions=(
        Question(
            on="round-robin",
            asks="requests round-robin fails while app-4 is slow",
            choices=(
                choice("a tenth", SLOW, at_least=0.85, at_most=0.95),
                choice("a quarter", SLOW, at_least=0.65, at_most=0.84, claim="its share is lost"),
                choice("all", SLOW, at_most=0.2),
            ),
        ),
    ),
)
