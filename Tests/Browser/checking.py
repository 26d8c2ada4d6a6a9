"""Checks of quality: tasks that come twice and tasks whose answer is known, mixed in unseen, and what a lead reads off them."""

import json

import store
from album import ALL
from ranking import Board
from rating import next_task, project

KINDS = ("repeat", "gold")
MOST = 30
BEST_FIRST = "1234"

# All of the page but the texts of the task: its elements, their classes and which attributes they have.
SHAPE = """() => [...document.querySelectorAll('body, body *')].filter((each) => !each.closest('.text, script, [data-announce]'))
  .map((each) => [each.localName, each.className, ...[...each.attributes].map((own) => own.name)].join(' ')).join('\\n')"""


def responses(question):
    return [f"{place}: an answer to {question} that is the better the smaller its number." for place in (3, 1, 4, 2)]


def create(test, lead):
    """A project of two people a task; a lead asks for both kinds of checks on its pages, and says which answers are known."""
    groups = [(f"Question {at}", responses(f"question {at}")) for at in range(24)]
    made = project(test, "Sorted", groups, overlap=2)
    page = lead.page
    lead.go(f"/lead/projects/{made}/settings")
    for label, value in (("Share of tasks given to the same person once more", "0.4"),
                         ("Answers between the two times, at least", "2"), ("Share of tasks whose answer you know", "0.4")):
        page.get_by_label(label).focus()
        page.keyboard.press("Control+a")
        page.keyboard.type(value)
    with page.expect_navigation():
        page.keyboard.press("Enter")
    lead.seen()
    lead.go(f"/lead/projects/{made}/practice")
    page.get_by_label("JSON Lines").fill("\n".join(json.dumps({
        "prompt": f"Known question {at}", "responses": responses(f"known question {at}"),
        # Texts are called by their place in the line.
        "expected": {"kind": "ranking", "ranking": {"rows": [["2"], ["4"], ["1"], ["3"]], "unacceptable": []}},
        "explanation": "The smaller the number, the better.", "purpose": "gold"}) for at in range(6)))
    with page.expect_navigation():
        page.locator('form[action$="/import"] button').click()
    lead.seen("checks-known")
    quality = test.server.get(f"/projects/{made}")["settings"]["quality"]
    test.equal("a lead asks for both kinds of checks",
               (quality["repeat_share"], quality["repeat_after"], quality["gold_share"],
                page.get_by_role("row").filter(has_text="Known question").count()), (0.4, 2, 0.4, 6))
    return made


def check_of(test, board):
    """Which check the task on the screen is; None for most."""
    return store.value(
        test.server, "SELECT t.quality_check FROM leases e JOIN tasks t ON t.id = e.task_id WHERE e.token = ?", board.lease)


def rank(board, best_first):
    """By keys alone, in the order of the texts' numbers."""
    texts = board.texts
    for letter in board.letters:
        board.keys("j", str(best_first.index(texts[letter][0]) + 1))
    board.submit(lambda: board.keys("Control+Enter"))


def unseen(test, ada, number):
    """Ada answers until she has had two checks of each kind. Nothing on a page tells them from other tasks."""
    page, shapes, answered = ada.page, {}, {}
    while any(answered.get(kind, 0) < 2 for kind in KINDS) and sum(answered.values()) < MOST:
        board = next_task(ada, number)
        page.locator(".enhanced").first.wait_for()
        kind = check_of(test, board)
        # On the first one there is no line yet that counts today's answers.
        if answered:
            shapes.setdefault(kind, set()).add(page.evaluate(SHAPE))
        # One known answer is missed.
        rank(board, BEST_FIRST[::-1] if kind == "gold" and kind not in answered else BEST_FIRST)
        answered[kind] = answered.get(kind, 0) + 1
    test.report.check("checks of both kinds come between other tasks", set(answered) == {None, *KINDS}, answered)
    told = set().union(*(shapes.get(kind, set()) for kind in KINDS)) - shapes.get(None, set())
    test.report.check("a page of a check has every element and attribute that others have, and no other", not told,
                      "".join(f"\n       {line}" for line in difference(told, shapes)) or f"{len(shapes[None])} shape")
    for path in ("/history", "/statistics"):
        ada.go(path)
        words = page.locator("main").inner_text().lower()
        test.report.check(f"{path} does not tell her either", not any(word in words for word in ("repeat", "check", "known answer")))
    return answered


def difference(told, shapes):
    """Lines that no ordinary task has."""
    known = {line for shape in shapes.get(None, ()) for line in shape.splitlines()}
    return sorted({line for shape in told for line in shape.splitlines()} - known)[:5]


def read(test, lead, number, answered):
    """The lead disagrees about one task, and goes from the page of quality to everybody's answers, without a mouse."""
    report, page = test.report, lead.page
    for _ in range(MOST):
        board = next_task(lead, number)
        kind = check_of(test, board)
        task = store.task_of_lease(test.server, board.lease)[0]
        rank(board, BEST_FIRST if kind else BEST_FIRST[::-1])
        if kind is None:
            break
    lead.go(f"/lead/projects/{number}/quality", picture="checks", variants=ALL)
    rows = {kind: page.get_by_role("region", name=name).get_by_role("row").filter(
        has=page.get_by_role("rowheader", name="Ada")).get_by_role("cell").all_inner_texts()
        for kind, name in (("repeat", "Repeats by annotator"), ("gold", "Known answers by annotator"))}
    report.check("Ada put the same responses in the same order each time",
                 rows["repeat"][0] == str(answered["repeat"]) and rows["repeat"][1].startswith(f"{answered['repeat']}: 100.0%")
                 and rows["repeat"][3] == "1.00", rows["repeat"])
    right = answered["gold"] - 1
    report.check("and all known answers but one were as expected",
                 rows["gold"][0] == str(answered["gold"]) and rows["gold"][1].startswith(f"{right}: ")
                 and rows["gold"][4:] == [str(right), "0", "0", "1"], rows["gold"])
    link = page.get_by_role("region", name="Tasks that several people answered").get_by_role("link", name=str(task))
    link.focus()
    with page.expect_navigation():
        page.keyboard.press("Enter")
    lead.seen("task-answers", variants=ALL)
    table = page.get_by_role("region", name="Ranks by response and person")
    heads = [head.strip() for head in table.get_by_role("columnheader").all_inner_texts()]
    found = [row.get_by_role("cell").all_inner_texts() for row in table.get_by_role("row").all()[1:]]
    by_person = dict(zip(heads[1:], zip(*found)))
    report.check("everybody's ranks of one task stand side by side, by response",
                 tuple(by_person.get("Ada", ())[:4]) == ("3", "1", "4", "2") and by_person.get("lead") == ("2", "4", "1", "3")
                 and by_person.get("Together") == ("1",) * 4, by_person)
    facts = page.locator("main").inner_text()
    report.check("with their agreement", "Agreed 0, disagreed 6" in facts and "\n−1.00\n" in f"\n{facts}\n", heads)
    decide(test, lead, task)
    lead.go(f"/lead/projects/{number}/labels", picture="checks-labels")
    marks = [page.locator("main .state").filter(has_text=word).count() for word in ("repeat", "check")]
    report.check("among the labels a lead tells checks from others",
                 marks[0] == answered["repeat"] and marks[1] >= answered["gold"], marks)
    counted = test.server.get(f"/projects/{number}/progress")["labels"]["counted"]
    test.equal("no check is a label that counts", counted, answered[None] + 2)


def decide(test, lead, task):
    """The lead answers the task for all of them, by keys, and lets training read that answer alone."""
    page = lead.page
    button = page.get_by_role("button", name="Decide this task")
    address = page.url
    button.focus()
    with page.expect_navigation():
        page.keyboard.press("Enter")
    rank(Board(lead).wait(), BEST_FIRST)
    page.wait_for_url(address)
    test.report.check("after a decision comes the task's own page, where it stands beside the other answers",
                      page.get_by_role("row").filter(has_text="decision").count() > 0
                      and "Training reads that answer beside the others" in page.locator("main").inner_text())
    lead.press("Read it alone", picture="task-decided")
    test.equal("training reads it alone where the lead says so",
               store.value(test.server, "SELECT label_use FROM tasks WHERE id = ?", task), "none")
