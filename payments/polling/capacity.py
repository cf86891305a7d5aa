"""Names the setting that helps when SEQR's answers are too slow for the calls allowed in flight."""

from math import ceil

MAX_IN_FLIGHT = 4000  # of SEQR_MAX_IN_FLIGHT
MAX_SHARDS = 64  # of SEQR_POLL_SHARDS
STEP = 100  # the number of calls is rounded up to a multiple of it


def capacity_advice(needed_in_flight: int, max_in_flight: int, shard_count: int) -> str | None:
    """Return which setting, with which value, allows a shard the calls it needs in flight.

    None if it has enough. Either setting is enough by itself: more shards each need fewer calls.
    """
    if needed_in_flight <= max_in_flight:
        return None
    calls = ceil(needed_in_flight / STEP) * STEP
    shards = ceil(shard_count * needed_in_flight / max_in_flight)
    settings = []
    if calls <= MAX_IN_FLIGHT:
        settings.append(f"SEQR_MAX_IN_FLIGHT={calls}")
    if shards <= MAX_SHARDS:
        settings.append(f"SEQR_POLL_SHARDS={shards}")
    return " or ".join(settings) or f"SEQR_MAX_IN_FLIGHT={MAX_IN_FLIGHT} and more shards"
