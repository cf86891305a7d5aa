"""The stages of the walk, in their order; each begins with a scan of its own."""

from __future__ import annotations

from collections.abc import Callable

from tests.walk.stages import arriving, bad_input, choosing, finding_again, following, paying
from tests.walk.walker import Walker

STAGES: dict[str, Callable[[Walker], None]] = {
    "arriving": arriving.walk,
    "choosing": choosing.walk,
    "changed-menu": choosing.walk_through_changes,
    "closed-shop": choosing.walk_past_a_closed_shop,
    "cancelling-and-failing": paying.walk,
    "no-network": paying.walk_without_network,
    "slow-network": paying.walk_over_a_slow_network,
    "bad-input": bad_input.walk,
    "following": following.walk,
    "refunded": following.walk_with_refund,
    "finding-again": finding_again.walk,
}
