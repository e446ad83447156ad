"""A table for a page and for a Markdown file."""

from collections.abc import Sequence
from typing import NamedTuple


class Table(NamedTuple):
    """rows: lists of cells. The first row is the head, and the first cell of each row its name. text: how to read it. numbers:
    the first column whose cells are aligned right."""

    title: str
    rows: Sequence[Sequence[str]]
    text: str
    numbers: int = 1

    def in_markdown(self) -> str:
        """The rows, and the text below them."""
        head, *rows = self.rows
        ruler = ["---"] * self.numbers + ["---:"] * (len(head) - self.numbers)
        return "".join(f"| {' | '.join(line)} |\n" for line in (head, ruler, *rows)) + f"\n{self.text}\n"
