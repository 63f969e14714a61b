"""The drawing of who calls whom: what is hit is marked, and words stay inside their boxes."""

import pytest

from harness import catalogue
from harness.model.lab import CLIENT
from harness.report.lettering import fitted, width, wrapped
from harness.report.topology import NAME_SIZE, PAD, SIZE, astray, draw, told

every_lab = pytest.mark.parametrize("slug", catalogue.slugs())


@every_lab
@pytest.mark.parametrize("downwards", [False, True])
def test_words_fit_their_boxes(slug: str, *, downwards: bool) -> None:
    """Measured in a wide font, no line reaches the border, and none lies below the last line."""
    for box in draw(catalogue.find(slug).lab, downwards=downwards).boxes:
        room = box.width - PAD
        head = width(f"{box.name} ", NAME_SIZE, bold=True) + width(box.role, SIZE)
        assert head <= room
        assert all(width(line, SIZE) <= room for line in box.lines)
        assert all(width(line, SIZE, bold=True) <= room for line in box.hits)
        assert 25 + 17 * len((*box.lines, *box.hits)) < box.height


@every_lab
def test_every_fault_is_marked_where_it_hits(slug: str) -> None:
    """On a box or on an arrow, and none is said to be elsewhere."""
    lab = catalogue.find(slug).lab
    drawing = draw(lab)
    marked = [" ".join(box.hits).removeprefix("✗ ") for box in drawing.boxes]
    marked += [arrow.hit for arrow in drawing.arrows]
    assert astray(lab) == []
    for said in told(lab):
        assert any(said in one for one in marked), said


@every_lab
def test_arrows_and_boxes_lie_inside_the_drawing(slug: str) -> None:
    """Nothing is cut off at an edge, and no two boxes overlap."""
    drawing = draw(catalogue.find(slug).lab)
    corners = [(box.at.x, box.at.y) for box in drawing.boxes]
    assert len(set(corners)) == len(corners)
    for box in drawing.boxes:
        assert 0 <= box.at.x <= box.at.x + box.width <= drawing.width
        assert 0 <= box.at.y <= box.at.y + box.height <= drawing.height
    assert all(0 <= arrow.middle.x <= drawing.width for arrow in drawing.arrows)


def test_a_partition_is_marked_on_the_links_that_it_cuts() -> None:
    """Each replica has a box of its own, and only links across the cut are struck."""
    drawing = draw(catalogue.find("split-brain").lab)
    assert [box.name for box in drawing.boxes] == [CLIENT, "node-1", "node-2", "node-3"]
    struck = drawing.words.split("; ")
    cut = [words.partition(" node-1 cut off")[0] for words in struck if "cut off" in words]
    assert cut == [
        "node-1 calls node-2",
        "node-1 calls node-3",
        "node-2 calls node-1",
        "node-3 calls node-1",
    ]


def test_the_replica_that_is_hit_is_told_apart() -> None:
    """One slow replica of four, in a box of its own beside three that are well."""
    drawing = draw(catalogue.find("load-balancing").lab)
    assert [box.name for box in drawing.boxes if box.hits] == ["balancer", "app-4"]


def test_what_hits_all_replicas_alike_is_one_fault() -> None:
    """Three links that are late at about one time are drawn, and told, as one."""
    lab = catalogue.find("circuit-breaker").lab
    assert "gateway" in [box.name for box in draw(lab).boxes]
    assert told(lab)[0] == "payments 2 s late, 4.85\N{EN DASH}12.9 s"


def test_lines_break_between_words_and_long_words_are_shortened() -> None:
    """As many words as fit go on a line."""
    assert wrapped("ab cd", width("ab cd", 12), 12) == ["ab cd"]
    assert wrapped("ab cd", width("ab c", 12), 12) == ["ab", "cd"]
    assert fitted("W" * 40, 100, 12).endswith("W…")
    assert width(fitted("W" * 40, 100, 12), 12) <= 100
    assert wrapped("", 100, 12) == []
