"""kill -9 at fifty random moments of each kind of training run: the resumed result against the undisturbed one, byte for byte.

Standard library only. Called by `scripts/bench crashes`; a few moments of each kind are in `scripts/test system`. Resumable: a moment that
was tried under the same version is not tried again.
"""

import argparse
import hashlib
import json
import pathlib
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT / "Tests" / "System"))

from killed_runs import KINDS, KilledRuns  # noqa: E402

PAGE = ROOT / "docs" / "studies" / "crashes.md"


# Of rows from before they named it.
FIRST_VERSION = "0.1.0"


def tried(file, version):
    lines = [json.loads(line) for line in file.read_text().splitlines()] if file.exists() else []
    return [line for line in lines if line.get("version", FIRST_VERSION) == version]


def summary(runs, kind, found):
    interval = runs.interval(kind)
    steps = sorted(one["steps_twice"] for one in found)
    within = all(step <= interval for step in steps) if interval else True
    return {"kind": kind, "kills": len(found), "same": sum(one["same_bytes"] for one in found), "interval": interval,
            "most_twice": steps[-1], "median_twice": steps[len(steps) // 2], "within": within,
            "in_training": sum(one["killed_at_step"] > 0 for one in found)}


def page(rows, version, programs):
    lines = ["# Training runs killed with -9", "",
             "Each kind of run, small enough to take seconds, is killed with `SIGKILL` at moments drawn evenly over its processor time, from the "
             "start of the process to its last write, and up to 30 ms later; the next attempt finishes it. Compared is every file of `output/` with that of a run "
             "which nothing disturbed. *Done twice*: steps that the killed attempt's metrics tell of and the next one did again; at most one "
             "interval between checkpoints is promised. A tokenizer run has no checkpoint and begins anew. The aim is fifty "
             "moments of each kind; *kills* says how many were tried so far.", "",
             "| kind | kills | in the middle of its steps | same bytes | interval, steps | done twice: median, most |",
             "| --- | ---: | ---: | ---: | ---: | ---: |"]
    for row in rows:
        lines.append(f"| {row['kind']} | {row['kills']} | {row['in_training']} | {row['same']} | {row['interval'] or 'the run'} | "
                     f"{row['median_twice']}, {row['most_twice']} |")
    lines += ["", f"`scripts/bench crashes` · version {version}, programs {', '.join(programs)} · moments and outcomes: [crashes.jsonl](crashes.jsonl)", ""]
    PAGE.parent.mkdir(parents=True, exist_ok=True)
    PAGE.write_text("\n".join(lines))


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--plumb", required=True)
    parser.add_argument("--output", required=True)
    parser.add_argument("--kinds", nargs="*", default=KINDS, choices=KINDS)
    parser.add_argument("--moments", type=int, default=50, help="kills of each kind")
    parser.add_argument("--seed", type=int, default=1, help="of the moments")
    arguments = parser.parse_args()
    program = hashlib.sha256(pathlib.Path(arguments.plumb).read_bytes()).hexdigest()[:16]
    version = subprocess.run([arguments.plumb, "--version"], capture_output=True, text=True, check=True).stdout.strip()
    runs = KilledRuns(str(pathlib.Path(arguments.plumb).resolve()), pathlib.Path(arguments.output) / program)
    file = PAGE.with_suffix(".jsonl")
    file.parent.mkdir(parents=True, exist_ok=True)
    # A few moments of each kind in turn, so that a call cut short has something of every kind.
    for wanted in [*range(5, arguments.moments, 5), arguments.moments]:
        for kind in arguments.kinds:
            known = sum(one["kind"] == kind for one in tried(file, version))
            for one in runs.kills(kind, wanted - known, seed=arguments.seed + known):
                with open(file, "a") as out:
                    out.write(json.dumps({"version": version, "program": program, "kind": kind, **one}, sort_keys=True) + "\n")
            print(f"{kind}: {max(known, wanted)} moments", flush=True)
    everything = tried(file, version)
    found = {kind: [one for one in everything if one["kind"] == kind] for kind in KINDS}
    rows = [summary(runs, kind, found[kind]) for kind in KINDS if found[kind]]
    for row in rows:
        print(json.dumps(row))
    page(rows, version, sorted({one["program"] for one in everything}))
    sys.exit(0 if all(row["same"] == row["kills"] and row["within"] for row in rows) else 1)
