"""Over-optimisation under a frozen gold reward model: proxies from few and many comparisons, followed by best-of-n and by PPO."""

import math
import statistics

import gold_world
import sampling
from gold_world import GoldStudy
from program import read_lines, write_lines

COMPARISONS = (100, 500, 2000, 8000)
DRAWS = (1, 2, 4, 8, 16, 32, 64)
# A reward model of so many heads on one trunk, and what a refresh makes of their scores (Coste et al. 2023, arXiv 2310.02743).
ENSEMBLE_MEMBERS = 4
ENSEMBLES = {"ppo worst case": "worst-case", "ppo variance penalised": "variance-penalised"}
PPO = {"iterations": 30, "kl_coefficient": 0.05, "samples_per_iteration": 32, "maximum_tokens": 96, "kl_budget": 60}


class GoldLoop(GoldStudy):
    name = "gold-loop"
    title = "Over-optimisation under a gold reward model"
    pages = "gold_loop_page"
    minutes_per_row = 3.0

    def settings(self):
        best_of = [{"by": "best-of-n", "labels": kind, "comparisons": count} for count in COMPARISONS for kind in ("k-wise", "pairs")]
        ppo = ({"by": by, "labels": "k-wise", "comparisons": count} for by in ("ppo", "ppo watched", *ENSEMBLES) for count in COMPARISONS)
        return [*best_of, *ppo]

    def measure(self, setting, seed, folder):
        labels = setting["comparisons"], setting["labels"]
        lines = self.labels(*labels, seed, folder)
        about = {"tasks": len(lines), "strict_pairs": sum(len(gold_world.line_pairs(line)) for line in lines)}
        if setting["by"] == "best-of-n":
            proxy, _ = self.shared_proxy(*labels, seed, folder)
            return {**about, **best_of_n(self.scores(proxy, self.judged, folder), self.judged_gold)}
        if setting["by"] == "ppo":
            return {**about, **self.followed(self.shared_proxy(*labels, seed, folder)[0], seed, folder)}
        if setting["by"] in ENSEMBLES:
            proxy, _ = self.shared_proxy(*labels, seed, folder, ensemble_members=ENSEMBLE_MEMBERS)
            return {**about, **self.followed(proxy, seed, folder, {"ensemble": ENSEMBLES[setting["by"]]})}
        # Half of the labels teaches the proxy, the other half the watcher; the same proxy is followed to the end as well.
        halves = [self.proxy(lines[half::2], seed, self.named(folder, name)) for half, name in enumerate(("proxy", "watcher"))]
        whole = self.followed(halves[0], seed, self.named(folder, "whole"))
        watched = self.followed(halves[0], seed, self.named(folder, "watched"), watcher=halves[1])
        return {**about, **whole, "watched_gold": watched["kept_gold"], "watched_iterations": len(watched["curve"])}

    def named(self, folder, name):
        place = folder / name
        place.mkdir()
        return place

    def followed(self, proxy, seed, folder, settings=None, **more):
        """PPO against the proxy: gold and proxy by iteration, on the samples that the run writes, and gold of the policy that it hands
        out. - settings: besides those of `PPO`."""
        write_lines(folder / "prompts.jsonl", [{"id": str(n), "prompt": prompt} for n, prompt in enumerate(self.prompts["ppo"][:400])])
        made = self.plumb.train("policy", folder / "ppo", seed, {**PPO, **(settings or {})}, prompts=folder / "prompts.jsonl", base=gold_world.POLICY,
                                reference=gold_world.POLICY, reward_model=proxy, **more)
        samples = of_iterations(read_lines(next((folder / "ppo" / "run" / "attempts").glob("*/samples.jsonl"))))
        groups = [{"id": str(n), "prompt": s["prompt"], "responses": [{"id": "a", "text": s["response"], "finished": s["finished"]}]}
                  for n, s in enumerate(samples)]
        iterations = {}
        for sample, score in zip(samples, self.scores(self.gold, groups, folder)):
            iterations.setdefault(sample["step"], []).append((sample["kl"], sample["score"], score[0]))
        curve = [[step, *(statistics.fmean(column) for column in zip(*rows))] for step, rows in sorted(iterations.items())]
        kept = self.scores(self.gold, self.fresh(made, folder), folder)
        start = statistics.fmean(score for row in self.judged_gold for score in row)
        return {"curve": curve, "kept_gold": statistics.fmean(score for row in kept for score in row), "start_gold": start}


def of_iterations(samples):
    """Without the probes, which answer the same few prompts whenever they come, and without those of the policy that is handed out, which
    stand under the step at which it was kept."""
    return [sample for sample in samples if "phase" not in sample]


def best_of_n(proxy, gold):
    """Mean proxy and gold of the proxy's choice among n samples, for each n: exact over all ways to draw n of the samples.

    The i-th lowest of N is chosen in C(i − 1, n − 1) of the C(N, n) draws. KL of best-of-n: log n − (n − 1)/n nats.
    """
    curve = []
    for n in DRAWS:
        chosen = []
        for by_proxy, by_gold in zip(proxy, gold):
            order = sorted(zip(by_proxy, by_gold))
            total = math.comb(len(order), n)
            weights = [math.comb(place, n - 1) / total for place in range(len(order))]
            chosen.append([sum(w * pair[side] for w, pair in zip(weights, order)) for side in (0, 1)])
        curve.append([n, math.log(n) - (n - 1) / n, *(statistics.fmean(column) for column in zip(*chosen))])
    ideal = best_of_ideal(gold)
    return {"curve": curve, "gold_at_64": curve[-1][3], "share_of_ideal": (curve[-1][3] - curve[0][3]) / (ideal - curve[0][3])}


def best_of_ideal(gold):
    return statistics.fmean(max(row) for row in gold)
