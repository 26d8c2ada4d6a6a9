"""Nothing is lost: drafts on the server, lost connections, a sign-in that ends, two tabs, two computers, the next task."""

import json

import signing_in
import store
from album import ALL
from ranking import Board, ready, stored

# The next task has arrived.
AHEAD = """() => performance.getEntriesByType('resource').some((entry) =>
  entry.name.endsWith('/ahead') && entry.responseEnd > 0)"""

# The page says that the server has the draft, and nothing was changed since: on a slow machine what was changed first is saved
# before what was changed last.
SAVED = """() => {
  const name = document.querySelector('[data-keeping]')?.dataset.lease
    ?? document.querySelector('[data-message]').dataset.draftPath;
  const kept = Object.keys(localStorage).filter((key) => key.startsWith('plumb.draft ') && key.endsWith(` ${name}`));
  return document.querySelector('[data-kept]')?.textContent.includes('Draft saved')
    && kept.every((key) => !JSON.parse(localStorage.getItem(key)).isUnsaved);
}"""


def next_is_fetched(page):
    """Waits until the next task is here, and its page made ready in the background."""
    page.wait_for_function(AHEAD)
    page.wait_for_timeout(300)


def saved(board):
    """Waits until the page says that the server has the draft."""
    board.page.wait_for_function(SAVED)
    return board


def draft_on_server(test, name="Ada"):
    """Version and content of the draft of the person's open task."""
    found = store.rows(
        test.server,
        """SELECT draft_version, draft FROM leases e JOIN users u ON u.id = e.user_id
           WHERE u.name = ? AND e.closed_at IS NULL AND e.ahead = 0 ORDER BY e.id DESC LIMIT 1""", name)
    version, draft = found[0]
    return version, json.loads(draft) if draft else None


def rank_all(board, ranks="1234"):
    for rank in ranks:
        board.keys("j", rank)


def draft_survives(test, ada):
    """Half a second after the last change the server has it: for a reload, and for another computer."""
    board = ready(test, ada)
    task, texts = board.address, board.texts
    board.keys("j", "3", "j", "1")
    saved(board)
    version, draft = draft_on_server(test)
    test.report.check("half a second after the last change the draft is on the server",
                      version >= 1 and sum(place["zone"] == "ranked" for _, place in draft["places"]) == 2,
                      f"version {version}")
    state = board.state
    ada.page.evaluate("localStorage.clear()")
    ada.page.reload()
    board.wait()
    test.equal("a reload brings the draft back from the server alone", (board.state, board.address, board.texts),
               (state, task, texts))
    ada.seen("draft-after-reload", variants=ALL, whole=False)
    # What is changed in the last half second goes along as the page is left, and is this page's own when it comes back. Here that
    # half second never ends, so that a slow machine leaves the page within it too.
    ada.page.evaluate("() => { window.setTimeout = () => 0; }")
    board.keys("j", "j", "2")
    state = board.state
    ada.page.reload()
    board.wait()
    saved(board)
    test.report.check("a change just before a reload comes back, and nobody is said to have made another",
                      board.state == state and ada.page.locator('[data-notice="draft"]').count() == 0, board.state)
    # Not the same browser: another computer, with a sign-in of its own.
    other = test.person("Ada's other computer")
    other.go("/sign-in")
    other.page.get_by_label("Name").fill(signing_in.ANNOTATOR)
    other.page.get_by_label("Password").fill(signing_in.ANNOTATOR_PASSWORD)
    other.press("Sign in")
    there = ready(test, other)
    test.equal("another computer goes on with it", (there.state, there.address, there.texts), (state, task, texts))
    there.keys("j", "2")
    saved(there)
    newer = there.state
    # The first computer does not know of that yet, and must not write over it.
    with test.watch.expecting(409):
        board.keys("j", "4")
        notice = ada.page.locator('[data-notice="draft"]')
        notice.wait_for()
    test.report.check("who works on an older draft is told that a newer one exists",
                      "A newer draft" in notice.inner_text() and draft_on_server(test)[0] > version, notice.inner_text())
    ada.seen("newer-draft", variants=ALL, whole=False)
    ada.page.get_by_role("button", name="Load it").click()
    ada.page.locator("[data-kept]", has_text="loaded").wait_for()
    test.equal("and may load it", board.state, newer)
    board.keys("j", "4")
    saved(board)
    with test.watch.expecting(409):
        there.keys("k", "1")
        other.page.locator('[data-notice="draft"]').wait_for()
    mine = there.state
    other.page.get_by_role("button", name="Keep what is here").click()
    saved(there)
    test.report.check("or keep what is there, knowingly", there.state == mine
                      and draft_on_server(test)[0] > version + 1, there.state)
    other.close()
    ada.go("/history")
    board = ready(test, ada)
    test.equal("which is then what the first one finds", board.state, mine)
    rank_all(board)
    board.submit()


def answered_elsewhere(test, ada):
    """A page that was left on a task says by itself that it was answered on another one, and offers the next."""
    board = ready(test, ada)
    tab = ada.another_page()
    there = ready(test, tab)
    first = board.address
    test.equal("two tabs show the same task", there.address, first)
    rank_all(board)
    board.submit()
    notice = tab.page.locator('[data-notice="finished"]')
    notice.wait_for()
    test.report.check("the other tab says at once that the task was answered", "on another page" in notice.inner_text(),
                      notice.inner_text())
    tab.seen("answered-elsewhere", variants=ALL, whole=False)
    tab.press("Next task", role="link", within=notice)
    there.wait()
    test.equal("and leads to the next one, which is the one on the first tab", (there.address != first, there.address),
               (True, board.address))
    tab.page.close()
    # The tab gave back the task that it had fetched ahead, which may be the one that the first tab had.
    board = ready(test, ada)
    # No word goes from computer to computer: the heartbeat asks, and so does whoever comes back to the page.
    other = ada.beside("Ada's other computer")
    there = ready(test, other)
    rank_all(board)
    board.submit()
    with test.watch.expecting(409):
        other.page.evaluate("""() => {
          const now = Date.now;
          Date.now = () => now() + 10_000;
          window.dispatchEvent(new Event('focus'));
        }""")
        notice = other.page.locator('[data-notice="finished"]')
        notice.wait_for()
    test.report.check("another computer says so when somebody comes back to it", "or computer" in notice.inner_text(),
                      notice.inner_text())
    other.press("Next task", role="link", within=notice)
    test.equal("and leads on, too", there.wait().address, board.address)
    other.close()


def next_task_is_there(test, ada):
    board = ready(test, ada)
    page = ada.page
    next_is_fetched(page)
    ahead = store.value(test.server, "SELECT count(*) FROM leases WHERE ahead = 1 AND closed_at IS NULL")
    test.equal("the next task is fetched ahead and held for this person", ahead, 1)
    rank_all(board)
    before = board.address
    # How quickly, `scripts/bench pages` measures.
    page.evaluate("() => { window.isSamePage = true; }")
    board.keys("Control+Enter")
    page.wait_for_function("before => document.querySelector('form.ranking').getAttribute('action') !== before", arg=before)
    test.report.check("the next task takes the page's place without a new page", page.evaluate("window.isSamePage === true"))
    page.locator("[data-kept]", has_text="stored").wait_for()
    test.report.check("it has the page's address, and a reload keeps it",
                      page.url.endswith(board.address.removesuffix("/ranking")) and board.address != before, page.url)
    task = board.address
    page.reload()
    test.equal("the same task after a reload", board.wait().address, task)
    issued, shown = store.rows(
        test.server, "SELECT issued_at, ahead FROM leases WHERE token = ?", task.split("/")[2])[0]
    answered = store.value(test.server, "SELECT max(submitted_at) FROM label_revisions")
    test.report.check("its time starts when it is shown", shown == 0 and issued >= answered - 1000,
                      f"{issued - answered} ms after the last submission")
    next_is_fetched(page)
    ada.go("/history")
    left = store.awaited(test.server, 0, "SELECT count(*) FROM leases WHERE ahead = 1 AND closed_at IS NULL")
    test.equal("leaving the page gives the waiting task back", left, 0)


def offline(test, ada):
    """The connection is gone: drafts and answers stay in the browser, and go when it is back."""
    report, page = test.report, ada.page
    board = ready(test, ada)
    next_is_fetched(page)
    before = store.label_count(test.server, test.project)
    first = board.address
    with test.watch.disconnected():
        ada.context.set_offline(True)
        board.keys("j", "2")
        kept = page.locator("[data-kept]", has_text="Not saved: no connection; kept in this browser")
        kept.wait_for()
        report.check("without a connection the page says where the draft is", True, kept.inner_text())
        rank_all(board)
        board.keys("Control+Enter")
        page.wait_for_function("before => document.querySelector('form.ranking').getAttribute('action') !== before", arg=first)
        notice = page.locator('[data-notice="outbox"]')
        notice.wait_for()
        report.check("an answer without a connection is kept, says so, and the next task is there",
                     "not sent yet" in notice.inner_text() and "kept in this browser" in notice.inner_text()
                     and store.label_count(test.server, test.project) == before, notice.inner_text())
        ada.seen("offline", variants=ALL, whole=False)
        second = board.address
        rank_all(board)
        board.keys("Control+Enter")
        page.locator("[data-kept]", has_text="Kept in this browser").wait_for()
        report.check("a second one waits with it", "2 answers" in notice.inner_text(), notice.inner_text())
        ada.context.set_offline(False)
    page.wait_for_function("before => document.querySelector('form.ranking')?.getAttribute('action') !== before", arg=second)
    board.wait()
    test.equal("when the connection is back both are sent, once each", store.label_count(test.server, test.project), before + 2)
    # The acknowledgement of an answer is lost on the way: it is sent again and counts once.
    lost = []

    def lose(route):
        if lost:
            route.continue_()
            return
        lost.append(route.request.url)
        route.fetch()
        route.abort()

    next_is_fetched(page)
    rank_all(board)
    page.route("**/ranking", lose)
    with test.watch.disconnected():
        board.keys("Control+Enter")
        page.locator('[data-notice="stored"]', has_text="stored already").wait_for()
    page.unroute("**/ranking")
    test.equal("an answer whose acknowledgement was lost is one label", store.label_count(test.server, test.project), before + 3)


def sign_in_ends(test, ada):
    """The sign-in ends elsewhere while a ranking is half done; the work stays, and the sign-in leads back to it."""
    report, page = test.report, ada.page
    board = ready(test, ada)
    board.keys("j", "2", "j", "1")
    saved(board)
    task = board.address
    other = ada.another_page()
    other.go("/history")
    # The page tries again until it is left; a try that is under way then meets the visitor whom the sign-in page made.
    with test.watch.expecting(401, 403):
        other.press("Sign out")
        other.page.close()
        board.keys("j", "3")
        notice = page.locator('[data-notice="draft"]')
        notice.wait_for()
        state = board.state
        report.check("without a sign-in the page keeps the work and says what to do", "keeps your work" in notice.inner_text(),
                     notice.inner_text())
        ada.seen("sign-in-ended", variants=ALL, whole=False)
        with page.expect_navigation():
            notice.get_by_role("link", name="Sign in again").click()
        page.get_by_label("Name").fill(signing_in.ANNOTATOR)
        page.get_by_label("Password").fill(signing_in.ANNOTATOR_PASSWORD)
        ada.press("Sign in")
        board.wait()
    test.equal("the sign-in leads back to the task and the work", (board.address, board.state), (task, state))
    # Now it ends before the submission.
    before = store.label_count(test.server, test.project)
    other = ada.another_page()
    other.go("/history")
    # The page tries again until there is a sign-in: its answer, and what it had just put back as its draft. A draft that is
    # under way when the answer comes is refused.
    with test.watch.expecting(401, 403, 409):
        other.press("Sign out")
        rank_all(board)
        board.keys("Control+Enter")
        page.locator('[data-notice="outbox"]', has_text="sign in again").wait_for()
        report.check("an answer that meets no sign-in is kept", store.label_count(test.server, test.project) == before)
        report.check("nobody is told that the next task is gone", "given to somebody else" not in page.locator("main").inner_text())
        other.page.goto("/sign-in")
        other.page.get_by_label("Name").fill(signing_in.ANNOTATOR)
        other.page.get_by_label("Password").fill(signing_in.ANNOTATOR_PASSWORD)
        # It leads to the task, whose script sends both the answer and the draft: they are under way when it is loaded.
        with other.page.expect_navigation():
            other.page.get_by_role("button", name="Sign in").click()
        page.locator('[data-notice="outbox"]').wait_for(state="detached")
        # A draft may still be under way with the token of the sign-in that ended: it is refused and sent again.
        test.watch.wait_for_drafts(page)
    other.page.close()
    test.equal("and is sent after the sign-in in another tab", store.label_count(test.server, test.project), before + 1)


def time_is_told(test, ada):
    """Where the time went stands with the answer."""
    board = ready(test, ada)
    board.name("A").focus()
    ada.page.keyboard.press("Enter")
    ada.page.wait_for_timeout(400)
    ada.page.reload()
    board.wait()
    rank_all(board)
    board.submit()
    label = stored(test)
    active = store.value(test.server, "SELECT active_ms FROM label_revisions ORDER BY id DESC LIMIT 1")
    test.report.check("a reload is no new beginning of the time at work", active >= 400, active)
    effort = json.loads(store.value(test.server, "SELECT effort FROM label_revisions ORDER BY id DESC LIMIT 1"))
    first = effort["responses"].get(label.order[0], {})
    test.report.check("an answer says how long each response was looked at, and how long opened",
                      first.get("dwell_ms", 0) >= 300 and first.get("expanded_ms", 0) >= 300
                      and set(effort["responses"]) <= set(label.order), effort)


def last_answer_is_taken_back(test, ada):
    board = ready(test, ada)
    # What became of an answer is said where the next task takes its page's place.
    next_is_fetched(ada.page)
    rank_all(board)
    board.submit()
    button = ada.page.get_by_role("button", name="Take it back")
    button.wait_for()
    before = stored(test)
    with ada.page.expect_navigation():
        button.click()
    board.wait()
    test.equal("the last answer is taken back from the next task", (stored(test).id, stored(test).state),
               (before.id, "retracted"))
    rank_all(board, "4321")
    board.submit()


def skips_reach_a_lead(test, lead, ada):
    """A task that as many people skip as the project says waits for a lead."""
    report = test.report
    project = test.server.get(f"/projects/{test.project}")
    settings = {**project["settings"], "skips_to_review": 1}
    test.server.call("PATCH", f"/projects/{test.project}", {"settings": settings})
    board = ready(test, ada)
    lease = board.lease
    task = store.value(test.server, "SELECT task_id FROM leases WHERE token = ?", lease)
    next_is_fetched(ada.page)
    board.keys("s")
    ada.page.get_by_label("Unsafe or upsetting").check()
    ada.page.get_by_label("In your words").fill("<b>not for me</b>")
    with ada.page.expect_navigation():
        ada.page.get_by_role("button", name="Skip this task").click()
    ada.page.locator("[data-kept]", has_text="Skipped").wait_for()
    lead.go(f"/lead/projects/{test.project}")
    lead.press("Decide about them", role="link", picture="skipped")
    section = lead.page.get_by_role("region", name=f"Task {task}")
    report.check("a task that is skipped is put before a lead, with reasons and words",
                 "Ada" in section.inner_text() and "unsafe or upsetting" in section.inner_text()
                 and "<b>not for me</b>" in section.inner_text(), " ".join(section.inner_text().split())[:120])
    lead.press(f"Withdraw task {task}")
    test.equal("a lead withdraws it", store.value(test.server, "SELECT state FROM tasks WHERE id = ?", task), "withdrawn")
    test.server.call("PATCH", f"/projects/{test.project}", {"settings": {**settings, "skips_to_review": 3}})
