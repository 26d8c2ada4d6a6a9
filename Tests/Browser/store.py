"""Facts of the store as the tests ask for them. It is opened read-only, beside the running server."""

import json
import time


def rows(server, query, *values):
    store = server.database()
    try:
        return store.execute(query, values).fetchall()
    finally:
        store.close()


def value(server, query, *values):
    found = rows(server, query, *values)
    return found[0][0] if found else None


def awaited(server, wanted, query, *values):
    """The value once it is as wanted, or as it is after half a minute: what a page sends as it is left nobody waits for."""
    deadline = time.monotonic() + 30
    while (found := value(server, query, *values)) != wanted and time.monotonic() < deadline:
        time.sleep(0.05)
    return found


def label_count(server, project):
    return value(server, "SELECT count(*) FROM labels WHERE project_id = ? AND state <> 'retracted'", project)


def demonstration_count(server, project):
    """Demonstrations and corrections that count."""
    return value(server, "SELECT count(*) FROM labels WHERE project_id = ? AND state = 'active' "
                 "AND kind IN ('demonstration', 'correction')", project)


def ordered_pairs(server, project):
    """Pairs of responses in a strict order, over the rankings that count."""
    found = rows(
        server,
        """SELECT v.judgement FROM label_revisions v JOIN labels l ON l.id = v.label_id AND l.revision = v.revision
           WHERE l.project_id = ? AND l.state = 'active'""", project)
    sizes = [[len(row) for row in json.loads(judgement)["ranking"]["rows"]] for (judgement,) in found]
    return sum(row * sum(ranking[at + 1:]) for ranking in sizes for at, row in enumerate(ranking))


class StoredLabel:
    """The newest revision of a label, with responses by the letters under which its annotator saw them."""

    def __init__(self, server, name):
        found = rows(
            server,
            """SELECT v.judgement, v.display_order, v.status, v.revision, v.active_ms, v.operations, l.id, l.state,
                      l.task_id, v.tied_pairs
               FROM label_revisions v JOIN labels l ON l.id = v.label_id JOIN users u ON u.id = l.user_id
               WHERE u.name = ? ORDER BY v.id DESC LIMIT 1""", name)
        if not found:
            raise LookupError(f"{name} has no label in the store")
        judgement, order, self.status, self.revision, self.active_ms, self.operations = found[0][:6]
        self.id, self.state, self.task, self.tied_pairs = found[0][6:]
        self.judgement = json.loads(judgement)
        self.order = json.loads(order)

    def letter(self, response):
        return "ABCDEFGHI"[self.order.index(response)]

    @property
    def ranking(self):
        """Rows as text, best first, and what stands below the line: `("B AD C", "C")`."""
        ranking = self.judgement["ranking"]
        lines = ["".join(sorted(map(self.letter, row))) for row in ranking["rows"]]
        return " ".join(lines), "".join(sorted(map(self.letter, ranking["unacceptable"])))

    @property
    def ratings(self):
        """What was said of single responses, by letter."""
        judgement = self.judgement.get("ranking") or self.judgement["comparison"]
        return {self.letter(response): rating for response, rating in judgement.get("ratings", {}).items()}

    @property
    def comparison(self):
        """Winner, loser, grade."""
        comparison = self.judgement["comparison"]
        if "verdict" in comparison:
            return None
        return self.letter(comparison["winner"]), self.letter(comparison["loser"]), comparison["grade"]

    @property
    def unsafe(self):
        """Letters of the responses called unsafe; nothing where nobody was asked."""
        unsafe = self.judgement["comparison"].get("unsafe")
        return None if unsafe is None else sorted(map(self.letter, unsafe))


def policies_of_task(server, task):
    """The policies that answered a task's group."""
    return {policy for (policy,) in rows(
        server, "SELECT r.policy_id FROM responses r JOIN tasks t ON t.group_id = r.group_id WHERE t.id = ?", task)}


def task_of_lease(server, token):
    """The task of a lease, and the policy under which it was made."""
    return rows(
        server,
        """SELECT t.id, t.made_under_policy_id FROM leases e JOIN tasks t ON t.id = e.task_id
           WHERE e.token = ?""", token)[0]
