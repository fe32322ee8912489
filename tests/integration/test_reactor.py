#!/usr/bin/env python3
"""test_reactor.py [BUILD [NAME...]] -- executions across reactors, processes and crashes.

Two pawlds of two reactors each on one database, so that whoever asks is rarely the one who owns.  What a single
pawld does at its doors is test_api.py's, bad weather is test_weather.py's, random kills are tests/chaos.
"""
import http.server
import json
import os
import signal
import sys
import threading
import time
import unittest

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), os.pardir, "support"))
import stage  # noqa: E402

BUILD = os.path.join(os.path.dirname(os.path.abspath(__file__)), os.pardir, os.pardir, "build")
FUNCTION = "arn:aws:lambda:us-east-1:000000000000:function:f"


def task(**more):
    return {"StartAt": "T", "States": {"T": dict({"Type": "Task", "Resource": FUNCTION, "End": True}, **more)}}


MACHINES = {
    "pass": {"StartAt": "P", "States": {"P": {"Type": "Pass", "End": True}}},
    "call": task(),
    "once": task(Delivery="AtMostOnce"),
    "nobody": task(Resource="arn:aws:lambda:us-east-1:000000000000:function:nobody"),
    "wait": {"StartAt": "W", "States": {"W": {"Type": "Wait", "Seconds": 3600, "End": True}}},
    "nap": {"StartAt": "W", "States": {"W": {"Type": "Wait", "Seconds": 2, "End": True}}},
    "echo": {"StartAt": "A", "States": {"A": {"Type": "Task", "Resource": FUNCTION, "Next": "B"}, "B": {"Type": "Pass", "End": True}}},
    "token": task(Resource="arn:aws:states:::lambda:invoke.waitForTaskToken", TimeoutSeconds=60,
                  Parameters={"FunctionName": "f", "Payload": {"token.$": "$$.Task.Token"}}),
    "goes-on": {"StartAt": "T", "States": {"W": {"Type": "Wait", "Seconds": 3600, "End": True}, "T": {
        "Type": "Task", "Resource": "arn:aws:states:::lambda:invoke.waitForTaskToken", "Next": "W",
        "Parameters": {"FunctionName": "f", "Payload": {"token.$": "$$.Task.Token"}}}}},
    "beat": task(Resource="arn:aws:states:::lambda:invoke.waitForTaskToken", HeartbeatSeconds=2,
                 Parameters={"FunctionName": "f", "Payload": {"token.$": "$$.Task.Token"}}),
}


class Function:
    """One function: notes its calls, and answers its input after a while."""

    def __init__(self):
        self.calls, self.delay, self.at_once, self.most_at_once, self.lock = [], 0, 0, 0, threading.Lock()
        function = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            disable_nagle_algorithm = True

            def do_POST(self):
                body = self.rfile.read(int(self.headers["Content-Length"]))
                with function.lock:
                    function.calls.append((dict(self.headers), body))
                    function.at_once += 1
                    function.most_at_once = max(function.most_at_once, function.at_once)
                time.sleep(function.delay)
                with function.lock:
                    function.at_once -= 1
                try:
                    self.send_response(200)
                    self.send_header("Content-Length", str(len(body)))
                    self.end_headers()
                    self.wfile.write(body)
                except OSError:
                    pass

            def log_message(self, *args):
                pass
        class Server(http.server.ThreadingHTTPServer):
            request_queue_size = 1024
        self.server = Server(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        threading.Thread(target=self.server.serve_forever, daemon=True).start()
        self.url = "http://127.0.0.1:%d/" % self.server.server_address[1]

    def token(self, n):
        """The task token in the n-th call."""
        stage.wait_until(lambda: len(self.calls) > n, 10, "the call with the token")
        return json.loads(self.calls[n][1])["token"]


class Two(unittest.TestCase):
    OPTIONS, MACHINES = [], MACHINES

    @classmethod
    def setUpClass(cls):
        cls.folder = stage.Folder("reactor")
        cls.addClassCleanup(cls.folder.remove)
        cls.cluster = stage.Cluster(cls.folder / "pg")
        cls.addClassCleanup(cls.cluster.stop, "immediate")
        cls.cluster.start()
        stage.sql(cls.cluster.conninfo(), "CREATE DATABASE pawl")
        cls.database = cls.cluster.conninfo("pawl")
        cls.pawlds = [stage.Pawld(os.path.join(BUILD, "pawld"), cls.folder / ("pawld%d.log" % i),
                                  ["--database", cls.database, "--reactors", "2"] + cls.OPTIONS) for i in range(2)]
        for p in cls.pawlds:
            cls.addClassCleanup(p.stop)
            p.start(60)
        cls.function = Function()
        cls.addClassCleanup(cls.function.server.shutdown)
        client = stage.Client(cls.pawlds[0].port)
        client.function("f", cls.function.url)
        for name, definition in cls.MACHINES.items():
            client.deploy(name, definition)

    def setUp(self):
        self.one, self.other = [stage.Client(p.port) for p in self.pawlds]
        self.function.delay = 0
        self.function.calls.clear()
        self.function.most_at_once = 0

    def tearDown(self):
        for p in self.pawlds:
            if not p.alive():
                p.start(60)

    def sql(self, text, check=True):
        return stage.sql(self.database, text, check)

    def name(self):
        return "%s-%d" % (self._testMethodName[5:60], time.monotonic_ns())

    def start(self, client, machine, text="{}", name=None):
        name = name or self.name()
        began = time.monotonic()
        while True:  # a pawld that was killed and began anew may need a moment for its database
            try:
                client.aws("StartExecution", stateMachineArn=stage.ARN + "stateMachine:" + machine, name=name, input=text)
                break
            except stage.Refused as e:
                if e.status != 503 or time.monotonic() > began + 10:
                    raise
                time.sleep(0.1)
        return "%sexecution:%s:%s" % (stage.ARN, machine, name)

    def status(self, arn):
        return self.other.aws("DescribeExecution", executionArn=arn)["status"]

    def ended(self, arn, seconds=20):
        def end():
            d = self.other.aws("DescribeExecution", executionArn=arn)
            return d if d["status"] != "RUNNING" else None
        return stage.wait_until(end, seconds, "the end of " + arn)

    def types(self, arn):
        return [e["type"] for e in self.other.history(arn)]

    def connections(self, n=12):
        """Clients of both pawlds, enough of them to reach each reactor."""
        return [stage.Client(self.pawlds[i % 2].port) for i in range(n)]


class Commands(Two):
    """Stops and callbacks reach an execution from anywhere."""

    def test_an_execution_can_be_stopped_by_whoever_is_asked(self):
        for client in self.connections():
            arn = self.start(self.one, "wait")
            client.aws("StopExecution", executionArn=arn, error="E", cause="because")
            end = self.ended(arn, 5)
            self.assertEqual((end["status"], end["error"], end["cause"]), ("ABORTED", "E", "because"))

    def test_a_token_is_taken_by_whoever_gets_it(self):
        for i, client in enumerate(self.connections()):
            arn = self.start(self.one, "token")
            client.aws("SendTaskSuccess", taskToken=self.function.token(i), output='{"by": %d}' % i)
            self.assertEqual(json.loads(self.ended(arn, 5)["output"]), {"by": i})

    def test_a_token_is_good_once(self):
        arn = self.start(self.one, "token")
        token = self.function.token(0)
        self.other.aws("SendTaskFailure", taskToken=token, error="No", cause="not today")
        end = self.ended(arn, 5)
        self.assertEqual((end["status"], end["error"], end["cause"]), ("FAILED", "No", "not today"))
        for client in self.connections(6):
            with self.assertRaises(stage.Refused) as e:
                client.aws("SendTaskSuccess", taskToken=token, output="1")
            self.assertEqual(e.exception.type, "TaskTimedOut")

    def test_a_token_is_good_once_also_while_its_execution_goes_on(self):
        for i, client in enumerate(self.connections(4)):
            arn = self.start(self.one, "goes-on")
            token = self.function.token(i)
            client.aws("SendTaskSuccess", taskToken=token, output="1")
            stage.wait_until(lambda: self.sql("SELECT 1 FROM pawl.inbox") == [], 10, "the owner taking it")
            for other in self.connections(6):
                with self.assertRaises(stage.Refused) as e:
                    other.aws("SendTaskFailure", taskToken=token)
                self.assertEqual((e.exception.status, e.exception.type), (400, "TaskTimedOut"))
            self.assertEqual(self.sql("SELECT pawl.send_task_success('%s', '2')" % token), [("f",)])
            self.one.aws("StopExecution", executionArn=arn)

    def test_heartbeats_keep_a_task_alive_from_anywhere(self):
        arn = self.start(self.one, "beat")
        token = self.function.token(0)
        clients = self.connections(6)
        for i in range(8):
            time.sleep(0.5)
            clients[i % 6].aws("SendTaskHeartbeat", taskToken=token)
        self.assertEqual(self.status(arn), "RUNNING")
        self.assertEqual(self.ended(arn, 8)["error"], "States.Timeout")

    def test_sql_stops_and_answers(self):
        arn, token = self.start(self.one, "token"), self.function.token(0)
        self.assertEqual(self.sql("SELECT pawl.send_task_success('%s', '{\"by\": \"sql\"}')" % token), [("t",)])
        self.assertEqual(json.loads(self.ended(arn, 5)["output"]), {"by": "sql"})
        arn = self.start(self.one, "wait")
        self.sql("SELECT pawl.stop_execution(execution_id, 'E', 'by sql') FROM pawl.execution WHERE name = '%s'" % arn.split(":")[-1])
        self.assertEqual(self.ended(arn, 5)["cause"], "by sql")
        self.assertEqual(self.sql("SELECT * FROM pawl.inbox"), [])

    def test_a_wish_that_was_rolled_back_never_was(self):
        arn, token = self.start(self.one, "token"), self.function.token(0)
        self.sql("BEGIN; SELECT pawl.send_task_success('%s', '1'); ROLLBACK" % token)
        time.sleep(1.5)
        self.assertEqual(self.status(arn), "RUNNING")
        self.one.aws("SendTaskSuccess", taskToken=token, output="2")
        self.assertEqual(self.ended(arn, 5)["output"], "2")


class SqlStarts(Two):
    def test_executions_start_with_the_transaction(self):
        name = self.name()
        self.sql("BEGIN; SELECT pawl.start_execution('echo', '{\"n\": 1}', '%s'); COMMIT" % name)
        arn = stage.ARN + "execution:echo:" + name
        end = self.ended(arn, 5)
        self.assertEqual((end["status"], json.loads(end["output"])), ("SUCCEEDED", {"n": 1}))
        self.assertEqual(self.types(arn)[0], "ExecutionStarted")

    def test_many_at_once_start_once_each(self):
        prefix = self.name()
        self.sql("SELECT pawl.start_execution('call', '{}', '%s-' || i) FROM generate_series(1, 300) i" % prefix)
        stage.wait_until(lambda: self.sql("SELECT count(*) FROM pawl.execution WHERE name LIKE '%s-%%' AND status = 'SUCCEEDED'"
                                          % prefix) == [("300",)], 20, "300 ends")
        self.assertEqual(len(self.function.calls), 300)
        self.assertEqual(self.sql("SELECT * FROM pawl.inbox"), [])

    def test_an_input_that_no_payload_may_be_fails_the_execution(self):
        name = self.name()
        self.sql("SELECT pawl.start_execution('pass', (repeat('[', 2000) || repeat(']', 2000))::json, '%s')" % name, check=False)
        if not self.sql("SELECT 1 FROM pawl.execution WHERE name = '%s'" % name):
            return  # refused by SQL already
        end = self.ended(stage.ARN + "execution:pass:" + name, 5)
        self.assertEqual((end["status"], end["error"]), ("FAILED", "States.Runtime"))
        self.assertTrue(end["cause"])


class Watching(Two):
    def test_whoever_waits_hears_of_the_end_at_once(self):
        """Also where another reactor owns the execution; another process at the latest after a second."""
        for i, client in enumerate(self.connections()):
            arn = self.start(self.one, "nap")
            began = time.monotonic()
            path = "/api/state-machines/nap/executions/%s?wait=10" % arn.split(":")[-1]
            self.assertEqual(client.rest("GET", path)["status"], "SUCCEEDED")
            self.assertLess(time.monotonic() - began, 3.6 if i % 2 else 2.6)


class Crash(Two):
    """SIGKILL, and what the next owner makes of it."""

    def kill(self):
        self.pawlds[0].kill()
        self.one.close()

    def test_the_other_pawld_goes_on(self):
        self.function.delay = 3
        arns = [self.start(self.one, "echo", '{"n": %d}' % i) for i in range(10)]
        naps = [self.start(self.one, "nap") for _ in range(10)]
        stage.wait_until(lambda: len(self.function.calls) == 10, 10, "the calls")
        self.function.delay = 0
        self.kill()
        for i, arn in enumerate(arns):
            self.assertEqual(json.loads(self.ended(arn)["output"]), {"n": i})
            self.assertEqual(self.types(arn).count("LambdaFunctionScheduled"), 1, "the same attempt")
        for arn in naps:
            self.assertEqual(self.ended(arn)["status"], "SUCCEEDED")
        keys = [h["Idempotency-Key"] for h, _ in self.function.calls]
        self.assertEqual(len(set(keys)), 10, "a call that is sent again bears the same key")
        self.assertEqual({h["Pawl-Attempt"] for h, _ in self.function.calls}, {"1"})
        self.assertEqual(self.sql("SELECT * FROM pawl.stalled"), [])

    def test_at_most_once_is_not_sent_again(self):
        self.function.delay = 3
        arn = self.start(self.one, "once")
        stage.wait_until(lambda: self.function.calls, 10, "the call")
        self.kill()
        end = self.ended(arn)
        self.assertEqual((end["status"], end["error"]), ("FAILED", "States.TaskFailed"))
        self.assertIn("AtMostOnce", end["cause"])
        self.assertEqual(len(self.function.calls), 1)

    def test_a_token_outlives_its_pawld(self):
        arn, token = self.start(self.one, "token"), self.function.token(0)
        self.kill()
        self.other.aws("SendTaskSuccess", taskToken=token, output='"late"')  # adopted or not
        self.assertEqual(self.ended(arn)["output"], '"late"')

    def test_a_journal_that_cannot_be_read_fails_its_execution_alone(self):
        broken, sound = self.start(self.one, "nap"), self.start(self.one, "nap")
        for p in self.pawlds:
            p.kill()
        self.sql("""UPDATE pawl.journal SET events = '[{"id": 1, "type": "Nonsense"}]' FROM pawl.execution x
                    WHERE x.execution_id = journal.execution_id AND x.name = '%s'""" % broken.split(":")[-1])
        for p in self.pawlds:
            p.start(60)
        self.one.close(), self.other.close()
        self.assertEqual(self.ended(sound)["status"], "SUCCEEDED")
        self.assertEqual(self.sql("SELECT status, error FROM pawl.execution WHERE name = '%s'" % broken.split(":")[-1]),
                         [("FAILED", "States.Runtime")])

    def test_a_definition_that_does_not_compile_any_more_fails_its_executions(self):
        """A newer pawld may refuse what an older one accepted; a hand may have slipped."""
        for name in ("outdated", "lost"):
            self.one.deploy(name, MACHINES["token"])
            self.start(self.one, name, name=name + "-runs")
        sound = self.start(self.one, "nap")
        stage.wait_until(lambda: len(self.function.calls) == 2, 10, "the calls")
        for p in self.pawlds:
            p.kill()
        self.sql("UPDATE pawl.definition SET definition = '{\"StartAt\": \"Gone\"}' WHERE machine = 'outdated'")
        self.sql("SELECT pawl.start_execution('outdated', '{}', 'outdated-begins')")
        self.sql("DELETE FROM pawl.definition WHERE machine = 'lost'")
        for p in self.pawlds:
            p.start(60)
        self.one.close(), self.other.close()
        self.assertEqual(self.ended(sound)["status"], "SUCCEEDED")
        ends = "SELECT status, error, cause FROM pawl.execution WHERE name = '%s'"
        for name, word in (("outdated-runs", "does not compile"), ("outdated-begins", "does not compile"), ("lost-runs", "not in the database")):
            stage.wait_until(lambda: self.sql(ends % name)[0][0] != "RUNNING", 10, "the end of " + name)
            status, error, cause = self.sql(ends % name)[0]
            self.assertEqual((status, error), ("FAILED", "States.Runtime"))
            self.assertIn(word, cause)
            events = self.sql("SELECT event_id, type FROM pawl.history WHERE execution = '%s' ORDER BY event_id" % name)
            self.assertEqual([int(i) for i, _ in events], list(range(1, len(events) + 1)), "no number is missing or comes twice")
            self.assertEqual((events[0][1], events[-1][1]), ("ExecutionStarted", "ExecutionFailed"))
        self.assertEqual(self.sql("SELECT * FROM pawl.stalled"), [])
        self.assertEqual(self.sql("SELECT 1 FROM pawl.inbox"), [])
        with self.assertRaises(stage.Refused) as e:
            self.one.aws("StartExecution", stateMachineArn=stage.ARN + "stateMachine:outdated")
        self.assertIn("does not compile", e.exception.message)

    def test_a_pawld_that_stands_still_writes_nothing_more(self):
        arn = self.start(self.one, "nap")
        self.pawlds[0].signal(signal.SIGSTOP)
        try:
            self.assertEqual(self.ended(arn, 30)["status"], "SUCCEEDED", "inherited when the lease ran out")
        finally:
            self.pawlds[0].signal(signal.SIGCONT)
        stage.wait_until(lambda: self.one.request("GET", "/readyz")[0] == 200, 20, "a new lease")
        stage.wait_until(lambda: "pawl_leases_lost_total 0" not in self.one.request("GET", "/metrics")[1], 20, "the loss is counted")
        self.assertEqual(self.types(arn), ["ExecutionStarted", "WaitStateEntered", "WaitStateExited", "ExecutionSucceeded"])
        self.assertEqual(self.ended(self.start(self.one, "echo"))["status"], "SUCCEEDED")


class Poison(Two):
    """Rows that PostgreSQL refuses: here by a trigger."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        stage.sql(cls.database, """
            CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
                IF NEW.payloads::text LIKE '%' || TG_ARGV[0] || '%' AND NEW.seq >= TG_ARGV[1]::int
                THEN RAISE EXCEPTION 'no % here', TG_ARGV[0] USING ERRCODE = TG_ARGV[2]; END IF;
                RETURN NEW; END $$;
            CREATE TRIGGER refuse_start BEFORE INSERT ON pawl.journal FOR EACH ROW EXECUTE FUNCTION refuse('poison', '1', 'P0001');
            CREATE TRIGGER refuse_step BEFORE INSERT ON pawl.journal FOR EACH ROW EXECUTE FUNCTION refuse('venom', '2', 'P0001');
            CREATE TRIGGER refuse_weight BEFORE INSERT ON pawl.journal FOR EACH ROW EXECUTE FUNCTION refuse('lead', '2', '53200')""")

    def test_a_refused_step_fails_its_execution_and_the_others_go_on(self):
        arns = [self.start(self.one, "echo", '{"n": %d, "x": "%s"}' % (i, "venom" if i % 10 == 3 else "milk")) for i in range(40)]
        for i, arn in enumerate(arns):
            end = self.ended(arn)
            if i % 10 == 3:
                self.assertEqual((end["status"], end["error"]), ("FAILED", "States.Runtime"))
                self.assertIn("no venom here", end["cause"])
            else:
                self.assertEqual(end["status"], "SUCCEEDED")
        self.assertEqual(self.sql("SELECT * FROM pawl.stalled"), [])

    def test_a_refused_start_by_sql_fails_its_execution(self):
        name = self.name()
        self.sql("SELECT pawl.start_execution('pass', '\"poison\"', '%s')" % name)
        end = self.ended(stage.ARN + "execution:pass:" + name)
        self.assertEqual((end["status"], end["error"]), ("FAILED", "States.Runtime"))
        self.assertIn("no poison here", end["cause"])
        self.assertEqual(self.sql("SELECT 1 FROM pawl.inbox"), [])

    def test_an_execution_whose_failure_is_refused_as_well_is_not_lost(self):
        self.sql("""
            CREATE FUNCTION refuse_all() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
                IF EXISTS (SELECT FROM pawl.execution x WHERE x.execution_id = NEW.execution_id AND x.name LIKE 'cursed%') AND NEW.seq > 1
                THEN RAISE EXCEPTION 'cursed'; END IF;
                RETURN NEW; END $$;
            CREATE TRIGGER refuse_all BEFORE INSERT ON pawl.journal FOR EACH ROW EXECUTE FUNCTION refuse_all()""")
        arn = self.start(self.one, "echo", name="cursed-%d" % time.monotonic_ns())
        self.assertEqual(self.ended(self.start(self.one, "echo"))["status"], "SUCCEEDED")
        self.assertEqual(self.status(arn), "RUNNING")
        self.sql("DROP TRIGGER refuse_all ON pawl.journal")
        self.assertEqual(self.ended(arn)["status"], "SUCCEEDED")

    def test_a_row_that_another_session_has_locked_holds_up_its_execution_alone(self):
        self.function.delay = 1
        arn = self.start(self.one, "call")
        stage.wait_until(lambda: self.function.calls, 10, "the call")
        holder = threading.Thread(target=self.sql, args=(
            "BEGIN; SELECT FROM pawl.execution WHERE name = '%s' FOR UPDATE; SELECT pg_sleep(12); COMMIT" % arn.split(":")[-1],))
        holder.start()
        time.sleep(8)
        self.function.delay = 0
        for client in self.connections(8):
            self.assertEqual(self.ended(self.start(client, "echo"), 5)["status"], "SUCCEEDED")
        self.assertEqual(self.status(arn), "RUNNING")
        holder.join()
        self.assertEqual(self.ended(arn)["status"], "SUCCEEDED")

    def test_a_step_that_the_server_has_no_memory_for_fails_its_execution_alone(self):
        arns = [self.start(self.one, "echo", '{"n": %d, "x": "%s"}' % (i, "lead" if i == 7 else "milk")) for i in range(20)]
        for i, arn in enumerate(arns):
            end = self.ended(arn)
            self.assertEqual(end["status"], "FAILED" if i == 7 else "SUCCEEDED")
        self.assertIn("53200", self.ended(arns[7])["cause"])
        alone = self.ended(self.start(self.one, "echo", '"lead"'))
        self.assertEqual((alone["status"], alone["error"]), ("FAILED", "States.Runtime"))

    def test_a_refused_start_is_its_callers_affair(self):
        with self.assertRaises(stage.Refused) as e:
            self.start(self.one, "pass", '"poison"')
        self.assertEqual(e.exception.status, 500)
        self.assertIn("no poison here", e.exception.message)
        self.assertEqual(self.ended(self.start(self.one, "pass", '"milk"'))["status"], "SUCCEEDED")


class Calls(Two):
    def test_a_function_that_is_not_there(self):
        end = self.ended(self.start(self.one, "nobody"))
        self.assertEqual((end["status"], end["error"]), ("FAILED", "Lambda.ResourceNotFoundException"))
        self.assertTrue(end["cause"].startswith("Function not found: arn:aws:lambda:us-east-1:000000000000:function:nobody:$LATEST ("))

    def test_a_function_is_spared(self):
        self.one.function("f", self.function.url, maxConcurrency=1)
        try:
            self.function.delay = 0.05
            arns = [self.start(self.one, "call") for _ in range(20)]
            for arn in arns:
                self.assertEqual(self.ended(arn)["status"], "SUCCEEDED")
            self.assertLessEqual(self.function.most_at_once, 2, "one for each reactor")
        finally:
            self.one.function("f", self.function.url)

    def test_metrics_count(self):
        def value(text, name):
            return sum(float(line.rsplit(" ", 1)[1]) for line in text.split("\n") if line.startswith(name))

        before = self.one.request("GET", "/metrics")[1]
        for _ in range(5):
            self.ended(self.start(self.one, "echo"))
        after = self.one.request("GET", "/metrics")[1]
        for name, more in (('pawl_executions_total{machine="echo",status="RUNNING"}', 5),
                           ('pawl_executions_total{machine="echo",status="SUCCEEDED"}', 5), ("pawl_steps_total", 10),
                           ('pawl_calls_total{function="f",outcome="succeeded"}', 5), ("pawl_events_total", 5 * 9)):
            self.assertEqual(value(after, name) - value(before, name), more, name)


def main():
    global BUILD
    if len(sys.argv) > 1:
        BUILD = sys.argv[1]
    BUILD = os.path.abspath(BUILD)
    loader = unittest.TestLoader()
    if len(sys.argv) > 2:
        loader.testNamePatterns = ["*%s*" % name for name in sys.argv[2:]]
    result = unittest.TextTestRunner(verbosity=2).run(loader.loadTestsFromModule(sys.modules["__main__"]))
    return 0 if result.wasSuccessful() else 1


if __name__ == "__main__":
    sys.exit(main())
