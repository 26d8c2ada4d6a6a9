"""OpenAssistant's Chinese replies, 2 to 6 a prompt, from best to worst (Apache-2.0)."""

from native import line, ranking, response

NAME = "oasst-zh"
FOLDER = "preferences/oasst-zh-kwise"
FILES = ("ranked.shared.jsonl",)


def labels(read):
    lines = []
    for entry in read(FILES[0]):
        group = f"zh-{entry['source_index']}"
        asked = entry["instruction"] + ("\n" + entry["input"] if entry["input"] else "")
        before = [{"role": role, "content": text} for turn in entry["history"] for role, text in zip(("user", "assistant"), turn)]
        responses = [response(f"{group}-{place}", text) for place, text in enumerate(entry["output"])]
        lines.append(line("OASST Chinese", group, {"kind": "messages", "messages": [*before, {"role": "user", "content": asked}]},
                          responses, "oasst-consensus", group, ranking([[r["id"]] for r in responses])))
    return lines


def cluster(group):
    """Prompts of one conversation share its first message."""
    return group["group"]["prompt"]["messages"][0]["content"]


def counts(read):
    sizes = [len(entry["responses"]) for entry in labels(read)]
    return {"rows": len(sizes), "K_histogram": {str(k): sizes.count(k) for k in sorted(set(sizes))},
            "pairs": sum(k * (k - 1) // 2 for k in sizes)}
