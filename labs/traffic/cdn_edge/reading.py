"""The CDN in words: its claims, its variants, and the questions to a learner."""

from harness import measures
from harness.measures import plots
from harness.model.reading import End, Line, Phrase, Question, Reading, choice
from labs.traffic.cdn_edge.measures import COUNTER, OF_ORIGIN
from labs.traffic.cdn_edge.predictions import AFTER, FETCHES, HITS, PAGES, PREDICTIONS, PURGE_S

GOOD = measures.success_ratio(*AFTER)
ORIGIN = plots.rate(COUNTER, title="Requests at the origin", labels=OF_ORIGIN)
ANSWERED = {"told": "answered {value} from 7 to 11 s", "missed": "answered {value} from 7 to 11 s"}
FETCHED = {"told": "fetched {value} pages", "missed": "fetched {value} pages"}
AGAIN = next(one for one in PREDICTIONS if one.on == "two-cdns")

READING = Reading(
    opening=f"With {PAGES} pages, and a purge at second {PURGE_S}",
    variants={
        "alone": "one CDN; each visitor who does not find a page fetches it",
        "collapsed": "one CDN, which fetches a page once for all who wait",
        "two-cdns": "the same visitors, half of them by a second such CDN",
        "shielded": "two CDNs, whose edges ask a cache beside the origin",
    },
    phrases={
        "the purge drowns the origin": Phrase(
            row="drowns the origin", value="good, 7-11 s", **ANSWERED
        ),
        "the origin keeps up": Phrase(row="keeps up", value="good, 7-11 s", **ANSWERED),
        "two CDNs behind a shield keep up": Phrase(row="keeps up", value="good, 7-11 s"),
        "each edge fetches a page once": Phrase(
            row="fetches a page once an edge", value="pages", **FETCHED
        ),
        "four of five find their page": Phrase(row="finds four of five", value="hits"),
        "a second CDN fetches them again": Phrase(row="fetches more", value="pages", **FETCHED),
        "a shield fetches a page once for all": Phrase(
            row="fetches a page once", value="pages", **FETCHED
        ),
        "a miss in New York takes the way and the work": Phrase(
            row="misses in New York", value="a miss"
        ),
        "a miss in Sydney takes the way and the work": Phrase(
            row="misses in Sydney", value="a miss"
        ),
        "the slowest wait as without a CDN": Phrase(row="has a slow tail", value="p99, 4-7 s"),
        "a second CDN costs a quarter more, or worse": Phrase(
            row="differ in pages fetched, by a factor of"
        ),
    },
    line=Line(
        caption="requests at the origin each second (lower is better)",
        plot=ORIGIN,
        ends=(
            End(said="{value} in all", measure=FETCHES),
            End(said="{value} hits", measure=HITS),
            End(said="{value} good, 7-11 s", measure=GOOD),
        ),
    ),
    questions=(
        Question(
            on="alone",
            asks="the origin can do 20 pages a second, and makes 8; after a purge, alone answers",
            choices=(
                choice("nearly all", GOOD, at_least=0.95),
                choice("many fewer", GOOD, at_most=0.8, claim="the purge drowns the origin"),
            ),
        ),
        Question(
            on="two-cdns",
            asks="one CDN fetches 140 pages; two, each with half of the visitors, fetch",
            choices=(
                choice("140: it is the same visitors", FETCHES, at_least=130, at_most=150),
                choice(
                    "about 220",
                    FETCHES,
                    at_least=AGAIN.bound.at_least,
                    at_most=AGAIN.bound.at_most,
                    claim=AGAIN.name,
                ),
                choice("280: each fetches all", FETCHES, at_least=265, at_most=295),
            ),
        ),
    ),
)
