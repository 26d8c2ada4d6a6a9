"""The same labels through Plumb's reward model and through TRL's RewardTrainer, from the same base in the same passes."""

import hashlib
import json
import os
import resource
import subprocess
import time

import charts
import intervals
from demo_labels import labelled
from native import strict_pairs
from program import ROOT, StudyError, write_lines
from study import Study, require

BASE = ROOT / "share" / "demo" / "demo-supervised"
GOLD = "politeness"
TRAINED, TESTED = 300, 200
EPOCHS = 2
GROUPS_PER_STEP = 8
# Pairs of a step: as many as Plumb's groups have, so that both make the same number of steps.
PAIRS_PER_STEP = GROUPS_PER_STEP * 6
RATES = {"plumb": (0.0003, 0.001), "trl": (0.0001, 0.0003, 0.001)}
TUNING = 100


class TRLReward(Study):
    name = "trl-reward"
    title = "The same labels through TRL's RewardTrainer"
    minutes_per_row = 4.0

    def settings(self):
        """The rates are tried on a seed of their own; the comparison takes each side's best."""
        tuning = [{"side": side, "rate": rate} for side in RATES for rate in RATES[side]]
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
        prompts = []
        for place, group in enumerate(tested):
            tally = [0, 0, 0]
            for winner, loser in (pair for label in group["labels"] for pair in strict_pairs(label["judgement"])):
                tally[0] += 1
                for number, side in enumerate(("plumb", "trl")):
                    tally[number + 1] += right(found[side]["scores"][place], winner, loser)
            prompts.append(tally)
        summary = {f"{side}_{name}": value for side in found for name, value in found[side].items() if name != "scores"}
        pairs = sum(tally[0] for tally in prompts)
        return {**summary, "pairs": pairs, "plumb_accuracy": sum(t[1] for t in prompts) / pairs,
                "trl_accuracy": sum(t[2] for t in prompts) / pairs, "prompts": prompts}

    def best_rate(self, side):
        rows = [row for row in self.ledger().current(self.settings()) if row["setting"]["side"] == side]
        if len(rows) < len(RATES[side]):
            raise StudyError(f"the learning rates of {side} are not all tried yet")
        return max(rows, key=lambda row: row["found"]["accuracy"])["setting"]["rate"]

    def accuracy(self, tested, scores):
        pairs = [(row, pair) for group, row in zip(tested, scores) for label in group["labels"]
                 for pair in strict_pairs(label["judgement"])]
        return {"accuracy": sum(right(row, *pair) for row, pair in pairs) / len(pairs), "pairs": len(pairs)}

    def plumb_side(self, folder, tested, seed, rate):
        """No group is held out: the weights of the last step count, as the peer's do. Timed is the training alone, as its own metrics
        tell, like the peer's."""
        settings = {"epochs": EPOCHS, "minimum_steps": 1, "groups_per_step": GROUPS_PER_STEP, "learning_rate": rate,
                    "reference_samples": 2, "maximum_response_tokens": 8, "tokens_per_pass": 4096}
        place = folder / "plumb"
        place.mkdir(exist_ok=True)
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        started = time.monotonic()
        model = self.plumb.train("reward", place, seed, settings, groups=folder / "groups.jsonl", base=BASE)
        seconds = time.monotonic() - started
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        scores = self.plumb.score(model, [group["group"] for group in tested], folder)
        processor = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
        return {"scores": scores, "seconds": seconds, "processor_seconds": processor}

    def trl_side(self, folder, training, tested, seed, rate):
        """The peer reads the token ids that Plumb reads."""
        ids = self.plumb.judged(BASE, [group["group"] for group in [*training, *tested]], folder)
        pairs = []
        for group, answer in zip(training, ids):
            tokens = {r["id"]: answer["prompt_ids"] + r["token_ids"] for r in answer["responses"]}
            pairs += [{"chosen": tokens[winner], "rejected": tokens[loser]} for label in group["labels"]
                      for winner, loser in strict_pairs(label["judgement"])]
        write_lines(folder / "pairs.jsonl", pairs)
        write_lines(folder / "tested.jsonl", ids[len(training):])
        done = subprocess.run(
            [self.peer_python, str(ROOT / "Benchmarks" / "peers" / "reward_trainer.py"), "--base", str(BASE), "--pairs", str(folder / "pairs.jsonl"),
             "--groups", str(folder / "tested.jsonl"), "--scores", str(folder / "scores.jsonl"), "--epochs", str(EPOCHS),
             "--pairs-per-step", str(PAIRS_PER_STEP), "--learning-rate", str(rate), "--seed", str(seed)],
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
same labels, {GROUPS_PER_STEP} rankings or {PAIRS_PER_STEP} pairs a step (the same number of steps), float32, nothing held out, the weights of the
last step. Each side's learning rate is the best of {", ".join(map(str, RATES["plumb"]))} (Plumb) and {", ".join(map(str, RATES["trl"]))}
(TRL; its default is 0.0001) on a seed of its own. Judged on {TESTED} other rankings, labels with the same noise.
""")
        tuned = sorted((row for row in rows if row["setting"]["side"] != "both"), key=lambda row: (row["setting"]["side"], row["setting"]["rate"]))
        page.table(["tuning, seed 100", "learning rate", "accuracy"],
                   [[row["setting"]["side"], row["setting"]["rate"], f"{row['found']['accuracy']:.4f}"] for row in tuned])
        if not both:
            return
        clusters = [dict(zip(("pairs", "plumb", "trl"), tally)) for row in both for tally in row["found"]["prompts"]]
        estimates = {side: intervals.by_cluster(clusters, intervals.share_of_sums(side, "pairs")) for side in ("plumb", "trl")}
        gap = intervals.by_cluster(clusters, lambda drawn: 100 * sum(c["plumb"] - c["trl"] for c in drawn) / sum(c["pairs"] for c in drawn))
        page.table(["seed", "Plumb", "TRL", "Plumb, s", "TRL, s", "Plumb, processor s", "TRL, processor s"], [
            [row["seed"], f"{f['plumb_accuracy']:.4f}", f"{f['trl_accuracy']:.4f}", f"{f['plumb_seconds']:.1f}", f"{f['trl_seconds']:.1f}",
             f"{f['plumb_processor_seconds']:.1f}", f"{f['trl_processor_seconds']:.1f}"] for row in both for f in (row["found"],)])
        ratio = intervals.over_seeds([row["found"]["trl_processor_seconds"] / row["found"]["plumb_processor_seconds"] for row in both])
        wall = intervals.over_seeds([row["found"]["trl_seconds"] / row["found"]["plumb_seconds"] for row in both])
        page.add(f"""
**Accuracy**: Plumb {intervals.text(estimates["plumb"])}, TRL {intervals.text(estimates["trl"])}; Plumb's minus TRL's
{intervals.text(gap, 2)} points ({intervals.BY_PROMPT}, both sides on the same draw). The goal, a lower bound above −1 point, is
{"met" if gap[1] > -1 else "**missed**"}.

**Time**: TRL's over Plumb's {intervals.text(ratio, 2)} in processor seconds and {intervals.text(wall, 2)} in seconds by the clock
({intervals.OVER_SEEDS}). Taken in turns. Of TRL the time of `trainer.train()` alone, of Plumb all of `plumb train reward`: the process,
reading, training, evaluation and writing. A group's prompt is read once and each of its responses once; TRL's pairs read both six times.
""")
        page.figure(charts.categories("Accuracy on unseen prompts", "share of pairs", [f"seed {row['seed']}" for row in both], {
            "Plumb": [row["found"]["plumb_accuracy"] for row in both], "TRL": [row["found"]["trl_accuracy"] for row in both]}),
            "accuracy of both sides by seed")


def right(scores, winner, loser):
    return 1 if scores[winner] > scores[loser] else 0.5 if scores[winner] == scores[loser] else 0
