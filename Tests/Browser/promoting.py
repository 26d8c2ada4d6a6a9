"""A refreshed policy does not go live on its reward: the lead has people compare it, reads the advice, and decides."""

import re
import time

import store
from people import PATIENCE
from ranking import Board

PAIRS = 3


def compares(test, lead, ada, record):
    """From the finished run's page to a decision. Returns the comparison's number."""
    report, project, page = test.report, test.project, lead.page
    lead.press("Compare it with the current policy", role="link", picture="promotion-start")
    page.get_by_label("Pairs", exact=True).fill("none")
    with test.watch.expecting(422):
        lead.press("Start the comparison")
    report.check("a number that is none is named, and what was typed stays",
                 "“none” is not a whole number" in page.get_by_role("alert").inner_text()
                 and page.get_by_label("Pairs", exact=True).input_value() == "none")
    page.get_by_label("Pairs", exact=True).fill(str(PAIRS))
    lead.press("Start the comparison")
    number = int(re.search(r"/lead/promotions/(\d+)", page.url).group(1))
    report.check("a comparison begins without advice", "no pair is decided yet" in advice(lead), advice(lead))
    wait_for_pairs(test, number)
    for _ in range(PAIRS):
        answer_pair(test, ada)
    lead.go(f"/lead/promotions/{number}", picture="promotion", variants=("wide", "narrow", "dark"))
    standing = test.server.get(f"/promotions/{number}")
    shown = page.get_by_role("row", name="Pairs decided").inner_text()
    report.check("what people answered in the ordinary pages is the win rate of the comparison's page",
                 standing["pairs_decided"] == PAIRS and f"{PAIRS} of {PAIRS}" in shown
                 and f"{100 * standing['win_rate']:.1f}%" in page.locator("table").first.inner_text(),
                 f"{standing['win_rate']:.2f} in {standing['win_rate_low']:.2f} to {standing['win_rate_high']:.2f}")
    report.check("three pairs are not enough to advise anything but to go on",
                 standing["advice"] == "keep_labelling" and advice(lead).startswith("Keep labelling"), advice(lead))
    figure = page.get_by_role("img").first
    report.check("the plot says in words what it shows", "Win rate: from" in figure.get_attribute("aria-label"),
                 figure.get_attribute("aria-label")[:90])
    with page.expect_download() as download:
        page.get_by_role("link", name="CSV").click()
    with open(download.value.path()) as file:
        lines = file.read().splitlines()
    test.equal("its numbers can be kept", (lines[0].split(",")[1], len(lines)), ("win_rate", PAIRS + 1))
    uses(test, lead, number)
    decides(test, lead, number, standing)
    card(test, lead, record["result_policy"])
    return number


def advice(lead):
    return lead.page.locator("#advice").inner_text()


def wait_for_pairs(test, number):
    deadline = time.monotonic() + PATIENCE / 1000
    while test.server.get(f"/promotions/{number}")["pairs_sampled"] < PAIRS:
        if time.monotonic() > deadline:
            raise LookupError(f"promotion {number} has no pairs after {PATIENCE / 1000:.0f} s")
        time.sleep(0.25)


def answer_pair(test, ada):
    """Ada answers one pair; a ranking that she has in hand comes first. Where both texts are the same there is none."""
    page = ada.page
    for _ in range(3):
        ada.go(f"/projects/{test.project}/next")
        page.locator("form.comparison, form.ranking").first.wait_for()
        if page.locator("form.comparison").count():
            break
        board = Board(ada).wait()
        board.keys("j", "1", "j", "2", "j", "3", "j", "4")
        with page.expect_navigation():
            page.keyboard.press("Control+Enter")
    else:
        return
    ada.seen()
    text = page.content()
    test.report.check("a pair names no policy", "refresh-" not in text and "demo-" not in text)
    page.get_by_role("radio", name="A is better", exact=True).click()
    ada.press("Submit")


def uses(test, lead, number):
    lead.page.get_by_role("radio", name="Also to measure reward models").check()
    lead.press("Save")
    test.equal("the use of its labels is the lead's choice",
               test.server.get(f"/promotions/{number}")["label_use"], "measure")
    lead.page.get_by_role("radio", name="For this decision alone").check()
    lead.press("Save")


def decides(test, lead, number, standing):
    lead.press("Discard it")
    decided = test.server.get(f"/promotions/{number}")
    shown = lead.page.locator("main").inner_text()
    test.report.check(
        "the decision is on the page with who made it and what was advised",
        decided["decision"] == "discard" and decided["advice_then"] == standing["advice"]
        and f"Discarded by {decided['decided_by']}" in shown, decided["decided_by"])
    action = store.value(test.server, "SELECT details FROM audit WHERE action = 'promotion.decide' ORDER BY id DESC LIMIT 1")
    test.report.check("and in the audit", action is not None and "discard" in action, action)


def card(test, lead, policy):
    lead.go(f"/lead/projects/{test.project}/policies/{policy}", picture="policy-card", variants=("wide", "narrow", "dark"))
    text = lead.page.locator("main").inner_text()
    test.report.check("the policy's card tells its lineage, its settings and its comparison",
                      all(words in text for words in ("Where it comes from", "How it was made", "Discarded")))


def samples(test, lead, record):
    """The run's page shows the same prompts before and after."""
    lead.go(f"/lead/runs/{record['id']}")
    page = lead.page
    first = page.locator("#run-samples .sample-pair").first
    titles = [each.inner_text() for each in first.get_by_role("heading", level=3).all()]
    test.report.check("responses before and after stand side by side with their rewards",
                      titles[:1] == ["Before the run"] and titles[1:2] and titles[1].startswith("The policy handed out")
                      and "reward" in first.inner_text(), ", ".join(titles))
    lead.press("All samples", role="link", picture="run-samples")
    test.report.check("and all samples have a page", page.get_by_role("heading", name="During the run").is_visible())
