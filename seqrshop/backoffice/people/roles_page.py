"""The page that explains the ready-made roles: what each may do."""

from __future__ import annotations

from dataclasses import dataclass

from django.conf import settings
from django.contrib import admin
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from payments.staff_roles import ROLES, SENSITIVE_PERMISSIONS, Role

# What a role may do, in the order of the day, and the permission that stands for it.
ABILITIES: tuple[tuple[Promise, str], ...] = (
    (_("See orders"), "orders.view_order"),
    (_("Prepare and serve orders"), "orders.serve_order"),
    (_("Mark products as sold out"), "orders.sell_out_product"),
    (_("Pause and open the shop"), "orders.pause_shop"),
    (_("See payments and refunds"), "payments.view_invoice"),
    (_("Cancel unpaid payments"), "payments.cancel_invoice"),
    (_("Refund, up to the limits"), "payments.request_refund"),
    (_("Approve refunds above the limits"), "payments.approve_refund"),
    (_("Close payment cases"), "payments.close_moneycase"),
    (_("Record the outcome of unknown refunds"), "payments.resolve_unknown_refund"),
    (_("Reconcile with SEQR's reports"), "payments.reconcile_transactionperiod"),
    (_("Export for the accounts"), "payments.export_books"),
    (_("Sign off a day"), "payments.sign_dayclosing"),
    (_("Re-open a day that is signed off"), "payments.reopen_dayclosing"),
    (_("Read and export the audit"), "orders.view_auditevent"),
    (_("Change the menu"), "orders.change_product"),
    (_("Change shops, sellers and terminals"), "orders.change_shop"),
    (_("Export and erase customers' data"), "orders.erase_customer"),
    (_("See colleagues"), "auth.view_user"),
    (_("Invite colleagues and change their roles"), "auth.add_user"),
)


@dataclass(frozen=True)
class RoleCard:
    """One role on the page. `is_own` is whether the person who reads the page has it."""

    role: Role
    abilities: list[Promise]
    is_own: bool
    needs_second_factor: bool


def roles_page(request: HttpRequest) -> HttpResponse:
    """Show each role with what it may do, to every member of staff."""
    own = set(request.user.groups.values_list("name", flat=True))
    context = {
        **admin.site.each_context(request),
        "title": _("Roles"),
        "cards": [
            RoleCard(
                role,
                [label for label, permission in ABILITIES if permission in role.permissions],
                role.name in own,
                bool(role.permissions & SENSITIVE_PERMISSIONS),
            )
            for role in ROLES
        ],
        "payment_limit": settings.REFUND_APPROVAL_LIMIT,
        "daily_limit": settings.REFUND_DAILY_LIMIT_PER_PERSON,
        "may_invite": request.user.has_perm("auth.add_user"),
    }
    return TemplateResponse(request, "staff/roles.html", context)
