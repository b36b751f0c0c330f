#!/usr/bin/env python3
"""Requests to S3 signed by botocore, as JSON, to judge our signer by.

usage: sigv4-vectors.py              the fixed cases, as committed in
                                     Tests/ObjectStoreTests/Vectors/s3-sigv4.json
       sigv4-vectors.py SEED COUNT   random cases

Keys and query values are given as they are meant, not encoded. The date is part
of the case; botocore takes it from its clock, which is set here.
"""
import datetime
import json
import random
import sys
import urllib.parse

import botocore.auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

EMPTY = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
SOME = "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"


def set_clock(stamp):
    moment = datetime.datetime.strptime(stamp, "%Y%m%dT%H%M%SZ").replace(tzinfo=datetime.timezone.utc)
    botocore.auth.get_current_datetime = lambda remove_tzinfo=True: moment.replace(tzinfo=None) if remove_tzinfo else moment


class Signer(botocore.auth.S3SigV4Auth):
    """S3's signer, with the payload hash that the case gives."""

    def __init__(self, *args, payload):
        super().__init__(*args)
        self.given = payload

    def payload(self, request):
        return self.given


def case(name, method="GET", key="/plain", query=(), headers=(), payload=EMPTY, token=None, region="us-east-1",
         host="bucket.example.com", date="20260102T030405Z", key_id="AKIDEXAMPLE", secret="wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY"):
    set_clock(date)
    quote = lambda text, safe: urllib.parse.quote(text, safe=safe)
    # botocore takes the path of the URL as it is for S3, and the query encoded and unsorted.
    path = quote(key, "/~")
    url = f"https://{host}{path}"
    if query:
        url += "?" + "&".join(f"{quote(n, '~')}={quote(v, '~')}" for n, v in query)
    request = AWSRequest(method=method, url=url, headers=dict(headers))
    Signer(Credentials(key_id, secret, token), "s3", region, payload=payload).add_auth(request)
    return {"name": name, "method": method, "key": key, "query": [list(q) for q in query],
            "headers": [list(h) for h in headers], "payload": payload, "token": token, "region": region, "host": host,
            "date": date, "keyID": key_id, "secret": secret, "authorization": request.headers["Authorization"]}


def fixed():
    yield case("plain")
    for key in ["/a b", "/ lead", "/trail ", "/plus+plus", "/equals=", "/a//b", "//", "/a/../b", "/./a", "/a/.", "/%41",
                "/%2F", "/100%", "/caf\u00e9", "/cafe\u0301", "/\u65e5\u672c/\u8a9e", "/\U0001f6df", "/tilde~", "/star*",
                "/quote'\"", "/semi;colon:at@", "/a&b?c#d", "/back\\slash", "/tab\t", "/$dollar,comma", "/(b)[c]{d}|^`<>"]:
        yield case(f"key {key!r}", key=key)
        yield case(f"put of key {key!r}", method="PUT", key=key, payload=SOME)
    for query in [[("acl", "")], [("uploads", "")], [("delete", "")], [("versionId", "3/L4kqtJlcpXroDTDmJ+rmSpXd3dIbrHY")],
                  [("prefix", "a b/c+d=e&f")], [("prefix", "caf\u00e9"), ("list-type", "2")],
                  [("list-type", "2"), ("encoding-type", "url"), ("max-keys", "1000"), ("start-after", "data/00/%41")],
                  [("b", ""), ("a", ""), ("B", ""), ("A", "")], [("partNumber", "2"), ("uploadId", "x-y_z~.")],
                  [("Param-3", "3"), ("Param", "2")], [("prefix", "")], [("continuation-token", "1/abc+def==")]]:
        yield case(f"query {query!r}", key="/", query=query)
    yield case("payload hash", method="PUT", payload=SOME)
    yield case("unsigned payload", method="PUT", payload="UNSIGNED-PAYLOAD")
    yield case("session token", token="AQoDYXdzEPT//////////wEXAMPLE==")
    yield case("range", headers=[("Range", "bytes=0-9")])
    yield case("condition", method="PUT", payload=SOME, headers=[("If-None-Match", "*")])
    yield case("checksum and type", method="POST", key="/", query=[("delete", "")], payload=SOME,
               headers=[("Content-MD5", "1B2M2Y8AsgTpgAmY7PhCfg=="), ("Content-Type", "application/xml")])
    yield case("spaces in a header", headers=[("x-amz-meta-note", "  a   b  ")])
    yield case("another region", region="eu-central-1")
    yield case("a port", host="127.0.0.1:9000", key="/bucket/key")
    yield case("end of a leap day", date="20280229T235959Z")
    yield case("a long secret", secret="s" * 200)


def rand(seed, count):
    source = random.Random(seed)
    letters = "abzAZ019-._~ +=&%/?#\\'\"*()<>|\u00e9e\u0301\u65e5\U0001f6df;:@,$!^`{}[]\t"
    text = lambda low, high: "".join(source.choice(letters) for _ in range(source.randint(low, high)))
    for index in range(count):
        names = {text(1, 8) for _ in range(source.randint(0, 4))}
        headers = [(f"x-amz-meta-{n}", source.choice(["a", " b  c ", "%41", "x=y"])) for n in range(source.randint(0, 3))]
        yield case(f"random {index}", method=source.choice(["GET", "PUT", "HEAD", "DELETE", "POST"]),
                   key="/" + text(0, 40), query=[(n, text(0, 12)) for n in sorted(names, key=lambda _: source.random())],
                   headers=headers, payload=source.choice([EMPTY, SOME, "UNSIGNED-PAYLOAD"]),
                   token=source.choice([None, text(1, 30).strip() or None]), region=source.choice(["us-east-1", "eu-west-1", "x"]),
                   date=source.choice(["20000101T000000Z", "20260228T235959Z", "20991231T120000Z"]),
                   secret=source.choice(["s", "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY", "t" * 100]))


cases = rand(int(sys.argv[1]), int(sys.argv[2])) if len(sys.argv) == 3 else fixed()
json.dump(list(cases), sys.stdout, indent=1, ensure_ascii=True)
print()
