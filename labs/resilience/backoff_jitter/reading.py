"""Backoff and jitter in words: the lab's claims, its variants, and the questions to a learner."""

from harness.measures import plots
from harness.model.reading import End, Line, Phrase, Question, Reading, choice
from labs.resilience.backoff_jitter.predictions import BASE_S, CALLS, CAP_S, LOCKSTEP, TAKES, TILLS

CALLS_PLOT = plots.calls_to("account", title="Calls to the account")
MADE = {"told": "made {value} calls", "missed": "made {value} calls"}
TOOK = {"told": "took {value}", "missed": "took {value}", "never": "never ended"}
SHORT, LONG = f"{1000 * BASE_S:g} ms", f"{CAP_S:g} s"

READING = Reading(
    opening=f"When {TILLS} tills called the account at one moment",
    variants={
        "steady": f"each till pauses for {SHORT}",
        "doubling": f"pauses double from {SHORT} to {LONG}",
        "jitter-alone": f"each pause is drawn, up to {SHORT}",
        "full": f"each pause is drawn, up to a bound that doubles from {SHORT} to {LONG}",
        "equal": "each pause is drawn from the upper half below that bound",
        "decorrelated": f"each pause is drawn, from {SHORT} up to three times the one before",
    },
    phrases={
        "calls as often as in lockstep": Phrase(
            row="call as often as in lockstep", value="calls", **MADE
        ),
        "each round serves one till": Phrase(row="serves one till in each round", value="calls"),
        "each round costs a pause": Phrase(row="pauses after each round", value="first to last"),
        "a pause as short as a booking saves nothing": Phrase(
            row="comes back too soon", value="calls"
        ),
        "both together save a third and more": Phrase(
            row="save a third and more", value="calls", **MADE
        ),
        "full jitter halves the calls": Phrase(row="halves the calls", value="calls"),
        "equal jitter makes hardly fewer": Phrase(row="makes hardly fewer", value="calls"),
        "decorrelated jitter makes a third": Phrase(row="makes a third", value="calls"),
        "hardly any comes back within a booking": Phrase(
            row="pause for a booking at least", value="calls sooner"
        ),
        "all are served in half of the time": Phrase(
            row="take half of the time", value="first to last", **TOOK
        ),
        "doubling alone takes four times as long": Phrase(
            row="differ in the time until all are served", value="doubling / steady"
        ),
    },
    line=Line(
        caption="calls to the account each second (lower is better); calls in all, and time from "
        "the first booking to the last",
        plot=CALLS_PLOT,
        ends=(End(said="{value} calls", measure=CALLS), End(said="{value}", measure=TAKES)),
    ),
    questions=(
        Question(
            on="doubling",
            asks="20 tills call at one moment and all double their pauses; until all are served "
            "they make",
            choices=(
                choice("40 calls: each is refused about once", CALLS, at_most=60),
                choice("100 calls: half as many", CALLS, at_least=80, at_most=130),
                choice(
                    "210 calls: as many as without doubling",
                    CALLS,
                    at_least=0.9 * LOCKSTEP,
                    claim="calls as often as in lockstep",
                ),
            ),
        ),
        Question(
            on="full",
            asks="the same with pauses drawn from 0 up to that bound; they make",
            choices=(
                choice("30 calls: hardly two meet", CALLS, at_most=45),
                choice(
                    "100 calls: half as many",
                    CALLS,
                    at_most=2 / 3 * LOCKSTEP,
                    claim="both together save a third and more",
                ),
                choice("210 calls: only at other moments", CALLS, at_least=180),
            ),
        ),
    ),
)
