"""A comparison project from its form to a graded label."""

import store
from album import ALL
from people import PATIENCE

PROMPTS = ["Tell me a short story about a lighthouse.", "Explain rain to a child.", "Give me three reasons to read.",
           "Describe a kitchen in the morning.", "Write a polite reply to a late guest.", "Compare tea and coffee.",
           "Tell us a story about a bicycle.", "Explain wind to a child."]


def create(test, lead):
    report = test.report
    lead.go("/lead")
    lead.press("New project", role="link", picture="new-project")
    page = lead.page
    page.get_by_label("Name", exact=True).fill("Pairs")
    page.get_by_role("radio", name="Comparison of two").check()
    page.get_by_label("Instructions").fill("Which of the two would you rather receive?")
    page.get_by_label("Tasks to keep ready").fill("6")
    page.get_by_label("Longest response in tokens").fill("96")
    lead.press("Make the project")
    pairs = test.server.project("Pairs")
    settings = test.server.get(f"/projects/{pairs}")["settings"]
    report.check("the form makes a comparison project", settings["mode"] == "comparison"
                 and settings["response_count"] == {"smallest": 2, "largest": 2} and settings["max_tokens"] == 96,
                 f"project {pairs}")

    lead.go(f"/lead/projects/{pairs}/prompts")
    page.get_by_label("Lines").fill("\n".join(PROMPTS))
    lead.press("Import")
    stored = store.value(test.server, "SELECT count(*) FROM prompts WHERE project_id = ?", pairs)
    report.check("prompts typed into the page are imported", stored == len(PROMPTS),
                 page.get_by_role("status").first.inner_text())

    lead.go(f"/lead/projects/{pairs}/policies")
    row = page.get_by_role("row").filter(has=page.get_by_role("rowheader", name="demo-supervised"))
    lead.press("Make current", role="link", within=row)
    lead.press("Make demo-supervised current")
    lead.go(f"/lead/projects/{pairs}")
    lead.press("Sample tasks now")
    return pairs


def wait_for_pair(person, pairs):
    person.go(f"/projects/{pairs}/next")
    person.page.locator("form.comparison").wait_for(timeout=PATIENCE)
    person.seen()


def annotate(test, ada, pairs):
    report, page = test.report, ada.page
    ada.go("/tasks", picture="projects", variants=("narrow",))
    report.check("with two projects an annotator chooses", page.get_by_role("link", name="Pairs").is_visible())
    wait_for_pair(ada, pairs)
    before = store.label_count(test.server, pairs)
    # The button only looks disabled, so that pressing it can say why.
    page.get_by_role("button", name="Submit").click(force=True)
    report.check("a comparison without a choice is no answer",
                 "Choose one of the eight" in page.locator("[data-standing]").inner_text()
                 and store.label_count(test.server, pairs) == before)
    page.get_by_role("radio", name="A is better", exact=True).click()
    test.equal("a click chooses on the eight-way bar", page.locator("[data-standing]").inner_text(), "A is better")
    ada.seen("comparison", variants=ALL, whole=False)
    ada.press("Submit")
    test.equal("winner and grade of the click are stored", label(test).comparison, ("A", "B", "better"))

    for keys, expected in (
        (["p", "Control+Enter"], ("B", "A", "significantly")),
        (["4", "Enter"], ("A", "B", "negligibly")),
        (["Shift+Digit3", "Control+Enter"], ("B", "A", "slightly")),
        (["ArrowRight", "ArrowRight", "q", "w", "Control+z", "Control+Enter"], ("A", "B", "significantly")),
    ):
        wait_for_pair(ada, pairs)
        for key in keys[:-1]:
            page.keyboard.press(key)
        with page.expect_navigation():
            page.keyboard.press(keys[-1])
        ada.seen()
        test.equal(f"the keys {' '.join(keys)} store winner and grade", label(test).comparison, expected)


def label(test):
    return store.StoredLabel(test.server, "Ada")
