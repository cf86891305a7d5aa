"""Files of codes for a printer: PDF in vectors, or images, each code read back from it."""

from orders.codes.sheets.make import SIZES_MM, CodeNotReadable, SizeRange, make_file

__all__ = ["SIZES_MM", "CodeNotReadable", "SizeRange", "make_file"]
