"""The admin's site: Django's, with the staff's own frame and sign-in."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.contrib.admin import AdminSite
from django.contrib.auth.models import User
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext_lazy as _

from seqrshop.backoffice.failed_sign_ins import (
    failed_sign_ins,
    forget_failed_sign_ins,
    notice_for,
)
from seqrshop.backoffice.frame import Frame
from seqrshop.backoffice.known_browser import remember_browser
from seqrshop.backoffice.sign_in import SignInForm
from seqrshop.backoffice.today.page import today_context


class StaffAdminSite(AdminSite):
    """Shows failed sign-ins to the person whose account it is, at the next sign-in."""

    index_template = "staff/today.html"
    index_title = _("Today")
    login_form = SignInForm

    def each_context(self, request: HttpRequest) -> dict[str, Any]:
        """Add the frame to the context of every page."""
        return {**super().each_context(request), "frame": Frame(request, self)}

    def index(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> Any:
        """Show the first page: whether payments work, what waits, and what was sold."""
        return super().index(request, {**today_context(request), **(extra_context or {})})

    def login(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> Any:
        """Sign a person in, and remember the browser."""
        response: HttpResponse = super().login(request, extra_context)
        user = request.user
        if request.method == "POST" and response.status_code == 302 and isinstance(user, User):
            failed = failed_sign_ins(user)
            if failed is not None:
                messages.warning(request, notice_for(failed))
                forget_failed_sign_ins(user)
            remember_browser(request, response, user)
        return response
