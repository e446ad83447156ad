"""One colour for one thing, in every figure and on the page: the discriminator blue, the generator orange."""

from collections.abc import Sequence

PALETTE = ("tab:blue", "tab:orange", "tab:green", "tab:purple", "tab:olive", "tab:gray")  # style.css has them as --line-0 and on
_OWN = {"Dis": 0, "Gen": 1, "Real": 2, "Fake": 3}  # beginning of a column's name -> the place of its colour
_FREE = (5, 4, 2, 3, 0, 1)  # for other columns; the colours above come last


def places(columns: Sequence[str]) -> dict[str, int]:
    """{column of the log: the place of its colour in PALETTE}, of the columns that share a plot.

    A column of a player, or of the real or fake pictures, has its own colour. If several columns want one colour, the first gets
    it. With more than six columns, colours come again.
    """
    found: dict[str, int] = {}
    for column in columns:
        own = _OWN.get(column.partition("_")[0])
        if own is not None and own not in found.values():
            found[column] = own
    free = [place for place in _FREE if place not in found.values()] or list(_FREE)
    others = [column for column in columns if column not in found]
    return found | {column: free[number % len(free)] for number, column in enumerate(others)}
