"""The outcome of an unknown refund is recorded by another person than its requester."""

from collections.abc import Callable

import pytest
from django.contrib.auth.models import Permission, User

from orders.audit import by_staff
from orders.models import StaffAccess
from payments.models import Invoice, InvoiceStatus, Refund, RefundStatus
from payments.refunds.refund import RefundNotAccepted, resolve_unknown_refund
from seqrshop.backoffice.links import admin_url, page_url
from tests.factories import ShopFactory
from tests.payments.refunds.steps import requested_refund, status_of
from tests.payments.steps import invoice_in
from tests.staff import shown_messages, staff, superuser, user_of

S = RefundStatus
REFUSAL = "You have requested this refund. Another person must record whether it was made."
pytestmark = pytest.mark.django_db(transaction=True)


def unknown_refund(requester: User) -> Refund:
    """Return a person's refund whose outcome is unknown."""
    refund = requested_refund(invoice_in(InvoiceStatus.PAID), "10.00", requester)
    Refund.objects.update(status=S.UNKNOWN)
    refund.refresh_from_db()
    return refund


def resolver(invoice: Invoice, *, is_staff: bool = True, is_active: bool = True) -> User:
    """Return a member of staff of the invoice's shop who may record outcomes."""
    user = User.objects.create_user("resolver", is_staff=is_staff, is_active=is_active)
    user.user_permissions.add(Permission.objects.get(codename="resolve_unknown_refund"))
    StaffAccess.objects.create(user=user).shops.add(invoice.order.shop)
    return user


def resolve(refund: Refund, person: User) -> None:
    """Record that a refund was not made."""
    resolve_unknown_refund(refund.pk, by_staff(person), was_refunded=False, reason="the report")


def add_resolver(refund: Refund) -> None:
    resolver(refund.invoice)


def add_superuser(refund: Refund) -> None:
    User.objects.create_superuser("root")


@pytest.mark.parametrize("add_person", [add_resolver, add_superuser])
def test_requester_does_not_record_the_outcome_where_another_person_may(
    clerk: User, add_person: Callable[[Refund], None]
) -> None:
    refund = unknown_refund(clerk)
    add_person(refund)

    with pytest.raises(RefundNotAccepted, match="Another person must record"):
        resolve(refund, clerk)

    assert status_of(refund) == S.UNKNOWN
    resolve(refund, User.objects.exclude(pk=clerk.pk).get())
    assert status_of(refund) == S.REJECTED


def leave_out(refund: Refund) -> None:
    """Add nobody: the shop has one person."""


def add_person_without_permission(refund: Refund) -> None:
    resolver(refund.invoice).user_permissions.clear()


def add_person_of_another_shop(refund: Refund) -> None:
    access = StaffAccess.objects.get(user=resolver(refund.invoice))
    access.shops.set([ShopFactory.create()])


def add_person_who_has_left(refund: Refund) -> None:
    resolver(refund.invoice, is_active=False)


def add_customer(refund: Refund) -> None:
    resolver(refund.invoice, is_staff=False)


@pytest.mark.parametrize(
    "add_person",
    [
        leave_out,
        add_person_without_permission,
        add_person_of_another_shop,
        add_person_who_has_left,
        add_customer,
    ],
)
def test_requester_records_the_outcome_where_nobody_else_may(
    clerk: User, add_person: Callable[[Refund], None]
) -> None:
    refund = unknown_refund(clerk)
    add_person(refund)

    resolve(refund, clerk)

    assert status_of(refund) == S.REJECTED


def test_requester_reads_why_another_person_must_record_the_outcome() -> None:
    requester = superuser()
    refund = unknown_refund(user_of(requester))
    staff("payments.resolve_unknown_refund")
    page = admin_url(Refund, "resolve", refund.pk)

    shown = requester.get(page)
    posted = requester.post(page, {"was_refunded": "no", "reason": "I think so"})

    assert (shown["Location"], posted["Location"]) == (page_url(refund), page_url(refund))
    assert REFUSAL in shown_messages(posted)
    assert status_of(refund) == S.UNKNOWN
