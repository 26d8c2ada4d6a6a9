"""What studies compute by themselves, against worked values: agreement, intervals, baselines, rows, and the converters' counts.

Standard library only. Run by `scripts/test studies`.
"""

import json
import math
import pathlib
import random
import sys
import tempfile
import unittest
import xml.dom.minidom

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "Benchmarks" / "studies"))

import agreement  # noqa: E402
import baselines  # noqa: E402
import charts  # noqa: E402
import gold_loop  # noqa: E402
import gold_loop_page  # noqa: E402
import human  # noqa: E402
import intervals  # noqa: E402
import methods  # noqa: E402
import native  # noqa: E402
import sampling  # noqa: E402
from ledger import Ledger, digest  # noqa: E402

DATA = ROOT.parent / "shared" / "data"
NO_DATA = f"{DATA} is not there, so the converters are not compared with its counts"


# Krippendorff 2011, the table of section C: four observers, twelve units, values 1 to 5, some missing.
OBSERVERS = ([1, 2, 3, 3, 2, 1, 4, 1, 2, None, None, None], [1, 2, 3, 3, 2, 2, 4, 1, 2, 5, None, 3],
             [None, 3, 3, 3, 2, 3, 4, 2, 2, 5, 1, None], [1, 2, 3, 3, 2, 4, 4, 1, 2, 5, 1, None])
UNITS = [{who: row[place] for who, row in enumerate(OBSERVERS) if row[place] is not None} for place in range(12)]


class Agreement(unittest.TestCase):
    def test_alpha_is_that_of_krippendorffs_own_example(self):
        self.assertAlmostEqual(agreement.krippendorff_alpha(UNITS), 0.743, places=3)
        self.assertAlmostEqual(agreement.krippendorff_alpha(UNITS, agreement.interval_difference), 0.849, places=3)

    def test_fleiss_kappa_is_that_of_a_worked_example(self):
        # Two units, three answers each: {a, a, b} and {b, b, b}. P = (1/3 + 1)/2, P_e = (2/6)² + (4/6)².
        units = [{1: "a", 2: "a", 3: "b"}, {1: "b", 2: "b", 3: "b"}]
        self.assertAlmostEqual(agreement.fleiss_kappa(units), (2 / 3 - 20 / 36) / (1 - 20 / 36))

    def test_cohen_kappa_is_that_of_a_worked_example(self):
        # 20 both yes, 5 first alone, 10 second alone, 15 both no: p_o 0.7, p_e 0.5.
        answers = [("y", "y")] * 20 + [("y", "n")] * 5 + [("n", "y")] * 10 + [("n", "n")] * 15
        self.assertAlmostEqual(agreement.cohen_kappa([{1: a, 2: b} for a, b in answers]), 0.4)

    def test_kendall_of_equal_and_of_reversed_rankings(self):
        up, down = {"a": 1, "b": 2, "c": 3}, {"a": 3, "b": 2, "c": 1}
        self.assertEqual(agreement.kendall_tau(up, up), 1)
        self.assertEqual(agreement.kendall_tau(up, down), -1)
        self.assertAlmostEqual(agreement.kendall_tau(up, {"a": 1, "b": 1, "c": 2}), 2 / math.sqrt(6))
        self.assertEqual(agreement.kendall_w({1: up, 2: up, 3: up}), 1)
        self.assertEqual(agreement.kendall_w({1: up, 2: down}), 0)

    def test_a_measure_without_units_is_none(self):
        alone = [{1: "a"}, {2: "b"}]
        for measure in (agreement.pair_agreement, agreement.cohen_kappa, agreement.fleiss_kappa, agreement.krippendorff_alpha):
            self.assertIsNone(measure(alone))


class Intervals(unittest.TestCase):
    def test_five_seeds_take_students_point_of_four_degrees(self):
        mean, low, high = intervals.over_seeds([1, 2, 3, 4, 5])
        self.assertAlmostEqual(mean, 3)
        self.assertAlmostEqual(high - mean, 2.776 * math.sqrt(2.5 / 5))
        self.assertAlmostEqual(mean - low, high - mean)

    def test_one_seed_has_no_interval(self):
        self.assertEqual(intervals.over_seeds([0.5]), (0.5, None, None))

    def test_the_bootstrap_covers_the_truth_as_often_as_it_says(self):
        source, covered = random.Random(3), 0
        for trial in range(100):
            clusters = [{"right": sum(source.random() < 0.6 for _ in range(4)), "pairs": 4} for _ in range(60)]
            _, low, high = intervals.by_cluster(clusters, intervals.share_of_sums("right", "pairs"), draws=200, seed=trial)
            covered += low <= 0.6 <= high
        self.assertGreaterEqual(covered, 87)

    def test_wilson_is_that_of_a_worked_example(self):
        _, low, high = intervals.wilson(8, 10)
        self.assertAlmostEqual(low, 0.4902, places=4)
        self.assertAlmostEqual(high, 0.9433, places=4)


class Baselines(unittest.TestCase):
    def test_the_length_baseline_takes_the_direction_of_its_pairs(self):
        self.assertEqual(baselines.LongerResponse([("long one", "short", 1)]).sign, 1)
        self.assertEqual(baselines.LongerResponse([("short", "long one", 1), ("b", "a longer", 1), ("longest", "c", 1)]).sign, -1)

    def test_the_bag_of_words_minimises_its_loss(self):
        source = random.Random(1)
        words = [f"w{n}" for n in range(8)]
        texts = [" ".join(source.choices(words, k=6)) for _ in range(120)]
        pairs = [(a, b, 1) if a.count("w3") >= b.count("w3") else (b, a, 1) for a, b in zip(texts[::2], texts[1::2])]
        strength = 0.1
        model = baselines.BagOfWords(pairs, strength, steps=400)

        def loss():
            return model.log_loss(pairs) + strength / 2 * sum(w * w for w in model.weights)

        least = loss()
        for place in range(len(model.weights)):
            for step in (-1e-3, 1e-3):
                model.weights[place] += step
                self.assertGreater(loss(), least - 1e-9)
                model.weights[place] -= step
        self.assertGreater(model.score("w3 w3"), model.score("w1 w2"))

    def test_chinese_texts_have_characters_and_pairs(self):
        self.assertEqual(baselines.words("你好 abc"), ["abc", "你", "好", "你好"])


class Rows(unittest.TestCase):
    def test_a_row_that_is_there_is_found_by_a_later_call_and_not_under_other_inputs(self):
        with tempfile.TemporaryDirectory() as folder:
            file, setting = pathlib.Path(folder) / "rows.jsonl", {"n": 1}

            def ledger(study="s", revision=1, version="0.1.0", base="aa"):
                return Ledger(file, study, revision, version, lambda setting: {"base": base})

            ledger().add(setting, 0, {"x": 2.0}, 1.5, "p")
            again = ledger()
            self.assertEqual(again.find(setting, 0)["found"], {"x": 2.0})
            self.assertEqual(len(again.current([setting])), 1)
            self.assertEqual(again.current([{"n": 2}]), [])
            self.assertIsNone(again.find(setting, 1))
            self.assertRaises(ValueError, again.add, setting, 0, {}, 1, "p")
            for other in ({"study": "t"}, {"revision": 2}, {"version": "0.2.0"}, {"base": "bb"}):
                self.assertIsNone(ledger(**other).find(setting, 0))
                self.assertEqual(ledger(**other).current([setting]), [])

    def test_the_digest_of_a_folder_changes_with_a_byte_and_with_a_name(self):
        with tempfile.TemporaryDirectory() as folder:
            place = pathlib.Path(folder)
            (place / "a").write_text("1")
            first = digest(place)
            (place / "a").write_text("2")
            self.assertNotEqual(first, digest(place))
            (place / "a").write_text("1")
            (place / "a").rename(place / "b")
            self.assertNotEqual(first, digest(place))


class FakePlumb:
    """Writes what a refresh leaves, and remembers what it was asked."""

    version = sha256 = "test"

    def __init__(self):
        self.asked = []

    def train(self, kind, folder, seed, settings, **inputs):
        self.asked.append((kind, dict(settings), inputs))
        attempt = pathlib.Path(folder) / "run" / "attempts" / "1"
        attempt.mkdir(parents=True)
        (pathlib.Path(folder) / "made").mkdir()
        if kind == "policy":
            line = {"prompt": "p", "response": "r", "finished": True, "kl": 1.0, "score": 1.0}
            lines = [{**line, "step": 0, "phase": "probe", "score": 50}, {**line, "step": 1}, {**line, "step": 2, "score": 3.0},
                     {**line, "step": 2, "phase": "probe", "score": 50}, {**line, "step": 1, "phase": "handed_out", "score": 50}]
            (attempt / "samples.jsonl").write_text("".join(json.dumps(entry) + "\n" for entry in lines))
        return pathlib.Path(folder) / "made"

    def judged(self, model, groups, folder):
        return [{"responses": [{"score": 0.5} for _ in group["responses"]]} for group in groups]

    def result(self, folder):
        return {"metrics": {"iterations": 12, "kept_iteration": 7}}


class GoldLoop(unittest.TestCase):
    def measured(self, by):
        with tempfile.TemporaryDirectory() as folder:
            study = gold_loop.GoldLoop(FakePlumb(), folder)
            study.baseline, study.gold, study.judged_gold, study.gold_digest = {"p": 0.2}, "gold", [[0.0]], "gold"
            study.shared = pathlib.Path(folder)
            study.labels = lambda *_: [{"labels": [{"judgement": {"kind": "ranking", "ranking": {"rows": [["a"], ["b"]]}}}]}]
            study.fresh = lambda *_: [{"responses": [{"text": "x"}]}]
            (pathlib.Path(folder) / "row").mkdir()
            return study.measure({"by": by, "labels": "k-wise", "comparisons": 100}, 0, pathlib.Path(folder) / "row"), study.plumb.asked

    def test_probes_and_the_policy_handed_out_are_no_iterations(self):
        found, _ = self.measured("ppo")
        self.assertEqual([(step, proxy) for step, _, proxy, *_ in found["curve"]], [(1, 1.0), (2, 3.0)])
        self.assertEqual({round(gain, 12) for _, _, _, *gains in found["curve"] for gain in gains}, {0.3}, "gold less the prompt's own")
        self.assertEqual((found["kept_gain"], found["kept_iteration"], found["stopped"]), (0.5, 7, True))

    def test_ensembles_train_several_heads_and_are_careful_with_them(self):
        for by, use in gold_loop.ENSEMBLES.items():
            _, ((_, reward, _), (_, policy, _)) = self.measured(by)
            self.assertEqual(reward["ensemble_members"], gold_loop.ENSEMBLE_MEMBERS)
            self.assertEqual(policy, {**gold_loop.PPO, "ensemble": use})
        _, ((_, reward, _), (_, policy, _)) = self.measured("ppo")
        self.assertNotIn("ensemble_members", reward)
        self.assertEqual(policy, gold_loop.PPO)

    def test_proxy_and_watcher_learn_from_different_halves(self):
        found, ((_, one, _), (_, other, _), (_, whole, alone), (_, watched, with_watcher)) = self.measured("ppo watched")
        self.assertEqual((one["labels"], other["labels"]), ("first-half", "second-half"))
        self.assertEqual(whole, watched)
        self.assertNotIn("watcher", alone)
        self.assertIn("second-half", str(with_watcher["watcher"]))
        self.assertNotIn("curve", found["watched"])

    def test_every_setting_is_in_the_budget(self):
        with tempfile.TemporaryDirectory() as folder:
            study = gold_loop.GoldLoop(FakePlumb(), folder)
            settings = 2 * len(gold_loop.COMPARISONS) + 2 * len(gold_loop.PPO_COMPARISONS)
            settings += len(gold_loop.ENSEMBLES) * len(gold_loop.ENSEMBLE_COMPARISONS)
            rows = settings * len(study.seeds)
            self.assertEqual(len(study.wanted()), rows)
            self.assertAlmostEqual(study.hours(len(study.wanted())), rows * study.minutes_per_row / 60)

    def test_a_proxy_that_cannot_tell_chooses_by_chance(self):
        self.assertEqual(gold_loop.fair([1, 2, 1], [0.0, 5.0, 4.0]), [2.0, 5.0, 2.0])


class Page:
    """Takes what a study's module writes."""

    def __init__(self):
        self.texts, self.tables, self.drawn = [], [], []

    def add(self, text):
        self.texts.append(text)

    def table(self, head, rows):
        for row in rows:
            assert len(row) == len(head), (head, row)
        self.tables.append(rows)

    def figure(self, svg, words):
        self.drawn.append(xml.dom.minidom.parseString(svg))


def run_of(seed, gains, **more):
    """A row of PPO whose √KL is the number of the iteration, and whose halves of the prompts agree."""
    return {"seed": seed, "found": {"curve": [[n + 1, n * n, n / 10, gain, gain, gain] for n, gain in enumerate(gains)], "kept_gain": 1.0, **more}}


class GoldLoopPage(unittest.TestCase):
    early, late = [0] * 3 + [9] * 5 + [0] * 12, [0] * 11 + [9] * 5 + [0] * 4

    def test_it_says_how_far_right_an_ensemble_moves_the_highest_gold(self):
        page = Page()
        gold_loop_page.by_ensemble(page, {("ppo", "k-wise", 100): [run_of(seed, self.early) for seed in range(3)],
                                          ("ppo worst case", "k-wise", 100): [run_of(seed, self.late) for seed in range(3)]})
        self.assertEqual(len(page.drawn), 1)
        (((_, use, seeds, at_same, fallen, reached, further),),) = page.tables
        # Smoothed over five: the middle of the plateau, √KL about its place.
        shift = math.sqrt((11**2 + 12**2 + 13**2 + 14**2 + 15**2) / 5) - math.sqrt((3**2 + 4**2 + 5**2 + 6**2 + 7**2) / 5)
        self.assertEqual((use, seeds, reached), ("worst-case", 3, "3 of 3"))
        self.assertEqual(further.split()[0], f"{shift:.2f}")
        self.assertEqual((at_same.split()[0], fallen.split()[0]), ("0.00", "9.00"))

    def test_a_run_that_still_rises_has_no_highest_point(self):
        page = Page()
        rising = [run_of(seed, list(range(20))) for seed in range(3)]
        gold_loop_page.by_ensemble(page, {("ppo", "k-wise", 100): rising, ("ppo worst case", "k-wise", 100): rising})
        self.assertEqual(page.tables[0][0][-2:], ["0 of 3", "not reached"])

    def test_what_a_stop_loses_is_read_off_the_run_without_it(self):
        page = Page()
        watched = {"kept_iteration": 10, "kept_gain": 1.0, "stopped": True, "iterations": 13}
        gains = [n / 2 for n in range(11)] + [5 - n / 4 for n in range(1, 10)]
        gold_loop_page.by_watcher(page, {("ppo watched", "k-wise", 100): [run_of(seed, gains, watched=watched) for seed in range(3)]})
        (((_, seeds, stopped, iteration, highest, kept, short, share, _),),) = page.tables
        smooth = gold_loop_page.smooth(gains)
        self.assertEqual((seeds, stopped, iteration.split()[0]), (3, "3 of 3", "10.0"))
        self.assertEqual((highest.split()[0], kept.split()[0]), (f"{max(smooth):.2f}", f"{smooth[10]:.2f}"))
        self.assertEqual(share, f"{smooth[10] / max(smooth):.3f}")
        self.assertIn("met", page.texts[-1])
        page = Page()
        flat = [run_of(seed, [0.0] * 20, watched=watched) for seed in range(3)]
        gold_loop_page.by_watcher(page, {("ppo watched", "k-wise", 100): flat})
        self.assertEqual(page.tables[0][0][-2], "no gain to speak of")

    def test_the_highest_gain_is_no_maximum_of_noise(self):
        """Two halves that only wobble: what one half chooses is worth nothing on the other."""
        source = random.Random(1)
        rows = []
        for seed in range(200):
            halves = [[source.gauss(0, 1) for _ in range(30)] for _ in range(2)]
            curve = [[n + 1, n, 0, 0, one, other] for n, (one, other) in enumerate(zip(*halves))]
            rows.append({"seed": seed, "found": {"curve": curve}})
        self.assertLess(abs(sum(map(gold_loop_page.highest_gain, rows)) / len(rows)), 0.1)

    def test_the_whole_page_is_written_from_one_seed(self):
        rows = [{"seed": 0, "setting": {"by": "best-of-n", "labels": kind, "comparisons": 100},
                 "found": {"curve": [[n, math.log(n), 0.1, 0.2] for n in gold_loop.DRAWS], "gold_at_64": 0.2, "share_of_ideal": 0.5, "tasks": 17,
                           "strict_pairs": 90}} for kind in ("k-wise", "pairs")]
        watched = {"kept_iteration": 9, "kept_gain": 1.0, "stopped": False, "iterations": 40}
        for by in ("ppo", "ppo watched", *gold_loop.ENSEMBLES):
            rows.append({**run_of(0, self.early, watched=watched), "setting": {"by": by, "labels": "k-wise", "comparisons": 100}})
        page = Page()
        gold_loop_page.write(page, rows)
        self.assertEqual(len(page.tables), 5)


class Methods(unittest.TestCase):
    def test_a_collapse_of_every_seed_is_one(self):
        repeated, varied = [["a", "a", "a"]] * 4, [["a", "b", "c"], ["d", "e", "f"], ["a", "b", "e"], ["c", "f", "a"]]
        self.assertEqual(methods.distinct_2(repeated), 1 / 8)
        self.assertEqual(methods.distinct_2(varied), 7 / 8)
        found = {"end_share": 1.0, "distinct_2": methods.distinct_2(repeated), "supervised_distinct_2": methods.distinct_2(varied)}
        self.assertTrue(methods.has_collapsed(found))
        self.assertFalse(methods.has_collapsed({**found, "distinct_2": methods.distinct_2(varied)}))
        self.assertTrue(methods.has_collapsed({**found, "distinct_2": 0.8, "end_share": 0.7}))


class Sampling(unittest.TestCase):
    def test_responses_keep_the_ids_that_were_sampled(self):
        choice = {"index": 2, "message": {"content": "a b"}, "finish_reason": "stop", "token_ids": [7, 8, 1]}
        self.assertEqual(sampling.response(choice),
                         {"id": "2", "text": "a b", "finished": True, "token_ids": [7, 8, 1], "token_ids_source": "own"})


class Charts(unittest.TestCase):
    def test_figures_are_whole_svg_with_title_and_axes(self):
        drawn = [charts.lines("A < B", "labels", "accuracy", {"one": [(100, (0.5, 0.4, 0.6)), (1000, 0.7)]}, x_log=True),
                 charts.categories("C", "share", ["a", "b"], {"x": [(0.5, 0.4, 0.6), None]}, marks=[(0.5, "chance")])]
        for svg in drawn:
            xml.dom.minidom.parseString(svg)
        self.assertIn("A &lt; B", drawn[0])
        self.assertIn("labels", drawn[0])


class Converters(unittest.TestCase):
    @unittest.skipUnless(DATA.exists(), NO_DATA)
    def test_counts_are_those_that_came_with_the_data(self):
        self.assertEqual(human.wrong_counts(DATA), [])

    @unittest.skipUnless(DATA.exists(), NO_DATA)
    def test_agreement_figures_are_those_that_came_with_the_data(self):
        expected = json.loads((DATA / "expected_shared.json").read_text())["agreement"]
        panda = human.pandalm.answers(human.reader(DATA, human.pandalm))
        agreed, pairs = agreement.pair_agreement(panda)
        self.assertAlmostEqual(agreed / pairs, expected["pandalm"]["mean_pair_agreement"], places=4)
        self.assertAlmostEqual(agreement.fleiss_kappa(panda), expected["pandalm"]["fleiss_kappa"], places=4)
        tulu = human.tulu.answers(human.reader(DATA, human.tulu))
        agreed, pairs = agreement.pair_agreement([{who: agreement.sign(s) for who, s in answers.items()} for answers in tulu])
        self.assertEqual(pairs, expected["tulu_pairs_of_judgements"])
        self.assertAlmostEqual(agreed / pairs, expected["tulu_sign_agreement"], places=4)
        for criterion in human.squality.CRITERIA:
            groups = human.squality.ranks_by_group(human.reader(DATA, human.squality), criterion)
            self.assertAlmostEqual(sum(map(agreement.kendall_w, groups)) / len(groups),
                                   expected[f"squality_{criterion}"]["mean_kendall_W"], places=4)

    @unittest.skipUnless(DATA.exists(), NO_DATA)
    def test_every_label_orders_responses_of_its_group(self):
        for module in human.ALL.values():
            for group in native.labelled_groups(module.labels(human.reader(DATA, module))):
                known = {response["id"] for response in group["group"]["responses"]}
                for label in group["labels"]:
                    for pair in native.strict_pairs(label["judgement"]):
                        self.assertLessEqual(set(pair), known)


if __name__ == "__main__":
    unittest.main(verbosity=2)
