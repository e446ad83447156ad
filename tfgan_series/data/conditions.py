"""What the pictures of a conditional GAN can be asked for: the classes of the records, or some of their attributes.

A condition is a vector [K] float32, a number for each name: 1 if the picture shall have it, else 0.
"""

import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from tfgan_series.errors import UserError

_WITHOUT = "none"  # the label of a picture that has none of the attributes
_AND = "+"  # between the attributes of one label
_LISTED = 40  # names that an error lists


Labels = str | int | np.integer | Sequence[str | int]  # one label, or several


def texts(labels: Labels) -> list[str]:
    """One label or several as a list of texts."""
    return [str(one) for one in ([labels] if isinstance(labels, (str, int, np.integer)) else labels)]


def _composed(name: str) -> str:
    """A name with each accent in its letter. A keyboard gives it so; a folder made on a Mac has accents of their own."""
    return unicodedata.normalize("NFC", name)


@dataclass(frozen=True)
class Conditions:
    """names: in the order of a condition's numbers; () if nothing can be asked for. exclusive: whether a picture has one of the
    names (classes) or any number of them (attributes)."""

    names: tuple[str, ...] = ()
    exclusive: bool = True

    @property
    def labels(self) -> tuple[str, ...]:
        """The labels of a grid's rows: each name alone. For attributes, `none` comes first: a picture without any."""
        return self.names if self.exclusive or not self.names else (_WITHOUT, *self.names)

    def of_label(self, label: str) -> np.ndarray:
        """The condition that a label asks for, [K] float32.

        A label is a name or its number, the first is 0. Attributes may be joined: Smiling+Male has both, none has none of them.
        Raises UserError for a label that does not exist.
        """
        condition = np.zeros(len(self.names), np.float32)
        condition[self._places(label)] = 1
        return condition

    def of_labels(self, labels: Sequence[str] = ()) -> dict[str, np.ndarray]:
        """{label: its condition [K]}; a number becomes the name. Without labels: of all that there are.

        Raises UserError for a label that does not exist, and for one that is given twice.
        """
        asked = [_AND.join(self.names[place] for place in self._places(label)) or _WITHOUT for label in labels]
        if len(set(asked)) < len(asked):
            raise UserError(f"--label={','.join(labels)}: give each label once")
        return {label: self.of_label(label) for label in asked or self.labels}

    def _places(self, label: str) -> list[int]:
        """The places of the names that a label asks for."""
        label = _composed(label)
        if label == _WITHOUT and label in self.labels and label not in self.names:
            return []
        parts = [label] if self.exclusive or label in map(_composed, self.names) else label.split(_AND)
        return [self._place(part, label) for part in parts]

    def _place(self, name: str, label: str) -> int:
        if name in (names := list(map(_composed, self.names))):
            return names.index(name)
        if name.isdecimal() and int(name) < len(self.names):
            return int(name)
        listed = ", ".join(self.labels[:_LISTED]) + (" ..." if len(self.labels) > _LISTED else "")
        joined = "" if self.exclusive else f", or several joined by {_AND}"
        raise UserError(f"--label={label}: there is no {name!r}; choose one of {listed}{joined}")
