"""What `bench-recovery` works with: a server of its own, the journal of it, a writer, and a restore that is timed by phase."""
import fcntl
import json
import os
import pty
import re
import select
import shutil
import signal
import struct
import subprocess
import termios
import threading
import time

HERE = os.path.dirname(os.path.abspath(__file__))
LIMIT = 120
# What a restore draws while it works, and what we call it.
PHASES = {
    "restoring the files": "fetch", "checking the files": "check", "preparing the data": "build", "fetching the log": "log",
    "looking for the place in the log": "locate", "replaying the log": "replay", "starting a private server": "start",
}


def run(*command, **options):
    return subprocess.run([str(part) for part in command], check=True, text=True, stdout=subprocess.PIPE, **options).stdout


def staging(script, *words):
    return run(os.path.join(HERE, "staging", script), *words)


class Server:
    """A database of ours with a configuration, a repository and a password beside it."""

    def __init__(self, kind, folder, lifeboat, journal="true"):
        self.journal = journal
        self.kind, self.folder, self.lifeboat = kind, folder, lifeboat
        self.engine = "mariadb" if kind == "mariadb" else "postgres"
        self.is_mariadb = kind == "mariadb"
        self.values = {}
        self.running = []
        self.start()
        # Outside of the server's folder: that is given to its account.
        self.store = folder + "-store"
        self.state = folder + "-state"
        os.mkdir(self.store)
        with open(os.path.join(folder, "backup.secret")) as file:
            self.secret("database", file.read())
        self.config = self.configuration()
        # A secret that Lifeboat makes itself needs no slow key derivation: what its users are told to do.
        run(lifeboat, "init", "--repo", f"{self.store}/repository", "--generate-password-file", f"{self.store}/password", "--quiet")

    def secret(self, name, text):
        with open(os.open(f"{self.store}/{name}", os.O_WRONLY | os.O_CREAT, 0o600), "w") as file:
            file.write(text)

    def configuration(self):
        if self.is_mariadb:
            server = [f"socket: {self.values['MARIADB_SOCKET']}", f"data-folder: {self.values['MARIADB_DATA']}"]
        else:
            server = [f"host: {self.values['PG_HOST']}", f"port: {self.values['PG_PORT']}", f"data-folder: {self.values['PG_DATA']}"]
        lines = ["service: bench", f"state: {self.state}", "stores:", "  main:", f"    repository: {self.store}/repository",
                 f"    password: {{file: {self.store}/password}}", "sources:", "  db:", f"    kind: {self.kind}", "    method: physical",
                 "    user: backup", f"    password: {{file: {self.store}/database}}", f"    journal: {self.journal}"]
        lines += [f"    {line}" for line in server] + ["    pins: {off: true}", "plans:", "  nightly: {store: main, sources: [db]}"]
        with open(f"{self.store}/lifeboat.yaml", "w") as file:
            file.write("\n".join(lines) + "\n")
        return file.name

    def start(self):
        said = staging(f"start-{self.engine}", self.folder)
        self.values.update(line.split("=", 1) for line in said.splitlines() if "=" in line)

    def kill(self, *with_it):
        """SIGKILL to the server and to processes beside it, at the same moment."""
        with open(os.path.join(self.folder, f"{self.engine}.pid")) as file:
            server = int(file.read().split()[0])
        for process in with_it:
            os.kill(process.pid, signal.SIGKILL)
        os.kill(server, signal.SIGKILL)
        for process in with_it:
            process.wait()
        staging("stop", self.folder, "--kill")

    def end(self):
        for journal in self.running:
            journal.end()
        subprocess.run([os.path.join(HERE, "staging", "stop"), self.folder], check=False)

    def client(self):
        if self.is_mariadb:
            return ["mariadb", "--no-defaults", "-S", self.values["MARIADB_SOCKET"], "-u", "root", "-N", "--unbuffered"]
        return [os.path.join(self.values["PG_BIN"], "psql"), "-qAtX", "-v", "ON_ERROR_STOP=1", "-h", self.values["PG_SOCKET_DIR"],
                "-p", self.values["PG_PORT"], "-U", self.values["PG_SUPERUSER"], "-d", "app"]

    def prepare(self):
        """Makes the database and the schema that the tables are in."""
        if self.is_mariadb:
            return self.sql("CREATE DATABASE app")
        run(*self.client()[:-1], self.values["PG_SUPERUSER"], "-c", "CREATE DATABASE app")
        return self.sql("CREATE SCHEMA app")

    def sql(self, text):
        return run(*self.client(), input=text + ";\n").strip()

    def seed(self, *words):
        target = (f"mariadb:{self.values['MARIADB_SOCKET']}" if self.is_mariadb
                  else f"postgres:{self.values['PG_SOCKET_DIR']}:{self.values['PG_PORT']}")
        account = [] if self.is_mariadb else ["--user", self.values["PG_SUPERUSER"]]
        staging("seed-data", "--target", target, *account, *words)

    def point(self):
        """Makes a recovery point; gives the bytes of the database in it."""
        said = run(self.lifeboat, "backup", "nightly", "--config", self.config, "--json", "--no-cache")
        return json.loads(said)["parts"][0]["byte_count"]

    def log_bytes(self):
        folder = os.path.join(self.folder, "binlog")
        return sum(os.path.getsize(os.path.join(folder, name)) for name in os.listdir(folder) if name.startswith("binlog.0"))

    def journal_bytes(self):
        return tree_bytes(f"{self.store}/repository/lifeboat/journal")


def tree_bytes(root):
    return sum(os.path.getsize(os.path.join(folder, name)) for folder, _, names in os.walk(root) for name in names)


class Journal:
    """`lifeboat journal run`, on a machine that can be lost."""

    def __init__(self, server):
        self.server, self.process = server, None
        server.running.append(self)
        self.start()

    def start(self):
        if self.process is None:
            self.process = subprocess.Popen([self.server.lifeboat, "journal", "run", "--config", self.server.config, "--quiet"])

    def forget(self):
        """The machine is gone: the spool, and what it knew of where it stood. Its name in the ledger it keeps."""
        self.process = None
        for name in os.listdir(self.server.state):
            path = os.path.join(self.server.state, name)
            if name.startswith("journal-"):
                shutil.rmtree(path) if os.path.isdir(path) else os.unlink(path)

    def end(self):
        """Told to end, it stores what it has."""
        if self.process is not None:
            self.process.send_signal(signal.SIGTERM)
            if self.process.wait(LIMIT) != 0:
                raise SystemExit(f"bench-recovery: the journal ended with {self.process.returncode}")
            self.process = None

    def status(self):
        said = subprocess.run([self.server.lifeboat, "journal", "status", "--config", self.server.config, "--json"],
                              text=True, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        return json.loads(said.stdout)["journals"][0] if said.stdout else {}

    def state(self):
        """What it says on this machine, whether the store is there or not."""
        try:
            with open(os.path.join(self.server.state, "journal-db.json")) as file:
                return json.load(file)
        except (OSError, ValueError):
            return {}

    def wait(self):
        """Until it follows: it has archived something, or joined what is archived."""
        self.until(lambda status: (status.get("spooled") or status.get("archived")) and status["is_running"])

    def caught_up(self):
        """Until the store has all that the server wrote."""
        self.until(lambda status: status.get("behind_byte_count") == 0 and status["waiting_byte_count"] == 0)

    def until(self, holds):
        end = time.monotonic() + LIMIT
        while not holds(status := self.status()):
            if time.monotonic() > end or self.process.poll() is not None:
                raise SystemExit(f"bench-recovery: the journal does not get there: {status}")
            time.sleep(0.1)


class Writer:
    """One commit after another, and for each the moment at which its answer came. Row n is the nth, from 1."""

    def __init__(self, server, padding=150):
        self.padding = padding
        self.server, self.thread, self.is_over = server, None, False
        self.acknowledged = []

    def start(self):
        self.thread = threading.Thread(target=self.work)
        self.thread.start()

    def join(self):
        self.thread.join(LIMIT)

    def stop(self):
        self.is_over = True
        self.join()

    def resume(self, last):
        """The server has rows up to `last`: one may never have been acknowledged."""
        del self.acknowledged[last:]
        while len(self.acknowledged) < last:
            self.acknowledged.append(time.monotonic())

    def work(self):
        client = subprocess.Popen(self.server.client(), text=True, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
        try:
            while not self.is_over:
                number = len(self.acknowledged) + 1
                client.stdin.write(f"INSERT INTO app.beats VALUES ({number}, REPEAT('x', {self.padding})); SELECT {number};\n")
                client.stdin.flush()
                if client.stdout.readline().strip() != str(number):
                    return
                self.acknowledged.append(time.monotonic())
        except OSError:
            return
        finally:
            client.kill()
            client.wait()


def restore(server, target, question):
    """Restores into a scratch server and asks it; gives the answer, the seconds until it could be asked, and those of each phase."""
    ask = f"$LIFEBOAT_SCRATCH_CONNECT {'-N' if server.is_mariadb else '-qAt -d app'} {'-e' if server.is_mariadb else '-c'} \"{question}\""
    # Progress is drawn on terminals only.
    ours, theirs = pty.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 24, 200, 0, 0))
    began = time.monotonic()
    process = subprocess.Popen([server.lifeboat, "restore", *target, "--source", "db", "--into", "scratch", "--config", server.config,
                                "--no-cache", "--run", ask], stdout=subprocess.PIPE, stderr=theirs, stdin=subprocess.DEVNULL)
    os.close(theirs)
    output, drawn, marks = b"", b"", [("plan", began)]
    sources = [process.stdout.fileno(), ours]
    while sources:
        for source in select.select(sources, [], [])[0]:
            try:
                piece = os.read(source, 65536)
            except OSError:  # a terminal whose other end is closed
                piece = b""
            if not piece:
                sources.remove(source)
            elif source == ours:
                drawn += piece
                for words in re.findall(rb"\rdb: ([^\r\x1b]+)\x1b", piece):
                    marks.append((PHASES.get(words.decode().strip(), words.decode().strip()), time.monotonic()))
            else:
                if b"restored in" in piece and marks[-1][0] != "ask and remove":
                    marks.append(("ask and remove", time.monotonic()))
                output += piece
    os.close(ours)
    if process.wait() != 0:
        raise SystemExit(f"bench-recovery: restore ended with {process.returncode}: {drawn.decode()} {output.decode()}")
    ended = time.monotonic()
    phases = {}
    for (name, start), (_, end) in zip(marks, marks[1:] + [("", ended)]):
        phases[name] = phases.get(name, 0) + end - start
    answer = output.decode().strip().split("\n")
    answer = "\n".join(line for line in answer if re.fullmatch(r"[\d\s]+", line))
    return answer, (marks[-1][1] - began, list(phases.items()))
