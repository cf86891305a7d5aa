"""Lists the modules that scripts import, to be loaded together."""

import re
from functools import cache
from pathlib import Path
from posixpath import dirname, join, normpath

from django import template
from django.contrib.staticfiles import finders
from django.templatetags.static import static

IMPORT = re.compile(r'from "(\.\.?/[\w./-]+)";')

register = template.Library()


@register.simple_tag
@cache
def modules_of(script: str) -> list[str]:
    """Return the names of all scripts that this one imports, directly or indirectly."""
    pending, found = [script], set[str]()
    while pending:
        importer = pending.pop()
        code = Path(finders.find(importer) or "").read_text()
        names = {normpath(join(dirname(importer), path)) for path in IMPORT.findall(code)}
        pending += names - found
        found |= names
    return sorted(found)


@register.simple_tag
def later_modules(script: str, first: str) -> str:
    """Return the addresses of a script, and of what it imports beyond the script of the page.

    They are separated by spaces, the script's own first.
    """
    names = [script, *(name for name in modules_of(script) if name not in modules_of(first))]
    return " ".join(static(name) for name in names)
