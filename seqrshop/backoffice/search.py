"""What a person types to find a payment: a number, a reference, a phone number."""

import re

from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from orders.models import Customer
from orders.models.order import FIRST_NUMBER
from payments.models import Invoice

COUNTRY = "46"
SEARCH_HELP = _("Order number, invoice reference, payment reference or phone number, whole.")


def orders_found(term: str) -> Q:
    """Return the condition on orders that a search stands for.

    Every part is a lookup in an index: this is asked of a table with every order there ever was.
    """
    term = term.strip()
    order_id, _attempt = number_in(term)
    with_reference = Invoice.objects.filter(reference_found(term)).values_list(
        "order_id", flat=True
    )
    return Q(pk=order_id) | Q(pk__in=list(with_reference)) | Q(customer__in=customers_found(term))


def reference_found(term: str) -> Q:
    """Return the condition on invoices to have this as SEQR's reference of bill or payment."""
    return Q(invoice_reference=term) | Q(ers_reference=term)


def customers_found(term: str) -> list[int]:
    """Return the ids of the customers with this phone number."""
    msisdn = msisdn_in(term)
    return (
        list(Customer.objects.filter(msisdn=msisdn).values_list("pk", flat=True)) if msisdn else []
    )


def number_in(term: str) -> tuple[int | None, int | None]:
    """Return the order's id and the attempt in the number of an order or invoice: `1005`, `1005-2`.

    None stands for what is not there.
    """
    match = re.fullmatch(r"(\d{4,15})(?:-(\d{1,4}))?", term)
    if match is None:
        return None, None
    return int(match[1]) - FIRST_NUMBER, int(match[2]) if match[2] else None


def msisdn_in(term: str) -> str | None:
    """Return the phone number in international form without +, or None where there is none.

    A number that begins with a single 0 is Swedish: 070-123 45 67 is 46701234567.
    """
    compact = re.sub(r"\(0\)|[\s()/.\-]", "", term)
    match = re.fullmatch(r"(\+|00)?(\d{6,15})", compact)
    if match is None:
        return None
    prefix, digits = match.groups()
    return COUNTRY + digits[1:] if not prefix and digits.startswith("0") else digits
