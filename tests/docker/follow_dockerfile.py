#!/usr/bin/env python3
"""follow_dockerfile.py: does what docker/Dockerfile says, in a debootstrap folder, and runs what comes out.

No Docker engine is needed: each stage is a copy of a minimal Debian 12; RUN goes by chroot in a mount and process namespace
of its own; COPY takes what git knows.  The last stage then runs as its USER with its ENV: the functions, and pawld on a
PostgreSQL outside, reached by its socket as docker/compose.yaml has it.  An order goes through, and HEALTHCHECK is asked.
Needs root, debootstrap, and Debian's packages in reach; some minutes. 
"""
import os
import shutil
import subprocess
import sys
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))
TOP = os.path.dirname(os.path.dirname(HERE))
sys.path[:0] = [HERE, os.path.join(TOP, "tests", "support")]
import dockerfile  # noqa: E402
import stage as play  # noqa: E402

MIRROR = os.environ.get("DEBIAN_MIRROR", "http://deb.debian.org/debian")
INSIDE = """
root=$1 folder=$2 user=$3 sockets=$4 command=$5
mount --bind "$root" "$root" && cd "$root"
mount -t proc proc proc && mount --rbind /dev dev && mount -t tmpfs tmpfs dev/shm
[ -z "$sockets" ] || { mkdir -p run/postgresql && mount --bind "$sockets" run/postgresql; } # where /var/run leads
exec chroot --userspec="$user" "$root" /bin/sh -c "cd $folder && $command"
"""


def skip(why):
    print("docker: skipped, " + why)
    sys.exit(0)


def inside(root, stage, command, user="root", sockets="", **popen):
    """The process of a shell command within a stage's folder; nothing of it outlives the process."""
    environ = {"PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", "DEBIAN_FRONTEND": "noninteractive", "HOME": "/"}
    environ.update(stage.env)
    return subprocess.Popen(["unshare", "--mount", "--pid", "--fork", "--kill-child", "sh", "-euc", INSIDE, "sh",
                             root, stage.workdir, user, sockets, command], env=environ, **popen)


def run(root, stage, command, **more):
    p = inside(root, stage, command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, **more)
    out = p.communicate()[0]
    if p.returncode:
        play.fail("RUN %s\n%s" % (command, out[-4000:]))
    return out


def copy(roots, stage, root, words):
    """COPY [--from=STAGE] SOURCE TARGET"""
    words = words.split()
    source = TOP
    if words[0].startswith("--from="):
        source = roots[words.pop(0)[len("--from="):]]
    here, there = words
    target = os.path.join(root, os.path.join(stage.workdir, there).lstrip("/"))
    if source == TOP:
        if here != ".":
            raise ValueError("COPY %s: this test copies the whole folder" % here)
        subprocess.run(["sh", "-euc", 'git ls-files -z -c -o --exclude-standard | tar -c --null -T - | tar -x -C "$1"', "sh", target],
                       cwd=TOP, check=True)
    else:
        subprocess.run(["cp", "-a", source + here + "/.", target], check=True)


def make_stage(base, folder, stage, roots):
    root = os.path.join(folder, "stage%d" % len(roots))
    subprocess.run(["cp", "-a", base, root], check=True)
    stage_now = dockerfile.Stage(stage.image, stage.name)  # what has been said so far
    for word, rest in stage.steps:
        if word == "RUN":
            print("  RUN " + rest[:100], flush=True)
            run(root, stage_now, rest)
        elif word == "WORKDIR":
            stage_now.workdir = rest
            os.makedirs(root + rest, exist_ok=True)
        elif word == "ENV":
            stage_now.env.update([rest.split("=", 1)])
        elif word == "COPY":
            copy(roots, stage_now, root, rest)
    roots[stage.name or "last"] = root
    return root


def debian(folder):
    base = os.path.join(folder, "debian")
    if subprocess.run(["debootstrap", "--variant=minbase", "bookworm", base, MIRROR], stdout=subprocess.DEVNULL).returncode:
        play.fail("debootstrap from " + MIRROR)
    shutil.copy("/etc/resolv.conf", base + "/etc/resolv.conf")
    return base


def serve(root, stage, command, sockets=""):
    """A server in the image, as its user; and the address that it prints."""
    p = inside(root, stage, command, user=stage.user, sockets=sockets, stdout=subprocess.PIPE, text=True)
    line = p.stdout.readline()
    if not line.startswith("listening on "):
        play.fail("%s printed %r" % (command, line))
    return p, line[len("listening on "):].strip()


def try_out(root, stage, folder):
    """An order from definition to end, through the programs of the image."""
    missing = [line for line in run(root, stage, "ldd /usr/bin/pawld /usr/bin/pawl /usr/bin/pawl-functions").splitlines() if "not found" in line]
    if missing:
        play.fail("the image lacks " + " ".join(missing))
    run(root, stage, "test $(id -u) != 0 && ! touch /usr/bin/x", user=stage.user)

    cluster = play.Cluster(os.path.join(folder, "pg"))
    cluster.start()
    play.sql(cluster.conninfo(), "CREATE ROLE pawl SUPERUSER LOGIN; CREATE DATABASE pawl OWNER pawl")
    running = []
    try:
        functions, where = serve(root, stage, "exec pawl-functions --listen 127.0.0.1:0")
        running.append(functions)
        stage.env["PAWL_DATABASE"] = "postgresql:///pawl?host=/var/run/postgresql&user=pawl"
        stage.env["PAWL_LISTEN"] = "127.0.0.1:%d" % play.free_port()
        pawld, endpoint = serve(root, stage, "exec " + " ".join(stage.command), sockets=cluster.folder)
        running.append(pawld)
        run(root, stage, stage.health, user=stage.user)
        stage.env["PAWL_ENDPOINT"] = endpoint
        run(root, stage, "for f in $(pawl-functions --names); do pawl function $f %s/$f; done && pawl deploy statemachines/*.asl.json && "
            "pawl start order-fulfilment --input statemachines/order-fulfilment.input.json --wait" % where, user=stage.user)
    finally:
        for p in running:
            play.kill_tree(p.pid)
        cluster.stop()


def main():
    if os.geteuid() != 0:
        skip("it needs root")
    if not shutil.which("debootstrap"):
        skip("there is no debootstrap")
    stages = dockerfile.parse(os.path.join(TOP, "docker", "Dockerfile"))
    folder = tempfile.mkdtemp(prefix="pawl-docker.")
    os.chmod(folder, 0o755)
    try:
        base, roots = debian(folder), {}
        for stage in stages:
            print("FROM %s %s" % (stage.image, stage.name), flush=True)
            root = make_stage(base, folder, stage, roots)
        try_out(root, stages[-1], folder)
        size = subprocess.run(["du", "-sm", "--exclude=proc", root], capture_output=True, text=True).stdout.split()[0]
        print("docker: the image works; %s MB with its Debian" % size)
    finally:
        subprocess.run(["rm", "-rf", "--one-file-system", folder])


main()
