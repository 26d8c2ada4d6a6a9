"""kill -9 at fifty random moments of each kind of training run: the resumed result against the undisturbed one, byte for byte.

Standard library only. Called by `scripts/bench crashes`; a few moments of each kind are in `scripts/test system`. Resumable: moments that
were tried under the same program are not tried again.
"""

import argparse
import hashlib
import json
import pathlib
import sys

ROOT = pathlib.Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT / "Tests" / "System"))

from killed_runs import KINDS, KilledRuns  # noqa: E402

PAGE = ROOT / "docs" / "studies" / "crashes.md"


def tried(file, program):
    lines = [json.loads(line) for line in file.read_text().splitlines()] if file.exists() else []
    return [line for line in lines if line["program"] == program]


def summary(runs, kind, found):
    interval = runs.interval(kind)
    steps = sorted(one["steps_twice"] for one in found)
    within = all(step <= interval for step in steps) if interval else True
    return {"kind": kind, "kills": len(found), "same": sum(one["same_bytes"] for one in found), "interval": interval,
            "most_twice": steps[-1], "median_twice": steps[len(steps) // 2], "within": within,
            "in_training": sum(one["killed_at_step"] > 0 for one in found)}


def page(rows, program):
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
    lines += ["", f"`scripts/bench crashes` · program {program} · moments and outcomes: [crashes.jsonl](crashes.jsonl)", ""]
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
    runs = KilledRuns(str(pathlib.Path(arguments.plumb).resolve()), pathlib.Path(arguments.output) / program)
    file = PAGE.with_suffix(".jsonl")
    file.parent.mkdir(parents=True, exist_ok=True)
    # A few moments of each kind in turn, so that a call cut short has something of every kind.
    for wanted in [*range(5, arguments.moments, 5), arguments.moments]:
        for kind in arguments.kinds:
            known = sum(one["kind"] == kind for one in tried(file, program))
            for one in runs.kills(kind, wanted - known, seed=arguments.seed + known):
                with open(file, "a") as out:
                    out.write(json.dumps({"program": program, "kind": kind, **one}, sort_keys=True) + "\n")
            print(f"{kind}: {max(known, wanted)} moments", flush=True)
    found = {kind: [one for one in tried(file, program) if one["kind"] == kind] for kind in KINDS}
    rows = [summary(runs, kind, found[kind]) for kind in KINDS if found[kind]]
    for row in rows:
        print(json.dumps(row))
    page(rows, program)
    sys.exit(0 if all(row["same"] == row["kills"] and row["within"] for row in rows) else 1)
