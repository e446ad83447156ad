"""What the benchmarks share: contestants that take turns, the lines that they end in, and the machine's own limit.

A speed is only stated as a ratio of two things that took turns in one run: a slow moment of the machine then slows both.
"""

import platform
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import tensorflow as tf

Contestant = Callable[[int], object]  # does its work so many times, and returns when the last one is done
POLICIES = {"float32": "float32", "bfloat16": "mixed_bfloat16"}  # {precision: the setting --precision}
PRECISIONS = tuple(POLICIES)
_SIDE = 2048  # of the square matrices whose product is timed


def working(makers: Mapping[str, Callable[[], Contestant]]) -> dict[str, Contestant]:
    """{name: contestant}, after its first work, in which it compiles. If this machine cannot run one, the reason is printed."""
    ready = {}
    for name, make in makers.items():
        try:
            contestant = make()
            contestant(2)
            ready[name] = contestant
        except Exception as error:  # the others shall still run
            print(f"{name}: {type(error).__name__}: {str(error).splitlines()[0][:150]}", flush=True)
    return ready


def in_turn(contestants: Mapping[str, Contestant], times: int, rounds: int) -> dict[str, list[float]]:
    """{name: seconds of one work, by round}. In each round every contestant does its work `times` times."""
    seconds: dict[str, list[float]] = {name: [] for name in contestants}
    for _ in range(rounds):
        for name, contestant in contestants.items():
            start = time.perf_counter()
            contestant(times)
            seconds[name].append((time.perf_counter() - start) / times)
    return seconds


def fastest(makers: Mapping[str, Callable[[], Contestant]]) -> dict[str, Contestant]:
    """{its name: the fastest contestant} in one turn of each; empty if there is none."""
    ready = working(makers)
    seconds = in_turn(ready, times=1, rounds=1)
    return {name: ready[name] for name in sorted(ready, key=lambda name: seconds[name][0])[:1]}


def alone(script: str, *words: str) -> list[float]:
    """The numbers that a script prints in a process of its own. Raises RuntimeError if it fails, most likely because memory was
    full."""
    done = subprocess.run([sys.executable, script, *words], capture_output=True, text=True)
    if done.returncode:
        raise RuntimeError(f"{' '.join(words)}: status {done.returncode}: {done.stderr[-300:]}")
    return [float(number) for number in done.stdout.split()]


def ratio(ours: Sequence[float], peer: Sequence[float]) -> str:
    """How many times as fast ours is, from the seconds of both by round: the median of the pairs, and their range."""
    pairs = sorted(theirs / own for own, theirs in zip(ours, peer, strict=True))
    return f"{statistics.median(pairs):.2f} ({pairs[0]:.2f} to {pairs[-1]:.2f})"


def table(*heads: str) -> None:
    """Print the head of a table in Markdown."""
    row(*heads)
    row(*["---"] * len(heads))


def row(*cells: str) -> None:
    """Print a row of a table in Markdown."""
    print(f"| {' | '.join(cells)} |", flush=True)


def product(precision: str) -> Contestant:
    """TensorFlow's product of two square matrices."""
    one, other = (tf.cast(tf.random.stateless_normal([_SIDE, _SIDE], [0, seed]), precision) for seed in (1, 2))
    multiply = tf.function(tf.matmul, autograph=False)

    def contestant(times: int) -> None:
        for _ in range(times):
            result = multiply(one, other)
        float(tf.cast(result[0, 0], tf.float32))  # waits for the device

    return contestant


def torch_product(precision: str) -> Contestant:
    """PyTorch's product of two square matrices."""
    import torch

    device = "cuda" if torch.cuda.is_available() else "cpu"
    one, other = (torch.randn(_SIDE, _SIDE, device=device).to(getattr(torch, precision)) for _ in range(2))

    def contestant(times: int) -> None:
        for _ in range(times):
            result = one @ other
        float(result[0, 0])

    return contestant


def machine(rounds: int, torch: bool = False) -> dict[str, float]:
    """{precision: floating-point operations a second} of the machine in matrix products: the faster library's median."""
    rates = {}
    for precision in PRECISIONS:
        makers = {"TensorFlow": lambda: product(precision), "PyTorch": lambda: torch_product(precision)}  # noqa: B023
        ready = working(makers if torch else {"TensorFlow": makers["TensorFlow"]})
        seconds = in_turn(ready, 5, rounds)
        rates[precision] = 2 * _SIDE**3 / min(map(statistics.median, seconds.values()))
    return rates


def processor() -> str:
    """The names of the machine's processor and of its GPUs, and the number of cores."""
    gpus = [
        tf.config.experimental.get_device_details(gpu).get("device_name", "GPU") for gpu in tf.config.list_physical_devices("GPU")
    ]
    info = Path("/proc/cpuinfo")
    named = (
        [line.partition(":")[2].strip() for line in info.read_text().splitlines() if line.startswith("model name")]
        if info.exists()
        else []
    )
    return ", ".join([f"{len(named) or 1} x {named[0] if named else platform.processor()}", *gpus])
