"""The scripts of a page, all named in it: else a browser learns of each from the one before."""

import re
from functools import cache
from pathlib import Path

from django import template
from django.contrib.staticfiles import finders

IMPORTED = re.compile(r'from "\./([\w.-]+)";')

register = template.Library()


@register.simple_tag
@cache
def modules_of(script: str) -> list[str]:
    """Return the names of all scripts that this one imports, in one step or more."""
    folder = script.rpartition("/")[0]
    waiting, found = [script], set[str]()
    while waiting:
        path = finders.find(waiting.pop())
        names = {f"{folder}/{name}" for name in IMPORTED.findall(Path(path or "").read_text())}
        waiting += names - found
        found |= names
    return sorted(found)
