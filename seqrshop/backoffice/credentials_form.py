"""Forms for accounts at SEQR: the credentials are checked with SEQR before they are saved."""

from __future__ import annotations

from typing import Any, ClassVar, TypeVar

from django.contrib.admin.utils import unquote
from django.db.models import Model
from django.http import HttpRequest, HttpResponse
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from orders.audit import ChangeSource, by_staff
from payments.credential_check import CheckResult, CredentialCheck
from seqrshop.backoffice.added_once import AddedOnce
from seqrshop.backoffice.password_field import StoredPasswordsForm
from seqrshop.backoffice.row_actions import RowActionsAdmin

M = TypeVar("M", bound=Model)

CHECK_TEXTS: dict[CheckResult, str | Promise] = {
    CheckResult.ACCEPTED: _("SEQR accepts the ID and the password"),
    CheckResult.WRONG_PASSWORD: _("SEQR does not accept the password (code %(code)s)"),
    CheckResult.UNKNOWN_ID: _("SEQR does not know this ID (code %(code)s)"),
    CheckResult.INACTIVE: _("SEQR has blocked or retired this account (code %(code)s)"),
    CheckResult.NOT_ALLOWED: _(
        "SEQR does not let this account do what the shop needs (code %(code)s)"
    ),
    CheckResult.NO_LICENCE: _("SEQR refuses for lack of a licence (code %(code)s)"),
}
UNCLEAR = _("SEQR gave no clear answer (code %(code)s)")
UNANSWERED = _("SEQR does not answer")
NOT_SAVED = _("%(reason)s. Nothing was saved: enter the password again in a while.")

# The other refusals are about the account, and are shown beside its ID.
_ABOUT_PASSWORD = {CheckResult.ACCEPTED, CheckResult.WRONG_PASSWORD, CheckResult.UNCLEAR}


def check_text(check: CredentialCheck) -> str:
    """Return SEQR's answer about credentials in plain words, without a full stop."""
    text = CHECK_TEXTS.get(check.result, UNANSWERED if check.result_code is None else UNCLEAR)
    return str(text) % {"code": check.result_code}


class CredentialsForm(StoredPasswordsForm[M]):
    """A form of an account at SEQR. It shows SEQR's refusal beside the ID or the password.

    `check` is SEQR's answer about what was posted. The admin calls SEQR before the transaction of
    the form begins, and sets the answer on the form's class, of which each request has its own.
    While SEQR does not answer, nothing is saved: no payment could be made with the account either,
    and a wrong password would stop its shops later.
    """

    check: CredentialCheck | None = None
    id_field: ClassVar[str]
    password_field: ClassVar[str]

    def has_new_credentials(self) -> bool:
        """Return whether a valid form has credentials that SEQR has not accepted yet."""
        raise NotImplementedError

    def check_with_seqr(self, source: ChangeSource) -> CredentialCheck:
        """Return SEQR's answer about the credentials of a valid form."""
        raise NotImplementedError

    def clean(self) -> dict[str, Any]:
        """Show SEQR's refusal."""
        cleaned: dict[str, Any] = super().clean() or {}
        if self.check is not None and not self.check.is_accepted:
            is_about_id = self.check.result not in _ABOUT_PASSWORD and self.id_field in self.fields
            text = check_text(self.check)
            text = str(NOT_SAVED) % {"reason": text} if self.check.is_unclear else f"{text}."
            self.add_error(self.id_field if is_about_id else self.password_field, text)
        return cleaned


class CredentialsAdmin(AddedOnce, RowActionsAdmin[M]):
    """Rows with credentials, which are checked with SEQR before the form is processed."""

    def changeform_view(
        self,
        request: HttpRequest,
        object_id: str | None = None,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> HttpResponse:
        """Check what was posted with SEQR, then process the form, which runs in a transaction."""
        if request.method == "POST":
            self._check_with_seqr(request, object_id)
        return super().changeform_view(request, object_id, form_url, extra_context)

    def get_form(
        self, request: HttpRequest, obj: M | None = None, change: bool = False, **kwargs: Any
    ) -> Any:
        """Give the form SEQR's answer, if there is one yet."""
        form: Any = super().get_form(request, obj, change=change, **kwargs)
        form.check = getattr(request, "credential_check", None)
        return form

    def _check_with_seqr(self, request: HttpRequest, object_id: str | None) -> None:
        row = None if object_id is None else self.get_object(request, unquote(object_id))
        if row is None:
            may_save = object_id is None and self.has_add_permission(request)
        else:
            may_save = self.has_change_permission(request, row)
        if not may_save:
            return
        form_class = self.get_form(request, row, change=row is not None)
        form = form_class(request.POST, request.FILES, instance=row)
        if form.is_valid() and form.has_new_credentials():
            check = form.check_with_seqr(by_staff(request.user))
            request.credential_check = check  # type: ignore[attr-defined]
