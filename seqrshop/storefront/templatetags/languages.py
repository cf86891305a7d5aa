"""The languages that a reader may choose, and the plural forms of the current one."""

from babel import Locale
from django import template
from django.conf import settings
from django.utils.translation import get_language, ngettext, to_locale

from orders.languages import current_language

SAMPLE_NUMBERS = range(1, 200)  # every plural form of each language occurs among them

register = template.Library()


@register.simple_tag
def other_languages() -> list[tuple[str, str]]:
    """Return code and own name of each language but the current one."""
    return [(code, name) for code, name in settings.LANGUAGES if code != get_language()]


@register.simple_tag
def counted_items() -> dict[str, str]:
    """Return the phrase for a number of items by plural form: `{"one": "{} item", …}`.

    The plural forms are CLDR's, as in browsers: English has two, Polish four.
    """
    form_of = Locale.parse(to_locale(current_language())).plural_form
    numbers = {form_of(number): number for number in reversed(SAMPLE_NUMBERS)}
    return {form: ngettext("{} item", "{} items", number) for form, number in numbers.items()}
