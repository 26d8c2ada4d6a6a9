"""SQuALITY's human evaluation: three summaries a question, ranked by three reviewers on three criteria (CC BY 4.0)."""

from native import line, ranking, response, rows_of

NAME = "squality"
FOLDER = "preferences/squality-human-eval"
FILES = ("kwise.shared.jsonl",)
CRITERIA = ("correctness", "selection", "overall")


def labels(read):
    """Native lines of the criterion *overall*, the one that a reward model learns."""
    return [line_of(entry, judged, "overall") for entry in read(FILES[0]) for judged in entry["judgements"]]


def line_of(entry, judged, criterion):
    ranks = {system: by[criterion]["rank"] for system, by in judged["by_response"].items()}
    return line("SQuALITY", entry["id"], {"kind": "text", "text": entry["prompt"]},
                [response(system, text) for system, text in entry["responses"].items()], f"squality-{judged['worker']}",
                f"{entry['id']}:{criterion}:{judged['worker']}", ranking(rows_of(ranks)), overlap=len(entry["judgements"]))


def cluster(group):
    """Questions about one story are not independent: a split keeps a story together."""
    return group["group"]["id"].split(":")[0]


def counts(read):
    entries = read(FILES[0])
    rankings = [judged["by_response"] for entry in entries for judged in entry["judgements"]]
    overall = labels(read)
    return {"passages": len({entry["passage_id"] for entry in entries}), "prompts": len(entries),
            "responses_per_prompt": max(len(entry["responses"]) for entry in entries), "judgements": len(rankings),
            "rankings_all_criteria": len(rankings) * len(CRITERIA),
            "pairs_overall": sum(len(rows) * (len(rows) - 1) // 2 for rows in (entry["ranking"] for entry in overall))}


def ranks_by_group(read, criterion):
    """For each question {reviewer: {system: rank}}."""
    return [{judged["worker"]: {system: by[criterion]["rank"] for system, by in judged["by_response"].items()}
             for judged in entry["judgements"]} for entry in read(FILES[0])]
