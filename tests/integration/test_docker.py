#!/usr/bin/env python3
"""test_docker.py BUILD: what docker/Dockerfile and docker/compose.yaml must hold, read as text.

tests/docker/follow_dockerfile.py (make docker-test) does what the Dockerfile says.
"""
import os
import sys

try:
    import yaml
except ImportError:
    print("docker: compose.yaml is not checked, there is no python3-yaml")
    yaml = None

TOP = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
sys.path.insert(0, os.path.join(TOP, "tests", "docker"))
import dockerfile  # noqa: E402

failures = []


def must(true, says):
    if not true:
        failures.append(says)


def check_dockerfile():
    stages = dockerfile.parse(os.path.join(TOP, "docker", "Dockerfile"))
    build, last = stages[0], stages[-1]
    must(len(stages) == 2 and build.name == "build", "a stage that builds and a stage that runs")
    must(all(s.image == "debian:12-slim" for s in stages), "both on Debian 12 slim")
    must(last.user not in ("root", "0"), "the image runs as an ordinary user")
    must(last.health and "/healthz" in last.health, "the image has a health check on /healthz")
    must(last.command == ["pawld"], "the image runs pawld")
    installs = " ".join(text for word, text in last.steps if word == "RUN")
    must("-dev" not in installs and "gcc" not in installs, "the last stage has libraries to run with, not to build with")
    must(not any(word == "COPY" and not text.startswith("--from=build") for word, text in last.steps),
         "the last stage takes only what the first has built")


def check_compose():
    with open(os.path.join(TOP, "docker", "compose.yaml")) as f:
        compose = yaml.safe_load(f)
    services = compose["services"]
    pawlds = {n: s for n, s in services.items() if s.get("command") == ["pawld"]}
    must(services["postgres"]["image"] == "postgres:15", "PostgreSQL 15")
    must("pg_isready" in services["postgres"]["healthcheck"]["test"], "PostgreSQL has a health check")
    must(any(v.startswith("data:") for v in services["postgres"]["volumes"]), "PostgreSQL's data are in a volume")
    must(len(pawlds) == 2, "two pawld")
    must(len({s["environment"]["PAWL_DATABASE"] for s in pawlds.values()}) == 1, "on one database")
    must(len({s["environment"]["PAWL_LISTEN"] for s in pawlds.values()}) == 2, "on two addresses")
    for name, s in pawlds.items():
        must(s["depends_on"]["postgres"]["condition"] == "service_healthy", name + " waits for PostgreSQL")
        must(s["environment"]["PAWL_LISTEN"].startswith("127.0.0.1:") and s["network_mode"] == "host", name + " listens on loopback")
    must("pawl-functions" in services["functions"]["command"], "the demo functions")
    must("healthcheck" in services["functions"], "the functions have a health check of their own")
    must("fsync=off" not in str(compose) and "synchronous_commit" not in str(compose), "nothing makes PostgreSQL forget")
    named = {v.split(":")[0] for s in services.values() for v in s.get("volumes", []) if not v.startswith((".", "/"))}
    must(named == set(compose["volumes"]), "every volume is declared")
    for name, s in services.items():
        for other in s.get("depends_on", {}):
            must(other in services, "%s depends on %s, which is no service" % (name, other))
        if "build" in s:
            must(os.path.samefile(os.path.join(TOP, "docker", s["build"]["context"]), TOP), name + " is built from this folder")
            must(os.path.exists(os.path.join(TOP, s["build"]["dockerfile"])), name + "'s Dockerfile")


check_dockerfile()
if yaml:
    check_compose()
for says in failures:
    print("FAILED: " + says)
print("docker: %s" % ("%d failed" % len(failures) if failures else "ok"))
sys.exit(bool(failures))
