"""Ranking as annotators do it: keys alone, buttons, mouse, touch; skip, undo, reload."""

import store
from album import ALL
from people import PATIENCE


class Board:
    """The ranking page as it stands: which letter lies in which row."""

    def __init__(self, person):
        self.person, self.page = person, person.page

    def wait(self, within=PATIENCE):
        """Waits for a task; the page of waiting looks again by itself."""
        self.page.locator("form.ranking .rank-row").first.wait_for(timeout=within)
        return self

    @property
    def letters(self):
        return self.page.locator("[data-card]").evaluate_all("cards => cards.map(card => card.dataset.letter).sort()")

    @property
    def state(self):
        """`"B AD / C"`: rows best first, the tray left out, after the slash what is not acceptable."""
        return self.page.evaluate("""() => {
          const rows = (zone) => [...document.querySelectorAll(`.rank-row[data-zone="${zone}"]`)]
            .map((row) => [...row.querySelectorAll('[data-card]')].map((card) => card.dataset.letter).sort().join(''))
            .filter(Boolean).join(' ');
          const below = rows('below');
          return rows('ranked') + (below ? ` / ${below}` : '');
        }""")

    @property
    def rows_of_texts(self):
        """The texts of each filled row as they were written, best first, what is not acceptable last."""
        return self.page.locator(".rank-row").evaluate_all("""rows => rows
          .map((row) => [...row.querySelectorAll('[data-card] .raw')].map((raw) => raw.textContent).sort())
          .filter((texts) => texts.length > 0)""")

    @property
    def tray(self):
        return "".join(self.page.locator("[data-zone=tray] [data-card]").evaluate_all(
            "cards => cards.map(card => card.dataset.letter).sort()"))

    @property
    def texts(self):
        """The responses' texts by letter, wherever they lie."""
        return {letter: self.card(letter).locator(".pane").inner_text() for letter in self.letters}

    @property
    def address(self):
        return self.page.locator("form.ranking").get_attribute("action")

    @property
    def lease(self):
        """The token of the task on the screen; the next one may have been fetched already."""
        return self.address.split("/")[2]

    def card(self, letter):
        return self.page.locator(f'[data-card][data-letter="{letter}"]')

    def name(self, letter):
        return self.card(letter).locator("[data-name-button]")

    def row(self, rank):
        return self.page.locator(f'.rank-row[data-zone="ranked"][data-row="{rank - 1}"]')

    def keys(self, *keys):
        for key in keys:
            self.page.keyboard.press(key)

    def submit(self, press=None):
        """Submits and waits for the page after it."""
        before = self.address
        with self.page.expect_navigation(url=lambda url: True):
            press() if press else self.page.get_by_role("button", name="Submit").click()
        self.person.seen()
        return before


def ready(test, person):
    """The person's next task, untouched."""
    person.go(f"/projects/{test.project}/next")
    board = Board(person).wait()
    person.seen()
    return board


def stored(test, name="Ada"):
    return store.StoredLabel(test.server, name)


def by_keyboard(test, ada):
    report = test.report
    board = ready(test, ada)
    ada.seen("ranking-start", variants=("wide", "narrow"), whole=False)
    before = store.label_count(test.server, test.project)
    board.keys("Control+Enter")
    standing = ada.page.locator("[data-standing]").inner_text()
    report.check("an untouched tray is no answer: Ctrl+Enter stays and says what is missing",
                 "Not ranked yet: A, B, C and D" in standing and store.label_count(test.server, test.project) == before,
                 standing)
    board.keys("j", "2", "j", "1", "j", "=", "j", "x")
    test.equal("digits, = and x rank without a mouse", board.state, "B AC / D")
    board.keys("u", "u")
    test.equal("u takes single steps back", board.state, "B A")
    board.keys("Shift+U", "Control+Shift+Z")
    test.equal("Shift+U and Ctrl+Shift+Z do them again", board.state, "B AC / D")
    board.keys("k", "Alt+ArrowUp")
    test.equal("Alt and an arrow move a response by a rank", board.state, "B C A / D")
    board.keys("Control+z")
    ada.seen("ranking", variants=ALL, whole=False)
    board.keys("?")
    report.check("? shows the keys", ada.page.get_by_role("dialog", name="Keys").is_visible())
    test.album.take(ada.page, "keys", variants=("wide",), whole=False)
    board.keys("Escape")
    shown = board.state
    board.submit(lambda: board.keys("Control+Enter"))
    label = stored(test)
    report.check("Ctrl+Enter stores the ranking with its tie and its line",
                 shown == "B AC / D" and label.ranking == ("B AC D", "D"), label.ranking)
    report.check("the label says how long it took and in how many steps",
                 label.active_ms is not None and label.operations >= 6,
                 f"{label.active_ms} ms, {label.operations} steps")
    return label


def by_buttons(test, ada):
    board = ready(test, ada)
    page = ada.page
    page.get_by_role("button", name="Response C has no rank").click()
    page.get_by_role("button", name="Put C in rank 1").click()
    page.get_by_role("button", name="Move B down").click()
    page.get_by_role("button", name="Move A down").click()
    page.get_by_role("button", name="A is not acceptable").click()
    page.get_by_role("button", name="Move D up").click()
    page.get_by_role("button", name="Move D up").click()
    test.equal("buttons rank", board.state, "C BD / A")
    page.get_by_role("button", name="Take the rank off C").click()
    submit = page.get_by_role("button", name="Submit")
    test.report.check("a button takes a rank off, and Submit waits for it",
                      board.tray == "C" and submit.get_attribute("aria-disabled") == "true", board.state)
    page.get_by_role("button", name="Undo").click()
    board.submit()
    test.equal("the ranking made with buttons is stored", stored(test).ranking, ("C BD A", "A"))


def by_mouse(test, ada):
    board = ready(test, ada)
    mouse = ada.page.mouse

    def drag(letter, target, share=0.5):
        handle = board.card(letter).get_by_role("button", name=f"Drag {letter}")
        handle.scroll_into_view_if_needed()
        start = handle.bounding_box()
        mouse.move(start["x"] + start["width"] / 2, start["y"] + start["height"] / 2)
        mouse.down()
        # A first small move lifts the card; then the target is where it is seen now.
        mouse.move(start["x"] + start["width"] / 2 + 8, start["y"] + start["height"] / 2 + 8)
        box = target.bounding_box()
        height = ada.page.viewport_size["height"]
        mouse.move(box["x"] + box["width"] / 2, min(box["y"] + box["height"] * share, height - 120), steps=6)
        if letter == "B":
            test.album.take_now(ada.page, "ranking-drag")
        mouse.up()

    drag("A", board.row(1))
    drag("B", board.row(1))
    test.equal("dragging onto a filled row ties", board.state, "AB")
    drag("C", board.row(1), share=0.97)
    test.equal("dragging to the edge of a row makes one of its own", board.state, "AB C")
    drag("D", board.row(1), share=0.03)
    test.equal("above it too", board.state, "D AB C")
    mouse.move(0, 0)
    board.submit()
    test.equal("the ranking made by dragging is stored", stored(test).ranking, ("D AB C", ""))


def by_touch(test, ada):
    ada.leave()
    phone = ada.beside("Ada's telephone", has_touch=True, is_mobile=True, viewport={"width": 360, "height": 740})
    board = ready(test, phone)
    for letter, rank in (("B", 1), ("A", 2), ("D", 3), ("C", 3)):
        board.name(letter).tap()
        board.row(rank).get_by_role("button", name=f"Put {letter} in rank {rank}").tap()
    test.equal("touch ranks by tapping a response, then a rank", board.state, "B A CD")
    test.album.take(phone.page, "ranking-touch", variants=("narrow", "narrow-dark"), whole=False)
    with phone.page.expect_navigation():
        phone.page.get_by_role("button", name="Submit").tap()
    phone.seen()
    test.equal("the ranking made by touch is stored", stored(test).ranking, ("B A CD", ""))
    phone.close()


def skip(test, ada):
    board = ready(test, ada)
    task = board.address
    board.keys("s")
    reasons = ada.page.locator('[data-skip] input[name="reason"]')
    digit = reasons.evaluate_all("all => all.map((each) => each.value)").index("identical") + 1
    ada.page.keyboard.press(str(digit))
    test.report.check("a digit in the skip form gives a reason and ranks nothing",
                      reasons.nth(digit - 1).is_checked() and board.state == "", board.state)
    ada.page.get_by_label("In your words").fill("they hardly differ")
    test.album.take(ada.page, "skip", variants=("narrow",), whole=False)
    ada.press("Skip this task")
    found = store.rows(
        test.server, "SELECT s.reason, s.note FROM skips s JOIN users u ON u.id = s.user_id WHERE u.name = 'Ada'")
    test.report.check("a skip keeps its reason and note, and leads to another task",
                      found == [("identical", "they hardly differ")] and Board(ada).wait().address != task, found)


def undo(test, ada):
    """The newest answer comes back with what was said, and may be changed."""
    report = test.report
    before = stored(test)
    ada.go("/history", picture="history")
    with ada.page.expect_navigation():
        ada.page.get_by_role("button", name="Take back").first.click()
    board = Board(ada).wait()
    ada.seen("taken-back", variants=ALL, whole=False)
    # A task that is handed out again has an order of display of its own, so the texts tell the responses apart.
    texts = dict(store.rows(test.server, """SELECT r.public_id, r.text FROM responses r JOIN tasks t ON t.group_id = r.group_id
                            WHERE t.id = ?""", before.task))
    test.equal("the answer taken back is filled in", board.rows_of_texts,
               [sorted(texts[response] for response in row) for row in before.judgement["ranking"]["rows"]])
    test.equal("and counts no longer", stored(test).state, "retracted")
    board.keys("j", "1", "j", "2", "j", "3", "j", "4")
    board.submit()
    after = stored(test)
    report.check("submitting again makes a new revision of the same label",
                 after.id == before.id and after.revision > before.revision and after.state == "active"
                 and after.ranking == ("A B C D", ""),
                 f"revision {before.revision}, then {after.revision}: {after.ranking}")


def reload(test, ada):
    board = ready(test, ada)
    texts = board.texts
    board.keys("j", "3", "j", "1")
    state, task = board.state, board.address
    ada.page.reload()
    board.wait()
    test.report.check("a reload keeps the task, the letters' order and the work so far",
                      board.texts == texts and board.state == state and board.address == task, board.state)
    ada.go("/history")
    again = ready(test, ada)
    test.report.check("so does coming back to it", again.address == task and again.state == state, again.state)
    again.keys("j", "j", "j", "4", "j", "2")
    again.submit()


def lead_ranks(test, lead, wanted):
    """The lead ranks by keys until the project has `wanted` rankings of the lead's: the longer, the better."""
    board = ready(test, lead)
    for _ in range(wanted):
        board.wait()
        by_length = sorted(board.letters, key=lambda letter: -len(board.card(letter).locator(".pane").inner_text()))
        for rank, letter in enumerate(by_length, 1):
            board.name(letter).focus()
            board.keys(str(rank))
        before = board.address
        board.keys("Control+Enter")
        lead.page.wait_for_function(
            "before => document.querySelector('form.ranking')?.getAttribute('action') !== before", arg=before)
        lead.page.wait_for_load_state("load")
    lead.seen()
    made = store.value(
        test.server, "SELECT count(*) FROM labels l JOIN users u ON u.id = l.user_id WHERE u.name = 'lead'")
    test.equal(f"the lead ranks {wanted} tasks", made, wanted)
