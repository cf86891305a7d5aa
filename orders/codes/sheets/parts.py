"""What every sheet draws: a code, and lines of text that fit.

Measures are in millimetres, sizes of letters in points.
"""

from dataclasses import dataclass

from fpdf import FPDF
from fpdf.drawing_primitives import DeviceCMYK

from orders.codes.drawing import BORDER_MODULES, WIDTH_MODULES, dark_runs, modules_of
from orders.pdf_font import FONT, printable

DARK = DeviceCMYK(0.67, 0.67, 0.67, 1)  # of the modules, by SEQR's print guidelines
TEXT = DeviceCMYK(0, 0, 0, 1)  # one ink: small letters of four inks blur
MUTED = DeviceCMYK(0, 0, 0, 0.7)
RULE = DeviceCMYK(0, 0, 0, 0.3)
MM_PER_POINT = 25.4 / 72
SMALLEST_POINTS = 5.0
ELLIPSIS = "…"
LONG_PLACEMENT = 18  # characters; more are no longer large in one line of a tent


def draw_code(pdf: FPDF, content: str, left: float, top: float, size: float) -> None:
    """Draw a code, `size` wide with its border, as one path of its dark modules.

    Paths of their own would leave hairlines between the rows where they are rasterised.
    """
    module = size / WIDTH_MODULES
    left, top = left + BORDER_MODULES * module, top + BORDER_MODULES * module
    with pdf.new_path() as path:
        path.style.fill_color = DARK
        path.style.stroke_color = None
        for x, y, width in dark_runs(modules_of(content)):
            path.move_to(left + x * module, top + y * module)
            path.horizontal_line_relative(width * module)
            path.vertical_line_relative(module)
            path.horizontal_line_relative(-width * module)
            path.close()


@dataclass(frozen=True)
class Line:
    """A place for one line of text: its left end, its baseline and its greatest width."""

    left: float
    baseline: float
    width: float


@dataclass(frozen=True)
class Look:
    """How a line is written."""

    points: float
    style: str = ""
    color: DeviceCMYK = TEXT
    is_centred: bool = True


def in_two_lines(text: str) -> list[str]:
    """Return a long text as two lines of about the same length, a short one as it is."""
    if len(text) <= LONG_PLACEMENT:
        return [text]
    spaces = [position for position, character in enumerate(text) if character == " "]
    if not spaces:
        return [text]
    middle = min(spaces, key=lambda position: abs(position - len(text) / 2))
    return [text[:middle], text[middle + 1 :]]


def write_line(pdf: FPDF, text: str, place: Line, look: Look) -> None:
    """Write one line, smaller if it is too long, and cut if it is too long even so."""
    width, points = place.width, look.points
    line = printable(text)
    pdf.set_text_color(look.color)
    pdf.set_font(FONT, look.style, points)
    if (needed := pdf.get_string_width(line)) > width:
        points = max(SMALLEST_POINTS, points * width / needed * 0.99)
        pdf.set_font(FONT, look.style, points)
    if pdf.get_string_width(line) > width:
        while line and pdf.get_string_width(line + ELLIPSIS) > width:
            line = line[:-1]
        line = line.rstrip() + ELLIPSIS
    offset = (width - pdf.get_string_width(line)) / 2 if look.is_centred else 0
    pdf.text(place.left + offset, place.baseline, line)
