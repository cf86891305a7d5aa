"""Passwords in forms: typed and stored, and never shown again."""

from __future__ import annotations

from typing import Any, TypeVar

from django.core.exceptions import ValidationError
from django.db.models import Model
from django.forms import CharField, ModelForm, PasswordInput
from django.utils.text import capfirst
from django.utils.translation import gettext_lazy as _

from orders.encryption import is_readable

M = TypeVar("M", bound=Model)

MAX_PASSWORD_LENGTH = 200  # as in the settings of the environment's terminal

STORED = _("A password is stored. Leave the field empty to keep it.")
NOT_STORED = _("No password is stored.")
UNREADABLE = _("The stored password cannot be read: enter it again.")


class PasswordField(CharField):
    """A password of one line, without spaces around it. A page never contains what was typed."""

    def __init__(self, *, label: Any) -> None:
        super().__init__(
            label=capfirst(label),
            max_length=MAX_PASSWORD_LENGTH,
            strip=False,
            widget=PasswordInput(attrs={"autocomplete": "new-password"}),
        )

    def validate(self, value: str) -> None:
        """Refuse what is more probably a slip of the clipboard than a part of the password."""
        super().validate(value)
        if value != value.strip():
            raise ValidationError(_("The password begins or ends with a space."))
        if not value.isprintable():
            raise ValidationError(_("The password has a character that cannot be typed."))


class StoredPasswordsForm(ModelForm[M]):
    """A form whose password fields store what is typed, and keep what is stored if left empty.

    Each PasswordField is named after a property of the model, whose ciphertext is in the column of
    that name with `_ciphertext` after it. It is required as long as no readable password is stored;
    the form of a row that may have none deletes the field.
    """

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name, field in self._password_fields().items():
            ciphertext = getattr(self.instance, f"{name}_ciphertext")
            is_stored = bool(ciphertext) and is_readable(ciphertext)
            field.required = not is_stored
            if is_stored:
                field.help_text = STORED
            else:
                field.help_text = UNREADABLE if ciphertext else NOT_STORED

    def save(self, commit: bool = True) -> M:
        """Encrypt the passwords that were typed, and save the row."""
        for name in self._password_fields():
            if password := self.cleaned_data[name]:
                setattr(self.instance, name, password)
        return super().save(commit)

    def _password_fields(self) -> dict[str, PasswordField]:
        fields = self.fields.items()
        return {name: field for name, field in fields if isinstance(field, PasswordField)}
