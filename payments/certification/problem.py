"""The errors of a certification."""


class CertificationProblem(Exception):
    """The certification cannot be started or continued. The message is a sentence for a person."""


class StepFailed(Exception):
    """A step has not passed. The message is a sentence that says why."""
