"""Where pictures come from: one file per source, each with a function find(Request) -> Source, and one entry here.

A source tells which partitions there are, which pictures each has, and what is known of every picture. It opens no picture
file: preprocess.py opens them one by one.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import NamedTuple

from tfgan_series.data.datasets import celeba, cifar10, folder, horse2zebra, mnist, unpaired
from tfgan_series.data.datasets.source import Request, Source

STORES = ("pixels", "source")  # how records keep a picture: ready for training, or as the encoded original


class Origin(NamedTuple):
    """Where a data set's pictures come from. title: their name and their authors. licence: what the authors allow, in words. Both
    are "" if only the user knows."""

    title: str = ""
    licence: str = ""


_OF_THE_USER = Origin()


@dataclass(frozen=True, kw_only=True)
class DataSet:
    """What is known of an ImageType before any file is opened.

    find: finds its pictures. image_size, channels: the defaults, used if neither an article nor the user gives others.
    boxes: whether a box can be cut out of each. sides: endings of the names of its sets of pictures; a single set has "".
    records: another ImageType with the same pictures, whose record folders it shares; "" if it has its own. needs_folder: the
    user must give its files; else they come with the package or are downloaded. origin: whose pictures they are.
    """

    find: Callable[[Request], Source]
    image_size: int
    channels: int
    boxes: bool = False
    sides: tuple[str, ...] = ("",)
    records: str = ""
    needs_folder: bool = False
    origin: Origin = _OF_THE_USER

    @property
    def stores(self) -> tuple[str, ...]:
        """The ways in which its records may keep the pictures, the usual way first."""
        return STORES if len(self.sides) == 1 else ("source",)  # two sets: training augments the originals


_MNIST = Origin(
    "the MNIST database of handwritten digits, by Yann LeCun, Corinna Cortes and Christopher J.C. Burges",
    "Creative Commons Attribution-ShareAlike 3.0 (https://creativecommons.org/licenses/by-sa/3.0/)",
)
_CELEBA = Origin(
    "CelebA (Liu, Luo, Wang and Tang, Deep Learning Face Attributes in the Wild, 2015)",
    "for non-commercial research only: the pictures may not be passed on, and nothing derived from them may be sold "
    "(https://mmlab.ie.cuhk.edu.hk/projects/CelebA.html)",
)

# ImageType -> what is known of it.
DATASETS: dict[str, DataSet] = {
    "digits": DataSet(find=mnist.find, image_size=32, channels=1, records="mnist", origin=_MNIST),  # for a row of its own
    "mnist": DataSet(find=mnist.find, image_size=28, channels=1, origin=_MNIST),
    "cifar10": DataSet(
        find=cifar10.find,
        image_size=32,
        channels=3,
        origin=Origin(
            "CIFAR-10 (Krizhevsky, Learning Multiple Layers of Features from Tiny Images, 2009)",
            "its authors state no licence; they ask to cite the report (https://www.cs.toronto.edu/~kriz/cifar.html)",
        ),
    ),
    "img_celeba": DataSet(find=celeba.find, image_size=64, channels=3, boxes=True, needs_folder=True, origin=_CELEBA),
    "img_align_celeba": DataSet(find=celeba.find, image_size=64, channels=3, needs_folder=True, origin=_CELEBA),
    "img_align_celeba_png": DataSet(find=celeba.find, image_size=64, channels=3, needs_folder=True, origin=_CELEBA),
    "horse2zebra": DataSet(
        find=horse2zebra.find,
        image_size=256,
        channels=3,
        sides=("A", "B"),
        origin=Origin(
            "horse2zebra: pictures of ImageNet, chosen by Zhu, Park, Isola and Efros (CycleGAN, 2017)",
            "that of ImageNet: for non-commercial research and education only (https://image-net.org/download.php)",
        ),
    ),
    "unpaired": DataSet(find=unpaired.find, image_size=256, channels=3, sides=("A", "B"), needs_folder=True),
    "folder": DataSet(find=folder.find, image_size=64, channels=3, needs_folder=True),
}
