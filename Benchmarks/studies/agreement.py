"""How far people agree, each measure with its definition in words.

A *unit* is what several people judged: a response pair, or a group. Answers are dictionaries {annotator: answer}.
"""

import collections
import itertools
import math

DEFINITIONS = {
    "pair agreement": "Over all units and all pairs of different annotators of the same unit: the share of pairs that gave the same "
                      "answer. For pairs of responses the answers are *first*, *tie* and *second*.",
    "strict pair agreement": "The same over those pairs of annotators who both put the two responses in a strict order: Plumb's "
                             "*share of pairs on which two people agree*.",
    "Cohen's κ": "(p_o − p_e)/(1 − p_e) for two annotators: p_o the share of their common units with the same answer, p_e the sum "
                 "over answers of the product of their two shares of it (Cohen 1960). Given is the mean over pairs of annotators "
                 "with at least 10 common units, weighted by units.",
    "Fleiss' κ": "(P − P_e)/(1 − P_e) where every unit has n answers: P the mean over units of (Σ_a n_a(n_a − 1))/(n(n − 1)), P_e "
                 "the sum of the squared overall shares of the answers (Fleiss 1971).",
    "Krippendorff's α": "1 − D_o/D_e over units with at least two answers, whatever their number: D_o and D_e are the observed and "
                        "the expected disagreement of the coincidence matrix (Krippendorff 2011). Nominal: different answers "
                        "disagree by 1. Interval: by the squared difference, with *first much better* … *second much better* as "
                        "2, 1, 0, −1, −2.",
    "Kendall's τ": "τ-b of two annotators' rankings of one group (Kendall 1945); mean over all pairs of annotators of all groups "
                   "with an order on both sides.",
    "Kendall's W": "12·S/(m²(K³ − K)) for m complete rankings of K responses without ties: S the squared deviations of the "
                   "responses' rank sums from their mean (Kendall and Babington Smith 1939); mean over groups.",
}


def pair_agreement(units):
    """Over (agreeing, all) pairs of annotators; None where nobody judged a unit with another."""
    agreed = total = 0
    for answers in units:
        for one, other in itertools.combinations(answers.values(), 2):
            agreed += one == other
            total += 1
    return (agreed, total) if total else None


def strict_pair_agreement(units):
    """`pair_agreement` of answers with a sign, over pairs of annotators who both have one."""
    strict = [{who: sign(answer) for who, answer in answers.items() if answer} for answers in units]
    return pair_agreement(strict)


def cohen_kappa(units, fewest=10):
    """Mean over pairs of annotators, weighted by common units; None where no two have enough."""
    common = collections.defaultdict(list)
    for answers in units:
        for one, other in itertools.combinations(sorted(answers), 2):
            common[one, other].append((answers[one], answers[other]))
    weighted = weight = 0
    for pairs in common.values():
        if len(pairs) < fewest:
            continue
        n = len(pairs)
        observed = sum(a == b for a, b in pairs) / n
        first, second = collections.Counter(a for a, _ in pairs), collections.Counter(b for _, b in pairs)
        expected = sum(first[answer] * second[answer] for answer in first) / n ** 2
        if expected < 1:
            weighted += n * (observed - expected) / (1 - expected)
            weight += n
    return weighted / weight if weight else None


def fleiss_kappa(units):
    """None unless every unit has the same number of answers, at least two."""
    sizes = {len(answers) for answers in units}
    if len(sizes) != 1 or min(sizes) < 2:
        return None
    n = sizes.pop()
    total = collections.Counter()
    agreement = 0.0
    for answers in units:
        counts = collections.Counter(answers.values())
        total.update(counts)
        agreement += sum(count * (count - 1) for count in counts.values()) / (n * (n - 1))
    observed = agreement / len(units)
    expected = sum((count / (n * len(units))) ** 2 for count in total.values())
    return (observed - expected) / (1 - expected) if expected < 1 else None


def krippendorff_alpha(units, difference=lambda a, b: float(a != b)):
    """None where no unit has two answers, or all answers are the same."""
    coincidences = collections.Counter()
    for answers in units:
        values = list(answers.values())
        if len(values) < 2:
            continue
        for one, other in itertools.permutations(values, 2):
            coincidences[one, other] += 1 / (len(values) - 1)
    totals = collections.Counter()
    for (one, _), weight in coincidences.items():
        totals[one] += weight
    n = sum(totals.values())
    if n < 2:
        return None
    observed = sum(weight * difference(a, b) for (a, b), weight in coincidences.items()) / n
    expected = sum(totals[a] * totals[b] * difference(a, b) for a in totals for b in totals) / (n * (n - 1))
    return 1 - observed / expected if expected else None


def interval_difference(one, other):
    return float(one - other) ** 2


def kendall_tau(one, other):
    """τ-b of two {response: rank}; None where one of them ties everything."""
    concordant = untied_one = untied_other = 0
    for a, b in itertools.combinations(sorted(set(one) & set(other)), 2):
        x, y = sign(one[a] - one[b]), sign(other[a] - other[b])
        concordant += x * y
        untied_one += x * x
        untied_other += y * y
    return concordant / math.sqrt(untied_one * untied_other) if untied_one and untied_other else None


def mean_kendall_tau(rankings):
    """- rankings: for each group {annotator: {response: rank}}."""
    found = [kendall_tau(one, other) for group in rankings for one, other in itertools.combinations(group.values(), 2)]
    found = [tau for tau in found if tau is not None]
    return sum(found) / len(found) if found else None


def kendall_w(group):
    """- group: {annotator: {response: rank}}, complete and without ties."""
    m, k = len(group), len(next(iter(group.values())))
    sums = collections.Counter()
    for ranks in group.values():
        sums.update(ranks)
    mean = m * (k + 1) / 2
    return 12 * sum((total - mean) ** 2 for total in sums.values()) / (m * m * (k ** 3 - k))


def sign(number):
    return (number > 0) - (number < 0)
