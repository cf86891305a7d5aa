"""Who may change the factors of a sign-in: the person alone, and only right after signing in."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import wraps
from typing import cast

from django.contrib import admin
from django.contrib.auth.models import User
from django.contrib.auth.views import redirect_to_login
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _

from seqrshop.backoffice.people.second_factor import has_factor
from seqrshop.backoffice.people.session_limits import has_just_signed_in
from seqrshop.backoffice.people.sign_in_flow import pending_user


@dataclass(frozen=True)
class Person:
    """The person whose factors are changed; `is_pending` before the session has begun."""

    user: User
    is_pending: bool


def needs_person(
    view: Callable[[HttpRequest, Person], HttpResponse],
) -> Callable[[HttpRequest], HttpResponse]:
    """Give a view the person: signed in a short while ago, or about to add the first factor."""

    @wraps(view)
    def for_person(request: HttpRequest) -> HttpResponse:
        if admin.site.has_permission(request):
            if not has_just_signed_in(request):
                return _sign_in_again(request)
            return view(request, Person(cast(User, request.user), is_pending=False))
        user = pending_user(request)
        if user is None or has_factor(user):
            return redirect_to_login(reverse("staff:security"), reverse("admin:login"))
        return view(request, Person(user, is_pending=True))

    return for_person


def _sign_in_again(request: HttpRequest) -> HttpResponse:
    context = {**admin.site.each_context(request), "title": _("Sign in again")}
    return render(request, "staff/sign_in_again.html", context)
