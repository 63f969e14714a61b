"""The gateway in words: the lab's claims, its variants, and the question to a learner."""

from harness import measures
from harness.measures import plots
from harness.model.reading import End, Line, Phrase, Question, Reading, choice
from labs.traffic.api_gateway.predictions import LOST, PAGE_MS, PREDICTIONS, SURGE

SERVED = plots.each_second(
    {"served": measures.success_ratio(*SURGE)}, title="Share of pages served"
)
*PAGES, NONE, KEPT = PREDICTIONS
LOSES = {"told": "lost {value} of the pages", "missed": "lost {value} of the pages"}

READING = Reading(
    opening="While two and a half times as many pages were wanted, and after it",
    variants={
        "direct": "the phone asks four services, and each has the caller checked",
        "checked-twice": "it asks a gateway, which has the caller checked, as the four still do",
        "gateway": "only the gateway has the caller checked",
        "gateway-keeps": "and believes the answer for two seconds",
    },
    phrases={
        **{one.name: Phrase(row="is as quick as predicted", value="a page") for one in PAGES},
        "most pages are lost": Phrase(row="loses its pages", value="lost", **LOSES),
        "all pages are served": Phrase(row="serves all", value="lost", **LOSES),
        NONE.name: Phrase(row="loses all", value="lost", **LOSES),
        KEPT.name: Phrase(row="seldom asks", value="checks a page"),
        "four checks a page": Phrase(row="asks four times", value="checks a page"),
        "one check a page": Phrase(row="asks once", value="checks a page"),
        "a page with a hop more is quicker": Phrase(row="is quicker", value="of the time"),
    },
    line=Line(
        caption="share of pages served each second; lost by the surge, and median time before it",
        plot=SERVED,
        ends=(End(said="{value}", measure=LOST), End(said="{value}", measure=PAGE_MS)),
    ),
    questions=(
        Question(
            on="gateway",
            asks="a page takes 138 ms without a gateway; with one, which is a call more, it takes",
            choices=(
                choice("some ms more", PAGE_MS, at_least=139, at_most=160),
                choice("as long", PAGE_MS, at_least=131, at_most=138),
                choice(
                    "a fifth less",
                    PAGE_MS,
                    at_least=PAGES[2].bound.at_least,
                    at_most=PAGES[2].bound.at_most,
                    claim=PAGES[2].name,
                ),
            ),
        ),
    ),
)
