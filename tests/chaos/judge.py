"""judge.py -- after a storm: did anything slip back?

Judged by the journal itself and by what the functions saw; the rules are those of DESIGN.md 10.
"""
import json

import stage

# A call may be noticed a little after it was made: this much later than the record of its result, it was made again.
NOTICED_S = 0.25


class Execution:
    def __init__(self, row):
        self.id, self.name, self.status = int(row[0]), row[1], row[2]
        self.outcome = tuple(row[2:6])  # status, output, error, cause
        self.machine = row[6]
        self.rows = []                  # of the journal: (seq, at, events)

    def events(self):
        return [dict(e, at=at) for _, at, events in self.rows for e in events]

    def scheduled(self):
        """id of each event that schedules a call: when its result was recorded, or None."""
        events = self.events()
        ended = {}
        for e in events:
            if e["type"] in ENDS and "id" in e:
                ended.setdefault(attempt_of(e, events), e["at"])
        return {e["id"]: ended.get(e["id"]) for e in events if e["type"] in SCHEDULED}


SCHEDULED = ("TaskScheduled", "LambdaFunctionScheduled")
ENDS = ("TaskSucceeded", "TaskFailed", "TaskTimedOut", "TaskSubmitted", "LambdaFunctionSucceeded", "LambdaFunctionFailed",
        "LambdaFunctionTimedOut")
BETWEEN = ("TaskStarted", "TaskSubmitted", "LambdaFunctionStarted")


def previous(event):
    return event.get("prev", event["id"] - 1)


def attempt_of(event, events):
    """The *Scheduled event that an end belongs to: up the chain of causes."""
    by_id = {e["id"]: e for e in events if "id" in e}
    at = by_id.get(previous(event))
    while at is not None and at["type"] in BETWEEN:
        at = by_id.get(previous(at))
    return at["id"] if at is not None else None


def load(conninfo, label):
    """Every execution of a label with its journal, by name."""
    found = {}
    by_id = {}
    for row in stage.sql(conninfo, "SELECT x.execution_id, x.name, x.status, x.output, x.error, x.cause, m.name FROM pawl.execution x"
                                   " JOIN pawl.state_machine m USING (state_machine_id) WHERE x.name LIKE '%s-%%' ORDER BY 1" % label):
        e = Execution(row)
        found[e.name] = by_id[e.id] = e
    for row in stage.sql(conninfo, "SELECT execution_id, seq, extract(epoch FROM at), events, first_event, event_count FROM pawl.journal"
                                   " ORDER BY 1, 2"):
        if int(row[0]) in by_id:
            by_id[int(row[0])].rows.append((int(row[1]), float(row[2]), json.loads(row[3])))
    return found


class Verdict:
    def __init__(self):
        self.wrong = []

    def must(self, true, text):
        if not true:
            self.wrong.append(text)


def canonical(outcome):
    status, output, error, cause = outcome
    return status, json.dumps(json.loads(output), sort_keys=True) if output else output, error, cause


def outcomes(verdict, executions, acknowledged, calm, label, may_fail=()):
    """Who was acknowledged is there; who is there has ended as the undisturbed one did.

    may_fail: names of those that call at most once, and fail when nobody knows what became of the call. Returns how many did.
    """
    failed = 0
    for name in acknowledged:
        verdict.must(name in executions, "%s was acknowledged and is gone" % name)
    for name, e in executions.items():
        verdict.must(e.status != "RUNNING", "%s has not ended" % name)
        expected = calm[name.replace(label, "calm", 1)]
        if name in may_fail and e.outcome[0] == "FAILED" and e.outcome[2] == "States.TaskFailed":
            failed += 1
            continue
        if e.status != "RUNNING" and canonical(e.outcome) != canonical(expected):
            verdict.must(False, "%s ended otherwise than undisturbed:\n    %s\n    %s" % (name, e.outcome, expected))
    return failed


def histories(verdict, executions):
    """Rows and events are numbered without gaps or doubles, and every event names a cause before it."""
    for name, e in executions.items():
        verdict.must([seq for seq, _, _ in e.rows] == list(range(1, len(e.rows) + 1)), "%s: journal rows %s" % (name, [r[0] for r in e.rows]))
        ids = [v["id"] for v in e.events() if "id" in v]
        verdict.must(ids == list(range(1, len(ids) + 1)), "%s: events are numbered %s" % (name, ids))
        for v in e.events():
            if "id" in v:
                verdict.must(0 <= previous(v) < v["id"], "%s: event %d is caused by %d" % (name, v["id"], previous(v)))


def calls(verdict, executions, server, spared=()):
    """Each key ("EXECUTION-EVENT") one body; no key that the journal does not know; no call once its result is recorded. Returns how many were sent again.

    spared: spans of time in which a process that had stood still may have sent once more what it was about to send.
    """
    seen = {}
    for c in server.calls:
        if c.execution in executions:
            seen.setdefault(c.execution, {}).setdefault(c.key, []).append(c)
    again = 0
    for name, keys in seen.items():
        scheduled = executions[name].scheduled()
        verdict.must(len(keys) <= len(scheduled), "%s: functions saw %d keys, the journal scheduled %d calls" % (name, len(keys), len(scheduled)))
        for key, made in keys.items():
            again += len(made) - 1
            verdict.must(key, "%s: a call without Idempotency-Key" % name)
            verdict.must(len({(c.body, c.function, c.state, c.step) for c in made}) == 1, "%s: key %s came with several bodies" % (name, key))
            verdict.must(len(made) == 1 or made[0].function != "once", "%s: key %s was sent twice, and should be once at most" % (name, key))
            execution_id, _, event = key.rpartition("-")
            event = int(event) if event.isdigit() else None
            if event not in scheduled or execution_id != "%016x" % executions[name].id:
                verdict.must(False, "%s: key %s is of no scheduled call (%s)" % (name, key, sorted(scheduled)))
                continue
            recorded = scheduled[event]
            for c in made:
                late = recorded is not None and c.at > recorded + NOTICED_S
                if late and not any(begin <= c.at <= end for begin, end in spared):
                    verdict.must(False, "%s: %s (key %s) was called %.3f s after its result was recorded" % (name, c.state, key, c.at - recorded))
    return again


def answers(verdict, executions, client, names):
    """The API tells what the journal tells."""
    for name in names:
        e = executions[name]
        arn = "%sexecution:%s:%s" % (stage.ARN, e.machine, name)
        d = client.aws("DescribeExecution", executionArn=arn)
        verdict.must((d["status"], d.get("output", ""), d.get("error", ""), d.get("cause", "")) == e.outcome, "%s: DescribeExecution says %s" % (name, d))
        told = [(v["id"], v["type"], v["previousEventId"]) for v in client.history(arn)]
        verdict.must(told == [(v["id"], v["type"], previous(v)) for v in e.events() if "id" in v], "%s: GetExecutionHistory says %s" % (name, told))


def rest(verdict, conninfo):
    """Nothing stalls, nothing is left over."""
    for row in stage.sql(conninfo, "SELECT * FROM pawl.stalled"):
        verdict.must(False, "pawl.stalled: %s" % (row,))
    for row in stage.sql(conninfo, "SELECT * FROM pawl.inbox"):
        verdict.must(False, "pawl.inbox still holds %s" % (row,))


def logs(verdict, pawlds):
    """No server has ended by itself, none has found a broken invariant."""
    for p in pawlds:
        with open(p.log, errors="replace") as f:
            for line in f:
                if any(word in line for word in ("Sanitizer", "runtime error:", "assertion", "PAWL_ASSERT", "stack smashing")):
                    verdict.must(False, "the log of pawld says: " + line.strip())
