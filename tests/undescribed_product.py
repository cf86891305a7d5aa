"""What the menu says of a product that nobody has described."""

from __future__ import annotations

from typing import Any

UNDESCRIBED: dict[str, Any] = {
    "large_picture": None,
    "description": "",
    "ingredients": "",
    "allergens": {"declared": False, "contains": [], "may_contain": []},
    "diet": [],
    "option_groups": [],
}
