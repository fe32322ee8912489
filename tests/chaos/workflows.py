"""workflows.py -- what runs in the storm: definitions of every kind, and executions of them with inputs.

Outputs tell how they came about: function `work` answers with its input and the name of the state added to "trail",
so an outcome shows which steps ran and in what order.  Nothing in an outcome depends on time, chance or the execution's id.
"""
import random

PREFIX = "chaos-"


def function(name):
    return "arn:aws:lambda:us-east-1:000000000000:function:%s%s" % (PREFIX, name)


def task(name, next_state=None, **fields):
    return dict({"Type": "Task", "Resource": function(name)}, **fields, **({"Next": next_state} if next_state else {"End": True}))


def chain(*names):
    states = {n: task("work", after) for n, after in zip(names, names[1:])}
    states[names[-1]] = task("work")
    return {"StartAt": names[0], "States": states}


AGAIN = [{"ErrorEquals": ["Flaky"], "IntervalSeconds": 1, "MaxAttempts": 3, "BackoffRate": 1.0}]
CAUGHT = [{"ErrorEquals": ["States.ALL"], "ResultPath": "$.error", "Next": "After"}]

TOKEN = {
    "Type": "Task",
    "Resource": "arn:aws:states:::lambda:invoke.waitForTaskToken",
    "Parameters": {"FunctionName": PREFIX + "ticket", "Payload": {"token.$": "$$.Task.Token", "ask.$": "$.ask"}},
    "ResultPath": "$.answer",
    "TimeoutSeconds": 600,
    "Next": "After",
}

# Each item remembers its own steps, and all of them the machine's first.
RECALL = {"StartAt": "One", "States": {
    "One": task("work", "Two", Assign={"one.$": "$.trail"}),
    "Two": task("work", "Recall", Assign={"two.$": "$.trail"}),
    "Recall": {"Type": "Pass", "Parameters": {"all.$": "States.Array($first, $one, $two)"}, "End": True}}}

BRANCHES = [
    chain("Left", "Lefter"),
    {"StartAt": "Nap", "States": {"Nap": {"Type": "Wait", "Seconds": 1, "Next": "Middle"}, "Middle": task("work")}},
    {"StartAt": "Right", "States": {"Right": task("flaky", Retry=AGAIN)}},
]

DEFINITIONS = {
    "chain": chain("A", "B", "C", "D", "E", "F", "G", "H"),
    "fork": {"StartAt": "Before", "States": {
        "Before": task("work", "Fork"),
        "Fork": {"Type": "Parallel", "Branches": BRANCHES, "Next": "Join"},
        "Join": {"Type": "Pass", "End": True}}},
    "fan": {"StartAt": "Fan", "States": {
        "Fan": {"Type": "Map", "ItemsPath": "$.items", "MaxConcurrency": 3, "ItemProcessor": chain("One", "Two"), "ResultPath": "$.items",
                "Next": "After"},
        "After": task("work")}},
    "retry": {"StartAt": "Try", "States": {"Try": task("flaky", "After", Retry=AGAIN), "After": task("work")}},
    "give-up": {"StartAt": "Try", "States": {"Try": task("refuse", "Never", Catch=CAUGHT, Retry=[dict(AGAIN[0], ErrorEquals=["Refused"], MaxAttempts=1)]),
                                             "Never": {"Type": "Fail", "Error": "Never"},
                                             "After": task("work")}},
    "fail": {"StartAt": "Work", "States": {"Work": task("work", "Refused"), "Refused": task("refuse")}},
    "once": {"StartAt": "Once", "States": {"Once": task("once", "After", Delivery="AtMostOnce"), "After": task("work")}},
    "wait": {"StartAt": "Before", "States": {"Before": task("work", "Sleep"),
                                             "Sleep": {"Type": "Wait", "SecondsPath": "$.seconds", "Next": "After"},
                                             "After": task("work")}},
    # Those who wait longer than --park-after leave memory: a wait, a deadline, a tree of waits; and some tokens and stops, above and below.
    "doze": {"StartAt": "Before", "States": {"Before": task("work", "Sleep"),
                                             "Sleep": {"Type": "Wait", "SecondsPath": "$.doze", "Next": "After"},
                                             "After": task("work")}},
    "later": {"StartAt": "Sleep", "TimeoutSeconds": 6, "States": {"Sleep": {"Type": "Wait", "Seconds": 3600, "End": True}}},
    "woods": {"StartAt": "Trees", "States": {
        "Trees": {"Type": "Map", "ItemsPath": "$.items", "ResultPath": "$.items", "Next": "After", "ItemProcessor": {
            "StartAt": "Sleep", "States": {"Sleep": {"Type": "Wait", "SecondsPath": "$.doze", "Next": "One"}, "One": task("work")}}},
        "After": task("work")}},
    "timeout": {"StartAt": "Hang", "States": {"Hang": task("hang", "Never", TimeoutSeconds=1, Catch=CAUGHT),
                                              "Never": {"Type": "Fail", "Error": "Never"},
                                              "After": task("work")}},
    "late": {"StartAt": "Before", "TimeoutSeconds": 3, "States": {"Before": {"Type": "Pass", "Next": "Sleep"},
                                                                  "Sleep": {"Type": "Wait", "Seconds": 3600, "End": True}}},
    "token": {"StartAt": "Ask", "States": {"Ask": dict(TOKEN, Catch=CAUGHT), "After": task("work")}},
    "stop": {"StartAt": "Before", "States": {"Before": task("work", "Sleep"), "Sleep": {"Type": "Wait", "Seconds": 3600, "End": True}}},
    "recall": {"StartAt": "First", "States": {
        "First": task("work", "Each", Assign={"first.$": "$.trail"}),
        "Each": {"Type": "Map", "ItemsPath": "$.items", "MaxConcurrency": 2, "ItemProcessor": RECALL, "Assign": {"each.$": "$"}, "ResultPath": None,
                 "Next": "Last"},
        "Last": task("work", "After", Assign={"last.$": "$.trail"}),
        "After": {"Type": "Pass", "Parameters": {"first.$": "$first", "each.$": "$each", "last.$": "$last"}, "End": True}}},
    "query": {"StartAt": "Before", "QueryLanguage": "JSONata", "States": {
        "Before": task("work", "Each", Assign={"first": "{% $states.result.trail %}"}),
        "Each": {"Type": "Map", "Items": "{% $states.input.items %}", "ItemSelector": "{% $merge([$states.context.Map.Item.Value, {'trail': $first}]) %}",
                 "ItemProcessor": {"StartAt": "Try", "States": {"Try": task(
                     "flaky", Retry=AGAIN, Output="{% $append($first, $states.result.trail) %}")}}, "Next": "After"},
        "After": {"Type": "Pass", "Output": {"each": "{% $states.input %}", "first": "{% $first %}"}, "End": True}}},
    "forest": {"StartAt": "Trees", "States": {"Trees": {
        "Type": "Map", "ItemsPath": "$.items", "ItemProcessor": {"StartAt": "Fork", "States": {"Fork": {
            "Type": "Parallel", "Branches": [chain("Twig", "Leaf"), {"StartAt": "Root", "States": {"Root": task("flaky", Retry=AGAIN)}}],
            "End": True}}},
        "ResultPath": "$.trees", "End": True}}},
}
ENDS = {"fail": "FAILED", "late": "TIMED_OUT", "later": "TIMED_OUT", "stop": "ABORTED"}  # all others succeed
FUNCTIONS = ("work", "once", "flaky", "refuse", "hang", "ticket")


class Planned:
    """One execution to be: a machine and an input; what the harness does to it besides starting it."""

    def __init__(self, index, kind, dice):
        self.index, self.kind = index, kind
        self.input = {"id": index, "ms": dice.choice((2, 10, 40, 150)), "fails": dice.choice((0, 1, 2)), "trail": [],
                      "seconds": dice.choice((1, 2, 3)), "doze": dice.choice((5, 6, 8))}
        if kind in ("fan", "forest", "recall", "query", "woods"):
            self.input["items"] = [{"id": index, "item": i, "ms": dice.choice((2, 20)), "fails": i % 2, "doze": 5 + i % 2, "trail": []}
                                   for i in range(8 if kind == "fan" else 4)]
        if kind == "token":
            self.input["ask"] = {"id": index, "sql": dice.random() < 0.3, "decide": dice.choice(("success", "success", "failure")), "ms": dice.choice((0, 100, 1500, 4000))}
        self.by_sql = dice.random() < 0.15  # started, and its token answered, by SQL
        self.input["sql"] = self.by_sql
        self.stop_after = dice.uniform(0.2, 4) if kind == "stop" else None

    def name(self, label):
        return "%s-%04d" % (label, self.index)


def plan(count, seed):
    """The same executions for the same seed, every kind among them."""
    dice = random.Random(seed)
    kinds = list(DEFINITIONS)
    return [Planned(i, kinds[i % len(kinds)], dice) for i in range(count)]
