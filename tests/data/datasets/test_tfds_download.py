import pytest
import requests
import tensorflow_datasets as tfds

from tfgan_series.data.datasets import cifar10, horse2zebra
from tfgan_series.data.datasets.source import Request
from tfgan_series.errors import NeedsFiles


@pytest.mark.parametrize(
    ("source", "name", "host"),
    [
        (cifar10, "cifar10", "https://www.cs.toronto.edu/"),
        (horse2zebra, "horse2zebra", "https://efrosgans.eecs.berkeley.edu/"),
    ],
)
def test_the_host_that_will_be_asked_must_answer(tmp_path, monkeypatch, source, name, host):
    asked = []

    def no_answer(url, timeout):
        asked.append(url)
        assert timeout <= 10
        raise requests.ConnectionError

    monkeypatch.setattr(requests, "head", no_answer)
    with pytest.raises(NeedsFiles, match=f"^{name} is not here yet and {host} does not answer .*--DatasetPath=FOLDER, ") as error:
        source.find(Request(name, None, tmp_path))
    assert asked == [host]
    assert "\n" not in str(error.value)


def test_a_download_that_fails_is_one_line(tmp_path, monkeypatch):
    def fail(builder):
        raise OSError("checksum differs\nand a page more")

    monkeypatch.setattr(requests, "head", lambda url, timeout: None)
    monkeypatch.setattr(tfds.core.DatasetBuilder, "download_and_prepare", fail)
    with pytest.raises(NeedsFiles, match=r"fetching cifar10 into .* failed \(checksum differs\): try again") as error:
        cifar10.find(Request("cifar10", None, tmp_path))
    assert "\n" not in str(error.value)
