"""Tulu's human evaluation: graded comparisons of four models' responses by named evaluators (Apache-2.0)."""

import collections

from native import graded, line, response, tie

NAME = "tulu"
FOLDER = "preferences/tulu-human-eval"
FILES = ("graded.shared.jsonl",)
# Five steps from the side of a; a-is-better is Plumb's grade *better*, a-is-slightly-better is *slightly*.
STEPS = {"a-is-better": 2, "a-is-slightly-better": 1, "tie": 0, "b-is-slightly-better": -1, "b-is-better": -2}
GRADES = {2: "better", 1: "slightly"}
NOT_ACCEPTABLE = "not acceptable"


def judgement(entry):
    """The grade; that a response is not acceptable is kept as a flag, since a comparison has no line."""
    a, b = entry["model_a"], entry["model_b"]
    ratings = {model: {"flags": [NOT_ACCEPTABLE]} for model, side in ((a, "a"), (b, "b"))
               if entry[f"completion_{side}_is_acceptable"] == "no"}
    step = STEPS[entry["preference"]]
    if step == 0:
        return tie(a, b, ratings)
    winner, loser = (a, b) if step > 0 else (b, a)
    return graded(winner, loser, GRADES[abs(step)], ratings)


def labels(read):
    """An evaluator who judged a pair again revised the label: the newest revision counts."""
    lines, revisions = [], collections.Counter()
    for entry in sorted(read(FILES[0]), key=lambda e: (e["timestamp"], e["id"])):
        models = sorted((entry["model_a"], entry["model_b"]))
        texts = {entry["model_a"]: entry["completion_a"], entry["model_b"]: entry["completion_b"]}
        group = f"{entry['instance_id']}:{models[0]}:{models[1]}"
        label = f"{group}:{entry['evaluator']}"
        revisions[label] += 1
        lines.append(line("Tulu", group, {"kind": "text", "text": entry["prompt"]}, [response(m, texts[m], m) for m in models],
                          f"tulu-{entry['evaluator']}", label, judgement(entry), shown=[entry["model_a"], entry["model_b"]],
                          revision=revisions[label], at=entry["timestamp"] + ".000Z"))
    return lines


def cluster(group):
    return group["group"]["prompt"]["text"]


def answers(read):
    """For each pair {evaluator: -2…2 from the side of the model that comes first in the alphabet}, the newest answer of each."""
    pairs = collections.defaultdict(dict)
    for entry in sorted(read(FILES[0]), key=lambda e: (e["timestamp"], e["id"])):
        models = sorted((entry["model_a"], entry["model_b"]))
        step = STEPS[entry["preference"]] * (1 if entry["model_a"] == models[0] else -1)
        pairs[entry["instance_id"], *models][entry["evaluator"]] = step
    return list(pairs.values())


def counts(read):
    entries = read(FILES[0])
    return {"rows": len(entries), "instances": len({e["instance_id"] for e in entries}),
            "evaluators": len({e["evaluator"] for e in entries}), "preference": dict(collections.Counter(e["preference"] for e in entries))}
