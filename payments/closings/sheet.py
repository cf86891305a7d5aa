"""What the closing of a day says, in the current language: for its page and its PDF."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from decimal import Decimal

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from orders.templatetags.money import decimals, percent
from payments.closings.figures import DayFigures, NumberRange, ReportComparison
from payments.models import DayClosing
from payments.receipts.content import VatLine, swedish_time
from payments.takings.days import DayTakings

Row = tuple[str, ...]


@dataclass(frozen=True)
class Part:
    """A part of the closing: a table with a head, or names and values without one.

    The first column is text, and the others are amounts or numbers. `total` is the sum of the rows.
    `remarks` are sentences below.
    """

    title: str
    rows: tuple[Row, ...]
    head: Row = ()
    total: Row = ()
    remarks: tuple[str, ...] = ()


def parts_of(figures: DayFigures) -> list[Part]:
    """Return the parts of a closing in their order."""
    parts = [part for each in figures.takings for part in _takings(each)]
    if figures.numbers:
        parts.append(_receipts(figures))
    return [*parts, _report(figures.report)]


def _takings(takings: DayTakings) -> Iterator[Part]:
    currency = {"currency": takings.currency}
    kinds = (
        (_("Sales"), takings.sales),
        (_("Refunds"), takings.refunds),
        (_("Reversals"), takings.reversals),
    )
    rows = [row for name, lines in kinds for row in _vat_rows(name, lines)]
    if takings.refunds or takings.reversals:
        rows += _vat_rows(_("Left"), takings.lines)
    if rows:
        head = (_("VAT rate"), _("Net"), _("VAT"), _("Gross"))
        yield Part(_("Goods by VAT rate, in %(currency)s") % currency, tuple(rows), head)
    sums = [
        (_("Goods, with VAT"), takings.gross),
        (_("Tips"), takings.tips),
        (_("Tips refunded"), takings.tips_refunded),
    ]
    shown = [(name, decimals(amount)) for name, amount in sums if amount]
    remarks = [_discounts(takings.discounts)] if takings.discounts else []
    yield Part(
        _("What SEQR owes, in %(currency)s") % currency,
        tuple(shown),
        total=(_("Total"), decimals(takings.total)),
        remarks=tuple(remarks),
    )


def _vat_rows(name: str, lines: Iterable[VatLine]) -> list[Row]:
    return [
        (
            f"{name}, {percent(line.rate)}",
            decimals(line.net),
            decimals(line.vat),
            decimals(line.gross),
        )
        for line in lines
    ]


def _discounts(amount: Decimal) -> str:
    text = _("Discounts of %(amount)s are taken off what was sold.")
    return text % {"amount": decimals(-amount)}


def _receipts(figures: DayFigures) -> Part:
    rows = [
        (_("Receipts of payments"), str(sum(each.payments for each in figures.takings))),
        (_("Credit receipts"), str(sum(each.credits for each in figures.takings))),
    ]
    if figures.reversals:
        rows.append((_("Of these, payments that SEQR reversed"), str(figures.reversals)))
    remarks = tuple(map(_numbers, figures.numbers))
    return Part(_("Receipts"), tuple(rows), remarks=remarks)


def _numbers(numbers: NumberRange) -> str:
    """Return the range of the receipt numbers, and that none is missing in it."""
    words = {"first": numbers.first, "last": numbers.last, "n": numbers.receipts}
    if numbers.first == numbers.last:
        return _("Number %(first)d in the seller's series.") % words
    others = ngettext(
        "%(n)d belongs to another shop or day.",
        "%(n)d belong to other shops or days.",
        numbers.others,
    )
    missing = ngettext("%(n)d is missing!", "%(n)d are missing!", numbers.missing)
    sentences = [
        _("Numbers %(first)d to %(last)d in the seller's series: %(n)d of this shop and day.")
        % words,
        others % {"n": numbers.others} if numbers.others else "",
        missing % {"n": numbers.missing} if numbers.missing else _("No number is missing."),
    ]
    return " ".join(filter(None, sentences))


def _report(report: ReportComparison) -> Part:
    always = (
        (_("Matched"), report.matched),
        (_("Different"), report.different),
        (_("Missing in SEQR's report"), report.missing_there),
        (_("Missing here"), report.missing_here),
    )
    sometimes = (
        (_("Awaiting SEQR's report"), report.awaited),
        (_("Refunds that SEQR's report does not list"), report.unlisted),
    )
    rows = [(name, str(number)) for name, number in always]
    rows += [(name, str(number)) for name, number in sometimes if number]
    rows += [
        (_("Sum in SEQR's report, in %(currency)s") % {"currency": currency}, decimals(amount))
        for currency, amount in report.reported
    ]
    remarks = []
    if report.missing_here:
        remarks.append(
            _("A report does not say of which shop or time such a row is, only of which terminal.")
        )
    return Part(_("Compared with SEQR's report"), tuple(rows), remarks=tuple(remarks))


def signatures_of(closings: Iterable[DayClosing]) -> list[str]:
    """Return a sentence for each time that the day was signed off or re-opened, oldest first."""
    sentences = []
    for closing in closings:
        signed = {"person": closing.signed_by, "time": swedish_time(closing.signed_at)}
        sentences.append(_("Signed off by %(person)s, %(time)s.") % signed)
        if closing.reopened_at is not None:
            reopened = {
                "person": closing.reopened_by,
                "time": swedish_time(closing.reopened_at),
                "reason": closing.reopening_reason,
            }
            sentences.append(_("Re-opened by %(person)s, %(time)s: %(reason)s") % reopened)
    return sentences
