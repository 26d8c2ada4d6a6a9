"""Means with 95% intervals. How each is computed is said in the words that pages print."""

import math
import random
import statistics

# Two-sided 97.5% points of Student's t by degrees of freedom.
STUDENT = [None, 12.706, 4.303, 3.182, 2.776, 2.571, 2.447, 2.365, 2.306, 2.262, 2.228]

OVER_SEEDS = ("mean over seeds ± t(0.975, n − 1)·s/√n, with Student's t and the standard deviation s (n − 1) over the n seeds")
BY_PROMPT = ("percentile bootstrap by prompt: prompts are drawn with replacement, each with everything measured on it (all its "
             "responses, labels and seeds), 2,000 times; the interval is from the 2.5th to the 97.5th percentile")
BY_WILSON = "Wilson's interval of a share"


def over_seeds(values):
    """(mean, low, high); the interval is None with fewer than three values, of which Student's would span everything."""
    values = list(values)
    mean = statistics.fmean(values)
    if len(values) < 3:
        return mean, None, None
    point = STUDENT[min(len(values) - 1, len(STUDENT) - 1)]
    half = point * statistics.stdev(values) / math.sqrt(len(values))
    return mean, mean - half, mean + half


def by_cluster(clusters, statistic, draws=2000, seed=1):
    """Percentile bootstrap: (statistic of all, low, high).

    - clusters: anything `statistic` takes a list of; drawn whole.
    """
    clusters = list(clusters)
    source = random.Random(seed)
    found = sorted(statistic(source.choices(clusters, k=len(clusters))) for _ in range(draws))
    return statistic(clusters), found[int(0.025 * draws)], found[int(0.975 * draws) - 1]


def share_of_sums(upper, lower):
    """A statistic for `by_cluster`: the sum of one field over the sum of another."""
    return lambda clusters: sum(c[upper] for c in clusters) / max(sum(c[lower] for c in clusters), 1e-12)


def wilson(successes, trials, z=1.959963984540054):
    """(share, low, high). Source: Wilson 1927."""
    share = successes / trials
    scale = 1 + z * z / trials
    centre = (share + z * z / (2 * trials)) / scale
    half = z / scale * math.sqrt(share * (1 - share) / trials + z * z / (4 * trials * trials))
    return share, centre - half, centre + half


def text(estimate, digits=3):
    """`0.512 [0.490, 0.534]`."""
    mean, low, high = estimate
    if low is None:
        return f"{mean:.{digits}f}"
    return f"{mean:.{digits}f} [{low:.{digits}f}, {high:.{digits}f}]"
