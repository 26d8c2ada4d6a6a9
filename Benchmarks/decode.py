"""Decoding beside llama.cpp and transformers: one prompt of 128 tokens, K = 8 responses of 64 new tokens, at the shapes and
widths of weights of docs/performance.md. Ours samples; llama.cpp is fed random tokens. Programs take turns.

Standard library only. Called by `scripts/bench decode`.
"""

import argparse
import json
import pathlib

from measuring import TUNED, Program, alternate, median, spread

WIDTHS = {"f32": "f32", "bf16": "bf16", "int8": "q8_0"}
# Ours over llama.cpp at the same width of weights.
GOALS = {"a": {"f32": 1.8, "bf16": 2.3, "int8": 3.5}, "b": {"f32": 2, "bf16": 3, "int8": 4},
         "c": {"f32": 1.8, "bf16": 2.3, "int8": 3.5}}


def programs(arguments, shape, precision):
    def peer(name, kind, *options):
        return [arguments.python, "Benchmarks/peers/decoding.py", name, "--shape", shape, "--kind", kind, "--folder",
                arguments.output, *options]

    sizes = ["--threads", "2"]
    started = [
        Program("plumb", [arguments.engine, "decoding", "--shape", shape, "--precision", precision, "--on-lines", *sizes]),
        Program("llama.cpp", peer("llama.cpp", WIDTHS[precision], *sizes)),
        Program("llama.cpp unified", peer("llama.cpp", WIDTHS[precision], "--unified", *sizes)),
    ]
    if arguments.without_transformers:
        return started
    if precision != "int8":
        started.append(Program("transformers", peer("transformers", precision, *sizes)))
    elif shape == "a":  # It has no int8 of its own on a CPU; the whole request is judged beside its bf16.
        for name, environment in (("transformers bf16", {}), ("transformers bf16 tuned", TUNED)):
            started.append(Program(name, peer("transformers", "bf16", *sizes), environment))
    return started


def row(shape, precision, name, answers, quiet, memory, tokens):
    return {"shape": shape, "precision": precision, "program": name, "quiet": quiet,
            "tokens_per_second": tokens / median(answers, "step"),
            "range": sorted(tokens / s for s in spread(answers, "step")),
            "prompt_seconds": median(answers, "prompt"), "request_seconds": median(answers, "request"),
            "foreign": max(a["foreign"] for a in answers), "peak_memory_mb": memory}


def compare(arguments, shape, precision):
    running = programs(arguments, shape, precision)
    try:
        measured, quiet = alternate(running, arguments.pairs, arguments.most_foreign)
        return [row(shape, precision, p.name, measured[p.name], quiet, p.peak_memory(), 8 * 63) for p in running]
    finally:
        for program in running:
            program.close()


def show(rows):
    print(f"{'shape':6}{'width':6}{'program':25}{'tokens/s':>9}{'from':>8}{'to':>8}{'prompt s':>10}{'request s':>11}"
          f"{'MB':>7}{'others':>8}")
    for r in rows:
        print(f"{r['shape']:6}{r['precision']:6}{r['program']:25}{r['tokens_per_second']:9.0f}{r['range'][0]:8.0f}"
              f"{r['range'][1]:8.0f}{r['prompt_seconds']:10.3f}{r['request_seconds']:11.3f}"
              f"{r['peak_memory_mb'] or 0:7.0f}{r['foreign']:8.2f}{'' if r['quiet'] else ' disturbed'}")


def verdicts(rows):
    """Each goal with what was reached."""
    found = {(r["shape"], r["precision"], r["program"]): r for r in rows}
    lines = []
    for shape, goals in GOALS.items():
        for precision, goal in goals.items():
            peers = [r for (s, p, n), r in found.items() if (s, p) == (shape, precision) and n.startswith("llama")]
            own = found.get((shape, precision, "plumb"))
            if not own or not peers:
                continue
            best = max(r["tokens_per_second"] for r in peers)
            lines.append({"what": f"decode {shape} {precision} over llama.cpp", "goal": goal,
                          "reached": own["tokens_per_second"] / best, "quiet": own["quiet"]})
    own = found.get(("a", "int8", "plumb"))
    if own:
        for peer, goal in (("llama.cpp", 3), ("transformers", 8)):
            peers = [r["request_seconds"] for (s, p, n), r in found.items()
                     if (s, p) == ("a", "int8") and n.startswith(peer)]
            if peers:
                width = "q8_0" if peer == "llama.cpp" else "bf16"
                lines.append({"what": f"whole request a int8 over {peer} {width}", "goal": goal,
                              "reached": min(peers) / own["request_seconds"], "quiet": own["quiet"]})
    return lines


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--engine", required=True)
    parser.add_argument("--python", required=True)
    parser.add_argument("--output", required=True)
    parser.add_argument("--shapes", nargs="*", default=["a", "b", "c"])
    parser.add_argument("--precisions", nargs="*", default=list(WIDTHS))
    parser.add_argument("--pairs", type=int, default=5)
    parser.add_argument("--most-foreign", type=float, default=0.1)
    parser.add_argument("--without-transformers", action="store_true")
    arguments = parser.parse_args()
    pathlib.Path(arguments.output).mkdir(parents=True, exist_ok=True)
    rows = []
    for shape in arguments.shapes:
        for precision in arguments.precisions:
            compared = compare(arguments, shape, precision)
            show(compared)
            rows += compared
    print()
    show(rows)
    goals = verdicts(rows)
    print()
    for g in goals:
        print(f"{g['what']:46} {g['reached']:6.2f} x, goal {g['goal']} x{'' if g['quiet'] else ', disturbed'}"
              f"{'' if g['reached'] >= g['goal'] else '  MISSED'}")
    (pathlib.Path(arguments.output) / "decode.json").write_text(
        json.dumps({"rows": rows, "goals": goals}, indent=1, sort_keys=True) + "\n")
