"""Terminals: added and corrected once SEQR has accepted them, replaced, retired."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.db.models import Exists, OuterRef, QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.urls import URLPattern, path
from django.utils.html import format_html_join
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from orders.audit import ChangeSource, by_staff
from orders.models import SubjectType, Terminal
from payments.credential_check import CredentialCheck, check_terminal
from payments.models import PaymentPause
from payments.terminals import add_terminal, obligations_of, set_password
from seqrshop.backoffice.action_results import only_row
from seqrshop.backoffice.bulk.choose import run_bulk_action
from seqrshop.backoffice.bulk.of_technical import CHECK_TERMINALS
from seqrshop.backoffice.credentials_form import CredentialsAdmin, CredentialsForm
from seqrshop.backoffice.history import WithHistory
from seqrshop.backoffice.obligations import obligation_texts
from seqrshop.backoffice.password_field import PasswordField
from seqrshop.backoffice.retire_terminal import is_of_settings, retire_page
from seqrshop.backoffice.scoped_admin import OwnRowsFilter
from seqrshop.backoffice.seller import shop_links


class TerminalForm(CredentialsForm[Terminal]):
    """A terminal. Its seller and its ID stay the same: its invoices belong to both."""

    id_field = "principal_id"
    password_field = "password"  # noqa: S105 - the name of a field

    password = PasswordField(label=_("password"))

    class Meta:
        model = Terminal
        fields = ("seller", "principal_id", "label")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if is_of_settings(self.instance):
            del self.fields["password"]
        elif self.instance.retired_at is not None:
            self.fields["password"].required = False
            self.fields["password"].help_text = _("Enter it to use the terminal again.")

    def has_new_credentials(self) -> bool:
        """Return whether the terminal is new, or its password was typed."""
        return bool(self.cleaned_data.get("password"))

    def check_with_seqr(self, source: ChangeSource) -> CredentialCheck:
        """Return SEQR's answer about the terminal."""
        return check_terminal(self.instance.principal_id, self.cleaned_data["password"], source)


class RetiredFilter(admin.SimpleListFilter):
    """Retired terminals, or the others."""

    title = _("state")
    parameter_name = "retired"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        """Offer both."""
        return [("no", _("In use")), ("yes", _("Retired"))]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Terminal]) -> QuerySet[Terminal]:
        """Keep the terminals with the chosen state."""
        if self.value() is None:
            return queryset
        return queryset.filter(retired_at__isnull=self.value() == "no")


@admin.register(Terminal)
class TerminalAdmin(WithHistory[Terminal], CredentialsAdmin[Terminal]):
    """Terminals: whose they are, the shops that use them, and the work left for them."""

    form = TerminalForm
    subject_type = SubjectType.TERMINAL
    list_display = ("label", "principal_id", "seller", "shop_names", "state", "added_at")
    list_filter = (("seller", OwnRowsFilter), RetiredFilter)
    list_select_related = ("seller",)
    search_fields = ("label", "principal_id")
    readonly_fields = (
        "state",
        "added_at",
        "retired_at",
        "shop_names",
        "obligations",
        "password_source",
    )
    actions = ("check_with_seqr", "retire")

    def get_queryset(self, request: HttpRequest) -> QuerySet[Terminal]:
        """Read each terminal with its shops, and whether its payments are paused."""
        pauses = PaymentPause.objects.filter(terminal=OuterRef("pk"), ended_at=None)
        terminals = super().get_queryset(request).annotate(is_paused=Exists(pauses))
        return terminals.prefetch_related("shops")

    def get_readonly_fields(self, request: HttpRequest, obj: Terminal | None = None) -> Any:
        """Keep the seller and the ID once saved."""
        return (
            self.readonly_fields
            if obj is None
            else ("seller", "principal_id", *self.readonly_fields)
        )

    def get_fieldsets(self, request: HttpRequest, obj: Terminal | None = None) -> Any:
        """Show the password's field, or that the settings have the password."""
        typed = {
            "fields": ("seller", "label", "principal_id", "password"),
            "description": _(
                "SEQR gave you the ID and the password. They are checked with SEQR when you save."
            ),
        }
        if obj is None:
            return ((None, typed),)
        if is_of_settings(obj):
            typed = {"fields": ("seller", "label", "principal_id", "password_source")}
        use = {"fields": ("state", "added_at", "retired_at", "shop_names", "obligations")}
        return ((None, typed), (_("Use"), use))

    def has_delete_permission(self, request: HttpRequest, obj: Terminal | None = None) -> bool:
        """Refuse everybody; a terminal is retired, and its history is kept."""
        return False

    def save_model(self, request: HttpRequest, obj: Terminal, form: Any, change: bool) -> None:
        """Store the label, and the password if it was typed."""
        source, password = by_staff(request.user), form.cleaned_data.get("password")
        if not change:
            add_terminal(obj, password, source)
            return
        obj.save(update_fields=["label"])
        if password:
            set_password(obj.pk, password, source)

    def row_actions(self, terminal: Terminal) -> tuple[str, ...]:
        """Offer both actions until the terminal is retired."""
        if terminal.retired_at is not None:
            return ()
        if is_of_settings(terminal):
            return ("check_with_seqr",)
        return ("check_with_seqr", "retire")

    def get_urls(self) -> list[URLPattern]:
        """Add the page on which a terminal is retired."""
        view = self.admin_site.admin_view(self.retire_view)
        page = path("<int:terminal_id>/retire/", view, name="orders_terminal_retire")
        return [page, *super().get_urls()]

    def retire_view(self, request: HttpRequest, terminal_id: int) -> HttpResponse:
        """Show the page on which a terminal is retired."""
        if not self.has_change_permission(request):
            raise PermissionDenied
        terminal = get_object_or_404(self.get_queryset(request), pk=terminal_id)
        return retire_page(request, terminal)

    @admin.action(description=_("Check with SEQR"), permissions=["change"])
    def check_with_seqr(
        self, request: HttpRequest, queryset: QuerySet[Terminal]
    ) -> HttpResponse | None:
        """Check whether SEQR accepts the chosen terminals."""
        return run_bulk_action(self, request, queryset.select_related("seller"), CHECK_TERMINALS)

    @admin.action(description=_("Retire …"), permissions=["change"])
    def retire(self, request: HttpRequest, queryset: QuerySet[Terminal]) -> HttpResponse | None:
        """Show the page on which a terminal is retired."""
        terminal = only_row(self, request, queryset)
        return None if terminal is None else retire_page(request, terminal)

    @admin.display(description=_("shops"))
    def shop_names(self, terminal: Terminal) -> str:
        """Return the shops whose new orders are paid at the terminal."""
        return shop_links(terminal.shops.all())

    @admin.display(description=_("state"))
    def state(self, terminal: Any) -> str:
        """Return whether the terminal takes payments."""
        if terminal.retired_at is not None:
            return gettext("Retired")
        if terminal.is_paused:
            return gettext("Payments are paused: SEQR refuses the terminal")
        return gettext("In use") if terminal.shops.all() else gettext("No shop uses it")

    @admin.display(description=_("work left"))
    def obligations(self, terminal: Terminal) -> str:
        """Return what keeps the terminal from being retired, a line for each kind."""
        lines = obligation_texts(obligations_of(terminal))
        return format_html_join("", "<div>{}</div>", ((line,) for line in lines)) or gettext("None")

    @admin.display(description=_("password"))
    def password_source(self, terminal: Terminal) -> str:
        """Return where the password is changed."""
        return gettext("Set by SEQR_TERMINAL_PASSWORD in the settings.")
