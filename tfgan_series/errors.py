"""The one exception that is meant for the person at the keyboard."""


class UserError(Exception):
    """Something the user can mend. Its text is one line: what was wrong (the file, the line, the value), what
    was wanted, what to type next. The commands print it without a traceback and exit with status 1."""


class Diverged(UserError):
    """A loss has flown apart: other settings are needed."""


class NeedsFiles(UserError):
    """A source cannot fetch itself, or not now: its files must be named with --DatasetPath."""
