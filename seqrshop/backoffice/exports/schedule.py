"""Scheduled exports: what is sent where, how often, and whether it arrived."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.contrib.auth.models import User
from django.core.exceptions import ValidationError
from django.db.models import Prefetch, QuerySet
from django.forms import CheckboxSelectMultiple, ModelForm
from django.http import HttpRequest
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from orders.languages import current_language
from payments.exports.export import today
from payments.exports.folder import folder_of
from payments.exports.periods import first_of_period
from payments.exports.problem import ExportProblem
from payments.models import DeliveryStatus, ExportDelivery, ExportSchedule
from seqrshop.backoffice.formatting import EMPTY_VALUE, local_time
from seqrshop.backoffice.read_only import ReadOnlyInline
from seqrshop.backoffice.scoped_admin import ShopScopedAdmin

WHAT = ("content", "file_format", "frequency", "seller")
WHERE = ("shops", "recipient", "folder", "is_active")


class ExportScheduleForm(ModelForm[ExportSchedule]):
    """A schedule: what is exported of which shops, and either a recipient or a folder."""

    class Meta:
        model = ExportSchedule
        fields = (*WHAT, *WHERE)
        widgets = {"shops": CheckboxSelectMultiple}

    def clean_folder(self) -> str:
        """Refuse a folder where there is none for exports."""
        folder: str = self.cleaned_data["folder"]
        if folder:
            try:
                folder_of(folder)
            except ExportProblem as problem:
                raise ValidationError(str(problem.sentence)) from None
        return folder

    def clean(self) -> dict[str, Any]:
        """Require one receiver, and shops of the seller."""
        given = super().clean() or {}
        has_no_error = not {"recipient", "folder"} & self.errors.keys()
        if has_no_error and bool(given.get("recipient")) == bool(given.get("folder")):
            self.add_error("recipient", _("Give either a recipient or a folder."))
        seller = given.get("seller") or getattr(self.instance, "seller", None)
        if any(shop.seller_id != seller.pk for shop in given.get("shops") or () if seller):
            self.add_error("shops", _("Choose shops of the seller alone."))
        return given


class DeliveryInline(ReadOnlyInline[ExportDelivery, ExportSchedule]):
    """The latest deliveries of a schedule."""

    model = ExportDelivery
    fields = ("period", "status", "attempts", "last_error", "next_attempt", "delivered_at")
    readonly_fields = fields
    verbose_name_plural = _("deliveries")

    @admin.display(description=_("period"))
    def period(self, delivery: ExportDelivery) -> str:
        """Return the days of the period."""
        return f"{delivery.first} – {delivery.last}"

    @admin.display(description=_("next attempt"))
    def next_attempt(self, delivery: ExportDelivery) -> str:
        """Return when a failed delivery is tried again."""
        if not delivery.last_error or delivery.lease_until is None:
            return EMPTY_VALUE
        return local_time(delivery.lease_until)


@admin.register(ExportSchedule)
class ExportScheduleAdmin(ShopScopedAdmin[ExportSchedule]):
    """Scheduled exports. What is exported stays the same, so that no day is sent twice."""

    form = ExportScheduleForm
    list_display = ("__str__", "seller", "receiver", "is_active", "latest")
    list_filter = ("is_active", "content")
    inlines = (DeliveryInline,)

    def get_queryset(self, request: HttpRequest) -> QuerySet[ExportSchedule]:
        """Read each schedule with its deliveries, the latest first."""
        latest = ExportDelivery.objects.order_by("-first")
        rows = super().get_queryset(request).select_related("seller")
        return rows.prefetch_related(Prefetch("deliveries", queryset=latest))

    def get_fieldsets(self, request: HttpRequest, obj: ExportSchedule | None = None) -> Any:
        """Ask what, and then where."""
        return (
            (_("What"), {"fields": WHAT}),
            (
                _("Where to"),
                {
                    "fields": WHERE if obj is None else (*WHERE, "next_first", "created_by"),
                    "description": _("Each period is exported at 03:00 on the day after it."),
                },
            ),
        )

    def get_readonly_fields(self, request: HttpRequest, obj: ExportSchedule | None = None) -> Any:
        """Keep what is exported once it is saved."""
        return () if obj is None else (*WHAT, "next_first", "created_by")

    def get_inlines(self, request: HttpRequest, obj: ExportSchedule | None) -> Any:
        """Show the deliveries of a schedule that is saved."""
        return () if obj is None else self.inlines

    def get_form(self, request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
        """Offer the sellers and shops that there are, and no page to add another."""
        form = super().get_form(request, *args, **kwargs)
        for name in {"seller", "shops"} & form.base_fields.keys():
            widget: Any = form.base_fields[name].widget
            widget.can_add_related = widget.can_change_related = False
            widget.can_delete_related = widget.can_view_related = False
        return form

    def save_model(
        self, request: HttpRequest, obj: ExportSchedule, form: Any, change: bool
    ) -> None:
        """Begin a new schedule with the current period."""
        if not change:
            assert isinstance(request.user, User)
            obj.created_by = request.user
            obj.language = current_language()
            obj.next_first = first_of_period(today(), obj.frequency)
        super().save_model(request, obj, form, change)

    def has_delete_permission(
        self, request: HttpRequest, obj: ExportSchedule | None = None
    ) -> bool:
        """Refuse everybody: a schedule that is no longer active keeps its deliveries."""
        return False

    @admin.display(description=_("receiver"))
    def receiver(self, schedule: ExportSchedule) -> str:
        """Return the recipient or the folder."""
        return schedule.recipient or schedule.folder

    @admin.display(description=_("latest delivery"))
    def latest(self, schedule: ExportSchedule) -> str:
        """Return how the latest delivery went."""
        return latest_text(schedule)


def latest_text(schedule: ExportSchedule) -> str:
    """Return the oldest delivery that fails, or else the latest that was made, in one line."""
    deliveries = list(schedule.deliveries.all())
    failing = [each for each in deliveries if each.last_error]
    if failing:
        words = {"period": failing[-1], "attempts": failing[-1].attempts}
        text = gettext("%(period)s failed, attempts: %(attempts)s.") % words
        return f"{text} {failing[-1].last_error}"
    for each in deliveries:
        if each.status == DeliveryStatus.DELIVERED and each.delivered_at:
            words = {"period": each, "time": local_time(each.delivered_at)}
            return gettext("%(period)s delivered %(time)s") % words
    return EMPTY_VALUE
