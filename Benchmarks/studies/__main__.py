"""`scripts/bench studies [NAME…]`: measures the rows that are missing and writes docs/studies."""

import argparse
import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))

from gold_loop import GoldLoop  # noqa: E402
from human_data import HumanData  # noqa: E402
from label_efficiency import LabelEfficiency  # noqa: E402
from methods import Methods  # noqa: E402
from program import Plumb, StudyError  # noqa: E402
from trl_reward import TRLReward  # noqa: E402

STUDIES = {study.name: study for study in (HumanData, TRLReward, GoldLoop, LabelEfficiency, Methods)}

if __name__ == "__main__":
    parser = argparse.ArgumentParser(prog="scripts/bench studies")
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"of {', '.join(STUDIES)}; without any all of them")
    parser.add_argument("--plumb", required=True, help=argparse.SUPPRESS)
    parser.add_argument("--output", required=True, help=argparse.SUPPRESS)
    parser.add_argument("--peer-python", help=argparse.SUPPRESS)
    parser.add_argument("--hours", type=float, help="begin no row of a study after so many hours of it")
    parser.add_argument("--seeds", type=int, help="only the first so many seeds")
    parser.add_argument("--only", nargs="*", default=[], metavar="NAME=VALUE", help="only settings with these values")
    parser.add_argument("--pages", action="store_true", help="measure nothing; write the pages of the rows that are there")
    arguments = parser.parse_args()
    unknown = [name for name in arguments.names if name not in STUDIES]
    if unknown:
        parser.error(f"there is no study {', '.join(unknown)}; there are {', '.join(STUDIES)}")
    failed = 0
    plumb = Plumb(arguments.plumb)
    for name in arguments.names or STUDIES:
        try:
            study = STUDIES[name](plumb, arguments.output)
            study.peer_python = arguments.peer_python
            if arguments.pages:
                study.publish(study.ledger())
            else:
                study.run(arguments.hours, arguments.seeds, dict(one.split("=", 1) for one in arguments.only))
        except StudyError as problem:
            print(f"{name}: {problem}", file=sys.stderr)
            failed = 1
    sys.exit(failed)
