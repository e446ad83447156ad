"""Data sets that TensorFlow Datasets can fetch."""

from typing import TYPE_CHECKING
from urllib.parse import urljoin

import numpy as np

from tfgan_series.data.datasets.source import Request
from tfgan_series.errors import NeedsFiles, reason_of

if TYPE_CHECKING:
    import tensorflow_datasets as tfds

_PROBE_SECONDS = 5


def fetch(name: str, request: Request, wanted: str) -> "tfds.core.DatasetBuilder":
    """The TFDS data set, ready to read. It is fetched into request.downloads if it is not there yet.

    wanted: describes the folder that the user can give with --DatasetPath instead. Raises NeedsFiles if the data set cannot be
    fetched. If its host does not answer, this takes only seconds.
    """
    import tensorflow_datasets as tfds

    builder = tfds.builder(name, data_dir=request.downloads)
    if builder.is_prepared():
        return builder
    _check_hosts(builder, request, wanted)
    try:
        builder.download_and_prepare()
    except Exception as error:  # TFDS passes on every kind of network, disk and checksum error
        raise NeedsFiles(
            f"fetching {request.image_type} into {request.downloads} failed ({reason_of(error)}): "
            f"try again, or give --DatasetPath=FOLDER, {wanted}"
        ) from error
    return builder


def pixels(builder: "tfds.core.DatasetBuilder", partition: str) -> tuple[np.ndarray, np.ndarray]:
    """A partition's (images [N, H, W, C] uint8, labels [N]). All its pictures must have one size."""
    batches = list(builder.as_dataset(split=partition, batch_size=1000).as_numpy_iterator())
    images, labels = (np.concatenate([batch[key] for batch in batches]) for key in ("image", "label"))
    return images, labels


def files(builder: "tfds.core.DatasetBuilder", partition: str) -> tuple[list[bytes], list[int]]:
    """A partition's (picture files as they were fetched, labels). They are not decoded, as encoding them again would take time
    and more space."""
    import tensorflow_datasets as tfds

    dataset = builder.as_dataset(split=partition, decoders={"image": tfds.decode.SkipDecoding()})
    examples = list(dataset.as_numpy_iterator())
    return [example["image"] for example in examples], [int(example["label"]) for example in examples]


def _check_hosts(builder: "tfds.core.DatasetBuilder", request: Request, wanted: str) -> None:
    """Raises NeedsFiles if a host that TFDS will ask does not answer. TFDS itself would try again for minutes."""
    import requests

    hosts = {urljoin(url, "/") for url in builder.url_infos or ()}
    for host in sorted(hosts):
        try:
            requests.head(host, timeout=_PROBE_SECONDS)
        except requests.RequestException as error:
            raise NeedsFiles(
                f"{request.image_type} is not here yet and {host} does not answer ({type(error).__name__}): "
                f"try again later, or give --DatasetPath=FOLDER, {wanted}"
            ) from error
