"""The failures a person can act on, one class each.

The text of an error is one or two plain sentences that say what is wrong and what to do. Pages and
the command line show that text as it is and nothing else.
"""


class DigitLabError(Exception):
    """Base of every error that is meant to be read by the person who uses the app."""


class DataError(DigitLabError):
    """A file of digits is missing or damaged."""


class CollectionError(DigitLabError):
    """The class's drawings cannot be read, or there is no room or no way to keep one."""


class PictureError(DigitLabError):
    """A picture cannot be opened or is larger than the app takes."""


class EmptyPictureError(PictureError):
    """A picture has no ink to read."""


class ConfigError(DigitLabError):
    """A setting of a training is outside what it may be.

    Attributes:
        problems: one sentence per setting that is wrong.
    """

    def __init__(self, problems: list[str]):
        super().__init__(" ".join(problems))
        self.problems = problems


class RunError(DigitLabError):
    """A run folder is missing, damaged or cannot be written."""


class MissingRunError(RunError):
    """There is no run of this name."""


class ReportError(DigitLabError):
    """A report cannot be written where it was asked for."""


class QueueFullError(DigitLabError):
    """There is no room for one more run just now."""


class ModelError(DigitLabError):
    """A model file is missing, damaged or does not read digits."""


class EngineError(DigitLabError):
    """The processes that train cannot be started or reached."""


class TrainingError(DigitLabError):
    """A training ended without a model."""


class TrainingInterrupted(DigitLabError):
    """A training cannot go on in this process, nor in another without being asked."""


class TrainingAbandoned(DigitLabError):
    """A training cannot go on in this process and is left for another to pick up."""
