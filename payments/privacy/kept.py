"""What is kept about people, why, and for how long: the text of the pages about privacy."""

from __future__ import annotations

from dataclasses import dataclass

from django.conf import settings
from django.utils.translation import gettext as _
from django.utils.translation import ngettext


@dataclass(frozen=True)
class KeptData:
    """One kind of data: what it is, why it is kept, and for how long."""

    what: str
    why: str
    how_long: str


def kept_of_customers() -> list[KeptData]:
    """Return what is kept of customers, in the active language."""
    days = _days(settings.CUSTOMER_DATA_DAYS)
    bookkeeping = _("The Swedish Bookkeeping Act requires it.")
    seven_years = _("Seven years from the end of the calendar year.")
    return [
        KeptData(
            _("Phone number, and SEQR's key for the customer"),
            _("To show customers their orders, and to find an order when a customer asks."),
            _(
                "%(days)s after the latest order. Longer while an order, a refund or a payment "
                "case is open."
            )
            % {"days": days},
        ),
        KeptData(
            _("Orders: products, amounts, shop, table and time"),
            _("To make and serve the order. %(law)s") % {"law": bookkeeping},
            _("%(years)s After %(days)s they are no longer linked to a phone number.")
            % {"years": seven_years, "days": days},
        ),
        KeptData(
            _("Name, address and e-mail address of an order of Instant Checkout"),
            _("To deliver the order."),
            _("As long as the phone number."),
        ),
        KeptData(
            _("Payments, refunds and receipts, with SEQR's references"),
            bookkeeping,
            seven_years,
        ),
        KeptData(
            _("Messages to the kitchen"),
            _("To make the order as the customer wants it."),
            _(
                "A message about the whole order: as long as the phone number. A message about a "
                "product is on the receipt, and kept as long as the receipt."
            ),
        ),
        KeptData(
            _("What happened to an order and its payment, step by step"),
            _("To prove that the books are right. There is no phone number in it."),
            seven_years,
        ),
        KeptData(
            _("The session after a scan, and a cookie that belongs to it"),
            _("To show the customer the right orders. A digest of SEQR's token is stored."),
            _minutes(settings.CUSTOMER_SESSION_SECONDS),
        ),
        KeptData(
            _("In the customer's browser: the basket, the language, and protection of forms"),
            _("So that the page works. Nobody is followed, and nothing is shared."),
            _("The basket for an hour, the two cookies for a year."),
        ),
        KeptData(
            _("The e-mail address that a receipt is sent to"),
            _("To send that receipt once."),
            _("Until it is sent, two minutes at most. It is not stored with the order."),
        ),
        KeptData(
            _("The number of a loyalty card"),
            _("To work out the discount when the order is paid."),
            _("Not at all. The order only keeps the discount."),
        ),
        KeptData(
            _("The phone's network address (IP address)"),
            _("To stop those who try to overload the shop."),
            _("It is counted for minutes, and not stored with the order."),
        ),
    ]


def kept_of_staff() -> list[KeptData]:
    """Return what is kept of the members of staff, in the active language."""
    seven_years = _("Seven years from the end of the calendar year.")
    return [
        KeptData(
            _("User name, name, e-mail address and roles"),
            _("To let a colleague sign in and do what the role allows."),
            _("Until the account is deleted. An account that has handled money is closed instead."),
        ),
        KeptData(
            _("What a colleague did with orders and money, and sign-ins"),
            _("To prove that the books are right, and who decided."),
            seven_years,
        ),
        KeptData(
            _("Passkeys, the key of the authenticator app, and recovery codes"),
            _("To check the second factor. Codes are stored as digests, the key encrypted."),
            _("Until the second factor is removed or reset."),
        ),
        KeptData(
            _("The session after the sign-in"),
            _("To keep a colleague signed in."),
            _minutes(settings.SESSION_COOKIE_AGE),
        ),
    ]


def _days(number: int) -> str:
    return ngettext("%(number)d day", "%(number)d days", number) % {"number": number}


def _minutes(seconds: int) -> str:
    """Return a time in hours, or in minutes if it is not in whole hours."""
    hours, rest = divmod(seconds, 3600)
    if rest:
        minutes = -(-seconds // 60)
        return ngettext("%(number)d minute", "%(number)d minutes", minutes) % {"number": minutes}
    return ngettext("%(number)d hour", "%(number)d hours", hours) % {"number": hours}
