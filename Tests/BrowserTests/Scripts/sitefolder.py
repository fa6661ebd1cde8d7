"""The dashboard's files from a folder instead of the program, so that an edit is tried without a build.

`WEIR_SITE=Sources/Dashboard/site python3 Tests/BrowserTests/Scripts/run.py dashboard WEIR LOADGEN PICTURES` has the
browser take the page and its files from there; everything else is the server's. The beacon stays the program's.
"""

import base64
import os
import queue
import threading
import urllib.request

TYPES = {"html": "text/html; charset=utf-8", "js": "text/javascript; charset=utf-8", "css": "text/css; charset=utf-8", "svg": "image/svg+xml"}


class SiteFolder:
    def __init__(self, folder):
        self.folder = folder
        self.paused = queue.Queue()
        threading.Thread(target=self._serve, daemon=True).start()

    def attach(self, page):
        page.call("Fetch.enable", patterns=[{"urlPattern": "http://*/assets/*"}, {"urlPattern": "http://*/", "resourceType": "Document"},
                                            {"urlPattern": "http://*/[?]*", "resourceType": "Document"}])

    def _serve(self):
        while True:
            browser, message = self.paused.get()
            params, session = message["params"], message["sessionId"]
            url = params["request"]["url"]
            name = url.split("/assets/")[1].split("/")[1].split("?")[0] if "/assets/" in url else "index.html"
            path = os.path.join(self.folder, name)
            try:
                if name == "index.html" and "weir" not in self._policy(url):
                    browser.call("Fetch.continueRequest", session=session, requestId=params["requestId"])
                    continue
                with open(path, "rb") as file:
                    body = file.read()
                if name == "index.html":
                    modules = sorted(one for one in os.listdir(self.folder) if one.endswith(".js") and one not in ("main.js", "weir.js"))
                    preload = "\n".join(f'<link rel="modulepreload" href="/assets/folder/{one}">' for one in modules)
                    body = body.replace(b"{{preload}}", preload.encode()).replace(b"{{assets}}", b"/assets/folder")
                headers = [{"name": "Content-Type", "value": TYPES[name.split(".")[-1]]}]
                if name == "index.html":
                    headers.append({"name": "Content-Security-Policy", "value": self._policy(url)["weir"]})
                browser.call("Fetch.fulfillRequest", session=session, requestId=params["requestId"], responseCode=200,
                             responseHeaders=headers, body=base64.b64encode(body).decode())
            except (OSError, RuntimeError, KeyError, ConnectionError):
                pass

    def _policy(self, url):
        """The server's own policy for the page; empty for other sites' pages."""
        with urllib.request.urlopen(url, timeout=60) as answer:
            policy = answer.headers.get("Content-Security-Policy")
        return {"weir": policy} if policy else {}
