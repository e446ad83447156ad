"""Executes chapters of the book: docs/book/NN_name.md -> docs/book/NN_name.ipynb, with the outputs of its cells.

    make book                                            # all chapters
    python docs/book/execute.py docs/book/01_*.md        # one chapter

The cells run in the root of the repository and use its tfrecords/ and runs/. Earlier runs of the book (runs/book) are removed
first. It needs the extra `book`: pip install -c constraints.txt -e '.[book]'
"""

import shutil
import sys
import time
from pathlib import Path

import jupytext
import nbformat
from nbclient import NotebookClient

BOOK = Path(__file__).resolve().parent
ROOT = BOOK.parent.parent


def execute(chapter: Path) -> None:
    """Run the cells of a chapter, and write its notebook beside it."""
    notebook = jupytext.read(chapter)
    place = {"metadata": {"path": str(ROOT)}}
    client = NotebookClient(
        notebook, timeout=None, kernel_name="python3", resources=place, record_timing=False, coalesce_streams=True
    )
    start = time.monotonic()
    client.execute()
    for cell in notebook.cells:
        # Progress bars and TensorFlow's remarks: they say nothing to a reader.
        cell["outputs"] = [one for one in cell.get("outputs", []) if one.get("name") != "stderr"]
        if cell.cell_type != "code":
            del cell["outputs"]
    nbformat.write(notebook, chapter.with_suffix(".ipynb"))
    print(f"{chapter.with_suffix('.ipynb')}: {time.monotonic() - start:.0f} s", flush=True)


def main() -> None:
    chapters = [Path(name) for name in sys.argv[1:]] or sorted(BOOK.glob("[0-9]*.md"))
    shutil.rmtree(ROOT / "runs/book", ignore_errors=True)
    for chapter in chapters:
        execute(chapter)


if __name__ == "__main__":
    main()
