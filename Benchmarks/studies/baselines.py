"""What a reward model has to beat: the longer response, and a bag of words.

A pair here is (winner's text, loser's text, weight).
"""

import collections
import math
import re


class LongerResponse:
    """Always the longer response, or always the shorter one where that won more training pairs. Equal lengths are half right."""

    def __init__(self, pairs):
        lead = sum(weight * ((len(w) > len(l)) - (len(w) < len(l))) for w, l, weight in pairs)
        self.sign = 1 if lead >= 0 else -1

    def score(self, text):
        return self.sign * len(text)


def words(text):
    """Words in lower case; of scripts without spaces single characters and pairs of neighbours."""
    found = re.findall(r"[a-z0-9']+", text.lower())
    wide = re.findall(r"[\u3040-\u30ff\u3400-\u9fff]", text)
    return found + wide + [a + b for a, b in zip(wide, wide[1:])]


def features(text):
    """log(1 + count) of each word, and of all words together under the name None."""
    counts = collections.Counter(words(text))
    found = {word: math.log1p(count) for word, count in counts.items()}
    found[None] = math.log1p(sum(counts.values()))
    return found


class BagOfWords:
    """Logistic regression on differences: P(winner) = σ(w·(f(winner) − f(loser))), no intercept since the two sides are alike.

    Minimised is the weighted mean of −log σ plus λ/2·|w|², by gradient descent with Nesterov's momentum from w = 0.
    """

    STRENGTHS = (0.1, 0.03, 0.01, 0.003)

    def __init__(self, pairs, strength, steps=100):
        self.places = {}
        rows = [([self.places.setdefault(word, len(self.places)) for word in found], list(found.values()), weight)
                for found, weight in ((difference(w, l), weight) for (w, l), weight in merged(pairs).items())]
        total = sum(weight for _, _, weight in rows) or 1
        # The loss is at most (largest |f|²/4 + λ)-smooth.
        rate = 1 / (max((sum(x * x for x in values) for _, values, _ in rows), default=1) / 4 + strength)
        self.weights = previous = [0.0] * len(self.places)
        for step in range(steps):
            push = step / (step + 3)
            ahead = [now + push * (now - before) for now, before in zip(self.weights, previous)]
            gradient = [strength * value for value in ahead]
            for words, values, weight in rows:
                slope = -weight / total * sigmoid(-sum(value * ahead[word] for word, value in zip(words, values)))
                for word, value in zip(words, values):
                    gradient[word] += slope * value
            previous, self.weights = self.weights, [value - rate * slope for value, slope in zip(ahead, gradient)]

    @classmethod
    def chosen(cls, training, held_out):
        """The strength with the lowest log-loss on held-out pairs; without any the middle one."""
        if not held_out:
            return cls(training, cls.STRENGTHS[1])
        return min((cls(training, strength) for strength in cls.STRENGTHS), key=lambda model: model.log_loss(held_out))

    def score(self, text):
        return sum(value * self.weights[self.places[word]] for word, value in features(text).items() if word in self.places)

    def log_loss(self, pairs):
        total = sum(weight for _, _, weight in pairs)
        return sum(weight * softplus(self.score(l) - self.score(w)) for (w, l), weight in merged(pairs).items()) / total


def merged(pairs):
    """{(winner, loser): weight}: what several people said of the same two texts in one."""
    found = collections.Counter()
    for winner, loser, weight in pairs:
        found[winner, loser] += weight
    return found


def difference(winner, loser):
    left, right = features(winner), features(loser)
    found = {word: left.get(word, 0) - right.get(word, 0) for word in sorted(left.keys() | right.keys(), key=str)}
    return {word: value for word, value in found.items() if value}


def sigmoid(x):
    return 1 / (1 + math.exp(-x)) if x >= 0 else math.exp(x) / (1 + math.exp(x))


def softplus(x):
    return max(x, 0) + math.log1p(math.exp(-abs(x)))
