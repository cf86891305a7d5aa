"""The refunds that wait for approval, each with what a person needs to decide about it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import timedelta

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db.models import Count, Q, Sum
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.utils.translation import gettext_lazy as _

from orders.audit import by_staff
from orders.clock import database_now
from orders.models import Order, OrderState
from orders.services import lines_of
from payments.balance import captured_amount, refunded_amount
from payments.models import ApprovalReason, Refund, RefundStatus
from payments.refunds.refund import APPROVE_PERMISSION
from seqrshop.backoffice.formatting import TABLE_PARAMETER, age, money, money_or_empty, phone_of
from seqrshop.backoffice.links import admin_url, page_url
from seqrshop.backoffice.order_slip import line_text
from seqrshop.backoffice.refund_actions import approve, decline, withdraw
from seqrshop.backoffice.shop_scope import own_rows
from seqrshop.backoffice.state_pills import pill

SHOWN_REFUNDS = 50  # the oldest; the others follow as these are decided
CUSTOMER_HISTORY = timedelta(days=90)
DECISIONS = {"approve": approve, "decline": decline, "withdraw": withdraw}


@dataclass(frozen=True)
class WaitingRefund:
    """A refund that waits, as the page shows it beside the buttons."""

    refund: Refund
    amount: str
    age: str
    why_approval: str
    order_url: str
    order_pill: str
    table: str
    rows: tuple[tuple[str, int, str, int], ...]
    paid: str
    already_refunded: str
    phone: str
    history: CustomerHistory
    requested_today: str
    may_decide: bool
    may_withdraw: bool


@dataclass(frozen=True)
class CustomerHistory:
    """A customer's last 90 days at the person's shops, this order included."""

    paid_orders: int = 0
    refunds: int = 0
    refunded: str = ""


def approvals_page(request: HttpRequest) -> HttpResponse:
    """Show the refunds that wait for approval, and carry out the decision about one of them."""
    if not admin.site.get_model_admin(Refund).has_view_permission(request):
        raise PermissionDenied
    if request.method == "POST":
        _decide(request)
        return HttpResponseRedirect(admin_url(Refund, "approvals"))
    waiting = own_rows(request, Refund.objects.filter(status=RefundStatus.REQUESTED))
    oldest = (
        waiting.order_by("id")
        .select_related("invoice__order__customer", "invoice__order__shop", "requested_by")
        .prefetch_related("invoice__order__rows", "rows")
    )
    refunds = list(oldest[: SHOWN_REFUNDS + 1])
    context = {
        **admin.site.each_context(request),
        "title": _("Refunds to approve"),
        "waiting": _shown(request, refunds[:SHOWN_REFUNDS]),
        "has_more": len(refunds) > SHOWN_REFUNDS,
        "opts": Refund._meta,
    }
    return TemplateResponse(request, "staff/approvals.html", context)


def _decide(request: HttpRequest) -> None:
    """Carry out the posted decision, and show its result."""
    decision, number = request.POST.get("decision", ""), request.POST.get("refund", "")
    needed = "payments.request_refund" if decision == "withdraw" else APPROVE_PERMISSION
    if decision not in DECISIONS or not request.user.has_perm(needed):
        raise PermissionDenied
    is_number = number.isascii() and number.isdigit() and len(number) < 19
    refund = own_rows(request, Refund.objects.filter(pk=int(number) if is_number else 0)).first()
    if refund is None:
        messages.error(request, _("This refund does not exist."))
        return
    level, text = DECISIONS[decision](refund, by_staff(request.user))
    messages.add_message(request, level, f"{text}: {refund}.")


def _shown(request: HttpRequest, refunds: list[Refund]) -> list[WaitingRefund]:
    may = request.user.has_perm
    histories = _histories(request, {refund.invoice.order.customer_id for refund in refunds})
    today = _requested_today({refund.requested_by_id for refund in refunds})
    return [
        WaitingRefund(
            refund=refund,
            amount=money(refund.amount, refund.currency),
            age=age(refund.created_at),
            why_approval=str(ApprovalReason(refund.approval_reason).label),
            order_url=page_url(refund.invoice.order) if may("orders.view_order") else "",
            order_pill=pill(OrderState(refund.invoice.order.state)),
            table=str(refund.invoice.order.parameters.get(TABLE_PARAMETER, "")),
            rows=_rows(refund),
            paid=money(captured_amount(refund.invoice), refund.currency),
            already_refunded=money_or_empty(refunded_amount(refund.invoice), refund.currency),
            phone=phone_of(refund.invoice.order.customer),
            history=histories.get(refund.invoice.order.customer_id, CustomerHistory()),
            requested_today=today.get((refund.requested_by_id, refund.currency), ""),
            may_decide=may(APPROVE_PERMISSION) and refund.requested_by_id != request.user.pk,
            may_withdraw=may("payments.request_refund")
            and refund.requested_by_id == request.user.pk,
        )
        for refund in refunds
    ]


def _rows(refund: Refund) -> tuple[tuple[str, int, str, int], ...]:
    """Return name, quantity, total and refunded units of each line of the refund's order."""
    units = {row.order_row_id: row.quantity for row in refund.rows.all()}
    return tuple(
        (
            line_text(line),
            line.row.quantity,
            money(line.total, refund.currency),
            units.get(line.row.pk, 0),
        )
        for line in lines_of(refund.invoice.order.rows.all())
    )


def _histories(request: HttpRequest, customer_ids: Iterable[int]) -> dict[int, CustomerHistory]:
    """Return the histories of customers, at the shops of the person who makes the request."""
    since = database_now() - CUSTOMER_HISTORY
    of_customers = Q(customer__in=customer_ids, created_at__gte=since)
    paid = Q(invoices__paid_at__isnull=False)
    orders = own_rows(request, Order.objects.filter(of_customers))
    numbers = orders.values("customer").annotate(paid=Count("pk", paid, distinct=True))
    refunds = own_rows(
        request,
        Refund.objects.filter(
            invoice__order__customer__in=customer_ids,
            invoice__order__created_at__gte=since,
            status=RefundStatus.REFUNDED,
        ),
    )
    sums = refunds.values("invoice__order__customer", "currency")
    refunded = {
        row["invoice__order__customer"]: (row["number"], money(row["sum"], row["currency"]))
        for row in sums.annotate(number=Count("pk"), sum=Sum("amount"))
    }
    return {
        row["customer"]: CustomerHistory(row["paid"], *refunded.get(row["customer"], (0, "")))
        for row in numbers
    }


def _requested_today(person_ids: Iterable[int]) -> dict[tuple[int, str], str]:
    """Return the sum of the refunds that each person has requested in the last day."""
    requested = Refund.objects.filter(
        requested_by__in=person_ids, created_at__gte=database_now() - timedelta(days=1)
    ).exclude(status__in=(RefundStatus.WITHDRAWN, RefundStatus.REJECTED))
    sums = requested.values("requested_by", "currency").annotate(sum=Sum("amount"))
    return {
        (row["requested_by"], row["currency"]): money(row["sum"], row["currency"]) for row in sums
    }
