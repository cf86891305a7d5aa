"""The languages that a page's reader may choose, and how the one that is spoken counts."""

from babel import Locale
from django import template
from django.conf import settings
from django.utils.translation import get_language, ngettext, to_locale

NUMBERS = range(1, 200)  # among which each language has one of each of its forms

register = template.Library()


@register.simple_tag
def other_languages() -> list[tuple[str, str]]:
    """Return code and own name of each language but the one that is spoken."""
    return [(code, name) for code, name in settings.LANGUAGES if code != get_language()]


@register.simple_tag
def counted_items() -> dict[str, str]:
    """Return how items are counted, by the form that a number takes: `{"one": "{} item", …}`.

    The forms are CLDR's, as browsers know them: English has two of them, Polish four.
    """
    form_of = Locale.parse(to_locale(get_language() or "en")).plural_form
    numbers = {form_of(number): number for number in reversed(NUMBERS)}
    return {form: ngettext("{} item", "{} items", number) for form, number in numbers.items()}
