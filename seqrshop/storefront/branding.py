"""Pictures and accent colours, at addresses that name their content: cached for a year."""

from __future__ import annotations

from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse
from django.views.decorators.http import condition, require_safe

from orders.colours import accent_on_dark, accent_on_light, text_on
from orders.models import Picture
from orders.validators import validate_accent
from seqrshop.storefront import api_errors

IMMUTABLE_HEADERS = {"Cache-Control": "public, max-age=31536000, immutable"}


def _etag(request: HttpRequest, digest: str) -> str:
    return f'"{digest}"'


@require_safe
@condition(etag_func=_etag)
def picture(request: HttpRequest, digest: str) -> HttpResponse:
    """Return a picture; 304 without loading it where the browser has it."""
    content = Picture.objects.filter(digest=digest).values_list("content", flat=True).first()
    if content is None:
        raise api_errors.not_found()
    return HttpResponse(bytes(content), content_type="image/webp", headers=IMMUTABLE_HEADERS)


@require_safe
def accent(request: HttpRequest, colour: str) -> HttpResponse:
    """Return the style sheet of an accent colour, such as `7a3412`.

    A style sheet of its own: the Content-Security-Policy forbids inline styles.
    """
    shade = f"#{colour}"
    try:
        validate_accent(shade)
    except ValidationError:
        raise api_errors.not_found() from None
    rule = (
        f":root {{ --accent: {shade}; --on-accent: {text_on(shade)};"
        f" --accent-day: {accent_on_light(shade)}; --accent-night: {accent_on_dark(shade)}; }}\n"
    )
    return HttpResponse(rule, content_type="text/css; charset=utf-8", headers=IMMUTABLE_HEADERS)
