"""Static files under names that change with their content."""

from __future__ import annotations

import re

from django.core.files.base import ContentFile, File
from whitenoise.storage import CompressedManifestStaticFilesStorage

COMMENT = re.compile(r"^[ \t]*(?://.*|/\*(?:(?!\*/)[\s\S])*\*/[ \t]*)$", re.MULTILINE)
INDENTATION = re.compile(r"\n\s+")


class StaticStorage(CompressedManifestStaticFilesStorage):  # type: ignore[misc]  # it has no types
    """Renames also what one script imports from another, so that old and new never mix."""

    support_js_module_import_aggregation = True

    def _save(self, name: str, content: File[bytes]) -> str:
        if name.startswith(("storefront/", "streaming/")) and name.endswith((".js", ".css")):
            code = b"".join(content.chunks()).decode()
            content = ContentFile(compact(code).encode())
        return str(super()._save(name, content))


def compact(code: str) -> str:
    """Return a script or style sheet without indentation, and comments on lines of their own.

    The comments hold the types of the scripts. Both together would cost every phone two or three
    kilobytes. No script has a string of several lines, which would lose their indentation too.
    """
    return INDENTATION.sub("\n", COMMENT.sub("", code))
