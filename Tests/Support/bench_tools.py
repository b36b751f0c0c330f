"""The programs that `bench` compares: for each the commands that do one step.

A step is a list of commands, run one after another and measured together; None says that the program has no such step.
Every command is a list of arguments; tar's pipelines go through a shell, and their CPU time is that of all processes.
"""
import os
import shutil
import subprocess

STEPS = {
    "first": "first backup",
    "unchanged": "unchanged",
    "changed": "1 % changed",
    "restore": "full restore",
    "ls": "list",
    "single": "single file",
    "check": "check, all data read",
    "prune": "prune, half of the snapshots",
}


class Tool:
    """One program, with its repository below `work` (or on S3) and its own cache."""

    name = "tool"

    def __init__(self, program, work, url=None):
        self.program, self.work, self.url = program, work, url
        self.repository = url or os.path.join(work, "repository")
        self.password = os.path.join(work, "password")
        self.environment = dict(os.environ, HOME=work, TMPDIR=os.path.join(work, "tmp"))
        os.makedirs(os.path.join(work, "tmp"))
        with open(os.open(self.password, os.O_WRONLY | os.O_CREAT, 0o600), "w", encoding="ascii") as file:
            file.write("correct horse battery staple\n")

    def version(self):
        said = subprocess.run([self.program, *self.version_words], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        return said.stdout.strip().split("\n")[0]

    version_words = ["version"]

    def forget(self):
        """Forgets all but the last two snapshots; measured with nothing, it comes before prune."""
        return []


class Lifeboat(Tool):
    name = "lifeboat"

    def run(self, command, *words):
        common = ["--repo", self.repository, "--password-file", self.password, "--cache-dir", os.path.join(self.work, "cache"), "--quiet"]
        return [self.program, command, *common, *words]

    def init(self):
        # A secret that Lifeboat makes itself needs no slow key derivation: what its users are told to do. restic has no such thing.
        os.unlink(self.password)
        return [self.run("init", "--generate-password-file", self.password)]

    def backup(self, path, number):
        return [self.run("backup", "--path", path)]

    def restore(self, to):
        return [self.run("restore", "--snapshot", "latest", "--to", to)]

    def ls(self):
        return [self.run("ls", "latest")]

    def single(self, file, to):
        return [self.run("restore", "--snapshot", "latest", "--include", file, "--to", to)]

    def check(self):
        return [self.run("check", "--read-data")]

    def forget(self):
        return [self.run("forget", "--keep-last", "2")]

    def prune(self):
        return [self.run("prune"), self.run("prune")]  # the first run lists what to delete, the second deletes


class Restic(Tool):
    name = "restic"

    def run(self, command, *words):
        common = ["--repo", self.repository, "--password-file", self.password, "--cache-dir", os.path.join(self.work, "cache"), "--quiet"]
        return [self.program, *common, command, *words]

    def init(self):
        return [self.run("init")]

    def backup(self, path, number):
        return [self.run("backup", path)]

    def restore(self, to):
        return [self.run("restore", "latest", "--target", to)]

    def ls(self):
        return [self.run("ls", "latest")]

    def single(self, file, to):
        return [self.run("restore", "latest", "--include", file, "--target", to)]

    def check(self):
        return [self.run("check", "--read-data")]

    def forget(self):
        return [self.run("forget", "--keep-last", "2")]

    def prune(self):
        return [self.run("prune")]


class Borg(Tool):
    """zstd at level 3, as the others compress; `prune` there drops archives, `compact` frees their space."""

    name = "borg"
    version_words = ["--version"]

    def __init__(self, program, work, url=None):
        super().__init__(program, work, url)
        self.environment.update(
            BORG_PASSCOMMAND=f"cat {self.password}", BORG_BASE_DIR=work, BORG_UNKNOWN_UNENCRYPTED_REPO_ACCESS_IS_OK="yes")
        self.archives = []

    def init(self):
        return [[self.program, "init", "--encryption", "repokey-blake2", self.repository]]

    def backup(self, path, number):
        self.archives.append(f"{self.repository}::{number}")
        return [[self.program, "create", "--compression", "zstd,3", self.archives[-1], path]]

    def restore(self, to):
        return [["env", "-C", to, self.program, "extract", self.archives[-1]]]

    def ls(self):
        return [[self.program, "list", self.archives[-1]]]

    def single(self, file, to):
        return [["env", "-C", to, self.program, "extract", self.archives[-1], file.lstrip("/")]]

    def check(self):
        return [[self.program, "check", "--verify-data", self.repository]]

    def forget(self):
        return [[self.program, "prune", "--keep-last", "2", self.repository]]

    def prune(self):
        return [[self.program, "compact", self.repository]]


class Tar(Tool):
    """What people use instead: tar | zstd -3 | openssl. Each backup is a full one, so the last is the one that counts."""

    name = "tar"
    version_words = ["--version"]

    def shell(self, text, *words):
        return [["bash", "-o", "pipefail", "-c", text, "bash", *words]]

    cipher = "openssl enc -aes-256-ctr -pbkdf2 -pass file:"

    def init(self):
        os.makedirs(self.repository)
        return []

    def backup(self, path, number):
        self.last = os.path.join(self.repository, f"{number}.tar.zst.enc")
        return self.shell(f'tar -C / -cf - "$1" | zstd -q -3 | {self.cipher}"$2" >"$3"', path.lstrip("/"), self.password, self.last)

    def opened(self, rest, *words):
        return self.shell(f'{self.cipher}"$1" -d -in "$2" | zstd -q -d | {rest}', self.password, self.last, *words)

    def restore(self, to):
        return self.opened('tar -C "$3" -xpf -', to)

    def ls(self):
        return self.opened("tar -tvf -")

    def single(self, file, to):
        return self.opened('tar -C "$3" -xpf - "$4"', to, file.lstrip("/"))

    def check(self):
        return self.opened("tar -tf -")

    def prune(self):
        return None


KINDS = {kind.name: kind for kind in (Lifeboat, Restic, Borg, Tar)}


def present(name, lifeboat):
    """The program of a tool, or None when it is not installed."""
    if name == "lifeboat":
        return os.path.abspath(lifeboat) if os.access(lifeboat, os.X_OK) else None
    return shutil.which(name)
