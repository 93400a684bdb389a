"""What can go wrong with a private server; every message says what to do."""


class LocalServerError(RuntimeError):
    """A private server is not to be had."""


class NotInstalled(LocalServerError):
    """The programs are missing and could not be installed."""


class DidNotStart(LocalServerError):
    """The server ended early or did not answer in time."""
