"""The pages of invitations: a colleague is invited, and joins or sets a new password."""

from __future__ import annotations

import logging
from smtplib import SMTPException
from typing import Any

from django.contrib import admin, messages
from django.contrib.auth.models import User
from django.core.mail import EmailMessage
from django.forms import Form
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters

from orders.audit import by_staff
from orders.models import Invitation
from seqrshop.backoffice.form_page import form_page
from seqrshop.backoffice.links import admin_url, page_url
from seqrshop.backoffice.people import invitations, second_factor
from seqrshop.backoffice.people.invitation_forms import (
    NAME_TAKEN,
    InviteForm,
    JoinForm,
    PasswordForm,
)
from seqrshop.backoffice.people.invitations import InvitationOver, NameTaken
from seqrshop.backoffice.people.sign_in_flow import after_password
from seqrshop.mail_server import has_mail_server

logger = logging.getLogger(__name__)


def invite_page(request: HttpRequest) -> HttpResponse:
    """Invite a colleague, and show the link; the caller has checked the permission."""
    if "withdraw" in request.POST:
        invitation_id = request.POST["withdraw"][:18]
        if invitation_id.isdecimal() and invitations.withdraw(request.user, int(invitation_id)):
            messages.success(request, _("The invitation is withdrawn."))
        return HttpResponseRedirect(admin_url(User, "add"))
    form = InviteForm(request, request.POST or None)
    if not has_mail_server():
        del form.fields["email"]
    if form.is_valid():
        given = form.cleaned_data
        invitation, link = invitations.invite(
            request.user,
            given["role"],
            all_shops=given["all_shops"],
            shops=given["shops"],
            recipient=given.get("email", ""),
        )
        if invitation.recipient:
            _mail(request, invitation, link)
        return _link_page(request, invitation, link)
    context = {
        "title": _("Invite a colleague"),
        "form": form,
        "waiting": [
            (row, invitations.role_of(row), invitations.shops_of(row))
            for row in invitations.waiting_invitations()
        ],
    }
    return _page(request, "staff/invite.html", context)


def password_link_page(request: HttpRequest, user: User) -> HttpResponse:
    """Make a link by which a colleague sets a password; the caller has checked the permission."""
    if request.method == "POST":
        invitation, link = invitations.make_password_link(request.user, user)
        return _link_page(request, invitation, link)
    return _confirmation(
        request,
        user,
        _("New password for %(user)s") % {"user": user},
        _(
            "You get a link, valid for 24 hours, by which %(user)s chooses a new password. The old "
            "password works until then. Nobody else learns it."
        )
        % {"user": user},
        _("Make the link"),
    )


def reset_factor_page(request: HttpRequest, user: User) -> HttpResponse:
    """Remove the second factor of a colleague; the caller has checked the permission."""
    if request.method == "POST":
        second_factor.reset(user, by_staff(request.user))
        messages.success(request, _("The second factor of %(user)s is removed.") % {"user": user})
        return HttpResponseRedirect(page_url(user))
    return _confirmation(
        request,
        user,
        _("Reset the second factor of %(user)s") % {"user": user},
        _(
            "The authenticator app, the passkeys and the recovery codes are removed. %(user)s then "
            "signs in with the password, and adds a new factor if the role needs one. Be sure that "
            "it is %(user)s who asks. The audit names you."
        )
        % {"user": user},
        _("Reset"),
    )


@never_cache
@sensitive_post_parameters("token", "password1", "password2")
def accept_page(request: HttpRequest) -> HttpResponse:
    """Let the invited person choose a name and a password, and sign the person in.

    The link's fragment has the token; a script posts it, so that it stays out of every log.
    """
    token = request.POST.get("token", "")[:100]
    if not token:
        return _page(request, "staff/open_invitation.html", {"title": _("Your invitation")})
    try:
        invitation = invitations.invitation_of(token)
        form = _form_for(request, invitation)
        if form.is_valid():
            return _accept(request, invitation, token, form)
    except InvitationOver:
        return _page(request, "staff/invitation_over.html", {"title": _("Your invitation")}, 410)
    return _form_page(request, invitation, token, form)


def _form_for(request: HttpRequest, invitation: Invitation) -> PasswordForm:
    data = request.POST if "password1" in request.POST else None
    return JoinForm(data) if invitation.group is not None else PasswordForm(data)


def _accept(
    request: HttpRequest, invitation: Invitation, token: str, form: PasswordForm
) -> HttpResponse:
    given = form.cleaned_data
    try:
        user = invitations.accept(
            token, given.get("username", ""), given.get("name", ""), given["password1"]
        )
    except NameTaken:
        form.add_error("username", NAME_TAKEN)
        return _form_page(request, invitation, token, form)
    return after_password(request, user, reverse("admin:index"))


def _form_page(
    request: HttpRequest, invitation: Invitation, token: str, form: PasswordForm
) -> HttpResponse:
    context = {
        "title": _("Your invitation")
        if invitation.group
        else _("New password for %(user)s") % {"user": invitation.user},
        "invitation": invitation,
        "role": invitations.role_of(invitation),
        "shops": invitations.shops_of(invitation),
        "token": token,
        "form": form,
    }
    return _page(request, "staff/accept_invitation.html", context)


def _mail(request: HttpRequest, invitation: Invitation, link: str) -> None:
    """Mail the link; without a mail server that takes it, the person is asked to copy it."""
    text = _(
        "%(sender)s invites you to join as %(role)s. Choose your user name and password here, "
        "within 7 days:"
    ) % {"sender": request.user, "role": invitations.role_of(invitation)}
    mail = EmailMessage(_("Your invitation"), f"{text}\n\n{link}\n", to=[invitation.recipient])
    try:
        mail.send()
    except (OSError, SMTPException) as error:
        logger.warning("an invitation could not be mailed: %s", type(error).__name__)
        messages.error(request, _("The mail could not be sent. Copy the link instead."))
    else:
        messages.success(
            request, _("The link was mailed to %(address)s.") % {"address": invitation.recipient}
        )


def _link_page(request: HttpRequest, invitation: Invitation, link: str) -> HttpResponse:
    context = {
        "title": _("The link is ready"),
        "link": link,
        "invitation": invitation,
        "role": invitations.role_of(invitation),
        "shops": invitations.shops_of(invitation),
    }
    return _page(request, "staff/invitation_link.html", context)


def _confirmation(
    request: HttpRequest, user: User, title: str, explanation: str, button: str
) -> HttpResponse:
    return form_page(
        request,
        user,
        Form(),
        title=title,
        explanation=explanation,
        button=button,
        action_url=request.path,
    )


def _page(
    request: HttpRequest, template: str, context: dict[str, Any], status: int = 200
) -> HttpResponse:
    return render(request, template, {**admin.site.each_context(request), **context}, status=status)
