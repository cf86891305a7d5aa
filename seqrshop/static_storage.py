"""Static files under names that change with their content."""

from __future__ import annotations

import re

from django.core.files.base import ContentFile, File
from whitenoise.storage import CompressedManifestStaticFilesStorage

COMMENT = re.compile(r"^[ \t]*(?://.*|/\*(?:(?!\*/)[\s\S])*\*/[ \t]*)$", re.MULTILINE)


class StaticStorage(CompressedManifestStaticFilesStorage):  # type: ignore[misc]  # it has no types
    """Renames also what one script imports from another, so that old and new never mix."""

    support_js_module_import_aggregation = True

    def _save(self, name: str, content: File[bytes]) -> str:
        if name.startswith(("storefront/", "streaming/")) and name.endswith((".js", ".css")):
            code = b"".join(content.chunks()).decode()
            content = ContentFile(without_comments(code).encode())
        return str(super()._save(name, content))


def without_comments(code: str) -> str:
    """Return a script or style sheet without the comments that have lines of their own.

    They hold the types of the scripts, which would cost every phone a kilobyte or two.
    """
    return COMMENT.sub("", code)
