"""What the application needs of others: a database, sessions, a file server, and the addresses of their names.

Whatever goes wrong with one of them is an `Unavailable` that names it.
"""
import base64
import configparser
import contextlib
import http.client
import os
import secrets
import socket
import struct
import time
import urllib.parse

import pymysql
import redis

CONNECT_SECONDS = 4
READ_SECONDS = 30


class Unavailable(Exception):
    """`name` is database, sessions or files; the cause says why."""

    def __init__(self, name):
        super().__init__(name)
        self.name = name


class Missing(Exception):
    """The file server works and does not have this file."""


def configuration():
    """The file that FILESHARE_CONFIG names; secrets are in files of their own."""
    parser = configparser.ConfigParser(interpolation=None)
    with open(os.environ["FILESHARE_CONFIG"], encoding="utf-8") as file:
        parser.read_file(file)
    return parser


def secret(section):
    with open(section["password-file"], encoding="utf-8") as file:
        return file.read().strip()


class Database:
    def __init__(self, settings):
        self.section = settings["database"]

    @contextlib.contextmanager
    def transaction(self):
        """A cursor whose statements take effect together at the end, or not at all."""
        try:
            connection = pymysql.connect(
                host=self.section["host"], port=self.section.getint("port"), database=self.section["name"],
                user=self.section["user"], password=secret(self.section), charset="utf8mb4", autocommit=False,
                connect_timeout=CONNECT_SECONDS, read_timeout=READ_SECONDS, write_timeout=READ_SECONDS,
                cursorclass=pymysql.cursors.DictCursor)
        except (pymysql.MySQLError, OSError) as error:
            raise Unavailable("database") from error
        try:
            with connection.cursor() as cursor:
                yield cursor
            connection.commit()
        except pymysql.MySQLError as error:
            raise Unavailable("database") from error
        finally:
            with contextlib.suppress(pymysql.MySQLError, OSError):  # whatever it was, this connection is not used again
                connection.close()


class Sessions:
    def __init__(self, settings):
        section = settings["sessions"]
        self.client = redis.Redis(
            section["host"], section.getint("port"), socket_connect_timeout=CONNECT_SECONDS,
            socket_timeout=CONNECT_SECONDS, decode_responses=True)

    def get(self, token):
        return self._asked(lambda: self.client.get("session:" + token)) if token else None

    def put(self, token, text, seconds):
        self._asked(lambda: self.client.set("session:" + token, text, ex=seconds))

    def remove(self, token):
        self._asked(lambda: self.client.delete("session:" + token))

    def check(self):
        self._asked(self.client.ping)

    @staticmethod
    def _asked(question):
        try:
            return question()
        except redis.RedisError as error:
            raise Unavailable("sessions") from error


class Names:
    """Addresses of names, asked from one DNS server, whatever the machine's own resolver knows."""

    def __init__(self, settings):
        self.server = (settings["dns"]["host"], settings["dns"].getint("port")) if "dns" in settings else None
        self.known = {}  # name: (address, until when)

    def address(self, name):
        if not self.server or name.replace(".", "").isdigit():
            return name
        address, until = self.known.get(name, (None, 0))
        if until > time.monotonic():
            return address
        try:
            address, seconds = self._ask(name)
        except OSError:
            if not address:
                raise
            seconds = 1  # a DNS server that is away does not take everything with it
        self.known[name] = (address, time.monotonic() + seconds)
        return address

    def _ask(self, name):
        """One question for an A record, RFC 1035: the first address and its time to live in seconds."""
        number = secrets.randbits(16)
        labels = b"".join(bytes([len(label)]) + label.encode() for label in name.rstrip(".").split("."))
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as channel:
            channel.settimeout(3)
            channel.connect(self.server)
            channel.send(struct.pack("!6H", number, 0x0100, 1, 0, 0, 0) + labels + struct.pack("!B2H", 0, 1, 1))
            reply = channel.recv(4096)
        try:
            identity, _, _, answers = struct.unpack_from("!4H", reply)
            place = 12 + len(labels) + 5
            if identity != number or answers == 0:
                raise OSError(f"the DNS server knows no {name}")
            # Each answer: a pointer to the name, type, class, time to live, length, data.
            _, kind, _, seconds, length = struct.unpack_from("!HHHIH", reply, place)
        except struct.error as error:
            raise OSError(f"the DNS server's answer for {name} makes no sense") from error
        if kind != 1 or length != 4:
            raise OSError(f"{name} is not an address")
        return socket.inet_ntoa(reply[place + 12:place + 16]), seconds


class FileServer:
    def __init__(self, settings):
        section = settings["files"]
        self.url = urllib.parse.urlsplit(section["url"])
        self.names = Names(settings)
        login = f"{section['user']}:{secret(section)}"
        self.headers = {"Authorization": "Basic " + base64.b64encode(login.encode()).decode()}

    def put(self, path, body, count):
        with self._request("PUT", path, body, {"Content-Length": str(count)}) as reply:
            self._expect(reply, 201, 204)

    def get(self, path, count):
        """The pieces of a file that has to have so many bytes."""
        pieces = self._pieces(path, count)
        next(pieces)  # whatever is wrong is raised here, before the answer has begun
        return pieces

    def _pieces(self, path, count):
        with self._request("GET", path) as reply:
            if reply.status == 404 or reply.status == 200 and reply.length != count:
                raise Missing(path)
            self._expect(reply, 200)
            yield b""
            while piece := reply.read(1 << 18):
                yield piece

    def remove(self, path):
        with self._request("DELETE", path) as reply:
            self._expect(reply, 204, 404)

    def check(self):
        with self._request("GET", "healthz") as reply:
            self._expect(reply, 200)

    @contextlib.contextmanager
    def _request(self, method, path, body=None, headers=None):
        connection = None
        try:
            connection = http.client.HTTPConnection(
                self.names.address(self.url.hostname), self.url.port or 80, timeout=CONNECT_SECONDS)
            connection.connect()
            connection.sock.settimeout(READ_SECONDS)
            connection.request(method, "/" + path, body, {**self.headers, **(headers or {})})
            yield connection.getresponse()
        except (OSError, http.client.HTTPException) as error:
            raise Unavailable("files") from error
        finally:
            if connection:
                connection.close()

    @staticmethod
    def _expect(reply, *statuses):
        if reply.status not in statuses:
            raise Unavailable("files") from OSError(f"the file server answered {reply.status}")
