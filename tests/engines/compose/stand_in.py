"""Stands in for Grafana in a container: reads what is provisioned where Grafana's manual says.

It knows the paths of `GF_PATHS_...`, the three kinds of provisioned files, and those calls of the
HTTP API that a test asks; a data source is asked through it, as by Grafana with `access: proxy`.
"""

import json
import os
import re
import urllib.request
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import yaml

PROXIED = re.compile(r"/api/datasources/proxy/uid/([\w-]+)(/.*)")


def provisioned(kind: str, name: str) -> list[Any]:
    folder = Path(os.environ["GF_PATHS_PROVISIONING"]) / kind
    return [
        one
        for path in sorted(folder.glob("*.yaml"))
        for one in yaml.safe_load(path.read_text(encoding="utf-8"))[name]
    ]


def dashboards() -> dict[str, Any]:
    found = {}
    for provider in provisioned("dashboards", "providers"):
        for path in Path(provider["options"]["path"]).glob("*.json"):
            dashboard = json.loads(path.read_text(encoding="utf-8"))
            found[dashboard["uid"]] = dashboard
    return found


def answer(path: str) -> Any:
    if path == "/api/health":
        return {"database": "ok"}
    if path == "/api/datasources":
        return provisioned("datasources", "datasources")
    if path.startswith("/api/dashboards/uid/"):
        return {"dashboard": dashboards()[path.rpartition("/")[2]]}
    if path == "/process":
        gf = {name: value for name, value in os.environ.items() if name.startswith("GF_")}
        return {"uid": os.getuid(), "environment": gf}
    if asked := PROXIED.fullmatch(path):
        (url,) = [one["url"] for one in provisioned("datasources", "datasources")
                  if one["uid"] == asked[1]]  # fmt: skip
        with urllib.request.urlopen(url + asked[2], timeout=10) as response:  # noqa: S310
            return json.load(response)
    raise LookupError(path)


class Handler(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        try:
            body = json.dumps(answer(self.path)).encode()
        except Exception as error:  # noqa: BLE001 - a test must see whatever it is
            self.send_error(500, repr(error))
            return
        self.send_response(200)
        self.end_headers()
        self.wfile.write(body)


if __name__ == "__main__":
    home = Path(os.environ["GF_PATHS_DATA"])
    (home / "grafana.db").write_text("as Grafana does")
    Path(os.environ["GF_PATHS_PLUGINS"]).mkdir()
    port = int(os.environ["GF_SERVER_HTTP_PORT"])
    ThreadingHTTPServer(("0.0.0.0", port), Handler).serve_forever()  # noqa: S104
