"""A stand-in for a service process: `python -m tests.support.stub_service <name>`.

It answers `/livez`, `/readyz` and `/settings` (its environment) on the port that a real service would take, and stops
on SIGTERM. `STUB_FAILS=<name>` makes that one end at once, saying so; `STUB_DEAF=<name>` makes it ignore SIGTERM.
"""

import json
import os
import signal
import sys
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


class Handler(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        known = {"/livez": b"{}", "/readyz": b"{}", "/settings": json.dumps(dict(os.environ)).encode()}
        body = known.get(self.path)
        self.send_response(404 if body is None else 200)
        self.end_headers()
        self.wfile.write(body or b"")

    def log_message(self, format: str, *args: object) -> None:
        pass


def main() -> None:
    name = sys.argv[1]
    if os.environ.get("STUB_FAILS") == name:
        sys.exit(f"{name} cannot find its shoes")
    port = next(os.environ[key] for key in ("HEALTH_PORT", "PORT", "DEMO_CRM_PORT") if key in os.environ)
    server = ThreadingHTTPServer(("127.0.0.1", int(port)), Handler)
    if os.environ.get("STUB_DEAF") == name:
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
    else:
        signal.signal(signal.SIGTERM, lambda number, frame: threading.Thread(target=server.shutdown).start())
    sys.stdout.write(f"{name} serves\n")
    sys.stdout.flush()
    server.serve_forever()
    server.server_close()


if __name__ == "__main__":
    main()
