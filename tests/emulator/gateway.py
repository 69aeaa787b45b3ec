"""API Gateway in front of a built function under the emulator: HTTP for a client that knows of no events.

Usage: gateway.py BOOTSTRAP ENV_FILE COMMAND [ARGUMENT...]

It runs the command, with the address that it serves as one argument more, and ends as that does. ENV_FILE has the function's
variables; the DynamoDB and the KMS they name have to be running.
"""

import base64
import json
import subprocess
import sys
import threading
import time
import urllib.parse
from http.server import BaseHTTPRequestHandler, HTTPServer

import emulator


def event(method, target, headers, body):
    """The event of an HTTP API for a request (payload format 2.0), in which a form is no text."""
    path, _, query = target.partition("?")
    path = urllib.parse.unquote(path)
    headers = {name.lower(): ",".join(headers.get_all(name)) for name in headers}
    encoded = {"body": base64.b64encode(body).decode()} if body else {}
    return encoded | {
        "version": "2.0",
        "routeKey": "$default",
        "rawPath": path,
        "rawQueryString": query,
        "headers": headers | {"x-forwarded-proto": "http"},
        "requestContext": {
            "accountId": "123456789012",
            "apiId": "localhost",
            "domainName": headers["host"],
            "domainPrefix": "localhost",
            "http": {
                "method": method,
                "path": path,
                "protocol": "HTTP/1.1",
                "sourceIp": "127.0.0.1",
                "userAgent": headers.get("user-agent"),
            },
            "requestId": "local",
            "routeKey": "$default",
            "stage": "$default",
            "timeEpoch": int(time.time() * 1000),
        },
        "isBase64Encoded": bool(body),
    }


class Gateway(BaseHTTPRequestHandler):
    """One request, with `Date` in its answer, as API Gateway has it; its connection is closed then."""

    def answer(self):
        body = self.rfile.read(int(self.headers.get("content-length", 0)))
        reply = self.server.send(event(self.command, self.path, self.headers, body))
        if "statusCode" not in reply:
            print(f"the function failed: {reply}", file=sys.stderr)
            reply = {"statusCode": 500, "body": json.dumps({"message": "Internal Server Error"})}
        body = (reply.get("body") or "").encode()
        if reply.get("isBase64Encoded"):
            body = base64.b64decode(body)
        self.send_response(reply["statusCode"])
        for name, value in reply.get("headers", {}).items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    do_DELETE = do_GET = do_OPTIONS = do_POST = answer

    def log_message(self, *_):
        """The function has its own."""


bootstrap, env_file, *command = sys.argv[1:]
# Of one thread, so that calls follow one another.
with emulator.running(bootstrap, env_file) as send, HTTPServer(("127.0.0.1", 0), Gateway) as server:
    server.send = send
    threading.Thread(target=server.serve_forever, daemon=True).start()
    ended = subprocess.run([*command, f"http://127.0.0.1:{server.server_port}"])
    server.shutdown()
sys.exit(ended.returncode)
