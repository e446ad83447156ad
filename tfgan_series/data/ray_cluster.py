"""Shards -> their files, on the machines of a Ray cluster (https://docs.ray.io): one task for each shard.

A task gets the paths of its pictures, prepares them and writes the shard's file beside the others, so all machines must see the
pictures and the records under the same paths. If a worker or a machine is lost, Ray starts its tasks again on others. The process
that started the conversion gives the finished files their names, and notes them.
"""

import collections
import contextlib
import functools
import hashlib
import logging
import os
import platform
import re
import signal
import socket
import threading
import uuid
from collections.abc import Generator, Iterable, Iterator, Mapping, Sequence
from concurrent import futures
from dataclasses import replace
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import PIL
import tensorflow as tf

from tfgan_series import files, invocation
from tfgan_series.data import serialization, sharding
from tfgan_series.data.datasets.source import Example
from tfgan_series.data.sharding import Advance, Shard, Written
from tfgan_series.data.wire import Fields
from tfgan_series.errors import UserError, reason_of

HERE = "auto"  # the address of a cluster that is started on this machine alone, for this conversion

_RETRIES = 3  # of a task whose worker or machine is lost
_AHEAD = 2  # tasks for each core: no worker waits for the next one, and few lists of pictures are on their way
_SECONDS = 5  # after so long without a finished shard we look whether the cluster is still there


def _again() -> str:
    return f"to go on, type {invocation.same_command()}"


def check_address(address: str) -> None:
    """Raises UserError for an address that is none, and if Ray is not installed."""
    if address != HERE and not re.fullmatch(r"[^/\s]+:\d+", address):
        raise UserError(
            f"--cluster={address}: wanted HOST:PORT of the cluster's head, as `ray start --head` prints it, or {HERE}, which "
            "starts a cluster on this machine alone"
        )
    _import_ray(address)


def check_pictures(address: str, examples: Iterable[Example]) -> None:
    """Raises UserError if a picture is no file of its own: the tasks would have to carry its pixels."""
    if not all(isinstance(one.image, str) for one in examples):
        raise UserError(
            f"--cluster={address}: a cluster converts pictures that are files of their own, and these are not: leave --cluster "
            "out; one machine converts them fast"
        )


def write_shards(
    address: str, partial: Path, left: Sequence[Shard], settings: Mapping[str, Any], fields: Fields, advance: Advance
) -> Generator[Written, None, None]:
    """Write the shards on a cluster. They come as they are finished.

    address: HERE, or HOST:PORT of a cluster's head; this machine must be one of the cluster. The rest as in
    sharding.write_shards. Raises UserError if the cluster cannot be reached or is lost, if one of its machines has other
    versions or does not see the files, if a shard cannot be written, and if the worker of a shard is lost too often.
    """
    ray = _import_ray(address)
    with _connected(ray, address) as ends:
        room = max(1, _AHEAD * int(ray.cluster_resources().get("CPU", 0)))
        task = ray.remote(max_retries=_RETRIES)(write_shard)
        waiting = collections.deque(left)
        running: dict[futures.Future[Written], Shard] = {}
        while waiting or running:
            while waiting and len(running) < room:
                shard = waiting.popleft()
                begun = task.remote(partial.absolute(), _portable(shard), settings, fields, versions(), _there(shard))
                running[begun.future()] = shard
            # Not ray.wait: it turns SIGTERM into the KeyboardInterrupt of Ctrl-C.
            finished, _ = futures.wait(running, timeout=_SECONDS, return_when=futures.FIRST_COMPLETED)
            for one in finished:
                yield _result(ray, one)
                advance(len(running.pop(one).examples))
            if not all(map(_answers, ends)):
                raise UserError(
                    f"the cluster's head {ends[0]}, or its part on this machine, has ended: start it again; {_again()}"
                )


def _import_ray(address: str) -> ModuleType:
    if address == HERE:
        # Ray reads this when it is imported. Without it, Ray listens on every network of the machine.
        os.environ.setdefault("RAY_ENABLE_WINDOWS_OR_OSX_CLUSTER", "0")
    try:
        import ray
    except ModuleNotFoundError as error:
        raise UserError("--cluster needs Ray: pip install -c constraints.txt -e '.[cluster]'") from error
    return ray


@contextlib.contextmanager
def _connected(ray: ModuleType, address: str) -> Iterator[list[str]]:
    """A context in which this process is connected to the cluster. Gives the addresses of its head and of this machine's part."""
    if address != HERE and not _answers(address):
        raise UserError(f"--cluster={address}: nothing answers there; `ray start --head` starts a cluster and prints its address")
    handler = signal.getsignal(signal.SIGTERM)
    try:
        try:
            ray.init("local" if address == HERE else address, log_to_driver=False, logging_level=logging.CRITICAL)
        except SystemExit as stop:  # SIGTERM came, and Ray's handler was there
            raise KeyboardInterrupt(signal.SIGTERM) from stop
        except Exception as error:  # Ray passes on every kind of error
            raise UserError(f"--cluster={address}: no cluster ({reason_of(error.__cause__ or error)}); {_again()}") from error
        if threading.current_thread() is threading.main_thread():
            signal.signal(signal.SIGTERM, handler)  # Ray has put its own there
        head = ray.get_runtime_context().gcs_address
        if address == HERE and not head.startswith("127."):
            raise UserError(f"--cluster={HERE}: Ray, imported before, listens on {head} and not on 127.0.0.1: start a new Python")
        here = ray.get_runtime_context().get_node_id()
        nodes = [node for node in ray.nodes() if node["NodeID"] == here]
        yield [head, *(f"{node['NodeManagerAddress']}:{node['NodeManagerPort']}" for node in nodes)]
    finally:
        ray.shutdown()


def _answers(address: str) -> bool:
    """Whether something listens at HOST:PORT. Ray cannot be asked: without a head its calls wait, and after a minute it ends this
    process, with lines of its own."""
    host, _, port = address.rpartition(":")
    try:
        socket.create_connection((host.strip("[]"), int(port)), timeout=_SECONDS).close()
    except (OSError, ValueError):  # ValueError: a host's name that cannot be one
        return False
    return True


def _result(ray: ModuleType, task: futures.Future[Written]) -> Written:
    """What a finished task returned. Raises UserError for one that failed."""
    try:
        return task.result()
    except ray.exceptions.RayTaskError as error:
        if isinstance(error.cause, UserError):
            raise UserError(str(error.cause)) from error
        raise UserError(f"a task on the cluster failed ({reason_of(error.cause)}); {_again()}") from error
    except ray.exceptions.RayError as error:
        raise UserError(f"the cluster has lost a shard again and again ({reason_of(error)}); {_again()}") from error


def _portable(shard: Shard) -> Shard:
    """The shard with paths that mean the same in any process."""
    return replace(shard, examples=[replace(one, image=os.path.abspath(str(one.image))) for one in shard.examples])


def _there(shard: Shard) -> str | None:
    """A picture of the shard that this machine sees."""
    return next((os.path.abspath(str(one.image)) for one in shard.examples if os.path.exists(str(one.image))), None)


def write_shard(
    partial: Path, shard: Shard, settings: Mapping[str, Any], fields: Fields, wanted: Mapping[str, str], there: str | None
) -> Written:
    """A task: write one shard, in a process of any machine of the cluster.

    partial: the folder to write in. wanted: the versions of the process that started the conversion. there: a picture that it
    sees. Raises UserError, which names the machine.
    """
    # A second attempt may begin while the first one, whose machine Ray has lost, still writes.
    unfinished = partial / f"{shard.file}.{uuid.uuid4().hex}{sharding.UNFINISHED}"
    try:
        check_versions(versions(), wanted)
        if there and not os.path.exists(there):  # else all its pictures would be listed as rejected
            raise UserError(f"{there} is not there: all machines must see the same files under the same paths")
        tf.config.set_visible_devices([], "GPU")  # TensorFlow would take all their memory
        serialized = (serialization.record_or_reason(one, settings, fields) for one in shard.examples)
        told = sharding.write_shard(unfinished, shard, serialized)
        files.sync(unfinished)  # only the machine that wrote it can do this
    except (UserError, OSError) as error:
        raise UserError(f"{platform.node()}: {error}") from None
    return unfinished, told


@functools.cache
def versions() -> dict[str, str]:
    """What the bytes of records depend on: the versions of Python and of three packages, and a digest of this package's code."""
    here = Path(__file__).parent
    code = hashlib.sha256()
    for file in sorted(here.rglob("*.py")):
        code.update(str(file.relative_to(here)).encode() + file.read_bytes())
    return {
        "Python": platform.python_version(),
        "TensorFlow": tf.__version__,
        "NumPy": np.__version__,
        "Pillow": PIL.__version__,
        "tfgan_series' code": code.hexdigest()[:12],
    }


def check_versions(has: Mapping[str, str], wanted: Mapping[str, str]) -> None:
    """Raises UserError if a version differs from the wanted one."""
    other = [f"{name} is {has.get(name)} and not {version}" for name, version in wanted.items() if has.get(name) != version]
    if other:
        raise UserError(f"{', '.join(other)}: install on all machines what the machine that starts the conversion has")
