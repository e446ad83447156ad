"""How long until the first training step, and from the last row of the log to the end of the process?

    python benchmarks/start.py            # train.py --ImageType=digits --steps=20, with ready records

A run and a bare `import tensorflow` take turns, each in a new process. The processor's time is stated beside the wall's: other
work on the machine makes the wall's longer.
"""

import argparse
import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import turns

from tfgan_series import preparation, series

# Runs train.py and notes the process' time after the first step, and after the last row of the log.
RUNNER = """
import runpy, sys, time
from tfgan_series import backend
from tfgan_series.commands import command_line
backend.import_tensorflow()
from tfgan_series.training import loop, train as training

begun, in_one_call, run = float(sys.argv.pop(1)), training.in_one_call, loop.run

def note(what):
    print("NOTED", what, time.time() - begun, time.process_time(), flush=True)

def noted_call(*arguments):
    call, first = in_one_call(*arguments), [True]
    def noted(*given):
        call(*given)
        if first.pop() if first else False:
            note("step")  # the first call returns when the processor has done it
    return noted

def noted_run(*arguments, **named):
    run(*arguments, **named)
    note("row")

training.in_one_call, loop.run = noted_call, noted_run
sys.argv[0] = "train.py"
from tfgan_series.commands import train
command_line.run(train)
"""


def process(*words: str) -> dict[str, tuple[float, float]]:
    """{moment: (seconds, seconds of the processor)} of a Python process since its start: "end", and those that it notes."""
    before, start = resource.getrusage(resource.RUSAGE_CHILDREN), time.time()
    done = subprocess.run([sys.executable, "-c", *(word.format(start=start) for word in words)], capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    used = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    noted = [line.split()[1:] for line in done.stdout.splitlines() if line.startswith("NOTED")]
    return {name: (float(wall), float(cpu)) for name, wall, cpu in noted} | {"end": (time.time() - start, used)}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--steps", type=int, default=20)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--TFRecordPath", default="tfrecords")
    arguments = parser.parse_args()
    preparation.find_or_make(series.resolve("digits"), arguments.TFRecordPath)
    bare, first, after = [], [], []
    for _ in range(arguments.rounds):
        bare.append(process("import tensorflow")["end"])
        with tempfile.TemporaryDirectory() as folder:
            flags = [
                f"--steps={arguments.steps}",
                f"--TFRecordPath={arguments.TFRecordPath}",
                f"--run_dir={Path(folder) / 'run'}",
            ]
            noted = process(RUNNER.replace("{", "{{").replace("}", "}}"), "{start}", *flags)
        first.append(noted["step"])
        after.append([end - row for end, row in zip(noted["end"], noted["row"], strict=True)])
    print(f"{turns.processor()}\n")
    turns.table("moment", "seconds", "of the processor", "times the import, wall", "times the import, processor")
    for name, values in (("bare import tensorflow", bare), ("start to the first step", first), ("last row to the end", after)):
        kinds = list(zip(*values, strict=True))
        seconds = [f"{statistics.median(kind):.2f}" for kind in kinds]
        times = [turns.ratio(base, kind) for base, kind in zip(zip(*bare, strict=True), kinds, strict=True)]
        turns.row(name, *seconds, *times)


if __name__ == "__main__":
    main()
