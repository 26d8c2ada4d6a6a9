"""Lines of Plumb's native form (docs/formats.md), and the labelled groups that reward models train on."""

# Of labels whose time is not known.
SOME_TIME = "2023-01-01T00:00:00.000Z"


def response(identifier, text, policy=None):
    return {"id": identifier, "text": text, **({"policy": policy} if policy else {})}


def line(project, group, prompt, responses, annotator, label, judgement, *, shown=None, overlap=1, revision=1, at=SOME_TIME):
    """- judgement: `ranking(…)` or `comparison(…)`; shown: ids in the order that people saw, where it is known."""
    return {"schema": "plumb/1", "project": project, "group_id": group, "mode": "comparison" if "comparison" in judgement else "ranking",
            "round": 0, "overlap": overlap, "prompt": prompt, "prompt_use": "ranking", "origin": "imported", "responses": responses,
            "display_order": shown or [r["id"] for r in responses], **judgement, "annotator": annotator, "label_id": label,
            "revision": revision, "status": "counted", "source": "human", "issued_at": at, "submitted_at": at}


def ranking(rows, ratings=None):
    """- rows: of tied ids, best first."""
    return {"ranking": rows, "unacceptable": [], **({"ratings": ratings} if ratings else {})}


def rows_of(ranks):
    """Rows of a ranking from {id: rank}, 1 or 0 the best."""
    return [sorted(i for i in ranks if ranks[i] == rank) for rank in sorted(set(ranks.values()))]


def graded(winner, loser, grade, ratings=None):
    return {"comparison": {"winner": winner, "loser": loser, "grade": grade, **({"ratings": ratings} if ratings else {})}}


def tie(first, second, ratings=None):
    return {"comparison": {"responses": sorted((first, second)), "verdict": "tie", **({"ratings": ratings} if ratings else {})}}


def labelled_groups(lines):
    """Lines of `groups.jsonl` without their split: the newest revision of each label, by group, in order."""
    newest = {}
    for entry in lines:
        known = newest.get(entry["label_id"])
        if known is None or known["revision"] < entry["revision"]:
            newest[entry["label_id"]] = entry
    groups = {}
    for entry in newest.values():
        group = groups.setdefault(entry["group_id"], {
            "group": {"id": entry["group_id"], "prompt": entry["prompt"], "responses": entry["responses"]}, "labels": []})
        group["labels"].append({"label_id": entry["label_id"], "annotator": entry["annotator"], "revision": entry["revision"],
                                "judgement": judgement(entry)})
    return list(groups.values())


def judgement(entry):
    if "comparison" in entry:
        return {"kind": "comparison", "comparison": entry["comparison"]}
    kept = {name: entry[name] for name in ("unacceptable", "ratings", "asked_flags") if name in entry}
    return {"kind": "ranking", "ranking": {"rows": entry["ranking"], **kept}}


def strict_pairs(judged):
    """(winner, loser) of every pair that a judgement orders."""
    if judged["kind"] == "comparison":
        comparison = judged["comparison"]
        return [(comparison["winner"], comparison["loser"])] if "winner" in comparison else []
    rows = judged["ranking"]["rows"]
    return [(winner, loser) for place, row in enumerate(rows) for winner in row for below in rows[place + 1:] for loser in below]


def prompt_text(prompt):
    if prompt["kind"] == "messages":
        return "\n".join(message["content"] for message in prompt["messages"])
    return prompt["text"]
