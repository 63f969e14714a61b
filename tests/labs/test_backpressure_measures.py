"""How old messages are at the end, on recordings made by hand."""

from dataclasses import replace

from harness.model.expect import Reads
from harness.recording import Recording, SeriesKey
from labs.resilience.backpressure.measures import age_s
from tests.support import recording


def of(*ages_s: float) -> Recording:
    """Make a recording of an archive that says each second how old its last message was."""
    series = {SeriesKey("archive", "age_seconds", ""): list(ages_s)}
    return replace(recording(duration_s=4), series=series)


def test_the_mean_of_what_is_seen_each_second() -> None:
    """Of the window's seconds, its end included."""
    assert age_s(1, 3).of(of(9, 1, 2, 6, 9)) == 3


def test_an_archive_that_says_nothing_has_no_age() -> None:
    """It is not 0."""
    assert "age_seconds" in age_s(1, 3).read(recording(duration_s=4)).missing


def test_it_says_what_it_reads() -> None:
    """A window and a metric; it can be plotted second by second, in seconds."""
    age = age_s(1, 3)
    assert age.reads == Reads(window=(1, 3), metrics=("age_seconds",))
    assert age.unit == "s"
    assert age.name == "age of what is archived, 1-3 s"
    assert age.over is not None
    assert age.over(0, 1).name == "age of what is archived, 0-1 s"
