"""PandaLM's test set: pairs of five models' responses, each judged by three people without a grade (Apache-2.0)."""

import collections

from native import line, ranking, response

NAME = "pandalm"
FOLDER = "preferences/pandalm"
FILES = ("testset.shared.jsonl",)
ANNOTATORS = (1, 2, 3)


def text(field):
    """Six responses stand in the file as the JSON boolean true; the text was *True*."""
    return field if isinstance(field, str) else str(field)


def labels(read):
    lines = []
    for entry in read(FILES[0]):
        group = f"pandalm-{entry['idx']}"
        models = entry["cmp_key"].split("_")
        asked = entry["instruction"] + ("\n\n" + entry["input"] if entry["input"] else "")
        responses = [response("1", text(entry["response1"]), models[0]), response("2", text(entry["response2"]), models[1])]
        for person in ANNOTATORS:
            rows = {0: [["1", "2"]], 1: [["1"], ["2"]], 2: [["2"], ["1"]]}[entry[f"annotator{person}"]]
            lines.append(line("PandaLM", group, {"kind": "text", "text": asked}, responses, f"pandalm-{person}",
                              f"{group}:{person}", ranking(rows), overlap=len(ANNOTATORS)))
    return lines


def cluster(group):
    return group["group"]["prompt"]["text"]


def answers(read):
    """For each pair {annotator: 1, 0 (tie) or -1}, from the first response's side."""
    return [{person: {0: 0, 1: 1, 2: -1}[entry[f"annotator{person}"]] for person in ANNOTATORS} for entry in read(FILES[0])]


def counts(read):
    entries = read(FILES[0])
    majority = collections.Counter()
    unanimous = 0
    for entry in entries:
        given = [entry[f"annotator{person}"] for person in ANNOTATORS]
        majority[str(collections.Counter(given).most_common(1)[0][0])] += 1
        unanimous += len(set(given)) == 1
    return {"rows": len(entries), "prompts": len({(e["instruction"], e["input"]) for e in entries}), "annotations": len(labels(read)),
            "unanimous": unanimous, "majority": dict(majority)}
