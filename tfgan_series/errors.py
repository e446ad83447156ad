"""The exceptions whose text is meant for the user, and parts of such a text."""

import difflib
import unicodedata
from collections.abc import Iterable


def printable(text: str) -> str:
    """A text with its control characters shown as \\x..: names of files may contain them, and they steer a terminal."""
    return "".join(repr(one)[1:-1] if unicodedata.category(one) == "Cc" else one for one in text)


class UserError(Exception):
    """A problem that the user can solve. Its text is one line: what was wrong (the file, the line, the value), what
    was wanted, what to type next. The commands print it without a traceback and exit with status 1."""

    def __init__(self, text: str) -> None:
        """text: it is made printable."""
        super().__init__(printable(text))

    def _render_traceback_(self) -> list[str]:
        """What a notebook shows: one line too (IPython asks for this method)."""
        return [f"{type(self).__name__}: {self}"]


class Diverged(UserError):
    """The training diverged: other settings are needed. reason: a clause that says how."""

    def __init__(self, reason: str) -> None:
        """reason: it is made printable."""
        self.reason = printable(reason)
        super().__init__(
            f"the run diverged: {reason}; the steps after its last checkpoint are lost. Start over with a smaller --lr or "
            "another --seed, and give --overwrite too"
        )


class NeedsFiles(UserError):
    """A source's files cannot be fetched, or not now: the user must give them with --DatasetPath."""


def reason_of(error: BaseException) -> str:
    """The text of another library's error as a part of a UserError: its first line, 200 characters at most."""
    if isinstance(error, KeyError):  # its text is the key alone
        return f"no {error}"[:200]
    return (str(error).strip().splitlines() or [type(error).__name__])[0][:200]


def nearest(word: object, known: Iterable[str]) -> str:
    """The known word that the user may have meant, as a part of a UserError: " (did you mean mnist?)". "" if none is near."""
    spelled = {one.lower(): one for one in known}
    near = difflib.get_close_matches(str(word).lower(), spelled, n=1)
    return f" (did you mean {spelled[near[0]]}?)" if near else ""
