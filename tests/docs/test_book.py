"""Runs every cell of the book at tiny settings, as a reader would: in order, in one process."""

import json
import re

import pytest

from tfgan_series import classifier

from conftest import ROOT

BOOK = ROOT / "docs/book"
CHAPTERS = sorted(BOOK.glob("[0-9]*.md"))
RUN = {"image_size": 8, "base_filters": 4, "steps": 1}
# What the first cell of a chapter sets, for a cheap run. The records of digits have 8x8 pixels here.
TINY = {
    "01": {"STEPS": 40, "AHEAD": 10, "DIGITS": {"image_size": 8}, "RUN": RUN},
    "02": {"SHORT": {"steps": 1}, "PICTURES": {"image_size": 8}, "SIZES": (20,)},
    "03": {"SMALL": {**RUN, "batch_size": 4}, "OFF": {"max pooling": {"downsampling": "pool"}}},
    "04": {
        "COUNT": 100,
        "SMALL": {"image_size": 8, "channels": 1, "base_filters": 4, "batch_size": 4, "steps": 1},
        "DIGITS": {"image_size": 8},
        "SEARCH": {"count": 100},
    },
    "05": {
        "COUNT": 8,
        "DIGITS": {"image_size": 8},
        "STEPS": 2,
        "SMALL": {"image_size": 16, "base_filters": 2, "blocks": 1, "batch_size": 2},
    },
    "06": {"SMALL": {**RUN, "batch_size": 4}, "COUNT": 160, "SEEDS": (0,)},
    "07": {
        "COUNT": 60,
        "DIGITS": {"image_size": 8},
        "STEPS": 2,
        "SMALL": {"image_size": 8, "base_filters": 4, "batch_size": 4},
    },
}


def cells(chapter):
    return re.findall(r"^```python\n(.*?)^```$", chapter.read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL)


@pytest.mark.extra
@pytest.mark.parametrize("chapter", CHAPTERS, ids=lambda path: path.stem)
def test_the_cells_run(chapter, digits, tmp_path, monkeypatch):
    monkeypatch.setenv("MPLBACKEND", "agg")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(classifier, "STEPS", 10)
    (tmp_path / "tfrecords").mkdir()
    for records in digits[0].iterdir():
        (tmp_path / "tfrecords" / records.name).symlink_to(records)
    first, *rest = cells(chapter)
    names = {"__name__": "book", "display": lambda *shown: None}
    exec(compile(first, f"{chapter.name}, cell 1", "exec"), names)
    tiny = TINY[chapter.stem[:2]]
    assert set(tiny) <= set(names), "the first cell does not set them any more"
    names.update(tiny)
    for number, cell in enumerate(rest, 2):
        exec(compile(cell, f"{chapter.name}, cell {number}", "exec"), names)


@pytest.mark.parametrize("chapter", CHAPTERS, ids=lambda path: path.stem)
def test_a_notebook_has_the_cells_of_its_chapter(chapter):
    notebook = chapter.with_suffix(".ipynb")
    if not notebook.exists():
        pytest.skip("make book has not executed it yet")
    found = [cell for cell in json.loads(notebook.read_text(encoding="utf-8"))["cells"] if cell["cell_type"] == "code"]
    assert ["".join(cell["source"]).rstrip() for cell in found] == [cell.rstrip() for cell in cells(chapter)]
    assert all(cell["outputs"] for cell in found if "tg.show(" in "".join(cell["source"]))
