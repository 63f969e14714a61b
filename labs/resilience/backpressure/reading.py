"""Backpressure in words: the lab's claims, its variants, and the questions to a learner."""

from harness.measures import plots
from harness.model.reading import End, Line, Phrase, Question, Reading, choice
from labs.resilience.backpressure.predictions import CREDITS, OLD, QUEUE, TOLD

EACH_SECOND = plots.each_second({"age": OLD}, title="Age of what is archived")
AGES = {"told": "archived what was {value} old", "missed": "archived what was {value} old"}
YES = {"told": "said yes to {value}", "missed": "said yes to {value}"}

READING = Reading(
    opening="While too much was sent",
    variants={
        "endless": "queues without a limit",
        "last-bounded": f"the archive's queue holds {QUEUE}, the others have no limit",
        "refuse": f"each queue holds {QUEUE}, and the first refuses what finds it full",
        "newest": f"each queue holds {QUEUE}, and the first drops its oldest message",
        "credits": f"each queue holds {QUEUE}, and the export waits for {CREDITS} credits",
    },
    phrases={
        "archives what is old": Phrase(row="archive what is old", value="age", **AGES),
        "is behind long after": Phrase(row="are behind long after", value="age"),
        "archives what is new": Phrase(row="archive what is new", value="age", **AGES),
        "says no to what is too much": Phrase(row="says no", value="told yes", **YES),
        "says yes, and throws away": Phrase(row="throws away", value="dropped"),
        "every sender is told yes": Phrase(row="tell all yes", value="told yes"),
        "the backlog grows by what is too much": Phrase(row="keeps it all", value="inside"),
        "what is too much is refused": Phrase(row="refuses a third", value="told yes"),
        "the age is what the queues hold": Phrase(row="is as old as it holds", value="age"),
        "the export gets what is left": Phrase(row="slows the export", value="exported"),
    },
    line=Line(
        caption="age of what is archived each second (lower is better); at the end of the surge, "
        "and senders told yes",
        plot=EACH_SECOND,
        ends=(End(said="{value}", measure=OLD), End(said="{value}", measure=TOLD)),
    ),
    questions=(
        Question(
            on="last-bounded",
            asks="the slow archive's queue is bounded, those of the two stages before it are not; "
            "at the end of the surge, what is archived is old by",
            choices=(
                choice("a fifth of a second: what its queue holds", OLD, at_most=0.4),
                choice("a second", OLD, at_least=0.5, at_most=1.5),
                choice(
                    "seconds, as without a bound", OLD, at_least=2, claim="archives what is old"
                ),
            ),
        ),
    ),
)
