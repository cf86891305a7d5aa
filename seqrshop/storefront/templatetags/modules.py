"""Lists the modules that a page's script imports, to be preloaded together."""

import re
from functools import cache
from pathlib import Path

from django import template
from django.contrib.staticfiles import finders

IMPORT = re.compile(r'from "\./([\w.-]+)";')

register = template.Library()


@register.simple_tag
@cache
def modules_of(script: str) -> list[str]:
    """Return the names of all scripts that this one imports, directly or indirectly."""
    folder = script.rpartition("/")[0]
    pending, found = [script], set[str]()
    while pending:
        path = finders.find(pending.pop())
        names = {f"{folder}/{name}" for name in IMPORT.findall(Path(path or "").read_text())}
        pending += names - found
        found |= names
    return sorted(found)
