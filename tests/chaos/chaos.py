#!/usr/bin/env python3
"""chaos.py BUILD-FOLDER [--short] [--seed N] [--only SCENE] -- kills what runs, and looks whether anything slipped back.

One undisturbed run of many small executions says what is right; then the same executions run again while
  pawld       is killed at random moments and started again
  postgres    the private PostgreSQL is killed with all its processes, now and then together with pawld
  adoption    one of two pawlds on one database is killed, and the other goes on with its executions
  standstill  one of two is stopped past its lease and continued: it may commit nothing more under the old epoch
What was acknowledged must end as undisturbed, and no recorded step may run again: judge.py has the rules.
"""
import argparse
import os
import random
import signal
import sys
import time

sys.dont_write_bytecode = True
HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [HERE, os.path.join(HERE, os.pardir, "support")]
import crowd  # noqa: E402
import functions  # noqa: E402
import judge  # noqa: E402
import stage  # noqa: E402
import workflows  # noqa: E402

PARKING = ["--park-after", "1"]  # so that many are parked while they wait
PATIENCE = 90  # seconds after the last disturbance for everything to end

# Who wrote each journal row: PostgreSQL tells, whatever a pawld believes of itself.
WITNESS = """
CREATE SCHEMA witness;
CREATE TABLE witness.wrote (execution_id bigint, seq integer, writer text DEFAULT current_setting('application_name'),
                            at timestamptz DEFAULT clock_timestamp());
CREATE FUNCTION witness.note() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO witness.wrote (execution_id, seq) VALUES (NEW.execution_id, NEW.seq);
    RETURN NULL;
END $$;
CREATE TRIGGER witness AFTER INSERT ON pawl.journal FOR EACH ROW EXECUTE FUNCTION witness.note();
"""


class Chaos:
    def __init__(self, build, seed, short):
        self.pawld_path = os.path.join(os.path.abspath(build), "pawld")
        self.seed, self.dice, self.short = seed, random.Random(seed), short
        self.planned = workflows.plan(40 if short else 200, seed)
        self.folder = stage.Folder("chaos")
        self.server = functions.FunctionServer()
        self.calm = {}       # name of an undisturbed execution: how it ended
        self.pawlds, self.clusters = [], []
        self.cluster = None  # of the scene that plays
        self.wrong = 0

    # ---- the stage ----

    def pawld(self, name, args):
        p = stage.Pawld(self.pawld_path, self.folder / (name + ".log"), args)
        p.name = name
        self.pawlds.append(p)
        return p.start(120)

    def deploy(self, pawld):
        client = stage.Client(pawld.port)
        for name in workflows.FUNCTIONS:
            client.function(workflows.PREFIX + name, self.server.url(name))
        for kind, definition in workflows.DEFINITIONS.items():
            client.deploy(workflows.PREFIX + kind, definition)

    def alone(self):
        """One pawld with its private PostgreSQL."""
        p = self.pawld("alone", ["--data-dir", self.folder / "alone"] + PARKING)
        self.cluster = stage.PrivateCluster(self.folder / "alone")
        self.deploy(p)
        return p

    def pair(self):
        """Two pawlds on one database, each known to PostgreSQL by its application_name."""
        self.cluster = stage.Cluster(self.folder / "shared")
        self.clusters.append(self.cluster)
        self.cluster.start()
        stage.sql(self.cluster.conninfo(), "CREATE DATABASE pawl")
        two = [self.pawld(n, ["--lease-ttl", "4", "--database", self.cluster.conninfo("pawl", application_name=n)] + PARKING) for n in ("one", "other")]
        self.deploy(two[0])
        stage.sql(self.conninfo(), WITNESS)
        return two

    def clear(self):
        for p in self.pawlds:
            try:
                if p.alive():
                    p.signal(signal.SIGCONT)
                p.stop(30)
            except (RuntimeError, TimeoutError) as e:
                print("FAILED: %s" % e)
                self.wrong += 1
        for c in self.clusters:
            c.stop("immediate")
        self.folder.keep |= self.wrong > 0
        self.folder.remove()

    def conninfo(self):
        return self.cluster.conninfo("pawl")

    def sql(self, text):
        return stage.sql(self.conninfo(), text)

    def must_live(self, pawld):
        if not pawld.alive():
            raise RuntimeError("pawld has ended by itself (exit status %s): %s" % (pawld.process.poll(), pawld.tail()))

    def serves(self, pawld, seconds=60):
        def ready():
            self.must_live(pawld)
            try:
                return stage.Client(pawld.port, timeout=5).request("GET", "/readyz")[0] == 200
            except stage.Broken:
                return False
        stage.wait_until(ready, seconds, "/readyz of a pawld")

    def kill(self, pawld):
        self.must_live(pawld)
        pawld.kill()

    # ---- a scene: the crowd comes, something happens, everything must end well ----

    def play(self, label, pawlds, seconds, disturb):
        began = time.monotonic()
        self.server.forget()
        people = crowd.Crowd(label, self.planned, self.server, [p.port for p in pawlds], self.conninfo, seconds, self.seed)
        people.begin()
        says, spared = disturb()
        ended = self.wait_for_end(label, people)
        people.leave()
        self.judge(label, people, says, spared, ended, next(p for p in pawlds if p.alive()), time.monotonic() - began)

    def wait_for_end(self, label, people):
        def end():
            rows = stage.sql(self.conninfo(), "SELECT count(*) FROM pawl.execution WHERE status = 'RUNNING' AND name LIKE '%s-%%'" % label)
            return rows[0][0] == "0" and people.idle()
        try:
            stage.wait_until(end, PATIENCE, "the end", 0.2)
            return True
        except TimeoutError:
            return False

    def judge(self, label, people, says, spared, ended, pawld, took):
        v = judge.Verdict()
        found = judge.load(self.conninfo(), label)
        if label == "calm":
            self.calm = {name: e.outcome for name, e in found.items()}
            for p in self.planned:
                v.must(found[p.name(label)].status == workflows.ENDS.get(p.kind, "SUCCEEDED"), "%s: %s" % (p.kind, self.calm[p.name(label)]))
        for trouble in people.troubles:
            v.must(False, trouble)
        v.must(ended, "%d s after the last disturbance not everything has ended" % PATIENCE)
        v.must(len(people.acknowledged | people.gave_up) == len(self.planned), "not every start was answered or given up")
        failed = judge.outcomes(v, found, people.acknowledged, self.calm, label, {p.name(label) for p in self.planned if p.kind == "once"})
        judge.histories(v, found)
        again = judge.calls(v, found, self.server, spared)
        judge.answers(v, found, stage.Client(pawld.port), sorted(found)[::7])
        judge.rest(v, self.conninfo())
        judge.logs(v, self.pawlds)
        print("%-10s %s: %d executions acknowledged, %d given up; %d calls, %d of them sent again, %d at most once and lost; %.0f s: %s" % (
            label, says, len(people.acknowledged), len(people.gave_up), len(self.server.calls), again, failed, took,
            "all is well" if not v.wrong else "%d FAULTS" % len(v.wrong)), flush=True)
        for text in v.wrong[:20]:
            print("    " + text)
        self.wrong += len(v.wrong)

    # ---- what happens ----

    def kill_pawld(self, pawld, times):
        for _ in range(times):
            time.sleep(self.dice.uniform(0.05, 1))
            self.kill(pawld)
            time.sleep(self.dice.choice((0, 0, self.dice.uniform(0, 0.5))))
            early = self.dice.random() < 0.2  # and then: start without waiting for it, so that the next kill may find it recovering
            pawld.start(0 if early else 60)
        self.serves(pawld)
        return "pawld killed %d times" % times, ()

    def kill_postgres(self, pawld, times):
        together = 0
        for _ in range(times):
            time.sleep(self.dice.uniform(0.3, 1.5))
            stage.kill_tree(self.cluster.pid())
            if self.dice.random() < 0.25:
                together += 1
                self.kill(pawld)
                pawld.start(60)
            self.serves(pawld)
        return "PostgreSQL killed %d times, %d of them with pawld" % (times, together), ()

    def kill_one_of(self, two, times):
        for i in range(times):
            time.sleep(self.dice.uniform(0.2, 1.5))
            victim = self.dice.choice(two)
            self.kill(victim)
            if i < times - 1:
                time.sleep(self.dice.uniform(0.1, 2.5))
                victim.start(60)
        self.victim = victim  # stays dead: the other must finish what it had begun
        return "one of two pawlds killed %d times" % times, ()

    def stop_one_of(self, two, times):
        spared = []
        for _ in range(times):
            time.sleep(self.dice.uniform(0.5, 1.5))
            victim = self.dice.choice(two)
            epochs = dict(self.sql("SELECT slot, epoch FROM pawl.lease WHERE node LIKE '%%:%d:%%'" % victim.port))
            if not epochs:
                raise RuntimeError("no lease of port %d: %s" % (victim.port, self.sql("SELECT * FROM pawl.lease")))
            stopped = time.time()
            victim.signal(signal.SIGSTOP)

            def taken_over():
                now = dict(self.sql("SELECT slot, epoch FROM pawl.lease"))
                return all(now.get(slot) != epoch for slot, epoch in epochs.items())
            stage.wait_until(taken_over, 60, "the takeover of the leases of a pawld that stands still")
            time.sleep(self.dice.uniform(0, 2))
            continued = time.time()
            victim.signal(signal.SIGCONT)
            self.serves(victim)
            time.sleep(1)
            spared.append((continued, continued + 2))
            wrote = self.sql("SELECT e.name, w.seq, w.at FROM witness.wrote w JOIN pawl.execution e USING (execution_id) WHERE w.writer = '%s'"
                             " AND w.at > to_timestamp(%f) AND e.started_at < to_timestamp(%f)" % (victim.name, continued, stopped))
            if wrote:
                self.wrong += len(wrote)
                print("    committed under the old epoch: %s" % wrote)
        return "one of two pawlds stopped past its lease %d times" % times, spared

    def run(self, only):
        count, wanted = len(self.planned), lambda scene: only in (None, scene)
        p = self.alone()
        self.play("calm", [p], count / 60, lambda: ("undisturbed", ()))
        if wanted("pawld"):
            times = 5 if self.short else 50
            self.play("pawld", [p], times * 0.8, lambda: self.kill_pawld(p, times))
        if wanted("postgres"):
            times = 2 if self.short else 20
            self.play("postgres", [p], times * 2, lambda: self.kill_postgres(p, times))
        p.stop(30)
        two = self.pair() if only in (None, "adoption", "standstill") else ()
        if wanted("adoption"):
            times = 2 if self.short else 20
            self.play("adoption", two, times * 1.5, lambda: self.kill_one_of(two, times))
            self.victim.start(60)
        if not self.short and wanted("standstill"):
            self.play("standstill", two, 30, lambda: self.stop_one_of(two, 4))


def main():
    ap = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    ap.add_argument("build", nargs="?", default="build")
    ap.add_argument("--short", action="store_true")
    ap.add_argument("--seed", type=int, default=int(os.environ.get("CHAOS_SEED", 0)) or random.SystemRandom().randrange(1, 1 << 31))
    ap.add_argument("--only", choices=("pawld", "postgres", "adoption", "standstill"))
    a = ap.parse_args()
    print("seed %d: CHAOS_SEED=%d makes the same choices again" % (a.seed, a.seed), flush=True)
    chaos = Chaos(a.build, a.seed, a.short)
    try:
        chaos.run(a.only)
    except (RuntimeError, TimeoutError, stage.Refused, stage.Broken) as e:
        print("FAILED: %s" % e)
        chaos.wrong += 1
    finally:
        chaos.clear()
    return 1 if chaos.wrong else 0


if __name__ == "__main__":
    sys.exit(main())
