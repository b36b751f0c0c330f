"""A small multi-tenant file-sharing service: the application that drills break and bring back.

Rows are in MariaDB, sessions in Redis, files on a remote file server that speaks WebDAV. Without the file server it goes on,
degraded: signing in and listing work, what needs the files answers 503.

    POST   /sign-in           {"email": ..., "password": ...}; sets the cookie `session`
    POST   /sign-out
    GET    /files             ?after=ID&limit=100&prefix=TEXT: the files of one's tenant, in the order of their ids
    POST   /files?name=NAME   the body is the file
    GET    /files/ID          the file
    DELETE /files/ID
    POST   /files/ID/shares   {"recipient": E-MAIL}; gives a token
    GET    /shared/TOKEN      the file, for whoever has the token
    GET    /health            what of it works, as JSON
    GET    /healthz           "ok" as long as the process answers
"""
import hashlib
import hmac
import json
import re
import secrets
import sys

import bottle

from dependencies import Database, FileServer, Missing, Sessions, Unavailable, configuration

MAXIMUM_BYTES = 64 << 20
SESSION_SECONDS = 24 * 3600
TABLES = ("tenants", "users", "files", "shares", "removals", "audit", "settings")
WITHOUT = {
    "database": "the database is not available",
    "sessions": "sessions are not available, so nobody can be signed in",
    "files": "uploads and downloads are not available at the moment; signing in and listing work",
}

settings = configuration()
KEPT_SECONDS = settings["files"].getint("keep-deleted-seconds")
database = Database(settings)
sessions = Sessions(settings)
files = FileServer(settings)
application = bottle.Bottle()


class Refused(Exception):
    def __init__(self, status, text):
        super().__init__(text)
        self.status = status


def answer(status, body):
    return bottle.HTTPResponse(json.dumps(body, default=str) + "\n", status, {"Content-Type": "application/json"})


def answering(action):
    """Turns what an action gives or raises into JSON with a status."""
    def run(*arguments, **names):
        try:
            result = action(*arguments, **names)
            return result if isinstance(result, bottle.HTTPResponse) else answer(200, result)
        except Refused as error:
            return answer(error.status, {"error": str(error)})
        except Missing as error:
            print(f"the file server has no {error}", file=sys.stderr)
            return answer(502, {"error": "the file server does not have the file of this row"})
        except Unavailable as error:
            print(f"{error.name}: {error.__cause__}", file=sys.stderr)
            return answer(503, {"error": WITHOUT[error.name], "unavailable": error.name})
    return run


application.install(answering)


def in_words(error):
    bottle.response.content_type = "application/json"
    return json.dumps({"error": error.status_line}) + "\n"


application.default_error_handler = in_words


# Who it is.

def is_password(password, stored):
    """Stored as pbkdf2:ROUNDS:SALT:HEX, SHA-256."""
    _, rounds, salt, digest = stored.split(":")
    made = hashlib.pbkdf2_hmac("sha256", password.encode(), salt.encode(), int(rounds)).hex()
    return hmac.compare_digest(made, digest)


def signed_in(rows):
    """The user of this request; everybody signed in before the database was rewound has to do so again."""
    text = sessions.get(bottle.request.get_cookie("session", ""))
    rows.execute("SELECT session_epoch AS epoch FROM settings")
    session = json.loads(text) if text else None
    if not session or session["epoch"] != rows.fetchone()["epoch"]:
        raise Refused(401, "sign in first")
    return session


def note(rows, user, action, thing):
    rows.execute(
        "INSERT INTO audit (tenant_id, user_id, action, object, ip, detail) VALUES (%s, %s, %s, %s, %s, %s)",
        (user["tenant"], user["id"], action, thing, bottle.request.remote_addr or "",
         json.dumps({"agent": bottle.request.get_header("User-Agent", "")[:100]})))


@application.post("/sign-in")
def sign_in():
    asked = body_of_request("email", "password")
    with database.transaction() as rows:
        rows.execute("SELECT id, tenant_id AS tenant, name, password_hash FROM users WHERE email = %s", (asked["email"],))
        user = rows.fetchone()
        if not user or not is_password(asked["password"], user.pop("password_hash")):
            raise Refused(403, "wrong e-mail address or password")
        rows.execute("SELECT session_epoch AS epoch FROM settings")
        token = secrets.token_urlsafe(24)
        sessions.put(token, json.dumps({**user, **rows.fetchone()}), SESSION_SECONDS)
        note(rows, user, "user.sign-in", f"user:{user['id']}")
    response = answer(200, user)
    response.set_cookie("session", token, httponly=True, samesite="strict", path="/")
    return response


@application.post("/sign-out")
def sign_out():
    sessions.remove(bottle.request.get_cookie("session", ""))
    return {}


def body_of_request(*names):
    try:
        asked = bottle.request.json
    except bottle.HTTPError:
        asked = None
    if not isinstance(asked, dict) or not all(isinstance(asked.get(name), str) for name in names):
        raise Refused(400, f"the body has to be JSON with {' and '.join(names)}")
    return asked


# Files. What the file server has and no row names does no harm; a row without file does. So a file comes first and goes last,
# a while after its row: longer than a backup of both takes.

@application.get("/files")
def list_files():
    query = bottle.request.query
    after, limit = number(query.get("after", "0")), min(1000, number(query.get("limit", "100")))
    prefix = re.sub(r"([\\%_])", r"\\\1", query.getunicode("prefix", ""))
    with database.transaction() as rows:
        user = signed_in(rows)
        rows.execute(
            "SELECT id, name, bytes, sha256, created FROM files WHERE tenant_id = %s AND id > %s AND name LIKE %s"
            " ORDER BY id LIMIT %s", (user["tenant"], after, prefix + "%", limit))
        return {"files": rows.fetchall()}


def number(text):
    if not re.fullmatch(r"[0-9]{1,18}", text):
        raise Refused(400, "not a number")
    return int(text)


@application.post("/files")
def upload():
    name, body = bottle.request.query.getunicode("name", ""), bottle.request.body
    if not 1 <= len(name) <= 200 or "/" in name:
        raise Refused(400, "a file needs a name of at most 200 characters, without /")
    count, digest = measured(body)
    with database.transaction() as rows:
        user = signed_in(rows)
        rows.execute("SELECT slug FROM tenants WHERE id = %s", (user["tenant"],))
        tenant = rows.fetchone()
        if not tenant:
            raise Refused(401, "sign in first")
        random = secrets.token_hex(8)
        path = f"{tenant['slug']}/{random[:2]}/{random}-{re.sub('[^A-Za-z0-9.-]', '_', name)[:80]}"
        files.put(path, body, count)
        rows.execute(
            "INSERT INTO files (tenant_id, owner_id, name, path, bytes, sha256) VALUES (%s, %s, %s, %s, %s, %s)",
            (user["tenant"], user["id"], name, path, count, digest))
        number = rows.lastrowid
        note(rows, user, "file.upload", f"file:{number}")
    sweep()
    return answer(201, {"id": number, "name": name, "bytes": count, "sha256": digest})


def measured(body):
    if bottle.request.content_length > MAXIMUM_BYTES:
        raise Refused(413, f"a file may have {MAXIMUM_BYTES >> 20} MiB")
    digest, count = hashlib.sha256(), 0
    while piece := body.read(1 << 18):
        digest.update(piece)
        count += len(piece)
    if count != max(0, bottle.request.content_length):
        raise Refused(400, "the body is shorter than it says")
    body.seek(0)
    return count, digest.hexdigest()


def file_of(rows, user, file):
    rows.execute("SELECT * FROM files WHERE id = %s AND tenant_id = %s", (file, user["tenant"]))
    if not (row := rows.fetchone()):
        raise Refused(404, "there is no such file")
    return row


def sent(row):
    name = re.sub('[^A-Za-z0-9.-]', '_', row["name"])
    return bottle.HTTPResponse(files.get(row["path"], row["bytes"]), 200, {
        "Content-Type": "application/octet-stream", "Content-Length": str(row["bytes"]),
        "Content-Disposition": f'attachment; filename="{name}"', "Digest": "sha-256-hex=" + row["sha256"]})


@application.get("/files/<file:int>")
def download(file):
    with database.transaction() as rows:
        user = signed_in(rows)
        row = file_of(rows, user, file)
        note(rows, user, "file.download", f"file:{file}")
    return sent(row)


@application.delete("/files/<file:int>")
def delete(file):
    with database.transaction() as rows:
        user = signed_in(rows)
        row = file_of(rows, user, file)
        rows.execute("DELETE FROM shares WHERE file_id = %s", (file,))
        rows.execute("DELETE FROM files WHERE id = %s", (file,))
        rows.execute("INSERT IGNORE INTO removals (path) VALUES (%s)", (row["path"],))
        note(rows, user, "file.delete", f"file:{file}")
    return {"id": file}


def sweep():
    """Removes a few of the files whose rows are gone for long enough."""
    try:
        with database.transaction() as rows:
            rows.execute("SELECT path FROM removals WHERE at < NOW(3) - INTERVAL %s SECOND LIMIT 5 FOR UPDATE SKIP LOCKED",
                         (KEPT_SECONDS,))
            for row in rows.fetchall():
                files.remove(row["path"])
                rows.execute("DELETE FROM removals WHERE path = %s", (row["path"],))
    except Unavailable as error:
        print(f"sweep: {error.__cause__}", file=sys.stderr)  # the next one does it


@application.post("/files/<file:int>/shares")
def share(file):
    asked = body_of_request("recipient")
    token = secrets.token_urlsafe(24)
    with database.transaction() as rows:
        user = signed_in(rows)
        file_of(rows, user, file)
        rows.execute("INSERT INTO shares (tenant_id, file_id, recipient, token) VALUES (%s, %s, %s, %s)",
                     (user["tenant"], file, asked["recipient"][:190], token))
        note(rows, user, "share.create", f"file:{file}")
    return answer(201, {"token": token})


@application.get("/shared/<token>")
def shared(token):
    with database.transaction() as rows:
        rows.execute("SELECT files.* FROM files JOIN shares ON shares.file_id = files.id WHERE token = %s", (token,))
        if not (row := rows.fetchone()):
            raise Refused(404, "there is no such share")
    return sent(row)


# How it is.

def tables():
    with database.transaction() as rows:
        for table in TABLES:
            rows.execute(f"SELECT 1 FROM {table} LIMIT 1")


@application.get("/health")
def health():
    """200 as long as somebody can sign in and list, 503 when not."""
    state = {}
    for name, check in (("database", tables), ("sessions", sessions.check), ("files", files.check)):
        try:
            check()
            state[name] = "ok"
        except Unavailable:
            state[name] = "failed"
    serves = state["database"] == state["sessions"] == "ok"
    state["degraded"] = serves and state["files"] != "ok"
    return answer(200 if serves else 503, state)


@application.get("/healthz")
def healthz():
    return bottle.HTTPResponse("ok\n", 200, {"Content-Type": "text/plain"})
