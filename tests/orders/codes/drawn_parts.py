"""Reads back from a page of a PDF what is drawn on it, and where, in millimetres from its top."""

from typing import Any

from pypdf import PageObject

MM_PER_POINT = 25.4 / 72
BLACK, GREY, RULE, CODE = "0 0 0 1", "0 0 0 0.7", "0 0 0 0.3", "0.67 0.67 0.67 1"
INKS = {BLACK: "black", GREY: "grey", RULE: "light grey", CODE: "inks of the code"}


class DrawnParts:
    """The texts, the codes and the lines of a page, in the order in which they are drawn.

    A text is at the left end of its baseline, a code and a line at the corners of their box.
    """

    def __init__(self, page: PageObject) -> None:
        self._height = float(page.mediabox.height)
        self._ink = {"k": "", "K": ""}
        self._width = self._dash = ""
        self._points: list[tuple[float, float]] = []
        self._inks_of_texts: list[str] = []
        self.lines: list[str] = []
        self.codes: list[str] = []
        texts: list[tuple[str, Any, Any, Any, float]] = []
        page.extract_text(
            visitor_operand_before=self._read,
            visitor_text=lambda text, *place: texts.append((text.strip(), *place)),
        )
        found = [each for each in texts if each[0]]
        self.texts = [
            f"{text} at {self._at(*self._moved(tm[4], tm[5], cm))}:"
            f" {size:.1f} points {'bold ' * font['/BaseFont'].endswith('Bold')}{ink}"
            for (text, cm, tm, font, size), ink in zip(found, self._inks_of_texts, strict=True)
        ]

    def _moved(self, x: float, y: float, cm: Any) -> tuple[float, float]:
        return cm[0] * x + cm[2] * y + cm[4], cm[1] * x + cm[3] * y + cm[5]

    def _at(self, x: float, y: float) -> str:
        return f"{x * MM_PER_POINT:.1f} {(self._height - y) * MM_PER_POINT:.1f}"

    def _read(self, operator: bytes, operands: Any, cm: Any, _tm: Any) -> None:
        name = operator.decode()
        if name in self._ink:
            self._ink[name] = INKS[" ".join(f"{float(each):g}" for each in operands)]
        elif name == "w":
            self._width = f"{float(operands[0]) * MM_PER_POINT:.2f} mm"
        elif name == "d":
            self._dash = " dashed" * bool(operands[0])
        elif name == "Tj":
            self._inks_of_texts.append(self._ink["k"])
        elif name in ("m", "l"):
            x, y = map(float, operands)
            self._points.append(self._moved(x, y, cm))
        elif name == "re":
            x, y, width, height = map(float, operands)
            self._points += [self._moved(x, y, cm), self._moved(x + width, y + height, cm)]
        elif name in ("S", "f"):
            xs, ys = zip(*self._points, strict=True)
            box = f"{self._at(min(xs), max(ys))} to {self._at(max(xs), min(ys))}"
            if name == "f":
                self.codes.append(f"{box}: {self._ink['k']}")
            else:
                self.lines.append(f"{box}: {self._width}{self._dash} {self._ink['K']}")
            self._points = []
