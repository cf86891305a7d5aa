"""The shapes of a chart: in proportion to its values, within the image, and as SVG writes them."""

from __future__ import annotations

from decimal import Decimal

from django.template.loader import render_to_string
from django.utils.translation import override
from hypothesis import given
from hypothesis import strategies as st

from seqrshop.backoffice.dashboard.charts import (
    HEIGHT,
    MAX_LABELS,
    TOP,
    Bar,
    BarChart,
    bar_chart,
    share_of,
)

D = Decimal


def chart(*bars: Bar, colours: tuple[str, ...] = ("chart-main",)) -> BarChart:
    return bar_chart("Takings", "The highest: one.", bars, colours, lambda value: f"{value:.0f}")


def test_bar_is_as_high_as_its_share_of_the_highest_line() -> None:
    drawn = chart(Bar("one", "1", [D(100)]), Bar("two", "2", [D(50)], before=D(100)))

    assert [line.text for line in drawn.lines] == ["0", "25", "50", "75", "100"]
    one, two, before = drawn.bars
    assert (one.y, one.height) == (f"{TOP}.00", f"{HEIGHT}.00")
    assert D(two.height) * 2 == D(one.height)
    assert (before.y, before.colour) == (f"{TOP - 1}.00", "chart-before")
    assert (one.x, two.x, one.width) == ("7.50", "57.50", "35.00")


def test_parts_of_a_bar_stand_on_each_other() -> None:
    colours = ("chart-paid", "chart-abandoned", "chart-failed")
    low, middle, high = chart(Bar("one", "1", [3, 1, 2]), colours=colours).bars

    assert D(middle.y) + D(middle.height) == D(low.y)
    assert D(high.y) + D(high.height) == D(middle.y)
    assert low.tooltip == "one: 3, 1, 2"


def test_parts_below_zero_hang_on_each_other() -> None:
    colours = ("chart-paid", "chart-abandoned", "chart-failed")
    first, second, third = chart(Bar("one", "1", [D(-3), D(-1), D(-2)]), colours=colours).bars

    assert D(first.y) + D(first.height) == D(second.y)
    assert D(second.y) + D(second.height) == D(third.y)


def test_bar_below_zero_hangs_from_the_base() -> None:
    drawn = chart(Bar("one", "1", [D(-1)]), Bar("two", "2", [D(2)]))

    assert [line.text for line in drawn.lines] == ["-1", "0", "1", "2"]
    assert drawn.bars[0].y == drawn.base
    assert D(drawn.bars[1].y) + D(drawn.bars[1].height) == D(drawn.base)


def test_chart_of_nothing_has_a_base_and_no_bar() -> None:
    drawn = chart(*(Bar(str(day), str(day), [D(0)], D(0)) for day in range(30)))

    assert {bar.colour for bar in drawn.bars} == {"chart-before"}
    assert D(drawn.base) == TOP + HEIGHT
    assert drawn.height == TOP + HEIGHT + 24  # the names below the bars have room
    assert len(chart().bars) == 0


@given(
    st.lists(
        st.tuples(st.decimals(-1000, 10**9, places=2), st.decimals(-1000, 10**9, places=2)),
        min_size=1,
        max_size=100,
    )
)
def test_every_shape_is_within_the_image_and_the_labels_are_few(
    values: list[tuple[Decimal, Decimal]],
) -> None:
    drawn = chart(*(Bar("x", "x", [now], before) for now, before in values))

    assert 2 <= len(drawn.lines) <= 7
    assert 1 <= len(drawn.labels) <= MAX_LABELS
    for bar in drawn.bars:
        assert D(bar.y) >= TOP - 1
        assert D(bar.y) + D(bar.height) <= TOP + HEIGHT + 1
        assert 0 <= D(bar.x) + D(bar.width) <= 100


def test_image_has_no_style_and_numbers_that_svg_reads_in_every_language() -> None:
    drawn = chart(Bar("<b>", "29 nov", [D("1.5")]))

    with override("sv"):
        image = render_to_string("staff/bar_chart.html", {"chart": drawn})

    assert "style=" not in image
    assert 'x="15.00%"' in image
    assert "<b>" not in image
    assert 'role="img"' in image


def test_share_of_nothing_is_nothing() -> None:
    assert share_of(D(5), D(20)) == "25.00"
    assert share_of(D(5), D(0)) == "0"
    assert share_of(D(-5), D(20)) == "0.00"
