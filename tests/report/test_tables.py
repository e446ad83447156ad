from tfgan_series.report import Table


def test_a_table_as_markdown():
    rows = [["run", "epochs", "loss"], ["one", "2", "0.5"], ["other", "3", "0.25"]]
    table = Table("Losses", rows, "How to read it.", numbers=2)
    assert table.in_markdown().splitlines() == [
        "| run | epochs | loss |",
        "| --- | --- | ---: |",
        "| one | 2 | 0.5 |",
        "| other | 3 | 0.25 |",
        "",
        "How to read it.",
    ]
