"""`./lab calc`: lists, computes, draws, refuses, and lets a lab show it."""

import pytest

from harness.calculators import formulas
from harness.cli.__main__ import main
from harness.errors import ExitCode


def test_it_lists_every_formula_by_subject(capsys: pytest.CaptureFixture[str]) -> None:
    """One line each, whole where no terminal cuts it."""
    assert main(["calc"]) is ExitCode.AS_EXPECTED

    lines = [line.split() for line in capsys.readouterr().out.splitlines()]
    first = [words[0] for words in lines if words]
    for one in formulas.calculators().values():
        assert first.count(one.short) == 1, one.name
    assert ["queues", "Queues"] in [words[:2] for words in lines]


def test_the_name_of_a_subject_lists_it_alone(capsys: pytest.CaptureFixture[str]) -> None:
    main(["calc", "hashing"])

    out = capsys.readouterr().out
    assert "zipf_share" in out
    assert "erlang_b" not in out


def test_it_computes_what_it_is_asked(capsys: pytest.CaptureFixture[str]) -> None:
    """With the unit in words, the arguments that were left out, the source and the labs."""
    code = main(["calc", "mm1_mean_response_s", "rate_rps=80"])

    out = capsys.readouterr().out
    assert code is ExitCode.AS_EXPECTED
    assert "= 0.05 seconds (50 ms)" in out
    assert "capacity_rps = 100 a second" in out
    assert "Kleinrock" in out
    assert "queueing-models: the time doubles" in out


def test_the_curve_goes_over_what_is_named(capsys: pytest.CaptureFixture[str]) -> None:
    """From where to where; its ends stand below it, and some values in words."""
    main(["calc", "mm1_mean_response_s", "--vary", "capacity_rps=80..90"])

    out = capsys.readouterr().out
    assert "over capacity_rps" in out
    assert "80 a second  0.1 seconds (100 ms)" in out
    assert "90 a second  0.05 seconds (50 ms)" in out
    drawn = [line for line in out.splitlines() if "│" in line]
    assert drawn[0].partition("│")[2].startswith("●")
    assert drawn[-1].rstrip().endswith("●") or drawn[-2].rstrip().endswith("●")


def test_the_curve_has_a_line_for_each_number(capsys: pytest.CaptureFixture[str]) -> None:
    main(["calc", "fatal_stall_bracket_s"])

    drawn = "".join(line for line in capsys.readouterr().out.splitlines() if "│" in line)
    assert drawn.count("a") > 10
    assert drawn.count("b") > 10


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["mm1"], "no calculator 'mm1'"),
        (["queus"], "did you mean queues"),
        (["mm1_mean_response_s", "rate=3"], "did you mean rate_rps"),
        (["mm1_mean_response_s", "70"], "70: write ARGUMENT=VALUE, for example rate_rps=70"),
        (["mm1_mean_response_s", "rate_rps=1", "rate_rps=2"], "rate_rps is given twice"),
        (["mm1_mean_response_s", "rate_rps=200"], "rate_rps must be below the capacity of 100"),
        (["sum_sd", "--vary", "sds"], "sds is no single number"),
        (["erlang_b", "--vary", "servers=9..1"], "write two numbers, the first below the second"),
        (["erlang_b", "--vary", "servers=1..inf"], "write a whole number"),
        (["erlang_b", "--vary", "servers=1"], "write servers=LOW..HIGH"),
        (["cascade_mean_size", "--check"], "no lab predicts with cascades.cascade_mean_size yet"),
        (["erlang_c", "--check", "--lab", "nope"], "nope does not use queues.erlang_c"),
        (["queues", "--check"], "name a formula to compute"),
    ],
)
def test_nonsense_is_refused_in_a_line(
    words: list[str], said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["calc", *words]) is ExitCode.INCONCLUSIVE

    told = capsys.readouterr()
    assert said in told.err
    assert len(told.err.splitlines()) == 1
    assert told.out == ""


def test_a_lab_shows_it(capsys: pytest.CaptureFixture[str]) -> None:
    """Its prediction of this formula is judged, in a simulated run."""
    assert main(["calc", "rtt_floor_s", "--check"]) is ExitCode.AS_EXPECTED

    out = capsys.readouterr().out
    assert "speed-of-light, seed 1, simulated" in out
    assert "✓ " in out
    assert "./lab run speed-of-light --engine sim --seed 1" in out
