"""Failover in words: the lab's claims, its variants, and the questions to a learner."""

from harness.model.reading import End, Line, Phrase, Question, Reading, choice
from labs.cascades.failover_overload.predictions import (
    BOOT_S,
    DURING,
    ENOUGH,
    FAILED,
    MACHINES,
    QUEUE,
)

SERVED = {"told": "served {value} while east was lost", "missed": "served {value} meanwhile"}

READING = Reading(
    opening="When east is lost, and west has to serve all",
    variants={
        "efficient": f"{MACHINES} machines in each region, 75 % busy; users of east then go west",
        "stay": "as efficient, but users of east stay there",
        "autoscaled": f"as efficient, and west asks for machines, which boot for {BOOT_S} s",
        "half-empty": f"{ENOUGH} machines in west, 43 % busy",
        "refusing": f"as efficient, but where {QUEUE} wait, the next one is refused",
    },
    phrases={
        "the other region falls too": Phrase(row="falls too", value="good, 7-12 s", **SERVED),
        "half of the users are lost": Phrase(row="loses half", value="good, 7-12 s", **SERVED),
        "those of the lost region are lost": Phrase(row="loses east's half", value="good"),
        "and it stays down when east is back": Phrase(
            row="is down when east is back", value="good, 13-20 s"
        ),
        "the queue outlasts the loss": Phrase(row="drains for longer than the loss", value="until"),
        "nobody notices": Phrase(row="serves all", value="good, 7-12 s", **SERVED),
        "west does it all": Phrase(row="sends all to west", value="calls a request"),
        "most are served": Phrase(row="serves most", value="good, 7-12 s", **SERVED),
        "serves what one region can": Phrase(row="serves what it can", value="good"),
        "failing over loses more than staying does": Phrase(
            row="differ in requests lost", value="efficient / stay"
        ),
    },
    line=Line(
        caption="good answers each second (higher is better); share while east is lost, and how "
        "many requests fail in all",
        ends=(End(said="{value}", measure=DURING), End(said="{value}", measure=FAILED)),
    ),
    questions=(
        Question(
            on="efficient",
            asks="east is lost, and west can do 20 of the 30 requests a second; of all it serves",
            choices=(
                choice("two thirds: what it can do", DURING, at_least=0.61, at_most=0.72),
                choice("half: its own users", DURING, at_least=0.45, at_most=0.55),
                choice("none", DURING, at_most=0.1, claim="the other region falls too"),
            ),
        ),
    ),
)
