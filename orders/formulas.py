"""Keeps a spreadsheet from running the text of a cell as a formula."""

import re

# A spreadsheet may run a cell that begins with one of these as a formula, in its wide form too.
_FORMULA_PREFIXES = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")
# Where a spreadsheet separates cells by another character than a comma, as in Sweden, the text
# after that one is a cell of its own. Quotation marks and spaces may precede its formula.
_FORMULA_AFTER_SEPARATOR = re.compile(r'(?<=[;|\t\r\n])(?=[ "]*[=+\-@＝＋－＠])')


def escape_formula(text: str) -> str:
    """Return a text with an apostrophe before each formula, which makes it text."""
    escaped = _FORMULA_AFTER_SEPARATOR.sub("'", text)
    return f"'{escaped}" if escaped.lstrip(' "').startswith(_FORMULA_PREFIXES) else escaped


# The same for a file that is read again: an apostrophe before each formula, also before one with
# apostrophes of its own, so that the one that was added is known and removed.
_PROTECTED = r"""[ "']*[=+\-@＝＋－＠]"""
_UNPROTECTED_FORMULA = re.compile(
    rf"""\A(?={_PROTECTED}|[ "']*[\t\r\n])|(?<=[;,|\t\r\n])(?={_PROTECTED})"""
)
_PROTECTED_FORMULA = re.compile(
    rf"""\A'(?={_PROTECTED}|[ "']*[\t\r\n])|(?<=[;,|\t\r\n])'(?={_PROTECTED})"""
)


def protect_formula(text: str) -> str:
    """Return a text with an apostrophe before each formula; `restore_formula` removes it."""
    return _UNPROTECTED_FORMULA.sub("'", text)


def restore_formula(text: str) -> str:
    """Return a text without the apostrophes that `protect_formula` has added."""
    return _PROTECTED_FORMULA.sub("", text)
