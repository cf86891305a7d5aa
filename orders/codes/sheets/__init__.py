"""Files of codes for a printer: PDF in vectors, or images, each code read back from it.

What draws and reads a PDF is imported with the first file: it takes half a second, and few
processes make one.
"""

from collections.abc import Sequence

from orders.codes.sheets.kinds import SIZES_MM, CodeNotReadable, Progress, SizeRange
from orders.models import CodeRevision, PrintLayout

__all__ = ["SIZES_MM", "CodeNotReadable", "SizeRange", "make_file"]


def make_file(
    layout: PrintLayout, size_mm: int, revisions: Sequence[CodeRevision], progress: Progress
) -> bytes:
    """Return a file with the codes of these revisions, each read back from it.

    Raises CodeNotReadable.
    """
    from orders.codes.sheets import make  # noqa: PLC0415 - see above

    return make.make_file(layout, size_mm, revisions, progress)
