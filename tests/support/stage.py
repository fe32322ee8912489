"""stage.py -- what the tests of the built programs play on: a PostgreSQL of their own, pawld, a client of its doors.

Standard library only.  Everything lives in a fresh folder under the temporary directory, which user postgres can
enter (PostgreSQL refuses to run as root), and is stopped by its own process id.
"""
import ctypes
import http.client
import json
import os
import pwd
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
import urllib.parse

ARN = "arn:aws:states:us-east-1:000000000000:"
ROOT = os.geteuid() == 0
SLOW = float(os.environ.get("TEST_SLOW", 1))  # every wait is so many times as long: programs under a sanitizer, busy machines


def fail(text):
    """Ends the test with one line."""
    print("FAILED: " + text, file=sys.stderr)
    sys.exit(1)


def wait_until(true, seconds, what, every=0.05):
    """Waits for true() to answer something true, and returns that."""
    end = time.monotonic() + seconds * SLOW
    while True:
        got = true()
        if got:
            return got
        if time.monotonic() > end:
            raise TimeoutError("%s: not within %g s" % (what, seconds))
        time.sleep(every)


class Folder:
    """A fresh folder; removed at the end unless keep."""

    def __init__(self, name):
        self.path = tempfile.mkdtemp(prefix="pawl-%s." % name)
        os.chmod(self.path, 0o755)
        self.keep = bool(os.environ.get("PAWL_KEEP"))

    def __truediv__(self, name):
        return os.path.join(self.path, name)

    def remove(self):
        if self.keep:
            print("kept: " + self.path)
        else:
            shutil.rmtree(self.path, ignore_errors=True)


# ---- PostgreSQL ----

def server_user():
    """Who may run PostgreSQL here: ourselves, or user postgres when we are root."""
    return "postgres" if ROOT else pwd.getpwuid(os.geteuid()).pw_name


def as_server_user(command):
    if not ROOT:
        return command
    return ["setpriv", "--reuid=postgres", "--regid=postgres", "--clear-groups", "--inh-caps=-all"] + command


def give_to_server(folder):
    if ROOT:
        shutil.chown(folder, "postgres", "postgres")


def postgres_bin(name):
    """The newest of Debian's installed ones."""
    base = "/usr/lib/postgresql"
    for version in sorted(os.listdir(base), key=float, reverse=True):
        path = os.path.join(base, version, "bin", name)
        if os.path.exists(path):
            return path
    fail("no %s below %s" % (name, base))


def sql(conninfo, text, check=True):
    """Rows of text columns; a NULL is ''. None when it failed and check is False."""
    r = subprocess.run(as_server_user(["psql", "-XqAt", "-F", "\x1f", "-R", "\x1e", "-v", "ON_ERROR_STOP=1", "-d", conninfo]),
                       input=text, capture_output=True, text=True, cwd="/", env=dict(os.environ, PGCONNECT_TIMEOUT="5"))
    if r.returncode:
        if not check:
            return None
        raise RuntimeError("%s: %s" % (text[:300], r.stderr.strip()))
    return [tuple(row.split("\x1f")) for row in r.stdout.rstrip("\n").split("\x1e") if row != ""]


def descendants(pid):
    """Processes whose parents lead to pid, pid first."""
    parents = {}
    for entry in os.listdir("/proc"):
        if entry.isdigit():
            try:
                with open("/proc/%s/stat" % entry) as f:
                    parents[int(entry)] = int(f.read().rsplit(")", 1)[1].split()[1])
            except OSError:
                pass
    found = [pid]
    for candidate in found:
        found += [p for p, parent in parents.items() if parent == candidate]
    return found


# Orphans (a PostgreSQL whose pawld was killed) become our children, so that we can bury them: not every container has an
# init that does, and PostgreSQL takes the zombie of its predecessor for alive.
PR_SET_CHILD_SUBREAPER = 36
ctypes.CDLL(None).prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)


KILLED = set()


def bury():
    """Those whom we killed, as soon as they are our children: their parents may have lived a little longer."""
    for pid in list(KILLED):
        try:
            if os.waitpid(pid, os.WNOHANG)[0]:
                KILLED.discard(pid)
        except ChildProcessError:
            if not os.path.exists("/proc/%d" % pid):
                KILLED.discard(pid)


def lives(pid):
    """Is it there, and not merely waiting to be buried?"""
    try:
        with open("/proc/%d/stat" % pid) as f:
            return f.read().rsplit(")", 1)[1].split()[0] not in "ZX"
    except OSError:
        return False


def kill_tree(pid):
    """SIGKILL to a process and everything below it, the parent first, so that it sees nothing of it. Returns when all are gone."""
    family = descendants(pid)
    for p in family:
        try:
            os.kill(p, signal.SIGKILL)
            KILLED.add(p)
        except ProcessLookupError:
            pass
    wait_until(lambda: not any(map(lives, family)), 10, "the death of %s" % family, 0.01)
    bury()


class Cluster:
    """A PostgreSQL in a folder of its own: unix socket, no TCP, durable."""

    def __init__(self, folder, options="", initdb=()):
        self.folder, self.data, self.options = folder, os.path.join(folder, "data"), options
        os.makedirs(folder, exist_ok=True)
        give_to_server(folder)
        self.run("initdb", "-D", self.data, "-A", "trust", "-U", server_user(), "--no-instructions", "-E", "UTF8", "--locale=C.UTF-8",
                 *initdb)

    def run(self, program, *args):
        r = subprocess.run(as_server_user([postgres_bin(program)] + list(args)), capture_output=True, text=True, cwd="/")
        if r.returncode:
            raise RuntimeError("%s: %s%s" % (program, r.stdout[-500:], r.stderr[-1000:]))

    def start(self):
        bury()
        self.run("pg_ctl", "-D", self.data, "-w", "-t", "60", "-l", os.path.join(self.folder, "log"), "-o",
                 "-k %s -c listen_addresses= %s" % (self.folder, self.options), "start")

    def stop(self, mode="fast"):
        if self.pid():
            self.run("pg_ctl", "-D", self.data, "-w", "-m", mode, "stop")

    def pid(self):
        return postmaster_pid(self.data)

    def conninfo(self, database="postgres", **more):
        """As a URL, which every libpq program and pawld take."""
        query = dict(host=self.folder, user=server_user(), **more)
        return "postgresql:///%s?%s" % (database, urllib.parse.urlencode(query))


def postmaster_pid(data):
    """The pid of the server that runs on a data directory, or None."""
    try:
        with open(os.path.join(data, "postmaster.pid")) as f:
            pid = int(f.readline())
        return pid if lives(pid) else None
    except (OSError, ValueError):
        return None


class PrivateCluster:
    """The one that a pawld keeps in its data directory."""

    def __init__(self, data_dir):
        self.data_dir, self.data = data_dir, os.path.join(data_dir, "postgres")

    def pid(self):
        return postmaster_pid(self.data)

    def conninfo(self, database="pawl"):
        """As its own files say: the socket's folder, and that its user is whom the data belongs to."""
        with open(os.path.join(self.data, "postmaster.pid")) as f:
            lines = f.read().split("\n")
        owner = pwd.getpwuid(os.stat(self.data).st_uid).pw_name
        return "host='%s' port=%s user=%s dbname=%s" % (lines[4], lines[3], owner, database)


# ---- pawld ----

def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


class Pawld:
    """A pawld as an operator would start it; its port stays the same over restarts.

    Whatever ends in a way that nobody asked for raises: a crash never goes unnoticed.
    """

    def __init__(self, binary, log, args=(), port=None, env=None):
        self.binary, self.log, self.args, self.port = binary, log, list(args), port or free_port()
        self.env = dict(os.environ, **(env or {}))
        self.process, self.sent, self.awaited = None, set(), False

    def start(self, wait=30):
        self.must_not_have_crashed()
        bury()
        with open(self.log, "ab") as log:
            self.process = subprocess.Popen([self.binary, "--listen", "127.0.0.1:%d" % self.port] + self.args,
                                            stdout=subprocess.PIPE, stderr=log, env=self.env, cwd="/", start_new_session=True)
        self.sent, self.awaited = set(), False
        if wait:
            self.wait_for_line(wait * SLOW)
        return self

    def wait_for_line(self, seconds):
        """Its one line on standard output says that it serves."""
        line = []
        reader = threading.Thread(target=lambda: line.append(self.process.stdout.readline()), daemon=True)
        reader.start()
        reader.join(seconds)
        text = line[0].decode() if line else ""
        if not text.startswith("listening on http://"):
            raise RuntimeError("pawld does not serve (%s): %s" % (
                "exit status %d" % self.process.poll() if self.process.poll() is not None else "after %g s" % seconds, self.tail()))

    def alive(self):
        return self.process is not None and self.process.poll() is None

    def signal(self, number):
        self.sent.add(number)
        self.process.send_signal(number)

    def must_not_have_crashed(self):
        """It runs, or it ended because it was told or expected to; never by a signal from nowhere."""
        status = None if self.process is None else self.process.poll()
        if status is not None and (-status not in self.sent if status < 0 else not self.sent and not self.awaited):
            self.sent.add(-status)  # it is said once
            raise RuntimeError("pawld has ended by itself (exit status %d): %s" % (status, self.tail(40)))

    def kill(self):
        self.must_not_have_crashed()
        if self.alive():
            self.signal(signal.SIGKILL)
        self.ended(10)

    def stop(self, seconds=10):
        """SIGTERM, and an orderly end: the exit status, which is 0."""
        self.must_not_have_crashed()
        if not self.alive():
            return 0
        self.signal(signal.SIGTERM)
        status = self.ended(seconds)
        if status != 0:
            raise RuntimeError("pawld ended with status %d when it was asked to: %s" % (status, self.tail(40)))
        return status

    def ended(self, seconds):
        """Waits for its end; the exit status."""
        self.awaited = True
        try:
            status = self.process.wait(seconds * SLOW)
        except subprocess.TimeoutExpired:
            self.signal(signal.SIGKILL)
            self.process.wait(10)
            raise TimeoutError("pawld still runs %g s after it was asked to end: %s" % (seconds * SLOW, self.tail()))
        self.process.stdout.close()
        self.must_not_have_crashed()
        return status

    def tail(self, lines=15):
        with open(self.log, errors="replace") as f:
            return "\n".join(f.read().split("\n")[-lines:])

    def memory(self):
        """Resident bytes."""
        with open("/proc/%d/statm" % self.process.pid) as f:
            return int(f.read().split()[1]) * os.sysconf("SC_PAGE_SIZE")

    def cpu(self):
        """CPU seconds of all threads."""
        task = "/proc/%d/task" % self.process.pid
        total = 0
        for t in os.listdir(task):
            with open("%s/%s/schedstat" % (task, t)) as f:
                total += int(f.read().split()[0])
        return total * 1e-9


# ---- a client ----

class Refused(Exception):
    """An answer that is not 2xx."""

    def __init__(self, what, status, body):
        super().__init__("%s: HTTP %d %s" % (what, status, body[:300]))
        self.status, self.body = status, body
        try:
            fields = json.loads(body)
        except ValueError:
            fields = {}
        fields = fields if isinstance(fields, dict) else {}
        self.type = str(fields.get("__type") or fields.get("error") or "").split("#")[-1]
        self.message = fields.get("message") or fields.get("Message") or fields.get("cause") or ""


class Broken(Exception):
    """No answer: refused connection, broken connection, too late."""


class Client:
    """One connection to a pawld; not for several threads at once."""

    def __init__(self, port, timeout=30):
        self.port, self.timeout, self.connection = port, timeout * SLOW, None

    def request(self, method, path, body=None, headers=()):
        """(status, text)."""
        data = body if isinstance(body, (bytes, type(None))) else json.dumps(body).encode()
        try:
            if self.connection is None:
                self.connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=self.timeout)
            self.connection.request(method, path, data, {"Content-Type": "application/json", **dict(headers)})
            answer = self.connection.getresponse()
            return answer.status, answer.read().decode("utf-8", "replace")
        except (http.client.HTTPException, OSError) as e:
            self.close()
            raise Broken("%s %s: %s: %s" % (method, path, type(e).__name__, e))

    def close(self):
        if self.connection is not None:
            self.connection.close()
            self.connection = None

    def rest(self, method, path, body=None):
        status, text = self.request(method, path, body)
        if status >= 300:
            raise Refused("%s %s" % (method, path), status, text)
        return json.loads(text) if text else None

    def aws(self, operation, **params):
        status, text = self.request("POST", "/", params, {"X-Amz-Target": "AWSStepFunctions." + operation,
                                                          "Content-Type": "application/x-amz-json-1.0"})
        if status >= 300:
            raise Refused(operation, status, text)
        return json.loads(text) if text else {}

    def deploy(self, name, definition):
        """Creates or updates a state machine; its ARN."""
        self.rest("PUT", "/api/state-machines/" + name, definition)
        return ARN + "stateMachine:" + name

    def function(self, name, url, **more):
        self.rest("PUT", "/api/functions/" + name, dict(url=url, **more))

    def history(self, execution_arn):
        events, token = [], None
        while True:
            more = {"nextToken": token} if token else {}
            page = self.aws("GetExecutionHistory", executionArn=execution_arn, maxResults=1000, **more)
            events += page["events"]
            token = page.get("nextToken")
            if not token:
                return events
