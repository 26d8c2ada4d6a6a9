"""Other kinds of feedback than an order: each written by keyboard alone, conversations with the model, practice, figures."""

import json
import re
import time

import store
from album import ALL
from keeping import SAVED, next_is_fetched
from people import PATIENCE

# What the fields of the task hold.
FIELDS = """() => [...document.querySelectorAll('form.feedback :is(textarea, input:not([type=hidden]))')].map((field) =>
  (field.type === 'radio' || field.type === 'checkbox' ? field.checked : field.value))"""
PRACTICE = "\n".join(json.dumps(line) for line in (
    {"prompt": "Which answer helps a child?", "responses": ["Rain is water that falls from clouds.", "Figure it out."],
     "expected": {"kind": "comparison", "comparison": {"winner": "1", "loser": "2", "grade": "significantly"}},
     "explanation": "An answer that **answers** is better than one that does not."},
    {"prompt": "Which answer is polite?", "responses": ["Go away.", "I am busy now; may I answer tomorrow?"],
     "expected": {"kind": "comparison", "comparison": {"winner": "2", "loser": "1", "grade": "better"}},
     "explanation": "Politeness costs a line and keeps a reader."},
))


def create(test, lead):
    """A project that asks for every kind, with prompts of each use."""
    report, page = test.report, lead.page
    lead.go("/lead/projects/new")
    page.get_by_label("Name", exact=True).fill("Writing")
    page.get_by_role("radio", name="Comparison of two").check()
    page.get_by_label("Instructions").fill("Write as you would to a friend.\n\n- *Good*: short and true\n- *Bad*: long and vague")
    page.get_by_label("Tasks to keep ready").fill("12")
    page.get_by_label("Longest response in tokens").fill("48")
    for label, share in (("Demonstrations", "20"), ("Corrections", "20"), ("Ratings", "20"), ("Criticism", "15"),
                         ("Prompts to write", "20")):
        page.get_by_label(label, exact=True).fill(share)
    page.get_by_label("Plain: anything one would ask").check()
    page.get_by_label("For a use case").check()
    lead.press("Make the project")
    project = test.server.project("Writing")
    shares = test.server.get(f"/projects/{project}")["settings"]["feedback"]["shares"]
    test.equal("the form sets the shares of other kinds of feedback", shares,
               {"demonstration": 20, "correction": 20, "rating": 20, "criticism": 15, "prompt": 20})
    for use, lines in (("Supervised fine-tuning", "Explain rain to a child.\nGive me three reasons to read."),
                       ("Writing prompts (use cases)", "Help with homework\nIdeas for dinner"),
                       ("Ranking", "Tell me a short story about a lighthouse.\nCompare tea and coffee.\nDescribe a fox.")):
        lead.go(f"/lead/projects/{project}/prompts")
        page.get_by_label("What they are for").select_option(label=use)
        page.get_by_label("Lines").fill(lines)
        lead.press("Import")
    lead.go(f"/lead/projects/{project}/policies")
    row = page.get_by_role("row").filter(has=page.get_by_role("rowheader", name="demo-supervised"))
    lead.press("Make current", role="link", within=row)
    lead.press("Make demo-supervised current")
    lead.go(f"/lead/projects/{project}")
    lead.press("Sample tasks now")
    deadline = time.monotonic() + PATIENCE / 1000
    kinds = set()
    while time.monotonic() < deadline and len(kinds) < 6:
        kinds = {kind for (kind,) in store.rows(
            test.server, "SELECT DISTINCT mode FROM tasks WHERE project_id = ? AND state = 'open'", project)}
        time.sleep(0.25)
    test.equal("tasks of every kind are made by themselves", kinds,
               {"comparison", "demonstration", "correction", "rating", "criticism", "prompt"})
    return project


def write_all(test, ada, project):
    """Every kind once, by keyboard alone; other tasks on the way are skipped."""
    page = ada.page
    seen = {}
    for _ in range(24):
        if len(seen) == 7:
            break
        ada.go(f"/projects/{project}/next")
        form = page.locator("form[data-task]")
        if form.count() == 0:
            time.sleep(0.5)
            continue
        kind = page.locator('input[name="kind"]').get_attribute("value") if page.locator('input[name="kind"]').count() else "comparison"
        style = page.locator('input[name="style"]')
        name = kind + (" " + style.get_attribute("value") if style.count() else "")
        if name in seen or kind == "comparison":
            leave(ada)
            continue
        seen[name] = True
        {"demonstration": demonstrate, "correction": correct, "rating": rate, "criticism": criticise,
         "prompt": write_prompt}[kind](test, ada)
    test.equal("every kind of feedback was handed out", set(seen), {
        "demonstration", "correction", "rating", "criticism", "prompt plain", "prompt few_shot", "prompt use_case"})


def leave(ada):
    """Skips by key."""
    page = ada.page
    page.locator("main").focus() if page.locator("main[tabindex]").count() else page.evaluate("document.activeElement.blur()")
    page.keyboard.press("s")
    with page.expect_navigation():
        page.keyboard.press("Enter")


def submit(ada):
    with ada.page.expect_navigation():
        ada.page.keyboard.press("Control+Enter")
    ada.seen()


def kept_on_server(test, ada, kind):
    """What was filled in comes back from the server alone."""
    page = ada.page
    page.wait_for_function(SAVED)
    before = page.evaluate(FIELDS)
    page.evaluate("localStorage.clear()")
    page.reload()
    page.locator(".enhanced form.feedback").wait_for()
    test.equal(f"the draft of a {kind} comes back from the server alone", page.evaluate(FIELDS), before)


def newest(test):
    found = store.rows(
        test.server, """SELECT v.judgement FROM label_revisions v JOIN labels l ON l.id = v.label_id
        WHERE l.derived_from IS NULL ORDER BY v.id DESC LIMIT 1""")
    return json.loads(found[0][0])


def demonstrate(test, ada):
    page = ada.page
    page.get_by_role("button", name="Submit").click(force=True)
    test.report.check("an empty answer is none", "Nothing is written yet" in page.locator("[data-standing]").inner_text())
    page.get_by_label("The answer that you would like to get").focus()
    page.keyboard.type("Rain is water.\nIt falls from clouds; s and ? are letters here.")
    ada.seen("demonstration", variants=ALL)
    kept_on_server(test, ada, "demonstration")
    page.get_by_label("The answer that you would like to get").focus()
    submit(ada)
    test.equal("an answer is stored as typed, with no key of it taken for a command", newest(test),
               {"kind": "demonstration", "text": "Rain is water.\nIt falls from clouds; s and ? are letters here."})


def correct(test, ada):
    page = ada.page
    field = page.get_by_label("The response as it should be")
    original = field.input_value()
    standing = page.locator("[data-standing]")
    field.focus()
    page.keyboard.press("Control+Enter")
    test.report.check("a correction that changes nothing asks whether that is meant",
                      "right as it is" in standing.inner_text(), standing.inner_text())
    field.focus()
    page.keyboard.press("Control+End")
    page.keyboard.type(" And one thing more.")
    mark = page.get_by_label("The response is right as it is")
    mark.check()
    test.report.check("one that is marked as none, and is one, asks which is meant",
                      "Take the mark off" in standing.inner_text(), standing.inner_text())
    mark.uncheck()
    ada.seen("correction", variants=ALL)
    kept_on_server(test, ada, "correction")
    submit(ada)
    test.equal("a correction is stored", newest(test), {"kind": "correction", "text": original + " And one thing more."})
    judgement, texts = store.rows(
        test.server, """SELECT v.judgement, (SELECT json_group_object(r.public_id, r.text) FROM responses r
            JOIN tasks t ON t.group_id = r.group_id WHERE t.id = l.task_id)
        FROM label_revisions v JOIN labels l ON l.id = v.label_id WHERE l.derived_from IS NOT NULL ORDER BY v.id DESC""")[0]
    best = json.loads(judgement)["ranking"]["rows"][0][0]
    test.equal("the corrected text is preferred over the response", json.loads(texts)[best],
               original + " And one thing more.")


def rate(test, ada):
    page = ada.page
    page.evaluate("document.activeElement.blur()")
    page.keyboard.press("2")
    test.equal("a digit chooses the rating", page.locator("[data-standing]").inner_text(), "2 of 7")
    page.get_by_role("checkbox", name="Makes something up").focus()
    page.keyboard.press("Space")
    page.locator("#criticism").focus()
    page.keyboard.type("7 is a digit here.")
    ada.seen("rating-of-one", variants=ALL)
    kept_on_server(test, ada, "rating")
    submit(ada)
    test.equal("rating, flags and criticism are stored", newest(test)["rating"],
               {"overall": 2, "flags": ["hallucination"], "criticism": "7 is a digit here."})


def criticise(test, ada):
    ada.page.get_by_label("What is good and what is bad about it?").focus()
    ada.page.keyboard.type("It stops in the middle.")
    ada.seen("criticism", variants=ALL)
    kept_on_server(test, ada, "criticism")
    submit(ada)
    test.equal("criticism is stored", newest(test), {"kind": "criticism", "text": "It stops in the middle."})


def write_prompt(test, ada):
    page = ada.page
    style = page.locator('input[name="style"]').get_attribute("value")
    if style == "few_shot":
        page.locator("#instruction").focus()
        page.keyboard.type("Say the opposite.")
        page.get_by_role("button", name="Another example").focus()
        page.keyboard.press("Enter")
        test.report.check("another example has the focus", page.evaluate("document.activeElement.id") == "input-3")
        for number, (given, wanted) in enumerate((("hot", "cold"), ("up", "down"), ("in", "out")), 1):
            page.locator(f"#input-{number}").focus()
            page.keyboard.type(given)
            page.locator(f"#output-{number}").focus()
            page.keyboard.type(wanted)
        page.locator("#input").focus()
        page.keyboard.type("far")
        ada.seen("prompt-few-shot", variants=ALL)
        kept_on_server(test, ada, "few-shot prompt")
        submit(ada)
        test.equal("a few-shot prompt is stored in its parts", newest(test)["prompt"]["examples"][2],
                   {"input": "in", "output": "out"})
    else:
        page.get_by_label("Your prompt").focus()
        page.keyboard.type(f"What is a good {style.replace('_', ' ')} for tea?")
        ada.seen(f"prompt-{style.replace('_', '-')}", variants=ALL)
        submit(ada)
    author = store.rows(test.server, """SELECT u.name, p.use FROM prompts p JOIN users u ON u.id = p.author_id
                        ORDER BY p.id DESC LIMIT 1""")
    test.equal(f"a written prompt ({style}) is a prompt of the project with its author", author, [("Ada", "ranking")])


def turn_between_kinds(test, ada, project):
    """The next task is fetched ahead whatever its kind, and comes without a new page."""
    page, kinds = ada.page, []
    ada.go(f"/projects/{project}/next")
    page.evaluate("() => { window.isSamePage = true; }")
    for _ in range(8):
        kinds.append(page.locator("form[data-task]").get_attribute("class"))
        if len(set(kinds)) > 1:
            break
        next_is_fetched(page)
        # Before the next one is asked for, which may be here at once.
        page.evaluate("() => performance.clearResourceTimings()")
        leave(ada)
    standing = page.locator("[data-standing]").inner_text()
    test.report.check("a task of another kind takes the page's place, and works",
                      len(set(kinds)) > 1 and page.evaluate("window.isSamePage === true") and standing != "",
                      f"{kinds}: {standing}")


def take_back(test, ada, project):
    page = ada.page
    ada.go("/history")
    ada.press("Take back", exact=False, within=page.locator("li.answer").filter(has_text="Criticism").first)
    test.report.check("taken back, feedback is filled in",
                      page.get_by_label("What is good and what is bad about it?").input_value() == "It stops in the middle.")
    page.get_by_label("What is good and what is bad about it?").fill("It stops too early.")
    submit(ada)
    test.equal("and a new revision is stored", newest(test)["text"], "It stops too early.")


def without_script(test, ada, project):
    """The basic forms without scripts: one answer of any kind."""
    ada.leave()
    plain = ada.beside("Ada without scripts", java_script_enabled=False)
    plain.go(f"/projects/{project}/next")
    kind = plain.page.locator('input[name="kind"]')
    if kind.count() == 0:
        plain.close()
        return
    kind = kind.get_attribute("value")
    if kind == "rating":
        plain.page.get_by_role("radio", name="5 of 7").check(force=True)
    elif kind == "correction":
        plain.page.get_by_label("The response is right as it is").check()
    elif plain.page.locator("#instruction").count():
        plain.page.locator("#instruction").fill("Say the opposite.")
        plain.press("Another example")
        test.report.check("without scripts another example is a page away", plain.page.locator("#input-3").is_visible())
        plain.page.locator("#input-1").fill("hot")
        plain.page.locator("#output-1").fill("cold")
        plain.page.locator("#input").fill("near")
    else:
        plain.page.locator("#text").fill("Written without a script.")
    before = store.label_count(test.server, project)
    plain.press("Submit")
    test.report.check(f"a {kind} is submitted without scripts", store.label_count(test.server, project) > before)
    plain.close()


def converse(test, lead, ada):
    """Two turns with the demo policy: a message, two answers at once, the better one goes on."""
    report, page = test.report, ada.page
    project = test.server.project("Writing")
    test.server.call("PATCH", f"/projects/{project}", {"settings": {"feedback": {"shares": {"conversation": 100}}}})
    for turn, text in enumerate(("Explain rain to a child.", "And snow?"), 1):
        ada.go(f"/projects/{project}/next")
        while page.locator("#message").count() == 0:  # tasks that Ada has in hand come first
            leave(ada)
            ada.go(f"/projects/{project}/next")
        page.locator("#text").focus()
        page.keyboard.type(text)
        page.wait_for_function(SAVED)
        page.evaluate("localStorage.clear()")
        page.reload()
        test.equal("a message that was begun comes back from the server alone", page.locator("#text").input_value(), text)
        if turn == 2:
            ada.seen("conversation", variants=ALL)
            with test.watch.disconnected():
                ada.context.set_offline(True)
                page.keyboard.press("Control+Enter")
                notice = page.locator('[data-notice="message"]')
                notice.wait_for()
                report.check("without a connection a message stays in the page and says so",
                             "kept in this browser" in notice.inner_text() and page.locator("#text").input_value() == text,
                             notice.inner_text())
                ada.seen("conversation-offline", variants=("wide", "narrow"))
                ada.context.set_offline(False)
            page.locator("#text").focus()
        # The wait can be looked at for as long as the page is told that it goes on.
        page.route("**/conversation/step", lambda route: route.fulfill(json={"waiting": True}))
        with page.expect_navigation():
            page.keyboard.press("Control+Enter")
        waiting = page.locator("[data-waits]")
        if waiting.count():
            waiting.locator("[data-so-far]", has_text="s so far").wait_for()
            words = waiting.inner_text()
            report.check("while both are written the page shows that it waits, how long, and nothing of either",
                         waiting.get_by_role("progressbar").is_visible()
                         and not re.search(r"\b(A|B|first|second|one of)\b", words), " ".join(words.split()))
            ada.seen("conversation-waiting", variants=ALL)
        else:
            report.check("both were written before the page of the wait was there: nothing to look at", True)
        page.unroute("**/conversation/step")
        # Its script too: the page of the wait opened it by itself, and a key that comes before the script is lost.
        page.locator(".enhanced form.comparison").wait_for(timeout=PATIENCE)
        report.check("both answers come together, in the comparison as usual", page.locator(".pair .card").count() == 2)
        if turn == 2:
            ada.seen("conversation-comparison", variants=ALL)
        page.keyboard.press("w")
        submit(ada)
    turns = store.value(test.server, "SELECT count(*) FROM conversation_turns WHERE answered_at IS NOT NULL")
    test.equal("each turn is a comparison", turns, 2)
    messages = json.loads(store.value(
        test.server, "SELECT p.content FROM conversation_turns t JOIN prompts p ON p.id = t.prompt_id ORDER BY t.id DESC"))
    test.equal("the conversation grows by the reply that was preferred",
               [each["role"] for each in messages["messages"]], ["user", "assistant", "user"])
    ada.go(f"/projects/{project}/conversation")
    ada.press("End this conversation")


def practise(test, lead, ada):
    report, page = test.report, lead.page
    project = test.server.project("Writing")
    test.server.call("PATCH", f"/projects/{project}", {"settings": {"feedback": {"shares": {}}}})
    lead.go(f"/lead/projects/{project}/practice")
    page.get_by_label("JSON Lines").fill(PRACTICE)
    with page.expect_navigation():
        page.locator('form[action$="/import"] button').click()
    lead.seen("practice-set", variants=("wide", "narrow", "dark"))
    page = ada.page
    for round_, right in ((1, False), (2, True)):
        for item in range(2):
            ada.go(f"/projects/{project}/next")
            again = page.get_by_role("button", name="Practise again")
            if again.count():
                ada.seen("practise-again", variants=("wide", "narrow"))
                ada.press("Practise again")
            texts = page.locator(".pair .card .raw").all_inner_texts()
            wanted = next(index for index, text in enumerate(texts) if "Rain" in text or "tomorrow" in text)
            page.keyboard.press("w" if (wanted == 0) == (right or item == 1) else "o")
            submit(ada)
            if item == 0:
                ada.seen("practice-right" if right else "practice-wrong", variants=("wide", "narrow", "dark"))
            test.equal(f"round {round_}, practice task {item + 1}: right or wrong is told, with the reason",
                       (ada.heading(), page.locator(".explanation").is_visible()),
                       ("Right" if right or item == 1 else "Not quite", True))
    ada.go(f"/projects/{project}/next")
    report.check("real tasks come once enough is right", "you see the expected answer" not in page.locator("main").inner_text()
                 and page.locator(".explanation").count() == 0)
    labels = store.value(test.server, """SELECT count(*) FROM labels l JOIN practice_items i ON i.task_id = l.task_id
        WHERE i.purpose = 'practice'""")
    test.equal("no practice answer is a label", labels, 0)
    ada.go("/statistics", picture="statistics", variants=ALL)
    report.check("a person sees their own figures", page.get_by_role("heading", name="Writing").is_visible()
                 and "Passed" in page.locator("main").inner_text())


def tune(test, lead, ada):
    """A supervised run on what was written makes a new policy with its lineage."""
    page = lead.page
    project = test.server.project("Writing")
    lead.go(f"/lead/projects/{project}/runs")
    lead.seen("runs-supervised", variants=("wide", "narrow"))
    page.locator("#tune-settings").evaluate("element => element.closest('details').open = true")
    page.locator("#tune-settings").fill("epochs = 2")
    lead.press("Tune on demonstrations")
    page.get_by_text("Done", exact=True).first.wait_for(timeout=240_000)
    lead.seen()
    policies = test.server.get(f"/projects/{project}/policies")
    made = next(each for each in policies if each["name"].startswith("supervised-"))
    test.equal("the new policy is a supervised one, made from its base and the snapshot of what was written",
               (made["kind"], sorted(parent["role"] for parent in made["parents"])), ("supervised", ["base", "snapshot"]))
