"""The shops of a member of staff, on the user's own page."""

from __future__ import annotations

from typing import Any

from django.contrib.admin import StackedInline
from django.contrib.auth.models import User
from django.core.exceptions import ValidationError
from django.forms import CheckboxSelectMultiple, ModelForm
from django.forms.models import BaseInlineFormSet
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from orders.models import StaffAccess
from seqrshop.backoffice.shop_scope import has_all_shops


class StaffAccessFormSet(BaseInlineFormSet[StaffAccess, User, ModelForm[StaffAccess]]):
    """The one row of a user."""

    def clean(self) -> None:
        """Require a shop for a member of staff; a superuser has all of them anyway."""
        super().clean()
        if any(self.errors) or not self.instance.is_staff or self.instance.is_superuser:
            return
        for form in self.forms:
            if form.cleaned_data.get("all_shops") or form.cleaned_data.get("shops"):
                return
        raise ValidationError(_("Choose the shops of this member of staff, or all shops."))


class StaffAccessInline(StackedInline[StaffAccess, User]):
    """The shops of a user, for those who may change users and have all shops themselves."""

    model = StaffAccess
    formset = StaffAccessFormSet
    fields = ("all_shops", "shops")
    max_num = 1
    can_delete = False

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Follow the permission to view users."""
        may_view = request.user.has_perm("auth.view_user")
        return has_all_shops(request) and (may_view or self._may_change(request))

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Follow the permission to change users."""
        return self._may_change(request)

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Follow the permission to change users."""
        return self._may_change(request)

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Refuse everybody: a person who no longer works here is made inactive."""
        return False

    def formfield_for_manytomany(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        """Show a box for each shop."""
        kwargs["widget"] = CheckboxSelectMultiple
        return super().formfield_for_manytomany(db_field, request, **kwargs)

    def _may_change(self, request: HttpRequest) -> bool:
        return has_all_shops(request) and request.user.has_perm("auth.change_user")
