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
After Gao et al. 2022 (arXiv 2210.10760). Intervals: {intervals.OVER_SEEDS}. All seeds share one gold model and one set of judged
prompts, so the intervals cover labels and training alone; gold and proxy share their base, which understates over-optimisation beside
that paper's larger gold.
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
             "ways to draw n. KL is log n − (n − 1)/n nats, less where samples repeat.")
    for side, place in (("gold", 3), ("proxy", 2)):
        series = {f"{count:,} comparisons": curve(rows, place) for count, rows in shown}
        page.figure(charts.lines(f"Best-of-n: {side} score of what the proxy chooses", "√KL to the supervised policy, √nats",
                                 f"{side} score, deviations", series), f"{side} score over the root of KL for best-of-n")
    page.table(["comparisons", "rankings", "seeds", "gold at n = 64", "of what choosing by gold gives", "highest mean at n", "that less gold at 64"],
               [[f"{count:,}", rows[0]["found"]["tasks"], len(rows), intervals.text(over(rows, "gold_at_64")),
                 intervals.text(over(rows, "share_of_ideal")), *peak(rows)] for count, rows in shown])


def over(rows, name):
    return intervals.over_seeds(row["found"][name] for row in rows)


def curve(rows, place):
    steps = len(rows[0]["found"]["curve"])
    return [(math.sqrt(rows[0]["found"]["curve"][step][1]), intervals.over_seeds(row["found"]["curve"][step][place] for row in rows))
            for step in range(steps)]


def peak(rows):
    """The n with the highest mean gold, and how far gold is below that at 64."""
    step = max(range(len(study.DRAWS)), key=lambda step: curve(rows, 3)[step][1][0])
    gap = intervals.over_seeds(row["found"]["curve"][step][3] - row["found"]["gold_at_64"] for row in rows)
    return study.DRAWS[step], intervals.text(gap)


def equal_time(page, found):
    table, series = [], {"k-wise": [], "pairs": []}
    for count in study.COMPARISONS:
        both = [found.get(("best-of-n", kind, count)) for kind in series]
        if None in both:
            continue
        common = {row["seed"] for row in both[0]} & {row["seed"] for row in both[1]}
        pairs = [[next(r for r in rows if r["seed"] == seed)["found"]["gold_at_64"] for rows in both] for seed in sorted(common)]
        gap = intervals.over_seeds(one - other for one, other in pairs)
        strict = [round(sum(row["found"]["strict_pairs"] for row in rows) / len(rows)) for rows in both]
        table.append([f"{count:,}", both[0][0]["found"]["tasks"], both[1][0]["found"]["tasks"], *strict, intervals.text(over(both[0], "gold_at_64")),
                      intervals.text(over(both[1], "gold_at_64")), intervals.text(gap)])
        for kind, rows in zip(series, both):
            series[kind].append((count, over(rows, "gold_at_64")))
    if not table:
        return
    page.add(f"""
## K-wise against pairwise at equal human time

One task takes {world.SECONDS_PER_WORD} s a word of prompt and responses and {world.SECONDS_PER_DECISION:.0f} s for each pair that is decided, six of a ranking
of four, as the gold answers them: an assumption, not a measurement of people, who sort with fewer. For each number of comparisons in
rankings of four, as many single pairs are judged as fit in the same time; their steps are larger, so that there are as many.
""")
    page.table(["comparisons in rankings", "rankings of four", "single pairs", "strict pairs of the rankings", "of the pairs", "gold at n = 64, rankings", "the same, pairs", "rankings − pairs"], table)
    page.figure(charts.lines("Equal human time: gold score of best-of-64", "comparisons in rankings of four (pairs: the same time)",
                             "gold score, deviations", series, x_log=True), "rankings against pairs at equal human time")


def by_ppo(page, found):
    shown = of_kind(found, "ppo", study.PPO_COMPARISONS)
    if shown:
        settings = ", ".join(f"`{name} = {value}`" for name, value in study.PPO.items())
        page.add(f"## PPO\n\nPPO against the proxy, with {settings}: the limits by which a refresh keeps to what people can use are off, so that "
                 "nothing but the proxy leads it. Of each iteration all 128 responses are scored by both; *gain*: gold less the mean gold of the "
                 f"supervised policy's {study.BASELINE_SAMPLES} samples to the same prompt. Curves are smoothed over five iterations and drawn in their order.")
        for name, place in (("gain in gold", 3), ("proxy score", 2)):
            page.figure(charts.lines(f"PPO: {name}", "√KL to the supervised policy, √nats", f"{name}, deviations",
                                     {f"{count:,} comparisons": ppo_curve(rows, place) for count, rows in shown}, by_x=False),
                        f"{name} over the root of KL for PPO")
        page.table(["comparisons", "seeds", "KL at the end, nats", "proxy at the end", "gain in gold at the end", "highest gain on the way", "fall from there to the end",
                    "gain on unseen prompts"],
                   [[f"{count:,}", len(rows), *(intervals.text(intervals.over_seeds(value(row) for row in rows), digits)
                                                for value, digits in ((lambda r: end(r, 1), 1), (lambda r: end(r, 2), 2), (lambda r: end(r, 3), 2),
                                                                      (highest_gain, 2), (fall, 2), (lambda r: r["found"]["kept_gain"], 2)))]
                    for count, rows in shown])
        turned = [f"{count:,}" for count, rows in shown if turns(rows)]
        page.add("*Highest gain*: the iteration is chosen on one half of the prompts and read on the other, both ways round, so that it is no maximum of "
                 "noise; the fall is from there to the last iteration. Gold turned, with a fall whose interval is above 0, "
                 + (f"from {', '.join(turned)} comparisons." if turned else "for no number of comparisons: it stands still while the proxy goes on rising."))
    by_ensemble(page, found)
    by_watcher(page, found)


def of_kind(found, by, counts):
    return [(count, found[by, "k-wise", count]) for count in counts if (by, "k-wise", count) in found]


def by_watcher(page, found):
    shown = of_kind(found, "ppo watched", study.PPO_COMPARISONS)
    if not shown:
        return
    table, shares = [], []
    for count, rows in shown:
        kept = [kept_gain(row) for row in rows]
        best = [highest_gain(row) for row in rows]
        share = share_of_sums(kept, best)
        shares.append((count, share))
        stopped = sum(row["found"]["watched"]["stopped"] for row in rows)
        table.append([f"{count:,}", len(rows), f"{stopped} of {len(rows)}",
                      intervals.text(intervals.over_seeds(row["found"]["watched"]["kept_iteration"] for row in rows), 1),
                      *(intervals.text(intervals.over_seeds(values), 2) for values in (best, kept, [b - k for b, k in zip(best, kept)])),
                      f"{share:.3f}" if share is not None else "no gain to speak of",
                      intervals.text(intervals.over_seeds(row["found"]["watched"]["kept_gain"] for row in rows), 2)])
    page.add("""
## PPO under a watcher

The proxy learns from the labels of half of the prompts, a watcher from those of the other half. The run stops where the two part, and hands out
the policy that the watcher thought best. Until then it makes the same policies as the run without a watcher, so both are read off that one's
curve: the *highest gain* as above, and the gain at the iteration that was handed out, on all prompts. *Share*: of the sums over the seeds.
""")
    page.table(["comparisons", "seeds", "stopped by the watcher", "iteration handed out", "highest gain", "gain handed out", "short of it", "share",
                "gain on unseen prompts"], table)
    known = [(count, share) for count, share in shares if share is not None]
    if known:
        page.add("The goal, at least 95% of the highest gain, is " + ", ".join(
            f"{'met' if share >= 0.95 else '**missed**'} from {count:,} comparisons ({share:.1%})" for count, share in known)
            + f", by {min(len(rows) for _, rows in shown)} seeds or more.")


def by_ensemble(page, found):
    table, peaks, compared = [], 0, 0
    for count in study.ENSEMBLE_COMPARISONS:
        alone = found.get(("ppo", "k-wise", count))
        series = {} if alone is None else {"one head": ppo_curve(alone, 3)}
        for by, use in study.ENSEMBLES.items():
            rows = found.get((by, "k-wise", count))
            if rows is None:
                continue
            series[use] = ppo_curve(rows, 3)
            pairs = [(row, other) for row in rows for other in alone or [] if other["seed"] == row["seed"]]
            at_same = [at_root(row, x) - at_root(other, x) for row, other in pairs for x in (min(reach(row), reach(other)),)]
            reached = [root(row) - root(other) for row, other in pairs if not is_still_rising(row) and not is_still_rising(other)]
            peaks, compared = peaks + len(reached), compared + len(pairs)
            table.append([f"{count:,}", use, len(rows), intervals.text(intervals.over_seeds(at_same), 2) if at_same else "not measured",
                          intervals.text(intervals.over_seeds(fall(row) for row in rows), 2), f"{len(reached)} of {len(pairs)}",
                          intervals.text(intervals.over_seeds(reached), 2) if len(reached) > 1 else "not reached"])
        if len(series) > 1:
            page.figure(charts.lines(f"PPO from {count:,} comparisons: gain in gold", "√KL to the supervised policy, √nats",
                                     "gain in gold, deviations", series, by_x=False), f"gain in gold with and without an ensemble, {count:,} comparisons")
    if table:
        page.add(f"## PPO against an ensemble\n\nA proxy of {study.ENSEMBLE_MEMBERS} heads on one trunk, each taught on prompts drawn with "
                 "replacement; the reward is the heads' mean, the lowest head's score, or the mean less a tenth of the variance. *At the same √KL*: gain "
                 "in gold less that of the same seed against one head, where the run that went less far ends. *Highest reached*: pairs of runs "
                 "in both of which gold was highest before the last five iterations; *further right*: how much later in √KL, of those.")
        page.table(["comparisons", "reward", "seeds", "at the same √KL", "fall from the highest to the end", "highest reached", "further right"], table)
        turned = [count for count, rows in of_kind(found, "ppo", study.ENSEMBLE_COMPARISONS) if turns(rows)]
        page.add(f"The goal that ensembles move the peak to the right supposes a peak. Both runs of a pair were past their highest in {peaks} of "
                 f"{compared} pairs, and against one head gold turned for "
                 + (f"{len(turned)} of {len(study.ENSEMBLE_COMPARISONS)} numbers of comparisons." if turned else
                    "no number of comparisons: the goal is **not answered** in this world, where gold stands still rather than fall."))


def column(row, place):
    return [step[place] for step in row["found"]["curve"]]


def smooth(values, window=5):
    """Each value's mean with its neighbours."""
    near = [values[max(0, middle - window // 2):middle + window // 2 + 1] for middle in range(len(values))]
    return [sum(part) / len(part) for part in near]


def across(row, use):
    """The mean of `use(best, gains)` over both ways to choose the best iteration on one half of the prompts and to read the other's gains."""
    halves = [smooth(column(row, place)) for place in (4, 5)]
    return sum(use(chosen.index(max(chosen)), read) for chosen, read in (halves, halves[::-1])) / 2


def highest_gain(row):
    return across(row, lambda best, gains: gains[best])


def turns(rows):
    """Whether gold falls from its highest: by an interval over the seeds that is above 0."""
    low = intervals.over_seeds(fall(row) for row in rows)[1]
    return low is not None and low > 0


def fall(row):
    """From the highest gain to the last."""
    return across(row, lambda best, gains: gains[best] - gains[-1])


def kept_gain(row):
    """At the iteration that the watched run handed out: the policy after n updates wrote the rollout of step n + 1."""
    gains = smooth(column(row, 3))
    return gains[min(row["found"]["watched"]["kept_iteration"], len(gains) - 1)]


def share_of_sums(kept, best):
    """None where there is next to nothing to share."""
    return sum(kept) / sum(best) if sum(best) > 0.05 * len(best) else None


def end(row, place):
    return smooth(column(row, place))[-1]


def roots(row):
    return [math.sqrt(max(0, value)) for value in smooth(column(row, 1))]


def reach(row):
    return max(roots(row))


def at_root(row, x):
    """Gain where √KL first comes to x, between the iterations around it."""
    path, gains = roots(row), smooth(column(row, 3))
    for (one, low), (other, high) in zip(zip(path, gains), zip(path[1:], gains[1:])):
        if one <= x <= other:
            return low + (high - low) * ((x - one) / (other - one) if other > one else 0)
    return gains[path.index(max(path))]


def root(row):
    """√KL where gold is highest."""
    gains = smooth(column(row, 3))
    return roots(row)[gains.index(max(gains))]


def is_still_rising(row, last=5):
    gains = smooth(column(row, 3))
    return gains.index(max(gains)) >= len(gains) - last


def ppo_curve(rows, place):
    """Every third iteration and the last: (mean √KL, the value over those seeds that came so far)."""
    steps = max(len(row["found"]["curve"]) for row in rows)
    found = []
    for step in sorted({*range(0, steps, 3), steps - 1}):
        there = [row for row in rows if len(row["found"]["curve"]) > step]
        x = sum(roots(row)[step] for row in there) / len(there)
        found.append((x, intervals.over_seeds(smooth(column(row, place))[step] for row in there)))
    return found
