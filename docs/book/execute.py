"""Executes chapters of the book: docs/book/NN_name.md -> docs/book/NN_name.ipynb, with the outputs of its cells.

    make book                                                # all chapters
    python docs/book/execute.py docs/book/01_*.md            # one chapter
    jupytext --to ipynb --update docs/book/01_*.md           # only the text of a chapter has changed: its outputs stay

The cells run in the root of the repository and use its tfrecords/ and runs/. Earlier runs of the book (runs/book) are removed
first. It needs the extra `book`: pip install -c constraints.txt -e '.[book]'
"""

import base64
import io
import shutil
import sys
import time
from pathlib import Path

import jupytext
import nbformat
from nbclient import NotebookClient
from PIL import Image

BOOK = Path(__file__).resolve().parent
ROOT = BOOK.parent.parent
KERNEL = {"display_name": "Python 3", "language": "python", "name": "python3"}


def execute(chapter: Path) -> None:
    """Run the cells of a chapter, and write its notebook beside it."""
    notebook = jupytext.read(chapter)
    notebook.metadata["kernelspec"] = KERNEL
    place = {"metadata": {"path": str(ROOT)}}
    start = time.monotonic()
    NotebookClient(notebook, timeout=None, resources=place, record_timing=False, coalesce_streams=True).execute()
    for cell in notebook.cells:
        if cell.cell_type == "code":
            # Standard error has progress bars and TensorFlow's remarks: they say nothing to a reader.
            cell.outputs = [smaller(without_remarks(one)) for one in cell.outputs if one.get("name") != "stderr"]
    nbformat.write(notebook, chapter.with_suffix(".ipynb"))
    print(f"{chapter.with_suffix('.ipynb')}: {time.monotonic() - start:.0f} s", flush=True)


def without_remarks(output: nbformat.NotebookNode) -> nbformat.NotebookNode:
    """An output without the lines that TensorFlow's logger writes to standard output in a notebook."""
    if output.get("name") == "stdout":
        lines = output.text.splitlines(keepends=True)
        output.text = "".join(line for line in lines if not line.startswith("WARNING:tensorflow"))
    return output


def smaller(output: nbformat.NotebookNode) -> nbformat.NotebookNode:
    """An output with 256 colours in its picture, if it has one: the notebooks are kept in the repository."""
    if png := output.get("data", {}).get("image/png"):
        output.data.pop("image/jpeg", None)  # Pillow gives both
        page = io.BytesIO()
        picture = Image.open(io.BytesIO(base64.b64decode(png))).convert("RGB")
        picture.quantize(dither=Image.Dither.NONE).save(page, "PNG", optimize=True)
        output.data["image/png"] = base64.b64encode(page.getvalue()).decode()
    return output


def main() -> None:
    chapters = [Path(name) for name in sys.argv[1:]] or sorted(BOOK.glob("[0-9]*.md"))
    shutil.rmtree(ROOT / "runs/book", ignore_errors=True)
    for chapter in chapters:
        execute(chapter)


if __name__ == "__main__":
    main()
