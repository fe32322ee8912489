#!/usr/bin/env python3
"""Bad input and bad weather, on the built programs: for each a defined answer, and pawld lives.

test_weather.py BUILD-FOLDER [NAME...]: everything, or the tests whose names hold one of NAME.
"""
import http.server
import json
import os
import resource
import signal
import socket
import struct
import subprocess
import sys
import threading
import time
import unittest

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), os.pardir, "support"))
import stage  # noqa: E402

BUILD = "build"
DATA_LIMIT = 262144
LAMBDA = "arn:aws:lambda:us-east-1:000000000000:function:"

PASS = {"StartAt": "P", "States": {"P": {"Type": "Pass", "End": True}}}
LOOK = {"StartAt": "P", "States": {"P": {"Type": "Pass", "Parameters": {"got.$": "$"}, "OutputPath": "$.got", "End": True}}}
CALL = {"StartAt": "T", "States": {"T": {"Type": "Task", "Resource": LAMBDA + "f", "TimeoutSeconds": 60, "End": True}}}
WAIT = {"StartAt": "W", "States": {"W": {"Type": "Wait", "Seconds": 2, "End": True}}}
TOKEN = {"StartAt": "T", "States": {"T": {
    "Type": "Task", "Resource": "arn:aws:states:::lambda:invoke.waitForTaskToken", "TimeoutSeconds": 60, "End": True,
    "Parameters": {"FunctionName": "f", "Payload": {"token.$": "$$.Task.Token"}}}}}
MACHINES = {"pass": PASS, "look": LOOK, "call": CALL, "wait": WAIT, "token": TOKEN}


class Function:
    """One function, which answers what it is told to, byte for byte; after a while, if it is told to."""

    def __init__(self):
        outer = self
        self.answer, self.delay, self.calls = b"{}", 0, []

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            disable_nagle_algorithm = True

            def do_POST(self):
                body = self.rfile.read(int(self.headers["Content-Length"]))
                outer.calls.append((self.headers["Idempotency-Key"], body))
                time.sleep(outer.delay)
                self.send_response(200)
                self.send_header("Content-Length", str(len(outer.answer)))
                self.end_headers()
                self.wfile.write(outer.answer)

            def log_message(self, *args):
                pass

        class Server(http.server.ThreadingHTTPServer):
            request_queue_size = 100

            def handle_error(self, request, address):  # a caller that was killed does not listen any more
                pass

        self.server = Server(("127.0.0.1", 0), Handler)
        threading.Thread(target=self.server.serve_forever, daemon=True).start()
        self.url = "http://127.0.0.1:%d/f" % self.server.server_address[1]


def occupy(cluster, database):
    """A connection that does nothing but be there: a socket, or None when there is no place. Quicker than anybody's libpq."""
    s = socket.socket(socket.AF_UNIX)
    s.settimeout(10)
    try:
        s.connect(os.path.join(cluster.folder, ".s.PGSQL.5432"))
        body = struct.pack("!I", 196608) + ("user\0%s\0database\0%s\0\0" % (stage.server_user(), database)).encode()
        s.sendall(struct.pack("!I", len(body) + 4) + body)
        if s.recv(1) == b"R":  # trusted; E: too many clients
            return s
    except OSError:
        pass
    s.close()
    return None


class OnStage(unittest.TestCase):
    """A folder, a function, and whatever is started: all of it goes at the end."""

    def setUp(self):
        self.folder = stage.Folder("weather")
        self.addCleanup(self.folder.remove)
        self.function = Function()
        self.addCleanup(self.function.server.shutdown)

    def pawld(self, *args, name="pawld", port=None, env=None):
        p = stage.Pawld(os.path.join(BUILD, "pawld"), self.folder / (name + ".log"), args, port, env)
        self.addCleanup(lambda: p.process and p.kill())
        return p

    def cluster(self, name="pg", options=""):
        c = stage.Cluster(self.folder / name, options)
        self.addCleanup(lambda: c.stop("immediate"))
        c.start()
        stage.sql(c.conninfo(), "CREATE DATABASE pawl")
        return c

    def deploy(self, pawld):
        client = stage.Client(pawld.port)
        client.function("f", self.function.url)
        for name, definition in MACHINES.items():
            client.deploy(name, definition)
        return client

    def start(self, client, machine, name, text="{}"):
        client.aws("StartExecution", stateMachineArn=stage.ARN + "stateMachine:" + machine, name=name, input=text)
        return "%sexecution:%s:%s" % (stage.ARN, machine, name)

    def ended(self, client, arn, seconds=30):
        def end():
            try:
                d = client.aws("DescribeExecution", executionArn=arn)
            except (stage.Broken, stage.Refused):
                return None
            return d if d["status"] != "RUNNING" else None
        return stage.wait_until(end, seconds, "the end of " + arn)

    def works(self, client, name):
        """From the start of an execution to its end."""
        self.assertEqual(self.ended(client, self.start(client, "call", name))["status"], "SUCCEEDED")

    def refuses(self, pawld, *says):
        """Ends by itself with one line on standard error that holds the words; exit status not 0."""
        with open(pawld.log, "ab") as f:
            size = f.tell()
        pawld.start(wait=0)
        status = pawld.ended(30)
        with open(pawld.log) as f:
            f.seek(size)
            lines = [line for line in f.read().split("\n") if line and "level=info" not in line]
        self.assertGreater(status, 0, "exit status")
        self.assertEqual(len(lines), 1, "one clear line: %s" % lines)
        for word in says:
            self.assertIn(word, lines[0])

    def unavailable(self, client, seconds=20):
        """Starts are refused with 503 and a text; what is refused has not happened."""
        def refused():
            try:
                self.start(client, "pass", "refused-%d" % time.monotonic_ns())
            except stage.Refused as e:
                if e.status == 503:
                    return e
                raise
            except stage.Broken:
                pass
            return None
        e = stage.wait_until(refused, seconds, "a start that is refused with 503")
        self.assertTrue(e.message, "a clear text")
        self.assertEqual(client.request("GET", "/healthz")[0], 200, "the process lives")
        self.assertEqual(client.request("GET", "/readyz")[0], 503)
        return e.message

    def ready(self, client, seconds=40):
        def yes():
            try:
                return client.request("GET", "/readyz")[0] == 200
            except stage.Broken:
                return False
        stage.wait_until(yes, seconds, "pawld being ready again")

    def alive_at_once(self, p):
        """From the moment at which it listens."""
        def listens():
            with socket.socket() as s:
                return s.connect_ex(("127.0.0.1", p.port)) == 0
        stage.wait_until(listens, 10, "pawld listening")
        self.assertEqual(stage.Client(p.port, timeout=1).request("GET", "/healthz")[0], 200)

    def ends_when_asked(self, p):
        began = time.monotonic()
        self.assertEqual(p.stop(10), 0)
        self.assertLess(time.monotonic() - began, 5 * stage.SLOW)


class BadWeather(OnStage):
    def test_postgresql_is_absent_at_the_start_and_comes(self):
        c = self.cluster()
        c.stop()
        p = self.pawld("--database", c.conninfo("pawl")).start()
        client = stage.Client(p.port)
        status, text = client.request("PUT", "/api/state-machines/pass", PASS)
        self.assertEqual((status, json.loads(text)["error"]), (503, "ServiceUnavailable"))
        self.assertEqual(client.request("GET", "/readyz")[0], 503)
        with self.assertRaises(stage.Refused) as refused:  # whose secret is not here yet: not an invalid token
            client.aws("SendTaskSuccess", taskToken="A" * 27, output="{}")
        self.assertEqual(refused.exception.status, 503)
        c.start()
        self.ready(client)
        self.works(self.deploy(p), "after")

    def test_the_database_accepts_connections_and_never_answers(self):
        silent = socket.socket()
        self.addCleanup(silent.close)
        silent.bind(("127.0.0.1", 0))
        silent.listen(100)
        p = self.pawld("--database", "host=127.0.0.1 port=%d dbname=x" % silent.getsockname()[1]).start(wait=0)
        self.alive_at_once(p)
        self.assertEqual(stage.Client(p.port).request("GET", "/readyz")[0], 503)
        p.wait_for_line(20)
        self.ends_when_asked(p)

    def test_postgresql_is_restarted_under_load(self):
        c = self.cluster()
        p = self.pawld("--database", c.conninfo("pawl")).start()
        client = self.deploy(p)
        self.function.delay = 0.05
        acknowledged, refusals, stop = [], [], threading.Event()

        def starts(who):
            mine = stage.Client(p.port)
            for i in range(10000):
                if stop.is_set():
                    return
                try:
                    acknowledged.append(self.start(mine, "call", "load-%d-%d" % (who, i)))
                except stage.Refused as e:
                    refusals.append(e.status)
                    time.sleep(0.02)
        threads = [threading.Thread(target=starts, args=(i,)) for i in range(4)]
        for t in threads:
            t.start()
        for _ in range(2):
            time.sleep(1)
            c.stop()
            c.start()
            self.ready(client)
        time.sleep(0.5)
        stop.set()
        for t in threads:
            t.join()
        self.assertEqual(set(refusals) - {503}, set())
        self.assertGreater(len(acknowledged), 20)
        for arn in acknowledged:
            self.assertEqual(self.ended(client, arn)["status"], "SUCCEEDED", arn)
        self.assertEqual(stage.sql(c.conninfo("pawl"), "SELECT * FROM pawl.stalled"), [])

    def test_postgresql_is_out_of_connections(self):
        c = self.cluster(options="-c max_connections=16 -c superuser_reserved_connections=0 -c max_wal_senders=0")
        p = self.pawld("--database", c.conninfo("pawl", application_name="pawld-under-test")).start()
        client = self.deploy(p)
        arn = self.start(client, "wait", "asleep")
        control = subprocess.Popen(stage.as_server_user(["psql", "-XqAt", "-d", c.conninfo("pawl")]), stdin=subprocess.PIPE,
                                   stdout=subprocess.PIPE, cwd="/", text=True)
        crowd = []
        self.addCleanup(lambda: (control.communicate(), [s.close() for s in crowd]))
        mine = "FROM pg_stat_activity WHERE application_name = 'pawld-under-test';\n"

        def ask(text):
            control.stdin.write(text)
            control.stdin.flush()
            return control.stdout.readline().strip()

        def pushed_out():
            """Others take each connection that is free, and pawld's when it loses them."""
            ask("SELECT count(pg_terminate_backend(pid)) " + mine)
            crowd.extend(filter(None, (occupy(c, "pawl") for _ in range(20))))
            return ask("SELECT count(*) " + mine) == "0"
        stage.wait_until(pushed_out, 20, "pawld without a connection", 0)
        self.unavailable(client)
        stage.wait_until(lambda: "too many clients" in p.tail(100), 10, "a word of it in the log")
        while crowd:
            crowd.pop().close()
        self.ready(client)
        self.assertEqual(self.ended(client, arn)["status"], "SUCCEEDED")
        self.works(client, "after")

    def test_a_private_postgresql_has_room_for_all_threads(self):
        p = self.pawld("--data-dir", self.folder / "data", "--reactors", "64").start(120)
        self.ready(stage.Client(p.port))
        self.works(self.deploy(p), "among-many")

    def test_pawld_is_out_of_file_descriptors(self):
        c = self.cluster()
        p = self.pawld("--database", c.conninfo("pawl"), "--reactors", "1").start()
        client = self.deploy(p)
        room = len(os.listdir("/proc/%d/fd" % p.process.pid)) + 10
        resource.prlimit(p.process.pid, resource.RLIMIT_NOFILE, (room, room))
        crowd = [socket.create_connection(("127.0.0.1", p.port), 10) for _ in range(100)]
        self.assertEqual(self.ended(client, self.start(client, "pass", "crowded"))["status"], "SUCCEEDED")
        for s in crowd:
            s.close()
        self.assertEqual(stage.Client(p.port, timeout=10).request("GET", "/healthz")[0], 200, "it listens again")
        self.works(client, "after")

    def test_a_wish_comes_while_the_end_of_its_execution_is_being_committed(self):
        c = self.cluster()
        p = self.pawld("--database", c.conninfo("pawl"), "--reactors", "1").start()
        client = self.deploy(p)
        arn = self.start(client, "wait", "ends")
        holder = threading.Thread(target=stage.sql, args=(  # no commit gets through
            c.conninfo("pawl"), "BEGIN; SELECT pg_sleep(0.5); LOCK TABLE pawl.journal IN SHARE MODE; SELECT pg_sleep(3); COMMIT"))
        holder.start()
        time.sleep(2.5)
        self.assertEqual(stage.sql(c.conninfo("pawl"), "SELECT pawl.stop_execution(pawl.execution_id('ends'))"), [("t",)])
        holder.join()
        self.assertEqual(self.ended(client, arn)["status"], "SUCCEEDED")
        stage.wait_until(lambda: stage.sql(c.conninfo("pawl"), "SELECT 1 FROM pawl.inbox") == [], 10, "an empty inbox")
        self.works(client, "after")
        self.assertTrue(p.alive())

    def test_a_table_is_locked_and_then_not(self):
        c = self.cluster()
        client = self.deploy(self.pawld("--database", c.conninfo("pawl"), "--reactors", "1").start())
        arn = self.start(client, "wait", "asleep")
        for table, mode in (("journal", "SHARE"), ("execution", "ACCESS EXCLUSIVE")):  # CREATE INDEX; VACUUM FULL
            with self.subTest(table):
                holder = threading.Thread(target=stage.sql, args=(
                    c.conninfo("pawl"), "BEGIN; LOCK TABLE pawl.%s IN %s MODE; SELECT pg_sleep(7); COMMIT" % (table, mode)))
                holder.start()
                time.sleep(0.5)
                self.assertIn("lock", self.unavailable(client, 5))
                if table == "journal":  # where the end of what slept cannot be written
                    stage.wait_until(lambda: self.lag(client) > 2, 10, "a gauge that tells how long a decision has waited")
                holder.join()
                self.ready(client, 1)  # not at the next of ever rarer tries
                self.works(client, "after-" + table)
        self.assertEqual(self.ended(client, arn)["status"], "SUCCEEDED")
        stage.wait_until(lambda: self.lag(client) == 0, 5, "nothing that waits for a commit")

    def lag(self, client):
        text = client.request("GET", "/metrics")[1]
        return max(float(line.split()[1]) for line in text.split("\n") if line.startswith("pawl_queue_lag_seconds{"))

    def test_the_registry_of_functions_cannot_be_read_for_a_while(self):
        c = self.cluster()
        client = self.deploy(self.pawld("--database", c.conninfo("pawl"), "--reactors", "1").start())
        client.deploy("short", {"StartAt": "T", "States": {"T": dict(CALL["States"]["T"], TimeoutSeconds=3)}})
        holder = threading.Thread(target=stage.sql, args=(
            c.conninfo("pawl"), "BEGIN; LOCK TABLE pawl.function IN ACCESS EXCLUSIVE MODE; SELECT pg_sleep(7); COMMIT"))
        holder.start()
        time.sleep(0.5)
        patient = [self.start(client, "call", "patient-%d" % i) for i in range(3)]
        short = self.start(client, "short", "short")
        self.assertEqual(self.ended(client, short, 6)["error"], "States.Timeout")
        holder.join()
        for arn in patient:
            self.assertEqual(self.ended(client, arn)["status"], "SUCCEEDED", "no error that it would have to retry")
        self.assertEqual(len(self.function.calls), 3)

    def test_a_second_answer_waits_for_what_becomes_of_the_first(self):
        c = self.cluster()
        p = self.pawld("--database", c.conninfo("pawl"), "--reactors", "1").start()
        client = self.deploy(p)
        stage.sql(c.conninfo("pawl"), """
            CREATE FUNCTION slow() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
                IF NEW.payloads::text LIKE '%slow%' THEN PERFORM pg_sleep(2); END IF; RETURN NEW; END $$;
            CREATE TRIGGER slow BEFORE INSERT ON pawl.journal FOR EACH ROW EXECUTE FUNCTION slow()""")
        status = "SELECT status FROM pawl.execution WHERE name = '%s'"

        def answer_twice(name, meanwhile):
            """What both callers are told, and the execution's status when the second one is."""
            calls = len(self.function.calls)
            self.start(client, "token", name)
            stage.wait_until(lambda: len(self.function.calls) > calls, 10, "the token")
            token = json.loads(self.function.calls[-1][1])["token"]
            told = []

            def answer(text):
                what = 200
                try:
                    stage.Client(p.port).aws("SendTaskSuccess", taskToken=token, output=text)
                except stage.Refused as e:
                    what = e.type
                told.append((what, stage.sql(c.conninfo("pawl"), status % name)[0][0]))
            first = threading.Thread(target=answer, args=('"slow"',))
            first.start()
            time.sleep(0.5)
            second = threading.Thread(target=answer, args=('"second"',))
            second.start()
            time.sleep(0.5)
            meanwhile()
            first.join(), second.join()
            return told, token
        told, _ = answer_twice("commits", lambda: None)
        self.assertEqual(sorted(told, key=str), [("TaskTimedOut", "SUCCEEDED"), (200, "SUCCEEDED")])

        told, token = answer_twice("breaks", lambda: stage.sql(
            c.conninfo("pawl"), "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'pawld write'"))
        self.assertEqual(told, [("ServiceUnavailable", "RUNNING")] * 2, "neither was recorded")
        self.ready(client)
        client.aws("SendTaskSuccess", taskToken=token, output='"third"')
        self.assertEqual(self.ended(client, stage.ARN + "execution:token:breaks")["output"], '"third"')

    def test_definitions_cannot_be_read_for_a_while(self):
        c = self.cluster()
        p = self.pawld("--database", c.conninfo("pawl"), "--reactors", "1").start()
        client = self.deploy(p)
        adopted = self.start(client, "wait", "adopted")
        p.kill()
        holder = threading.Thread(target=stage.sql, args=(
            c.conninfo("pawl"), "BEGIN; LOCK TABLE pawl.definition IN ACCESS EXCLUSIVE MODE; SELECT pg_sleep(6); COMMIT"))
        holder.start()
        p.start()
        stage.sql(c.conninfo("pawl"), "SELECT pawl.start_execution('pass', '{}', 'by-sql')")
        holder.join()
        self.assertEqual(self.ended(client, adopted)["status"], "SUCCEEDED")
        self.assertEqual(self.ended(client, stage.ARN + "execution:pass:by-sql")["status"], "SUCCEEDED")

    def test_an_open_transaction_holds_the_name_of_a_start(self):
        c = self.cluster()
        client = self.deploy(self.pawld("--database", c.conninfo("pawl"), "--reactors", "1").start())
        holder = threading.Thread(target=stage.sql, args=(
            c.conninfo("pawl"), "BEGIN; SELECT pawl.start_execution('pass', '{}', 'held'); SELECT pg_sleep(3); ROLLBACK"))
        holder.start()
        time.sleep(1)
        with self.assertRaises(stage.Refused) as refused:
            self.start(client, "pass", "held")
        self.assertEqual(refused.exception.status, 503)
        holder.join()
        self.assertEqual(self.ended(client, self.start(client, "pass", "held"))["status"], "SUCCEEDED")

    def test_thousands_of_starts_in_one_transaction_of_sql(self):
        c = self.cluster()
        p = self.pawld("--database", c.conninfo("pawl"), "--reactors", "1").start()
        self.deploy(p)
        stage.sql(c.conninfo("pawl"), "SELECT count(pawl.start_execution('pass')) FROM generate_series(1, 10000)")
        stage.wait_until(lambda: stage.sql(c.conninfo("pawl"), "SELECT 1 FROM pawl.execution WHERE status = 'RUNNING' LIMIT 1") == [],
                         15, "the end of all")  # at one poll a second, 500 each, it takes 20

    def test_an_endless_loop_leaves_the_others_their_turn(self):
        p = self.pawld("--data-dir", self.folder / "data", "--reactors", "1").start()
        client = self.deploy(p)
        client.deploy("loop", {"StartAt": "P", "States": {"P": {
            "Type": "Pass", "Parameters": {"x.$": "$.x", "y.$": "States.JsonToString($.x)"}, "ResultPath": "$.r", "Next": "P"}}})
        self.start(client, "loop", "loop", json.dumps({"x": list(range(10000))}))
        for i in range(3):
            began = time.time()
            self.works(client, "beside%d" % i)
            self.assertLess(time.time() - began, 5)
        self.assertLess(p.memory(), 500 << 20)

    def disk(self, name, megabytes):
        """A small disk of its own; a function that fills it, and one that makes room."""
        if not stage.ROOT:
            self.skipTest("a small disk is a tmpfs, and mounting one takes root")
        path = self.folder / name
        os.mkdir(path)
        r = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=%dm,mode=755" % megabytes, "none", path], capture_output=True, text=True)
        if r.returncode:
            self.skipTest("a small disk is a tmpfs, and this machine mounts none: " + r.stderr.strip())
        self.addCleanup(lambda: subprocess.run(["umount", "-l", path]))
        stage.give_to_server(path)
        filler = os.path.join(path, "filler")

        def fill():
            with open(filler, "ab", buffering=0) as f:
                for size in (1 << 20, 1 << 12):
                    try:
                        while True:
                            f.write(b"\0" * size)
                    except OSError:
                        pass
        return path, fill, lambda: os.unlink(filler)

    def test_the_disk_of_the_tables_is_full_and_then_not(self):
        path, fill, make_room = self.disk("small", 128)
        os.mkdir(self.folder / "wal")
        stage.give_to_server(self.folder / "wal")
        c = stage.Cluster(path, initdb=("-X", self.folder / "wal"))
        self.addCleanup(lambda: c.stop("immediate"))
        c.start()
        stage.sql(c.conninfo(), "CREATE DATABASE pawl")
        p = self.pawld("--database", c.conninfo("pawl")).start()
        client = self.deploy(p)
        asleep = [self.start(client, "wait", "asleep-%d" % i) for i in range(20)]
        fill()
        acknowledged = self.start_until_refused(p)
        self.assertIn("No space left", p.tail(200))
        self.assertIn("disk is full", p.tail(200))
        time.sleep(2)
        make_room()
        self.ready(client)
        self.works(client, "after")
        for arn in asleep + acknowledged:
            self.assertEqual(self.ended(client, arn)["status"], "SUCCEEDED", arn)

    def test_the_whole_disk_is_full_and_then_not(self):
        path, fill, make_room = self.disk("small", 160)
        p = self.pawld("--data-dir", os.path.join(path, "data")).start(120)
        client = self.deploy(p)
        asleep = [self.start(client, "wait", "asleep-%d" % i) for i in range(20)]
        fill()
        acknowledged = self.start_until_refused(p)
        time.sleep(2)
        make_room()
        self.ready(client, 60)
        self.works(client, "after")
        for arn in asleep + acknowledged:
            self.assertEqual(self.ended(client, arn)["status"], "SUCCEEDED", arn)

    def start_until_refused(self, pawld):
        """Large starts until the disk is full: who comes then waits for room, and whoever comes later is refused."""
        text = json.dumps({"noise": os.urandom(90000).hex()})
        client, acknowledged = stage.Client(pawld.port, timeout=5), []
        try:
            for i in range(2000):
                acknowledged.append(self.start(client, "pass", "large-%d" % i, text))
            self.fail("a full disk takes 2,000 large starts")
        except stage.Refused as e:
            self.assertEqual(e.status, 503, e)
        except stage.Broken:
            pass
        self.unavailable(stage.Client(pawld.port, timeout=5))
        return acknowledged


class WrongPlace(OnStage):
    def test_the_port_is_taken(self):
        c = self.cluster()
        first = self.pawld("--database", c.conninfo("pawl")).start()
        self.refuses(self.pawld("--database", c.conninfo("pawl"), name="second", port=first.port), str(first.port))
        self.assertTrue(first.alive())

    def test_the_data_directory_is_of_another_postgresql(self):
        p = self.pawld("--data-dir", self.folder / "data").start(120)
        self.assertEqual(p.stop(), 0)
        with open(self.folder / "data/postgres/PG_VERSION", "w") as f:
            f.write("14\n")
        self.refuses(p, "14")

    def test_the_data_directory_is_in_use(self):
        p = self.pawld("--data-dir", self.folder / "data").start(120)
        self.refuses(self.pawld("--data-dir", self.folder / "data", name="second"), "data")
        self.deploy(p)
        self.works(stage.Client(p.port), "still")

    def test_the_database_belongs_to_a_newer_pawld(self):
        c = self.cluster()
        p = self.pawld("--database", c.conninfo("pawl")).start()
        p.stop()
        columns = stage.sql(c.conninfo("pawl"), "SELECT column_name FROM information_schema.columns WHERE table_schema = 'pawl'"
                                                " AND table_name = 'migration' AND is_nullable = 'NO' AND column_default IS NULL")
        self.assertTrue(columns)
        stage.sql(c.conninfo("pawl"), "INSERT INTO pawl.migration SELECT (jsonb_populate_record(m, to_jsonb(m) || '{\"version\": 9999}')).*"
                                      " FROM pawl.migration m LIMIT 1")
        self.refuses(p, "newer")

    def test_the_options_are_wrong(self):
        for args in (["--no-such-option"], ["--listen", "nowhere"], ["--reactors", "many"], ["--listen", "0.0.0.0:0"],
                     ["--database", "hots=/tmp"], ["--database", "postgresql://[nowhere/x"]):
            with self.subTest(args=args):
                r = subprocess.run([os.path.join(BUILD, "pawld"), "--data-dir", self.folder / "never"] + args, capture_output=True, text=True, timeout=20)
                self.assertNotEqual(r.returncode, 0)
                self.assertTrue(r.stderr.strip())
                self.assertFalse(os.path.exists(self.folder / "never/postgres"), "a database was made for nothing")


class Goodbye(OnStage):
    def test_sigterm_ends_it_within_five_seconds_and_the_next_start_resumes(self):
        p = self.pawld("--data-dir", self.folder / "data").start(120)
        client = self.deploy(p)
        self.function.delay, self.function.answer = 8, b'"late"'
        running = [self.start(client, "call", "slow-%d" % i) for i in range(10)]
        asleep = [self.start(client, "wait", "asleep-%d" % i) for i in range(10)]
        stage.wait_until(lambda: len(self.function.calls) == 10, 10, "the calls")
        waiting = subprocess.Popen([sys.executable, "-c", "import urllib.request as u; u.urlopen(u.Request('http://127.0.0.1:%d/api/state-machines/call"
                                    "/executions/slow-0?wait=60'))" % p.port], stderr=subprocess.DEVNULL)
        self.addCleanup(lambda: (waiting.kill(), waiting.wait()))
        time.sleep(0.3)
        began = time.monotonic()
        self.assertEqual(p.stop(10), 0)
        self.assertLess(time.monotonic() - began, 5)
        waiting.wait(5)
        self.assertIsNone(stage.PrivateCluster(self.folder / "data").pid(), "PostgreSQL was stopped with it")

        first = {key for key, _ in self.function.calls}
        self.function.delay = 0
        p.start(60)
        for arn in running:
            self.assertEqual(self.ended(client, arn)["output"], '"late"')
        for arn in asleep:
            self.assertEqual(self.ended(client, arn)["status"], "SUCCEEDED")
        self.assertEqual({key for key, _ in self.function.calls}, first, "a call that is sent again bears the same key")

    def test_sigterm_loses_no_call_that_is_made_at_most_once(self):
        p = self.pawld("--data-dir", self.folder / "data", "--reactors", "1").start()
        client = self.deploy(p)
        once = {"Type": "Task", "Resource": LAMBDA + "f", "Delivery": "AtMostOnce"}
        client.deploy("once", {"StartAt": "A", "States": {"A": dict(once, Next="B"), "B": dict(once, Next="A")}})
        running = [self.start(client, "once", "once%d" % i) for i in range(10)]
        time.sleep(0.3)
        self.assertEqual(p.stop(), 0)  # in the midst of fast calls: what is answered is recorded, and no new one is begun
        client = stage.Client(p.start().port)
        time.sleep(1)
        self.assertEqual([client.aws("DescribeExecution", executionArn=arn)["status"] for arn in running], ["RUNNING"] * 10)

    def test_sigterm_withholds_what_waits_for_its_turn_and_is_called_at_most_once(self):
        p = self.pawld("--data-dir", self.folder / "data", "--reactors", "1").start(120)
        client = self.deploy(p)
        client.function("f", self.function.url, maxConcurrency=1)
        client.deploy("once", {"StartAt": "T", "States": {"T": dict(CALL["States"]["T"], Delivery="AtMostOnce")}})
        self.function.delay = 1
        arns = [self.start(client, "once", "once-%d" % i) for i in range(5)]
        stage.wait_until(lambda: self.function.calls, 10, "the first call")
        self.assertEqual(p.stop(), 0)
        self.assertEqual(len(self.function.calls), 1)
        self.function.delay = 0
        p.start(60)
        for arn in arns:
            self.assertEqual(self.ended(client, arn)["status"], "SUCCEEDED")
        self.assertEqual(len({key for key, _ in self.function.calls}), 5)
        self.assertEqual(len(self.function.calls), 5, "each once")
        self.assertEqual(stage.sql(stage.PrivateCluster(self.folder / "data").conninfo(), "SELECT * FROM pawl.stalled"), [])

    def test_sigterm_ends_one_that_waits_for_another_to_migrate(self):
        c = self.cluster()
        holder = subprocess.Popen(stage.as_server_user(["psql", "-XqAt", "-d", c.conninfo("pawl")]), stdin=subprocess.PIPE,
                                  stdout=subprocess.PIPE, cwd="/", text=True)
        self.addCleanup(holder.communicate)
        holder.stdin.write("SELECT pg_advisory_lock(%d, 0);\n" % 0x7061776c)
        holder.stdin.flush()
        holder.stdout.readline()
        p = self.pawld("--database", c.conninfo("pawl")).start(wait=0)
        stage.wait_until(lambda: "waiting for it" in p.tail(), 10, "pawld waiting for its turn")
        self.alive_at_once(p)
        self.ends_when_asked(p)
        p.start(wait=0)
        time.sleep(0.5)
        holder.communicate("SELECT pg_advisory_unlock_all();\n")
        p.wait_for_line(20)
        self.works(self.deploy(p), "after")

    def test_sigterm_ends_one_whose_postgresql_is_being_made(self):
        p = self.pawld("--data-dir", self.folder / "data").start(wait=0)
        stage.wait_until(lambda: os.path.exists(self.folder / "data/postgres.new/PG_VERSION"), 20, "initdb at work", 0.01)
        self.alive_at_once(p)
        self.ends_when_asked(p)
        p.start(60)
        self.works(self.deploy(p), "after")

    def test_sigterm_ends_one_whose_postgresql_hangs(self):
        p = self.pawld("--data-dir", self.folder / "data").start(60)
        client = self.deploy(p)
        arn = self.start(client, "wait", "asleep")
        server = stage.descendants(stage.PrivateCluster(self.folder / "data").pid())
        self.addCleanup(lambda: stage.kill_tree(server[0]))
        for pid in server:
            os.kill(pid, signal.SIGSTOP)
        time.sleep(2.5)  # the end of what slept is being committed, or tries to
        self.ends_when_asked(p)
        for pid in server:
            os.kill(pid, signal.SIGCONT)
        p.start(60)
        self.assertEqual(self.ended(client, arn)["status"], "SUCCEEDED")

    def test_sigterm_gives_the_lease_back(self):
        c = self.cluster()
        one = self.pawld("--database", c.conninfo("pawl"), name="one").start()
        other = self.pawld("--database", c.conninfo("pawl"), name="other").start()
        client = self.deploy(one)
        arn = self.start(client, "wait", "inherited")
        self.assertEqual(one.stop(10), 0)
        self.assertEqual(self.ended(stage.Client(other.port), arn, 10)["status"], "SUCCEEDED")


def nested(depth):
    return "[" * depth + "]" * depth


# says, the text, is it accepted?
PAYLOADS = (
    ("a NUL, escaped", r'{"a":"x\u0000y"}', True),
    ("a NUL in a member's name", r'{"a\u0000":1}', True),
    ("a lone surrogate", r'{"a":"\ud800"}', True),
    ("a lone surrogate in a member's name", r'{"\udc00":1}', True),
    ("a surrogate pair the wrong way round", r'["\udc00\ud800"]', True),
    ("200 levels of nesting", nested(200), True),
    ("2,000 levels of nesting", nested(2000), False),
    ("100,000 levels of nesting", nested(100000), False),
    ("a number of 1 MB", "1" * (1 << 20), False),
    ("a number of 2,000 digits", "1" * 2000, False),
    ("a number beyond double", '{"n":1e400}', True),
    ("a number of 300 digits", '{"n":' + "9" * 300 + "}", True),
    ("a negative zero", '{"n":-0}', True),
    ("duplicate keys", '{"a":1,"a":2}', True),
    ("an empty key", '{"":1}', True),
    ("an empty text", "", False),
    ("blanks alone", "  ", False),
    ("no JSON", "nope", False),
    ("half of an object", '{"a":', False),
    ("a comma too many", '{"a":1,}', False),
    ("something behind the end", "{} {}", False),
    ("NaN", "NaN", False),
    ("a raw control character", '{"a":"\x01"}', False),
    ("a byte order mark", "\ufeff{}", False),
    ("a plain string", '"text"', True),
    ("null", "null", True),
    ("the largest that is allowed", '"' + "x" * (DATA_LIMIT - 2) + '"', True),
    ("one byte more than allowed", '"' + "x" * (DATA_LIMIT - 1) + '"', False),
)
BYTES = (  # not even UTF-8: only where bytes can be sent as they are
    ("half a character", b'{"a":"\xc3"}'),
    ("an overlong slash", b'{"a":"\xc0\xaf"}'),
    ("a surrogate as UTF-8", b'{"a":"\xed\xa0\x80"}'),
    ("a raw NUL", b'{"a":"\x00"}'),
    ("four bytes beyond Unicode", b'["\xf4\x90\x80\x80"]'),
)


def same(sent, got):
    """The text came through as it was; or, where it was looked at, its value did (the last of duplicate keys)."""
    return sent == got or json.loads(sent) == json.loads(got)


class HostilePayloads(OnStage):
    """Each at every place where a payload enters. One pawld takes them all, and must be there at the end."""

    @classmethod
    def setUpClass(cls):
        place = stage.Folder("hostile")
        cls.addClassCleanup(place.remove)
        cls.one = stage.Pawld(os.path.join(BUILD, "pawld"), place / "pawld.log", ["--data-dir", place / "data"])
        cls.addClassCleanup(cls.one.stop, 30)
        cls.one.start(120)

    def setUp(self):
        super().setUp()
        self.client = self.deploy(self.one)
        self.number = 0

    def tearDown(self):
        self.function.answer = b"{}"
        self.works(self.client, self.name())

    def name(self):
        self.number += 1
        return "%s-%d" % (self._testMethodName[-40:], self.number)

    def refused(self, status, body, *types):
        self.assertEqual(status, 400 if "__type" in body or status == 400 else 413, body[:300])
        fields = json.loads(body)
        self.assertIn((fields.get("__type") or fields.get("error")).split("#")[-1], types)
        self.assertTrue(fields["message"])

    def test_as_the_input_of_startexecution(self):
        for machine in ("pass", "look"):
            for says, text, accepted in PAYLOADS:
                with self.subTest(says, machine=machine):
                    status, body = self.client.request("POST", "/", {"stateMachineArn": stage.ARN + "stateMachine:" + machine, "input": text,
                                                                     "name": self.name()}, {"X-Amz-Target": "AWSStepFunctions.StartExecution"})
                    if not accepted:
                        self.refused(status, body, "InvalidExecutionInput", "ValidationException", "SerializationException")
                        continue
                    self.assertEqual(status, 200, body[:300])
                    end = self.ended(self.client, json.loads(body)["executionArn"])
                    if machine == "look" and len(text) == DATA_LIMIT:  # which puts it into an object: that is too large
                        self.assertEqual(end["error"], "States.DataLimitExceeded")
                        continue
                    self.assertEqual(end["status"], "SUCCEEDED", end.get("cause"))
                    if "\\ud" not in text and "\\u0000" not in text:  # what json-c makes of those is said by json.h
                        self.assertTrue(same(text, end["output"]), end["output"][:100])

    def test_as_the_body_of_a_start_by_rest(self):
        for says, text, accepted in PAYLOADS + tuple((s, b, False) for s, b in BYTES):
            if text == "":  # no body is no input: {}
                continue
            with self.subTest(says):
                data = text if isinstance(text, bytes) else text.encode()
                status, body = self.client.request("POST", "/api/state-machines/pass/executions?wait=20&name=" + self.name(), data)
                if not accepted:
                    self.refused(status, body, "InvalidExecutionInput", "ValidationException", "SerializationException", "RequestEntityTooLarge")
                    continue
                self.assertEqual(status, 200, body[:300])
                self.assertEqual(self.client.request("GET", "/healthz")[0], 200)

    def test_as_the_answer_of_a_function(self):
        for says, text, accepted in PAYLOADS + tuple((s, b, False) for s, b in BYTES):
            with self.subTest(says):
                self.function.answer = text if isinstance(text, bytes) else text.encode()
                end = self.ended(self.client, self.start(self.client, "call", self.name()))
                nothing = not self.function.answer.strip()  # a function that has nothing to say says null
                if accepted or nothing:
                    self.assertEqual(end["status"], "SUCCEEDED", end.get("cause"))
                    self.assertEqual(end["output"], "null" if nothing else text)
                else:
                    self.assertEqual(end["status"], "FAILED")
                    large = len(self.function.answer) > DATA_LIMIT
                    self.assertEqual(end["error"], "States.DataLimitExceeded" if large else "Lambda.Unknown")
                    self.assertTrue(end["cause"])

    def test_as_the_output_of_a_callback(self):
        for says, text, accepted in PAYLOADS:
            with self.subTest(says):
                calls = len(self.function.calls)
                arn = self.start(self.client, "token", self.name())
                stage.wait_until(lambda: len(self.function.calls) > calls, 10, "the token")
                token = json.loads(self.function.calls[-1][1])["token"]
                status, body = self.client.request("POST", "/", {"taskToken": token, "output": text}, {"X-Amz-Target": "AWSStepFunctions.SendTaskSuccess"})
                if not accepted:
                    self.refused(status, body, "InvalidOutput", "ValidationException", "SerializationException")
                    self.client.aws("SendTaskFailure", taskToken=token, error="Told", cause="so")
                    self.assertEqual(self.ended(self.client, arn)["error"], "Told")
                    continue
                self.assertEqual(status, 200, body[:300])
                end = self.ended(self.client, arn)
                self.assertEqual((end["status"], end.get("output")), ("SUCCEEDED", text))

    def test_as_the_body_of_a_request(self):
        for says, data in BYTES + tuple((s, t.encode()) for s, t, _ in PAYLOADS):
            for target in ("StartExecution", "CreateStateMachine", "SendTaskSuccess", "ListExecutions", "NoSuchOperation"):
                with self.subTest(says, target=target):
                    status, body = self.client.request("POST", "/", data, {"X-Amz-Target": "AWSStepFunctions." + target})
                    self.assertIn(status, (400, 413), body[:300])
                    self.assertTrue(json.loads(body)["__type"])

    def test_as_error_and_cause(self):
        texts = ("\x00", "\ud800", "\U0010ffff", "x" * 32768, "'; DROP TABLE pawl.journal; --", "\u2028\u202e", "\\", '"')
        for text in texts:
            with self.subTest(text[:20]):
                arn = self.start(self.client, "wait", self.name())
                status, body = self.client.request("POST", "/", {"executionArn": arn, "error": text[:256], "cause": text},
                                                   {"X-Amz-Target": "AWSStepFunctions.StopExecution"})
                self.assertEqual(status, 200, body)
                end = self.ended(self.client, arn)
                self.assertEqual(end["status"], "ABORTED")
                if "\x00" in text or "\ud800" in text:  # PostgreSQL's text has no place for these
                    self.assertEqual((end["error"], end["cause"]), ("\ufffd", "\ufffd"))
                else:
                    self.assertEqual((end["error"], end["cause"]), (text[:256], text))


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
