"""Does choosing what to label by disagreement save labels? A pool of groups, labelled step by step, by chance or by a committee."""

import itertools
import math
import random
import statistics

import charts
import gold_world
import intervals
from gold_world import GoldStudy
from study import by_setting

POOL = 480
LABELS = (40, 80, 160, 320)
MEMBERS = 3
# Of each step's new labels so many are drawn by chance, so that nothing is never asked about.
RANDOM_SHARE = 0.2
# Groups of four of the supervised policy's samples to each judged prompt, ordered by gold without errors.
TESTED_GROUPS = 4
SETTINGS = {"minimum_steps": 30, "reference_samples": 16, "maximum_response_tokens": 32}


class LabelEfficiency(GoldStudy):
    name = "label-efficiency"
    title = "Labels chosen by disagreement"
    minutes_per_row = 4.0

    def settings(self):
        return [{"chosen": "random"}, {"chosen": "disagreement"}]

    def measure(self, setting, seed, folder):
        pool = self.labels(POOL * 6, "k-wise", seed, folder)
        source = random.Random(f"{seed} {setting['chosen']}")
        # Both begin with the same labels.
        order = random.Random(f"{seed} order").sample(range(POOL), POOL)
        labelled, accuracies = order[:LABELS[0]], []
        for size, following in itertools.zip_longest(LABELS, LABELS[1:]):
            model = self.trained(pool, labelled, seed, folder)
            accuracies.append([size, self.accuracy(model, folder)])
            if following is None:
                break
            left = [place for place in order if place not in set(labelled)]
            if setting["chosen"] == "random":
                labelled = labelled + left[:following - size]
                continue
            spread = self.disagreement(pool, labelled, left, seed, folder)
            by_spread = sorted(left, key=lambda place: -spread[place])[:round((following - size) * (1 - RANDOM_SHARE))]
            rest = [place for place in left if place not in set(by_spread)]
            labelled = labelled + by_spread + source.sample(rest, following - size - len(by_spread))
        return {"accuracies": accuracies, "last": accuracies[-1][1]}

    def trained(self, pool, labelled, seed, folder):
        return self.proxy([{**pool[place], "split": "held_out" if n % 10 == 9 else "train"} for n, place in enumerate(labelled)], seed,
                          self.empty(folder), **SETTINGS)

    def disagreement(self, pool, labelled, left, seed, folder):
        """For each group not labelled yet the mean over its pairs of the variance of the members' probabilities; each member learns from
        the labelled groups drawn with replacement."""
        members = []
        for member in range(MEMBERS):
            source = random.Random(f"{seed} member {member} of {len(labelled)}")
            drawn = [pool[place] for place in source.choices(labelled, k=len(labelled))]
            lines = [{"group": {**line["group"], "id": f"{line['group']['id']}-{n}"}, "split": "train",
                      "labels": [{**line["labels"][0], "label_id": f"{line['labels'][0]['label_id']}-{n}"}]} for n, line in enumerate(drawn)]
            model = self.proxy(lines, seed * 100 + member, self.empty(folder), **SETTINGS)
            answers = self.plumb.judged(model, [pool[place]["group"] for place in left], folder)
            members.append([[r["raw_score"] for r in answer["responses"]] for answer in answers])
        spread = {}
        for index, place in enumerate(left):
            pairs = itertools.combinations(range(len(members[0][index])), 2)
            spread[place] = statistics.fmean(
                statistics.pvariance([1 / (1 + math.exp(m[index][b] - m[index][a])) for m in members]) for a, b in pairs)
        return spread

    def empty(self, folder):
        """A folder of its own for a training."""
        self.trainings = getattr(self, "trainings", 0) + 1
        place = folder / f"training-{self.trainings}"
        place.mkdir()
        return place

    def accuracy(self, model, folder):
        """Share of pairs in gold's order."""
        groups = [{**group, "responses": group["responses"][:4 * TESTED_GROUPS]} for group in self.judged]
        right = pairs = 0
        for found, gold in zip(self.plumb.judged(model, groups, folder), self.judged_gold):
            scores = [r["raw_score"] for r in found["responses"]]
            for start in range(0, len(scores), 4):
                for a, b in itertools.combinations(range(start, start + 4), 2):
                    if gold[a] != gold[b]:
                        pairs += 1
                        right += 0.5 if scores[a] == scores[b] else (scores[a] > scores[b]) == (gold[a] > gold[b])
        return right / pairs

    def write(self, page, rows):
        found = {setting["chosen"]: rows for setting, rows in by_setting(rows)}
        page.add(f"""
A pool of {POOL} groups of four responses by the embedded supervised policy; the gold reward model of [gold-loop](gold-loop.md) answers for
the annotator, each pair turned round with probability {gold_world.NOISE}. Beginning from the same {LABELS[0]} labels, the next ones are
drawn by chance, or are those on whose pairs a committee of {MEMBERS} reward models disagrees most (variance of the preference
probability, mean over pairs; each member learns from the labels drawn with replacement), with {RANDOM_SHARE:.0%} drawn by chance. *Accuracy*: one
reward model of all labels so far, on pairs of {TESTED_GROUPS * 4 * gold_world.JUDGED_PROMPTS} responses to unseen prompts in gold's order.
Intervals: {intervals.OVER_SEEDS}.
""")
        series = {name: [(size, intervals.over_seeds(row["found"]["accuracies"][n][1] for row in own)) for n, size in enumerate(LABELS)]
                  for name, own in found.items()}
        page.table(["labels", *series], [[size, *(intervals.text(row[n][1]) for row in series.values())] for n, size in enumerate(LABELS)])
        page.figure(charts.lines("Accuracy by number of labels", "labels (rankings of four)", "accuracy on unseen prompts", series, x_log=True),
                    "accuracy by number of labels for both ways of choosing")
        if len(found) < 2:
            return
        target = series["random"][-1][1][0]
        needed = labels_for(target, [(size, estimate[0]) for size, estimate in series["disagreement"]])
        page.add(f"Random choice reaches {target:.3f} with {LABELS[-1]} labels; disagreement "
                 + (f"reaches that with about {needed:.0f}, {needed / LABELS[-1]:.0%} of them (interpolated over the logarithm of the labels, means "
                    f"over seeds). The goal of at most half is {'met' if needed <= LABELS[-1] / 2 else '**missed**'}."
                    if needed else f"does not reach that with {LABELS[-1]}: the goal of half the labels is **missed**."))


def labels_for(target, curve):
    """Where a curve of (labels, accuracy) first reaches the target; None where it never does."""
    if curve[0][1] >= target:
        return curve[0][0]
    for (size, low), (following, high) in zip(curve, curve[1:]):
        if high >= target:
            return size * (following / size) ** ((target - low) / (high - low))
    return None
