"""Bar charts as the shapes of an SVG image, which `staff/bar_chart.html` draws.

The horizontal axis is in per cent of the image and the vertical one in pixels. So the letters of a
chart keep their size on a phone and on a wide screen, without a script. Colours are classes of
`dashboard.css`, for light and dark pages.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from decimal import ROUND_CEILING, ROUND_FLOOR, Decimal

Number = Decimal | int
HEIGHT = 180
"""The pixels of the plot, without the names below it."""
TOP = 16
"""The pixels above the plot, for the name of the highest line."""
MAX_LABELS = 7
"""The names below the bars: on a phone more of them would overlap."""
_STEPS = (Decimal(1), Decimal(2), Decimal("2.5"), Decimal(5), Decimal(10))


@dataclass(frozen=True)
class Bar:
    """The values of one bar from the bottom up; `before` is marked as a line across it."""

    name: str
    label: str
    values: Sequence[Number]
    before: Number | None = None


@dataclass(frozen=True)
class Rectangle:
    """A part of a bar, or the line of the period before. `colour` is a class."""

    x: str
    width: str
    y: str
    height: str
    colour: str
    tooltip: str


@dataclass(frozen=True)
class Text:
    """A text at a place in per cent from the left, or in pixels from the top."""

    at: str
    text: str


@dataclass(frozen=True)
class BarChart:
    """A chart: `title` and `summary` are what a screen reader says of it."""

    title: str
    summary: str
    height: int
    base: str
    lines: tuple[Text, ...]
    bars: tuple[Rectangle, ...]
    labels: tuple[Text, ...]


@dataclass(frozen=True)
class Scale:
    """The vertical axis: where a value is, in pixels from the top, and how it is written."""

    ticks: tuple[Decimal, ...]
    shown: Callable[[Number], str]

    def y(self, value: Number) -> Decimal:
        """Return the place of a value."""
        low, high = self.ticks[0], self.ticks[-1]
        return TOP + HEIGHT * (high - value) / (high - low)


def bar_chart(
    title: str,
    summary: str,
    bars: Sequence[Bar],
    colours: Sequence[str],
    shown: Callable[[Number], str],
) -> BarChart:
    """Return the shapes of a chart; `shown` writes a value, and `colours` are of a bar's parts."""
    scale = Scale(tuple(_ticks(list(_extremes(bars)))), shown)
    slot = Decimal(100) / max(len(bars), 1)
    every = -(-len(bars) // MAX_LABELS) or 1
    return BarChart(
        title=title,
        summary=summary,
        height=TOP + HEIGHT + 24,
        base=_text(scale.y(0)),
        lines=tuple(Text(_text(scale.y(tick)), shown(tick)) for tick in scale.ticks),
        bars=tuple(
            shape
            for position, bar in enumerate(bars)
            for shape in _shapes(bar, (position * slot, slot), colours, scale)
        ),
        labels=tuple(
            Text(_text((position + Decimal("0.5")) * slot), bar.label)
            for position, bar in enumerate(bars)
            if position % every == 0
        ),
    )


def share_of(value: Number, highest: Number) -> str:
    """Return the width in per cent of a bar in a table; nothing is below 0."""
    if highest <= 0:
        return "0"
    return _text(max(Decimal(0), 100 * Decimal(value) / highest))


def _extremes(bars: Iterable[Bar]) -> Iterator[Decimal]:
    """Yield how high and how low each bar reaches; parts below 0 go down from the base."""
    for bar in bars:
        yield sum((Decimal(each) for each in bar.values if each > 0), Decimal(0))
        yield sum((Decimal(each) for each in bar.values if each < 0), Decimal(0))
        if bar.before is not None:
            yield Decimal(bar.before)


def _ticks(values: list[Decimal]) -> list[Decimal]:
    """Return about four round values that contain 0 and all values, from the lowest up."""
    low, high = min([Decimal(0), *values]), max([Decimal(0), *values])
    span = high - low or Decimal(1)
    magnitude = Decimal(10) ** ((span / 4).adjusted())
    step = next(each * magnitude for each in _STEPS if each * magnitude >= span / 4)
    step = max(step, Decimal(1))
    first = (low / step).quantize(Decimal(1), ROUND_FLOOR)
    last = (high / step).quantize(Decimal(1), ROUND_CEILING)
    last = max(last, first + 1)
    return [step * number for number in range(int(first), int(last) + 1)]


def _shapes(
    bar: Bar, slot: tuple[Decimal, Decimal], colours: Sequence[str], scale: Scale
) -> Iterator[Rectangle]:
    """Yield the parts of a bar, and the line of the period before. A slot is place and width."""
    left, whole = slot
    x, width = _text(left + whole * Decimal("0.15")), _text(whole * Decimal("0.7"))
    above = below = Decimal(0)
    tooltip = f"{bar.name}: {', '.join(scale.shown(each) for each in bar.values)}"
    for value, colour in zip(bar.values, colours, strict=True):
        start = above if value >= 0 else below
        top, bottom = sorted((scale.y(start), scale.y(start + value)))
        if value > 0:
            above += value
        else:
            below += value
        if value:
            yield Rectangle(x, width, _text(top), _text(bottom - top), colour, tooltip)
    if bar.before is not None:
        across, wide = _text(left + whole * Decimal("0.05")), _text(whole * Decimal("0.9"))
        place, name = _text(scale.y(bar.before) - 1), scale.shown(bar.before)
        yield Rectangle(across, wide, place, "2", "chart-before", name)


def _text(number: Decimal) -> str:
    """Return a number as SVG has it, in any language."""
    return f"{number:.2f}"
