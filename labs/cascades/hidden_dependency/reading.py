"""The hidden dependency in words: the lab's claims, its variants, and the question."""

from harness.measures import plots
from harness.model.reading import End, Line, Phrase, Question, Reading, choice
from labs.cascades.hidden_dependency.predictions import FAILED, QUOTA, SLOWED, WAIT_MS

REACH = plots.each_second({"failed": FAILED}, title="Share of the requests that fail")
DOWN = Phrase(
    row="takes its page down",
    value="failed",
    told="lost {value} of all requests",
    missed="lost {value} of all requests",
)

READING = Reading(
    opening="While one service took three seconds",
    variants={
        **{f"slow-{store}": f"{store} is slow" for store in SLOWED},
        "slow-quota": "quota is slow, which only accounts asks",
        "fail-open": "as slow-quota; accounts says yes for quota, and soon stops asking it",
        "optional": "as slow-quota, and pages do without accounts",
    },
    phrases={
        "no page is left": Phrase(
            row="loses all pages",
            value="failed",
            told="lost {value} of all requests",
            missed="lost {value} of all requests",
        ),
        "all pages stay": Phrase(
            row="keep all pages",
            value="failed",
            told="lost {value} of all requests",
            missed="lost {value} of all requests",
        ),
        "hardly a page waits": Phrase(row="does not wait", value="median"),
        "each request asks for it, and no page does": Phrase(
            row="is asked by all", value="calls a request"
        ),
        "more harm than the busiest store": Phrase(row="harms more", value="times"),
        "each page waits for the shortest limit": Phrase(row="waits for accounts", value="median"),
        **{f"{store} takes its page down": DOWN for store in SLOWED},
    },
    line=Line(
        caption="share of requests that fail each second (zero is best); of all, and the median "
        "wait",
        plot=REACH,
        ends=(End(said="{value}", measure=FAILED), End(said="{value}", measure=WAIT_MS)),
    ),
    questions=(
        Question(
            on="slow-quota",
            asks=f"no page asks {QUOTA}; when it is slow, of all requests fail",
            choices=(
                choice("none: no page needs it", FAILED, at_most=0.05),
                choice("a third: one page of three", FAILED, at_least=0.2, at_most=0.6),
                choice("all", FAILED, at_least=0.95, claim="no page is left"),
            ),
        ),
    ),
)
