"""Runs a script in a process that has imported TensorFlow already, which alone takes longer than most scripts need.

The process is a fork of one that has imported TensorFlow and done nothing else (multiprocessing's forkserver). The fork imports
the package itself, from the PYTHONPATH of its environment. It imports this file too, so nothing of the package is imported here.
"""

import atexit
import itertools
import json
import multiprocessing
import os
import runpy
import socket
import subprocess
import sys
import types
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

_FORKS = multiprocessing.get_context("forkserver")
_FORKS.set_forkserver_preload(["tensorflow", "tensorflow_datasets", "matplotlib.pyplot", "sklearn.linear_model", "pytest"])


def start(words: Sequence[str], cwd: Path, environment: Mapping[str, str], output: Path, at_batch: tuple | None = None):
    """Start a script: its path and its arguments. Returns the process (multiprocessing's). What it prints goes to output.out and
    output.err. at_batch: (after, act, *arguments): before the step after + 1 of a training, act(*arguments) is called.
    """
    process = _FORKS.Process(target=_run, args=(list(words), cwd, dict(environment), output, at_batch))
    process.start()
    return process


def run(words: Sequence[str], cwd: Path, environment: Mapping[str, str], output: Path, at_batch: tuple | None = None):
    """Run a script to its end. Returns what subprocess.run returns. For the arguments see start."""
    process = start(words, cwd, environment, output, at_batch)
    process.join()
    return subprocess.CompletedProcess(words, process.exitcode, *_texts(output))


def start_two(
    words: Callable[[int], Sequence[str]],
    cwd: Path,
    environment: Mapping[str, str],
    output: Path,
    at_batch: Mapping[int, tuple] = types.MappingProxyType({}),
) -> list:
    """Start two workers that train together, on free ports of this machine. words(index): the script of each and its arguments.
    Returns their processes. What they print goes to output-0.out, output-1.out and so on. at_batch: {index: as in start}. For the
    other arguments see start."""
    sockets = [socket.socket() for _ in range(2)]
    for one in sockets:
        one.bind(("127.0.0.1", 0))
    addresses = [f"127.0.0.1:{one.getsockname()[1]}" for one in sockets]
    for one in sockets:
        one.close()
    tasks = [{"cluster": {"worker": addresses}, "task": {"type": "worker", "index": index}} for index in range(2)]
    return [
        start(
            words(index),
            cwd,
            {**environment, "TF_CONFIG": json.dumps(task)},
            output.with_name(f"{output.name}-{index}"),
            at_batch.get(index),
        )
        for index, task in enumerate(tasks)
    ]


def printed(output: Path) -> str:
    """What a process printed to both."""
    return "".join(_texts(output))


def _texts(output: Path) -> list[str]:
    paths = [output.with_suffix(ending) for ending in (".out", ".err")]
    return [path.read_text(encoding="utf-8", errors="replace") if path.exists() else "" for path in paths]


def _run(words: list[str], cwd: Path, environment: Mapping[str, str], output: Path, at_batch: tuple | None) -> None:
    for number, ending in ((1, ".out"), (2, ".err")):
        os.dup2(os.open(output.with_suffix(ending), os.O_WRONLY | os.O_CREAT | os.O_TRUNC), number)
    os.chdir(cwd)
    os.environ.clear()
    os.environ.update(environment)
    paths = [path for path in environment.get("PYTHONPATH", "").split(os.pathsep) if path]
    sys.path[:0] = [os.path.dirname(words[0]), *paths]
    sys.argv[:] = words
    if at_batch:
        _interfere(*at_batch)
    try:
        runpy.run_path(words[0], run_name="__main__")
    finally:
        sys.stdout.flush()
        atexit._run_exitfuncs()  # multiprocessing leaves them out; they remove temporary files


def _interfere(after: int, act: Callable, *arguments) -> None:
    from tfgan_series.training import loop, train  # of the environment's PYTHONPATH

    counter, in_one_call = itertools.count(1), train.in_one_call

    def interfering(*given):
        one = in_one_call(*given)

        def steps(batches, count):
            if next(counter) == after + 1:
                act(*arguments)
            one(batches, count)

        return steps

    loop._CALL_SECONDS = 0  # each step is a call of its own
    train.in_one_call = interfering
