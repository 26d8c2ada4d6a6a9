"""Training beside PyTorch and TRL: steps of next-token training in float32 and with bf16 products, reward models on rankings, a
PPO round, and growth with the number of tokens and of groups. Programs take turns; where a peer can run in several ways, the
fastest counts.

Standard library only. Called by `scripts/bench training`.
"""

import argparse
import json
import pathlib

from measuring import TUNED, Program, alternate, median, spread


def comparison(name, ours, peers, goals):
    return {"name": name, "ours": ours, "peers": peers, "goals": goals}


def steps():
    """(what, our command, {peer: (environment, command)}, {peer kind: goal})."""
    for shape, speed in (("b", {"f32": 1.2, "bf16": 1.4}), ("a", {"f32": 1.15, "bf16": 1.2})):
        for products in ("f32", "bf16"):
            work = ["training-step", "--shape", shape, "--products", products]
            peers = {"torch": ("python", {}, work), "torch tuned": ("python", TUNED, work)}
            goals = {"torch": speed[products], "memory": 0.5}
            yield comparison(f"training step {shape} {products}", work, peers, goals)
            if (shape, products) == ("a", "bf16"):
                # A's activations are large beside its weights: two passes that add up their gradients take less memory and more time.
                yield comparison("two passes a step, a bf16", [*work, "--tokens-per-pass", "1024"], peers, goals)
    for responses, once, pairs in ((4, 2.2, 6), (9, None, 20)):
        size = ["reward-step", "--shape", "b", "--batch", "16", "--prompt", "128", "--responses", str(responses),
                "--length", "64"]
        peers = {"torch, pairs": ("python", {}, [*size, "--by-pairs"]),
                 "torch tuned, pairs": ("python", TUNED, [*size, "--by-pairs"])}
        goals = {"pairs": pairs}
        if once:
            peers |= {"torch, each once": ("python", {}, size), "torch tuned, each once": ("python", TUNED, size)}
            goals["each once"] = once
        yield comparison(f"reward model K = {responses}", size, peers, goals)
    size = ["refresh-round", "--shape", "b", "--prompt", "64", "--length", "48"]
    peer = {"TRL": ("ppo_python", {}, [*size, "--batch", "32"]), "TRL tuned": ("ppo_python", TUNED, [*size, "--batch", "32"])}
    for prompts, responses, goal in ((32, 1, 1.5), (8, 4, 2.2)):
        yield comparison(
            f"PPO round {prompts} x {responses}", [*size, "--batch", str(prompts), "--responses", str(responses)], peer,
            {"TRL": goal, "memory": 1 / 3})


def measured(arguments, one):
    started = [Program("plumb", [arguments.engine, *one["ours"], "--on-lines"])]
    for name, (interpreter, environment, command) in one["peers"].items():
        python = getattr(arguments, interpreter)
        started.append(Program(name, [python, "Benchmarks/peers/training.py", *command], environment))
    try:
        answers, quiet = alternate(started, arguments.pairs, arguments.most_foreign)
        return [{"work": one["name"], "program": p.name, "seconds": median(answers[p.name], "step"),
                 "range": spread(answers[p.name], "step"), "peak_memory_mb": p.peak_memory(), "quiet": quiet,
                 "foreign": max(a["foreign"] for a in answers[p.name])} for p in started]
    finally:
        for program in started:
            program.close()


def verdicts(one, rows):
    own, peers = rows[0], rows[1:]
    lines = []
    for kind, goal in one["goals"].items():
        if kind == "memory":
            fastest = min(peers, key=lambda r: r["seconds"])
            reached = own["peak_memory_mb"] / fastest["peak_memory_mb"]
            lines.append({"what": f"{one['name']}: memory of the fastest peer's", "goal": goal, "reached": reached,
                          "met": reached <= goal, "quiet": own["quiet"]})
        else:
            reached = min(r["seconds"] for r in peers if kind in r["program"]) / own["seconds"]
            lines.append({"what": f"{one['name']}: over {kind}", "goal": goal, "reached": reached,
                          "met": reached >= goal, "quiet": own["quiet"]})
    return lines


def growth(arguments):
    """Seconds a token and memory of passes of 1k to 16k tokens at equal lengths, ours alone."""
    sizes = [4, 8, 16, 32, 64]
    started = [Program(str(256 * n), [arguments.engine, "training-step", "--shape", "b", "--batch", str(n), "--on-lines"])
               for n in sizes]
    try:
        answers, quiet = alternate(started, arguments.pairs, arguments.most_foreign)
        rows = [{"tokens": 256 * n, "microseconds_a_token": 1e6 * median(answers[p.name], "step") / (256 * n),
                 "peak_memory_mb": p.peak_memory(), "quiet": quiet} for n, p in zip(sizes, started)]
    finally:
        for program in started:
            program.close()
    for r in rows:
        print(f"{r['tokens']:6} tokens a pass {r['microseconds_a_token']:8.1f} us a token {r['peak_memory_mb']:8.0f} MB")
    largest = max(r["microseconds_a_token"] for r in rows) / min(r["microseconds_a_token"] for r in rows)
    return rows, {"what": "time a token, 1k to 16k tokens a pass: slowest over fastest", "goal": 1.05,
                  "reached": largest, "met": largest <= 1.05, "quiet": quiet}


def groups(arguments):
    """Memory of a reward model's steps on 8 to 64 groups, ours alone. A pass takes no more than 2,048 tokens, five groups
    of 384, so that the smallest batch fills passes too."""
    rows = []
    for count in (8, 16, 64):
        program = Program(str(count), [
            arguments.engine, "reward-step", "--shape", "b", "--batch", str(count), "--prompt", "128", "--responses", "4",
            "--length", "64", "--tokens-per-pass", "2048", "--on-lines"])
        try:
            answers = [program.once() for _ in range(3)]
            rows.append({"groups": count, "milliseconds_a_group": 1e3 * median(answers, "step") / count,
                         "peak_memory_mb": program.peak_memory()})
        finally:
            program.close()
    for r in rows:
        print(f"{r['groups']:6} groups a step {r['milliseconds_a_group']:8.1f} ms a group {r['peak_memory_mb']:8.0f} MB")
    reached = max(r["peak_memory_mb"] for r in rows) / min(r["peak_memory_mb"] for r in rows)
    # Others on the machine take time, not memory.
    return rows, {"what": "memory of a step on 8 to 64 groups: largest over smallest", "goal": 1.05, "reached": reached,
                  "met": reached <= 1.05, "quiet": True}


def show(rows):
    for r in rows:
        print(f"{r['work']:26}{r['program']:24}{r['seconds']:9.3f} s  [{r['range'][0]:.3f}..{r['range'][1]:.3f}]"
              f"{r['peak_memory_mb'] or 0:8.0f} MB  others {r['foreign']:.2f}{'' if r['quiet'] else ' disturbed'}")


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--engine", required=True)
    parser.add_argument("--python", required=True, help="of the environment with PyTorch and transformers")
    parser.add_argument("--ppo-python", required=True, help="of the environment with TRL 0.24")
    parser.add_argument("--output", required=True)
    parser.add_argument("--only", default="", help="comparisons whose name begins so")
    parser.add_argument("--pairs", type=int, default=5)
    parser.add_argument("--most-foreign", type=float, default=0.1)
    arguments = parser.parse_args()
    folder = pathlib.Path(arguments.output)
    folder.mkdir(parents=True, exist_ok=True)
    rows, goals = [], []
    for one in steps():
        if not one["name"].startswith(arguments.only):
            continue
        found = measured(arguments, one)
        show(found)
        rows += found
        goals += verdicts(one, found)
    alone = {"growth": [], "groups": []}
    for name, measure in (("growth", growth), ("groups", groups)):
        if name.startswith(arguments.only):
            alone[name], goal = measure(arguments)
            goals.append(goal)
    print()
    for g in goals:
        print(f"{g['what']:58} {g['reached']:6.2f}, goal {g['goal']:.2f}{'' if g['quiet'] else ', disturbed'}"
              f"{'' if g['met'] else '  MISSED'}")
    (folder / "training.json").write_text(
        json.dumps({"rows": rows, **alone, "goals": goals}, indent=1, sort_keys=True) + "\n")
