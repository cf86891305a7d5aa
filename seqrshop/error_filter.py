"""Keeps secrets out of error pages and error mails, also while DEBUG is on."""

import re
from types import FrameType
from typing import Any

from django.conf import settings
from django.http import HttpRequest
from django.views.debug import SafeExceptionReporterFilter

# Addresses of servers contain passwords, and so do the envelopes that are sent to SEQR.
MORE_SECRETS = r"CIPHERTEXT|CREDENTIAL|ENVELOPE|(DATABASE|REDIS|BROKER|EMAIL)_URL"


class ErrorFilter(SafeExceptionReporterFilter):
    """Hides what has a secret's name, and each variable that contains a secret by another name.

    Django's own filter relies on marks in the code, and on DEBUG being off.
    """

    hidden_settings = re.compile(
        f"{SafeExceptionReporterFilter.hidden_settings.pattern}|{MORE_SECRETS}", re.IGNORECASE
    )

    def get_post_parameters(self, request: HttpRequest | None) -> Any:
        """Return the form that was sent, without its passwords."""
        return self.get_cleansed_multivaluedict(request, super().get_post_parameters(request))

    def get_cleansed_multivaluedict(self, request: Any, multivaluedict: Any) -> Any:
        """Hide the values of names that are a secret's."""
        cleansed = super().get_cleansed_multivaluedict(request, multivaluedict).copy()
        for name in cleansed:
            if self._is_secret(name):
                cleansed[name] = self.cleansed_substitute
        return cleansed

    def get_traceback_frame_variables(
        self, request: HttpRequest | None, tb_frame: FrameType
    ) -> Any:
        """Return the variables of a frame, without secrets."""
        secrets = {*secret_settings(), *self._typed_secrets(request)}
        secrets |= {repr(secret)[1:-1] for secret in secrets}
        return [
            (name, self._cleansed(name, value, secrets))
            for name, value in super().get_traceback_frame_variables(request, tb_frame)
        ]

    def _cleansed(self, name: str, value: object, secrets: set[str]) -> object:
        if self._is_secret(name):
            return self.cleansed_substitute
        if isinstance(value, dict | list | tuple):
            value = self.cleanse_setting(name, value)
        try:
            text = repr(value)
        except Exception:  # noqa: BLE001 - an object may be half made where an error occurs
            return self.cleansed_substitute
        return self.cleansed_substitute if any(each in text for each in secrets) else value

    def _is_secret(self, name: object) -> bool:
        return isinstance(name, str) and self.hidden_settings.search(name) is not None

    def _typed_secrets(self, request: HttpRequest | None) -> list[str]:
        """Return the secrets in the form that was sent."""
        if request is None:
            return []
        typed = [values for name, values in request.POST.lists() if self._is_secret(name)]
        return [value for values in typed for value in values if value]


def secret_settings() -> list[str]:
    """Return the values of the settings that are secrets."""
    given = [
        settings.SECRET_KEY,
        *settings.SECRET_KEY_FALLBACKS,
        *settings.ENCRYPTION_KEYS,
        settings.SEQR_TERMINAL_PASSWORD,
        settings.SEQR_RESELLER_PASSWORD,
    ]
    return [secret for secret in given if secret]
