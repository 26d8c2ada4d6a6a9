"""Retrain, refresh, make current: a lead watches both runs in the page, and the next tasks carry the new policy."""

import re

import store
from ranking import Board

RUN_PATIENCE = 1_800_000
FIGURES = "document.getElementById('run-figures').innerText"
HAS_ENDED = "/^(Done|Failed|Stopped)/.test(document.querySelector('#run-status .state').innerText)"


class WatchedRun:
    """A run whose page stays open and is never loaded again by the test."""

    def __init__(self, lead, name):
        self.lead, self.page, self.name = lead, lead.page, name
        self.id = int(re.search(r"/lead/runs/(\d+)", self.page.url).group(1))
        # What a reload would lose.
        self.page.evaluate("window.neverLoadedAgain = true")
        self.first_figures = self.page.locator("#run-figures").inner_text()

    @property
    def state(self):
        return self.page.locator("#run-status .state").inner_text()

    @property
    def was_never_loaded_again(self):
        return self.page.evaluate("window.neverLoadedAgain === true")


def start(test, lead, button, name):
    lead.go(f"/lead/projects/{test.project}")
    with lead.page.expect_navigation():
        lead.page.get_by_role("button", name=button, exact=True).click()
    # Before the page is looked at, which may take as long as a short run.
    run = WatchedRun(lead, name)
    lead.seen()
    test.report.check(f"the button “{button}” starts a run and shows it", lead.heading().endswith(f"run {run.id}"),
                      f"{lead.heading()}, {run.state}")
    return run


def moves(test, run, times, picture=None):
    """The page's numbers change by themselves, `times` times or until the run ends."""
    figures = run.page.locator("#run-figures")
    seen = [run.first_figures]
    while len(seen) <= times:
        run.page.wait_for_function(
            f"before => {FIGURES} !== before || {HAS_ENDED}", arg=seen[-1], timeout=RUN_PATIENCE)
        now = figures.inner_text()
        if now == seen[-1]:
            break
        seen.append(now)
    progress = [re.search(r"(\d+)% done", text) for text in seen]
    test.report.check(
        f"the page of the {run.name} moves while it runs, without a reload",
        len(seen) > 1 and run.was_never_loaded_again, ", ".join(found.group(0) for found in progress if found))
    if picture:
        test.album.take(run.page, picture, variants=("wide", "narrow"))


def ends(test, run, picture, variants=("wide",)):
    """Waits for the end in the page that was open all along. Returns the run's record."""
    run.page.wait_for_function(f"() => {HAS_ENDED}", timeout=RUN_PATIENCE)
    # The state changes first; the part with what came of it is fetched right after.
    run.page.locator("#run-status .notice").wait_for()
    record = test.server.get(f"/runs/{run.id}")["record"]
    test.report.check(
        f"the {run.name} ends in the page, without a reload",
        run.state == "Done" and record["state"] == "succeeded" and run.was_never_loaded_again,
        record.get("message") or record["state"])
    run.lead.seen(picture, variants=variants)
    return record


def set_short_refresh(test, lead, iterations):
    """The settings page takes settings of training; the store has them."""
    lead.go(f"/lead/projects/{test.project}/settings", picture="settings")
    lead.page.get_by_text("More: stop texts").click()
    lead.page.get_by_label("Policy-refresh settings").fill(f"iterations = {iterations}")
    lead.press("Save")
    settings = test.server.get(f"/projects/{test.project}")["settings"]["policy_refresh"]
    test.equal("settings of training are saved in the project's form", settings, {"iterations": str(iterations)})


def makes_current(test, lead, ada, record):
    report, project = test.report, test.project
    policy = record["result_policy"]
    lead.go(f"/lead/projects/{project}/policies/{policy}/current", picture="make-current")
    name = store.value(test.server, "SELECT name FROM policies WHERE id = ?", policy)
    lead.press(f"Make {name} current")
    current = test.server.get(f"/projects/{project}")["current_policy"]
    test.equal("the lead makes the new policy current", current, policy)

    # What people have open stays theirs to finish; what they get after it comes from the new policy.
    ada.go(f"/projects/{project}/next")
    board = Board(ada).wait()
    task, made_under = store.task_of_lease(test.server, board.lease)
    report.check("a task that was open when the policy changed may be finished", made_under != policy, f"task {task}")
    address = board.address
    board.keys("j", "1", "j", "2", "j", "3", "j", "4", "Control+Enter")
    ada.page.wait_for_function(
        "before => document.querySelector('form.ranking')?.getAttribute('action') !== before"
        " && document.querySelector('form.ranking, [data-looks-again]')", arg=address)
    if ada.page.locator("[data-looks-again]").count():
        ada.seen("waiting")
    board.wait()
    task, made_under = store.task_of_lease(test.server, board.lease)
    policies = store.policies_of_task(test.server, task)
    report.check("the next task's responses carry the new policy in the store",
                 made_under == policy and policy in policies, f"task {task}: policies {sorted(policies)}")
    text = ada.page.content()
    report.check("the annotator's page names no policy", name not in text and "demo-supervised" not in text)
