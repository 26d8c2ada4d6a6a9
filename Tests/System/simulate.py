"""One short seed of the loop without people: a round of rankings by a known preference moves the policy towards it,
and nothing collapses. The whole study is `scripts/bench loop`."""

import argparse
import json
import pathlib
import subprocess
import tempfile

from plumb import Report

if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--plumb", required=True)
    report = Report()
    folder = pathlib.Path(tempfile.mkdtemp(prefix="plumb-simulate-")) / "run"
    subprocess.run([parser.parse_args().plumb, "simulate", "--output", str(folder), "--gold", "politeness", "--seed", "0",
                    "--rounds", "1", "--rankings", "100", "--evaluation-samples", "1000"], check=True)
    before, after = json.loads((folder / "report.json").read_text())["rounds"]
    win = after["winRate"]
    report.check("100 rankings by politeness make a policy that wins over the supervised one", win["low"] > 0.5,
                 f"{win['mean']:.3f} [{win['low']:.3f}, {win['high']:.3f}]")
    report.check("KL stays at most 20 nats a response", after["klToSupervised"] <= 20, f"{after['klToSupervised']:.2f}")
    report.check("responses still end", after["endShare"] >= 0.9 * before["endShare"],
                 f"{before['endShare']:.3f} → {after['endShare']:.3f}")
    report.check("word pairs stay varied", after["distinct2"] >= 0.8 * before["distinct2"],
                 f"{before['distinct2']:.3f} → {after['distinct2']:.3f}")
    report.check("the texts of a group differ", after["distinctTexts"] >= 0.9, f"{after['distinctTexts']:.3f}")
    report.finish()
