"""The dashboard's scripts and styles from a folder instead of the program, so that an edit is tried without a build.

With `WEIR_SITE=Sources/Dashboard/site` in the environment the browser takes them from there. The page itself, the
beacon and everything else stay the program's.
"""

import base64
import os
import queue
import threading

TYPES = {"js": "text/javascript; charset=utf-8", "css": "text/css; charset=utf-8", "svg": "image/svg+xml"}


class SiteFolder:
    def __init__(self, folder):
        self.folder = folder
        self.paused = queue.Queue()
        threading.Thread(target=self._serve, daemon=True).start()

    def attach(self, page):
        """Has the requests of a page for such files come here."""
        page.call("Fetch.enable", patterns=[{"urlPattern": "http://*/assets/*"}])

    def _serve(self):
        while True:
            browser, message = self.paused.get()
            request, session = message["params"], message["sessionId"]
            name = os.path.basename(request["request"]["url"].split("?")[0])
            try:
                with open(os.path.join(self.folder, name), "rb") as file:
                    body = file.read()
                browser.call("Fetch.fulfillRequest", session=session, requestId=request["requestId"], responseCode=200,
                             responseHeaders=[{"name": "Content-Type", "value": TYPES[name.split(".")[-1]]}], body=base64.b64encode(body).decode())
            except (OSError, RuntimeError, KeyError, TimeoutError):
                # The tab may be gone meanwhile; a file that is not there is missed by the page.
                continue
