"""PPO, its relatives, best-of-K and DPO on the same labels: gold score, win rate and KL of what each hands out."""

import statistics

import charts
import gold_world
import intervals
from gold_world import POLICY, GoldStudy
from program import processor_seconds, write_lines
from study import by_setting

ONLINE = ("ppo", "rloo", "grpo", "dr-grpo", "reinforce", "best-of-k")
OFFLINE = ("dpo", "ipo")
# IPO's lead is a mean over tokens, so that the β of DPO asks for 5 nats of each. 1 was the best of 1, 3 and 10 on seed 100.
IPO_BETA = 1.0
COMPARISONS = 2000
# 30 rollouts of 128 responses for each method that samples; defaults otherwise.
REFRESH = {"iterations": 30, "maximum_tokens": 96}
# Passes over the labels, for about half of the processor time of the methods that sample; one pass is a row of its own.
PREFERENCES = {"beta": 0.1, "epochs": 6, "samples": 0, "tokens_per_pass": 4096}
MEASURES = {"gold": "gold score", "win_rate": "win rate", "kl": "KL, nats", "end_share": "share that ends", "distinct_2": "distinct-2",
            "processor_seconds": "processor s"}


class Methods(GoldStudy):
    name = "methods"
    title = "PPO and its relatives on the same labels"
    minutes_per_row = 4.0

    def settings(self):
        return [*({"method": method} for method in (*ONLINE, *OFFLINE)), {"method": "ipo", "beta": IPO_BETA}, {"method": "dpo", "epochs": 1}]

    def measure(self, setting, seed, folder):
        method = setting["method"]
        lines = self.labels(COMPARISONS, "k-wise", seed, folder)
        write_lines(folder / "groups.jsonl", lines)
        # Everybody but DPO and IPO goes by the same reward model; its training counts as theirs.
        proxy, of_proxy = (None, 0) if method in OFFLINE else self.shared_proxy(COMPARISONS, "k-wise", seed, folder)
        before = processor_seconds()
        if method in OFFLINE:
            made = self.plumb.train("preferences", folder / "tuned", seed, {**PREFERENCES, **setting}, groups=folder / "groups.jsonl",
                                    base=POLICY)
        else:
            write_lines(folder / "prompts.jsonl", [{"id": str(n), "prompt": p} for n, p in enumerate(self.prompts["ppo"][:400])])
            made = self.plumb.train("policy", folder / "tuned", seed, {**REFRESH, "method": method}, prompts=folder / "prompts.jsonl",
                                    base=POLICY, reference=POLICY, reward_model=proxy)
        spent = of_proxy + processor_seconds() - before
        return {**self.judged_policy(made, folder), "processor_seconds": spent}

    def judged_policy(self, policy, folder):
        """Of fresh samples to unseen prompts; sample j meets the supervised policy's sample j."""
        groups = self.fresh(policy, folder)
        gold = self.scores(self.gold, groups, folder)
        wins = [(new > old) + 0.5 * (new == old) for row, olds in zip(gold, self.judged_gold) for new, old in zip(row, olds)]
        texts = [r["text"].split() for group in groups for r in group["responses"]]
        # As many of the supervised policy's: the share of different pairs falls with the number of texts.
        before = [r["text"].split() for group in self.judged for r in group["responses"][:gold_world.FRESH_SAMPLES]]
        own, supervised = (log_probabilities(self.plumb.judged(model, groups, folder)) for model in (policy, POLICY))
        return {"gold": statistics.fmean(score for row in gold for score in row), "win_rate": statistics.fmean(wins),
                "kl": statistics.fmean(new - old for new, old in zip(own, supervised)),
                "end_share": statistics.fmean(r["finished"] for group in groups for r in group["responses"]),
                "distinct_2": distinct_2(texts), "supervised_distinct_2": distinct_2(before), "words": statistics.fmean(map(len, texts))}

    def write(self, page, rows):
        found = [(named(setting), rows) for setting, rows in by_setting(rows)]
        page.add(f"""
{round(COMPARISONS / 6)} rankings of four by the gold reward model of [gold-loop](gold-loop.md), each pair turned round with probability
{gold_world.NOISE}, other ones for each seed. One reward model of them serves all that sample ({REFRESH["iterations"]} rollouts of 128
responses, defaults of every method); DPO and IPO learn from the rankings themselves, in {PREFERENCES["epochs"]} passes, which were chosen by
their time, or in one, as reward models learn; three, the default, were tried on seed 100 alone (gold 0.54, KL 1.5). What was tuned: PPO's defaults on this world, under its other golds and on seeds of their own
(β = 0.3, the levelling of scores, the limits that keep a refresh diverse, which all that sample share and DPO and IPO lack); the β of the
second IPO on seed 100 (gold 0.69, 0.42 and 0.12 for 1, 3 and 10): the first has DPO's and TRL's 0.1, which asks IPO for a lead of 5 nats a
token. So the rows differ in processor time and in how far they go (KL); read gold beside both. Judged by gold on {gold_world.FRESH_SAMPLES} fresh samples to each of {gold_world.JUDGED_PROMPTS} unseen prompts. *Win rate*: against the
supervised policy's sample to the same prompt, ties half. *Gold less PPO's*: on the same seed's labels. *KL*: mean of Σ(log π − log π_sup) over the samples. *Processor s*: reward
model and policy, all threads. Intervals: {intervals.OVER_SEEDS}.
""")
        page.table(["method", "seeds", *MEASURES.values(), "gold less PPO's"], [
            [method, len(own), *(intervals.text(intervals.over_seeds(row["found"][name] for row in own), 2 if name.endswith("seconds") else 3)
                                 for name in MEASURES), less_ppo(own, dict(found).get("ppo", []))] for method, own in found])
        page.figure(charts.scatter("Gold score and how far a method goes", "KL to the supervised policy, nats (logarithm)", "gold score, deviations",
                                   {method: [(max(row["found"]["kl"], 0.01), row["found"]["gold"]) for row in own] for method, own in found},
                                   x_log=True), "gold score over KL for each method and seed")
        page.figure(charts.categories("Win rate over the supervised policy, judged by gold", "win rate", [method for method, _ in found],
                                      {"mean over seeds": [intervals.over_seeds(r["found"]["win_rate"] for r in own) for _, own in found]},
                                      marks=[(0.5, "supervised")]), "win rate of each method")
        collapsed = {method: [row["seed"] for row in own if has_collapsed(row["found"])] for method, own in found}
        others = [f"{len(seeds)} of {method} ({seeds_in_words(seeds)})" for method, seeds in collapsed.items() if seeds and method != "ppo"]
        page.add(f"Of PPO's {len(dict(found).get('ppo', []))} seeds {len(collapsed.get('ppo', []))} collapsed: fewer than 80% of the responses end, "
                 f"or distinct-2 is less than half of the supervised policy's on the same prompts. Of the others: {', '.join(others) or 'none'}. The methods "
                 "that sample do not hand out what is over their limits, so for them this says that the limits hold.")


def less_ppo(rows, ppo):
    """Gold less that of PPO on the same seed's labels."""
    gaps = [row["found"]["gold"] - other["found"]["gold"] for row in rows for other in ppo if other["seed"] == row["seed"] and other is not row]
    return intervals.text(intervals.over_seeds(gaps)) if gaps else "–"


def named(setting):
    """A method as the page calls it."""
    if setting["method"] not in OFFLINE:
        return setting["method"]
    if setting["method"] == "ipo":
        return f"ipo, β = {setting.get('beta', PREFERENCES['beta']):g}"
    return f"dpo, {setting.get('epochs', PREFERENCES['epochs'])} {'pass' if setting.get('epochs') == 1 else 'passes'}"


def seeds_in_words(seeds):
    return f"seed{'s' if len(seeds) > 1 else ''} {', '.join(map(str, seeds))}"


def has_collapsed(found):
    return found["end_share"] < 0.8 or found["distinct_2"] < 0.5 * found["supervised_distinct_2"]


def distinct_2(texts):
    """Share of different pairs of neighbouring words. - texts: lists of words."""
    pairs = [pair for words in texts for pair in zip(words, words[1:])]
    return len(set(pairs)) / max(1, len(pairs))


def log_probabilities(answers):
    return [sum(r["token_log_probabilities"]) for answer in answers for r in answer["responses"]]
