"""dockerfile.py -- a Dockerfile as a list of stages: enough of the language for docker/Dockerfile, and no more."""
import json
import re

KNOWN = {"FROM", "RUN", "COPY", "WORKDIR", "USER", "ENV", "HEALTHCHECK", "CMD"}


class Stage:
    def __init__(self, image, name):
        self.image, self.name = image, name
        self.steps = []  # (instruction, text)
        self.env = {}
        self.user, self.workdir = "root", "/"
        self.health, self.command = None, None


def instructions(text):
    """(INSTRUCTION, the rest) in order; comments gone, continued lines joined."""
    joined = re.sub(r"\\\n", " ", "".join(line for line in text.splitlines(True) if not line.lstrip().startswith("#")))
    for line in filter(None, map(str.strip, joined.splitlines())):
        word, _, rest = line.partition(" ")
        if word not in KNOWN:
            raise ValueError("this test does not know the instruction " + word)
        yield word, re.sub(r"\s+", " ", rest).strip()


def parse(path):
    stages = []
    with open(path) as f:
        text = f.read()
    for word, rest in instructions(text):
        if word == "FROM":
            image, _, name = rest.partition(" AS ")
            stages.append(Stage(image, name))
            continue
        stage = stages[-1]
        stage.steps.append((word, rest))
        if word == "ENV":
            name, _, value = rest.partition("=")
            stage.env[name] = value
        elif word == "USER":
            stage.user = rest
        elif word == "WORKDIR":
            stage.workdir = rest
        elif word == "CMD":
            stage.command = json.loads(rest)
        elif word == "HEALTHCHECK":
            stage.health = rest.partition("CMD ")[2]
    return stages
