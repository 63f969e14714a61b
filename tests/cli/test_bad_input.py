"""Whatever is asked wrongly ends with exit code 2 and one line that says what to do."""

import pytest

from tests.cli.workshop import SMALL, Workshop

WRONG = {
    ("lst",): "no command 'lst' (did you mean list or cluster or test?); ./lab --help lists them",
    ("xyzzy",): "no command 'xyzzy'; ./lab --help lists them",
    ("images", "bild"): "Did you mean 'build'?",
    ("run",): "Missing argument 'NAME'",
    ("run", "smal"): "no lab 'smal' (did you mean small?); ./lab list shows them all",
    ("run", "../small"): "no lab '../small'",
    ("run", ""): "no lab ''",
    ("show", "smal"): "did you mean small?",
    ("show", "small", "other"): "unexpected extra argument (other)",
    ("compose", "smal"): "did you mean small?",
    ("show-trace", "smal"): "did you mean small?",
    ("check", "smal"): "did you mean small?",
    ("compare", "smal"): "did you mean small?",
    ("check", "small", "nonsense"): "no lab 'nonsense'",
    ("run", "small", "--varient", "calm"): "Did you mean one of: '--events', '--variant'?",
    ("run", "small", "--variant", "clam"): "no variant 'clam' (did you mean calm?)",
    ("run", "small", "--variant", "xyz"): "no variant 'xyz'; small has naive, calm",
    ("compose", "small", "--variant", "clam"): "did you mean calm?",
    ("show-trace", "small", "--variant", "clam"): "did you mean calm?",
    ("run", "small", "--engine", "real"): "'real' is not one of 'sim', 'compose', 'both'",
    (
        "run",
        "small",
        "--engine",
        "sim",
        "--keep-prometheus",
    ): "--keep-prometheus needs containers. Remove",
    ("check", "small", "--engine", "both"): "'both' is not one of 'sim', 'compose'",
    ("run", "small", "--seed", "-1"): "-1 is not in the range x>=0",
    ("run", "small", "--seed", "x"): "'x' is not a valid integer",
    ("run", "small", "--seed", "1.5"): "'1.5' is not a valid integer",
    ("run", "small", "--seed"): "requires an argument",
    ("check", "--seeds", "0"): "--seeds 0: write how many, from 1",
    ("check", "--seeds", "x"): "--seeds x: write how many, from 1",
    ("check", "--seeds", "9-3"): "--seeds 9-3: write how many, from 1",
    ("check", "--seeds", "3-"): "as in 41-80",
    ("check", "--seeds", "1-100001"): "from 1 to 100000",
    ("check", "--shard", "5/4"): "--shard 5/4: write it as i/n",
    ("check", "--shard", "0/4"): "such as 1/4",
    ("check", "--shard", "1"): "such as 1/4",
    ("check", "--jobs", "0"): "0 is not in the range",
    ("check", "--jobs", "-3"): "-3 is not in the range",
    ("swarm", "--plans", "0"): "0 is not in the range",
    ("swarm", "--plans", "1.5"): "'1.5' is not a valid integer",
    ("swarm", "--seconds", "nan"): "'nan' is not a valid integer",
    ("swarm", "--seed", "-1"): "-1 is not in the range",
    ("swarm", "--jobs", "0"): "0 is not in the range",
    ("swarm", "--keep", "/nowhere/at/all"): "/nowhere/at/all: there is no such folder; make it",
    ("swarm", "small"): "unexpected extra argument",
    ("new", "other"): "Missing option '--track'",
    ("clean", "small"): "unexpected extra argument",
    ("doctor", "--fast"): "No such option '--fast'",
}
"""What is typed, and what the answer must hold."""

ASSIGNMENTS = {
    "front": "--set front: expected service.setting=value, for example",
    "=": "'' is no service.setting of back, front",
    "=4": "'' is no service.setting of back, front",
    "tries=4": "'tries' is no service.setting of back, front",
    "fornt.tries=4": "'fornt.tries' is no service.setting of back, front",
    "front.trise=4": "no setting 'trise'; there are timeout_ms, tries",
    "front.tries=many": "tries is 'many'; it must be of type int",
    "front.tries=1.5": "tries is 1.5; it must be of type int",
    "front.tries=true": "tries is True; it must be of type int",
    "front.tries=null": "tries is None; it must be of type int",
    "front.tries=": "tries is ''; it must be of type int",
    'front.tries={"a": 1}': "it must be of type int",
    "front.jitter=most": "jitter is 'most'; it may be ",
    "front.jitter=[1]": "jitter is [1]; it may be ",
    "load.rate=5": "the load has no 'rate'; it has to, path, keys, timeout_ms",
    "load.rate_rps=-5": "rate_rps is -5; it must be above 0",
    "load.rate_rps=0": "rate_rps is 0; it must be above 0",
    "load.rate_rps=fast": "--set load.rate_rps=fast: expected a number.",
    "load.rate_rps=true": "--set load.rate_rps=True: expected a number.",
    "load.rate_rps=null": "--set load.rate_rps=None: expected a number.",
    "load.rate_rps=NaN": "rate_rps is nan; it must be a finite number",
    "load.rate_rps=Infinity": "rate_rps is inf; it must be a finite number",
    "load.timeout_ms=0": "timeout_ms is 0; it must be above 0",
    "load.path=5": "--set load.path=5: expected a word.",
    "load.path=nope": "GET nope: a path must begin with /",
    "front.timeout_ms=NaN": "service front: timeout_ms is nan; it must be a finite number",
    "front.timeout_ms=1e400": "service front: timeout_ms is inf; it must be a finite number",
    "load.to=backk": "the load goes to 'backk', not one of back, front",
    "load.=1": "the load has no ''",
}
"""What follows `--set`, and what the answer must hold."""


@pytest.mark.parametrize("typed", WRONG, ids=" ".join)
def test_what_there_is_not_is_answered_in_one_line(shop: Workshop, typed: tuple[str, ...]) -> None:
    """An unknown or malformed word is named, near ones are offered, and nothing is run."""
    shop.write()
    outcome = shop.run(*typed)
    assert outcome.code == 2
    assert WRONG[typed] in outcome.complaint
    assert outcome.out == ""
    assert shop.kept() == []


@pytest.mark.parametrize("assignment", ASSIGNMENTS)
def test_a_setting_that_there_is_not_is_refused_before_anything_runs(
    shop: Workshop, assignment: str
) -> None:
    """`--set` says what is wrong with the name or the value, and what there is."""
    shop.write()
    outcome = shop.run("run", "small", "--engine", "sim", "--set", assignment)
    assert outcome.code == 2
    assert outcome.complaint.startswith("--set")
    assert ASSIGNMENTS[assignment] in outcome.complaint
    assert shop.kept() == []


@pytest.mark.parametrize("typed", [(), ("images",)])
def test_a_command_that_is_not_finished_shows_the_help(
    shop: Workshop, typed: tuple[str, ...]
) -> None:
    """Help stays in its lines; it goes to standard error, because nothing was asked for."""
    outcome = shop.run(*typed)
    assert outcome.code == 2
    assert outcome.out == ""
    assert "\nCommands:\n  " in outcome.err


def test_no_run_yet(shop: Workshop) -> None:
    """Without a run there is no request to show, and the way to make one is told."""
    shop.write()
    outcome = shop.run("show-trace", "small")
    assert (outcome.code, outcome.complaint) == (
        2,
        "no run of small yet; ./lab run small makes one",
    )


def test_markup_in_a_lab_is_only_text(shop: Workshop) -> None:
    """Brackets in a title, a question or a claim are shown as they are."""
    text = SMALL.replace("A small lab", "[/] [bold]x").replace("Does it", "Does [/red] it")
    shop.write(text.replace("stays down", "stays [/b] down"))
    for command in (
        ("show", "small", "--answers"),
        ("run", "small", "--engine", "sim", "--no-report"),
    ):
        outcome = shop.run(*command)
        assert (outcome.code, outcome.err) == (0, "")
        assert "[/] [bold]x" in outcome.out
        assert "Does [/red] it" in outcome.out
        assert "stays [/b] down" in outcome.out
    assert "Does [/red] it" in shop.run("list").out
