"""The work left for a terminal, in the language of the staff."""

from django.utils.translation import gettext, ngettext

from payments.terminals import MAX_COUNTED_PAYMENTS, Obligations


def obligation_texts(obligations: Obligations) -> list[str]:
    """Return a text for each kind of work that is left, such as “3 open payments”."""
    counted = (
        (
            obligations.shops,
            ngettext("%(n)d shop uses it", "%(n)d shops use it", obligations.shops),
        ),
        (
            obligations.open_invoices,
            ngettext("%(n)d open payment", "%(n)d open payments", obligations.open_invoices),
        ),
        (
            obligations.recent_payments,
            gettext("at least %(n)d payments that may still be refunded")
            if obligations.recent_payments == MAX_COUNTED_PAYMENTS
            else ngettext(
                "%(n)d payment that may still be refunded",
                "%(n)d payments that may still be refunded",
                obligations.recent_payments,
            ),
        ),
        (
            obligations.unfinished_refunds,
            ngettext(
                "%(n)d unfinished refund",
                "%(n)d unfinished refunds",
                obligations.unfinished_refunds,
            ),
        ),
        (
            obligations.unfinished_periods,
            ngettext(
                "%(n)d transaction period without its report",
                "%(n)d transaction periods without their reports",
                obligations.unfinished_periods,
            ),
        ),
        (
            obligations.open_cases,
            ngettext("%(n)d open payment case", "%(n)d open payment cases", obligations.open_cases),
        ),
        (obligations.is_in_settings, gettext("the settings name it")),
    )
    return [text % {"n": number} for number, text in counted if number]
