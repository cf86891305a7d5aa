"""What the receipts of a seller lack, as its page and the first page say it."""

from django.db.models import Q, QuerySet
from django.utils.translation import gettext

from orders.models import Seller
from orders.models.seller import RECEIPT_FIELDS


def incomplete_sellers() -> QuerySet[Seller]:
    """Return the sellers with a shop whose receipts lack a detail."""
    lacking = Q()
    for name in RECEIPT_FIELDS:
        lacking |= Q(**{name: ""})
    return Seller.objects.filter(lacking, shops__isnull=False).distinct()


def missing_text(seller: Seller) -> str:
    """Return what the seller's receipts lack, as a sentence; "" if they lack nothing."""
    missing = ", ".join(seller.missing_on_receipts)
    if not missing:
        return ""
    return gettext("Receipts of %(seller)s lack: %(missing)s.") % {
        "seller": seller,
        "missing": missing,
    }
