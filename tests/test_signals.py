"""Ctrl-C and SIGTERM while a command tidies up. test_workflow.py has those at its beginning and its end."""

import signal
import subprocess
import sys

import pytest

from conftest import ROOT, command_environment

TIDYING = """
import os, signal
from tfgan_series import signals

with signals.ending_in_one_line():
    try:
        os.kill(os.getpid(), signal.SIGINT)
    finally:
        try:
            print("tidies", flush=True)
            AGAIN
        finally:
            print("has tidied", flush=True)
"""


@pytest.mark.parametrize(
    ("again", "number", "said"),
    [("", signal.SIGINT, "tidies\nhas tidied\n"), ("os.kill(os.getpid(), signal.SIGTERM)", signal.SIGTERM, "tidies\n")],
)
def test_the_second_signal_ends_a_command_that_tidies_up(again, number, said, tmp_path):
    words = [sys.executable, "-c", TIDYING.replace("AGAIN", again)]
    environment = command_environment(PYTHONPATH=str(ROOT))
    done = subprocess.run(words, cwd=tmp_path, capture_output=True, text=True, env=environment)
    line = "-c: stopped; to go on, type the same command again\n"
    assert (done.returncode, done.stdout, done.stderr) == (128 + number, said, line)
