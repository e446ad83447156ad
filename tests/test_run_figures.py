import pytest

from tfgan_series import run_figures
from tfgan_series.errors import UserError


def test_a_run_without_its_log_is_told_in_a_line(tmp_path):
    with pytest.raises(UserError, match=r"log.csv is not there: bring back a copy of it, or start the run over"):
        run_figures.draw(tmp_path)
