"""Rows of a table of targets: the target, the measurement, and whether it is met."""

Row = tuple[str, str, str]


def at_least(what: str, wanted: float, found: float) -> Row:
    """Return the row of a target that is met by a larger number."""
    return _row(f"{what} ≥ {wanted:,}", found, is_met=found >= wanted, miss=1 - found / wanted)


def at_most(what: str, wanted: float, found: float) -> Row:
    """Return the row of a target that is met by a smaller number."""
    return _row(f"{what} ≤ {wanted:,}", found, is_met=found <= wanted, miss=found / wanted - 1)


def _row(target: str, found: float, *, is_met: bool, miss: float) -> Row:
    number = f"{found:,.0f}" if found >= 1000 else f"{found:.4g}"
    return target, number, "met" if is_met else f"**missed** by {miss:.0%}"
