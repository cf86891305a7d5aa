"""The second person who records the outcome of an unknown refund."""

from typing import Any

from django.contrib.auth.models import User
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from payments.models import Refund, RefundStatus

RESOLVE_PERMISSION = "payments.resolve_unknown_refund"
NEEDS_ANOTHER_RESOLVER = _(
    "You have requested this refund. Another person must record whether it was made."
)


def needs_another_resolver(refund: Refund, person: Any) -> bool:
    """Return whether somebody else must record the outcome: `person` has requested the refund.

    Where nobody else may do it, as in a shop of one person, its requester does.
    """
    if refund.status != RefundStatus.UNKNOWN or person.pk != refund.requested_by_id:
        return False
    shop_id = refund.invoice.order.shop_id
    has_shop = Q(is_superuser=True) | Q(staff_access__all_shops=True)
    resolvers = User.objects.with_perm(RESOLVE_PERMISSION).filter(is_staff=True)
    others = resolvers.filter(has_shop | Q(staff_access__shops=shop_id))
    return others.exclude(pk=person.pk).exists()
