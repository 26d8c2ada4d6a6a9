"""The page of `human-data`."""

import collections

import agreement
import charts
import human
import intervals
import native
from baselines import LongerResponse
from human_data import BASES, CONTEXT, JUDGES, SETTINGS, TRANSFER, text_pairs
from program import SHARED_DATA
from study import by_setting

TITLES = {"squality": "SQuALITY", "oasst-en": "OASST English", "oasst-zh": "OASST Chinese", "pandalm": "PandaLM", "tulu": "Tulu",
          "llmbar": "LLMBar"}
# Fewer independent groups of prompts than this give a bootstrap too little to draw from.
FEWEST = 10
DIFFERENCES = {"over longer": ("reward model", "longer response"), "over words": ("reward model", "bag of words")}


def write(page, rows):
    found = {(s["data"], s["base"]): pooled(rows) for s, rows in by_setting(rows)}
    introduce(page)
    for base in BASES:
        names = [name for name in human.ALL if (name, base) in found]
        if names:
            accuracies(page, base, names, found)
    verdict(page, found)
    lengths(page, rows)
    agreements(page)
    converters(page)


def pooled(rows):
    """By prompt, everything that any seed's test part measured on it: [{pairs, right by judge}]."""
    prompts = collections.defaultdict(collections.Counter)
    for row in rows:
        for key, tally in row["found"]["prompts"].items():
            prompts[key].update(dict(zip(("pairs", *JUDGES), tally)))
    return {"clusters": list(prompts.values()), "rows": rows}


def accuracy(clusters, judge):
    return intervals.by_cluster(clusters, intervals.share_of_sums(judge, "pairs"))


def difference(clusters, one, other):
    return intervals.by_cluster(clusters, lambda drawn: sum(c[one] - c[other] for c in drawn) / max(sum(c["pairs"] for c in drawn), 1))


def introduce(page):
    page.add(f"""
People's own preferences from six public data sets, brought in by `plumb import labels`: does a reward model learn them, beside two
judges that know nothing but the number of characters, or the words? Split by prompt (SQuALITY by story, OASST by conversation), anew
for each seed: 30% tested, 10% to choose the step (and the strength of the bag of words), 60% learnt from. On LLMBar nobody learns:
its judges learn from {" and ".join(TITLES[name] for name in TRANSFER)}.

*Accuracy*: the share of strictly ordered pairs whose winner scores higher; equal scores count half, tied pairs are left out.
*Longer response*: always the longer one, or always the shorter where that won more training pairs. *Bag of words*: logistic
regression on differences of log(1 + count) of words (of Chinese characters and their pairs) and of their number. Intervals of 95%:
{intervals.BY_PROMPT}.

Both bases are **small closed worlds**: the embedded policy, a few million parameters that have seen only the demo world, and
0.26 million that have seen children's stories. They know none of the languages, facts and tasks of these data, so a result near chance says nothing of larger bases, and what
they do learn here is of form rather than of content. Their context was raised to {CONTEXT} tokens (a change of `config.json` alone); groups that are longer in
the base's tokens are left out for every judge, and the table says how many are kept.
""")


def accuracies(page, base, names, found):
    page.add(f"## {base}")
    table = []
    for name in names:
        one = found[name, base]
        clusters, last = one["clusters"], one["rows"][-1]["found"]
        table.append([TITLES[name], f"{100 * last['fitting_share']:.0f}%", len(one["rows"]), len(clusters),
                      *(intervals.text(accuracy(clusters, judge)) for judge in JUDGES),
                      *(intervals.text(difference(clusters, *pair)) for pair in DIFFERENCES.values())])
    page.table(["data", "groups that fit", "seeds", "prompts tested", *JUDGES, *DIFFERENCES], table)
    chart = {judge: [accuracy(found[name, base]["clusters"], judge) for name in names] for judge in JUDGES}
    page.figure(charts.categories(f"Accuracy on people's preferences, base {base}", "accuracy on unseen prompts",
                                  [TITLES[name] for name in names], chart, marks=[(0.5, "chance")]),
                f"accuracy of three judges on six data sets, base {base}")


def verdict(page, found):
    """What the intervals say, in words; nothing is said that they don't."""
    lines = []
    for (name, base), one in found.items():
        own = accuracy(one["clusters"], "reward model")
        over = difference(one["clusters"], "reward model", "longer response")
        near = "above chance" if own[1] > 0.5 else "below chance" if own[2] < 0.5 else "not told from chance"
        beside = "better than length" if over[1] > 0 else "worse than length" if over[2] < 0 else "not told from length"
        if len(one["clusters"]) < FEWEST:
            lines.append(f"- {TITLES[name]}, {base}: {own[0]:.3f}; its {len(one['clusters'])} independent groups of prompts are too few "
                         "for an interval that can be trusted.")
            continue
        lines.append(f"- {TITLES[name]}, {base}: {intervals.text(own)}, {near}; {beside} ({intervals.text(over)}).")
    page.add("## In words\n\n" + "\n".join(lines))


def lengths(page, rows):
    page.add("## LLMBar: length alone fails")
    by_length_alone(page)
    subsets = collections.defaultdict(lambda: collections.defaultdict(list))
    for row in rows:
        for subset, tally in row["found"].get("subsets", {}).items():
            subsets[row["setting"]["base"]][subset].append(dict(zip(("pairs", *JUDGES), tally)))
    for base, parts in subsets.items():
        page.add(f"The three judges on the parts of LLMBar, base {base}, over the pairs that fit; of a judge whose seeds differ the mean over seeds of "
                 "the share:")
        table = []
        for subset, tallies in sorted(parts.items()):
            pairs = tallies[0]["pairs"]
            shares = [sum(tally[judge] for tally in tallies) / (pairs * len(tallies)) for judge in JUDGES]
            table.append([subset, pairs, *(intervals.text(intervals.wilson(share * pairs, pairs)) for share in shares)])
        page.table(["part", "pairs", *JUDGES], table)


def by_length_alone(page):
    """From all of the data, whatever a base can read."""
    pairs = [pair for name in TRANSFER for pair in every_pair(name)]
    longer = LongerResponse(pairs)
    training = right_of(pairs, longer)
    parts = collections.defaultdict(list)
    for group in native.labelled_groups(human.llmbar.labels(human.reader(SHARED_DATA, human.llmbar))):
        parts[human.llmbar.subset(group)] += text_pairs(group)
    parts["all"] = [pair for pairs in list(parts.values()) for pair in pairs]
    page.add(f"In Tulu and PandaLM people liked the {'longer' if longer.sign > 0 else 'shorter'} answer in {training[0] / training[1]:.1%} of the "
             f"ordered pairs ({training[1]:,.0f} by weight). The same rule on LLMBar, where experts say which response does what was asked; Wilson's "
             "interval over the pairs:")
    table = []
    for part, pairs in parts.items():
        right, total = right_of(pairs, longer)
        table.append([part, len(pairs), intervals.text(intervals.wilson(right, total))])
    page.table(["part", "pairs", f"the {'longer' if longer.sign > 0 else 'shorter'} response is right"], table)
    page.add("Where a part was made so that the worse answer looks better, length is near or below chance: a reward model that had learnt no more "
             "than length would fail here, however well it did on the data it was trained on.")


def every_pair(name):
    module = human.ALL[name]
    return [pair for group in native.labelled_groups(module.labels(human.reader(SHARED_DATA, module))) for pair in text_pairs(group)]


def right_of(pairs, judge):
    """(weight of the pairs that the judge orders rightly, equal scores half; weight of all)."""
    right = 0.0
    for winner, loser, weight in pairs:
        better, worse = judge.score(winner), judge.score(loser)
        right += weight * (1 if better > worse else 0.5 if better == worse else 0)
    return right, sum(weight for _, _, weight in pairs)


def agreements(page):
    page.add("## How far people agree\n\n" + "\n".join(f"- **{name}**: {words}" for name, words in agreement.DEFINITIONS.items()))
    panda = human.pandalm.answers(human.reader(SHARED_DATA, human.pandalm))
    tulu = human.tulu.answers(human.reader(SHARED_DATA, human.tulu))
    signs = [{who: agreement.sign(step) for who, step in answers.items()} for answers in tulu]
    double = sum(len(answers) > 1 for answers in tulu)
    table = [["PandaLM, 3 people a pair", len(panda), *measures(panda, panda)],
             ["Tulu, pairs with 2 or 3 people", double, *measures(signs, tulu)]]
    page.table(["comparisons", "pairs", "pair agreement", "strict pair agreement", "Cohen's κ", "Fleiss' κ", "Krippendorff's α, nominal",
                "α, interval"], table)
    read = human.reader(SHARED_DATA, human.squality)
    table = []
    for criterion in human.squality.CRITERIA:
        groups = human.squality.ranks_by_group(read, criterion)
        table.append([criterion, len(groups), share(agreement.pair_agreement(ranked_pairs(groups))),
                      text(agreement.mean_kendall_tau(groups)), text(sum(map(agreement.kendall_w, groups)) / len(groups))])
    page.add("SQuALITY: three reviewers rank the same three summaries, without ties:")
    page.table(["criterion", "questions", "pair agreement", "Kendall's τ", "Kendall's W"], table)
    page.add("The pair agreements, Fleiss' κ and Kendall's W of PandaLM, Tulu and SQuALITY are those that came with the data "
             "(`expected_shared.json`); a test compares them. OASST gives one merged ranking a group and LLMBar one label a pair, so "
             "there is no agreement to measure.")


def measures(nominal, steps):
    return [share(agreement.pair_agreement(nominal)), share(agreement.strict_pair_agreement(nominal)), text(agreement.cohen_kappa(nominal)),
            text(agreement.fleiss_kappa(nominal)), text(agreement.krippendorff_alpha(nominal)),
            text(agreement.krippendorff_alpha(steps, agreement.interval_difference))]


def ranked_pairs(groups):
    """Each pair of summaries of each question as a unit: who puts the first above the second."""
    units = []
    for group in groups:
        names = sorted(next(iter(group.values())))
        for place, one in enumerate(names):
            for other in names[place + 1:]:
                units.append({who: agreement.sign(ranks[other] - ranks[one]) for who, ranks in group.items()})
    return units


def share(agreed):
    return f"{agreed[0] / agreed[1]:.4f} ({agreed[0]} of {agreed[1]})"


def text(value):
    return "–" if value is None else f"{value:.4f}"


def converters(page):
    page.add("""
## What the converters do

`Benchmarks/studies/human/` has one small file a data set; what they count is compared with `expected_shared.json` before a row is
measured and in `scripts/test studies`, and each file is imported into a store and exported again without a difference.

- SQuALITY: the ranking of each reviewer by the criterion *overall*, K = 3.
- OASST English: assistant siblings that all carry a rank, K = 2 to 8, with the conversation before them; one merged ranking a group.
- OASST Chinese: the list from best to worst, K = 2 to 6, with its history.
- PandaLM: three rankings of two a pair, ties kept. Six responses stand in the file as the JSON value `true`; they become *True*.
- Tulu: comparisons with the grades *better* and *slightly*, ties kept; *not acceptable* becomes a flag of the response. Who judged a
  pair again gets a second revision.
- LLMBar: rankings of two.
""")
    page.add(f"Reward models: `plumb train reward` with {', '.join(f'`{name} = {value}`' for name, value in SETTINGS.items())}.")
