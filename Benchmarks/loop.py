"""The loop under known preferences: three golds, five seeds, three rounds of 100 rankings each with 10% of the pairs
judged wrongly. Resumable: a finished (gold, seed) is not run again. Prints a table and writes summary.json.

Standard library only. Called by `scripts/bench loop`.
"""

import argparse
import json
import pathlib
import shutil
import subprocess
import time

GOLDS = ("wanted-words", "politeness", "length")


def finished(folder, rounds):
    report = folder / "report.json"
    return report.exists() and len(json.loads(report.read_text())["rounds"]) == rounds + 1


def run(program, folder, gold, seed, arguments):
    """One simulation from the start; what an interrupted one left is cleared away first."""
    if folder.exists():
        shutil.rmtree(folder)
    started = time.monotonic()
    subprocess.run([program, "simulate", "--output", str(folder), "--gold", gold, "--seed", str(seed),
                    "--rounds", str(arguments.rounds), "--rankings", str(arguments.rankings), "--noise", "0.1", "-k", "4",
                    "--evaluation-samples", "1000", *arguments.pass_on], check=True)
    (folder / "seconds").write_text(f"{time.monotonic() - started:.0f}\n")
    if not arguments.keep:
        shutil.rmtree(folder / "data")


def row(gold, seed, folder):
    rounds = json.loads((folder / "report.json").read_text())["rounds"]
    first, last = rounds[0], rounds[-1]
    seconds = float((folder / "seconds").read_text())
    checks = {
        "win rate at least 0.70": last["winRate"]["mean"] >= 0.70,
        "under 15 minutes": seconds < 900,
        "end share at least 0.9 of the supervised": last["endShare"] >= 0.9 * first["endShare"],
        "distinct-2 at least 0.8 of the supervised": last["distinct2"] >= 0.8 * first["distinct2"],
        "KL at most 20 nats": last["klToSupervised"] <= 20,
        "at least 90% of a group's texts distinct": last["distinctTexts"] >= 0.9,
    }
    return {"gold": gold, "seed": seed, "win_rate": last["winRate"], "kl": last["klToSupervised"],
            "end_share": [first["endShare"], last["endShare"]], "distinct_2": [first["distinct2"], last["distinct2"]],
            "distinct_texts": last["distinctTexts"], "words": [first["meanWords"], last["meanWords"]],
            "seconds": seconds, "misses": [name for name, holds in checks.items() if not holds]}


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--plumb", required=True)
    parser.add_argument("--output", required=True)
    parser.add_argument("--golds", nargs="*", default=GOLDS)
    parser.add_argument("--seeds", nargs="*", type=int, default=range(5))
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--rankings", type=int, default=100)
    parser.add_argument("--keep", action="store_true", help="keep the data folders, about 100 MB each")
    parser.add_argument("--pass-on", nargs=argparse.REMAINDER, default=[], help="all that follows goes to plumb simulate")
    arguments = parser.parse_args()
    output = pathlib.Path(arguments.output)
    output.mkdir(parents=True, exist_ok=True)
    rows = []
    for gold in arguments.golds:
        for seed in arguments.seeds:
            folder = output / f"{gold}-{seed}"
            if not finished(folder, arguments.rounds) or not (folder / "seconds").exists():
                run(arguments.plumb, folder, gold, seed, arguments)
            rows.append(row(gold, seed, folder))
    print(f"{'gold':14}seed  win rate              KL nats  end share    distinct-2   texts  words        seconds  misses")
    for r in rows:
        w = r["win_rate"]
        print(f"{r['gold']:14}{r['seed']:4}  {w['mean']:.3f} [{w['low']:.3f}, {w['high']:.3f}]  {r['kl']:7.2f}  "
              f"{r['end_share'][0]:.2f} → {r['end_share'][1]:.2f}  {r['distinct_2'][0]:.3f} → {r['distinct_2'][1]:.3f}  "
              f"{r['distinct_texts']:.2f}  {r['words'][0]:4.0f} → {r['words'][1]:4.0f}  {r['seconds']:7.0f}  "
              f"{'; '.join(r['misses']) or 'none'}")
    (output / "summary.json").write_text(json.dumps(rows, indent=1, sort_keys=True) + "\n")
