"""A server on this machine that answers as the Hugging Face Hub does, as far as its client asks when it reads models."""

from __future__ import annotations

import hashlib
import json
import re
import sys
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Lock, Thread
from typing import Self
from urllib.parse import unquote, urlsplit

API = re.compile(r"/api/models/(?P<repo>[^/]+/[^/]+)(/revision/(?P<rev>[^/]+))?")
RESOLVE = re.compile(r"/(?P<repo>[^/]+/[^/]+)/resolve/(?P<rev>[^/]+)/(?P<name>.+)")
RANGE = re.compile(r"bytes=(\d+)-(\d*)")


@dataclass
class Repository:
    """Hold the files of one model's only commit."""

    files: dict[str, bytes]
    commit: str = "0123456789abcdef0123456789abcdef01234567"
    large: tuple[str, ...] = (".safetensors", ".bin")
    claimed_bytes: dict[str, int] = field(default_factory=dict)
    """Sizes that the Hub states though the contents are shorter."""

    def is_large(self, name: str) -> bool:
        return name.endswith(self.large)

    def etag(self, name: str) -> str:
        content = self.files[name]
        if self.is_large(name):
            return hashlib.sha256(content).hexdigest()
        return hashlib.sha1(f"blob {len(content)}\0".encode() + content, usedforsecurity=False).hexdigest()

    def size(self, name: str) -> int:
        return self.claimed_bytes.get(name, len(self.files[name]))

    def describe(self, name: str) -> dict[str, object]:
        entry: dict[str, object] = {"rfilename": name, "size": self.size(name), "blobId": self.etag(name)[:40]}
        if self.is_large(name):
            entry["lfs"] = {"sha256": self.etag(name), "size": self.size(name), "pointerSize": 134}
        return entry


class HubServer(ThreadingHTTPServer):
    """Serve repositories, and keep what was asked and how many bytes of contents were sent."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.repositories: dict[str, Repository] = {}
        self.requests: list[tuple[str, str, str]] = []
        """Method, path, range."""
        self.agents: set[str] = set()
        self.sent_bytes: dict[str, int] = {}
        """Of contents, by the file's name."""
        self.refusals: dict[str, tuple[int, dict[str, str]]] = {}
        """By the beginning of a path: the status and headers to answer with."""
        self.cut_after: dict[str, list[int]] = {}
        """By a file's name: after how many bytes to drop each of the next connections."""
        self.ignores_ranges = False
        self.token = ""
        """What those who ask must bring along, if anything."""
        self.lock = Lock()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}"

    def forget(self) -> None:
        self.requests.clear()
        self.sent_bytes.clear()

    def ranges(self, name: str) -> list[str]:
        return [wanted for method, path, wanted in self.requests if method == "GET" and path.endswith(f"/{name}")]

    def handle_error(self, request: object, client_address: object) -> None:
        """Take it calmly when the client leaves once it has seen enough."""
        if not isinstance(sys.exc_info()[1], ConnectionError):
            super().handle_error(request, client_address)

    def __enter__(self) -> Self:
        Thread(target=self.serve_forever, args=(0.01,), daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self.shutdown()
        self.server_close()


class _Handler(BaseHTTPRequestHandler):
    server: HubServer
    protocol_version = "HTTP/1.1"

    def log_message(self, *_: object) -> None:
        """Print nothing."""

    def do_HEAD(self) -> None:
        self._answer()

    def do_GET(self) -> None:
        self._answer()

    def _answer(self) -> None:
        quoted = urlsplit(self.path).path
        path = unquote(quoted)
        with self.server.lock:
            self.server.requests.append((self.command, path, self.headers.get("Range", "")))
            self.server.agents.add(self.headers.get("User-Agent", ""))
        refusal = next((refusal for start, refusal in self.server.refusals.items() if path.startswith(start)), None)
        if self.server.token and self.headers.get("Authorization") != f"Bearer {self.server.token}":
            self._send(401, b"{}", {"X-Error-Code": "RepoNotFound"})
        elif refusal:
            self._send(refusal[0], b"{}", refusal[1])
        elif match := API.fullmatch(quoted):
            self._answer_api(match)
        elif match := RESOLVE.fullmatch(quoted):
            self._answer_file(match)
        else:
            self._send(404, b"")

    def _find(self, match: re.Match[str]) -> Repository | None:
        repository = self.server.repositories.get(match["repo"])
        if repository is None:
            # As the Hub answers those who are not logged in, so as not to tell what is private.
            self._send(401, b'{"error":"Repository not found"}', {"X-Error-Code": "RepoNotFound"})
        elif unquote(match["rev"] or "main") not in {"main", "refs/pr/1", repository.commit}:
            self._send(404, b'{"error":"Invalid rev id"}', {"X-Error-Code": "RevisionNotFound"})
        else:
            return repository
        return None

    def _answer_api(self, match: re.Match[str]) -> None:
        repository = self._find(match)
        if repository is None:
            return
        siblings = [repository.describe(name) for name in repository.files]
        model = {"id": match["repo"], "modelId": match["repo"], "sha": repository.commit, "siblings": siblings}
        self._send(200, json.dumps(model).encode(), {"Content-Type": "application/json"})

    def _answer_file(self, match: re.Match[str]) -> None:
        repository = self._find(match)
        if repository is None:
            return
        name = unquote(match["name"])
        if name not in repository.files:
            self._send(404, b"", {"X-Error-Code": "EntryNotFound"})
            return
        content, size = repository.files[name], repository.size(name)
        etag = f'"{repository.etag(name)}"'
        headers = {"X-Repo-Commit": repository.commit, "ETag": etag, "Accept-Ranges": "bytes"}
        if repository.is_large(name):
            headers |= {"X-Linked-Size": str(size), "X-Linked-ETag": etag}
        wanted = None if self.server.ignores_ranges else RANGE.fullmatch(self.headers.get("Range", ""))
        if wanted:
            start, end = int(wanted[1]), min(int(wanted[2] or size - 1) + 1, size)
            self._send(206, content[start:end], headers | {"Content-Range": f"bytes {start}-{end - 1}/{size}"}, name)
        else:
            self._send(200, content, headers, name)

    def _send(self, status: int, content: bytes, headers: dict[str, str] | None = None, name: str = "") -> None:
        self.send_response(status)
        for key, value in (headers or {}).items():
            self.send_header(key, value)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        if self.command == "HEAD":
            return
        cuts = self.server.cut_after.get(name)
        kept = content[: cuts.pop(0)] if cuts else content
        with self.server.lock:
            self.server.sent_bytes[name] = self.server.sent_bytes.get(name, 0) + len(kept)
        self.close_connection = len(kept) < len(content)
        self.wfile.write(kept)
