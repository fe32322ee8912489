#!/usr/bin/env python3
"""jsonata.py BUILD-FOLDER [--rounds N] [--seconds S] [--only WORD] [--suite FOLDER] -- expressions beside the reference.

Parses and evaluates each expression of jsonata.json with pawl (jsonata.c) and with the reference implementation on Node
(jsonata.js), in turns; prints the medians of the rounds in microseconds of CPU, and how many times as fast pawl is. Then evaluates
the expressions without end once, with pawl alone: each must fail, or be done, within a tenth of a second.
--suite adds the cases of a folder of recorded ones, *.jsonl with {"id", "expr", "data" | "dataset", "bindings"}.
Without Node, or the reference (npm fetches it into the build folder), only pawl is measured. All figures go to
BUILD-FOLDER/bench-jsonata.json too.
"""
import argparse
import glob
import json
import os
import shutil
import statistics
import subprocess
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
REFERENCE = "jsonata@2.0.6"
MEDIAN_GOAL, LEAST_GOAL = 3, 1 / 1.5  # times as fast as the reference: in the median, and anywhere
BOUND_MS = 100


# ---- cases ----

def states():
    """What the typical expressions of a state machine see: 100 orders, 1,000 items."""
    cities = ("Porto", "Lisboa", "Braga")
    orders = [{"id": "o-%05d" % i, "status": "paid" if i % 3 else "open", "total": 20 + i * 7 % 400 + 0.25 * (i % 4),
               "customer": {"name": "Customer %d" % i, "city": cities[i % 3]}} for i in range(100)]
    items = [{"sku": "sku-%06d" % i, "price": i % 97 + 0.25, "qty": i % 7, "tags": ["plain", "t%d" % (i % 10)]}
             for i in range(1000)]
    context = {"Execution": {"Id": "arn:aws:states:us-east-1:000000000000:execution:bench:1", "Input": {}},
               "State": {"Name": "Bench", "RetryCount": 0}}
    return {"states": {"input": {"orders": orders, "items": items}, "context": context}}


def own_cases(given):
    shop = given["data"]["shop"]
    seen = states()
    return ([{"family": family, "name": expr, "expr": expr, "data": shop} for family, expr in given["expressions"]] +
            [{"family": "state", "name": name, "expr": expr, "bindings": seen} for name, expr in given["states"]])


def suite_cases(folder):
    datasets = {}
    for path in sorted(glob.glob(os.path.join(folder, "*.jsonl"))):
        for line in open(path):
            case = json.loads(line)
            if "expr" not in case or case.get("code") or case.get("aws") == "absent":
                continue
            one = {"family": os.path.basename(path)[:-6], "name": case["id"], "expr": case["expr"]}
            if "dataset" in case:
                name = case["dataset"]
                if name not in datasets:
                    datasets[name] = json.load(open(os.path.join(folder, "datasets", name + ".json")))
                one["data"] = datasets[name]
            elif "data" in case:
                one["data"] = case["data"]
            if "bindings" in case:
                one["bindings"] = case["bindings"]
            yield one


# ---- running ----

def answers(*command):
    r = subprocess.run(command, capture_output=True, text=True)
    if r.returncode:
        sys.exit("jsonata.py: %s: %s" % (command[0], r.stderr[-2000:]))
    return [json.loads(line) for line in r.stdout.splitlines()]


def reference(build):
    """The folder of the npm package, or None with words."""
    if not shutil.which("node") or not shutil.which("npm"):
        print("Node and npm are not installed: only pawl is measured")
        return None
    folder = os.path.join(build, "node")
    module = os.path.join(folder, "node_modules", "jsonata")
    if not os.path.isdir(module):
        os.makedirs(folder, exist_ok=True)
        r = subprocess.run(["npm", "install", "--silent", "--no-audit", "--no-fund", "--prefix", folder, REFERENCE],
                           capture_output=True, text=True)
        if r.returncode:
            print("npm cannot fetch %s: only pawl is measured (%s)" % (REFERENCE, r.stderr.strip()[:200]))
            return None
    return module


def measure(program, module, path, rounds, seconds):
    """For each case two lists: pawl's answers and the reference's, one a round."""
    pawl, node = [], []
    for _ in range(rounds):
        pawl.append(answers(program, path, str(seconds)))
        if module:
            node.append(answers("node", os.path.join(HERE, "jsonata.js"), module, path, str(seconds)))
    return list(zip(*pawl)), list(zip(*node))


# ---- results ----

def outcome(answer):
    return {k: v for k, v in answer.items() if k in ("result", "undefined", "error")}


def median(rounds, what):
    figures = [a[what] for a in rounds if what in a]
    return statistics.median(figures) if figures else None


def ratio(slow, fast):
    return slow / fast if slow is not None and fast else None


def row(case, pawl, node):
    r = {"family": case["family"], "name": case["name"]}
    for what in ("parse", "evaluate"):
        r[what] = median(pawl, what)
        r[what + " reference"] = median(node, what) if node else None
        r[what + " ratio"] = ratio(r[what + " reference"], r[what])
    r["differs"] = bool(node) and outcome(pawl[0]) != outcome(node[0])
    return r


def figure(x, form="%9.2f"):
    return form % x if x is not None else " " * 8 + "-"


def show(rows):
    print("%-9s %-62s %9s %9s %6s  %9s %9s %6s" % (
        "us", "", "parse", "Node", "", "evaluate", "Node", ""))
    for r in rows:
        name = r["name"] if len(r["name"]) <= 62 else r["name"][:59] + "..."
        print("%-9s %-62s %s %s %s  %s %s %s%s" % (
            r["family"], name, figure(r["parse"]), figure(r["parse reference"]), figure(r["parse ratio"], "%5.1fx"),
            figure(r["evaluate"]), figure(r["evaluate reference"]), figure(r["evaluate ratio"], "%5.1fx"),
            "  other result" if r["differs"] else ""))


def judge(rows):
    """Says the medians and the worst; true if they are as good as they are to be."""
    good = True
    for what in ("parse", "evaluate"):
        ratios = sorted((r[what + " ratio"], r["name"]) for r in rows if r[what + " ratio"] is not None)
        if not ratios:
            continue
        middle = statistics.median(x for x, _ in ratios)
        print("%s: %.1f times as fast as the reference in the median, %.1f at the least (%s)" % (
            what, middle, ratios[0][0], ratios[0][1][:80]))
        good = good and middle >= MEDIAN_GOAL and ratios[0][0] >= LEAST_GOAL
    return good


def show_bounds(given, program, build, only):
    path = os.path.join(build, "bench-jsonata-bounds.json")
    slow = 0
    print("\n%-42s %10s %10s" % ("once, within its bounds", "ms", "steps"))
    for name, expr in given["bounds"]:
        if only not in name:
            continue
        with open(path, "w") as f:
            json.dump([{"name": name, "expr": expr, "bindings": states()}], f)
        a = answers(program, "--once", path)[0]
        ms = a["evaluate"] / 1000
        slow += ms > BOUND_MS
        ends = "%s %s" % (a["error"], a["cause"]) if "error" in a else "done"
        print("%-42s %10.1f %10d  %s%s" % (name, ms, a["steps"], ends[:60], "  TOO LONG" if ms > BOUND_MS else ""))
    return slow == 0


def main():
    args = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    args.add_argument("build")
    args.add_argument("--rounds", type=int, default=3)
    args.add_argument("--seconds", type=float, default=0.2, help="of each measurement")
    args.add_argument("--only", default="", help="the cases with this word in their family or name")
    args.add_argument("--suite", help="a folder of recorded cases")
    o = args.parse_args()
    build = os.path.abspath(o.build)
    program = os.path.join(build, "tests/bench/jsonata")
    with open(os.path.join(HERE, "jsonata.json")) as f:
        given = json.load(f)

    cases = list(suite_cases(o.suite)) if o.suite else own_cases(given)
    cases = [c for c in cases if o.only in c["family"] or o.only in c["name"]]
    path = os.path.join(build, "bench-jsonata-cases.json")
    with open(path, "w") as f:
        json.dump(cases, f)
    module = reference(build)
    pawl, node = measure(program, module, path, o.rounds, o.seconds)
    rows = [row(c, p, node[i] if node else None) for i, (c, p) in enumerate(zip(cases, pawl))]
    show(rows)
    good = judge(rows)
    if not o.suite:
        good = show_bounds(given, program, build, o.only) and good
    with open(os.path.join(build, "bench-jsonata.json"), "w") as f:
        json.dump(rows, f, indent=1)
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())
