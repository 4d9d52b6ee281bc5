"""Serves the built UI at `/`, so that one port is enough; where it is not built, a page that says what is here."""

from pathlib import Path

from fastapi import FastAPI
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import FileResponse, HTMLResponse, Response

_SECURITY_HEADERS = {
    "Content-Security-Policy": "default-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; "
    "font-src 'self' data:; connect-src 'self'; worker-src 'self' blob:; object-src 'none'; base-uri 'self'; "
    "form-action 'self'; frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
}
_HASHED_FOLDER = "assets"
_FOREVER = "public, max-age=31536000, immutable"
_NOT_OURS = ("api/",)

_PLAIN_PAGE = """<!doctype html>
<html lang="en">
<head><meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>Automations</title>
<style>
body { font: 16px/1.5 system-ui, sans-serif; max-width: 40rem; margin: 4rem auto; padding: 0 1rem; color: #1c2024 }
code { background: #f0f0f3; padding: .1em .3em; border-radius: 4px }
a { color: #0d74ce }
</style></head>
<body>
<h1>Automations</h1>
<p>The API answers here. Its description is at <a href="/api/v1/openapi.json"><code>/api/v1/openapi.json</code></a>.</p>
<ul>
<li><a href="/api/v1/automations"><code>GET /api/v1/automations</code></a>: what is set up</li>
<li><a href="/api/v1/runs"><code>GET /api/v1/runs</code></a>: what ran</li>
<li><a href="/api/v1/tasks"><code>GET /api/v1/tasks</code></a>: what waits for people</li>
<li><a href="/api/v1/actions"><code>GET /api/v1/actions</code></a>: what an automation can do</li>
</ul>
</body></html>
"""


def find_web_dist(named: Path | None) -> Path | None:
    """Return the folder of the built UI; None where it is not built."""
    folder = named or Path(__file__).resolve().parents[3] / "web" / "dist"
    return folder if (folder / "index.html").is_file() else None


def add_web(app: FastAPI, dist: Path | None) -> None:
    """Serve the UI for every path that is none of the API's; unknown ones get its first page."""

    @app.get("/{path:path}", include_in_schema=False)
    async def web(request: Request, path: str) -> Response:
        if path.startswith(_NOT_OURS) or path == "api":
            raise HTTPException(404)
        if dist is None:
            if path:
                raise HTTPException(404)
            return HTMLResponse(_PLAIN_PAGE, headers=_SECURITY_HEADERS)
        return _file_response(dist, path)


def _file_response(dist: Path, path: str) -> Response:
    wanted = (dist / path).resolve()
    if path and wanted.is_relative_to(dist.resolve()) and wanted.is_file():
        cache = _FOREVER if path.startswith(f"{_HASHED_FOLDER}/") else "no-cache"
        return FileResponse(wanted, headers={**_SECURITY_HEADERS, "Cache-Control": cache})
    if path.startswith(f"{_HASHED_FOLDER}/"):
        raise HTTPException(404)
    return FileResponse(dist / "index.html", headers={**_SECURITY_HEADERS, "Cache-Control": "no-cache"})
