"""Groups and permissions: nobody gives a right that they lack themselves."""

from collections.abc import Iterable
from typing import Any

from django.contrib import admin
from django.contrib.auth.admin import GroupAdmin
from django.contrib.auth.models import Group, Permission
from django.db.models import ManyToManyField, Q, QuerySet
from django.forms import ModelMultipleChoiceField
from django.http import HttpRequest
from django.utils.text import capfirst
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from payments.staff_roles import role_named
from seqrshop.backoffice.scoped_admin import ShopScopedAdmin

MODEL_PERMISSIONS = {
    "add": _("Can add"),
    "change": _("Can change"),
    "delete": _("Can delete"),
    "view": _("Can view"),
}


class PermissionField(ModelMultipleChoiceField[Permission]):
    """Permissions by the name of their model, translated though Django stores them in English."""

    def label_from_instance(self, permission: Permission) -> str:
        """Return the model and the permission."""
        return permission_label(permission)


class GroupField(ModelMultipleChoiceField[Group]):
    """Groups; the ready-made roles among them by their translated names."""

    def label_from_instance(self, group: Group) -> str:
        """Return the role's label, or the name of a group that staff have added."""
        return group_label(group)


def permission_label(permission: Permission) -> str:
    """Return a permission in the language of the staff, such as “Order: Can view”."""
    action = permission.codename.removesuffix(f"_{permission.content_type.model}")
    if action in MODEL_PERMISSIONS:
        name = str(MODEL_PERMISSIONS[action])
    else:
        name = gettext(permission.name)
    return f"{capfirst(permission.content_type.name)}: {name}"


def group_label(group: Group) -> str:
    """Return the label of a ready-made role, or the name of a group that staff have added."""
    role = role_named(group.name)
    return group.name if role is None else str(role.label)


def may_give(giver: Any, permissions: Iterable[str]) -> bool:
    """Return whether a person has all of these permissions, and so may give them to another."""
    return bool(giver.has_perms(permissions))


def permissions_of(group: Group) -> set[str]:
    """Return the permissions of a group, such as `orders.view_order`."""
    names = group.permissions.values_list("content_type__app_label", "codename")
    return {f"{app}.{codename}" for app, codename in names}


def groups_to_give(giver: Any) -> QuerySet[Group]:
    """Return the groups that a person may give: those without a permission that they lack."""
    if giver.is_superuser:
        return Group.objects.all()
    lacking = Permission.objects.exclude(pk__in=own_permissions(giver))
    return Group.objects.exclude(permissions__in=lacking)


def own_permissions(person: Any) -> QuerySet[Permission]:
    """Return the permissions of a person: their own, and those of their groups."""
    if person.is_superuser:
        return Permission.objects.all()
    return Permission.objects.filter(Q(user=person) | Q(group__user=person)).distinct()


class TranslatedPermissions:
    """Offers the permissions and the groups that the person may give, by their translated names."""

    def formfield_for_manytomany(
        self, db_field: ManyToManyField[Any, Any], request: HttpRequest | None = None, **kwargs: Any
    ) -> Any:
        assert request is not None
        if db_field.related_model is Permission:
            kwargs["form_class"] = PermissionField
            kwargs["queryset"] = (
                Permission.objects.select_related("content_type")
                .filter(pk__in=own_permissions(request.user))
                .order_by("content_type__app_label", "content_type__model", "codename")
            )
        if db_field.related_model is Group:
            kwargs["form_class"] = GroupField
            kwargs["queryset"] = groups_to_give(request.user).order_by("name")
        return super().formfield_for_manytomany(db_field, request, **kwargs)  # type: ignore[misc]


class StaffGroupAdmin(TranslatedPermissions, ShopScopedAdmin[Group], GroupAdmin):
    """Django's page of a group, its permissions translated. A ready-made role is only shown."""

    list_display = ("label",)

    @admin.display(description=_("name"), ordering="name")
    def label(self, group: Group) -> str:
        """Return the role's label, or the name of a group that staff have added."""
        return group_label(group)

    def has_change_permission(self, request: HttpRequest, obj: Group | None = None) -> bool:
        """Refuse to change a ready-made role, or a group with more rights than one's own."""
        return super().has_change_permission(request, obj) and self._may_edit(request, obj)

    def has_delete_permission(self, request: HttpRequest, obj: Group | None = None) -> bool:
        """Refuse to delete a ready-made role, or a group with more rights than one's own."""
        return super().has_delete_permission(request, obj) and self._may_edit(request, obj)

    def _may_edit(self, request: HttpRequest, group: Group | None) -> bool:
        return group is None or (
            role_named(group.name) is None and may_give(request.user, permissions_of(group))
        )
