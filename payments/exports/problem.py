"""Why an export cannot be made, as a sentence for a person."""

from django.utils.functional import Promise


class ExportProblem(Exception):
    """The export cannot be made. `sentence` says why, and what to do; nothing has been exported."""

    def __init__(self, sentence: str | Promise) -> None:
        super().__init__(str(sentence))
        self.sentence = sentence
