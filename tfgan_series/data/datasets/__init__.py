"""Where pictures come from: one file per source, each with a function find(Request) -> Source.

A source tells which partitions there are, how many pictures each has, and what is known of every picture. It
opens no picture file: preprocess.py does, one by one. A new data set is one such file, its line in SOURCES, and a row
in series.py.
"""

from tfgan_series.data.datasets import celeba, cifar10, digits, folder, horse2zebra, mnist

# ImageType -> the function that finds its pictures.
SOURCES = {
    "digits": digits.find,
    "mnist": mnist.find,
    "cifar10": cifar10.find,
    "img_celeba": celeba.find,
    "img_align_celeba": celeba.find,
    "img_align_celeba_png": celeba.find,
    "horse2zebra": horse2zebra.find,
    "folder": folder.find,
}
