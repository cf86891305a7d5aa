"""The navigation of the back office: its pages by job, for the person who may open them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

from django.contrib.admin import AdminSite
from django.contrib.auth.models import Group, User
from django.db.models import Model
from django.http import HttpRequest
from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from orders.models import (
    AuditEvent,
    Option,
    OptionGroup,
    Order,
    Product,
    QrCode,
    Seller,
    Shop,
    Terminal,
)
from payments.models import (
    AccountPlan,
    ExportSchedule,
    Invoice,
    LoyaltyCard,
    MoneyCase,
    PeriodRow,
    PollShard,
    Refund,
    TransactionPeriod,
)
from payments.refunds.refund import APPROVE_PERMISSION
from seqrshop.backoffice.bulk.actions import ACTIONS
from seqrshop.backoffice.bulk.of_menu import CHANGE_CODE_PERMISSION
from seqrshop.backoffice.exports.lists import EXPORT_PERMISSION
from seqrshop.backoffice.links import list_url
from seqrshop.backoffice.waiting import WaitingCounts


@dataclass(frozen=True)
class Entry:
    """A page: a view by its URL name, or the list of a model.

    The model decides who may open the page; one of the permissions is needed too, if there are any.
    `count` is a field of WaitingCounts.
    """

    label: Promise
    model: type[Model] | None = None
    url_name: str = ""
    permissions: tuple[str, ...] = ()
    count: str = ""

    @cached_property
    def address(self) -> str:
        """The address of the page. Each page of the back office needs those of all entries."""
        if self.model is None or self.url_name:
            return reverse(self.url_name)
        return list_url(self.model)

    def is_open_to(self, request: HttpRequest, site: AdminSite) -> bool:
        """Return whether the person who makes the request may open the page."""
        if self.model is not None:
            model_admin = site.get_model_admin(self.model)
            may_view = model_admin.has_view_or_change_permission(request)
            if not (may_view and model_admin.has_module_permission(request)):
                return False
        permissions = self.permissions
        return not permissions or any(map(request.user.has_perm, permissions))


@dataclass(frozen=True)
class Job:
    """A part of the staff's work, and its pages. The first one that is open stands for it."""

    label: Promise
    entries: tuple[Entry, ...]


TODAY = Entry(_("Today"), url_name="admin:index")
# A phone shows the first five at once: those with counts of what waits are among them.
JOBS = (
    Job(_("Today"), (TODAY,)),
    Job(
        _("Orders"),
        (
            Entry(_("Orders"), Order),
            Entry(
                _("Your latest actions"),
                url_name="staff:bulk_jobs",
                permissions=tuple(sorted({action.permission for action in ACTIONS.values()})),
            ),
        ),
    ),
    Job(
        _("Kitchen"),
        (Entry(_("Kitchen"), url_name="staff:kitchen", permissions=("orders.serve_order",)),),
    ),
    Job(
        _("Menu"),
        (
            Entry(_("Products"), Product),
            Entry(_("Option groups"), OptionGroup),
            Entry(_("Options"), Option),
            Entry(_("Shops"), Shop),
            Entry(_("Loyalty cards"), LoyaltyCard),
        ),
    ),
    Job(
        _("Money"),
        (
            Entry(_("Payments"), Invoice),
            Entry(_("Refunds"), Refund),
            Entry(
                _("Approvals"),
                Refund,
                url_name="admin:payments_refund_approvals",
                permissions=(APPROVE_PERMISSION, "payments.request_refund"),
                count="approvals",
            ),
            Entry(_("Payment cases"), MoneyCase, count="cases"),
            Entry(_("Transaction periods"), TransactionPeriod),
            Entry(_("SEQR's report rows"), PeriodRow),
        ),
    ),
    Job(
        _("Reports"),
        (
            Entry(
                _("Dashboard"), url_name="staff:dashboard", permissions=("payments.view_invoice",)
            ),
            Entry(
                _("Day closing"),
                url_name="staff:closing",
                permissions=("payments.view_dayclosing",),
            ),
            Entry(_("Exports"), url_name="staff:exports", permissions=(EXPORT_PERMISSION,)),
            Entry(_("Scheduled exports"), ExportSchedule),
            Entry(_("Account plans"), AccountPlan),
        ),
    ),
    Job(
        _("Tables & codes"),
        (
            Entry(_("QR codes"), QrCode),
            Entry(_("Many tables"), url_name="staff:tables", permissions=("orders.add_qrcode",)),
            Entry(
                _("Print files"),
                url_name="staff:print_files",
                permissions=(CHANGE_CODE_PERMISSION,),
            ),
        ),
    ),
    Job(
        _("People"),
        (
            Entry(_("Users"), User),
            Entry(_("Groups"), Group),
            Entry(_("Roles"), url_name="staff:roles"),
            Entry(
                _("Customer data"),
                url_name="staff:customers",
                permissions=("orders.export_customer",),
            ),
            Entry(_("What is kept"), url_name="staff:kept"),
        ),
    ),
    Job(
        _("Technical"),
        (
            Entry(_("Payment checks"), PollShard),
            Entry(_("Terminals"), Terminal),
            Entry(_("Sellers"), Seller),
            Entry(_("Audit trail"), AuditEvent),
        ),
    ),
)


@dataclass(frozen=True)
class ShownEntry:
    """A page as the navigation shows it: `count` things wait for a decision there."""

    label: Promise
    address: str
    count: int
    is_current: bool


@dataclass(frozen=True)
class ShownJob:
    """A job as the navigation shows it, with the pages that the person may open."""

    label: Promise
    entries: tuple[ShownEntry, ...]

    @property
    def address(self) -> str:
        """The address of the first page."""
        return self.entries[0].address

    @property
    def count(self) -> int:
        """The number of things that wait on all pages."""
        return sum(entry.count for entry in self.entries)

    @property
    def is_current(self) -> bool:
        """Whether the open page belongs to the job."""
        return any(entry.is_current for entry in self.entries)


def shown_jobs(request: HttpRequest, site: AdminSite, counts: WaitingCounts) -> Iterator[ShownJob]:
    """Yield the jobs that have a page open to the person who makes the request."""
    current = _current_address(request.path)
    for job in JOBS:
        entries = tuple(
            ShownEntry(
                entry.label,
                entry.address,
                getattr(counts, entry.count) if entry.count else 0,
                entry.address == current,
            )
            for entry in job.entries
            if entry.is_open_to(request, site)
        )
        if entries:
            yield ShownJob(job.label, entries)


def _current_address(path: str) -> str:
    """Return the address of the entry that a page belongs to; that of Today for any other page."""
    today = TODAY.address
    addresses = (entry.address for job in JOBS for entry in job.entries)
    within = (address for address in addresses if address != today and path.startswith(address))
    return max(within, key=len, default=today if path == today else "")
