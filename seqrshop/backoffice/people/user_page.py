"""The pages of users: rights, shops and sign-ins. Nobody gives a right that they lack."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.contrib.admin import ModelAdmin
from django.contrib.auth.admin import UserAdmin
from django.contrib.auth.models import Group, User
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import URLPattern, path, reverse
from django.utils.translation import gettext as _t
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from orders.audit import by_staff, record_user_event
from orders.models import EventName, Passkey, StaffAccess
from seqrshop.backoffice.accounts import TranslatedPermissions, group_label, may_give
from seqrshop.backoffice.failed_sign_ins import failed_sign_ins
from seqrshop.backoffice.formatting import EMPTY_VALUE
from seqrshop.backoffice.people import second_factor
from seqrshop.backoffice.people.invitation_pages import (
    invite_page,
    password_link_page,
    reset_factor_page,
)
from seqrshop.backoffice.permissions import LacksPermission
from seqrshop.backoffice.scoped_admin import ShopScopedAdmin
from seqrshop.backoffice.staff_access import StaffAccessInline

FIELDS_OF_SUPERUSERS = ("is_superuser", "user_permissions")
FIELDS_OF_SIGN_INS = ("last_login", "date_joined", "failed_sign_ins", "factors")


class GroupFilter(admin.RelatedFieldListFilter):
    """A filter by group; the ready-made roles among them by their translated names."""

    def field_choices(self, field: Any, request: HttpRequest, model_admin: ModelAdmin[Any]) -> Any:
        """Return the groups with their labels."""
        return [(str(group.pk), group_label(group)) for group in Group.objects.order_by("name")]


class StaffUserAdmin(TranslatedPermissions, ShopScopedAdmin[User], UserAdmin[User]):
    """Django's page of a user, with the user's shops and sign-ins.

    A user is added by an invitation, and nobody sets another person's password. Only a superuser
    changes a superuser, or permissions outside the groups. A person who has more rights than the
    one who looks is shown, and not changed.
    """

    fieldsets = (
        (None, {"fields": ("username",)}),
        *(UserAdmin.fieldsets or ())[1:-1],
        (_("Sign-ins"), {"fields": FIELDS_OF_SIGN_INS}),
    )
    readonly_fields = ("last_login", "date_joined", "failed_sign_ins", "factors")
    list_filter = ("is_active", ("groups", GroupFilter))
    change_form_template = "admin/auth/user/change_form.html"

    @admin.display(description=_("failed since then"))
    def failed_sign_ins(self, user: User) -> str:
        """Return the failed sign-ins to this account since its last sign-in."""
        return str(failed_sign_ins(user) or EMPTY_VALUE)

    @admin.display(description=_("second factor"))
    def factors(self, user: User) -> str:
        """Return what the person signs in with beside the password."""
        number = Passkey.objects.filter(user=user).count()
        found = [_t("authenticator app")] if second_factor.has_app(user) else []
        if number:
            found.append(ngettext("%(n)d passkey", "%(n)d passkeys", number) % {"n": number})
        return ", ".join(found) or EMPTY_VALUE

    def get_urls(self) -> list[URLPattern]:
        """Add the page on which a colleague's second factor is reset."""
        reset = self.admin_site.admin_view(self.reset_second_factor)
        name = "auth_user_second_factor"
        return [path("<id>/second-factor/", reset, name=name), *super().get_urls()]

    def get_inlines(self, request: HttpRequest, obj: User | None) -> Any:
        """Show the shops."""
        return [StaffAccessInline]

    def get_readonly_fields(self, request: HttpRequest, obj: User | None = None) -> Any:
        """Let only a superuser make superusers, or give permissions outside the groups."""
        fields = super().get_readonly_fields(request, obj)
        return fields if request.user.is_superuser else (*fields, *FIELDS_OF_SUPERUSERS)

    def has_change_permission(self, request: HttpRequest, obj: User | None = None) -> bool:
        """Refuse to change a person with more rights than one's own."""
        return super().has_change_permission(request, obj) and _has_no_more(request, obj)

    def has_delete_permission(self, request: HttpRequest, obj: User | None = None) -> bool:
        """Refuse to delete a person with more rights than one's own."""
        return super().has_delete_permission(request, obj) and _has_no_more(request, obj)

    def add_view(
        self, request: HttpRequest, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """Invite a colleague, who chooses the name and the password."""
        if not self.has_add_permission(request):
            raise LacksPermission("auth.add_user")
        return invite_page(request)

    def user_change_password(self, request: HttpRequest, id: str, form_url: str = "") -> Any:
        """Make a link by which a colleague chooses a new password; change one's own."""
        user = self._colleague(request, id)
        if user == request.user:
            return HttpResponseRedirect(reverse("admin:password_change"))
        return password_link_page(request, user)

    def reset_second_factor(self, request: HttpRequest, id: str) -> HttpResponse:
        """Remove a colleague's second factor; one's own is changed with that factor."""
        user = self._colleague(request, id)
        if user == request.user:
            return HttpResponseRedirect(reverse("staff:security"))
        return reset_factor_page(request, user)

    def save_related(self, request: HttpRequest, form: Any, formsets: Any, change: bool) -> None:
        """Record a change of the roles, the shops or the account's state."""
        super().save_related(request, form, formsets, change)
        changed = {"groups", "is_active", "is_staff", "is_superuser", "user_permissions"}
        is_changed = changed & set(form.changed_data) or any(
            formset.has_changed() for formset in formsets
        )
        if is_changed:
            user = form.instance
            record_user_event(
                user, EventName.RIGHTS_CHANGED, by_staff(request.user), detail=_rights(user)
            )

    def _colleague(self, request: HttpRequest, pk: str) -> User:
        """Return a user whom the person may change. Raises LacksPermission, Http404."""
        user = self.get_object(request, pk)
        if not self.has_change_permission(request, user):
            raise LacksPermission("auth.change_user")
        if user is None:
            raise Http404
        return user


def _has_no_more(request: HttpRequest, user: User | None) -> bool:
    """Return whether a user has no right that the person who makes the request lacks."""
    if user is None or request.user.is_superuser:
        return True
    return not user.is_superuser and may_give(request.user, user.get_all_permissions())


def _rights(user: User) -> str:
    """Describe a user's roles, shops and state for the audit."""
    access = StaffAccess.objects.filter(user=user).first()
    shops = "none"
    if access is not None:
        names = [str(shop) for shop in access.shops.all()]
        shops = "all" if access.all_shops else ", ".join(names) or "none"
    roles = ", ".join(user.groups.order_by("name").values_list("name", flat=True)) or "none"
    state = "" if user.is_active else "; inactive"
    superuser = "; superuser" if user.is_superuser else ""
    return f"roles: {roles}; shops: {shops}{superuser}{state}"
