"""The page of `gold-loop`."""

import math

import charts
import gold_loop as study
import gold_world as world
import intervals
from study import by_setting


def write(page, rows):
    page.add(f"""
A reward model learns *{world.GOLD_PREFERENCE}* from {world.GOLD_RANKINGS} rankings without errors and is then frozen: it is the **gold**,
and alone says what is better. Rankings of four responses by the gold, each pair turned round with probability {world.NOISE}, train a
**proxy** of the same size; the proxy chooses, the gold judges. Both scores are in deviations of the supervised policy's own samples.
After Gao et al. 2022 (arXiv 2210.10760). Intervals: {intervals.OVER_SEEDS}.
""")
    found = {(s["by"], s["labels"], s["comparisons"]): rows for s, rows in by_setting(rows)}
    best_of(page, found)
    equal_time(page, found)
    by_ppo(page, found)


def best_of(page, found):
    shown = [(count, found["best-of-n", "k-wise", count]) for count in study.COMPARISONS if ("best-of-n", "k-wise", count) in found]
    if not shown:
        return
    page.add(f"## Best-of-n\n\nOf {world.JUDGED_SAMPLES} samples to each of {world.JUDGED_PROMPTS} unseen prompts, averaged exactly over all "
             "ways to draw n. KL is log n − (n − 1)/n nats.")
    for side, place in (("gold", 3), ("proxy", 2)):
        series = {f"{count:,} comparisons": curve(rows, place) for count, rows in shown}
        page.figure(charts.lines(f"Best-of-n: {side} score of what the proxy chooses", "√KL to the supervised policy, √nats",
                                 f"{side} score, deviations", series), f"{side} score over the root of KL for best-of-n")
    page.table(["comparisons", "rankings", "seeds", "gold at n = 64", "of what choosing by gold gives", "highest at n"],
               [[f"{count:,}", rows[0]["found"]["tasks"], len(rows), intervals.text(over(rows, "gold_at_64")),
                 intervals.text(over(rows, "share_of_ideal")), peak(rows)] for count, rows in shown])


def over(rows, name):
    return intervals.over_seeds(row["found"][name] for row in rows)


def curve(rows, place):
    steps = len(rows[0]["found"]["curve"])
    return [(math.sqrt(rows[0]["found"]["curve"][step][1]), intervals.over_seeds(row["found"]["curve"][step][place] for row in rows))
            for step in range(steps)]


def peak(rows):
    """The n with the highest mean gold."""
    means = [(y[0], n) for (_, y), n in zip(curve(rows, 3), study.DRAWS)]
    return max(means)[1]


def equal_time(page, found):
    table, series = [], {"k-wise": [], "pairs": []}
    for count in study.COMPARISONS:
        both = [found.get(("best-of-n", kind, count)) for kind in series]
        if None in both:
            continue
        common = {row["seed"] for row in both[0]} & {row["seed"] for row in both[1]}
        pairs = [[next(r for r in rows if r["seed"] == seed)["found"]["gold_at_64"] for rows in both] for seed in sorted(common)]
        gap = intervals.over_seeds(one - other for one, other in pairs)
        table.append([f"{count:,}", both[0][0]["found"]["tasks"], both[1][0]["found"]["tasks"], intervals.text(over(both[0], "gold_at_64")),
                      intervals.text(over(both[1], "gold_at_64")), intervals.text(gap)])
        for kind, rows in zip(series, both):
            series[kind].append((count, over(rows, "gold_at_64")))
    if not table:
        return
    page.add(f"""
## K-wise against pairwise at equal human time

One task takes {world.SECONDS_PER_WORD} s a word of prompt and responses and {world.SECONDS_PER_DECISION:.0f} s for each halving of the K! orders: an
assumption, not a measurement of people. For each number of comparisons in rankings of four, as many single pairs are judged as fit in
the same time.
""")
    page.table(["comparisons in rankings", "rankings of four", "single pairs", "gold at n = 64, rankings", "the same, pairs", "rankings − pairs"], table)
    page.figure(charts.lines("Equal human time: gold score of best-of-64", "comparisons in rankings of four (pairs: the same time)",
                             "gold score, deviations", series, x_log=True), "rankings against pairs at equal human time")


def by_ppo(page, found):
    shown = [(count, found["ppo", "k-wise", count]) for count in study.COMPARISONS if ("ppo", "k-wise", count) in found]
    if shown:
        settings = ", ".join(f"`{name} = {value}`" for name, value in study.PPO.items())
        page.add(f"## PPO\n\nPPO against the proxy, with {settings}. Of each iteration {study.PPO['samples_per_iteration']} samples are scored by "
                 "both; iterations are smoothed over five. One line a number of comparisons, the mean over its seeds.")
        for side, place in (("gold", 3), ("proxy", 2)):
            page.figure(charts.lines(f"PPO: {side} score", "√KL to the supervised policy, √nats", f"{side} score, deviations",
                                     {f"{count:,} comparisons": ppo_curve(rows, place) for count, rows in shown}),
                        f"{side} score over the root of KL for PPO")
        page.table(["comparisons", "seeds", "highest gold on the way", "gold of the policy handed out", "share of the highest gain"],
                   [[f"{count:,}", *gains(rows, "kept_gold")] for count, rows in shown])
    by_ensemble(page, found)
    watched = [(count, found["ppo watched", "k-wise", count]) for count in study.COMPARISONS if ("ppo watched", "k-wise", count) in found]
    if watched:
        page.add("## PPO under a watcher\n\nThe proxy learns from half of the rankings, a watcher from the other half; the run stops where the two "
                 "part. *Highest gold on the way*: of the same run without a watcher, over all its iterations, smoothed over five (a maximum of "
                 "noisy means, so a little too high). The goal is a handed-out policy with at least 95% of the highest gain.")
        page.table(["comparisons", "seeds", "highest gold on the way", "gold handed out under the watcher", "share of the highest gain",
                    "handed out without it", "iterations watched"],
                   [[f"{count:,}", *gains(rows, "watched_gold"), intervals.text(over(rows, "kept_gold")), intervals.text(
                       over(rows, "watched_iterations"), 1)] for count, rows in watched])


def by_ensemble(page, found):
    table = []
    for count in study.COMPARISONS:
        alone = found.get(("ppo", "k-wise", count))
        series = {} if alone is None else {"one head": ppo_curve(alone, 3)}
        for by, use in study.ENSEMBLES.items():
            rows = found.get((by, "k-wise", count))
            if rows is None:
                continue
            series[use] = ppo_curve(rows, 3)
            shift = [highest(row)[0] - highest(other)[0] for row in rows for other in alone or [] if other["seed"] == row["seed"]]
            table.append([f"{count:,}", use, len(rows), intervals.text(intervals.over_seeds(highest(row)[0] for row in rows)),
                          intervals.text(intervals.over_seeds(shift)) if shift else "not measured",
                          intervals.text(intervals.over_seeds(highest(row)[1] for row in rows)), intervals.text(over(rows, "kept_gold"))])
        if len(series) > 1:
            page.figure(charts.lines(f"PPO from {count:,} comparisons: gold score", "√KL to the supervised policy, √nats",
                                     "gold score, deviations", series), f"gold score with and without an ensemble, {count:,} comparisons")
    if table:
        page.add(f"## PPO against an ensemble\n\nA proxy of {study.ENSEMBLE_MEMBERS} heads on one trunk, each taught on prompts drawn with "
                 "replacement; the reward is the lowest head's score, or the mean less a tenth of the variance. If that helps, gold turns later: "
                 "*√KL of the highest gold* is where gold is highest on the way, smoothed over five iterations, and *further right* how far "
                 "beyond the same seed's run against one head.")
        page.table(["comparisons", "reward", "seeds", "√KL of the highest gold", "further right", "highest gold", "gold handed out"], table)


def highest(row):
    """(√KL, gold) of the iteration with the highest gold."""
    return max(smoothed(row["found"]["curve"], 3), key=lambda point: point[1])


def gains(rows, kept):
    """Seeds, the highest gold, gold of what was kept, and the share of the highest gain over the supervised policy that it has."""
    best = [max(y for _, y in smoothed(row["found"]["curve"], 3)) for row in rows]
    share = [(row["found"][kept] - row["found"]["start_gold"]) / (b - row["found"]["start_gold"]) for b, row in zip(best, rows)]
    return [len(rows), intervals.text(intervals.over_seeds(best)), intervals.text(over(rows, kept)), intervals.text(intervals.over_seeds(share))]


def smoothed(rows, place, window=5):
    """(√KL, value) of each iteration with its neighbours."""
    found = []
    for middle in range(len(rows)):
        near = rows[max(0, middle - window // 2):middle + window // 2 + 1]
        found.append((math.sqrt(max(0, sum(r[1] for r in near) / len(near))), sum(r[place] for r in near) / len(near)))
    return found


def ppo_curve(rows, place):
    steps = min(len(row["found"]["curve"]) for row in rows)
    means = [[sum(row["found"]["curve"][step][column] for row in rows) / len(rows) for column in range(4)] for step in range(steps)]
    return smoothed(means, place)[::3]
