"""What a study is, and how its rows are measured and its page is written."""

import importlib
import json
import pathlib
import tempfile
import time

from ledger import Ledger, digest
from program import ROOT, StudyError

PAGES = ROOT / "docs" / "studies"


class Study:
    """One question with its settings. A subclass says what is measured of one (setting, seed) and what the page tells."""

    name = ""
    title = ""
    # Raised when what is measured changes, so that older rows no longer count.
    revision = 1
    seeds = range(5)
    # Module whose `write(page, rows)` fills the page.
    pages = ""
    # On two cores that nothing else uses.
    minutes_per_row = 1.0

    def __init__(self, plumb, work):
        """- work: folder for what rows leave behind while they are measured."""
        self.plumb = plumb
        self.work = pathlib.Path(work) / self.name
        self.work.mkdir(parents=True, exist_ok=True)

    def settings(self):
        """Dictionaries, one for each curve or line of the study."""
        raise NotImplementedError

    def seeds_of(self, setting):
        return self.seeds

    def inputs(self):
        """Files and folders that rows depend on, by name."""
        return {}

    def prepare(self):
        """What all rows need, once before the first of a call."""

    def measure(self, setting, seed, folder):
        """What was found, as JSON. - folder: empty, and gone afterwards."""
        raise NotImplementedError

    def write(self, page, rows):
        """Fills the page from all rows of the current inputs."""
        importlib.import_module(self.pages).write(page, rows)

    def inputs_of(self, setting):
        """Names of the inputs that a setting's rows depend on; all of them unless a study says otherwise."""
        return self.inputs()

    def ledger(self):
        digests = {name: digest(path)[:16] for name, path in self.inputs().items()}
        return Ledger(PAGES / f"{self.name}.jsonl", self.name, self.revision, self.plumb.version,
                      lambda setting: {name: digests[name] for name in self.inputs_of(setting)})

    def wanted(self):
        """(setting, seed), a whole seed after the other, so that a call cut short has something of every setting."""
        settings = self.settings()
        seeds = sorted({seed for setting in settings for seed in self.seeds_of(setting)})
        return [(setting, seed) for seed in seeds for setting in settings if seed in self.seeds_of(setting)]

    def run(self, hours=None, seeds=None, only=None):
        """Measures what is missing, and writes the page.

        - hours: no row is begun after them; seeds: only the first so many, and those of tuning; only: values that settings must have.
        """
        ledger = self.ledger()
        wanted = [(setting, seed) for setting, seed in self.wanted() if seeds is None or seed < seeds or seed not in self.seeds]
        wanted = [(setting, seed) for setting, seed in wanted
                  if all(str(setting.get(name)) == value for name, value in (only or {}).items())]
        missing = [(setting, seed) for setting, seed in wanted if ledger.find(setting, seed) is None]
        say(f"{self.name}: {len(wanted)} rows, {len(wanted) - len(missing)} of them measured; budget of the whole "
            f"{self.hours(len(self.wanted())):.1f} hours, of what is missing {self.hours(len(missing)):.1f} hours")
        started = time.monotonic()
        if missing:
            self.prepare()
        for setting, seed in missing:
            if hours is not None and time.monotonic() - started > hours * 3600:
                say(f"{self.name}: the {hours} hours are used up; call again for the rest")
                break
            ledger.reload()
            if ledger.find(setting, seed) is None:
                self.add_row(ledger, setting, seed)
        self.publish(ledger)

    def add_row(self, ledger, setting, seed):
        # One of its own, so that two calls can share the work: --only deals the settings out.
        with tempfile.TemporaryDirectory(prefix="row-", dir=self.work) as folder:
            began = time.monotonic()
            found = self.measure(setting, seed, pathlib.Path(folder))
        row = ledger.add(setting, seed, found, time.monotonic() - began, self.plumb.sha256)
        say(f"  {' '.join(f'{k}={v}' for k, v in setting.items())} seed={seed}: {self.brief(found)} ({row['seconds']:.0f} s)")

    def brief(self, found):
        """A row in a few words, for the terminal."""
        return ", ".join(f"{name} {value:.3f}" for name, value in found.items() if isinstance(value, float))

    def hours(self, rows):
        return rows * self.minutes_per_row / 60

    def publish(self, ledger):
        ledger.reload()
        rows = ledger.current(self.settings())
        if not rows:
            say(f"{self.name}: no row yet, so no page")
            return
        page = Page(self, ledger, rows)
        self.write(page, rows)
        page.save()
        say(f"{self.name}: {page.file}")


class Page:
    """docs/studies/NAME.md with its figures."""

    def __init__(self, study, ledger, rows):
        self.study, self.rows = study, rows
        self.file = PAGES / f"{study.name}.md"
        self.parts = [f"# {study.title}"]
        self.figures = 0
        self.wanted = len(study.wanted())
        self.measured = sum(ledger.find(setting, seed) is not None for setting, seed in study.wanted())
        if self.measured < self.wanted:
            self.parts.append(f"**{self.measured} of {self.wanted} rows are measured so far**; the page tells of those, with the seeds that each "
                              "figure rests on.")
        self.inputs = {name: value for row in rows for name, value in row["inputs"].items()}

    def add(self, text):
        self.parts.append(text.strip())

    def table(self, head, rows):
        cells = [head, ["---"] + ["---:"] * (len(head) - 1), *rows]
        self.parts.append("\n".join("| " + " | ".join(map(str, row)) + " |" for row in cells))

    def figure(self, svg, words):
        self.figures += 1
        name = f"{self.study.name}-{self.figures}.svg"
        (PAGES / name).write_text(svg)
        self.parts.append(f"![{words}]({name})")

    def save(self):
        study = self.study
        programs = ", ".join(sorted({row["program"] for row in self.rows}))
        spent = sum(row["seconds"] for row in self.rows) / 3600
        self.parts.append(
            f"## How this was made\n\n`scripts/bench studies {study.name}` · budget {study.hours(self.wanted):.1f} hours on two cores · "
            f"{self.measured} of {self.wanted} rows measured, {spent:.2f} hours in all on a machine that others used meanwhile · rows: "
            f"[{study.name}.jsonl]({study.name}.jsonl) (study, revision, setting, seed, version {study.plumb.version} and digests of "
            f"the inputs are a row's key; a row that is there is not measured again) · program {programs} · inputs "
            + (", ".join(f"{name} `{value}`" for name, value in self.inputs.items()) or "none"))
        PAGES.mkdir(parents=True, exist_ok=True)
        self.file.write_text("\n\n".join(self.parts) + "\n")


def by_setting(rows):
    """[(setting, its rows by seed)], in the order in which settings came."""
    groups = {}
    for row in rows:
        groups.setdefault(json.dumps(row["setting"], sort_keys=True), (row["setting"], []))[1].append(row)
    return [(setting, sorted(found, key=lambda row: row["seed"])) for setting, found in groups.values()]


def require(path, words):
    """- Throws: `StudyError` where something that the study reads is not there."""
    if not pathlib.Path(path).exists():
        raise StudyError(f"{path} is not there: {words}")
    return path


def say(words):
    print(words, flush=True)
