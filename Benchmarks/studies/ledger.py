"""Rows of studies: one for each (study, setting, seed, program version, digests of the inputs), in a JSON Lines file."""

import hashlib
import json
import pathlib


def digest(path):
    """sha256 of a file, or of a folder as Plumb takes it: of the lines `<sha256>  <relative path>`, sorted by path."""
    path = pathlib.Path(path)
    if path.is_file():
        return hashlib.sha256(path.read_bytes()).hexdigest()
    names = sorted(str(file.relative_to(path)) for file in path.rglob("*") if file.is_file())
    lines = "".join(f"{hashlib.sha256((path / name).read_bytes()).hexdigest()}  {name}\n" for name in names)
    return hashlib.sha256(lines.encode()).hexdigest()


class Ledger:
    """The rows of one study. A row is written once and never changed; what is found under other inputs is another row."""

    def __init__(self, file, study, revision, version, inputs_of):
        """- inputs_of: digests by name of what a setting's rows depend on."""
        self.file = pathlib.Path(file)
        self.head = {"study": study, "revision": revision, "version": version}
        self.inputs_of = inputs_of
        self.reload()

    def reload(self):
        """Reads what other calls have added meanwhile."""
        lines = self.file.read_text().split("\n") if self.file.exists() else []
        self.all = [json.loads(line) for line in lines if line]

    def named(self, setting, seed):
        """What tells a row from every other."""
        return {**self.head, "inputs": self.inputs_of(setting), "setting": setting, "seed": seed}

    def find(self, setting, seed):
        named = self.named(setting, seed)
        return next((row for row in self.all if all(row[name] == value for name, value in named.items())), None)

    def current(self, settings):
        """Rows of these settings under the inputs, the version and the revision of now, in the order of the settings."""
        return [row for setting in settings for row in self.all
                if row["setting"] == setting and self.find(setting, row["seed"]) is row]

    def add(self, setting, seed, found, seconds, program):
        """- program: sha256 of the program that measured; it is told, but is no part of the key, since most builds change nothing."""
        self.reload()
        row = {**self.named(setting, seed), "found": found, "seconds": round(seconds, 1), "program": program}
        if self.find(setting, seed) is not None:
            raise ValueError(f"{self.file}: there is a row of {setting} with seed {seed} already")
        self.file.parent.mkdir(parents=True, exist_ok=True)
        with open(self.file, "a") as file:
            file.write(json.dumps(row, sort_keys=True, ensure_ascii=False) + "\n")
        self.all.append(row)
        return row
