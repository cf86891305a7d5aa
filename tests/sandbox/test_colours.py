"""The colours of the phone and the console have enough contrast (WCAG 2, AA)."""

import re
from pathlib import Path

import pytest

from payments.sandbox import pages

TEXT_ON_GROUND = [
    *(("ink", ground) for ground in ("ground", "paper", "line")),
    *(("soft", ground) for ground in ("ground", "paper")),
    *(("button", ground) for ground in ("ground", "paper")),
    *(("good", ground) for ground in ("paper", "good-ground")),
    *(("bad", ground) for ground in ("paper", "bad-ground")),
    ("on-button", "button"),
    ("on-button", "button-hover"),
    ("on-plum", "plum"),
    ("plum-soft", "plum"),
]
EDGES = [("edge", "ground"), ("edge", "paper"), ("focus", "ground"), ("focus", "paper")]


def colours(scheme: str) -> dict[str, str]:
    """The hexadecimal colours by name. Dark ones replace light ones of the same name."""
    sheet = (pages.HERE / Path("static/tokens.css")).read_text()
    light, dark = sheet.split("@media (prefers-color-scheme: dark)")
    found = dict(re.findall(r"--([\w-]+): (#\w{6});", light))
    return found | (dict(re.findall(r"--([\w-]+): (#\w{6});", dark)) if scheme == "dark" else {})


def luminance(colour: str) -> float:
    parts = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    red, green, blue = (
        part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts
    )
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: str, other: str) -> float:
    lighter, darker = sorted((luminance(one), luminance(other)), reverse=True)
    return (lighter + 0.05) / (darker + 0.05)


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_text_and_edges_have_enough_contrast(scheme: str) -> None:
    found = colours(scheme)

    too_faint = [
        pair
        for pairs, minimum in ((TEXT_ON_GROUND, 4.5), (EDGES, 3.0))
        for pair in pairs
        if contrast(found[pair[0]], found[pair[1]]) < minimum
    ]

    assert too_faint == []


def test_white_text_has_enough_contrast_on_each_tint() -> None:
    tints = [colour for name, colour in colours("light").items() if name.startswith("tint-")]

    assert len(tints) == 6
    assert all(contrast("#ffffff", tint) >= 4.5 for tint in tints)
