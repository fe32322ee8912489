#!/usr/bin/env python3
"""TestState on the built pawld: both protocols, real calls, and nothing of it stored.

What each state and mock answers is tests/spec/trial.  test_trial.py BUILD-FOLDER [NAME...]
"""
import http.client
import http.server
import json
import os
import select
import sys
import threading
import unittest

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), os.pardir, "support"))
import stage  # noqa: E402

BUILD = "build"
ROLE = "arn:aws:iam::000000000000:role/test"
PASS = {"Type": "Pass", "Next": "Elsewhere"}


def task(resource="echo", **more):
    if "/" not in resource:
        resource = "arn:aws:lambda:us-east-1:000000000000:function:" + resource
    return dict({"Type": "Task", "Resource": resource, "End": True}, **more)


class Functions:
    """/echo gives back what it got, /fail fails, /slow answers when it is released; calls holds each one's headers."""

    def __init__(self):
        outer = self
        self.calls, self.news, self.released = [], threading.Condition(), threading.Event()

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self):
                body = self.rfile.read(int(self.headers["Content-Length"]))
                with outer.news:
                    outer.calls.append(dict(self.headers))
                    outer.news.notify_all()
                if self.path == "/slow":
                    outer.released.wait(60)
                self.send_response(200)
                if self.path == "/fail":
                    self.send_header("X-Amz-Function-Error", "Unhandled")
                    body = b'{"errorType": "Broken", "errorMessage": "it is"}'
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                try:
                    self.wfile.write(body)
                except OSError:
                    pass

            def log_message(self, *args):
                pass

        class Server(http.server.ThreadingHTTPServer):
            request_queue_size = 512

        self.server = Server(("127.0.0.1", 0), Handler)
        threading.Thread(target=self.server.serve_forever, daemon=True).start()
        self.url = "http://127.0.0.1:%d/" % self.server.server_address[1]

    def called(self, n):
        """Waits for the call number n, from 0."""
        with self.news:
            if not self.news.wait_for(lambda: len(self.calls) > n, 20 * stage.SLOW):
                raise TimeoutError("no function was called")
            return self.calls[n]

    def close(self):
        self.released.set()
        self.server.shutdown()
        self.server.server_close()


def setUpModule():
    global pawld, functions, folder
    folder = stage.Folder("trial")
    unittest.addModuleCleanup(folder.remove)
    pawld = stage.Pawld(os.path.join(BUILD, "pawld"), folder / "log", ["--data-dir", folder / "data", "--reactors", "2"])
    unittest.addModuleCleanup(pawld.stop)
    pawld.start()
    functions = Functions()
    unittest.addModuleCleanup(functions.close)
    client = stage.Client(pawld.port)
    for name in "echo", "fail", "slow":
        client.function(name, functions.url + name)
    client.close()


class Trials(unittest.TestCase):
    def setUp(self):
        self.client = stage.Client(pawld.port)
        self.addCleanup(self.client.close)
        functions.calls.clear()

    def aws(self, definition, **more):
        for member in "input", "context":
            if member in more:
                more[member] = json.dumps(more[member])
        return self.client.aws("TestState", definition=json.dumps(definition), **dict({"roleArn": ROLE}, **more))

    def rest(self, definition, **more):
        return self.client.rest("POST", "/api/test-state", dict(more, definition=definition))

    def refuses(self, name, message, definition=PASS, **more):
        with self.assertRaises(stage.Refused) as caught:
            self.aws(definition, **more)
        self.assertEqual((caught.exception.status, caught.exception.type, caught.exception.message), (400, name, message))


class Doors(Trials):
    def test_in_the_api_of_the_service_json_is_text(self):
        got = self.aws(PASS, input={"n": 1}, inspectionLevel="DEBUG")
        self.assertEqual(got["inspectionData"]["afterInputPath"], '{"n": 1}')
        self.assertEqual((got["status"], got["output"], got["nextState"]), ("SUCCEEDED", '{"n": 1}', "Elsewhere"))

    def test_in_rest_it_is_json(self):
        self.assertEqual(self.rest(PASS, input={"n": 1}), {"status": "SUCCEEDED", "output": {"n": 1}, "nextState": "Elsewhere"})
        got = self.rest(task(), mock={"result": None}, inspectionLevel="DEBUG")
        self.assertEqual((got["output"], got["inspectionData"]["result"]), (None, None))

    def test_a_state_of_a_machine(self):
        machine = {"StartAt": "A", "States": {"A": {"Type": "Pass", "Next": "B"}, "B": {"Type": "Fail", "Error": "E", "Cause": "c"}}}
        self.assertEqual(self.aws(machine, stateName="B"), {"status": "FAILED", "error": "E", "cause": "c"})

    def test_a_mock_of_each_kind(self):
        self.assertEqual(self.aws(task(), mock={"result": "[1]"})["output"], "[1]")
        got = self.aws(task(Catch=[{"ErrorEquals": ["E"], "Next": "N"}]), mock={"errorOutput": {"error": "E", "cause": "c"}})
        self.assertEqual((got["status"], got["nextState"], got["error"], got["cause"]), ("CAUGHT_ERROR", "N", "E", "c"))
        self.assertEqual(functions.calls, [])

    def test_what_is_refused(self):
        self.refuses("InvalidArn", "Invalid Role Arn: 'none'", roleArn="none")
        self.refuses("ValidationException", "State not found in definition", {"StartAt": "P", "States": {"P": {"Type": "Succeed"}}}, stateName="X")
        self.refuses("InvalidDefinition", "Invalid State Machine Definition: 'SCHEMA_VALIDATION_FAILED: Exactly one of these fields "
                     "is required: [Next, End] at /States/StateName'", {"Type": "Pass"})
        self.refuses("ValidationException", "1 validation error detected: Value 'ALL' at 'inspectionLevel' failed to satisfy constraint: "
                     "Member must satisfy enum value set: [INFO, DEBUG, TRACE]", inspectionLevel="ALL")
        self.refuses("ValidationException", "1 validation error detected: Value 'SOME' at 'mock.fieldValidationMode' failed to satisfy "
                     "constraint: Member must satisfy enum value set: [STRICT, PRESENT, NONE]", task(), mock={"result": "1", "fieldValidationMode": "SOME"})
        self.refuses("ValidationException", "Mocked result must be valid JSON", task(), mock={"result": "one"})
        self.refuses("ValidationException", "RoleArn must be specified when testing a Task state", task(), roleArn=None)
        self.refuses("SerializationException", "errorOutput: STRING_VALUE can not be converted to a Structure", task(), mock={"errorOutput": "x"})

    def test_an_input_that_is_not_json(self):
        with self.assertRaises(stage.Refused) as caught:
            self.client.aws("TestState", definition=json.dumps(PASS), input="none")
        self.assertEqual(caught.exception.type, "InvalidExecutionInput")
        self.assertIn("Unrecognized token 'none'", caught.exception.message)

    def test_the_prefix_of_sdks(self):
        c = http.client.HTTPConnection("127.0.0.1", pawld.port)
        c.request("POST", "/", json.dumps({"definition": json.dumps(PASS)}),
                  {"X-Amz-Target": "AWSStepFunctions.TestState", "Content-Type": "application/x-amz-json-1.0",
                   "Host": "sync-localhost:%d" % pawld.port})
        r = c.getresponse()
        self.assertEqual((r.status, json.loads(r.read())["status"]), (200, "SUCCEEDED"))
        c.close()


class Calls(Trials):
    def test_a_function_is_called_once_as_in_an_execution(self):
        got = self.aws(task(Parameters={"m.$": "$.n"}), input={"n": 7}, inspectionLevel="DEBUG")
        self.assertEqual((got["status"], json.loads(got["output"])), ("SUCCEEDED", {"m": 7}))
        self.assertEqual(json.loads(got["inspectionData"]["result"]), {"m": 7})
        headers = functions.called(0)
        self.assertEqual((headers["Pawl-State"], headers["Pawl-Attempt"]), ("StateName", "1"))
        self.assertIn(":express:", headers["Pawl-Execution"])
        self.assertEqual(len(functions.calls), 1)

    def test_each_trial_has_keys_of_its_own(self):
        self.rest(task())
        self.rest(task())
        self.assertNotEqual(functions.called(0)["Idempotency-Key"], functions.called(1)["Idempotency-Key"])

    def test_a_url(self):
        self.assertEqual(self.rest(task(functions.url + "echo"), input=[1])["output"], [1])

    def test_trace_shows_what_went_over_the_wire(self):
        url = functions.url.replace("http://", "http://me:secret@") + "echo"
        got = self.aws(task(url), input=[1], inspectionLevel="TRACE")["inspectionData"]
        self.assertEqual((got["request"]["protocol"], got["request"]["method"], got["request"]["body"]), ("http", "POST", "[1]"))
        self.assertEqual(got["request"]["url"], functions.url + "echo")
        self.assertRegex(got["request"]["headers"], r"^\[Idempotency-Key: .*, Content-Type: application/json\]$")
        self.assertEqual((got["response"]["statusCode"], got["response"]["statusMessage"], got["response"]["body"]), ("200", "OK", "[1]"))
        self.assertRegex(got["response"]["headers"], r"^\[.*Content-Length: 3.*\]$")
        got = self.aws(task(url), input=[1], inspectionLevel="TRACE", revealSecrets=True)["inspectionData"]
        self.assertIn("secret", got["request"]["url"])
        for definition, level in (task(url), "DEBUG"), (task(), "TRACE"):
            got = self.aws(definition, input=[1], inspectionLevel=level)["inspectionData"]
            self.assertNotIn("request", got)
            self.assertNotIn("response", got)

    def test_trace_of_a_call_that_nobody_answers(self):
        got = self.aws(task("http://127.0.0.1:1/"), inspectionLevel="TRACE")["inspectionData"]
        self.assertEqual(got["request"]["url"], "http://127.0.0.1:1/")
        self.assertNotIn("response", got)

    def test_failures(self):
        got = self.rest(task("fail", Retry=[{"ErrorEquals": ["Broken"], "IntervalSeconds": 7}]), inspectionLevel="DEBUG")
        self.assertEqual((got["status"], got["error"]), ("RETRIABLE", "Broken"))
        self.assertEqual(got["inspectionData"]["errorDetails"], {"retryIndex": 0, "retryBackoffIntervalSeconds": 7})
        self.assertEqual(self.rest(task("none"))["error"], "Lambda.ResourceNotFoundException")
        self.assertEqual(self.rest(task("http://127.0.0.1:1/"))["error"], "States.Http.Socket")

    def test_a_timeout(self):
        got = self.rest(task("slow", TimeoutSeconds=1, Catch=[{"ErrorEquals": ["States.Timeout"], "Next": "Late"}]))
        self.assertEqual((got["status"], got["error"], got["nextState"]), ("CAUGHT_ERROR", "States.Timeout", "Late"))

    def test_a_caller_who_leaves_is_forgotten(self):
        for i in range(5):
            c = http.client.HTTPConnection("127.0.0.1", pawld.port)
            c.request("POST", "/api/test-state", json.dumps({"definition": task("slow")}))
            functions.called(i)
            c.close()
        self.assertEqual(self.rest(task())["status"], "SUCCEEDED")

    def test_nothing_is_stored(self):
        self.rest(task())
        self.assertEqual(self.client.rest("GET", "/api/executions")["executions"], [])
        self.assertEqual(self.client.rest("GET", "/api/state-machines")["stateMachines"], [])
        database = stage.PrivateCluster(folder / "data").conninfo()
        self.assertEqual(stage.sql(database, "SELECT (SELECT count(*) FROM pawl.journal), (SELECT count(*) FROM pawl.execution)"), [("0", "0")])


class Many(Trials):
    def test_so_many_at_once_and_no_more(self):
        """Two reactors, 100 each: of 250 that wait for their function 50 at least are told to come again."""
        clients, body = [], json.dumps({"definition": task("slow")})
        self.addCleanup(functions.released.clear)
        for _ in range(250):
            c = http.client.HTTPConnection("127.0.0.1", pawld.port, timeout=60 * stage.SLOW)
            c.request("POST", "/api/test-state", body)
            clients.append(c)
        sockets = [c.sock for c in clients]
        stage.wait_until(lambda: len(select.select(sockets, [], [], 0)[0]) >= 50, 30, "50 answers")
        functions.released.set()
        statuses = [c.getresponse().status for c in clients]
        for c in clients:
            c.close()
        self.assertEqual(sorted(set(statuses)), [200, 503])
        self.assertGreaterEqual(statuses.count(503), 50)
        self.assertEqual(self.rest(PASS)["status"], "SUCCEEDED")


class Stopping(unittest.TestCase):
    def test_who_waits_for_a_call_is_told_that_pawld_stops(self):
        own = stage.Folder("trial-stop")
        self.addCleanup(own.remove)
        server = stage.Pawld(os.path.join(BUILD, "pawld"), own / "log", ["--data-dir", own / "data"])
        self.addCleanup(server.stop)
        server.start()
        answer, before = [], len(functions.calls)
        body = json.dumps({"definition": task(functions.url + "slow")})

        def ask():
            c = http.client.HTTPConnection("127.0.0.1", server.port)
            c.request("POST", "/api/test-state", body)
            answer.append(c.getresponse().status)
            c.close()

        asker = threading.Thread(target=ask)
        asker.start()
        functions.called(before)
        server.stop()
        asker.join(20)
        self.assertEqual(answer, [503])


if __name__ == "__main__":
    if len(sys.argv) > 1:
        BUILD = os.path.abspath(sys.argv[1])
    wanted = sys.argv[2:]
    unittest.main(argv=["test_trial"] + [w for name in wanted for w in ("-k", name)], warnings="ignore")
