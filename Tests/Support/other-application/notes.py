#!/usr/bin/python3
"""A service of notes with attachments: rows in PostgreSQL, files on local disk. What drills are tried on besides the staging application.

usage: notes.py FOLDER --port N --dsn TEXT

  PUT /notes/NAME             its body is kept as an attachment; 201
  GET /notes/NAME             the row, as JSON
  GET /notes/NAME/attachment  the bytes
  GET /notes                  how many there are, and the newest names
  GET /health                 503 when the database does not answer

Everybody says `Authorization: Token WORD`; the word is in FOLDER/token. Files go to FOLDER/files, a row after its file.
"""
import argparse
import hashlib
import http.server
import json
import os
import re
import threading

import psycopg2

local = threading.local()


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *_):
        pass

    def answer(self, status, body):
        body = body if isinstance(body, bytes) else json.dumps(body).encode()
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def rows(self, statement, *values):
        """A transaction of one statement. A connection that was lost, since the server was taken back, is opened anew, once."""
        for is_last in (False, True):
            try:
                if getattr(local, "connection", None) is None:
                    local.connection = psycopg2.connect(self.server.options.dsn, connect_timeout=5)
                    local.connection.autocommit = True
                with local.connection.cursor() as cursor:
                    cursor.execute(statement, values)
                    return cursor.fetchall()
            except (psycopg2.OperationalError, psycopg2.InterfaceError):
                local.connection = None
                if is_last:
                    raise

    def path_of(self, digest):
        return os.path.join(self.server.options.folder, "files", digest[:2], digest)

    def act(self, work):
        try:
            self.answer(*work())
        except psycopg2.Error as error:
            self.answer(503, {"error": f"the database: {type(error).__name__}"})

    def is_known(self):
        return self.headers.get("Authorization") == f"Token {self.server.token}"

    def do_GET(self):
        self.act(self.find)

    def find(self):
        if self.path == "/health":
            return 200, {"database": "ok", "notes": self.rows("SELECT count(*) FROM notes")[0][0]}
        if not self.is_known():
            return 401, {"error": "who are you?"}
        if self.path == "/notes":
            rows = self.rows("SELECT name FROM notes ORDER BY written DESC LIMIT 20")
            return 200, {"count": self.rows("SELECT count(*) FROM notes")[0][0], "newest": [row[0] for row in rows]}
        found = re.fullmatch(r"/notes/([\w.-]{1,200})(/attachment)?", self.path)
        rows = self.rows("SELECT name, sha256, bytes FROM notes WHERE name = %s", found.group(1)) if found else []
        if not rows:
            return 404, {"error": "no such note"}
        name, digest, size = rows[0]
        if not found.group(2):
            return 200, {"name": name, "sha256": digest, "bytes": size}
        try:
            with open(self.path_of(digest), "rb") as file:
                return 200, file.read()
        except FileNotFoundError:
            return 410, {"error": "its file is gone"}

    def do_PUT(self):
        self.body = self.rfile.read(int(self.headers.get("Content-Length", "0")))
        self.act(self.keep)

    def keep(self):
        found = re.fullmatch(r"/notes/([\w.-]{1,200})", self.path)
        if not self.is_known() or not found:
            return 401 if found else 404, {"error": "no"}
        digest = hashlib.sha256(self.body).hexdigest()
        path = self.path_of(digest)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(f"{path}.{threading.get_ident()}", "wb") as file:
            file.write(self.body)
            file.flush()
            os.fsync(file.fileno())
        os.rename(file.name, path)
        self.rows("INSERT INTO notes (name, path, sha256, bytes) VALUES (%s, %s, %s, %s) ON CONFLICT (name) DO UPDATE"
                  " SET path = excluded.path, sha256 = excluded.sha256, bytes = excluded.bytes RETURNING 1",
                  found.group(1), f"{digest[:2]}/{digest}", digest, len(self.body))
        return 201, {"name": found.group(1), "sha256": digest}


def main():
    parser = argparse.ArgumentParser(usage=__doc__)
    parser.add_argument("folder")
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--dsn", required=True)
    options = parser.parse_args()
    with open(os.path.join(options.folder, "token"), encoding="utf-8") as file:
        token = file.read().strip()
    server = http.server.ThreadingHTTPServer(("127.0.0.1", options.port), Handler)
    server.options, server.token, server.daemon_threads = options, token, True
    server.serve_forever()


if __name__ == "__main__":
    main()
