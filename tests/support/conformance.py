"""conformance.py -- plays the recorded suites against a fresh pawld and holds the figures against the floors.

See conformance.sh.  Suites: conformance (recordings of the service: outcomes and histories), jsonpath, jsonata, definitions.  Where
the suites are not beside the checkout there is nothing to play, and that is no failure.
"""
import argparse
import json
import os
import re
import subprocess
import sys

sys.dont_write_bytecode = True
HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, HERE)
import stage  # noqa: E402

TOP = os.path.normpath(os.path.join(HERE, os.pardir, os.pardir))
FLOORS = os.path.join(TOP, ".ci/floors/conformance.json")

# What the first version promises: these families, but for scenarios that need what it leaves out.
PROMISED = ("base", "choice", "retry", "errors", "task", "timeouts", "parallel")
LEFT_OUT = re.compile(r"States\.(Format|StringToJson|JsonToString|Array|Base64|Hash|JsonMerge|Math|StringSplit|UUID)|\"JSONata\"")


class Suites:
    def __init__(self, shared, build):
        self.shared, self.build = shared, os.path.abspath(build)
        self.folder = stage.Folder("conformance")
        self.pawld = stage.Pawld(os.path.join(self.build, "pawld"), self.folder / "pawld.log", ["--data-dir", self.folder / "data"])

    def run(self, script, *args):
        """The output of a suite's runner; its exit status says only whether all has passed."""
        r = subprocess.run([sys.executable, os.path.join(self.shared, script)] + list(args), capture_output=True, text=True)
        if "passed" not in r.stdout:
            raise RuntimeError("%s: %s%s" % (script, r.stdout[-500:], r.stderr[-2000:]))
        return r.stdout

    def endpoint(self):
        return "http://127.0.0.1:%d" % self.pawld.port

    def recordings(self, families=None):
        """family: {"outcome", "history", "total", "histories"}; and what the first version promises as a family of its own."""
        report = self.folder / "report.json"
        wanted = ["--filter", "^(%s)$" % "|".join(map(re.escape, families))] if families else []
        self.run("conformance/run.py", "--endpoint", self.endpoint(), "--jobs", "8", "-q", "--json", report, *wanted,
                 os.path.join(self.shared, "conformance/scenarios"))
        with open(report) as f:
            results = json.load(f)["results"]
        left_out = self.left_out()
        figures = {}
        for r in results:
            names = [r["family"]]
            if r["family"] in PROMISED and r["id"] not in left_out:
                names.append("(promised)")
            for name in names:
                f = figures.setdefault(name, {"outcome": 0, "history": 0, "total": 0, "histories": 0})
                f["total"] += 1
                f["outcome"] += r["outcome"]
                f["histories"] += r["history"] is not None
                f["history"] += r["history"] is True
        return figures

    def left_out(self):
        folder = os.path.join(self.shared, "conformance/scenarios")
        found = set()
        for name in os.listdir(folder):
            with open(os.path.join(folder, name)) as f:
                text = f.read()
            if LEFT_OUT.search(text.replace('\\"', '"')):
                found.add(json.loads(text)["id"])
        return found

    def language(self, name):
        """group: {"passed", "total"} of the suite of an expression language, jsonpath or jsonata."""
        text = self.run(name + "-suite/run.py", "--cmd", os.path.join(self.build, "pawl") + " " + name,
                        os.path.join(self.shared, name + "-suite"))
        rows = re.findall(r"^(\S+) +(\d+) +(\d+) +\d+", text, re.M)
        return {group: {"passed": int(ok), "total": int(ok) + int(bad)} for group, ok, bad in rows}

    def definitions(self):
        text = self.run("definitions/run.py", "--endpoint", self.endpoint(), os.path.join(self.shared, "definitions"))
        rows = re.findall(r"^(\S+) +(\d+) +(\d+) +(\d+) +(\d+)", text, re.M)
        return {group: {"passed": int(a) + int(c), "total": int(a) + int(b) + int(c) + int(d)} for group, a, b, c, d in rows}


def below(figures, floors):
    """(suite, family, what, figure, floor) of everything that has sunk."""
    return [(suite, family, what, figures.get(suite, {}).get(family, {}).get(what, 0), floor)
            for suite, families in floors.items() for family, whats in families.items() for what, floor in whats.items()
            if figures.get(suite, {}).get(family, {}).get(what, 0) < floor]


def raised(figures, floors):
    return {suite: {family: {what: max(f[what], floors.get(suite, {}).get(family, {}).get(what, 0))
                             for what in ("outcome", "history", "passed") if what in f}
                    for family, f in sorted(families.items()) if family != "(promised)"} for suite, families in figures.items()}


def table(figures, floors):
    print("%-14s %-26s %16s %16s" % ("suite", "family", "outcome (floor)", "history (floor)"))
    for suite, families in figures.items():
        for family, f in sorted(families.items()):
            floor = floors.get(suite, {}).get(family, {})

            def cell(what, of):
                return "%d/%d (%d)" % (f[what], f[of], floor.get(what, 0)) if f.get(of) else "-"
            first = cell("outcome", "total") if "outcome" in f else cell("passed", "total")
            print("%-14s %-26s %16s %16s" % (suite, family, first, cell("history", "histories") if "history" in f else ""))


def main():
    ap = argparse.ArgumentParser(description=__doc__)
    ap.add_argument("--raise", dest="lift", action="store_true", help="rewrite the floors with the figures that are higher")
    ap.add_argument("--build", default=os.path.join(TOP, os.environ.get("B", "build")))
    a = ap.parse_args()
    shared = os.environ.get("PAWL_SHARED", os.path.join(TOP, os.pardir, "shared"))
    if not os.path.isdir(os.path.join(shared, "conformance")):
        print("no recorded suites in %s: nothing is played" % os.path.normpath(shared))
        return 0
    try:
        with open(FLOORS) as f:
            floors = json.load(f)
    except FileNotFoundError:
        floors = {}

    suites = Suites(shared, a.build)
    try:
        suites.pawld.start(120)
        figures = {"conformance": suites.recordings(), "jsonpath": suites.language("jsonpath"),
                   "jsonata": suites.language("jsonata"), "definitions": suites.definitions()}
        sunk = below(figures, floors)
        families = {family for suite, family, *_ in sunk if suite == "conformance"}
        if families:  # scenarios live on seconds: a busy machine gets a second chance
            print("again: " + ", ".join(sorted(families)))
            figures["conformance"].update({k: f for k, f in suites.recordings(families).items() if k in families})
            sunk = below(figures, floors)
        if not suites.pawld.alive():
            sunk.append(("conformance", "pawld", "has ended", 0, 1))
    finally:
        if suites.pawld.alive():
            suites.pawld.stop(30)
        suites.folder.remove()

    table(figures, floors)
    for s in sunk:
        print("%s %s: %s is %d, the floor is %d" % s)
    if a.lift:
        os.makedirs(os.path.dirname(FLOORS), exist_ok=True)
        with open(FLOORS, "w") as f:
            json.dump(raised(figures, floors), f, indent=1)
            f.write("\n")
    return 1 if sunk else 0


if __name__ == "__main__":
    sys.exit(main())
