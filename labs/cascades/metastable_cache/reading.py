"""The cold cache in words: the lab's claims, its variants, and the question to a learner."""

from harness import measures
from harness.measures import plots
from harness.model.reading import End, Line, Phrase, Question, Reading, choice
from labs.cascades.metastable_cache.predictions import AFTER, DATABASE

GOOD = measures.success_ratio(*AFTER)
QUERIES = plots.calls_to(DATABASE, title="Queries to the database")
HEALS = Phrase(
    row="heals", value="good, 26-34 s", told="healed", missed="answered {value} ten seconds later"
)

READING = Reading(
    opening="Ten seconds after the cache was emptied once",
    variants={
        "naive": "a query that takes over a second is given up",
        "shared": "as naive, with one query for each key at a time",
        "kept-late": "as shared, and an answer that comes late is still kept",
        "refused": "as naive, and the database refuses what it cannot answer in time",
    },
    phrases={
        "never heals": Phrase(
            row="never heals",
            value="good, 26-34 s",
            told="stayed down",
            missed="answered {value} of requests",
        ),
        "heals": HEALS,
        "the cache is full again": Phrase(row="fill the cache", value="queries a request"),
        "a query is shared for a second": Phrase(
            row="shares for a second", value="queries a request"
        ),
        "every request is a miss": Phrase(row="misses always", value="queries a request"),
    },
    line=Line(
        caption="queries to the database each second (20 is all it can do); good answers late",
        plot=QUERIES,
        ends=(End(said="{value} good", measure=GOOD),),
    ),
    questions=(
        Question(
            on="naive",
            asks="ten seconds after naive's cache was emptied, of the requests are answered",
            choices=(
                choice("all: the cache has filled again", GOOD, at_least=0.95),
                choice("20 of 50, as many as the database can do", GOOD, at_least=0.3, at_most=0.6),
                choice("none", GOOD, at_most=0.05, claim="never heals"),
            ),
        ),
    ),
)
