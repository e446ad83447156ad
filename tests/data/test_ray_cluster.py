"""What a conversion on a cluster refuses, and its tasks. Nothing here needs Ray; test_cluster.py has real clusters."""

import signal
import socket
import sys
import types
from pathlib import Path

import pytest
from PIL import Image

from tfgan_series import series
from tfgan_series.data import conversion, ray_cluster, sharding
from tfgan_series.data.datasets.source import Example
from tfgan_series.errors import UserError

SETTINGS = {"store": "pixels", "bbox": False, "image_size": 4, "channels": 3, "fit": "squash"}
FIELDS = {"image": None, "filename": None, "label": ()}


@pytest.fixture
def shard(tmp_path):
    Image.new("RGB", (5, 5), (1, 2, 3)).save(tmp_path / "a.png")
    return sharding.Shard("f-train.tfrecord-00000-of-00001", "train", [Example("a.png", str(tmp_path / "a.png"))])


def write(shard, folder, wanted=None, there=None):
    return ray_cluster.write_shard(folder, shard, SETTINGS, FIELDS, wanted or ray_cluster.versions(), there)


def test_each_attempt_has_a_file_of_its_own_and_all_have_the_bytes_of_this_machine(shard, tmp_path):
    ((here, told),) = sharding.write_shards(tmp_path, [shard], SETTINGS, FIELDS, lambda count: None)
    attempts = [write(shard, tmp_path) for _ in range(2)]
    assert len({here, *(file for file, _ in attempts)}) == 3
    assert all(file.read_bytes() == here.read_bytes() and same == told for file, same in attempts)
    assert all(file.name.startswith(shard.file) and file.name.endswith(sharding.UNFINISHED) for file, _ in attempts)


@pytest.mark.parametrize("name", ray_cluster.versions())
def test_a_machine_with_another_version_is_refused(shard, tmp_path, name):
    with pytest.raises(UserError, match=rf"^\S+: {name} is .+ and not 9: install on all machines"):
        write(shard, tmp_path, wanted={**ray_cluster.versions(), name: "9"})
    assert not list(tmp_path.glob("f-train*"))


def test_a_machine_that_sees_other_files_is_refused(shard, tmp_path):
    with pytest.raises(UserError, match="elsewhere.png is not there: all machines must see the same files"):
        write(shard, tmp_path, there=str(tmp_path / "elsewhere.png"))
    with pytest.raises(UserError, match="cannot be written"):
        write(shard, tmp_path / "nowhere")


@pytest.mark.parametrize("address", ["", "ray://head:10001", "head", "head:", "local"])
def test_an_address_that_is_none(tmp_path, address):
    with pytest.raises(UserError, match="wanted HOST:PORT of the cluster's head"):
        conversion.convert(series.resolve("digits"), tfrecord_path=tmp_path / "t", cluster=address)


def test_a_host_that_cannot_be_one_does_not_answer():
    assert not ray_cluster._answers("..:80")


def test_without_ray(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "ray", None)
    with pytest.raises(UserError, match=r"needs Ray: pip install .*\[cluster\]"):
        conversion.convert(series.resolve("digits"), tfrecord_path=tmp_path / "t", cluster="auto")
    assert not (tmp_path / "t").exists()


def test_a_cluster_that_does_not_answer(shard, tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "ray", types.ModuleType("ray"))
    with socket.create_server(("127.0.0.1", 0)) as free:
        address = f"127.0.0.1:{free.getsockname()[1]}"
    with pytest.raises(UserError, match=f"--cluster={address}: nothing answers there"):
        next(ray_cluster.write_shards(address, tmp_path, [shard], SETTINGS, FIELDS, lambda count: None))


@pytest.mark.parametrize(
    ("raised", "wanted"),
    [
        (SystemExit(signal.SIGTERM), pytest.raises(KeyboardInterrupt, match=str(int(signal.SIGTERM)))),
        (ConnectionError("first\nsecond"), pytest.raises(UserError, match=r"--cluster=auto: no cluster \(first\)")),
    ],
)
def test_a_start_of_ray_that_ends(shard, tmp_path, monkeypatch, raised, wanted):
    def init(*_, **__):
        raise raised

    monkeypatch.setitem(sys.modules, "ray", types.SimpleNamespace(init=init, shutdown=lambda: None))
    with wanted:
        next(ray_cluster.write_shards("auto", tmp_path, [shard], SETTINGS, FIELDS, lambda count: None))


def test_pictures_that_are_arrays_do_not_travel(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "ray", types.ModuleType("ray"))
    with pytest.raises(UserError, match="a cluster converts pictures that are files of their own"):
        conversion.convert(series.resolve("digits"), tfrecord_path=tmp_path / "t", cluster="auto")
    assert not (tmp_path / "t").exists()


@pytest.mark.parametrize("given", [{"dataset_path": "s3://bucket/faces"}, {"tfrecord_path": "gs://bucket/records"}])
def test_addresses_of_storage_are_no_paths(tmp_path, monkeypatch, given):
    monkeypatch.chdir(tmp_path)
    for path in (str, Path):
        with pytest.raises(UserError, match=r"(DatasetPath|TFRecordPath).*bucket.*: mount the storage"):
            conversion.convert(series.resolve("folder"), **{name: path(value) for name, value in given.items()})
    assert not list(tmp_path.iterdir())
