#!/usr/bin/env python3
"""bench.py BUILD-FOLDER -- what a step costs, beside the floors of the same run and the targets.

Starts pawld with its private PostgreSQL in a fresh folder, and the bench's own function server; runs each
scenario (load.c) next to its floor (floor.c), three times; prints medians.  BENCH_QUICK=1: once, and short.
PAWL_LIMIT names a built `limit` program, an independent floor of the same kind as `floor chain`, which is then run as well.
All figures go to BUILD-FOLDER/bench.json too.
"""
import datetime
import json
import os
import shutil
import statistics
import subprocess
import sys
import time

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), os.pardir, "support"))
import stage  # noqa: E402

QUICK = bool(os.environ.get("BENCH_QUICK"))
RUNS, SECONDS, WARM = (1, 2, 0.5) if QUICK else (3, 5, 1)
AT_ONCE = (1, 16, 64, 256, 1000)
TASKS, SLEEPERS, ITEMS, CALLERS = 10, 10000, 1000, 64
PARKED = 20000 if QUICK else 100000
MB = 1e6

FUNCTION = "arn:aws:lambda:us-east-1:000000000000:function:bench-step"


def chain_definition():
    names = ["Step%d" % (i + 1) for i in range(TASKS)]
    states = {n: {"Type": "Task", "Resource": FUNCTION, "Next": after} for n, after in zip(names, names[1:])}
    states[names[-1]] = {"Type": "Task", "Resource": FUNCTION, "End": True}
    return {"StartAt": names[0], "States": states}


DEFINITIONS = {
    "bench-chain": chain_definition(),
    "bench-pass": {"StartAt": "Only", "States": {"Only": {"Type": "Pass", "End": True}}},
    "bench-map": {"StartAt": "All", "States": {"All": {
        "Type": "Map", "ItemsPath": "$.items", "End": True,
        "ItemProcessor": {"StartAt": "One", "States": {"One": {"Type": "Task", "Resource": FUNCTION, "End": True}}}}}},
    "bench-sleep": {"StartAt": "Sleep", "States": {"Sleep": {"Type": "Wait", "TimestampPath": "$.until", "End": True}}},
}


class Bench:
    def __init__(self, build):
        self.build = os.path.abspath(build)
        self.folder = stage.Folder("bench")
        self.figures = {}  # name: [a value of each run]
        for program in ("fnserver", "load", "floor"):  # user postgres may be unable to enter the build folder
            shutil.copy(os.path.join(self.build, "tests/bench", program), self.folder.path)
        limit = os.environ.get("PAWL_LIMIT")
        self.limit = limit and shutil.copy(limit, self.folder / "limit")
        self.function_port = stage.free_port()
        self.pawld = stage.Pawld(os.path.join(self.build, "pawld"), self.folder / "pawld.log", ["--data-dir", self.folder / "data"])
        self.cluster = stage.PrivateCluster(self.folder / "data")
        self.server = None

    # ---- the pieces ----

    def start(self):
        self.pawld.start(120)
        self.server = subprocess.Popen([self.folder / "fnserver"], stdout=subprocess.PIPE, text=True)
        self.floor_port = int(self.server.stdout.readline().rsplit(":", 1)[1])
        client = stage.Client(self.pawld.port)
        client.function("bench-step", "http://127.0.0.1:%d/f/step" % self.function_port)
        for name, definition in DEFINITIONS.items():
            client.deploy(name, definition)

    def stop(self):
        if self.server:
            self.server.kill()
            self.server.wait()
        if self.pawld.alive():
            self.pawld.stop(30)
        self.folder.remove()

    def restart(self):
        self.pawld.stop(30)
        self.pawld.start(60)

    def program(self, name, *args):
        """Runs one of the programs with the meters on; its figures."""
        command = [self.folder / name] + [str(a) for a in args]
        if name != "limit":
            command += ["-D", self.cluster.conninfo("postgres"), "-G", str(self.cluster.pid())]
        r = subprocess.run(stage.as_server_user(command), capture_output=True, text=True, cwd="/")
        if r.returncode:
            stage.fail("%s: %s\npawld's log ends:\n%s" % (" ".join(command), r.stderr.strip(), self.pawld.tail()))
        if name == "limit":
            return limit_figures(r.stdout)
        return {k: float(v) for k, v in (line.split() for line in r.stdout.splitlines())}

    def load(self, *args):
        return self.program("load", *args, "-p", self.pawld.port, "-f", self.function_port, "-P", self.pawld.process.pid)

    def sql(self, text):
        return stage.sql(self.cluster.conninfo(), text)

    def count(self, table):
        return int(self.sql("SELECT count(*) FROM " + table)[0][0])

    def note(self, scenario, figures):
        for name, value in figures.items():
            self.figures.setdefault("%s.%s" % (scenario, name), []).append(value)

    def median(self, name):
        values = self.figures.get(name)
        return statistics.median(values) if values else None

    def must_have_succeeded(self, what):
        wrong = self.sql("SELECT status, count(*) FROM pawl.execution WHERE status <> 'SUCCEEDED' GROUP BY 1")
        if wrong:
            stage.fail("after %s not every execution has succeeded: %s" % (what, wrong))

    # ---- the scenarios ----

    def run_floors(self):
        self.note("commits", self.program("floor", "commits", "-t", SECONDS))
        self.note("calls", self.program("floor", "calls", "-f", self.floor_port, "-n", 64, "-t", SECONDS))
        self.note("server", self.program("floor", "server", "-f", self.floor_port, "-n", 64, "-t", SECONDS, "-P", self.server.pid))

    def run_chain(self, n):
        threads = 1 if n == 1 else 2
        self.sql("CHECKPOINT")
        self.note("floor%d" % n, self.program("floor", "chain", "-f", self.floor_port, "-n", n, "-r", threads, "-t", SECONDS, "-W", WARM))
        if self.limit:
            self.note("limit%d" % n, self.program("limit", "-D", self.cluster.conninfo("postgres"), "-p", self.floor_port, "-F",
                                                  self.server.pid, "-n", n, "-k", "-r", threads, "-t", SECONDS))
        self.sql("CHECKPOINT")
        rows = self.count("pawl.journal")
        wait = ["-w"] if n == 1 else []  # one after another: an execution has ended when pawld says so
        got = self.load("chain", "-n", n, "-t", SECONDS, "-W", WARM, *wait)
        self.settle()
        got["rows"] = (self.count("pawl.journal") - rows) / (got["started"] * TASKS)
        self.note("chain%d" % n, got)
        self.must_have_succeeded("%d chains at a time" % n)

    def settle(self):
        """The last commit of the last execution comes after the call that ended the loop."""
        stage.wait_until(lambda: self.sql("SELECT count(*) FROM pawl.execution WHERE status = 'RUNNING'")[0][0] == "0", 30,
                         "the end of what was started")

    def run_starts(self):
        self.sql("CHECKPOINT")
        self.note("starts", self.load("starts", "-m", "bench-pass", "-n", CALLERS, "-t", SECONDS, "-W", WARM))
        self.settle()
        self.must_have_succeeded("the starts")

    def run_map(self):
        self.note("map", self.load("map", "-m", "bench-map", "-c", ITEMS))

    def start_sleepers(self, n, until):
        text = datetime.datetime.fromtimestamp(until, datetime.timezone.utc).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
        self.load("starts", "-m", "bench-sleep", "-n", CALLERS, "-c", n, "-W", 0, "-t", 60, "-i", json.dumps({"until": text}))
        if time.time() > until - 4:
            stage.fail("%d executions were not started in time" % n)

    def all_awake_after(self, until, condition):
        """Seconds from their moment until all of them have ended."""
        time.sleep(max(0, until - time.time()))
        stage.wait_until(lambda: self.sql("SELECT count(*) FROM pawl.execution WHERE status = 'RUNNING' AND " + condition)[0][0] == "0",
                         60, "the end of the sleepers", 0.1)
        return time.time() - until

    def run_sleep(self):
        """On a fresh pawld, so that its memory is that of the sleepers."""
        time.sleep(2)
        idle = self.pawld.memory()
        until = time.time() + 14
        self.start_sleepers(SLEEPERS, until)
        time.sleep(1)
        asleep, cpu, since = self.pawld.memory(), self.pawld.cpu(), time.time()
        time.sleep(until - 0.5 - time.time())
        cpu = (self.pawld.cpu() - cpu) / (time.time() - since)
        self.note("sleep", {"idle_mb": idle / MB, "above_mb": (asleep - idle) / MB, "cpu_percent": cpu * 100,
                            "awake_s": self.all_awake_after(until, "true")})
        self.must_have_succeeded("the sleep")

    def run_parked(self):
        """Many who sleep for long, and a crowd among them whose moment comes at once."""
        def all_parked():
            stage.wait_until(lambda: self.sql("SELECT count(*) FROM pawl.execution WHERE status = 'RUNNING' AND wake_at IS NULL")[0][0] == "0",
                             120, "the parking", 0.2)
            time.sleep(2)  # and memory is given back

        self.pawld.args += ["--park-after", "1"]
        self.restart()
        time.sleep(2)
        idle = self.pawld.memory()
        self.start_sleepers(PARKED, time.time() + 3600)
        all_parked()
        figures = {"above_mb": (self.pawld.memory() - idle) / MB}
        self.pawld.stop(30)
        began = time.time()
        self.pawld.start(60)
        figures["restart_s"] = time.time() - began
        until = time.time() + 25
        self.start_sleepers(SLEEPERS, until)
        all_parked()
        figures["early_s"] = until - time.time()
        figures["awake_s"] = self.all_awake_after(until, "(wake_at IS NULL OR wake_at < to_timestamp(%f))" % (until + 60))
        self.note("parked", figures)
        if figures["early_s"] < 3:
            stage.fail("%d executions were not parked in time" % SLEEPERS)
        self.sql("DELETE FROM pawl.journal j USING pawl.execution x WHERE x.execution_id = j.execution_id AND x.status = 'RUNNING';"
                 " DELETE FROM pawl.execution WHERE status = 'RUNNING'")  # nobody has them
        self.must_have_succeeded("the parking")
        self.pawld.args = self.pawld.args[:-2]

    def run(self):
        self.start()
        for i in range(RUNS):
            print("run %d of %d" % (i + 1, RUNS), file=sys.stderr)
            self.restart()
            self.run_sleep()
            self.run_floors()
            for n in AT_ONCE:
                self.run_chain(n)
            self.run_starts()
            for _ in range(RUNS):
                self.run_map()
            self.run_parked()

    # ---- the table ----

    def table(self):
        m = self.median
        rows = []

        def row(what, value, floor=None, target=None, ok=None):
            rows.append((what, value, floor or "", target or "", "" if ok is None else "ok" if ok else "MISSED"))

        def heading(text):
            rows.append((text,))

        def number(v, form="%.0f"):
            return "-" if v is None else form % v

        heading("floors")
        row("one connection, one small row: commits/s", number(m("commits.commits_s")))
        row("  median commit, ms", number(m("commits.commit_ms"), "%.2f"))
        row("libcurl alone, 64 at a time: calls/s", number(m("calls.calls_s")))
        row("function server alone, 64 at a time: calls/s", number(m("server.calls_s")))

        judge = "limit" if self.limit else "floor"  # the targets are against limit; without it the bench's own, of the same kind
        heading("chains of %d tasks: steps/s (floor: `floor chain`%s)" % (TASKS, ", `limit`" if self.limit else ""))
        for n in AT_ONCE:
            floors = [m("floor%d.steps_s" % n)] + ([m("limit%d.steps_s" % n)] if self.limit else [])
            share = m("chain%d.steps_s" % n) / m("%s%d.steps_s" % (judge, n))
            row("  %d at a time" % n, number(m("chain%d.steps_s" % n)), ", ".join(number(f) for f in floors) + "  (%.0f%%)" % (share * 100),
                ">= 50%" if n >= 256 else None, share >= 0.5 if n >= 256 else None)
        heading("one at a time")
        times = m("chain1.step_ms") / m("%s1.step_ms" % judge)
        row("  median step, ms", number(m("chain1.step_ms"), "%.2f"), "%.2f  (%.2f times)" % (m("%s1.step_ms" % judge), times), "<= 1.6 times", times <= 1.6)
        row("  whole chain, ms", number(m("chain1.chain_ms"), "%.1f"), None, "<= 10", m("chain1.chain_ms") <= 10)
        heading("CPU seconds of pawld and PostgreSQL per 1,000 steps")
        for n in AT_ONCE:
            us = m("chain%d.pawld_us" % n) + m("chain%d.postgres_us" % n)
            floor_us = m("floor%d.engine_us" % n) + m("floor%d.postgres_us" % n)
            row("  %d at a time" % n, number(us / 1000, "%.3f"), number(floor_us / 1000, "%.3f"), "<= 0.15" if n >= 256 else None,
                us <= 150 if n >= 256 else None)
        heading("PostgreSQL's CPU a step, us")
        for n in AT_ONCE:
            row("  %d at a time" % n, number(m("chain%d.postgres_us" % n), "%.1f"), number(m("floor%d.postgres_us" % n), "%.1f"),
                "<= 25" if n == 256 else None, m("chain%d.postgres_us" % n) <= 25 if n == 256 else None)
        heading("what a step writes, 256 at a time (a chain of %d has %d commits)" % (TASKS, TASKS + 1))
        row("  journal rows", number(m("chain256.rows"), "%.2f"), "%.2f" % ((TASKS + 1) / TASKS), "1 a commit",
            m("chain256.rows") <= (TASKS + 1) / TASKS + 0.005)
        row("  bytes of WAL", number(m("chain256.wal_bytes")), number(m("floor256.wal_bytes")), "<= 900", m("chain256.wal_bytes") <= 900)
        row("  steps a transaction", number(1 / m("chain256.transactions"), "%.1f"), number(m("floor256.batch"), "%.1f"))
        heading("other loads")
        row("  one-Pass executions started by HTTP, %d callers: starts/s" % CALLERS, number(m("starts.starts_s")), None, ">= 6000",
            m("starts.starts_s") >= 6000)
        row("  one inline Map of %d calls, s" % ITEMS, number(m("map.map_s"), "%.3f"), None, "<= 0.25", m("map.map_s") <= 0.25)
        row("  %d asleep: MB above the idle pawld" % SLEEPERS, number(m("sleep.above_mb"), "%.1f"), None, "<= 40", m("sleep.above_mb") <= 40)
        row("    CPU while asleep, % of one core", number(m("sleep.cpu_percent"), "%.2f"), None, "none (< 1)", m("sleep.cpu_percent") < 1)
        row("    all awake and finished after, s", number(m("sleep.awake_s"), "%.1f"), None, "<= 3", m("sleep.awake_s") <= 3)
        row("  %d parked: MB above the idle pawld" % PARKED, number(m("parked.above_mb"), "%.1f"), None, "<= 10", m("parked.above_mb") <= 10)
        row("    a restart with them: ready after, s", number(m("parked.restart_s"), "%.1f"), None, "<= 2", m("parked.restart_s") <= 2)
        row("    %d of them awake and finished after, s" % SLEEPERS, number(m("parked.awake_s"), "%.1f"), None, "<= 3", m("parked.awake_s") <= 3)
        row("  idle pawld, MB", number(m("sleep.idle_mb"), "%.1f"), None, "<= 30", m("sleep.idle_mb") <= 30)

        print("\n%d cores, %s, medians of %d run%s of %d s; MB are millions of bytes" % (
            os.cpu_count(), self.sql("SELECT split_part(version(), ' on ', 1)")[0][0], RUNS, "s"[RUNS == 1:], SECONDS))
        for r in rows:
            print("%-58s %9s   %-24s %-13s %s" % r if len(r) > 1 else r[0])
        print(self.others())

    def others(self):
        """CPU that neither pawld nor PostgreSQL nor the driver used while chains ran: others at work spoil the rates."""
        m = self.median
        share = []
        for n in AT_ONCE:
            c = "chain%d." % n
            share.append(1 - (m(c + "pawld_us") + m(c + "postgres_us") + m(c + "driver_us")) / m(c + "machine_us"))
        return "CPU used by others while the chains ran: %.0f%% at most%s" % (
            max(share) * 100, "; the rates are not to be trusted" if max(share) > 0.15 else "")


def limit_figures(text):
    """limit prints one line for people; its transitions are commits: eleven a chain of ten."""
    words = text.replace("|", " ").split()

    def after(*path):
        i = 0
        for word in path:
            i = words.index(word, i) + 1
        return float(words[i])

    return {"steps_s": after("exec/s") * TASKS, "step_ms": after("step", "p50"), "engine_us": after("engine"), "postgres_us": after("pg")}


def main():
    bench = Bench(sys.argv[1] if len(sys.argv) > 1 else "build")
    try:
        bench.run()
        bench.table()
        with open(os.path.join(bench.build, "bench.json"), "w") as f:
            json.dump(bench.figures, f, indent=1)
    except (RuntimeError, TimeoutError, stage.Refused, stage.Broken) as e:
        stage.fail("%s\npawld's log ends:\n%s" % (e, bench.pawld.tail()))
    finally:
        bench.stop()
    return 0


if __name__ == "__main__":
    sys.exit(main())
