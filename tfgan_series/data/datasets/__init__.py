"""Where pictures come from: one file per source, each with a function find(Request) -> Source, and one entry here.

A source tells which partitions there are, which pictures each has, and what is known of every picture. It opens no picture
file: preprocess.py opens them one by one.
"""

from collections.abc import Callable
from dataclasses import dataclass

from tfgan_series.data.datasets import celeba, cifar10, folder, horse2zebra, mnist, unpaired
from tfgan_series.data.datasets.source import Request, Source

STORES = ("pixels", "source")  # how records keep a picture: ready for training, or as the encoded original


@dataclass(frozen=True, kw_only=True)
class DataSet:
    """What is known of an ImageType before any file is opened.

    find: finds its pictures. image_size, channels: the defaults, used if neither an article nor the user gives others.
    boxes: whether a box can be cut out of each. sides: endings of the names of its sets of pictures; a single set has "".
    records: another ImageType with the same pictures, whose record folders it shares; "" if it has its own.
    """

    find: Callable[[Request], Source]
    image_size: int
    channels: int
    boxes: bool = False
    sides: tuple[str, ...] = ("",)
    records: str = ""

    @property
    def stores(self) -> tuple[str, ...]:
        """The ways in which its records may keep the pictures, the usual way first."""
        return STORES if len(self.sides) == 1 else ("source",)  # two sets: training augments the originals


# ImageType -> what is known of it.
DATASETS: dict[str, DataSet] = {
    "digits": DataSet(find=mnist.find, image_size=32, channels=1, records="mnist"),  # for a row of its own
    "mnist": DataSet(find=mnist.find, image_size=28, channels=1),
    "cifar10": DataSet(find=cifar10.find, image_size=32, channels=3),
    "img_celeba": DataSet(find=celeba.find, image_size=64, channels=3, boxes=True),
    "img_align_celeba": DataSet(find=celeba.find, image_size=64, channels=3),
    "img_align_celeba_png": DataSet(find=celeba.find, image_size=64, channels=3),
    "horse2zebra": DataSet(find=horse2zebra.find, image_size=256, channels=3, sides=("A", "B")),
    "unpaired": DataSet(find=unpaired.find, image_size=256, channels=3, sides=("A", "B")),
    "folder": DataSet(find=folder.find, image_size=64, channels=3),
}
