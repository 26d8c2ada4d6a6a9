"""Rankings of the demo world under a known preference, made by `plumb simulate` with everything after the ranking cut short."""

import json
import shutil

from program import read_lines

# Training that only has to end: what counts here are the labels.
SHORT = ["--set-reward", "minimum_steps=1", "--set-reward", "epochs=0.01", "--set-reward", "reference_samples=2", "--set-refresh", "iterations=1",
         "--set-refresh", "prompts_per_iteration=1", "--set-refresh", "minibatches=1", "--set-refresh", "rollouts_judged=1", "--evaluation-samples", "4"]


def labelled(plumb, folder, rankings, seed, gold, noise=0.1, k=4, policy=None):
    """`rankings` labelled groups of K responses, each to a prompt of its own.

    - policy: who writes the responses; without it the embedded supervised policy.
    """
    place = folder / "simulation"
    shutil.rmtree(place, ignore_errors=True)
    plumb("simulate", "--output", place, "--gold", gold, "--rounds", 1, "--rankings", rankings, "-k", k, "--noise", noise, "--seed", seed,
          *(["--policy", policy] if policy else []), *SHORT)
    files = [file for file in sorted((place / "data" / "runs").glob("*/input/groups.jsonl"))
             if json.loads((file.parent / "run.json").read_text())["kind"] == "reward-model"]
    groups = read_lines(files[0])
    shutil.rmtree(place)
    return groups
