"""The one family of errors that is shown to people."""


class RefavsError(ValueError):
    """Something a person can mend: the message says what was expected, what came, and what to do.

    The command line prints it and exits with 2; the app shows it and goes on.
    """


class MediaError(RefavsError):
    """A video, sound or picture cannot be used."""


class PromptError(RefavsError):
    """A click, box or mask cannot be used."""


class DatasetError(RefavsError):
    """A folder is not the dataset it is said to be."""
