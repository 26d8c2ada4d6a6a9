"""Over-optimisation under a frozen gold reward model: proxies from few and many comparisons, followed by best-of-n and by PPO."""

import hashlib
import math
import pathlib
import statistics
import tempfile

import gold_world
from gold_world import GoldStudy
from program import read_lines, write_lines

COMPARISONS = (100, 500, 2000, 8000)
DRAWS = (1, 2, 4, 8, 16, 32, 64)
# PPO is followed where labels are few, so that a proxy has faults to be found.
PPO_COMPARISONS = (100, 500, 2000)
ENSEMBLE_COMPARISONS = (100, 500)
# A reward model of so many heads on one trunk, and what a refresh makes of their scores (Coste et al. 2023, arXiv 2310.02743).
ENSEMBLE_MEMBERS = 4
ENSEMBLES = {"ppo mean of heads": "mean", "ppo worst case": "worst-case", "ppo variance penalised": "variance-penalised"}
# Nothing but the proxy leads the policy: no price for leaving the supervised one, and none of the limits that a refresh keeps by itself,
# which would end it before gold could turn. On seed 100 with 100 comparisons gold stands still from iteration 30 on, at 19 nats, and still
# does after 160, at 93 nats, while the proxy has gone from 2.1 to 2.8.
PPO = {"iterations": 40, "kl_coefficient": 0, "maximum_tokens": 96, "samples_per_iteration": 128, "kl_budget": 1000, "distinct_floor": 0,
       "end_floor": 0, "group_diversity_floor": 0, "limit_pressure": 1, "alarm_patience": 1000, "settling_rollouts": 0,
       "score_saturation": "null", "score_clip": "null"}
# Samples of the supervised policy to each prompt of PPO, whose mean gold is taken from every later response to it.
BASELINE_PROMPTS, BASELINE_SAMPLES = 400, 8


class GoldLoop(GoldStudy):
    name = "gold-loop"
    title = "Over-optimisation under a gold reward model"
    pages = "gold_loop_page"
    minutes_per_row = 2.0

    def settings(self):
        best_of = [{"by": "best-of-n", "labels": kind, "comparisons": count} for count in COMPARISONS for kind in ("k-wise", "pairs")]
        counts = {"ppo": PPO_COMPARISONS, "ppo watched": PPO_COMPARISONS, **{by: ENSEMBLE_COMPARISONS for by in ENSEMBLES}}
        return [*best_of, *({"by": by, "labels": "k-wise", "comparisons": count} for by in counts for count in counts[by])]

    def prepare(self):
        super().prepare()
        prompts = self.prompts["ppo"][:BASELINE_PROMPTS]
        with tempfile.TemporaryDirectory(dir=self.work) as scratch:
            scratch = pathlib.Path(scratch)
            groups = self.supervised_samples(self.shared.parent / "baseline.jsonl", prompts, BASELINE_SAMPLES, scratch)
            self.baseline = {group["prompt"]: statistics.fmean(row) for group, row in zip(groups, self.scores(self.gold, groups, scratch))}

    def measure(self, setting, seed, folder):
        labels = setting["comparisons"], setting["labels"]
        lines = self.labels(*labels, seed, folder)
        about = {"tasks": len(lines), "strict_pairs": sum(len(gold_world.line_pairs(line)) for line in lines), "gold_model": self.gold_digest}
        if setting["by"] == "best-of-n":
            proxy, _ = self.shared_proxy(*labels, seed, folder, **self.steps_as_of_rankings(setting, len(lines), seed, folder))
            return {**about, **best_of_n(self.scores(proxy, self.judged, folder), self.judged_gold)}
        if setting["by"] == "ppo":
            return {**about, **self.followed(self.shared_proxy(*labels, seed, folder)[0], seed, folder)}
        if setting["by"] in ENSEMBLES:
            proxy, _ = self.shared_proxy(*labels, seed, folder, ensemble_members=ENSEMBLE_MEMBERS)
            return {**about, **self.followed(proxy, seed, folder, {"ensemble": ENSEMBLES[setting["by"]]})}
        # Half of the labels teaches the proxy, the other half the watcher; the same proxy is followed to the end as well.
        halves = [self.shared_proxy(*labels, seed, folder, labels=half)[0] for half in ("first-half", "second-half")]
        whole = self.followed(halves[0], seed, self.named(folder, "whole"))
        watched = self.followed(halves[0], seed, self.named(folder, "watched"), watcher=halves[1])
        return {**about, **whole, "watched": {name: value for name, value in watched.items() if name != "curve"}}

    def steps_as_of_rankings(self, setting, tasks, seed, folder):
        """Single pairs are more tasks than rankings: larger steps make as many of them."""
        if setting["labels"] == "k-wise":
            return {}
        rankings = len(self.labels(setting["comparisons"], "k-wise", seed, folder))
        return {"groups_per_step": round(gold_world.SETTINGS["groups_per_step"] * tasks / rankings)}

    def named(self, folder, name):
        place = folder / name
        place.mkdir()
        return place

    def followed(self, proxy, seed, folder, settings=None, **more):
        """PPO against the proxy: by iteration KL, the proxy's score and what gold has gained over the supervised policy, on all samples
        and on those of every other prompt; and gold of the policy that it hands out, on unseen prompts. - settings: besides those of `PPO`."""
        prompts = [{"id": str(n), "prompt": prompt} for n, prompt in enumerate(self.baseline)]
        write_lines(folder / "prompts.jsonl", prompts)
        made = self.plumb.train("policy", folder / "ppo", seed, {**PPO, **(settings or {})}, prompts=folder / "prompts.jsonl",
                                base=gold_world.POLICY, reference=gold_world.POLICY, reward_model=proxy, **more)
        samples = of_iterations(read_lines(next((folder / "ppo" / "run" / "attempts").glob("*/samples.jsonl"))))
        groups = [{"id": str(n), "prompt": s["prompt"], "responses": [{"id": "a", "text": s["response"], "finished": s["finished"]}]}
                  for n, s in enumerate(samples)]
        iterations = {}
        for sample, score in zip(samples, self.scores(self.gold, groups, folder)):
            gain = score[0] - self.baseline[sample["prompt"]]
            iterations.setdefault(sample["step"], []).append((sample["kl"], sample["score"], gain, half_of(sample["prompt"])))
        curve = [[step, *point(rows)] for step, rows in sorted(iterations.items())]
        kept = self.scores(self.gold, self.fresh(made, folder), folder)
        start = statistics.fmean(score for row in self.judged_gold for score in row)
        result = self.plumb.result(folder / "ppo")
        return {"curve": curve, "kept_gain": statistics.fmean(score for row in kept for score in row) - start,
                "iterations": result["metrics"]["iterations"], "kept_iteration": result["metrics"]["kept_iteration"] or 0,
                "stopped": result["metrics"]["iterations"] < PPO["iterations"]}


def half_of(prompt):
    return hashlib.sha256(prompt.encode()).digest()[0] % 2


def point(rows):
    """KL, proxy and gold's gain of an iteration, and the gain by half of the prompts. - rows: (KL, proxy, gain, half) of its samples."""
    return [*(statistics.fmean(row[column] for row in rows) for column in range(3)),
            *(statistics.fmean([row[2] for row in rows if row[3] == half] or [row[2] for row in rows]) for half in (0, 1))]


def of_iterations(samples):
    """Without the probes, which answer the same few prompts whenever they come, and without those of the policy that is handed out, which
    stand under the step at which it was kept."""
    return [sample for sample in samples if "phase" not in sample]


def best_of_n(proxy, gold):
    """Mean proxy and gold of the proxy's choice among n samples, for each n: exact over all ways to draw n of the samples, and between
    equal scores of the proxy by chance.

    The i-th lowest of N is chosen in C(i − 1, n − 1) of the C(N, n) draws. KL of best-of-n: log n − (n − 1)/n nats, or less where
    samples repeat (Beirami et al. 2024, arXiv 2401.01879).
    """
    curve = []
    for n in DRAWS:
        chosen = []
        for by_proxy, by_gold in zip(proxy, gold):
            order = sorted(zip(by_proxy, fair(by_proxy, by_gold)))
            total = math.comb(len(order), n)
            weights = [math.comb(place, n - 1) / total for place in range(len(order))]
            chosen.append([sum(w * pair[side] for w, pair in zip(weights, order)) for side in (0, 1)])
        curve.append([n, math.log(n) - (n - 1) / n, *(statistics.fmean(column) for column in zip(*chosen))])
    ideal = best_of_ideal(gold)
    return {"curve": curve, "gold_at_64": curve[-1][3], "share_of_ideal": (curve[-1][3] - curve[0][3]) / (ideal - curve[0][3])}


def fair(proxy, gold):
    """Gold of each sample, the mean over those that the proxy cannot tell apart."""
    equal = {}
    for score, value in zip(proxy, gold):
        equal.setdefault(score, []).append(value)
    return [statistics.fmean(equal[score]) for score in proxy]


def best_of_ideal(gold):
    return statistics.fmean(max(row) for row in gold)
