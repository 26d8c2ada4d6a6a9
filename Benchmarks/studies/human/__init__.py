"""Real human preferences as native lines. Each module converts one data set; none of the data is in the repository."""

import json

from human import llmbar, oasst_en, oasst_zh, pandalm, squality, tulu

ALL = {module.NAME: module for module in (squality, oasst_en, oasst_zh, pandalm, tulu, llmbar)}
EXPECTED = {"squality": "squality_shared", "oasst-en": "oasst_en_shared", "oasst-zh": "oasst_zh_shared", "pandalm": "pandalm_shared",
            "tulu": "tulu_shared", "llmbar": "llmbar_shared"}


def reader(data, module):
    """Reads a file of a data set: a list of its lines' values."""

    def read(file):
        return [json.loads(line) for line in (data / module.FOLDER / file).read_text().split("\n") if line]

    return read


def wrong_counts(data):
    """Counts that differ from those which the data came with, as sentences; empty where all are right."""
    expected = json.loads((data / "expected_shared.json").read_text())["import_counts"]
    wrong = []
    for name, module in ALL.items():
        found, wanted = module.counts(reader(data, module)), expected[EXPECTED[name]]
        wrong += [f"{name}: {field} is {found.get(field)}, expected {value}" for field, value in wanted.items()
                  if field != "note" and found.get(field) != value]
    return wrong
