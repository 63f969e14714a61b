"""Every formula of the theory is a calculator: it has units and ranges, and it computes there."""

import inspect
import math
import pkgutil
from enum import Enum
from importlib import import_module

import pytest

from harness import theory
from harness.calculators import curves, formulas, inputs
from harness.calculators.inputs import Argument
from harness.calculators.units import Value, said, typed, unit_of
from harness.errors import LabError

ALL = formulas.calculators()
WORDLESS = {"caching.cold_cache_is_vulnerable", "retries.stability"}
"""What answers with a word has no unit."""


def public() -> set[str]:
    """Name the public functions of the theory in another way than the product finds them."""
    return {
        f"{module.name}.{name}"
        for module in pkgutil.iter_modules(theory.__path__)
        for name, one in inspect.getmembers(
            import_module(f"harness.theory.{module.name}"), inspect.isfunction
        )
        if one.__module__.endswith(f".{module.name}") and name[0] != "_"
    }


def test_every_public_function_is_a_calculator() -> None:
    """But for the checks of arguments, which answer nothing."""
    checks = {name for name in public() if name.startswith("domain.")}

    assert set(ALL) == public() - checks
    assert len(ALL) > 200


def test_the_table_says_something_of_each_argument_and_result() -> None:
    """A unit, words, and for a single number the ends of its slider."""
    for calculator in ALL.values():
        assert calculator.unit or calculator.name in WORDLESS, calculator.name
        for one in calculator.arguments:
            assert one.says, f"{calculator.name} {one.name}"
            assert one.choices or one.unit, f"{calculator.name} {one.name}"
            if one.kind in (int, float) and not one.is_list:
                assert one.low < one.high, f"{calculator.name} {one.name}"
                assert one.low > 0 or not one.logarithmic, f"{calculator.name} {one.name}"


def test_the_table_has_no_row_too_many() -> None:
    """A row that no function reads would be a misspelt one."""
    own = {(name, one.name) for name, found in ALL.items() for one in found.arguments}
    own |= {(name, inputs.RESULT) for name in ALL}
    everywhere = {(inputs.EVERY, argument) for _, argument in own}

    assert set(inputs.rows()) <= own | everywhere


@pytest.mark.parametrize("name", ALL)
def test_it_computes_where_it_begins(name: str) -> None:
    """The first value that a person sees is a value, in words."""
    calculator = ALL[name]

    found = calculator.compute(calculator.starts())

    assert said(found, calculator.unit)
    assert all(math.isfinite(height) for height in curves.heights(found))


@pytest.mark.parametrize("name", ALL)
def test_each_slider_computes_at_both_ends_or_says_its_domain(name: str) -> None:
    """No slider leads to an error that is not the function's own sentence."""
    calculator = ALL[name]
    for one in calculator.arguments:
        for end in (0, 1) if one.slides else ():
            values = {**calculator.starts(), one.name: one.at(end)}
            found, refused = tried(calculator.name, values)
            assert bool(refused) is (found is None)
            assert not any(math.isnan(height) for height in curves.heights(found))


def tried(name: str, values: dict[str, Value]) -> tuple[Value, str]:
    """Compute, or give the sentence of the domain; anything else that is raised is a failure."""
    try:
        return ALL[name].function(**values), ""
    except ValueError as error:
        sentence = str(error)
        assert "must" in sentence or "let" in sentence
        return None, sentence


@pytest.mark.parametrize("name", [one.name for one in ALL.values() if one.vary])
def test_its_curve_shows_something(name: str) -> None:
    """At least a third of the curve is inside of the domain, and it is not all one value."""
    calculator = ALL[name]
    argument = calculator.argument(str(calculator.vary))

    found = curves.curve(calculator, calculator.starts(), argument, points=25)

    drawn = [point for point in found.points if point.heights]
    assert 3 * len(drawn) >= len(found.points), found.gaps
    assert len({point.heights for point in drawn}) > 1


def test_only_formulas_of_lists_alone_have_no_curve() -> None:
    """They are named here: there is no single number for a curve to go over."""
    assert {one.name for one in ALL.values() if not one.vary} == {
        "availability.parallel_availability",
        "availability.series_availability",
        "chance.sum_sd",
        "overload.fluid_backlogs",
        "queues.lindley_waits_s",
        "scaling.usl_fit",
    }


def test_a_start_can_be_typed_in_again() -> None:
    """What is shown as `name=value` is read back to the same."""
    for calculator in ALL.values():
        for one in calculator.arguments:
            assert one.read(typed(one.start)) == one.start, f"{calculator.name} {one.name}"


def test_a_short_name_is_enough() -> None:
    """No two functions share one."""
    assert all(formulas.find(one.short) is one for one in ALL.values())


def test_a_misspelt_name_is_met_with_the_nearest() -> None:
    with pytest.raises(LabError, match="did you mean erlang_c or erlang_b"):
        formulas.find("queues.erlang_d")


def argument(calculator: str, name: str) -> Argument:
    return formulas.find(calculator).argument(name)


@pytest.mark.parametrize(
    ("calculator", "name", "text", "value"),
    [
        ("erlang_b", "servers", "3", 3),
        ("erlang_b", "offered_erlangs", " 2.5 ", 2.5),
        ("quorum_availability", "quorum", "none", None),
        ("detection_sd_s", "staggered", "Yes", True),
        ("detection_sd_s", "hanging", "answered", "answered"),
        ("reserved_loss_ratio", "limits", "25,20", (25, 20)),
        ("mg1_mean_wait_sd_s", "service_moments", "1,2,6,24", (1, 2, 6, 24)),
        ("sum_sd", "sds", "", ()),
    ],
)
def test_a_text_is_read_as_what_the_argument_takes(
    calculator: str, name: str, text: str, value: object
) -> None:
    assert argument(calculator, name).read(text) == value


@pytest.mark.parametrize(
    ("calculator", "name", "text", "said"),
    [
        ("erlang_b", "servers", "2.5", "servers=2.5: write a whole number, for example servers=10"),
        ("erlang_b", "servers", "", "servers=: write a whole number"),
        ("erlang_b", "offered_erlangs", "nan", "write a number"),
        ("sum_sd", "sds", "3,x", "sds=x: write a number each, with commas between them"),
        (
            "detection_sd_s",
            "hanging",
            "answer",
            r"choose fails or answered \(did you mean answered",
        ),
        ("detection_sd_s", "staggered", "2", "choose yes or no"),
    ],
)
def test_what_cannot_be_read_is_refused_with_an_example(
    calculator: str, name: str, text: str, said: str
) -> None:
    with pytest.raises(LabError, match=said):
        argument(calculator, name).read(text)


def test_numbers_that_no_float_holds_are_refused_in_a_line() -> None:
    """Whole numbers have no end, but what is shown of them has."""
    huge = {"workers": 100_000, "shard_workers": 50_000}
    with pytest.raises(LabError, match="too large to compute with"):
        formulas.find("shuffle_shards").compute(huge)


@pytest.mark.parametrize(
    ("value", "unit", "words"),
    [
        (0.0333333, "seconds", "0.033 seconds (33.3 ms)"),
        (1, "seconds", "1 second"),
        (3600.0, "seconds", "3,600 seconds (60 minutes)"),
        (86400.0, "seconds", "86,400 seconds (24 hours)"),
        (math.inf, "seconds", "∞ seconds"),
        (0.25, "share", "0.25 (25 %)"),
        (0, "share", "0 (0 %)"),
        (1.25e-12, "share", "1.25 x 10^\N{MINUS SIGN}12"),
        (0.99995, "share", "0.99995 (99.995 %)"),
        (1, "calls a request", "1 call a request"),
        (1, "retries", "1 retry"),
        (1, "misses", "1 miss"),
        (1, "a second", "1 a second"),
        ((1, 1.25), "seconds", "1, 1.25 seconds"),
        (True, "", "yes"),
        (None, "members", "none"),
    ],
)
def test_a_value_is_said_with_its_unit(value: float | None, unit: str, words: str) -> None:
    assert said(value, unit) == words


def test_a_unit_follows_from_a_names_ending() -> None:
    assert unit_of("mm1_mean_response_s") == "seconds"
    assert unit_of("rate_mb_s") == "megabytes a second"
    assert unit_of("servers") == ""


def test_a_slider_of_factors_has_its_middle_between_them() -> None:
    """From 1 to 10,000 keys the middle is 100."""
    keys = argument("hashed_count_sd", "keys")

    assert (keys.at(0), keys.at(0.5), keys.at(1)) == (1, 100, 10_000)


def test_a_curve_has_gaps_where_the_formula_does_not_hold() -> None:
    """M/M/1 has no steady state from its capacity on, and the curve says so."""
    calculator = formulas.find("mm1_mean_response_s")

    found = curves.curve(calculator, calculator.starts(), calculator.argument("rate_rps"))

    (line,) = found.lines
    assert line[0] == (1, 1 / 99)
    assert max(at for at, _ in line) < 100
    assert found.gaps.startswith("rate_rps must be below the capacity of 100")


def test_a_curve_of_words_has_their_places_as_heights() -> None:
    calculator = formulas.find("stability")

    found = curves.curve(calculator, calculator.starts(), calculator.argument("rate_rps"))

    assert {point.heights[0] for point in found.points} == {0, 1, 2}
    assert all(isinstance(point.result, Enum) for point in found.points)


def test_a_curve_of_several_numbers_has_several_lines() -> None:
    calculator = formulas.find("wilson_interval")

    found = curves.curve(calculator, calculator.starts(), calculator.argument("successes"))

    low, high = found.lines
    assert all(below[1] < above[1] for below, above in zip(low, high, strict=True))


def test_docstrings_are_taken_apart() -> None:
    """The answer, the formula, the limits and the domain each stand for themselves."""
    told = formulas.find("mm1k_loss_ratio").told

    assert told.answer == "Share of arrivals that one server with a bounded queue refuses."
    assert told.limits == "Valid for exponential service times."
    assert told.refused == "a rate is not above 0, or there is no place."
    assert told.text[0].startswith("(1 - rho) rho^K")
    assert "Valid" not in " ".join(told.text)


def test_every_docstring_has_an_answer_and_a_domain() -> None:
    for one in ALL.values():
        assert one.told.answer.endswith("."), one.name
        assert one.told.refused.endswith("."), one.name
