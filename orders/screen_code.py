"""A QR code to scan from a screen: as an SVG path in the page, or as the lines of a terminal.

No third party draws it, since that party would learn of every invoice.
"""

from collections.abc import Iterator

import qrcode

from orders.codes.drawing import svg_path

TERMINAL_BORDER = 4  # modules: QR's own quiet zone, since a terminal's colours surround it
BLACK_ON_WHITE = "\033[38;5;16;48;5;231m"  # of the 256 colours: no theme changes them
RESET = "\033[0m"


def drawing_of(text: str) -> tuple[int, str]:
    """Return the width of a code of this text in modules, and the path of its dark modules.

    A module is one unit wide in the path, and the code has no border. Each run of dark modules in a
    row is one rectangle.
    """
    rows = _modules_of(text, border=0)
    return len(rows), svg_path(rows)


def terminal_lines(text: str) -> Iterator[str]:
    """Yield the lines of a terminal that show a code of this text, black on white.

    A character is one module wide and two high, so that the code is square in most fonts.
    """
    rows = _modules_of(text, border=TERMINAL_BORDER)
    rows.append([False] * len(rows[0]))  # their number is odd
    for upper, lower in zip(rows[::2], rows[1::2], strict=True):
        blocks = (_BLOCKS[pair] for pair in zip(upper, lower, strict=True))
        yield f"{BLACK_ON_WHITE}{''.join(blocks)}{RESET}"


_BLOCKS = {(False, False): " ", (True, False): "▀", (False, True): "▄", (True, True): "█"}


def _modules_of(text: str, border: int) -> list[list[bool]]:
    """Return the rows of modules; a dark one is True."""
    code = qrcode.QRCode(error_correction=qrcode.ERROR_CORRECT_M, border=border)
    code.add_data(text)
    code.make()
    return [[bool(module) for module in row] for row in code.get_matrix()]
