"""Conversions on real clusters on loopback. These tests need the extra `cluster`, and Linux's /proc."""

import contextlib
import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from tfgan_series import series
from tfgan_series.data import conversion, sharding

from conftest import ROOT, command_environment, command_words

pytestmark = [pytest.mark.extra, pytest.mark.skipif(not sys.platform.startswith("linux"), reason="there is no /proc")]

EXPERIMENT = series.resolve("folder", image_size=16)
COUNT = 48  # in 8 shards


@pytest.fixture(scope="module")
def pictures(tmp_path_factory):
    """A folder of links to two large pictures, so that a shard takes a second, and a file that is no picture."""
    folder = tmp_path_factory.mktemp("pictures")
    for number in range(2):
        Image.fromarray(np.random.default_rng(number).integers(0, 256, (1500, 1400, 3), np.uint8)).save(folder / f"{number}.png")
    for number in range(2, COUNT):
        os.link(folder / f"{number % 2}.png", folder / f"{number}.png")
    (folder / "none.png").write_text("no picture")
    return folder


@pytest.fixture(scope="module")
def local(pictures, tmp_path_factory):
    """What this machine alone writes, {name: bytes}."""
    return contents(conversion.convert(EXPERIMENT, dataset_path=pictures, tfrecord_path=tmp_path_factory.mktemp("t")).folder)


def contents(folder):
    return {file.name: file.read_bytes() for file in folder.iterdir()}


@contextlib.contextmanager
def started(*paths):
    """A cluster with a machine for each PYTHONPATH: (its address, its process)."""
    words = [sys.executable, str(Path(__file__).with_name("cluster.py")), *paths]
    with subprocess.Popen(words, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        try:
            address = process.stdout.readline().strip()
            assert address, "Ray did not start; /tmp/ray/session_latest/logs tells why"
            yield address, process
        finally:
            process.communicate()  # its input ends


@contextlib.contextmanager
def converting(pictures, place, address):
    """The command, at work in `place`."""
    words = command_words("make_tfrecord.py", "--ImageType=folder", "--image_size=16", f"--cluster={address}")
    words.append(f"--DatasetPath={os.path.relpath(pictures, place)}")  # the workers have other working folders
    environment = command_environment(RAY_ENABLE_WINDOWS_OR_OSX_CLUSTER="0", RAY_AUTH_MODE="disabled")
    output = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True}
    with subprocess.Popen(words, cwd=place, env=environment, **output) as process:
        try:
            yield process
        finally:
            process.kill()


def seen(process, look):
    """What `look` finds, as soon as it finds something, while the process is at work."""
    while process.poll() is None:
        if found := look():
            return found
        time.sleep(0.02)
    raise AssertionError(process.communicate())


def writer(place):
    """The process that writes a shard in `place` at the moment, or None."""
    for file in place.glob(f"**/*{sharding.UNFINISHED}"):
        for link in Path("/proc").glob("[0-9]*/fd/*"):
            with contextlib.suppress(OSError):
                if os.readlink(link) == str(file):
                    return int(link.parts[2])
    return None


# 127.0.0.1, the same within IPv6, and ::1, as /proc/net writes them
LOOPBACK = {"0100007F", "0000000000000000FFFF00000100007F", "00000000000000000000000001000000"}


def listening(process):
    """The addresses at which a process takes connections."""
    sockets = set()
    for link in Path(f"/proc/{process}/fd").glob("*"):
        with contextlib.suppress(OSError):
            sockets.add(os.readlink(link))
    lines = [line.split() for name in ("tcp", "tcp6") for line in Path(f"/proc/net/{name}").read_text().splitlines()[1:]]
    return [line[1].partition(":")[0] for line in lines if line[3] == "0A" and f"socket:[{line[9]}]" in sockets]


def descendants(process):
    found = list(children(process))
    return found + [one for child in found for one in descendants(child)]


def children(process):
    """{process: its command} of a process's children."""
    listed = subprocess.run(["ps", "-ww", "-o", "pid=,args=", "--ppid", str(process)], capture_output=True, text=True).stdout
    return {int(line.split()[0]): line for line in listed.splitlines()}


@pytest.fixture(scope="module")
def cluster():
    with started(str(ROOT), str(ROOT)) as found:
        yield found


def test_a_killed_worker_changes_no_byte(cluster, pictures, local, tmp_path):
    address, _ = cluster
    with converting(pictures, tmp_path, address) as process:
        os.kill(seen(process, lambda: writer(tmp_path)), signal.SIGKILL)
        out, err = process.communicate()
    assert process.returncode == 0, err
    assert "48 train records" in out
    assert contents(tmp_path / "tfrecords/folder/16") == local


def test_a_stop_is_one_line(cluster, pictures, tmp_path):
    address, _ = cluster
    with converting(pictures, tmp_path, address) as process:
        seen(process, lambda: writer(tmp_path))
        process.send_signal(signal.SIGTERM)
        _, err = process.communicate()
    assert (process.returncode, err) == (143, "make_tfrecord.py: stopped; to go on, type the same command again\n")


def test_a_lost_head_is_one_line_and_the_next_start_goes_on(cluster, pictures, local, tmp_path, capsys):
    address, its_process = cluster
    (head,) = [number for number, words in children(its_process.pid).items() if "gcs_server" in words.split()[1]]
    with converting(pictures, tmp_path, address) as process:
        partial = tmp_path / "tfrecords/folder/16.partial"
        seen(process, lambda: (partial / "progress.txt").exists() and (partial / "progress.txt").read_text())
        os.kill(head, signal.SIGKILL)
        _, err = process.communicate()
    assert process.returncode == 1
    assert err.startswith("make_tfrecord.py: the cluster's head") and err.count("\n") == 1, err
    found = conversion.convert(EXPERIMENT, dataset_path=pictures, tfrecord_path=tmp_path / "tfrecords")
    assert re.search("Going on: [1-7] of 8 shards", capsys.readouterr().out)
    assert contents(found.folder) == local


def test_a_machine_with_another_numpy_is_refused(pictures, tmp_path):
    (tmp_path / "sitecustomize.py").write_text("import numpy\nnumpy.__version__ += '+other'\n")
    paths = os.pathsep.join([str(tmp_path), str(ROOT)])
    with started(paths) as (address, _), converting(pictures, tmp_path, address) as process:
        _, err = process.communicate()
    assert process.returncode == 1
    assert f"NumPy is {np.__version__}+other and not {np.__version__}: install on all" in err and err.count("\n") == 1, err


def test_a_cluster_of_this_machine_alone(pictures, local, tmp_path):
    with converting(pictures, tmp_path, "auto") as process:
        seen(process, lambda: writer(tmp_path))
        reached = {one for number in descendants(process.pid) for one in listening(number)}
        _, err = process.communicate()
    assert process.returncode == 0, err
    assert contents(tmp_path / "tfrecords/folder/16") == local
    assert reached and reached <= LOOPBACK
