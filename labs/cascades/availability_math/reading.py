"""Nines in words: the lab's claims, its variants, and the questions to a learner."""

from harness.measures import plots
from harness.model.reading import End, Line, Phrase, Question, Reading, choice
from labs.cascades.availability_math.predictions import HALF_OR_LESS, LOST

LOST_PLOT = plots.each_second({"lost": LOST}, title="Share of requests lost")
LOSES = {"told": "lost {value} of the requests", "missed": "lost {value} of the requests"}

READING = Reading(
    opening="Of five parts in a row, each up for 1 s and down for 0.2 s on average",
    variants={
        "chain": "five parts in a row",
        "rarer": "parts that fail half as often",
        "quicker": "parts that are repaired in half the time",
        "rarer-waits": "as rarer, and requests that wait up to 200 ms at each",
        "quicker-waits": "as quicker, and requests that wait up to 200 ms at each",
        "spares": "two copies of each of the five",
        "one-crew": "as spares, and one part repaired at a time",
    },
    phrases={
        "loses more than half": Phrase(row="lose more than half", value="lost", **LOSES),
        "loses four of ten": Phrase(row="lose four of ten", value="lost", **LOSES),
        "loses a quarter at most": Phrase(row="lose a quarter at most", value="lost", **LOSES),
        "with a wait, quick repairs are better": Phrase(row="differ", value="lost more"),
        "ten parts and one crew are worse than five parts": Phrase(row="differ", value="lost more"),
        "five in a row multiply": Phrase(row="loses 1 - A^5", value="lost"),
        "failures half as often": Phrase(row="loses 38 %", value="lost"),
        "repairs half as long": Phrase(row="loses 38 %, too", value="lost"),
        "a wait helps against long repairs": Phrase(row="loses 16 %", value="lost"),
        "a wait helps more against short ones": Phrase(row="loses 6 %", value="lost"),
        "both copies at a time": Phrase(row="loses 13 %", value="lost"),
        "ten parts wait for one crew": Phrase(row="loses 74 %", value="lost"),
    },
    line=Line(
        caption="share of requests lost each second (zero is best)",
        plot=LOST_PLOT,
        ends=(End(said="{value} lost", measure=LOST),),
    ),
    questions=(
        Question(
            on="one-crew",
            asks="five parts lose 60 %, five with a spare each 13 %; with one crew for all ten",
            choices=(
                choice("13 %, as before", LOST, at_most=0.2),
                choice("about 30 %", LOST, at_least=0.2, at_most=0.45),
                choice(
                    "74 %, more than without spares",
                    LOST,
                    at_least=HALF_OR_LESS,
                    claim="loses more than half",
                ),
            ),
        ),
    ),
)
