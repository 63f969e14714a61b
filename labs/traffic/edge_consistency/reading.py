"""State at the edge in words: the lab's claims, its variants, and the question to a learner."""

from harness.measures import plots
from harness.model.reading import End, Line, Phrase, Question, Reading, choice
from labs.traffic.edge_consistency.measures import sold
from labs.traffic.edge_consistency.predictions import CUT, LEFT, PREDICTIONS, SOLD, STOCK, TWICE

SOLD_PLOT = plots.each_second({"sold": sold(*CUT)}, title="Tickets sold")
APART, SHARES, AWAY = PREDICTIONS
SOLD_OFF = {"told": "sold {value} while cut off", "missed": "sold {value} while cut off"}
TWICE_TOLD = {"told": "sold {value} twice", "missed": "sold {value} twice"}

READING = Reading(
    opening=f"Of {STOCK} tickets, with the edges cut off for ten seconds",
    variants={
        "one-place": "each edge asks the core for each ticket",
        "newest": "nobody is cut off; one figure of what is left, and the newest is believed",
        "newest-cut": "as newest, with the edges cut off",
        "counters": "a count for each edge, and the edges tell each other",
        "shares": "each edge has a third for itself",
        "leases": "each edge fetches four tickets at a time",
    },
    phrases={
        "nobody is served while cut off": Phrase(row="serves nobody", value="sold", **SOLD_OFF),
        "tickets are sold twice": Phrase(row="sells twice", value="sold twice", **TWICE_TOLD),
        "sold twice with a cut or without": Phrase(
            row="sells twice", value="sold twice", **TWICE_TOLD
        ),
        "nothing is sold twice": Phrase(row="sells nothing twice", value="sold twice"),
        "each buyer waits for the way": Phrase(row="waits for the core", value="a sale"),
        "each edge goes on selling": Phrase(
            row="goes on everywhere",
            value="sold at the edge that sold least",
            told="went on selling at all edges",
            missed="sold {value} at one edge",
        ),
        "nobody is sent away before": Phrase(row="sends nobody away", value="sent away"),
        "more in hand": Phrase(row="has more in hand", value="times"),
        APART.name: Phrase(row="sells what is left thrice", value="sold twice", **TWICE_TOLD),
        SHARES.name: Phrase(row="sells its shares", value="sold", **SOLD_OFF),
        AWAY.name: Phrase(row="sends buyers away", value="of Lyon's, before the cut"),
    },
    line=Line(
        caption="tickets sold each second; of all, sold twice, and sold while cut off",
        plot=SOLD_PLOT,
        ends=(End(said="{value}", measure=TWICE), End(said="{value}", measure=SOLD)),
    ),
    questions=(
        Question(
            on="counters",
            asks=f"no count is lost, and {LEFT} tickets were left at the cut; sold twice are",
            choices=(
                choice("none: no count is lost", TWICE, at_most=2),
                choice("about ten", TWICE, at_least=5, at_most=20),
                choice(
                    "about thirty",
                    TWICE,
                    at_least=APART.bound.at_least,
                    at_most=APART.bound.at_most,
                    claim=APART.name,
                ),
            ),
        ),
    ),
)
