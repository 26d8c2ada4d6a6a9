"""OpenAssistant's English conversation trees: sibling replies, 2 to 8, with the ranks that its people's rankings were merged to
(Apache-2.0)."""

from native import line, ranking, response, rows_of

NAME = "oasst-en"
FOLDER = "preferences/oasst-en-trees"
FILES = ("en_tree.shared.jsonl",)
ROLES = {"prompter": "user", "assistant": "assistant"}


def ranked_siblings(node, path=()):
    """(messages up to and with the one answered, replies) wherever two or more assistant replies all carry a rank."""
    path = (*path, node)
    replies = [reply for reply in node["replies"] if reply["role"] == "assistant"]
    if len(replies) >= 2 and all(reply.get("rank") is not None for reply in replies):
        yield path, replies
    for reply in node["replies"]:
        yield from ranked_siblings(reply, path)


def labels(read):
    lines = []
    for tree in read(FILES[0]):
        for path, replies in ranked_siblings(tree["prompt"]):
            group = f"{tree['message_tree_id']}:{path[-1]['message_id']}"
            messages = [{"role": ROLES[node["role"]], "content": node["text"]} for node in path]
            ranks = {reply["message_id"]: reply["rank"] for reply in replies}
            lines.append(line("OASST English", group, {"kind": "messages", "messages": messages},
                              [response(reply["message_id"], reply["text"], reply.get("model_name")) for reply in replies],
                              "oasst-consensus", group, ranking(rows_of(ranks))))
    return lines


def cluster(group):
    """Groups of one tree share the beginning of their conversation."""
    return group["group"]["id"].split(":")[0]


def counts(read):
    sizes = [len(entry["responses"]) for entry in labels(read)]
    return {"trees": len(read(FILES[0])), "ranked_groups": len(sizes),
            "K_histogram": {str(k): sizes.count(k) for k in sorted(set(sizes))}, "pairs": sum(k * (k - 1) // 2 for k in sizes)}
