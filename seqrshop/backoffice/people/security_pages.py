"""The pages of a person's own sign-in: the second factor at the sign-in, and its changes.

A person whose role needs a second factor and who has none comes here after the password, and is
signed in once a factor is added. Any other person changes factors within ten minutes of a sign-in,
so that a tablet left open changes none.
"""

from __future__ import annotations

from typing import Any

from django.contrib import admin, messages
from django.contrib.auth import logout
from django.contrib.auth.models import User
from django.contrib.auth.views import redirect_to_login
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_POST

from orders.audit import by_staff, record_user_event
from orders.encryption import decrypt, encrypt
from orders.models import EventName, Passkey
from seqrshop.backoffice.people import passkeys, second_factor, totp
from seqrshop.backoffice.people.person_at_security import Person, needs_person
from seqrshop.backoffice.people.second_factor import TooManyAttempts
from seqrshop.backoffice.people.session_limits import note_factor
from seqrshop.backoffice.people.sign_in_flow import complete, pending_next_url, pending_user

NEW_APP = "new_authenticator"
PASSKEY_STATE = "passkey_state"
MAX_PASSKEY_NAME_LENGTH = 60


@never_cache
@sensitive_post_parameters("code", "answer")
def second_factor_page(request: HttpRequest) -> HttpResponse:
    """Ask a person whose password was right for the second factor, and sign the person in."""
    user = pending_user(request)
    if user is None or not second_factor.has_factor(user):
        return HttpResponseRedirect(reverse("admin:login"))
    error, status = "", 200
    retry_after = 0
    if request.method == "POST":
        try:
            if _is_right(request, user):
                return complete(request, user, pending_next_url(request), with_factor=True)
            error = _("That is not right. Try the next code, or another way.")
        except TooManyAttempts as refused:
            retry_after, status = refused.seconds, 429
            minutes = -(-refused.seconds // 60)
            error = _("Too many wrong attempts. Try again in %(n)d min.") % {"n": minutes}
    known = list(Passkey.objects.filter(user=user))
    context: dict[str, Any] = {
        "title": _("Second factor"),
        "error": error,
        "has_app": second_factor.has_app(user),
        "codes_left": second_factor.recovery_codes_left(user),
    }
    if known:
        context["passkey_options"], state = passkeys.begin_check(request, known)
        request.session[PASSKEY_STATE] = state
    response = _page(request, "staff/second_factor.html", context, status)
    if retry_after:
        response["Retry-After"] = str(retry_after)
    return response


def _is_right(request: HttpRequest, user: User) -> bool:
    """Return whether the posted code or passkey is right. Raises TooManyAttempts."""
    answer = request.POST.get("answer", "")
    if not answer:
        return second_factor.check_code(user, request.POST.get("code", "")[:100])
    state = request.session.pop(PASSKEY_STATE, None)

    def find(known: list[Passkey]) -> tuple[Passkey, int] | None:
        try:
            return passkeys.finish_check(request, state, known, answer)
        except passkeys.PasskeyRefused:
            return None

    return second_factor.check_passkey(user, find)


@never_cache
@needs_person
def security_page(request: HttpRequest, person: Person) -> HttpResponse:
    """Show the person's factors, and the ways to add one."""
    context = {
        "title": _("Sign-in and security"),
        "person": person,
        "has_app": second_factor.has_app(person.user),
        "passkeys": Passkey.objects.filter(user=person.user),
        "codes_left": second_factor.recovery_codes_left(person.user),
        "is_required": second_factor.is_required(person.user),
    }
    return _page(request, "staff/security.html", context)


@never_cache
@sensitive_post_parameters("code")
@needs_person
def add_app_page(request: HttpRequest, person: Person) -> HttpResponse:
    """Show a new secret as a QR code, and add the app once its code is right."""
    error = ""
    stored = request.session.get(NEW_APP)
    if request.method == "POST" and stored:
        secret = decrypt(stored)
        code = "".join(request.POST.get("code", "")[:20].split())
        step = second_factor.step_now(secret, code)
        if step is not None:
            del request.session[NEW_APP]
            second_factor.add_app(person.user, secret, step)
            return _after_adding(request, person)
        error = _("That is not the app's code. Wait for the next one, and check the phone's clock.")
    else:
        secret = totp.new_secret()
        request.session[NEW_APP] = encrypt(secret)
    uri = totp.provisioning_uri(secret, person.user.get_username(), request.get_host())
    context = {
        "title": _("Add an authenticator app"),
        "picture": SafeString(totp.svg_of(uri)),
        "secret": " ".join(secret[i : i + 4] for i in range(0, len(secret), 4)),
        "error": error,
    }
    return _page(request, "staff/add_app.html", context)


@never_cache
@sensitive_post_parameters("answer")
@needs_person
def add_passkey_page(request: HttpRequest, person: Person) -> HttpResponse:
    """Let the browser make a passkey, and store it."""
    error = ""
    if request.method == "POST":
        state = request.session.pop(PASSKEY_STATE, None)
        try:
            passkey = passkeys.finish_adding(request, state, request.POST.get("answer", ""))
        except passkeys.PasskeyRefused:
            error = _("The passkey could not be added. Try again.")
        else:
            name = request.POST.get("name", "").strip()[:MAX_PASSKEY_NAME_LENGTH]
            second_factor.add_passkey(person.user, passkey, name or _("Passkey"))
            return _after_adding(request, person)
    known = list(Passkey.objects.filter(user=person.user))
    options, request.session[PASSKEY_STATE] = passkeys.begin_adding(request, person.user, known)
    context = {"title": _("Add a passkey"), "passkey_options": options, "error": error}
    return _page(request, "staff/add_passkey.html", context)


@never_cache
@require_POST
@needs_person
def new_codes(request: HttpRequest, person: Person) -> HttpResponse:
    """Make new recovery codes for a person with a factor, and show them once."""
    if not second_factor.has_factor(person.user):
        return HttpResponseRedirect(reverse("staff:security"))
    return _codes_page(request, person, reverse("staff:security"))


@require_POST
@needs_person
def remove_factor(request: HttpRequest, person: Person) -> HttpResponse:
    """Remove the passkey that is posted, or else the app."""
    passkey_id = request.POST.get("passkey", "")
    try:
        if passkey_id.isdecimal():
            second_factor.remove_passkey(person.user, int(passkey_id[:18]))
        else:
            second_factor.remove_app(person.user)
    except second_factor.LastFactor:
        messages.error(request, _("Your role needs a second factor: add another one first."))
    else:
        messages.success(request, _("Removed."))
    return HttpResponseRedirect(reverse("staff:security"))


@require_POST
def sign_in_again(request: HttpRequest) -> HttpResponse:
    """Sign the person out, and lead to the sign-in page and then to the factors."""
    if isinstance(request.user, User):
        record_user_event(request.user, EventName.SIGNED_OUT, by_staff(request.user))
    logout(request)
    return redirect_to_login(reverse("staff:security"), reverse("admin:login"))


def _after_adding(request: HttpRequest, person: Person) -> HttpResponse:
    """Go on after a factor was added: the first one comes with recovery codes."""
    next_url = pending_next_url(request) if person.is_pending else reverse("staff:security")
    is_first = second_factor.recovery_codes_left(person.user) == 0
    if person.is_pending:
        if not is_first:
            return complete(request, person.user, next_url, with_factor=True)
        complete(request, person.user, next_url, with_factor=True)
    else:
        note_factor(request)
    if is_first:
        return _codes_page(request, person, next_url)
    return HttpResponseRedirect(next_url)


def _codes_page(request: HttpRequest, person: Person, next_url: str) -> HttpResponse:
    context = {
        "title": _("Recovery codes"),
        "codes": second_factor.new_recovery_codes(person.user),
        "next_url": next_url,
    }
    return _page(request, "staff/recovery_codes.html", context)


def _page(
    request: HttpRequest, template: str, context: dict[str, Any], status: int = 200
) -> HttpResponse:
    return render(request, template, {**admin.site.each_context(request), **context}, status=status)
