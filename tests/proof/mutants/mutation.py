"""A mutation of the shop's code, and the test that catches it."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Mutation:
    """Replaces `old`, which occurs exactly once in `file`, by `new`.

    `test` is the node id of a test that catches it; "" where only the model-based test does.
    """

    name: str
    file: str
    old: str
    new: str
    test: str = ""
