"""crowd.py -- the people outside: they start executions, answer tokens, stop what is to be stopped.

A request that is refused for the moment (503) or breaks is made again, with the same name of the execution.  Now and then somebody
gives up a start that broke: such an execution may be there or not.
"""
import json
import queue
import random
import threading
import time

import stage
import workflows

PEOPLE = 12
STOP = {"error": "Stopped", "cause": "by the harness"}


class Crowd:
    def __init__(self, label, planned, server, ports, conninfo, seconds, seed):
        """ports: of the pawlds that may be asked, any of them. conninfo(): of the database. seconds: over which the starts are spread."""
        self.conninfo = conninfo
        self.label, self.planned, self.server, self.ports, self.seconds = label, planned, server, ports, seconds
        self.dice = random.Random(seed)
        self.acknowledged, self.gave_up, self.answered = set(), set(), set()
        self.orders = queue.PriorityQueue()  # (when, number, what, with what)
        self.open = self.number = 0          # orders not yet carried out; number of the last
        self.lock = threading.Lock()
        self.leaving = False
        self.troubles = []                   # what no storm explains
        self.threads = [threading.Thread(target=t, daemon=True) for t in [self.work] * PEOPLE + [self.collect_tickets]]

    def begin(self):
        for i, p in enumerate(self.planned):
            self.order(self.start, p, after=self.seconds * i / len(self.planned))
        for t in self.threads:
            t.start()

    def idle(self):
        return self.open == 0

    def leave(self):
        self.leaving = True
        for t in self.threads:
            t.join(15)

    # ---- how they work ----

    def order(self, what, *args, after=0.1):
        with self.lock:
            self.open += 1
            self.number += 1
            self.orders.put((time.monotonic() + after, self.number, what, args))

    def work(self):
        clients = {port: stage.Client(port, timeout=5) for port in self.ports}
        while not self.leaving:
            try:
                order = self.orders.get(timeout=0.2)
            except queue.Empty:
                continue
            when, _, what, args = order
            if when > time.monotonic():
                self.orders.put(order)
                time.sleep(0.01)
                continue
            try:
                what(clients[self.pick(self.ports)], *args)
            except Exception as e:  # of the harness's making or pawld's: it must be seen
                self.troubles.append("%s: %s: %s" % (what.__name__, type(e).__name__, e))
            with self.lock:
                self.open -= 1

    def pick(self, choices):
        with self.lock:
            return self.dice.choice(choices)

    # ---- what they do ----

    def sql(self, text):
        """Rows, or None: it may have happened or not."""
        try:
            return stage.sql(self.conninfo(), text, check=False)
        except OSError:  # the cluster is not even there
            return None

    def start(self, client, p):
        name = p.name(self.label)
        try:
            if p.by_sql:
                self.start_by_sql(p, name)
                return
            client.aws("StartExecution", stateMachineArn=stage.ARN + "stateMachine:" + workflows.PREFIX + p.kind, name=name,
                       input=json.dumps(p.input))
        except stage.Broken:
            if p.stop_after is None and self.pick(range(5)) == 0:
                self.gave_up.add(name)
            else:
                self.order(self.start, p)
            return
        except stage.Refused as e:
            if e.status == 503:
                self.order(self.start, p)
                return
            if e.type != "ExecutionAlreadyExists":  # a start that broke had arrived, and has ended since
                raise
        self.started(p, name)

    def start_by_sql(self, p, name):
        """A name is taken by the first transaction that commits: one that broke is looked for before it is tried again."""
        if (self.sql("SELECT pawl.start_execution('%s', '%s', '%s')" % (workflows.PREFIX + p.kind, json.dumps(p.input), name))
                or self.sql("SELECT 1 FROM pawl.execution WHERE name = '%s'" % name)):
            self.started(p, name)
        else:
            self.order(self.start, p)

    def started(self, p, name):
        self.acknowledged.add(name)
        if p.stop_after is not None:
            self.order(self.stop, p, after=p.stop_after)

    def stop(self, client, p):
        arn = "%sexecution:%s%s:%s" % (stage.ARN, workflows.PREFIX, p.kind, p.name(self.label))
        try:
            client.aws("StopExecution", executionArn=arn, **STOP)
        except stage.Broken:
            self.order(self.stop, p)
        except stage.Refused as e:
            if e.status != 503:
                raise
            self.order(self.stop, p)

    def collect_tickets(self):
        while not self.leaving:
            try:
                token, ask = self.server.tickets.get(timeout=0.2)
            except queue.Empty:
                continue
            if token not in self.answered:  # the function may have been called again after a crash
                self.answered.add(token)
                self.order(self.decide, token, ask, False, after=ask["ms"] / 1000)

    def decide(self, client, token, ask, again):
        output, cause = json.dumps({"id": ask["id"], "decided": True}), "order %d" % ask["id"]
        if ask["sql"]:
            call = "success('%s', '%s')" % (token, output) if ask["decide"] == "success" else "failure('%s', 'Declined', '%s')" % (token, cause)
            if self.sql("SELECT pawl.send_task_" + call) is None:
                self.order(self.decide, token, ask, True)
            return
        try:
            if ask["decide"] == "success":
                client.aws("SendTaskSuccess", taskToken=token, output=output)
            else:
                client.aws("SendTaskFailure", taskToken=token, error="Declined", cause=cause)
        except stage.Broken:
            self.order(self.decide, token, ask, True)
        except stage.Refused as e:
            if e.status == 503:
                self.order(self.decide, token, ask, again)
            elif not (again and e.type in ("TaskTimedOut", "TaskDoesNotExist")):  # the answer that broke had arrived
                raise
