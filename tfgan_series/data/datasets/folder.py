"""Any tree of pictures: the first-level folder is the label."""

import os
import unicodedata

from tfgan_series.data.datasets.listing import find_files, no_picture, passed_over, readable
from tfgan_series.data.datasets.source import Example, Request, Source
from tfgan_series.errors import UserError


def find(request: Request) -> Source:
    """All pictures below a folder, in the order of their names, as train. Hidden files are passed over.

    Raises UserError if there is no picture, and for a folder whose name cannot be the name of a class.
    """
    folder = request.folder("a folder with pictures in it")
    found = find_files(folder)
    names = found.names
    if not names:
        raise UserError(f"{folder}: {no_picture(found)}")
    class_names = sorted({name.split("/")[0] for name in names if "/" in name})
    for name in class_names:
        # TFDS reads one class name a line, without the space around it. Other control characters would steer a terminal.
        if name != name.strip() or any(unicodedata.category(one) == "Cc" for one in name):
            raise UserError(
                f"{folder}: a class cannot be named {name!r}: a name is one line without white space around it and without "
                "control characters; rename the folder"
            )
    labels = {name: index for index, name in enumerate(class_names)}
    examples = [Example(readable(name), os.path.join(folder, name), labels.get(name.split("/")[0], -1)) for name in names]
    return Source({"train": examples}, class_names=tuple(map(readable, class_names)), notes=passed_over(found.others))
