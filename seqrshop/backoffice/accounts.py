"""Users with their shops, and groups; permissions in the language of the staff."""

from typing import Any

from django.contrib import admin
from django.contrib.auth.admin import GroupAdmin, UserAdmin
from django.contrib.auth.models import Group, Permission, User
from django.db.models import ManyToManyField
from django.forms import ModelMultipleChoiceField
from django.http import HttpRequest
from django.utils.text import capfirst
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from seqrshop.backoffice.failed_sign_ins import failed_sign_ins
from seqrshop.backoffice.formatting import EMPTY_VALUE
from seqrshop.backoffice.scoped_admin import ShopScopedAdmin
from seqrshop.backoffice.staff_access import StaffAccessInline

MODEL_PERMISSIONS = {
    "add": _("Can add"),
    "change": _("Can change"),
    "delete": _("Can delete"),
    "view": _("Can view"),
}


class PermissionField(ModelMultipleChoiceField[Permission]):
    """Permissions by the name of their model, translated though Django stores them in English."""

    def label_from_instance(self, permission: Permission) -> str:
        """Return the model and the permission: “Order: Can view”."""
        action, _underscore, model = permission.codename.partition("_")
        if action in MODEL_PERMISSIONS and model == permission.content_type.model:
            name = str(MODEL_PERMISSIONS[action])
        else:
            name = gettext(permission.name)
        return f"{capfirst(permission.content_type.name)}: {name}"


class _TranslatedPermissions:
    def formfield_for_manytomany(
        self, db_field: ManyToManyField[Any, Any], request: HttpRequest | None = None, **kwargs: Any
    ) -> Any:
        if db_field.related_model is Permission:
            kwargs["form_class"] = PermissionField
            kwargs["queryset"] = Permission.objects.select_related("content_type")
        return super().formfield_for_manytomany(db_field, request, **kwargs)  # type: ignore[misc]


class StaffUserAdmin(_TranslatedPermissions, ShopScopedAdmin[User], UserAdmin[User]):
    """Django's page of a user, with the user's shops and failed sign-ins."""

    fieldsets = (
        *(UserAdmin.fieldsets or ())[:-1],
        (_("Sign-ins"), {"fields": ("last_login", "date_joined", "failed_sign_ins")}),
    )
    readonly_fields = ("failed_sign_ins",)

    @admin.display(description=_("failed since then"))
    def failed_sign_ins(self, user: User) -> str:
        """Return the failed sign-ins to this account since its last sign-in."""
        return str(failed_sign_ins(user) or EMPTY_VALUE)

    def get_inlines(self, request: HttpRequest, obj: User | None) -> Any:
        """Show the shops once the user is saved; whether it is staff is chosen on the same page."""
        return [] if obj is None else [StaffAccessInline]


class StaffGroupAdmin(_TranslatedPermissions, ShopScopedAdmin[Group], GroupAdmin):
    """Django's page of a group, its permissions translated."""
