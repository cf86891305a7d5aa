"""What a print file may be: its layouts' sizes, and the error of one that cannot be printed."""

from collections.abc import Callable
from dataclasses import dataclass

from orders.models import PrintLayout

Progress = Callable[[int, int], None]
"""Is called with the number of steps that are done, and of all; it may raise to stop the work."""


@dataclass(frozen=True)
class SizeRange:
    """The widths that a code may have in a layout, with its border, in millimetres."""

    least: int
    most: int
    default: int


# At 20 mm a module is half a millimetre wide, which phones and office printers can still resolve.
SMALLEST_CODE_MM = 20
SIZES_MM = {
    PrintLayout.GRID: SizeRange(SMALLEST_CODE_MM, 100, 40),
    PrintLayout.STICKER: SizeRange(SMALLEST_CODE_MM, 200, 50),
    PrintLayout.TENT: SizeRange(40, 90, 80),
    PrintLayout.IMAGES: SizeRange(SMALLEST_CODE_MM, 500, 50),
}


class CodeNotReadable(Exception):
    """A code of the file is not read back as it should be: the file must not be printed."""
