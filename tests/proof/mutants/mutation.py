"""A mutation of the shop's code, and the test that catches it."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Mutation:
    """Replaces `old`, which occurs exactly once in `file`, by `new`.

    `test` is the node id of the test that catches it. `by_model` says that the model-based test
    catches it too.
    """

    name: str
    file: str
    old: str
    new: str
    test: str
    by_model: bool = False
