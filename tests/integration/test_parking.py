#!/usr/bin/env python3
"""test_parking.py [BUILD [NAME...]] -- executions that only wait leave memory, and come back when something comes for them.

Two pawlds of two reactors each, that park after a second.  How many fit into how little memory is tests/bench's, random kills are
tests/chaos.
"""
import json
import os
import random
import sys
import threading
import time
import unittest

sys.dont_write_bytecode = True
HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [HERE, os.path.join(HERE, os.pardir, "support")]
import stage  # noqa: E402
import test_reactor  # noqa: E402

TOKEN = dict(Resource="arn:aws:states:::lambda:invoke.waitForTaskToken",
             Parameters={"FunctionName": "f", "Payload": {"token.$": "$$.Task.Token"}})


def wait(seconds, **more):
    return dict({"Type": "Wait", "Seconds": seconds, "Next": "T"}, **more)


def call():
    return {"Type": "Task", "Resource": test_reactor.FUNCTION, "End": True}


MACHINES = {
    "nap": {"StartAt": "W", "States": {"W": wait(3, Next=None, End=True)}},
    "sleep": {"StartAt": "W", "States": {"W": wait(8), "T": call()}},
    "hour": {"StartAt": "W", "States": {"W": wait(3600), "T": call()}},
    "late": {"StartAt": "W", "TimeoutSeconds": 6, "States": {"W": wait(3600), "T": call()}},
    "token": test_reactor.task(**TOKEN),
    "slow": test_reactor.task(TimeoutSeconds=6, **TOKEN),
    "beat": test_reactor.task(HeartbeatSeconds=6, **TOKEN),
    "tree": {"StartAt": "P", "States": {"P": {"Type": "Parallel", "End": True, "Branches": [
        {"StartAt": "W", "States": {"W": wait(6), "T": call()}},
        {"StartAt": "Q", "States": {"Q": {"Type": "Pass", "Result": "quick", "End": True}}},
        {"StartAt": "M", "States": {"M": {"Type": "Map", "ItemsPath": "$.items", "End": True, "ItemProcessor": {
            "StartAt": "A", "States": {"A": dict(wait(7), Next="B"), "B": {"Type": "Pass", "End": True}}}}}},
    ]}}},
}
for machine in MACHINES.values():
    for state in machine["States"].values():
        if state.get("Next", 1) is None:
            del state["Next"]


class Parking(test_reactor.Two):
    OPTIONS, MACHINES = ["--park-after", "1"], MACHINES

    def row(self, arn, columns):
        return self.sql("SELECT 1, %s FROM pawl.execution WHERE name = '%s'" % (columns, arn.split(":")[-1]))[0][1:]

    def parked(self, *arns):
        """Waits until all of them are."""
        names = ", ".join("'%s'" % arn.split(":")[-1] for arn in arns)
        stage.wait_until(lambda: self.sql("SELECT count(wake_at) FROM pawl.execution WHERE name IN (%s)" % names) == [(str(len(arns)),)],
                         20, "the parking of " + names)

    def start_parked(self, machine, text="{}"):
        arn = self.start(self.one, machine, text)
        self.parked(arn)
        return arn

    def in_memory(self):
        text = "".join(stage.Client(p.port).request("GET", "/metrics")[1] for p in self.pawlds)
        return sum(int(line.split()[-1]) for line in text.split("\n") if line.startswith("pawl_executions_open"))

    def kill_all(self):
        for p in self.pawlds:
            p.kill()

    def start_all(self):
        for p in self.pawlds:
            p.start(60)
        for client in (self.one, self.other):
            client.close()


class Moments(Parking):
    def test_who_waits_long_leaves_memory_until_its_moment(self):
        stage.wait_until(lambda: self.in_memory() == 0, 20, "the end of what was before")
        arn = self.start(self.one, "sleep", '{"n": 1}')
        self.assertEqual(self.in_memory(), 1)
        self.parked(arn)
        self.assertEqual(self.in_memory(), 0)
        self.assertEqual(self.row(arn, "slot, status"), ("", "RUNNING"))
        end = self.ended(arn)
        self.assertEqual((end["status"], json.loads(end["output"])), ("SUCCEEDED", {"n": 1}))
        self.assertEqual(self.row(arn, "wake_at, slot IS NULL"), ("", "f"))
        entered, left = [e["timestamp"] for e in self.other.history(arn) if e["type"].startswith("WaitState")]
        self.assertGreaterEqual(left - entered, 8)
        self.assertEqual(len(self.function.calls), 1)

    def test_a_short_wait_writes_nothing_to_its_row(self):
        arn, versions = self.start(self.one, "nap"), []
        while not versions or versions[-1][0] == "RUNNING":
            versions.append(self.row(arn, "status, ctid, xmin, wake_at"))
            time.sleep(0.05)
        self.assertEqual(len(set(versions)), 2, "the second is its end")

    def test_a_deadline_is_kept(self):
        slow, late = self.start(self.one, "slow"), self.start(self.one, "late")
        self.parked(slow, late)
        self.assertEqual((self.ended(slow)["status"], self.ended(slow)["error"]), ("FAILED", "States.Timeout"))
        self.assertEqual(self.ended(late)["status"], "TIMED_OUT")

    def test_heartbeats_keep_it_in_memory_and_run_out(self):
        arn = self.start(self.one, "beat")
        token = self.function.token(0)
        time.sleep(4)
        self.assertEqual(self.row(arn, "wake_at"), ("",))
        self.other.aws("SendTaskHeartbeat", taskToken=token)
        time.sleep(4)
        self.assertEqual(self.status(arn), "RUNNING")
        self.assertEqual((self.ended(arn)["status"], self.row(arn, "error")), ("FAILED", ("States.Timeout",)))

    def test_a_tree_parks_as_a_whole(self):
        arn = self.start_parked("tree", '{"items": [1, 2, 3]}')
        end = self.ended(arn)
        self.assertEqual(json.loads(end["output"]), [{"items": [1, 2, 3]}, "quick", [1, 2, 3]])
        self.assertEqual(len(self.function.calls), 1)
        self.assertEqual(self.types(arn).count("WaitStateExited"), 4)


class Commands(Parking):
    def test_it_is_stopped_by_whoever_is_asked(self):
        arns = [self.start(self.one, "hour") for _ in range(8)]
        self.parked(*arns)
        for arn, client in zip(arns, self.connections(8)):
            client.aws("StopExecution", executionArn=arn, error="E", cause="because")
            end = self.ended(arn, 5)
            self.assertEqual((end["status"], end["error"], end["cause"]), ("ABORTED", "E", "because"))

    def test_its_token_is_taken_by_whoever_gets_it_once(self):
        arns = [self.start(self.one, "token") for _ in range(8)]
        self.parked(*arns)
        tokens = [self.function.token(i) for i in range(8)]
        for i, client in enumerate(self.connections(8)):
            client.aws("SendTaskSuccess", taskToken=tokens[i], output='{"by": %d}' % i)
            with self.assertRaises(stage.Refused) as e:
                client.aws("SendTaskSuccess", taskToken=tokens[i], output="1")
            self.assertEqual(e.exception.type, "TaskTimedOut")
        self.assertEqual(sorted(json.loads(self.ended(arn, 5)["output"])["by"] for arn in arns), list(range(8)))

    def test_many_who_ask_at_once_have_one_winner(self):
        arn, token = self.start(self.one, "token"), self.function.token(0)
        self.parked(arn)
        won, lost = [], []

        def ask(client, i):
            try:
                client.aws("SendTaskSuccess", taskToken=token, output=str(i))
                won.append(i)
            except stage.Refused as e:
                lost.append(e.type)
        threads = [threading.Thread(target=ask, args=(c, i)) for i, c in enumerate(self.connections(16))]
        for t in threads:
            t.start()
        for t in threads:
            t.join()
        self.assertIn(int(self.ended(arn, 5)["output"]), won)
        self.assertEqual(set(lost) - {"TaskTimedOut"}, set())
        self.assertEqual(self.types(arn).count("TaskSucceeded"), 1)

    def test_a_heartbeat_that_nobody_awaits_changes_nothing(self):
        arn, token = self.start(self.one, "token"), self.function.token(0)
        self.parked(arn)
        self.other.aws("SendTaskHeartbeat", taskToken=token)
        self.parked(arn)  # again
        self.one.aws("SendTaskFailure", taskToken=token, error="No", cause="not today")
        self.assertEqual((self.ended(arn, 5)["error"], self.ended(arn, 5)["cause"]), ("No", "not today"))

    def test_sql_stops_and_answers(self):
        token, hour = self.start(self.one, "token"), self.start(self.one, "hour")
        self.parked(token, hour)
        self.sql("SELECT pawl.send_task_success('%s', '{\"by\": \"sql\"}')" % self.function.token(0))
        self.sql("SELECT pawl.stop_execution(execution_id, 'E', 'by sql') FROM pawl.execution WHERE name = '%s'" % hour.split(":")[-1])
        self.assertEqual(json.loads(self.ended(token, 5)["output"]), {"by": "sql"})
        self.assertEqual(self.ended(hour, 5)["cause"], "by sql")
        self.assertEqual(self.sql("SELECT * FROM pawl.inbox"), [])

    def test_questions_do_not_wake_it(self):
        arn = self.start_parked("hour", '{"n": 7}')
        name = arn.split(":")[-1]
        for client in self.connections(4):
            d = client.aws("DescribeExecution", executionArn=arn)
            self.assertEqual((d["status"], d["input"]), ("RUNNING", '{"n": 7}'))
            self.assertEqual([e["type"] for e in client.history(arn)], ["ExecutionStarted", "WaitStateEntered"])
            self.assertEqual(client.rest("GET", "/api/state-machines/hour/executions/%s?wait=1" % name)["status"], "RUNNING")
        self.assertNotEqual(self.row(arn, "wake_at"), ("",))
        watched = threading.Thread(target=lambda: time.sleep(1) or self.one.aws("StopExecution", executionArn=arn))
        watched.start()
        self.assertEqual(self.other.rest("GET", "/api/state-machines/hour/executions/%s?wait=20" % name)["status"], "ABORTED")
        watched.join()


class Crash(Parking):
    def test_a_restart_loads_none_that_is_parked(self):
        arns = [self.start(self.one, "hour") for _ in range(50)]
        self.parked(*arns)
        moments = [self.row(arn, "wake_at, ctid") for arn in arns]
        self.kill_all()
        self.start_all()
        time.sleep(3)
        self.assertEqual(self.in_memory(), 0)
        self.assertEqual([self.row(arn, "wake_at, ctid") for arn in arns], moments, "not even their rows were touched")
        self.other.aws("StopExecution", executionArn=arns[0])
        self.assertEqual(self.ended(arns[0], 5)["status"], "ABORTED")

    def test_who_sleeps_while_all_are_dead_wakes_with_the_first(self):
        arns = [self.start(self.one, "sleep", '{"n": %d}' % i) for i in range(20)]
        self.parked(*arns)
        self.kill_all()
        time.sleep(7)
        self.pawlds[1].start(60)
        self.other.close()
        for i, arn in enumerate(arns):
            self.assertEqual(json.loads(self.ended(arn)["output"]), {"n": i})
        self.assertEqual(len(self.function.calls), 20)

    def test_kills_at_any_moment_lose_nobody_and_wake_nobody_twice(self):
        dice = random.Random(7)
        arns = [self.start(self.one if i % 2 else self.other, "sleep", '{"n": %d}' % i) for i in range(150)]
        until = time.monotonic() + 11  # from before the first is parked until after the last has been woken
        while time.monotonic() < until:
            victim = dice.choice(self.pawlds)
            victim.kill()
            time.sleep(dice.uniform(0, 0.3))
            victim.start(60)
            time.sleep(dice.uniform(0.1, 0.6))
        self.one.close(), self.other.close()
        for i, arn in enumerate(arns):
            self.assertEqual(json.loads(self.ended(arn)["output"]), {"n": i})
            self.assertEqual(self.types(arn), ["ExecutionStarted", "WaitStateEntered", "WaitStateExited", "TaskStateEntered",
                                               "LambdaFunctionScheduled", "LambdaFunctionStarted", "LambdaFunctionSucceeded",
                                               "TaskStateExited", "ExecutionSucceeded"])
        self.assertEqual(len({h["Idempotency-Key"] for h, _ in self.function.calls}), 150)
        self.assertEqual(self.sql("SELECT * FROM pawl.stalled"), [])


class Little(Parking):
    """Memory for few."""

    OPTIONS = ["--park-after", "3600", "--max-executions", "10"]

    def test_who_is_parked_does_not_count(self):
        arns = [self.start(self.one, "hour") for _ in range(100)]  # refusals are tried again
        self.assertLessEqual(self.in_memory(), 40)
        self.assertGreater(int(self.sql("SELECT count(*) FROM pawl.execution WHERE wake_at IS NOT NULL")[0][0]), 60)
        self.assertEqual({self.status(arn) for arn in arns}, {"RUNNING"})


class Refused(Parking):
    """Rows that PostgreSQL does not want to have parked: here by a trigger."""

    def test_it_stays_in_memory_and_goes_on(self):
        self.sql("""CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'no parking here'; END $$;
                    CREATE TRIGGER refuse BEFORE UPDATE ON pawl.execution FOR EACH ROW WHEN (NEW.wake_at IS NOT NULL AND NEW.name LIKE '%thorn%')
                    EXECUTE FUNCTION refuse()""")
        thorny = [self.start(self.one, "sleep", name="thorn-%d" % i) for i in range(3)]
        plain = [self.start(self.one, "sleep") for _ in range(3)]
        self.parked(*plain)
        for arn in thorny:
            self.assertEqual(self.row(arn, "wake_at, slot IS NULL"), ("", "f"))
        for arn in thorny + plain:
            self.assertEqual(self.ended(arn)["status"], "SUCCEEDED")


def main():
    if len(sys.argv) > 1:
        test_reactor.BUILD = os.path.abspath(sys.argv[1])
    loader = unittest.TestLoader()
    if len(sys.argv) > 2:
        loader.testNamePatterns = ["*%s*" % name for name in sys.argv[2:]]
    result = unittest.TextTestRunner(verbosity=2).run(loader.loadTestsFromModule(sys.modules["__main__"]))
    return 0 if result.wasSuccessful() else 1


if __name__ == "__main__":
    sys.exit(main())
