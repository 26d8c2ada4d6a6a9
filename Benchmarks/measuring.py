"""Runs measured programs in alternation on a machine that others may use too. Standard library only."""

import json
import os
import pathlib
import statistics
import subprocess
import time

TICK = os.sysconf("SC_CLK_TCK")
# What others took is counted in ticks of 10 ms on every processor: over a second that is a share within a hundredth or two.
SHORTEST = 1.0
# glibc told never to give memory back: PyTorch's steps are a third faster so.
TUNED = {"MALLOC_MMAP_MAX_": "0", "MALLOC_TRIM_THRESHOLD_": "100000000000", "MALLOC_TOP_PAD_": "268435456"}


def machine_seconds():
    """(seconds of all processors, those of them that were busy or stolen), since the start of the machine."""
    fields = [int(x) for x in pathlib.Path("/proc/stat").read_text().split("\n", 1)[0].split()[1:9]]
    idle = fields[3] + fields[4]
    return sum(fields) / TICK, (sum(fields) - idle) / TICK


def process_seconds(pid):
    """Processor seconds of a process, its threads included."""
    fields = pathlib.Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / TICK


class Program:
    """A program that does one measured piece of work for each line on its standard input, and answers with one line of
    JSON: seconds by name. It begins with a line of its own when it is ready."""

    def __init__(self, name, command, environment=None, folder=None):
        self.name = name
        self.process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=folder,
                                        env={**os.environ, **(environment or {})})
        self.ready = self.read()

    def read(self):
        while True:
            line = self.process.stdout.readline()
            if not line:
                raise RuntimeError(f"{self.name} ended with status {self.process.wait()}")
            if line.startswith("{"):
                return json.loads(line)

    def once(self):
        """One piece of work: its answer."""
        self.process.stdin.write("\n")
        self.process.stdin.flush()
        return self.read()

    def measure(self):
        """Pieces of work, one after another until SHORTEST seconds have passed: the mean of their answers, with the share of
        the machine that other processes took meanwhile."""
        own = process_seconds(self.process.pid)
        capacity, busy = machine_seconds()
        started = time.monotonic()
        answers = [self.once()]
        while time.monotonic() - started < SHORTEST:
            answers.append(self.once())
        ended = machine_seconds()
        own = process_seconds(self.process.pid) - own
        answer = {field: statistics.fmean(a[field] for a in answers) for field in answers[0]}
        answer["foreign"] = max(0.0, ended[1] - busy - own) / max(ended[0] - capacity, 2 / TICK)
        answer["pieces"] = len(answers)
        return answer

    def peak_memory(self):
        """High-water mark of resident memory, MB."""
        for line in pathlib.Path(f"/proc/{self.process.pid}/status").read_text().split("\n"):
            if line.startswith("VmHWM:"):
                return int(line.split()[1]) / 1000
        return None

    def close(self):
        self.process.stdin.close()
        self.process.wait(timeout=60)


def alternate(programs, pairs, most_foreign=0.1, most_attempts=4):
    """Measures the programs in turn, `pairs` times each. A round in which others took more than `most_foreign` of the
    machine while any of them was measured is done again, `most_attempts` times `pairs` rounds in all; if there are not
    enough quiet ones then, the quietest are taken.

    Returns {name: [answers]}, and whether all were quiet.
    """
    rounds = []
    for program in programs:
        program.measure()  # warms caches
    for _ in range(pairs * most_attempts):
        rounds.append({program.name: program.measure() for program in programs})
        if sum(foreign(r) <= most_foreign for r in rounds) >= pairs:
            break
    rounds.sort(key=foreign)
    rounds = rounds[:pairs]
    quiet = all(foreign(r) <= most_foreign for r in rounds)
    return {program.name: [r[program.name] for r in rounds] for program in programs}, quiet


def foreign(measured):
    return max(answer["foreign"] for answer in measured.values())


def median(answers, field):
    return statistics.median(answer[field] for answer in answers)


def spread(answers, field):
    return [min(a[field] for a in answers), max(a[field] for a in answers)]
