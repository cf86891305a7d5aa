"""The sign-in page: the password, and an answer of 429 while too many have failed."""

from __future__ import annotations

from django.contrib.auth.views import LoginView
from django.http import HttpResponse

from seqrshop.backoffice.people.sign_in_flow import after_password
from seqrshop.backoffice.sign_in import SignInForm


class StaffLoginView(LoginView):
    """Leads on to the second factor once the password is right."""

    def form_valid(self, form: SignInForm) -> HttpResponse:  # type: ignore[override]
        """Sign the person in, or ask for the second factor."""
        return after_password(self.request, form.get_user(), self.get_success_url())

    def form_invalid(self, form: SignInForm) -> HttpResponse:  # type: ignore[override]
        """Show the form again; with 429 where it was refused before the password was checked."""
        response = super().form_invalid(form)
        if form.retry_after:
            response.status_code = 429
            response["Retry-After"] = str(form.retry_after)
        return response
