#!/usr/bin/env python3
"""The doors, on the built pawld: both protocols, their errors, pages, waiting, live events, hostile clients.

test_api.py BUILD-FOLDER [NAME...]: everything, or the tests whose names hold one of NAME.
"""
import http.client
import http.server
import json
import os
import re
import socket
import sys
import threading
import time
import unittest
import urllib.parse

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), os.pardir, "support"))
import stage  # noqa: E402

BUILD = "build"
ROLE = "arn:aws:iam::000000000000:role/test"
MACHINE, EXECUTION = stage.ARN + "stateMachine:", stage.ARN + "execution:"
INPUT_MAX = 262144

PASS = {"StartAt": "P", "States": {"P": {"Type": "Pass", "End": True}}}
FAIL = {"StartAt": "F", "States": {"F": {"Type": "Fail", "Error": "Nope", "Cause": "because"}}}
WAIT = {"StartAt": "W", "States": {"W": {"Type": "Wait", "Seconds": 600, "End": True}}}
SECOND = {"StartAt": "W", "States": {"W": {"Type": "Wait", "Seconds": 1, "Next": "P"}, "P": {"Type": "Pass", "End": True}}}
VARIABLES = {"StartAt": "A", "States": {
    "A": {"Type": "Pass", "Assign": {"x.$": "$", "y": [1, "two"]}, "Next": "B \"b\""},
    "B \"b\"": {"Type": "Map", "ItemsPath": "$y", "Assign": {"z.$": "States.Array($x, $y)"}, "End": True, "ItemProcessor": {
        "StartAt": "I", "States": {"I": {"Type": "Pass", "OutputPath": "$y[1]", "End": True}}}}}}
TOKEN = {"StartAt": "T", "States": {"T": {
    "Type": "Task", "Resource": "arn:aws:states:::lambda:invoke.waitForTaskToken", "TimeoutSeconds": 60, "End": True,
    "Parameters": {"FunctionName": "tokens", "Payload": {"token.$": "$$.Task.Token"}}}}}


def chain(n):
    """n Pass states one after another: 2n + 2 events."""
    states = {"S%d" % i: {"Type": "Pass", "Next": "S%d" % (i + 1)} for i in range(n - 1)}
    states["S%d" % (n - 1)] = {"Type": "Pass", "End": True}
    return {"StartAt": "S0", "States": states}


class Tokens:
    """A function that keeps the task tokens that it is called with."""

    def __init__(self):
        outer = self
        self.got, self.news = [], threading.Condition()

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self):
                token = json.loads(self.rfile.read(int(self.headers["Content-Length"])))["token"]
                self.send_response(200)
                self.send_header("Content-Length", "2")
                self.end_headers()
                self.wfile.write(b"{}")
                with outer.news:
                    outer.got.append(token)
                    outer.news.notify_all()

            def log_message(self, *args):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=self.server.serve_forever, daemon=True).start()
        self.url = "http://127.0.0.1:%d/" % self.server.server_address[1]

    def next(self, n):
        with self.news:
            if not self.news.wait_for(lambda: len(self.got) > n, 20):
                raise TimeoutError("no task token came")
            return self.got[n]


def setUpModule():
    global pawld, tokens
    folder = stage.Folder("api")
    unittest.addModuleCleanup(folder.remove)
    pawld = stage.Pawld(os.path.join(BUILD, "pawld"), folder / "log", ["--data-dir", folder / "data", "--reactors", "2"])
    unittest.addModuleCleanup(pawld.stop)
    pawld.start()
    tokens = Tokens()
    unittest.addModuleCleanup(tokens.server.server_close)
    unittest.addModuleCleanup(tokens.server.shutdown)
    client = stage.Client(pawld.port)
    client.function("tokens", tokens.url)
    for name, definition in {"pass": PASS, "fail": FAIL, "wait": WAIT, "second": SECOND, "token": TOKEN}.items():
        client.deploy(name, definition)
    client.close()


class Doors(unittest.TestCase):
    fresh = 0

    def setUp(self):
        self.client = stage.Client(pawld.port)
        self.addCleanup(self.client.close)
        self.aws, self.rest = self.client.aws, self.client.rest

    def name(self, prefix="n"):
        Doors.fresh += 1
        return "%s-%d" % (prefix, Doors.fresh)

    def refused(self, what, *args, **params):
        with self.assertRaises(stage.Refused) as caught:
            what(*args, **params)
        return caught.exception

    def refuses(self, name, operation, message=None, status=400, /, **params):
        e = self.refused(self.aws, operation, **params)
        self.assertEqual((e.type, e.status), (name, status), e.message)
        if message is not None:
            self.assertEqual(e.message, message)

    def rest_refuses(self, status, name, method, path, body=None):
        e = self.refused(self.rest, method, path, body)
        self.assertEqual((e.status, e.type), (status, name), e.message)
        self.assertTrue(e.message)
        return e.message

    def create(self, definition=PASS, **more):
        name = self.name("machine")
        text = definition if isinstance(definition, str) else json.dumps(definition)
        return self.aws("CreateStateMachine", name=name, definition=text, roleArn=ROLE, **more)["stateMachineArn"]

    def start(self, machine, **more):
        arn = machine if machine.startswith("arn:") else MACHINE + machine
        return self.aws("StartExecution", stateMachineArn=arn, **more)["executionArn"]

    def run_to_end(self, machine, text="{}", **more):
        path = "/api/state-machines/%s/executions?wait=30" % machine
        for key, value in more.items():
            path += "&%s=%s" % (key, urllib.parse.quote(value))
        return self.rest("POST", path, text.encode())

    def raw(self, data, close=True):
        """What the server says to these bytes, until it closes or falls silent."""
        with socket.create_connection(("127.0.0.1", pawld.port), 10) as s:
            s.settimeout(3)
            out = b""
            try:
                s.sendall(data)
                if close:
                    s.shutdown(socket.SHUT_WR)
                while True:
                    part = s.recv(65536)
                    if not part:
                        break
                    out += part
            except OSError:  # silent, or closed on us
                pass
            return out.decode("utf-8", "replace")


class StateMachines(Doors):
    def test_create_describe_delete(self):
        text = '{ "StartAt": "P",\n "States": {"P": {"Type": "Pass", "End": true}}}'
        arn = self.create(text)
        got = self.aws("DescribeStateMachine", stateMachineArn=arn)
        self.assertEqual(got.pop("creationDate") > 1.7e9, True)
        self.assertEqual(got, {
            "stateMachineArn": arn, "name": arn.rsplit(":", 1)[1], "status": "ACTIVE", "type": "STANDARD", "roleArn": ROLE,
            "definition": text, "loggingConfiguration": {"includeExecutionData": False, "level": "OFF"},
            "tracingConfiguration": {"enabled": False}})
        self.assertEqual(self.aws("DescribeStateMachine", stateMachineArn=arn, includedData="METADATA_ONLY")["definition"], "{}")
        self.assertEqual(self.aws("DeleteStateMachine", stateMachineArn=arn), {})
        self.refuses("StateMachineDoesNotExist", "DescribeStateMachine", "State Machine Does Not Exist: '%s'" % arn, stateMachineArn=arn)
        self.refuses("StateMachineDoesNotExist", "StartExecution", stateMachineArn=arn)
        self.assertEqual(self.aws("DeleteStateMachine", stateMachineArn=arn), {}, "twice is no error")

    def test_a_description_tells_who_reads_which_variables(self):
        arn = self.create(VARIABLES)
        reads = {"B \"b\"": ["x", "y"], "I": ["y"]}
        self.assertEqual(self.aws("DescribeStateMachine", stateMachineArn=arn)["variableReferences"], reads)
        execution = self.start(arn)
        self.assertEqual(self.aws("DescribeStateMachineForExecution", executionArn=execution)["variableReferences"], reads)
        self.assertEqual(self.rest("GET", "/api/state-machines/" + arn.rsplit(":", 1)[1])["variableReferences"], reads)
        self.assertNotIn("variableReferences", self.aws("DescribeStateMachine", stateMachineArn=arn, includedData="METADATA_ONLY"))
        self.aws("UpdateStateMachine", stateMachineArn=arn, definition=json.dumps(PASS))
        self.assertNotIn("variableReferences", self.aws("DescribeStateMachine", stateMachineArn=arn))
        self.assertEqual(self.aws("DescribeStateMachineForExecution", executionArn=execution)["variableReferences"], reads)

    def test_creating_the_same_again_answers_the_first(self):
        name = self.name("machine")
        params = dict(name=name, definition=json.dumps(PASS), roleArn=ROLE)
        first = self.aws("CreateStateMachine", **params)
        self.assertEqual(self.aws("CreateStateMachine", **params), first)
        self.assertEqual(self.aws("CreateStateMachine", **dict(params, roleArn=ROLE + "2")), first, "another role is ignored")
        exists = "State Machine Already Exists: '%s'" % first["stateMachineArn"]
        for other in (dict(definition=json.dumps(FAIL)), dict(definition=json.dumps(PASS, indent=1)), dict(type="EXPRESS"),
                      dict(tracingConfiguration={"enabled": True})):
            self.refuses("StateMachineAlreadyExists", "CreateStateMachine", exists, **dict(params, **other))

    def test_many_create_one_name_at_once(self):
        name, answers = self.name("machine"), []

        def create():
            c = stage.Client(pawld.port)
            answers.append(c.aws("CreateStateMachine", name=name, definition=json.dumps(PASS), roleArn=ROLE))
        threads = [threading.Thread(target=create) for _ in range(8)]
        for t in threads:
            t.start()
        for t in threads:
            t.join()
        self.assertEqual(len(answers), 8)
        self.assertEqual(len({json.dumps(a) for a in answers}), 1)

    def test_what_cannot_be_created(self):
        good = dict(name="x", definition=json.dumps(PASS), roleArn=ROLE)
        for bad in ("a b", "a<b", "a*b", "a/b", "a\x7fb", "a\u0085b"):
            self.refuses("InvalidName", "CreateStateMachine", "Invalid Name: '%s'" % bad, **dict(good, name=bad))
        self.refuses("ValidationException", "CreateStateMachine", **dict(good, name="a" * 81))
        self.refuses("InvalidArn", "CreateStateMachine", **dict(good, roleArn="role"))
        self.refuses("ValidationException", "CreateStateMachine", **dict(good, type="FAST"))
        self.refuses("InvalidDefinition", "CreateStateMachine", **dict(good, definition="{}"))
        self.refuses("InvalidDefinition", "CreateStateMachine", **dict(good, definition="not json"))
        self.refuses("InvalidDefinition", "CreateStateMachine", **dict(good, definition='{"a":"\x00"}'.replace("\x00", "\\u0000")))
        self.refuses("InvalidLoggingConfiguration", "CreateStateMachine", **dict(good, loggingConfiguration={"level": "ALL"}))
        self.refuses("ValidationException", "CreateStateMachine", **dict(good, loggingConfiguration={"level": "LOUD"}))
        self.refuses("TooManyTags", "CreateStateMachine", **dict(good, tags=[{"key": str(i)} for i in range(51)]))
        self.refuses("ValidationException", "CreateStateMachine", **dict(good, publish=True))
        self.refuses("ValidationException", "CreateStateMachine", "Version description can only be set when publish is true",
                     **dict(good, versionDescription="x"))
        self.refuses("StateMachineDoesNotExist", "DescribeStateMachine", stateMachineArn=MACHINE + "x")

    def test_update_makes_a_revision_and_new_starts_use_it_at_once(self):
        arn = self.create(WAIT)
        old = self.start(arn)
        for i in range(20):
            definition = {"StartAt": "P", "States": {"P": {"Type": "Pass", "Result": i, "End": True}}}
            got = self.aws("UpdateStateMachine", stateMachineArn=arn, definition=json.dumps(definition))
            self.assertEqual(self.aws("DescribeStateMachine", stateMachineArn=arn)["revisionId"], got["revisionId"])
            other = stage.Client(pawld.port)  # a new connection: as likely another reactor
            name = other.aws("StartExecution", stateMachineArn=arn)["executionArn"].rsplit(":", 1)[1]
            done = other.rest("GET", "/api/state-machines/%s/executions/%s?wait=20" % (arn.rsplit(":", 1)[1], name))
            self.assertEqual(done["output"], i)
            other.close()
        self.assertEqual(self.aws("DescribeExecution", executionArn=old)["status"], "RUNNING", "what runs keeps its revision")
        old_definition = self.aws("DescribeStateMachineForExecution", executionArn=old)["definition"]
        self.assertEqual(json.loads(old_definition), WAIT)
        self.aws("StopExecution", executionArn=old)

    def test_updates_that_change_nothing_and_those_that_are_refused(self):
        arn = self.create()
        first = self.aws("UpdateStateMachine", stateMachineArn=arn, roleArn=ROLE + "2")
        again = self.aws("UpdateStateMachine", stateMachineArn=arn, roleArn=ROLE + "2", definition=json.dumps(PASS))
        self.assertEqual(first["revisionId"], again["revisionId"])
        self.refuses("MissingRequiredParameter", "UpdateStateMachine",
                     "Either the definition, the role ARN, the LoggingConfiguration, or the TracingConfiguration must be specified",
                     stateMachineArn=arn)
        self.refuses("InvalidDefinition", "UpdateStateMachine", stateMachineArn=arn, definition="{}")
        self.refuses("StateMachineDoesNotExist", "UpdateStateMachine", stateMachineArn=MACHINE + "none", roleArn=ROLE)
        self.assertEqual(self.aws("DescribeStateMachine", stateMachineArn=arn)["revisionId"], first["revisionId"])

    def test_configurations_are_kept(self):
        logging = {"level": "ERROR", "includeExecutionData": True,
                   "destinations": [{"cloudWatchLogsLogGroup": {"logGroupArn": "arn:aws:logs:us-east-1:000000000000:log-group:x:*"}}]}
        arn = self.create(loggingConfiguration=logging, tracingConfiguration={"enabled": True}, tags=[{"key": "k", "value": "v"}])
        got = self.aws("DescribeStateMachine", stateMachineArn=arn)
        self.assertEqual((got["loggingConfiguration"], got["tracingConfiguration"]), (logging, {"enabled": True}))
        self.aws("UpdateStateMachine", stateMachineArn=arn, tracingConfiguration={"enabled": False})
        got = self.aws("DescribeStateMachine", stateMachineArn=arn)
        self.assertEqual((got["loggingConfiguration"], got["tracingConfiguration"]), (logging, {"enabled": False}))

    def test_pages_of_machines_hold_each_once(self):
        made = {self.create() for _ in range(7)}
        seen, token = [], {}
        while True:
            page = self.aws("ListStateMachines", maxResults=3, **token)
            self.assertLessEqual(len(page["stateMachines"]), 3)
            seen += [m["stateMachineArn"] for m in page["stateMachines"]]
            if "nextToken" not in page:
                break
            token = {"nextToken": page["nextToken"]}
        self.assertEqual(len(seen), len(set(seen)))
        self.assertLessEqual(made, set(seen))
        self.refuses("InvalidToken", "ListStateMachines", "Invalid Token: 'Invalid token'", nextToken="rubbish")
        self.refuses("InvalidToken", "ListExecutions", stateMachineArn=MACHINE + "pass", **token)

    def test_deleting_a_machine_stops_what_runs(self):
        arn = self.create(WAIT)
        execution = self.start(arn)
        self.aws("DeleteStateMachine", stateMachineArn=arn)
        got = stage.wait_until(lambda: [d for d in [self.aws("DescribeExecution", executionArn=execution)] if d["status"] != "RUNNING"],
                               20, "the end of an execution whose machine is gone")[0]
        self.assertEqual((got["status"], got["cause"]), ("ABORTED", "The state machine was deleted"))

    def test_express_machines_are_created_and_not_run(self):
        arn = self.create(type="EXPRESS")
        self.assertEqual(self.aws("DescribeStateMachine", stateMachineArn=arn)["type"], "EXPRESS")
        self.refuses("StateMachineTypeNotSupported", "StartExecution", stateMachineArn=arn)
        self.refuses("StateMachineTypeNotSupported", "ListExecutions", stateMachineArn=arn)

    def test_validate(self):
        good = self.aws("ValidateStateMachineDefinition", definition=json.dumps(PASS))
        self.assertEqual(good, {"result": "OK", "diagnostics": [], "truncated": False})
        bad = self.aws("ValidateStateMachineDefinition", definition='{"StartAt": "A", "States": {"B": {"Type": "Pas"}}}')
        self.assertEqual(bad["result"], "FAIL")
        self.assertTrue(all(d["severity"] == "ERROR" and d["code"] and d["message"] for d in bad["diagnostics"]))
        one = self.aws("ValidateStateMachineDefinition", definition='{"StartAt": "A", "States": {"B": {"Type": "Pas"}}}', maxResults=1)
        self.assertEqual((len(one["diagnostics"]), one["truncated"]), (1, len(bad["diagnostics"]) > 1))
        self.assertEqual(self.rest("POST", "/api/validate", PASS), good)

    def test_validate_shows_warnings_to_whom_asks_for_them(self):
        both = json.dumps({"StartAt": "A", "States": {
            "A": {"Type": "Pass", "Parameters": {"x": "$.x"}, "Next": "B"},
            "B": {"Type": "Task", "Resource": "arn:aws:states:::aws-sdk:s3:getObject", "End": True}}})
        self.assertEqual(self.aws("ValidateStateMachineDefinition", definition=both), {"result": "OK", "diagnostics": [], "truncated": False})
        shown = self.aws("ValidateStateMachineDefinition", definition=both, severity="WARNING")
        self.assertEqual(([d["code"] for d in shown["diagnostics"]], shown["result"], shown["truncated"]),
                         (["NOT_SUPPORTED_YET", "EXPRESSION_IS_TEXT"], "OK", False))
        self.assertEqual({d["severity"] for d in shown["diagnostics"]}, {"WARNING"})
        one = self.aws("ValidateStateMachineDefinition", definition=both, severity="WARNING", maxResults=1)
        self.assertEqual((len(one["diagnostics"]), one["truncated"]), (1, True))
        self.assertEqual(self.rest("POST", "/api/validate?severity=WARNING&limit=1", json.loads(both)), one)
        self.refuses("InvalidDefinition", "CreateStateMachine", "Invalid State Machine Definition: 'NOT_SUPPORTED_YET: The resource "
                     "arn:aws:states:::aws-sdk:s3:getObject is not supported by this version of pawl at /States/B/Resource'",
                     name=self.name(), roleArn=ROLE, definition=both)

    def test_validate_shows_errors_first(self):
        mixed = '{"StartAt": "A", "States": {"A": {"Type": "Task", "Resource": "arn:aws:states:::aws-sdk:s3:getObject", "Colour": 1, "End": true}}}'
        one = self.aws("ValidateStateMachineDefinition", definition=mixed, severity="WARNING", maxResults=1)
        self.assertEqual(([d["severity"] for d in one["diagnostics"]], one["truncated"]), (["ERROR"], True))

    def test_validate_by_the_rules_of_others(self):
        url = {"StartAt": "A", "States": {"A": {"Type": "Task", "Resource": "http://localhost/f", "End": True}}}
        self.assertEqual(self.rest("POST", "/api/validate", url)["result"], "OK")
        self.assertEqual([d["code"] for d in self.rest("POST", "/api/validate?portable=true", url)["diagnostics"]], ["NOT_PORTABLE"])
        wait = {"StartAt": "A", "States": {"A": {"Type": "Task", "Resource": "arn:aws:states:::states:startExecution.sync", "End": True}}}
        self.assertEqual([d["message"] for d in self.rest("POST", "/api/validate?type=EXPRESS", wait)["diagnostics"]],
                         ["Express state machine does not support '.sync' service integration"])

    def test_validate_has_constraints(self):
        for members, says in (
                ({"definition": ""}, "Value '' at 'definition' failed to satisfy constraint: Member must have length greater than or equal to 1"),
                ({"definition": "{}", "maxResults": 101}, "Value '101' at 'maxResults' failed to satisfy constraint: Member must have value less than or equal to 100"),
                ({"definition": "{}", "maxResults": -1}, "Value '-1' at 'maxResults' failed to satisfy constraint: Member must have value greater than or equal to 0"),
                ({"definition": "{}", "severity": "INFO"}, "Value 'INFO' at 'severity' failed to satisfy constraint: Member must satisfy enum value set: [ERROR, WARNING]"),
                ({"definition": "{}", "type": "SLOW"}, "Value 'SLOW' at 'type' failed to satisfy constraint: Member must satisfy enum value set: [STANDARD, EXPRESS]"),
                ({}, "Value null at 'definition' failed to satisfy constraint: Member must not be null")):
            self.refuses("ValidationException", "ValidateStateMachineDefinition", "1 validation error detected: " + says, **members)


class Executions(Doors):
    def test_start_and_describe(self):
        text = '{"a":  [1.50, "\\u0000", "\\ud800", "ä", 1e400, 12345678901234567890], "b": null}'
        arn = self.start("pass", name=self.name(), input=text, traceHeader="Root=1-2-3")
        got = self.ended(arn)
        self.assertEqual(got["input"], text, "byte for byte")
        self.assertEqual(got["output"], text)
        self.assertEqual(got["traceHeader"], "Root=1-2-3")
        self.assertEqual({k: got[k] for k in ("status", "name", "stateMachineArn", "inputDetails", "outputDetails", "redriveCount",
                                              "redriveStatus", "redriveStatusReason")},
                         {"status": "SUCCEEDED", "name": arn.rsplit(":", 1)[1], "stateMachineArn": MACHINE + "pass",
                          "inputDetails": {"included": True}, "outputDetails": {"included": True}, "redriveCount": 0,
                          "redriveStatus": "NOT_REDRIVABLE", "redriveStatusReason": "Execution is SUCCEEDED and cannot be redriven"})
        self.assertGreaterEqual(got["stopDate"], got["startDate"])
        short = self.aws("DescribeExecution", executionArn=arn, includedData="METADATA_ONLY")
        self.assertEqual((short.get("input"), short["inputDetails"]), (None, {"included": False}))

    def ended(self, arn):
        return stage.wait_until(lambda: [d for d in [self.aws("DescribeExecution", executionArn=arn)] if d["status"] != "RUNNING"],
                                20, "the end of " + arn, 0.01)[0]

    def test_a_failure_shows_error_and_cause(self):
        got = self.ended(self.start("fail"))
        self.assertEqual((got["status"], got["error"], got["cause"]), ("FAILED", "Nope", "because"))
        self.assertNotIn("output", got)

    def test_names_that_are_left_out_are_made(self):
        names = {self.start("pass").rsplit(":", 1)[1] for _ in range(5)}
        self.assertEqual(len(names), 5)
        for n in names:
            self.assertRegex(n, "^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$")

    def test_starting_is_idempotent_by_name_while_it_runs(self):
        name = self.name()
        params = dict(stateMachineArn=MACHINE + "wait", name=name, input='{"a": 1}')
        first = self.aws("StartExecution", **params)
        self.assertEqual(self.aws("StartExecution", **params), first)
        exists = "Execution Already Exists: '%s'" % first["executionArn"]
        self.refuses("ExecutionAlreadyExists", "StartExecution", exists, **dict(params, input='{"a": 2}'))
        self.aws("StopExecution", executionArn=first["executionArn"])
        self.refuses("ExecutionAlreadyExists", "StartExecution", exists, **params)

    def test_one_name_started_by_many_at_once_runs_once(self):
        name, answers = self.name(), []

        def start():
            c = stage.Client(pawld.port)
            answers.append(c.aws("StartExecution", stateMachineArn=MACHINE + "wait", name=name))
        threads = [threading.Thread(target=start) for _ in range(8)]
        for t in threads:
            t.start()
        for t in threads:
            t.join()
        self.assertEqual(len(answers), 8)
        self.assertEqual(len({json.dumps(a) for a in answers}), 1)
        self.aws("StopExecution", executionArn=answers[0]["executionArn"])

    def test_inputs_are_refused(self):
        def refused(text, why=None):
            self.refuses("InvalidExecutionInput", "StartExecution",
                         why and "Invalid State Machine Execution Input: '%s'" % why, stateMachineArn=MACHINE + "pass", input=text)
        refused("", "Invalid execution input.")
        refused("not some json", "Unrecognized token 'not': was expecting (JSON String, Number, Array, Object or token 'null', "
                                 "'true' or 'false')")
        refused("{'a': 1}", "Unexpected character (''' (code 39)): was expecting double-quote to start field name")
        for text in ("{", "[1,]", '{"a":1,}', "01", "1 2", '"\t"', "nul", "[" * 5000 + "]" * 5000, '{"a": %s}' % ("9" * 5000)):
            refused(text)
        refused('"%s"' % ("x" * (INPUT_MAX - 1)))
        self.start("pass", input='"%s"' % ("x" * (INPUT_MAX - 2)))
        self.refuses("InvalidExecutionInput", "StartExecution", stateMachineArn=MACHINE + "pass", input='"%s"' % ("ä" * 131072))

    def test_arns_are_refused(self):
        for bad in ("rubbish", "arn:aws:s3:::b", "arn:aws:states"):
            self.refuses("InvalidArn", "StartExecution", "Invalid Arn: 'Invalid ARN prefix: %s'" % bad, stateMachineArn=bad)
            self.refuses("InvalidArn", "DescribeExecution", "Invalid Arn: 'Invalid ARN prefix: %s'" % bad, executionArn=bad)
            self.refuses("InvalidArn", "ListExecutions", "Invalid Arn: 'Invalid ARN prefix: %s'" % bad, stateMachineArn=bad)
        self.refuses("InvalidArn", "StartExecution", "Invalid Arn: 'Resource type not valid in this context: execution'",
                     stateMachineArn=EXECUTION + "a:b")
        self.refuses("InvalidArn", "StopExecution", "Invalid Arn: 'Resource type not valid in this context: express'",
                     executionArn=stage.ARN + "express:a:b:c")
        elsewhere = "arn:aws:states:eu-west-1:000000000000:stateMachine:pass"
        self.refuses("StateMachineDoesNotExist", "StartExecution", "State Machine Does Not Exist: '%s'" % elsewhere, stateMachineArn=elsewhere)
        self.refuses("StateMachineDoesNotExist", "StartExecution", stateMachineArn=MACHINE + "pass:1")
        for op in ("DescribeExecution", "StopExecution", "GetExecutionHistory", "DescribeStateMachineForExecution"):
            self.refuses("ExecutionDoesNotExist", op, "Execution Does Not Exist: '%spass:none'" % EXECUTION, executionArn=EXECUTION + "pass:none")
        self.refuses("InvalidName", "StartExecution", "Invalid Name: 'a b'", stateMachineArn=MACHINE + "pass", name="a b")

    def test_stop(self):
        arn = self.start("wait")
        first = self.aws("StopExecution", executionArn=arn, error="Halt", cause="enough")
        got = self.aws("DescribeExecution", executionArn=arn)
        self.assertEqual((got["status"], got["error"], got["cause"]), ("ABORTED", "Halt", "enough"))
        self.assertAlmostEqual(got["stopDate"], first["stopDate"], delta=0.002)
        self.assertEqual(self.aws("StopExecution", executionArn=arn)["stopDate"], got["stopDate"], "twice is no error")
        self.assertEqual(self.client.history(arn)[-1]["executionAbortedEventDetails"], {"error": "Halt", "cause": "enough"})
        self.refuses("ValidationException", "StopExecution", executionArn=arn, error="x" * 257)
        arn = self.start("wait")
        self.aws("StopExecution", executionArn=arn, error="a\x00b", cause="c\x00")
        got = self.aws("DescribeExecution", executionArn=arn)
        self.assertEqual((got["error"], got["cause"]), ("a\ufffdb", "c\ufffd"))

    def test_lists_of_executions(self):
        machine = self.create(chain(1))
        self.assertEqual(self.aws("ListExecutions", stateMachineArn=machine), {"executions": []})
        arns = [self.start(machine) for _ in range(7)]
        for arn in arns:
            self.ended(arn)
        seen, token = [], {}
        while True:
            page = self.aws("ListExecutions", stateMachineArn=machine, maxResults=3, **token)
            seen += [e["executionArn"] for e in page["executions"]]
            if "nextToken" not in page:
                break
            token = {"nextToken": page["nextToken"]}
        self.assertEqual(set(seen), set(arns))
        self.assertEqual(len(seen), 7)
        starts = [e["startDate"] for e in self.aws("ListExecutions", stateMachineArn=machine)["executions"]]
        self.assertEqual(starts, sorted(starts, reverse=True), "newest first")
        one = self.aws("ListExecutions", stateMachineArn=machine, maxResults=1)["executions"][0]
        self.assertEqual(sorted(one), ["executionArn", "name", "redriveCount", "startDate", "stateMachineArn", "status", "stopDate"])
        for status, n in (("SUCCEEDED", 7), ("RUNNING", 0), ("FAILED", 0)):
            self.assertEqual(len(self.aws("ListExecutions", stateMachineArn=machine, statusFilter=status)["executions"]), n, status)
        self.refuses("InvalidToken", "ListExecutions", stateMachineArn=machine, statusFilter="FAILED", **token)
        self.refuses("ValidationException", "ListExecutions", stateMachineArn=machine, statusFilter="succeeded")
        self.refuses("ValidationException", "ListExecutions")
        self.refuses("ResourceNotFound", "ListExecutions", mapRunArn=stage.ARN + "mapRun:m/x:y")
        self.refuses("StateMachineDoesNotExist", "ListExecutions", "State Machine Does Not Exist: '%snone'" % MACHINE, stateMachineArn=MACHINE + "none")
        self.refuses("ValidationException", "ListExecutions",
                     "1 validation error detected: Value '1001' at 'maxResults' failed to satisfy constraint: Member must have value "
                     "less than or equal to 1000", stateMachineArn=machine, maxResults=1001)

    def test_running_executions_are_listed_as_such(self):
        arn = self.start("wait")
        running = self.aws("ListExecutions", stateMachineArn=MACHINE + "wait", statusFilter="RUNNING")["executions"]
        self.assertIn(arn, [e["executionArn"] for e in running])
        self.assertNotIn("stopDate", running[0])
        everywhere = self.rest("GET", "/api/executions?status=RUNNING&limit=1000")["executions"]
        self.assertIn(arn, [e["executionArn"] for e in everywhere])
        self.aws("StopExecution", executionArn=arn)


class Histories(Doors):
    def setUp(self):
        super().setUp()
        self.arn = self.start(self.create(chain(30)), input='{"a": 1}')
        self.machine, self.execution = self.arn.split(":")[-2:]
        self.path = "/api/state-machines/%s/executions/%s" % (self.machine, self.execution)
        self.rest("GET", self.path + "?wait=20")
        self.whole = self.client.history(self.arn)

    def pages(self, size, **more):
        token, events, n = {}, [], 0
        while True:
            page = self.aws("GetExecutionHistory", executionArn=self.arn, maxResults=size, **more, **token)
            self.assertLessEqual(len(page["events"]), size)
            events, n = events + page["events"], n + 1
            if "nextToken" not in page:
                return events, n
            token = {"nextToken": page["nextToken"]}

    def test_events_are_numbered_and_named(self):
        self.assertEqual([e["id"] for e in self.whole], list(range(1, 63)))
        self.assertEqual(self.whole[0]["type"], "ExecutionStarted")
        self.assertEqual(self.whole[0]["previousEventId"], 0)
        self.assertEqual(self.whole[0]["executionStartedEventDetails"]["input"], '{"a": 1}')
        self.assertEqual(self.whole[-1]["type"], "ExecutionSucceeded")

    def test_pages_of_any_size_make_the_whole(self):
        for size in (1, 2, 7, 31, 61, 62, 63, 1000):
            events, n = self.pages(size)
            self.assertEqual(events, self.whole, size)
            self.assertEqual(n, -(-62 // size), "no empty page at the end")
            self.assertEqual(self.pages(size, reverseOrder=True)[0], self.whole[::-1], size)

    def test_a_token_belongs_to_its_question(self):
        token = self.aws("GetExecutionHistory", executionArn=self.arn, maxResults=5)["nextToken"]
        self.refuses("InvalidToken", "GetExecutionHistory", "Invalid Token: 'Invalid token'", executionArn=self.arn, reverseOrder=True, nextToken=token)
        self.refuses("InvalidToken", "GetExecutionHistory", executionArn=self.start("pass"), nextToken=token)
        self.refuses("ValidationException", "GetExecutionHistory", executionArn=self.arn, nextToken="x" * 1025)

    def test_payloads_can_be_left_out(self):
        events = self.pages(1000, includeExecutionData=False)[0]
        self.assertEqual([e["type"] for e in events], [e["type"] for e in self.whole])
        self.assertNotIn('"a"', json.dumps(events))

    def test_variables_are_shown_where_they_are_set(self):
        arn = self.start(self.create(VARIABLES), input='{"a": 1}')
        machine, execution = arn.split(":")[-2:]
        self.rest("GET", "/api/state-machines/%s/executions/%s?wait=20" % (machine, execution))
        exits = [e["stateExitedEventDetails"] for e in self.client.history(arn) if "stateExitedEventDetails" in e]
        self.assertEqual(exits[0]["assignedVariables"], {"x": '{"a": 1}', "y": '[1,"two"]'})
        self.assertEqual(exits[0]["assignedVariablesDetails"], {"truncated": False})
        self.assertEqual(exits[-1]["assignedVariables"], {"z": '[{"a":1},[1,"two"]]'})
        self.assertNotIn("assignedVariables", exits[1])
        steps = self.rest("GET", "/api/state-machines/%s/executions/%s/steps" % (machine, execution))["steps"]
        self.assertEqual([s["assigned"] for s in steps], [{"x": {"a": 1}, "y": [1, "two"]}, {"z": [{"a": 1}, [1, "two"]]}, None, None])

    def test_rest_shows_the_same(self):
        page = self.rest("GET", self.path + "/history?limit=40")
        rest = self.rest("GET", self.path + "/history?limit=40&after=" + urllib.parse.quote(page["nextToken"]))
        self.assertEqual(page["events"] + rest["events"], self.whole)
        self.assertEqual(self.rest("GET", self.path + "/history?reverse=true&limit=1")["events"], self.whole[-1:])

    def test_steps_are_shown(self):
        got = self.rest("GET", self.path + "/steps")
        self.assertEqual([s["state"] for s in got["steps"]], ["S%d" % i for i in range(30)])
        self.assertEqual((got["steps"][0]["input"], got["truncated"]), ({"a": 1}, False))


    def test_large_payloads_make_short_pages(self):
        arn = self.start(self.create(chain(50)), input=json.dumps({"x": "y" * 250000}))
        machine, execution = arn.split(":")[-2:]
        self.rest("GET", "/api/state-machines/%s/executions/%s?wait=20" % (machine, execution))
        status, text = self.client.request("POST", "/", {"executionArn": arn, "maxResults": 1000},
                                           {"X-Amz-Target": "AWSStepFunctions.GetExecutionHistory"})
        self.assertLess(len(text), 6e6)
        self.assertIn("nextToken", json.loads(text))
        self.assertEqual([e["id"] for e in self.client.history(arn)], list(range(1, 103)))
        got = self.rest("GET", "/api/state-machines/%s/executions/%s/steps" % (machine, execution))
        self.assertTrue(got["truncated"] and 0 < len(got["steps"]) < 50)


class Events:
    """A stream of server-sent events."""

    def __init__(self, path, headers=None):
        self.connection = http.client.HTTPConnection("127.0.0.1", pawld.port, timeout=20)
        self.connection.request("GET", path, headers=headers or {})
        self.answer = self.connection.getresponse()

    def next(self):
        """(id, event), or None at the end."""
        number = None
        for line in iter(self.answer.readline, b""):
            line = line.decode().rstrip("\n")
            if line.startswith("id: "):
                number = int(line[4:])
            elif line.startswith("data: "):
                return number, json.loads(line[6:])
        return None

    def all(self):
        return list(iter(self.next, None))

    def close(self):
        self.connection.close()


class LiveEvents(Doors):
    def path(self, arn):
        machine, execution = arn.split(":")[-2:]
        return "/api/state-machines/%s/executions/%s/events" % (machine, execution)

    def events(self, *args, **more):
        e = Events(*args, **more)
        self.addCleanup(e.close)
        return e

    def test_events_come_as_they_happen_and_end_with_the_execution(self):
        before = time.monotonic()
        arn = self.start("second")
        events = self.events(self.path(arn))
        self.assertEqual(events.answer.status, 200)
        self.assertEqual(events.answer.headers["Content-Type"], "text/event-stream")
        self.assertEqual([events.next()[1]["type"] for _ in range(2)], ["ExecutionStarted", "WaitStateEntered"])
        self.assertLess(time.monotonic() - before, 0.9, "not only at the end")
        rest = events.all()
        self.assertEqual([e["type"] for _, e in rest],
                         ["WaitStateExited", "PassStateEntered", "PassStateExited", "ExecutionSucceeded"])
        self.assertEqual([e for _, e in rest], self.client.history(arn)[2:])
        self.assertEqual([i for i, _ in rest], [3, 4, 5, 6])
        self.assertLess(time.monotonic() - before, 2)

    def test_a_broken_stream_goes_on_where_it_was(self):
        arn = self.start(self.create(chain(200)))
        whole = [e for _, e in self.events(self.path(arn)).all()]
        self.assertEqual(len(whole), 402)
        for after in (1, 100, 401):
            self.assertEqual([e for _, e in self.events(self.path(arn), headers={"Last-Event-ID": str(after)}).all()], whole[after:])
            self.assertEqual([e for _, e in self.events(self.path(arn) + "?after=%d" % after).all()], whole[after:])
        self.assertEqual(self.events(self.path(arn) + "?after=402").all(), [], "after the last there is nothing to wait for")

    def test_large_events_come_whole(self):
        text = json.dumps({"x": "y" * 200000})
        arn = self.start(self.create(chain(20)), input=text)
        events = self.events(self.path(arn)).all()
        self.assertEqual(len(events), 42)
        self.assertEqual(events[-1][1]["executionSucceededEventDetails"]["output"], text)

    def test_a_reader_that_takes_its_time_gets_everything(self):
        arn = self.start(self.create(chain(100)), input=json.dumps({"x": "y" * 250000}))
        before = pawld.memory()
        readers = [self.events(self.path(arn)) for _ in range(20)]
        for e in readers:
            e.next()
        time.sleep(1)
        self.assertLess(pawld.memory() - before, 500e6, "50 MB for each reader do not wait in memory")
        self.assertEqual(len(readers[0].all()), 201)

    def test_watchers_that_leave_are_forgotten(self):
        arn = self.start("wait")
        for _ in range(50):
            e = Events(self.path(arn))
            e.next()
            e.close()
        self.aws("StopExecution", executionArn=arn)
        self.assertEqual(self.events(self.path(arn)).all()[-1][1]["type"], "ExecutionAborted")

    def test_no_such_execution(self):
        self.assertEqual(self.events("/api/state-machines/pass/executions/none/events").answer.status, 404)


class Tasks(Doors):
    def token(self):
        n = len(tokens.got)
        arn = self.start("token")
        return arn, tokens.next(n)

    def ended(self, arn):
        machine, execution = arn.split(":")[-2:]
        return self.rest("GET", "/api/state-machines/%s/executions/%s?wait=20" % (machine, execution))

    def test_success(self):
        arn, token = self.token()
        self.assertEqual(self.aws("SendTaskHeartbeat", taskToken=token), {})
        self.assertEqual(self.aws("SendTaskSuccess", taskToken=token, output='{"done":  1}'), {})
        self.assertEqual(self.ended(arn)["output"], {"done": 1})
        self.refuses("TaskTimedOut", "SendTaskSuccess", taskToken=token, output="{}")

    def test_failure(self):
        arn, token = self.token()
        self.assertEqual(self.aws("SendTaskFailure", taskToken=token, error="Broke", cause="it\u0007 did"), {})
        got = self.ended(arn)
        self.assertEqual((got["status"], got["error"], got["cause"]), ("FAILED", "Broke", "it\u0007 did"))

    def test_rest(self):
        arn, token = self.token()
        self.assertEqual(self.rest("POST", "/api/tasks/heartbeat", {"taskToken": token}), {})
        self.assertEqual(self.rest("POST", "/api/tasks/success", {"taskToken": token, "output": [1, None]}), {})
        self.assertEqual(self.ended(arn)["output"], [1, None])
        self.rest_refuses(409, "TaskTimedOut", "POST", "/api/tasks/success", {"taskToken": token, "output": 1})
        arn, token = self.token()
        self.rest("POST", "/api/tasks/failure", {"taskToken": token, "error": "E"})
        self.assertEqual(self.ended(arn)["error"], "E")

    def test_what_is_refused(self):
        arn, token = self.token()
        for bad in ("rubbish", token[:-1], token + "x", token.swapcase()):
            for op, more in (("SendTaskSuccess", {"output": "{}"}), ("SendTaskFailure", {}), ("SendTaskHeartbeat", {})):
                self.refuses("InvalidToken", op, "Invalid Token: 'Invalid token'", taskToken=bad, **more)
        self.refuses("InvalidOutput", "SendTaskSuccess", taskToken=token, output="{")
        self.refuses("InvalidOutput", "SendTaskSuccess", taskToken=token, output='"%s"' % ("x" * INPUT_MAX))
        self.refuses("ValidationException", "SendTaskSuccess", taskToken=token)
        self.refuses("ValidationException", "SendTaskFailure", taskToken=token, error="x" * 257)
        self.aws("StopExecution", executionArn=arn)
        self.refuses("TaskTimedOut", "SendTaskHeartbeat", taskToken=token)


class Rest(Doors):
    def test_functions(self):
        name = self.name("function")
        got = self.rest("PUT", "/api/functions/" + name, {"url": "http://127.0.0.1:1/x", "headers": {"Authorization": "secret"},
                                                          "timeoutSeconds": 5, "maxConcurrency": 2})
        self.assertRegex(got.pop("updateDate"), r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$")
        self.assertEqual(got, {"name": name, "url": "http://127.0.0.1:1/x", "headerNames": ["Authorization"], "timeoutSeconds": 5,
                               "maxConcurrency": 2})
        got = self.rest("PUT", "/api/functions/" + name, {"url": "https://example.org/"})
        self.assertEqual((got["headerNames"], got["timeoutSeconds"], got["maxConcurrency"]), ([], 60, 0), "what is left out takes its default")
        self.assertEqual(self.rest("GET", "/api/functions/" + name), got)
        self.assertIn(got, self.rest("GET", "/api/functions?limit=1000")["functions"])
        self.assertEqual(self.rest("DELETE", "/api/functions/" + name), {})
        self.rest_refuses(404, "ResourceNotFound", "GET", "/api/functions/" + name)
        self.rest_refuses(404, "ResourceNotFound", "DELETE", "/api/functions/" + name)

    def test_functions_that_are_refused(self):
        def refused(body, says=""):
            self.assertIn(says, self.rest_refuses(400, "ValidationException", "PUT", "/api/functions/f", body))
        for url in ("", "x", "ftp://x/", "http://", "http:///x", "file:///etc/passwd", "http://a b/", "javascript:1"):
            refused({"url": url}, "url")
        good = {"url": "http://x/"}
        refused({}, "url")
        refused(dict(good, timeoutSeconds=0), "timeoutSeconds")
        refused(dict(good, maxConcurrency=-1), "maxConcurrency")
        refused(dict(good, colour="red"), "colour")
        for headers in ({"a b": "x"}, {"": "x"}, {"A": "x\r\nB: y"}, {"A": "x\x00"}, {"A": 1}, {"Content-Length": "1"}, {"pawl-step-key": "x"},
                        {"A%d" % i: "x" for i in range(51)}, {"A": "x" * 9000}):
            refused(dict(good, headers=headers), "headers")
        self.rest_refuses(400, "InvalidName", "PUT", "/api/functions/a%20b", good)

    def test_deploy(self):
        name = self.name("machine")
        path = "/api/state-machines/" + name
        status, text = self.client.request("PUT", path, PASS)
        made = json.loads(text)
        self.assertEqual((status, made["outcome"], made["name"]), (201, "created", name))
        self.assertEqual(self.rest("PUT", path, PASS)["outcome"], "unchanged")
        updated = self.rest("PUT", path, FAIL)
        self.assertEqual(updated["outcome"], "updated")
        self.assertNotEqual(updated["revisionId"], made["revisionId"])
        got = self.rest("GET", path)
        self.assertEqual((got["definition"], got["revisionId"], got["type"]), (FAIL, updated["revisionId"], "STANDARD"))
        self.assertEqual(self.rest("PUT", path, FAIL)["revisionId"], updated["revisionId"])
        self.rest_refuses(400, "ValidationException", "PUT", path + "?type=EXPRESS", FAIL)
        self.rest_refuses(400, "InvalidDefinition", "PUT", path, {"StartAt": "X", "States": {}})
        self.assertEqual(self.rest("GET", path)["definition"], FAIL)
        self.assertIn(name, [m["name"] for m in self.rest("GET", "/api/state-machines?limit=1000")["stateMachines"]])
        self.assertEqual(self.rest("DELETE", path), {})
        self.assertEqual(self.rest("DELETE", path), {})
        self.rest_refuses(404, "StateMachineDoesNotExist", "GET", path)

    def test_start(self):
        name = self.name("e")
        status, text = self.client.request("POST", "/api/state-machines/pass/executions?name=" + name, {"a": 1})
        got = json.loads(text)
        self.assertEqual((status, got["executionArn"], got["name"]), (202, EXECUTION + "pass:" + name, name))
        got = self.rest("GET", "/api/state-machines/pass/executions/%s?wait=20" % name)
        self.assertEqual((got["status"], got["input"], got["output"], got["machine"]), ("SUCCEEDED", {"a": 1}, {"a": 1}, "pass"))
        self.rest_refuses(409, "ExecutionAlreadyExists", "POST", "/api/state-machines/pass/executions?name=" + name, {"a": 1})
        self.rest_refuses(404, "StateMachineDoesNotExist", "POST", "/api/state-machines/none/executions")
        self.rest_refuses(400, "InvalidExecutionInput", "POST", "/api/state-machines/pass/executions", b"{")
        self.rest_refuses(400, "InvalidName", "POST", "/api/state-machines/pass/executions?name=a%20b")
        self.assertEqual(self.rest("POST", "/api/state-machines/pass/executions?wait=20")["input"], {}, "an empty body is {}")

    def test_wait_answers_when_it_has_ended(self):
        before = time.monotonic()
        got = self.run_to_end("second")
        self.assertEqual(got["status"], "SUCCEEDED")
        self.assertTrue(0.9 < time.monotonic() - before < 2.5)
        self.assertEqual(self.run_to_end("fail")["error"], "Nope")

    def test_wait_answers_202_when_time_is_up(self):
        before = time.monotonic()
        status, text = self.client.request("POST", "/api/state-machines/wait/executions?wait=1")
        self.assertEqual((status, json.loads(text)["status"]), (202, "RUNNING"))
        self.assertTrue(0.9 < time.monotonic() - before < 2)
        name = json.loads(text)["name"]
        self.assertEqual(self.rest("GET", "/api/state-machines/wait/executions/%s?wait=0" % name)["status"], "RUNNING")
        self.assertIn("stopDate", self.rest("POST", "/api/state-machines/wait/executions/%s/stop" % name, {"cause": "over"}))
        self.assertEqual(self.rest("GET", "/api/state-machines/wait/executions/%s" % name)["cause"], "over")

    def test_many_wait_at_once(self):
        got, threads = [], []

        def wait():
            c = stage.Client(pawld.port)
            got.append(c.rest("POST", "/api/state-machines/second/executions?wait=20")["status"])
            c.close()
        for _ in range(40):
            threads.append(threading.Thread(target=wait))
            threads[-1].start()
        for t in threads:
            t.join()
        self.assertEqual(got, ["SUCCEEDED"] * 40)

    def test_lists(self):
        for _ in range(3):
            self.start("fail")
        page = self.rest("GET", "/api/executions?machine=fail&limit=2")
        self.assertEqual(len(page["executions"]), 2)
        self.assertEqual({e["machine"] for e in page["executions"]}, {"fail"})
        more = self.rest("GET", "/api/executions?machine=fail&limit=2&after=" + page["nextToken"])
        self.assertEqual({e["name"] for e in page["executions"]} & {e["name"] for e in more["executions"]}, set())
        self.assertEqual(len(self.rest("GET", "/api/state-machines/fail/executions?limit=2")["executions"]), 2)
        self.assertGreater(len(self.rest("GET", "/api/executions")["executions"]), 2)
        self.rest_refuses(404, "StateMachineDoesNotExist", "GET", "/api/executions?machine=none")
        self.rest_refuses(400, "ValidationException", "GET", "/api/executions?status=SLEEPING")
        self.rest_refuses(400, "InvalidToken", "GET", "/api/executions?after=x")

    def test_what_is_not_built_says_so(self):
        arn = self.start("pass").rsplit(":", 1)[1]
        self.assertIn("not built", self.rest_refuses(501, "NotImplemented", "POST", "/api/state-machines/pass/executions/%s/redrive" % arn))
        self.assertIn("not built", self.rest_refuses(501, "NotImplemented", "GET", "/api/approvals"))
        self.assertIn("not built", self.rest_refuses(501, "NotImplemented", "GET", "/console/"))
        self.refuses("UnknownOperationException", "UpdateMapRun", "UpdateMapRun is not built in this version of pawl")

    def test_health_readiness_metrics(self):
        self.assertEqual(self.rest("GET", "/healthz"), {"status": "ok"})
        self.assertEqual(self.rest("GET", "/readyz"), {"status": "ready"})
        self.run_to_end("fail")
        status, text = self.client.request("GET", "/metrics")
        self.assertEqual(status, 200)
        line = re.compile(r'[a-z_]+(\{([a-z]+="(\\.|[^"\\])*",?)*\})? [-+0-9.e]+$|# (HELP|TYPE) ')
        for one in text.rstrip("\n").split("\n"):
            self.assertRegex(one, line)
        self.assertRegex(text, r'pawl_executions_total\{machine="fail",status="FAILED"\} [1-9]')
        self.assertRegex(text, r"pawl_commits_total [1-9]")
        self.assertRegex(text, r'pawl_lease_epoch\{reactor="0",slot="[1-9]\d*"\} [1-9]')
        families = re.findall(r"^# TYPE (\S+)", text, re.M)
        self.assertEqual(len(families), len(set(families)))


class Wire(Doors):
    """HTTP as it should not be, and as it rarely is."""

    def post(self, headers, body=b"{}"):
        status = self.client.request("POST", "/", body, headers)
        return status[0], json.loads(status[1])

    def test_every_answer_has_an_id_and_a_type(self):
        seen = set()
        for target, body in (("ListStateMachines", b"{}"), ("Nope", b"{}"), ("ListStateMachines", b"{")):
            c = http.client.HTTPConnection("127.0.0.1", pawld.port, timeout=10)
            c.request("POST", "/", body, {"X-Amz-Target": "AWSStepFunctions." + target, "Content-Type": "application/x-amz-json-1.0; charset=utf-8"})
            r = c.getresponse()
            r.read()
            self.assertEqual(r.headers["Content-Type"], "application/x-amz-json-1.0")
            self.assertRegex(r.headers["x-amzn-RequestId"], "^[0-9a-f-]{36}$")
            seen.add(r.headers["x-amzn-RequestId"])
            c.close()
        self.assertEqual(len(seen), 3)

    def test_bodies_that_are_not_json(self):
        for body in (b"", b"{", b"[]", b"null", b"\xff", b'{"a": "\xed\xa0\x80"}', b"{}{}", b"[" * 100000, b'{"a":' * 2000):
            status, got = self.post({"X-Amz-Target": "AWSStepFunctions.ListStateMachines"}, body)
            self.assertEqual((status, got["__type"]), (400, "SerializationException"), body[:20])
        status, got = self.post({"X-Amz-Target": "AWSStepFunctions.ListStateMachines"}, b'{"maxResults": "1"}')
        self.assertEqual((status, got["__type"]), (400, "SerializationException"))
        status, got = self.post({}, b"{}")
        self.assertEqual((status, got["__type"]), (400, "UnknownOperationException"))

    def test_the_last_of_two_members_counts(self):
        got = self.client.request("POST", "/", b'{"maxResults": 5000, "maxResults": 1}', {"X-Amz-Target": "AWSStepFunctions.ListStateMachines"})
        self.assertEqual((got[0], len(json.loads(got[1])["stateMachines"])), (200, 1))

    def test_large_bodies(self):
        comment = "x" * 900000
        definition = dict(PASS, Comment=comment)
        arn = self.create(definition)
        self.assertEqual(json.loads(self.aws("DescribeStateMachine", stateMachineArn=arn)["definition"])["Comment"], comment)
        self.refuses("ValidationException", "CreateStateMachine", name="x", roleArn=ROLE, definition=json.dumps(dict(PASS, Comment="x" * 1048576)))
        for size in (3 << 20, 15 << 20):
            status, got = self.post({"X-Amz-Target": "AWSStepFunctions.CreateStateMachine"}, b"x" * size)
            self.assertEqual((status, got["__type"]), (413, "RequestEntityTooLarge"))
        self.assertEqual(self.rest("GET", "/healthz"), {"status": "ok"})
        text = self.raw(b"POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 99999999999\r\n\r\nxx", close=False)
        self.assertIn(" 413 ", text.split("\r\n")[0])

    def test_a_body_in_chunks(self):
        c = http.client.HTTPConnection("127.0.0.1", pawld.port, timeout=10)
        c.request("POST", "/api/state-machines/pass/executions?wait=20", iter([b'{"a"', b": ", b"1}"]), encode_chunked=True,
                  headers={"Transfer-Encoding": "chunked"})
        self.assertEqual(json.loads(c.getresponse().read())["output"], {"a": 1})
        c.close()

    def test_a_body_byte_by_byte(self):
        body = b'{"stateMachineArn": "%s"}' % (MACHINE + "pass").encode()
        with socket.create_connection(("127.0.0.1", pawld.port), 10) as s:
            s.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            head = b"POST / HTTP/1.1\r\nHost: localhost\r\nX-Amz-Target: AWSStepFunctions.StartExecution\r\nContent-Length: %d\r\n\r\n" % len(body)
            for byte in head + body:
                s.send(bytes([byte]))
                time.sleep(0.001)
            self.assertIn(b" 200 ", s.recv(4096))

    def test_requests_one_behind_another(self):
        one = b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n"
        start = b"POST /api/state-machines/pass/executions HTTP/1.1\r\nHost: localhost\r\nContent-Length: 2\r\n\r\n{}"
        text = self.raw((one + start) * 20)
        self.assertEqual(text.count("HTTP/1.1 200"), 20)
        self.assertEqual(text.count("HTTP/1.1 202"), 20)

    def test_expect_100_continue(self):
        with socket.create_connection(("127.0.0.1", pawld.port), 10) as s:
            s.sendall(b"POST /api/state-machines/pass/executions HTTP/1.1\r\nHost: localhost\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\n")
            self.assertIn(b"100 Continue", s.recv(4096))
            s.sendall(b"{}")
            self.assertIn(b" 202 ", s.recv(4096))

    def test_paths_and_methods(self):
        self.rest_refuses(404, "ResourceNotFound", "GET", "/nothing")
        self.rest_refuses(404, "ResourceNotFound", "GET", "/api/state-machines/a/b/c/d/e")
        self.rest_refuses(405, "MethodNotAllowed", "PATCH", "/api/functions/f")
        self.rest_refuses(404, "ResourceNotFound", "GET", "/")
        self.rest_refuses(400, "ValidationException", "GET", "/api/state-machines/%00")
        self.rest_refuses(400, "ValidationException", "GET", "/api/state-machines?limit=x")
        c = http.client.HTTPConnection("127.0.0.1", pawld.port, timeout=10)
        c.request("OPTIONS", "/api/functions/f")
        r = c.getresponse()
        r.read()
        self.assertEqual((r.status, sorted(r.headers["Allow"].split(", "))), (204, ["DELETE", "GET", "PUT"]))
        c.request("HEAD", "/healthz")
        r = c.getresponse()
        self.assertEqual((r.status, r.read(), r.headers["Content-Length"]), (200, b"", "15"))
        c.close()

    def test_rubbish_on_the_wire(self):
        for data in (b"\r\n\r\n", b"rubbish\r\n\r\n", b"\x16\x03\x01\x02\x00" * 20, b"GET / HTTP/9.9\r\n\r\n", b"GET /" + b"x" * 100000,
                     b"GET / HTTP/1.1\r\n" + b"A: b\r\n" * 20000, b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: -5\r\n\r\n",
                     b"POST / HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\nzzz\r\n"):
            self.raw(data)
        self.assertEqual(self.rest("GET", "/healthz"), {"status": "ok"})

    def test_clients_that_leave_in_the_middle(self):
        start = b"POST /api/state-machines/second/executions?wait=20 HTTP/1.1\r\nHost: localhost\r\nContent-Length: 2\r\n\r\n{}"
        for _ in range(50):
            s = socket.create_connection(("127.0.0.1", pawld.port), 10)
            s.sendall(start)
            s.close()
        for cut in range(1, len(start), 9):
            s = socket.create_connection(("127.0.0.1", pawld.port), 10)
            s.sendall(start[:cut])
            s.close()
        time.sleep(1.5)
        self.assertEqual(self.run_to_end("pass")["status"], "SUCCEEDED")

    def test_pages_of_other_sites_are_refused(self):
        for headers in ({"Host": "evil.example"}, {"Host": "127.0.0.1.evil.example"}, {"Host": "localhost.evil.example:80"},
                        {"Origin": "https://evil.example"}, {"Origin": "null"}, {"Host": "[::2]"}):
            status, text = self.client.request("GET", "/healthz", headers=headers)
            self.assertEqual((status, json.loads(text)["error"]), (403, "AccessDeniedException"), headers)
        for headers in ({"Host": "localhost"}, {"Host": "LOCALHOST:99"}, {"Host": "127.1.2.3:80"}, {"Host": "[::1]:80"},
                        {"Host": "sync-localhost:80"}, {"Origin": "http://localhost:3000"}, {"Host": "pawl.localhost"}):
            self.assertEqual(self.client.request("GET", "/healthz", headers=headers)[0], 200, headers)

    def test_a_thousand_connections(self):
        sockets = []
        try:
            for _ in range(1000):
                sockets.append(socket.create_connection(("127.0.0.1", pawld.port), 10))
            self.assertEqual(self.run_to_end("pass")["status"], "SUCCEEDED")
            for s in sockets:
                s.sendall(b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n")
            for s in sockets:
                self.assertIn(b" 200 ", s.recv(4096))
        finally:
            for s in sockets:
                s.close()


class Ends(unittest.TestCase):
    """A pawld of its own, which is stopped while callers wait."""

    def setUp(self):
        folder = stage.Folder("api-ends")
        self.addCleanup(folder.remove)
        self.pawld = stage.Pawld(os.path.join(BUILD, "pawld"), folder / "log", ["--data-dir", folder / "data", "--reactors", "2"])
        self.addCleanup(self.pawld.kill)
        self.pawld.start()
        self.client = stage.Client(self.pawld.port)
        self.client.deploy("wait", WAIT)
        self.name = self.client.rest("POST", "/api/state-machines/wait/executions")["name"]

    def test_who_asks_again_at_once_is_refused(self):
        """The next request is there already when the one before is answered; none may begin to wait."""
        ask = "GET /api/state-machines/wait/executions/%s?wait=60 HTTP/1.1\r\nHost: localhost\r\n\r\n" % self.name
        sockets = [socket.create_connection(("127.0.0.1", self.pawld.port), 10) for _ in range(8)]
        for s in sockets:
            self.addCleanup(s.close)
            s.sendall(ask.encode() * 3)
        time.sleep(0.5)
        self.assertEqual(self.pawld.stop(), 0)
        for s in sockets:
            self.assertTrue(s.recv(4096).startswith(b"HTTP/1.1 503 "))

    def test_those_who_wait_are_told_that_pawld_stops(self):
        p, client, name = self.pawld, self.client, self.name
        got, streams = [], []

        def wait():
            c = stage.Client(p.port)
            got.append(c.request("GET", "/api/state-machines/wait/executions/%s?wait=60" % name))
            c.close()

        def watch():
            c = http.client.HTTPConnection("127.0.0.1", p.port, timeout=30)
            c.request("GET", "/api/state-machines/wait/executions/%s/events" % name)
            streams.append(c.getresponse().read())
            c.close()
        threads = [threading.Thread(target=f) for f in (wait, watch) * 5]
        for t in threads:
            t.start()
        time.sleep(1)
        before = time.monotonic()
        self.assertEqual(p.stop(), 0, p.tail())
        self.assertLess(time.monotonic() - before, 5)
        for t in threads:
            t.join()
        self.assertEqual([(s, json.loads(text)["error"]) for s, text in got], [(503, "ServiceUnavailable")] * 5)
        self.assertEqual(len(streams), 5)
        for s in streams:
            self.assertIn(b"WaitStateEntered", s)
        with self.assertRaises(stage.Broken):
            client.request("GET", "/healthz")


if __name__ == "__main__":
    if len(sys.argv) > 1:
        BUILD = os.path.abspath(sys.argv[1])
    wanted = sys.argv[2:]
    unittest.main(argv=["test_api"] + [w for name in wanted for w in ("-k", name)], warnings="ignore")
