"""Lists the modules that a page's script imports, to be preloaded together."""

import re
from functools import cache
from pathlib import Path
from posixpath import dirname, join, normpath

from django import template
from django.contrib.staticfiles import finders

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
