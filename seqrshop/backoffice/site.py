"""The admin's site: Django's, with the staff's own frame and sign-in."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.contrib.admin import AdminSite
from django.contrib.auth import REDIRECT_FIELD_NAME
from django.contrib.auth.models import User
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, parse_cookie
from django.urls import reverse
from django.utils.decorators import method_decorator
from django.utils.translation import get_language, override
from django.utils.translation import gettext_lazy as _
from django.views.decorators.cache import never_cache

from orders.audit import by_staff, record_user_event
from orders.models import EventName
from seqrshop.backoffice.frame import Frame
from seqrshop.backoffice.people.sign_in_view import StaffLoginView
from seqrshop.backoffice.sign_in import SignInForm
from seqrshop.backoffice.today.page import today_context


class StaffAdminSite(AdminSite):
    """Signs the staff in by rules of its own, and records it in the audit."""

    index_template = "staff/today.html"
    index_title = _("Today")
    login_form = SignInForm

    def each_context(self, request: HttpRequest) -> dict[str, Any]:
        """Add the frame to the context of every page."""
        return {**super().each_context(request), "frame": Frame(request, self)}

    def index(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> Any:
        """Show the first page: whether payments work, what waits, and what was sold."""
        return super().index(request, {**today_context(request), **(extra_context or {})})

    @method_decorator(never_cache)
    def login(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> Any:
        """Ask for the password, as Django's site does; the second factor follows."""
        index = reverse("admin:index", current_app=self.name)
        if request.method == "GET" and self.has_permission(request):
            return HttpResponseRedirect(index)
        context: dict[str, Any] = {
            **self.each_context(request),
            "title": _("Log in"),
            "subtitle": None,
            "app_path": request.get_full_path(),
            "username": request.user.get_username(),
        }
        if REDIRECT_FIELD_NAME not in (request.GET.keys() | request.POST.keys()):
            context[REDIRECT_FIELD_NAME] = index
        view = StaffLoginView.as_view(
            extra_context=context | (extra_context or {}),
            authentication_form=self.login_form,
            template_name=self.login_template or "admin/login.html",
            next_page=index,
        )
        request.current_app = self.name
        return view(request)

    def i18n_javascript(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """Return the texts of Django's scripts in the language that the person has chosen.

        Elsewhere a script's language is that of the browser: a chosen one is forgotten there.
        """
        cookies = parse_cookie(request.META.get("HTTP_COOKIE", ""))
        chosen = cookies.get(settings.LANGUAGE_COOKIE_NAME)
        with override(chosen if chosen in dict(settings.LANGUAGES) else get_language()):
            response: HttpResponse = super().i18n_javascript(request, extra_context)
        return response

    def logout(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> Any:
        """Sign the person out, and record it."""
        user = request.user
        if request.method == "POST" and isinstance(user, User):
            record_user_event(user, EventName.SIGNED_OUT, by_staff(user))
        return super().logout(request, extra_context)

    def password_change(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> Any:
        """Change the person's own password, and record it."""
        user = request.user
        response: HttpResponse = super().password_change(request, extra_context)
        if request.method == "POST" and response.status_code == 302 and isinstance(user, User):
            record_user_event(user, EventName.PASSWORD_CHANGED, by_staff(user))
        return response
