"""Serves the shop under ASGI: streams by the event loop, everything else by threads (ADR 12)."""
