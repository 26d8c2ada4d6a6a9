"""The same labels through Plumb's reward model and through TRL's RewardTrainer, from the same base in the same passes."""

import hashlib
import json
import math
import os
import subprocess
import time

import charts
import intervals
from demo_labels import labelled
from native import prompt_text, strict_pairs
from program import ROOT, StudyError, processor_seconds, write_lines
from study import Study, require

BASE = ROOT / "share" / "demo" / "demo-supervised"
GOLD = "politeness"
TRAINED, TESTED = 300, 200
EPOCHS = 2
GROUPS_PER_STEP = 8
RATES = (0.0003, 0.001, 0.003)
# Share of the steps in which the rate rises: Plumb's default, and given to TRL, whose own is none.
WARM_UP = 0.05
REFERENCE_SAMPLES = 2
TUNING = 100
# On both sides; as in every run of Plumb.
THREADS = int(os.environ.get("PLUMB_THREADS", 2))


class TRLReward(Study):
    name = "trl-reward"
    title = "The same labels through TRL's RewardTrainer"
    # 2: as many steps on both sides, the same rates tried, a warm-up for both.
    revision = 2
    minutes_per_row = 4.0

    def settings(self):
        """The rates are tried on a seed of their own; the comparison takes each side's best."""
        tuning = [{"side": side, "rate": rate} for side in ("plumb", "trl") for rate in RATES]
        return [*tuning, {"side": "both"}]

    def seeds_of(self, setting):
        return self.seeds if setting["side"] == "both" else [TUNING]

    def wanted(self):
        return sorted(super().wanted(), key=lambda wanted: wanted[1] != TUNING)

    def inputs(self):
        return {"base": require(BASE, "the embedded policy"), "peer": ROOT / "Benchmarks" / "peers" / "reward_trainer.py"}

    def prepare(self):
        if not self.peer_python:
            raise StudyError("TRL is not installed (PyPI could not be reached), so there is nothing to compare with")

    def measure(self, setting, seed, folder):
        groups = labelled(self.plumb, folder, TRAINED + TESTED, seed, GOLD)
        groups.sort(key=lambda g: hashlib.sha256(f"{seed}{json.dumps(g['group']['prompt'], sort_keys=True)}".encode()).digest())
        training, tested = groups[:TRAINED], groups[TRAINED:]
        write_lines(folder / "groups.jsonl", [{**group, "split": "train"} for group in training])
        if setting["side"] == "plumb":
            return self.accuracy(tested, self.plumb_side(folder, tested, seed, setting["rate"])["scores"])
        if setting["side"] == "trl":
            return self.accuracy(tested, self.trl_side(folder, training, tested, seed, setting["rate"])["scores"])
        # Whoever goes first in one seed goes last in the next.
        sides = {"plumb": lambda: self.plumb_side(folder, tested, seed, self.best_rate("plumb")),
                 "trl": lambda: self.trl_side(folder, training, tested, seed, self.best_rate("trl"))}
        found = {side: sides[side]() for side in (sorted(sides) if seed % 2 == 0 else sorted(sides, reverse=True))}
        steps = {side: found[side]["steps"] for side in found}
        if abs(steps["plumb"] - steps["trl"]) > EPOCHS:
            raise StudyError(f"the sides make different numbers of steps: {steps}")
        prompts = {}
        for place, group in enumerate(tested):
            tally = prompts.setdefault(hashlib.sha256(prompt_text(group["group"]["prompt"]).encode()).hexdigest()[:10], [0, 0, 0])
            for winner, loser in (pair for label in group["labels"] for pair in strict_pairs(label["judgement"])):
                tally[0] += 1
                for number, side in enumerate(("plumb", "trl")):
                    tally[number + 1] += right(found[side]["scores"][place], winner, loser)
        summary = {f"{side}_{name}": value for side in found for name, value in found[side].items() if name != "scores"}
        pairs = sum(tally[0] for tally in prompts.values())
        return {**summary, "pairs": pairs, "plumb_accuracy": sum(t[1] for t in prompts.values()) / pairs,
                "trl_accuracy": sum(t[2] for t in prompts.values()) / pairs, "prompts": prompts}

    def best_rate(self, side):
        rows = [row for row in self.ledger().current(self.settings()) if row["setting"]["side"] == side]
        if len(rows) < len(RATES):
            raise StudyError(f"the learning rates of {side} are not all tried yet")
        return max(rows, key=lambda row: row["found"]["accuracy"])["setting"]["rate"]

    def accuracy(self, tested, scores):
        pairs = [(row, pair) for group, row in zip(tested, scores) for label in group["labels"]
                 for pair in strict_pairs(label["judgement"])]
        return {"accuracy": sum(right(row, *pair) for row, pair in pairs) / len(pairs), "pairs": len(pairs)}

    def plumb_side(self, folder, tested, seed, rate):
        """No group is held out: the weights of the last step count, as the peer's do. Timed is the whole process."""
        settings = {"epochs": EPOCHS, "minimum_steps": 1, "groups_per_step": GROUPS_PER_STEP, "learning_rate": rate, "warm_up_fraction": WARM_UP,
                    "reference_samples": REFERENCE_SAMPLES, "maximum_response_tokens": 8, "tokens_per_pass": 4096}
        place = folder / "plumb"
        place.mkdir(exist_ok=True)
        before = processor_seconds()
        started = time.monotonic()
        model = self.plumb.train("reward", place, seed, settings, groups=folder / "groups.jsonl", base=BASE)
        seconds = time.monotonic() - started
        processor = processor_seconds() - before
        scores = self.plumb.score(model, [group["group"] for group in tested], folder)
        steps = self.plumb.result(place)["metrics"]["steps"]
        return {"scores": scores, "seconds": seconds, "processor_seconds": processor, "steps": steps}

    def trl_side(self, folder, training, tested, seed, rate):
        """The peer reads the token ids that Plumb reads."""
        ids = self.plumb.judged(BASE, [group["group"] for group in [*training, *tested]], folder)
        pairs = []
        for group, answer in zip(training, ids):
            tokens = {r["id"]: answer["prompt_ids"] + r["token_ids"] for r in answer["responses"]}
            pairs += [{"chosen": tokens[winner], "rejected": tokens[loser]} for label in group["labels"]
                      for winner, loser in strict_pairs(label["judgement"])]
        # As many steps a pass as Plumb makes on the groups that order anything.
        ordered = sum(any(strict_pairs(label["judgement"]) for label in group["labels"]) for group in training)
        pairs_per_step = math.ceil(len(pairs) / math.ceil(ordered / GROUPS_PER_STEP))
        write_lines(folder / "pairs.jsonl", pairs)
        write_lines(folder / "tested.jsonl", ids[len(training):])
        done = subprocess.run(
            [self.peer_python, str(ROOT / "Benchmarks" / "peers" / "reward_trainer.py"), "--base", str(BASE), "--pairs", str(folder / "pairs.jsonl"),
             "--groups", str(folder / "tested.jsonl"), "--scores", str(folder / "scores.jsonl"), "--epochs", str(EPOCHS),
             "--pairs-per-step", str(pairs_per_step), "--learning-rate", str(rate), "--warm-up", str(WARM_UP), "--seed", str(seed),
             "--threads", str(THREADS)],
            capture_output=True, text=True, env={**os.environ, "HF_HUB_OFFLINE": "1"})
        if done.returncode:
            raise StudyError(f"TRL ended with status {done.returncode}:\n{done.stderr[-3000:]}")
        said = json.loads(done.stdout.strip().splitlines()[-1])
        scores = [json.loads(line) for line in (folder / "scores.jsonl").read_text().splitlines()]
        return {"scores": scores, **said}

    def write(self, page, rows):
        both = [row for row in rows if row["setting"]["side"] == "both"]
        page.add(f"""
{TRAINED} rankings of four responses under the gold *{GOLD}* with 10% of the pairs judged wrongly, other ones for each seed, are learnt
from the embedded supervised policy by `plumb train reward` and by TRL's `RewardTrainer`: the same token ids, {EPOCHS} passes over the
same labels, {GROUPS_PER_STEP} rankings a step or as many pairs as give the same number of steps (tied pairs teach neither), float32, nothing
held out, the weights of the last step, {WARM_UP:.0%} of the steps to warm up, then Plumb's cosine to a tenth of the rate and TRL's straight line
to 0. Each side's learning rate is the best of {", ".join(map(str, RATES))} on a seed of its own (TRL's default is 0.0001). Judged on {TESTED}
other rankings, labels with the same noise.
""")
        tuned = sorted((row for row in rows if row["setting"]["side"] != "both"), key=lambda row: (row["setting"]["side"], row["setting"]["rate"]))
        page.table(["tuning, seed 100", "learning rate", "accuracy"],
                   [[row["setting"]["side"], row["setting"]["rate"], f"{row['found']['accuracy']:.4f}"] for row in tuned])
        if not both:
            return
        merged = {}
        for row in both:
            for prompt, tally in row["found"]["prompts"].items():
                merged[prompt] = [one + other for one, other in zip(merged.get(prompt, (0, 0, 0)), tally)]
        clusters = [dict(zip(("pairs", "plumb", "trl"), tally)) for tally in merged.values()]
        estimates = {side: intervals.by_cluster(clusters, intervals.share_of_sums(side, "pairs")) for side in ("plumb", "trl")}
        gap = intervals.by_cluster(clusters, lambda drawn: 100 * sum(c["plumb"] - c["trl"] for c in drawn) / sum(c["pairs"] for c in drawn))
        found = [row["found"] for row in both]
        by_seed = intervals.over_seeds([100 * (f["plumb_accuracy"] - f["trl_accuracy"]) for f in found])
        page.table(["seed", "steps, Plumb and TRL", "Plumb", "TRL", "Plumb, s", "TRL, s", "Plumb, processor s", "TRL, processor s"], [
            [row["seed"], f"{f['plumb_steps']}, {f['trl_steps']}", f"{f['plumb_accuracy']:.4f}", f"{f['trl_accuracy']:.4f}",
             f"{f['plumb_seconds']:.1f}", f"{f['trl_seconds']:.1f}", f"{f['plumb_processor_seconds']:.1f}", f"{f['trl_processor_seconds']:.1f}"]
            for row in both for f in (row["found"],)])
        ratio = intervals.over_seeds([f["trl_processor_seconds"] / f["plumb_processor_seconds"] for f in found])
        wall = intervals.over_seeds([f["trl_seconds"] / f["plumb_seconds"] for f in found])
        faster = all(low is not None and low > 1 for _, low, _ in (ratio, wall))
        page.add(f"""
**Accuracy**: Plumb {intervals.text(estimates["plumb"])}, TRL {intervals.text(estimates["trl"])}; Plumb's minus TRL's
{intervals.text(gap, 2)} points ({intervals.BY_PROMPT}, both sides on the same draw), {intervals.text(by_seed, 2)} over the seeds
({intervals.OVER_SEEDS}). The goal, a lower bound by prompt above −1 point, is {"met" if gap[1] > -1 else "**missed**"}.

**Time**: TRL's over Plumb's {intervals.text(ratio, 2)} in processor seconds and {intervals.text(wall, 2)} in seconds by the clock
({intervals.OVER_SEEDS}), taken in turns. The goal of less time is {"met" if faster else "**missed**"}. Of TRL the time of `trainer.train()` alone, of
Plumb all of `plumb train reward`: the process, reading, training, evaluation and writing, with `reference_samples` cut from 256 to
{REFERENCE_SAMPLES}, because TRL does not normalise scores. Plumb reads a group's prompt once and each of its responses once; TRL's pairs read both
again for each pair.
""")
        page.figure(charts.categories("Accuracy on unseen prompts", "share of pairs", [f"seed {row['seed']}" for row in both], {
            "Plumb": [row["found"]["plumb_accuracy"] for row in both], "TRL": [row["found"]["trl_accuracy"] for row in both]}),
            "accuracy of both sides by seed")


def right(scores, winner, loser):
    return 1 if scores[winner] > scores[loser] else 0.5 if scores[winner] == scores[loser] else 0
