import subprocess
import sys

import pytest

from tfgan_series import files
from tfgan_series.errors import UserError

HOLD = """
import pathlib, sys, time
from tfgan_series import files

with files.claimed(pathlib.Path(sys.argv[1])):
    print("claimed", flush=True)
    time.sleep(600)
"""


def test_a_claimed_folder_is_free_again_when_its_process_is_killed(tmp_path):
    folder = tmp_path / "khoa học 马"
    with subprocess.Popen([sys.executable, "-c", HOLD, folder], stdout=subprocess.PIPE, text=True) as holder:
        assert holder.stdout.readline() == "claimed\n"
        with pytest.raises(UserError, match="another process is writing .*马: wait until it is done"), files.claimed(folder):
            pass
        with files.claimed(tmp_path / "other"):
            pass
        holder.kill()
    with files.claimed(folder):
        assert not list(tmp_path.iterdir())
