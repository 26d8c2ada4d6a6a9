"""What holding the weights in fewer bits costs: perplexity on a text and divergence from float32, per model. Standard library
only. Called by `scripts/bench precision`.
"""

import argparse
import json
import pathlib
import subprocess

if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--engine", required=True)
    parser.add_argument("--output", required=True)
    parser.add_argument("--tokens", type=int, default=8192)
    parser.add_argument("--model", nargs=2, action="append", metavar=("FOLDER", "TEXT"), required=True)
    arguments = parser.parse_args()
    rows = []
    for folder, text in arguments.model:
        lines = subprocess.run([arguments.engine, "precision-cost", "--model", folder, "--text", text, "--tokens",
                                str(arguments.tokens)], check=True, capture_output=True, text=True).stdout
        for line in lines.splitlines():
            answer = json.loads(line)
            path = pathlib.Path(folder)
            rows.append({"model": path.parent.name if path.name == "hf" else path.name, "text": pathlib.Path(text).name, **answer["settings"],
                         **answer["seconds"]})
    print(f"{'model':18}{'text':24}{'width':7}{'tokens':>7}{'perplexity':>12}{'KL, nats':>11}{'largest KL':>12}{'same first':>12}")
    for r in rows:
        print(f"{r['model']:18}{r['text']:24}{r['precision']:7}{r['tokens']:>7}{r['perplexity']:12.4f}{r['kl']:11.2e}"
              f"{r['largest_kl']:12.2e}{r['same_first']:12.4f}")
    output = pathlib.Path(arguments.output)
    output.mkdir(parents=True, exist_ok=True)
    (output / "precision.json").write_text(json.dumps(rows, indent=1, sort_keys=True) + "\n")
