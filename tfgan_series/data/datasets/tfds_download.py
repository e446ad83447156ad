"""Data sets that TensorFlow Datasets can fetch."""

import numpy as np

from tfgan_series.errors import NeedsFiles

_PROBE = "https://storage.googleapis.com/"
_PROBE_SECONDS = 5


def load_arrays(name, request, partitions, files):
    """{partition: (images, labels)} of a TFDS data set, fetched into request.downloads where it is not there yet.

    partitions: the names to read. files: what --DatasetPath would have to name instead. Raises NeedsFiles where the
    network does not answer, within seconds: TFDS by itself would try again for minutes.
    """
    import requests
    import tensorflow_datasets as tfds

    builder = tfds.builder(name, data_dir=request.downloads)
    if not builder.is_prepared():
        try:
            requests.head(_PROBE, timeout=_PROBE_SECONDS)
        except requests.RequestException as error:
            raise NeedsFiles(
                f"{name} is not here yet and the network does not answer ({type(error).__name__}): "
                f"try again later, or give --DatasetPath=FOLDER, {files}"
            ) from error
        try:
            builder.download_and_prepare()
        except Exception as error:  # TFDS lets every kind of network, disk and checksum error through
            reason = str(error).strip().splitlines() or [type(error).__name__]
            raise NeedsFiles(
                f"fetching {name} into {request.downloads} failed ({reason[0]}): try again, or give --DatasetPath=FOLDER, {files}"
            ) from error
    arrays = {}
    for partition in partitions:
        batches = list(tfds.as_numpy(builder.as_dataset(split=partition, batch_size=1000)))
        arrays[partition] = tuple(np.concatenate([batch[key] for batch in batches]) for key in ("image", "label"))
    return arrays
