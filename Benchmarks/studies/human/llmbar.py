"""LLMBar: pairs on which experts agree, many of them made so that the worse response looks better (MIT)."""

from native import line, ranking, response

NAME = "llmbar"
FOLDER = "preferences/llmbar"
SUBSETS = ("Natural", "Adversarial-GPTInst", "Adversarial-GPTOut", "Adversarial-Manual", "Adversarial-Neighbor")
FILES = tuple(f"{subset}.shared.jsonl" for subset in SUBSETS)


def labels(read):
    lines = []
    for subset, file in zip(SUBSETS, FILES):
        for entry in read(file):
            group = f"{subset}-{entry['source_index']}"
            better, worse = ("1", "2") if entry["label"] == 1 else ("2", "1")
            lines.append(line("LLMBar", group, {"kind": "text", "text": entry["input"]},
                              [response("1", entry["output_1"]), response("2", entry["output_2"])], "llmbar-experts", group,
                              ranking([[better], [worse]])))
    return lines


def cluster(group):
    return group["group"]["id"]


def subset(group):
    return group["group"]["id"].rsplit("-", 1)[0]


def counts(read):
    return {"rows": len(labels(read))}
