"""Rankings with all that a project may ask besides an order: ratings, flags, identical responses, compare mode, K of 4 to 9
in one queue. The groups are imported, so that what is tested does not hang on what a policy says."""

import json

import store
from album import ALL
from people import PATIENCE
from ranking import Board

NINE = [
    "Rain is water that falls from clouds.", "Clouds hold drops. When they grow heavy, they fall as rain.",
    "Rain falls because the sky is sad.", "Water rises as vapour, cools to clouds and falls again as rain.",
    "It rains when it rains.", "Rain is milk.", "Sun warms the sea; vapour rises; clouds form; rain falls.",
    "You should ask your parents.", "Rain is what makes umbrellas useful, which is why there are umbrellas.",
]
WITH_TWINS = [
    "Tea is calmer than coffee.", "Coffee wakes you up sooner.", "Tea is calmer than coffee.", "Both are hot.",
    "Neither is as good as water, which is free, clear and always there.",
]
RIGHT_TO_LEFT = [
    "المطر ماء يسقط من الغيوم.", "תה נרגע יותר מקפה.", "Rain, in Arabic: مطر.", "كل شيء بخير.",
    "Clouds hold drops of water. When the drops grow heavy, they fall, and that is rain.",
    "Clouds hold many small drops. When the drops grow too heavy, they fall: that is rain, or snow where it is cold.",
]


class RatedBoard(Board):
    """The ranking page with its ratings and flags."""

    def rating(self, letter):
        chosen = self.card(letter).locator("[data-score]:checked")
        return chosen.get_attribute("value") if chosen.count() else None

    def flags(self, letter):
        return self.card(letter).locator("[data-flag]:checked").evaluate_all(
            "boxes => boxes.map((box) => box.dataset.flag)")

    def score(self, letter, value):
        self.card(letter).locator(f'[data-score][value="{value}"]').click()


def project(test, name, groups, **settings):
    """A project of its own with these groups, whose tasks come in this order."""
    made = test.server.post("/projects", {"name": name, "settings": {"allow_skip": True, **settings}})["id"]
    lines = "\n".join(
        json.dumps({"id": f"g{at}", "prompt": prompt, "responses": responses})
        for at, (prompt, responses) in enumerate(groups))
    test.server.call("POST", f"/projects/{made}/groups", body=lines, query={"name": "groups.jsonl"})
    return made


def next_task(person, number):
    person.go(f"/projects/{number}/next")
    board = RatedBoard(person).wait()
    person.seen()
    return board


def stored(test, name="Ada"):
    return store.StoredLabel(test.server, name)


def used(test):
    """Helps of the page, as the newest answer says."""
    return json.loads(store.value(test.server, "SELECT effort FROM label_revisions ORDER BY id DESC LIMIT 1"))["used"]


def create(test, lead):
    """One queue with K of 9, 5, 6, 4, 4 and 4."""
    four = ["one", "two", "three", "four"]
    return project(test, "Rated", [
        ("Explain rain to a child.", NINE), ("Tea or coffee?", WITH_TWINS), ("Rain in other scripts", RIGHT_TO_LEFT),
        ("Say a number.", four), ("Say another number.", four[::-1]), ("And one more.", ["5", "6", "7", "8"]),
    ])


def nine_by_keys(test, ada, number):
    """K = 9 with ties, a line, ratings and flags: no pointer is touched."""
    board = next_task(ada, number)
    page = ada.page
    test.equal("nine responses lie under nine letters", "".join(board.letters), "ABCDEFGHI")
    ada.seen("rating-start", variants=("wide", "narrow"), whole=False)
    board.keys("Tab")
    for _ in range(40):
        if page.evaluate("document.activeElement?.matches('[data-name-button]')"):
            break
        board.keys("Tab")
    test.equal("Tab reaches the first response", page.evaluate("document.activeElement.textContent"), "A")
    board.keys("Tab")
    test.equal("and the next one after it", page.evaluate("document.activeElement.closest('[data-card]').dataset.letter"),
               "B")
    board.name("A").focus()
    board.keys("1", "j", "2", "j", "3", "j", "4", "j", "4", "j", "=", "j", "6", "j", "x", "j", "x")
    test.equal("digits, = and x rank nine", board.state, "A B C DEF G / HI")
    board.keys("Alt+ArrowDown")
    test.equal("Alt and an arrow part what x put together", board.state, "A B C DEF G / H I")
    page.wait_for_function("() => document.querySelector('[data-announce]').textContent !== ''")
    test.equal("what happened is announced",
               page.locator("[data-announce]").inner_text(), "I marked not acceptable; all ranked")
    board.name("B").focus()
    board.keys("r", "6")
    test.report.check("r and a digit rate, and the focus is back on the response",
                      board.rating("B") == "6" and board.state.startswith("A B C")
                      and page.evaluate("document.activeElement.textContent") == "B", board.rating("B"))
    board.keys("f", "ArrowDown", "ArrowDown", "Space")
    test.equal("f opens the flags and Space sets one", board.flags("B"), ["hallucination"])
    board.keys("Escape")
    test.equal("Escape goes back to the response", page.evaluate("document.activeElement.textContent"), "B")
    board.keys("j", "r", "ArrowRight")
    test.report.check("arrows choose a rating too", board.rating("C") is not None, board.rating("C"))
    board.keys("0")
    test.equal("0 takes a rating away", board.rating("C"), None)
    board.keys("u", "u", "Shift+U", "Shift+U")
    test.report.check("undo and redo know ratings", board.rating("C") is None and board.rating("B") == "6")
    ada.seen("rating", variants=ALL, whole=False)
    state = board.state
    board.submit(lambda: board.keys("Control+Enter"))
    label = stored(test)
    test.report.check("keys alone store nine ranks, ties, the line, a rating and a flag",
                      label.ranking == (state.replace(" / ", " "), "HI")
                      and label.ratings == {"B": {"overall": 6, "flags": ["hallucination"]}},
                      f"{label.ranking}, {label.ratings}")


def identical_and_hint(test, ada, number):
    """Two of five are the same; ranks and ratings contradict each other."""
    board = next_task(ada, number)
    page = ada.page
    test.equal("five responses in the same queue", len(board.letters), 5)
    twins = [letter for letter, text in board.texts.items() if text == WITH_TWINS[0]]
    others = [letter for letter in board.letters if letter not in twins]
    notice = page.locator("[data-identical]")
    test.report.check("identical responses are named", " and ".join(twins) in notice.inner_text(), notice.inner_text())
    board.name(twins[0]).focus()
    board.keys("2")
    test.equal("they move together", board.state, "".join(twins))
    board.name(others[0]).focus()
    board.keys("1")
    board.score(others[0], 2)
    board.score(twins[1], 6)
    test.equal("and are rated together", board.rating(twins[0]), "6")
    hint = page.locator(".contradiction")
    test.report.check("a rank that contradicts the ratings gets a hint, and nothing else",
                      f"{others[0]} stands above {twins[0]}, but you rated {others[0]} 2 and {twins[0]} 6"
                      in hint.inner_text() and board.state == f"{others[0]} {''.join(twins)}", hint.inner_text())
    ada.seen("rating-hints", variants=("wide", "narrow", "dark"), whole=False)
    board.score(others[0], 5)
    test.report.check("the hint goes when they agree", hint.is_hidden())
    page.get_by_role("button", name=f"Part {twins[0]} and {twins[1]}").click()
    board.name(twins[1]).focus()
    board.keys("3", "u", "u")
    board.keys("Shift+U", "Shift+U")
    test.equal("parted, they move alone", board.state, f"{others[0]} {twins[0]} {twins[1]}")
    for rank, letter in enumerate(others[1:], 4):
        board.name(letter).focus()
        board.keys(str(rank))
    board.submit()
    label = stored(test)
    test.report.check("the ratings of all three are stored", {key: value["overall"] for key, value in
                                                              label.ratings.items()}
                      == {others[0]: 5, twins[0]: 6, twins[1]: 6}, label.ratings)
    test.equal("the label says that twins were tied and a hint was shown", used(test),
               {"contradiction_hint": 1, "identical_tied": 1})


def compare(test, ada, number):
    """Compare mode: one pinned, arrows walk the others, ranks go to the one at the right."""
    board = next_task(ada, number)
    page = ada.page
    dialog = page.get_by_role("dialog", name="Compare")
    name = lambda side: dialog.locator(".compare-sides h3").nth(side).inner_text()
    ada.seen("ranking-right-to-left", variants=("wide",), whole=False)
    letters = {text: letter for letter, text in board.texts.items()}
    pinned, alike = letters[RIGHT_TO_LEFT[4]], letters[RIGHT_TO_LEFT[5]]
    others = [letter for letter in board.letters if letter != pinned]
    board.name(pinned).focus()
    board.keys("c")
    test.equal("c pins the response at the left", (name(0), name(1)), (f"{pinned}, pinned", others[0]))
    board.keys("ArrowRight")
    test.equal("arrows walk the others, past the pinned one", name(1), others[1])
    board.keys("ArrowLeft", "ArrowLeft")
    test.equal("in both directions", name(1), others[-1])
    for _ in others:
        if name(1) != alike:
            board.keys("ArrowRight")
    test.equal("no words are marked before somebody asks", dialog.locator("ins, del").count(), 0)
    board.keys("d")
    marked = [words.strip() for words in dialog.locator("ins").all_inner_texts()]
    test.report.check("d marks the words in which they differ", "many small" in marked and "rain" not in marked, marked)
    ada.seen("compare", variants=ALL, whole=False)
    board.keys("d")
    test.equal("d again shows them as they are", dialog.locator("ins, del").count(), 0)
    board.keys("1", "ArrowRight", "2")
    second = name(1)
    test.equal("digits rank the one at the right", board.state, f"{alike} {second}")
    board.keys("c")
    test.report.check("c closes it, and the focus is on the response at the right",
                      not dialog.is_visible() and page.evaluate("document.activeElement.textContent") == second)
    rest = [letter for letter in board.letters if letter not in (alike, second)]
    for rank, letter in enumerate(rest, 3):
        board.name(letter).focus()
        board.keys(str(rank))
    directions = page.evaluate("""() => [...document.querySelectorAll('.pane')].map((pane) =>
      getComputedStyle(pane.querySelector('.rendered p, .raw') ?? pane).direction)""")
    test.report.check("texts that run from right to left do", directions.count("rtl") >= 2, directions)
    board.submit()
    test.equal("the label says that compare mode and its difference were used", used(test), {"compare": 1, "diff": 1})


def drag_by_finger(phone, handle, row):
    """Chromium's own touch events, which scroll the page where nothing takes them."""
    fingers = phone.context.new_cdp_session(phone.page)
    move = lambda kind, *points: fingers.send("Input.dispatchTouchEvent", {
        "type": kind, "touchPoints": [{"x": x, "y": y} for x, y in points]})
    middle = lambda box: (box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    handle.evaluate("handle => handle.scrollIntoView({ block: 'center' })")
    start = middle(handle.bounding_box())
    move("touchStart", start)
    # At the lower edge the page scrolls under the finger, until the row is there.
    for step in range(200):
        if row.bounding_box()["y"] < 500:
            break
        move("touchMove", (start[0] - 30, 690 + step % 2))
        phone.page.wait_for_timeout(30)
    move("touchMove", middle(row.bounding_box()))
    phone.page.wait_for_timeout(50)
    move("touchMove", middle(row.bounding_box()))
    move("touchEnd")


def touch(test, ada, number):
    ada.leave()
    phone = ada.beside("Ada's telephone", has_touch=True, is_mobile=True, viewport={"width": 360, "height": 740})
    board = next_task(phone, number)
    for letter, rank in (("D", 1), ("A", 2), ("B", 2)):
        board.name(letter).tap()
        board.row(rank).get_by_role("button", name=f"Put {letter} in rank {rank}").tap()
    drag_by_finger(phone, board.card("C").get_by_role("button", name="Drag C"), board.row(3))
    test.equal("a finger drags a response by its handle", board.state, "D AB C")
    board.card("D").locator('[data-score][value="7"]').tap()
    board.card("C").locator("[data-flags] summary").tap()
    board.card("C").locator('[data-flag="violent"]').tap()
    test.album.take(phone.page, "rating-touch", variants=("narrow", "narrow-dark"), whole=False)
    board.card("D").locator('[data-score][value="6"]').tap()
    board.card("D").locator('[data-score][value="6"]').tap()
    test.equal("a tap on the chosen number takes it away", board.rating("D"), None)
    board.card("D").locator('[data-score][value="7"]').tap()
    phone.page.get_by_role("button", name="Compare A with the others").tap()
    phone.page.get_by_role("dialog", name="Compare").get_by_role("button", name="Put B in rank 3").tap()
    phone.page.get_by_role("dialog", name="Compare").get_by_role("button", name="Close").tap()
    board.submit(lambda: phone.page.get_by_role("button", name="Submit").tap())
    label = stored(test)
    test.report.check("touch ranks, rates, flags and compares",
                      label.ranking[0] == "D A BC" and label.ratings == {
                          "D": {"overall": 7, "flags": []}, "C": {"flags": ["violent"]}},
                      f"{label.ranking}, {label.ratings}")
    phone.close()


def without_script(test, ada, number):
    plain = ada.beside("Ada without scripts", java_script_enabled=False)
    page = plain.page
    plain.go(f"/projects/{number}/next", picture="rating-plain", variants=ALL, whole=False)
    for letter, rank in zip("ABCD", "1234"):
        page.get_by_label(f"Rank of response {letter}").select_option(rank)
    card = lambda letter: page.locator(f'[data-card][data-letter="{letter}"]')
    card("B").get_by_role("radio", name="3 of 7").check()
    card("B").locator("summary").click()
    card("B").get_by_role("checkbox", name="Makes something up").check()
    plain.press("Submit")
    label = stored(test)
    test.report.check("without scripts ratings and flags are submitted and stored",
                      label.ranking[0] == "A B C D"
                      and label.ratings == {"B": {"overall": 3, "flags": ["hallucination"]}}, label.ratings)
    plain.close()


def keys_off(test, ada, number):
    """The switch turns single keys off for this browser; every control is a stop of the Tab key then."""
    board = next_task(ada, number)
    page = ada.page
    board.keys("?")
    page.get_by_label("Single keys work").uncheck()
    board.keys("Escape")
    board.name("A").focus()
    board.keys("1", "x", "c")
    test.report.check("with single keys off no letter or digit does anything",
                      board.state == "" and not page.get_by_role("dialog", name="Compare").is_visible())
    page.reload()
    board.wait()
    board.name("A").focus()
    board.keys("1")
    test.equal("the browser remembers it", board.state, "")
    page.locator("[data-card][data-letter=A] [data-score]").first.focus()
    stops = page.evaluate("""() => [...document.querySelectorAll('[data-card][data-letter=A] :is(button, [data-score], summary)')]
      .filter((each) => each.tabIndex === 0 && each.checkVisibility()).length""")
    test.report.check("its buttons, rating and flags are stops of the Tab key instead", stops >= 10, stops)
    board.keys("Alt+ArrowUp")
    test.equal("keys with Alt still act", board.state, "A")
    board.keys("Control+z")
    page.locator("[data-open-keys]").click()
    page.get_by_label("Single keys work").check()
    board.keys("Escape")
    page.get_by_label("Skip").or_(page.locator("[data-skip] summary")).first.click()
    page.get_by_label("In your words").focus()
    board.keys("1", "x", "j")
    test.report.check("no key acts inside a text field",
                      board.state == "" and page.get_by_label("In your words").input_value() == "1xj")
    board.keys("Escape")


LAYOUTS = """(presses) => {
  for (const press of presses) {
    document.activeElement.dispatchEvent(new KeyboardEvent("keydown", { bubbles: true, cancelable: true, ...press }));
  }
}"""


def layouts(test, ada, number):
    """Keys are found on keyboards on which digits take Shift, and on those of another script."""
    board = next_task(ada, number)
    press = lambda *presses: ada.page.evaluate(LAYOUTS, list(presses))
    board.name("A").focus()
    press({"key": "&", "code": "Digit1"}, {"key": "о", "code": "KeyJ"}, {"key": "2", "code": "Digit2", "shiftKey": True})
    test.equal("AZERTY's keys of digits rank with and without Shift, and a Cyrillic j is a j", board.state, "A B")
    press({"key": "à", "code": "Digit0"}, {"key": "ч", "code": "KeyX"}, {"key": "я", "code": "KeyZ", "ctrlKey": True})
    test.equal("so are 0, x and Ctrl+Z", board.state, "A")
    press({"key": "ö", "code": "Semicolon"}, {"key": "q", "code": "KeyA"}, {"key": "j", "code": "KeyJ", "altKey": True})
    test.equal("and no other key does anything", board.state, "A")
    board.keys("0", "u", "u", "u")


def required(test, ada, lead):
    """A project may ask for every rating; its own flags stand beside the list's."""
    number = project(test, "Required", [("Say a number.", ["one", "two", "three", "four"])], ratings="required",
                     flags=[{"name": "rude", "words": "Rude"}])
    board = next_task(ada, number)
    board.name("A").focus()
    board.keys("1", "j", "2", "j", "3", "j", "4", "Control+Enter")
    test.equal("a missing rating is asked for", ada.page.locator("[data-standing]").inner_text(),
               "Not rated yet: A, B, C and D. Give each a number from 1 to 7.")
    for letter in "ABCD":
        board.name(letter).focus()
        board.keys("r", "4")
    board.card("A").locator("[data-flags] summary").click()
    names = board.card("A").locator("[data-flag]").evaluate_all("boxes => boxes.map((box) => box.dataset.flag)")
    test.equal("a project has its own flags", names, ["rude"])
    board.submit()
    test.equal("then it is stored", [value["overall"] for value in stored(test).ratings.values()], [4, 4, 4, 4])


PROPERTIES = """async () => {
  const { RankingModel } = await import("/static/ranking-model.js");
  let seed = 7;
  const random = (limit) => {
    seed = (seed * 1103515245 + 12345) % 2147483648;
    return Math.floor((seed / 2147483648) * limit);
  };
  const shuffled = (ids) => {
    const all = [...ids];
    for (let at = all.length - 1; at > 0; at -= 1) {
      const other = random(at + 1);
      [all[at], all[other]] = [all[other], all[at]];
    }
    return all;
  };
  const words = (model) => JSON.stringify([
    [...model.ranks()].sort(), model.ids.map((id) => [id, model.place(id), model.rating(id)]).sort(),
    [...model.parted].sort(),
  ]);
  const operation = (ids, count) => {
    const id = ids[random(ids.length)];
    const row = random(count);
    const zone = ["ranked", "below"][random(2)];
    const side = ["above", "below"][random(2)];
    const [step, score, flag] = [random(2) * 2 - 1, random(7) + 1, ["a", "b", "c"][random(3)]];
    return [
      (model) => model.put(id, zone, row), (model) => model.put(id, "ranked", row), (model) => model.toTray(id),
      (model) => model.toggleBelow(id), (model) => model.tieWithAbove(id), (model) => model.move(id, step),
      (model) => model.cross(id), (model) => model.insert(id, zone, row, side), (model) => model.rate(id, score),
      (model) => model.toggleFlag(id, flag), (model) => model.part(id),
    ][random(11)];
  };
  let operations = 0;
  for (let round = 0; round < 2000; round += 1) {
    const ids = Array.from({ length: 4 + random(6) }, (_, at) => `r${at}`);
    const twins = random(2) ? [[ids[0], ids[1]]] : [];
    const [one, other] = [new RankingModel(shuffled(ids), twins), new RankingModel(shuffled(ids), twins)];
    if (one.isComplete || one.ranks().size > 0 || one.canUndo) return `an untouched tray of ${ids.length} is an answer`;
    const states = [words(one)];
    for (let step = 0; step < 25; step += 1) {
      const act = operation(ids, ids.length);
      const before = words(one);
      const changed = act(one);
      if (act(other) !== changed) return `round ${round}: the display order decides whether something changes`;
      if (changed === (words(one) === before)) return `round ${round}: a change is not said truly`;
      if (words(one) !== words(other)) return `round ${round}: the display order decides a rank`;
      const ranks = [...one.ranks().values()];
      const dense = new Set(ranks).size;
      if (ranks.length > 0 && Math.max(...ranks) !== dense) return `round ${round}: ranks have gaps`;
      if (changed) states.push(words(one));
      operations += 1;
    }
    for (let at = states.length - 2; at >= 0; at -= 1) {
      if (!one.undo() || words(one) !== states[at]) return `round ${round}: undo is not the inverse of step ${at}`;
    }
    if (one.undo()) return `round ${round}: more was undone than done`;
    for (let at = 1; at < states.length; at += 1) {
      if (!one.redo() || words(one) !== states[at]) return `round ${round}: redo is not the inverse of undo ${at}`;
    }
    if (one.redo() || words(one) !== words(other)) return `round ${round}: redo ends elsewhere`;
  }
  return operations;
}"""


def properties(test, ada):
    """Random display orders and operations: the ranking hangs on responses alone; undo and redo are inverses."""
    ada.go("/")
    found = ada.page.evaluate(PROPERTIES)
    test.report.check("over 50,000 random operations no rank hangs on the display, undo and redo are inverses, and an "
                      "untouched tray is no answer", found == 50_000, found)
