"""The committed policy in the terminal: eight responses to a prompt are eight texts, and it keeps to its bounds in the demo world."""

import argparse
import json
import subprocess
import time

from plumb import ROOT, Report

DEMO = ROOT / "share" / "demo" / "demo-supervised"
STORIES = ROOT.parent / "shared" / "data" / "models" / "stories260K" / "hf"


def run(program, *arguments):
    return subprocess.run([program, *map(str, arguments)], capture_output=True, text=True)


def eight_responses_differ(report, program, name, model, prompt):
    asked = ["generate", "--model", model, "--prompt", prompt, "-k", 8, "--seed", 1, "--max-tokens", 64]
    lines = [json.loads(line) for line in run(program, *asked, "--json").stdout.split("\n") if line]
    texts = [line["text"] for line in lines]
    report.check(f"{name}: `plumb generate -k 8` gives eight different texts", len(texts) == len(set(texts)) == 8 and all(texts),
                 f"{len(set(texts))} different of {len(texts)}")
    printed = run(program, *asked)
    expected = "".join(f"--- {number} of 8, seed {line['seed']}\n{line['text']}\n" for number, line in enumerate(lines, 1))
    report.check(f"{name}: a second run with the same seed prints the same", printed.returncode == 0 and printed.stdout == expected,
                 printed.stderr.strip())


def policy_keeps_its_bounds(report, program):
    check = ["demo", "check", "--model", DEMO, "--prompts", 200, "-k", 1]
    started = time.monotonic()
    done = run(program, *check, "--json")
    shares = json.loads(done.stdout)["held_out_prompts"] if done.stdout else {}
    report.check("demo-supervised keeps to its subject in at least 80% of fresh prompts, and at most 20% stand in the corpus",
                 done.returncode == 0 and shares["subjectShare"] >= 0.8 and shares["verbatimShare"] <= 0.2,
                 f"{shares.get('subjectShare', 0):.3f}, {shares.get('verbatimShare', 1):.3f}; {time.monotonic() - started:.0f} s {done.stderr.strip()}")
    missed = run(program, *check, "--min-subject-share", 0.999)
    report.check("`plumb demo check` ends with an error that names a bound that is missed",
                 missed.returncode == 1 and "keep to the subject, but --min-subject-share asks for 99.9%" in missed.stderr,
                 f"exit {missed.returncode}: {missed.stderr.strip()}")


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--plumb", required=True)
    program = parser.parse_args().plumb
    report = Report()
    eight_responses_differ(report, program, "demo-supervised", DEMO, "Tell me a short story about an owl.")
    if STORIES.exists():
        eight_responses_differ(report, program, "stories260K", STORIES, "Once upon a time")
    else:
        print(f"skip stories260K: {STORIES} is not beside the checkout")
    policy_keeps_its_bounds(report, program)
    report.finish()
