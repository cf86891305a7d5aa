"""The forms of invitations: who is invited to what, and what the invited person chooses."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib.auth.models import Group, User
from django.contrib.auth.password_validation import (
    password_validators_help_text_html,
    validate_password,
)
from django.core.exceptions import ValidationError
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from orders.models import Shop
from seqrshop.backoffice.accounts import group_label, groups_to_give
from seqrshop.backoffice.shop_scope import own_rows


class RoleField(forms.ModelChoiceField[Group]):
    """The roles that a person may give."""

    def label_from_instance(self, group: Group) -> str:
        """Return the role's label."""
        return group_label(group)


class InviteForm(forms.Form):
    """The role, the shops and the e-mail address of a new colleague."""

    role = RoleField(label=_("Role"), queryset=Group.objects.none())
    all_shops = forms.BooleanField(
        label=_("All shops"), required=False, help_text=_("Shops that are added later, too.")
    )
    shops: forms.ModelMultipleChoiceField[Shop] = forms.ModelMultipleChoiceField(
        label=_("Only these shops"),
        queryset=Shop.objects.none(),
        required=False,
        widget=forms.CheckboxSelectMultiple,
    )
    email = forms.EmailField(
        label=_("E-mail address"),
        required=False,
        max_length=254,
        help_text=_("Optional: the link is shown in any case."),
    )

    def __init__(self, request: HttpRequest, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        role: Any = self.fields["role"]
        role.queryset = groups_to_give(request.user).order_by("pk")
        shops: Any = self.fields["shops"]
        shops.queryset = own_rows(request, Shop.objects.all())

    def clean(self) -> dict[str, Any]:
        """Require a shop."""
        cleaned = super().clean() or {}
        if not cleaned.get("all_shops") and not cleaned.get("shops"):
            self.add_error("shops", _("Choose the shops of this colleague, or all shops."))
        return cleaned


class PasswordForm(forms.Form):
    """A new password, twice, for a colleague who has an account."""

    password1 = forms.CharField(
        label=_("Password"),
        strip=False,
        max_length=200,
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
        help_text=password_validators_help_text_html,
    )
    password2 = forms.CharField(
        label=_("Password, once more"),
        strip=False,
        max_length=200,
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
    )

    def clean(self) -> dict[str, Any]:
        """Require a strong password, twice the same."""
        cleaned = super().clean() or {}
        first, second = cleaned.get("password1"), cleaned.get("password2")
        if first and second and first != second:
            self.add_error("password2", _("The two passwords differ."))
        elif first:
            try:
                validate_password(first, self.user())
            except ValidationError as error:
                self.add_error("password1", error)
        return cleaned

    def user(self) -> User:
        """Return the person whose password it will be, to whose names it may not be similar."""
        return User()


class JoinForm(PasswordForm):
    """The names and the password of a new colleague."""

    username = forms.CharField(
        label=_("User name"),
        max_length=150,
        validators=[User.username_validator],
        widget=forms.TextInput(attrs={"autocomplete": "username", "autocapitalize": "none"}),
        help_text=_("You sign in with it, such as “astrid”."),
    )
    name = forms.CharField(
        label=_("Your name"),
        max_length=150,
        required=False,
        widget=forms.TextInput(attrs={"autocomplete": "name"}),
    )
    field_order = ("username", "name", "password1", "password2")

    def clean_username(self) -> str:
        """Require a user name that nobody has, in whatever case."""
        username: str = self.cleaned_data["username"]
        if User.objects.filter(username__iexact=username).exists():
            raise ValidationError(NAME_TAKEN)
        return username

    def user(self) -> User:
        """Return the new colleague."""
        return User(
            username=self.cleaned_data.get("username", ""),
            first_name=self.cleaned_data.get("name", ""),
        )


NAME_TAKEN = _("Somebody else has this user name.")
