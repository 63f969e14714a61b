"""The service mesh in words: the lab's claims, its variants, and the question to a learner."""

from harness import measures
from harness.measures import plots
from harness.model.reading import End, Line, Phrase, Question, Reading, choice
from labs.traffic.service_mesh.predictions import LOST, PAGE_MS, PREDICTIONS, SICK, WHILE

SERVED = plots.each_second({"served": measures.success_ratio(*WHILE)}, title="Share of pages shown")
*TIMES, BARE, TWICE = PREDICTIONS
LOSES = {"told": "lost {value} of the pages", "missed": "lost {value} of the pages"}

READING = Reading(
    opening=f"While one of three copies, {SICK}, answered in error",
    variants={
        "bare": "calls go to any of the three copies",
        "retry-in-code": "the shop's own code tries a second time",
        "node-proxy": "a proxy at the shop tries a second time, at another copy",
        "sidecars": "the same, and each copy has a proxy as well",
    },
    phrases={
        **{one.name: Phrase(row="takes its hops", value="a page") for one in TIMES},
        BARE.name: Phrase(row="loses most pages", value="lost", **LOSES),
        TWICE.name: Phrase(row="loses a third", value="lost", **LOSES),
        "pages are lost": Phrase(row="lose pages", value="lost", **LOSES),
        "no page is lost": Phrase(row="lose none", value="lost", **LOSES),
        "a proxy on each side is twice the price": Phrase(row="is slower", value="times"),
    },
    line=Line(
        caption="share of pages shown each second; lost, and median time before",
        plot=SERVED,
        ends=(End(said="{value}", measure=LOST), End(said="{value}", measure=PAGE_MS)),
    ),
    questions=(
        Question(
            on="bare",
            asks="one copy of three fails, and a page asks four times; of the pages are lost",
            choices=(
                choice("a third", LOST, at_most=0.4),
                choice("a half", LOST, at_least=0.45, at_most=0.6),
                choice(
                    "four fifths",
                    LOST,
                    at_least=BARE.bound.at_least,
                    at_most=BARE.bound.at_most,
                    claim=BARE.name,
                ),
            ),
        ),
    ),
)
