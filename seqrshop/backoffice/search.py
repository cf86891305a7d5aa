"""Finds orders and payments by number, by SEQR's references and by phone number."""

import re

from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from orders.models import Customer
from orders.models.order import FIRST_NUMBER
from payments.models import Invoice

COUNTRY_CODE = "46"
SEARCH_HELP = _("The full order number, invoice reference, payment reference or phone number.")


def orders_matching(term: str) -> Q:
    """Return the condition that selects the orders matching a search term.

    Every part is an index lookup, since the table keeps all orders ever made.
    """
    term = term.strip()
    order_id, _attempt = parse_number(term)
    invoices = Invoice.objects.filter(invoices_with_reference(term))
    with_reference = list(invoices.values_list("order_id", flat=True))
    of_customer = Q(customer__in=customers_with_phone(term))
    return Q(pk=order_id) | Q(pk__in=with_reference) | of_customer


def invoices_with_reference(term: str) -> Q:
    """Return the condition that selects invoices by SEQR's invoice or payment reference."""
    return Q(invoice_reference=term) | Q(ers_reference=term)


def customers_with_phone(term: str) -> list[int]:
    """Return the ids of the customers with this phone number."""
    msisdn = parse_msisdn(term)
    if msisdn is None:
        return []
    return list(Customer.objects.filter(msisdn=msisdn).values_list("pk", flat=True))


def parse_number(term: str) -> tuple[int | None, int | None]:
    """Return the order id and the attempt from an order or payment number: `1005`, `1005-2`.

    A part that is missing is None.
    """
    match = re.fullmatch(r"(\d{4,15})(?:-(\d{1,4}))?", term)
    if match is None:
        return None, None
    return int(match[1]) - FIRST_NUMBER, int(match[2]) if match[2] else None


def parse_msisdn(term: str) -> str | None:
    """Return the phone number in international form without +, or None if it is none.

    A number that begins with a single 0 is Swedish: 070-123 45 67 is 46701234567.
    """
    compact = re.sub(r"\(0\)|[\s()/.\-]", "", term)
    match = re.fullmatch(r"(\+|00)?(\d{6,15})", compact)
    if match is None:
        return None
    prefix, digits = match.groups()
    return COUNTRY_CODE + digits[1:] if not prefix and digits.startswith("0") else digits
