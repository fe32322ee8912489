#!/usr/bin/env python3
"""test_docker.py BUILD: what docker/Dockerfile and docker/compose.yaml must hold, read as text; and what compose.yaml's
"setup" does, done.

tests/docker/follow_dockerfile.py (make docker-test) does what the Dockerfile says.
"""
import os
import re
import subprocess
import sys
import urllib.parse

try:
    import yaml
except ImportError:
    print("docker: compose.yaml is not checked, there is no python3-yaml")
    yaml = None

TOP = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
BUILD = os.path.abspath(sys.argv[1] if len(sys.argv) > 1 else os.path.join(TOP, "build"))
sys.path[:0] = [os.path.join(TOP, "tests", "docker"), os.path.join(TOP, "tests", "support")]
import dockerfile  # noqa: E402
import stage as play  # noqa: E402

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
    check_options(services)
    check_places(services, pawlds)
    for name, s in services.items():
        for other in s.get("depends_on", {}):
            must(other in services, "%s depends on %s, which is no service" % (name, other))
        if "build" in s:
            must(os.path.samefile(os.path.join(TOP, "docker", s["build"]["context"]), TOP), name + " is built from this folder")
            must(os.path.exists(os.path.join(TOP, s["build"]["dockerfile"])), name + "'s Dockerfile")


def help_of(program):
    return subprocess.run([os.path.join(BUILD, program), "--help"], capture_output=True, text=True).stdout


def check_options(services):
    """Whatever is passed to our programs, they know."""
    options = set(re.findall(r"--([a-z-]+)", help_of("pawld")))
    for name, s in services.items():
        if s.get("command") == ["pawld"]:
            for variable in s["environment"]:
                must(variable.startswith("PAWL_") and variable[5:].lower().replace("_", "-") in options, "%s: pawld knows no %s" % (name, variable))
        words = s.get("command", [])
        if words[0].startswith("pawl"):
            for option in filter(lambda w: w.startswith("--"), words):
                must(option in help_of(words[0]), "%s: %s knows no %s" % (name, words[0], option))


def check_places(services, pawlds):
    """Sockets and addresses are where they are looked for."""
    postgres = services["postgres"]
    socket = [v.split(":")[1] for v in postgres["volumes"] if v.startswith("socket:")]
    for name, s in pawlds.items():
        where = urllib.parse.urlsplit(s["environment"]["PAWL_DATABASE"])
        query = urllib.parse.parse_qs(where.query)
        must(where.path[1:] == postgres["environment"]["POSTGRES_DB"], name + " asks for the database that is made")
        must(query["user"] == [postgres["environment"]["POSTGRES_USER"]], name + " asks as its user")
        must(query["host"] == socket and any(v.startswith("socket:" + socket[0]) for v in s["volumes"]), name + " looks where the socket is")
        must(int(s["stop_grace_period"].rstrip("s")) > 5, name + " has the time that it takes to stop")
    addresses = [s["environment"]["PAWL_LISTEN"] for s in pawlds.values()] + [services["functions"]["command"][-1]]
    must(len(set(addresses)) == len(addresses), "each listens on an address of its own")
    must(addresses[-1] in services["functions"]["healthcheck"]["test"][-1], "the functions' health is asked where they listen")
    setup = services["setup"]
    must("http://%s/" % addresses[-1] in setup["command"][-1], "the functions are registered where they listen")
    must(setup["environment"]["PAWL_ENDPOINT"] in ["http://" + a for a in addresses[:-1]], "setup asks a pawld that there is")


def try_setup():
    """The commands of the service "setup", while the database is not there yet, and then it is."""
    with open(os.path.join(TOP, "docker", "compose.yaml")) as f:
        command = yaml.safe_load(f)["services"]["setup"]["command"]
    folder = play.Folder("setup")
    cluster = play.Cluster(folder / "pg")
    pawld = play.Pawld(os.path.join(BUILD, "pawld"), folder / "pawld.log", ["--database", cluster.conninfo()])
    try:
        pawld.start()
        setup = subprocess.Popen([word.replace("$$", "$") for word in command], cwd=TOP, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, env=dict(
            os.environ, PATH=BUILD + ":" + os.environ["PATH"], PAWL_ENDPOINT="http://127.0.0.1:%d" % pawld.port))
        try:
            setup.wait(2)
            must(False, "setup waits for the database")
        except subprocess.TimeoutExpired:
            pass
        cluster.start()
        must(setup.wait(60) == 0, "setup does its work")
        client = play.Client(pawld.port)
        machines = [f[:-len(".asl.json")] for f in os.listdir(os.path.join(TOP, "statemachines")) if f.endswith(".asl.json")]
        must(sorted(m["name"] for m in client.rest("GET", "/api/state-machines")["stateMachines"]) == sorted(machines), "setup deploys each definition")
        must(client.rest("GET", "/api/functions")["functions"], "setup registers the functions")
    finally:
        pawld.stop()
        cluster.stop("immediate")
        folder.remove()


check_dockerfile()
if yaml:
    check_compose()
    try_setup()
for says in failures:
    print("FAILED: " + says)
print("docker: %s" % ("%d failed" % len(failures) if failures else "ok"))
sys.exit(bool(failures))
