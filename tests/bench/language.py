#!/usr/bin/env python3
"""language.py BUILD-FOLDER [--keep] -- what a state costs in the language alone (language.c), and whether that has grown.

States a second are of this machine at this moment. Instructions are counted by callgrind and do not vary: they are compared
with those kept in language.json, and a figure that grew by more than 3% fails. --keep writes the figures of this run there:
do so in the commit that explains why they changed. They hold for one compiler and one json-c; elsewhere they are only shown.
"""
import json
import os
import platform
import re
import shutil
import subprocess
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
KEPT = os.path.join(HERE, "language.json")
GROWTH = 0.03


def output(*command):
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip()


def toolchain():
    """What decides how many instructions the same source takes."""
    compiler = output(os.environ.get("CC", "cc"), "--version").splitlines()[0]
    return "%s, json-c %s, %s" % (compiler, output("pkg-config", "--modversion", "json-c"), platform.machine())


def loads(program):
    for line in output(program, "list").splitlines():
        name, states, words = line.split(" ", 2)
        yield name, int(states), words


def instructions(program, name, states):
    """A state, as callgrind counts them; None without valgrind."""
    if not shutil.which("valgrind"):
        return None
    r = subprocess.run(["valgrind", "--tool=callgrind", "--callgrind-out-file=/dev/null", "--toggle-collect=measured",
                        program, "count", name], capture_output=True, text=True)
    counted = re.search(r"Collected : (\d+)", r.stderr)
    if r.returncode or not counted:
        sys.exit("language.py: %s under callgrind: %s" % (name, r.stderr[-2000:]))
    return round(int(counted.group(1)) / int(r.stdout) / states)


def read_kept():
    with open(KEPT) as f:
        return json.load(f)


def difference(now, before):
    return (now - before) / before if now is not None and before else None


def show(rows):
    print("%-56s %12s %14s %14s %8s" % ("the language alone", "states/s", "instructions", "kept", ""))
    for words, rate, now, before, change in rows:
        print("%-56s %12d %14s %14s %8s" % (
            words, rate, "-" if now is None else format(now, ","), format(before, ",") if before else "-",
            "" if change is None else "%+.1f%%" % (100 * change)))


def main():
    program = os.path.join(sys.argv[1], "tests/bench/language")
    kept, tools = read_kept(), toolchain()
    comparable = tools == kept["toolchain"]
    rows, figures = [], {}
    for name, states, words in loads(program):
        rate = int(output(program, "time", name))
        figures[name] = now = instructions(program, name, states)
        before = kept["instructions"].get(name)
        rows.append((words, rate, now, before, difference(now, before)))
    show(rows)

    if None in figures.values():
        print("valgrind is not installed: no instructions were counted")
        return 0
    if "--keep" in sys.argv:
        with open(KEPT, "w") as f:
            json.dump({"toolchain": tools, "instructions": figures}, f, indent=1)
            f.write("\n")
        return 0
    if not comparable:
        print("the kept figures are of another toolchain: %s; here: %s" % (kept["toolchain"], tools))
        return 0
    grown = [words for words, _, _, _, change in rows if change is not None and change > GROWTH]
    for words in grown:
        print("%s: grew by more than %d%%; if that is right, run language.py with --keep" % (words, 100 * GROWTH))
    return 1 if grown else 0


if __name__ == "__main__":
    sys.exit(main())
