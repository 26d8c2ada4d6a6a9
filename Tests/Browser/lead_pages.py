"""The lead's other pages: prompts and their errors, exports, tokens, and every page that a link leads to."""

import json
import re
import tempfile
import pathlib

import ranking
import store
from plumb import Refused


def prompt_count(test):
    return store.value(test.server, "SELECT count(*) FROM prompts WHERE project_id = ?", test.project)


def prompts(test, lead):
    report, page = test.report, lead.page
    address = f"/lead/projects/{test.project}/prompts"
    lead.go(address, picture="prompts")
    before = prompt_count(test)
    lines = ['{"prompt": "A good line"}', '{"text": "Another"}', '{"prompt": 7}', '{"prompt": "Never reached"}']
    page.get_by_label("Format").select_option("jsonl")
    page.get_by_label("Lines").fill("\n".join(lines))
    with test.watch.expecting(422):
        lead.press("Import", picture="prompts-error")
    problem = page.get_by_role("alert").inner_text()
    report.check("an import names the line of its error and imports nothing",
                 "line 3" in problem and prompt_count(test) == before, problem)
    report.check("and keeps what was typed", page.get_by_label("Lines").input_value() == "\n".join(lines))

    with tempfile.TemporaryDirectory() as folder:
        file = pathlib.Path(folder) / "prompts.jsonl"
        file.write_text("\n".join(lines[:2] + ["{broken"]) + "\n")
        page.get_by_label("Format").select_option("jsonl")
        page.get_by_label("A file").set_input_files(file)
        outcome = page.locator("#import-outcome")
        with test.watch.expecting(400, 422):
            page.get_by_role("button", name="Import").click()
            outcome.filter(has_text=re.compile("line 3")).wait_for()
            page.wait_for_load_state("networkidle")
        report.check("a file's error names the file and the line, and nothing of it is imported",
                     "prompts.jsonl" in outcome.inner_text() and prompt_count(test) == before, outcome.inner_text())
        file.write_text("\n".join(lines[:2]) + "\n")
        page.get_by_label("A file").set_input_files(file)
        with page.expect_navigation():
            page.get_by_role("button", name="Import").click()
        report.check("a corrected file is imported", prompt_count(test) == before + 2, prompt_count(test) - before)


def exports(test, lead):
    report, page = test.report, lead.page
    lead.go(f"/lead/projects/{test.project}/export")
    labels, pairs = store.label_count(test.server, test.project), store.ordered_pairs(test.server, test.project)
    demonstrations = store.demonstration_count(test.server, test.project)
    for heading in page.get_by_role("article").get_by_role("heading", level=2).all():
        title = heading.inner_text()
        card = page.get_by_role("article").filter(has=page.get_by_role("heading", name=title, exact=True))
        with page.expect_download() as download:
            card.get_by_role("button", name="Download JSON Lines").click()
        lines = pathlib.Path(download.value.path()).read_text().splitlines()
        parsed = [json.loads(line) for line in lines]
        form = card.locator("input[name=format]").get_attribute("value")
        summary = test.server.get(f"/projects/{test.project}/export/summary", query={"format": form})
        written = form in ("demonstrations", "trl-prompt-completion")
        wanted = labels if form == "native" else demonstrations if written else pairs
        report.check(f"the export “{title}” downloads as many lines as the store and the API say",
                     len(parsed) == wanted == summary["lines"] and (wanted > 0 or written),
                     f"{download.value.suggested_filename}: {len(parsed)} lines; {labels} labels, {pairs} pairs and "
                     f"{demonstrations} demonstrations stored")


def tokens(test, lead):
    report, page, server = test.report, lead.page, test.server
    lead.go("/lead/tokens", picture="tokens")
    page.get_by_label("What it is for").fill("a browser test")
    page.get_by_label("What it may do").select_option("lead")
    lead.press("Make the token", picture="token")
    secret = page.get_by_label("Token").input_value()
    report.check("a token made in the page speaks to the API", server.get("/me", token=secret)["name"] == "lead")
    lead.press("I have copied it", role="link")
    report.check("it is listed without its secret", page.get_by_role("rowheader", name="a browser test").is_visible()
                 and secret not in page.content())
    lead.press("Revoke a browser test")
    try:
        server.get("/me", token=secret)
        refusal = "still works"
    except Refused as refused:
        refusal = refused.status
    report.check("a revoked token opens nothing", refusal == 401, refusal)


def pause(test, lead, ada):
    lead.go(f"/lead/projects/{test.project}")
    open_before = ranking.ready(test, ada).address
    lead.press("Pause")
    board = ranking.ready(test, ada)
    test.equal("a task that was open when its project was paused is still there", board.address, open_before)
    board.keys("j", "1", "j", "2", "j", "3", "j", "4")
    board.submit()
    ada.seen("paused", variants=("narrow",))
    test.equal("a paused project hands out no other task and says so", ada.heading(), "This project is paused")
    lead.press("Hand out tasks again")


def every_link(test, person, start):
    """Follows every link of every page once for each kind of address, looking at the layout of each."""
    shape = lambda path: re.sub(r"\d+", "#", path.split("?")[0])
    waiting, known, pages, problems = [start], {shape(start)}, 0, len(test.watch.problems)
    while waiting:
        person.go(waiting.pop(0))
        pages += 1
        for link in person.page.locator("a[href]").all():
            path = link.get_attribute("href")
            is_file = re.search(r"\.(jsonl?|svg|csv|md)$|/api/|/practice/file$", path.split("?")[0])
            if path.startswith("/") and not is_file and shape(path) not in known:
                known.add(shape(path))
                waiting.append(path)
    test.report.check(f"every page that a link leads {person.name} to opens",
                      pages > 3 and len(test.watch.problems) == problems, f"{pages} kinds of page")


PICTURES = {
    "": "progress", "/labels": "labels", "/runs": "runs", "/reward-models": "reward-models", "/policies": "policies",
    "/export": "export", "/quality": "quality",
}


def pictures(test, lead):
    """The pages as they look once there are labels, models and policies."""
    lead.go("/lead", picture="home")
    for ending, name in PICTURES.items():
        lead.go(f"/lead/projects/{test.project}{ending}", picture=name,
                variants=("wide", "middle", "narrow", "dark") if ending == "" else None)
    lead.go("/lead/audit", picture="audit")
    lead.go("/lead/components", picture="components", variants=("wide", "middle", "narrow", "dark"))
    with test.watch.expecting(404):
        lead.go("/no-such-page", picture="not-found", variants=("narrow",))
    test.equal("an address that leads nowhere says so", lead.heading(), "There is no such page")
