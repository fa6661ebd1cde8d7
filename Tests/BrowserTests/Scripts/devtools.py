"""Chromium over the DevTools protocol, through a pipe: needs nothing but Python and the browser."""

import base64
import itertools
import json
import os
import shutil
import subprocess
import tempfile
import threading
import time

from sitefolder import SiteFolder

# Generous: on a busy machine everything takes its time, and nothing here measures speed.
PATIENCE = float(os.environ.get("WEIR_BROWSER_PATIENCE", "150"))


class Browser:
    """A browser with a profile of its own, which goes with it."""

    def __init__(self):
        self.profile = tempfile.mkdtemp(prefix="weir-chromium-")
        to_browser, self.commands = os.pipe()
        self.messages, from_browser = os.pipe()

        def hand_over():
            # The browser reads commands from descriptor 3 and writes to 4. Both are moved out of the way first.
            source, sink = os.dup2(to_browser, 103), os.dup2(from_browser, 104)
            os.dup2(source, 3, inheritable=True)
            os.dup2(sink, 4, inheritable=True)

        self.process = subprocess.Popen(
            ["chromium", "--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--no-first-run",
             "--disable-extensions", "--disable-background-networking", "--lang=en-US", "--remote-debugging-pipe",
             "--user-data-dir=" + self.profile, "about:blank"],
            close_fds=False, preexec_fn=hand_over, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
            env={**os.environ, "LANGUAGE": "en_US", "LANG": "en_US.UTF-8"})
        os.close(to_browser)
        os.close(from_browser)
        self.numbers = itertools.count(1)
        self.answers = {}
        self.events = []
        self.news = threading.Condition()
        self.is_over = False
        self.site = SiteFolder(os.environ["WEIR_SITE"]) if "WEIR_SITE" in os.environ else None
        threading.Thread(target=self._listen, daemon=True).start()

    def _listen(self):
        pending = b""
        while True:
            piece = os.read(self.messages, 1 << 16)
            if not piece:
                break
            *whole, pending = (pending + piece).split(b"\0")
            with self.news:
                for text in whole:
                    message = json.loads(text)
                    if "id" in message:
                        self.answers[message["id"]] = message
                    elif message["method"] == "Fetch.requestPaused" and self.site:
                        self.site.paused.put((self, message))
                    else:
                        self.events.append(message)
                self.news.notify_all()
        with self.news:
            self.is_over = True
            self.news.notify_all()

    def call(self, method, session=None, **params):
        number = next(self.numbers)
        message = {"id": number, "method": method, "params": params}
        if session:
            message["sessionId"] = session
        os.write(self.commands, json.dumps(message).encode() + b"\0")
        with self.news:
            if not self.news.wait_for(lambda: number in self.answers or self.is_over, PATIENCE):
                raise TimeoutError(f"{method}: no answer from the browser")
            if number not in self.answers:
                raise ConnectionError(f"{method}: the browser has ended")
            answer = self.answers.pop(number)
        if "error" in answer:
            raise RuntimeError(f"{method}: {answer['error']}")
        return answer["result"]

    def page(self, width=1280, height=900):
        return Page(self, width, height)

    def close(self):
        try:
            self.call("Browser.close")
            self.process.wait(10)
        except (ConnectionError, OSError, RuntimeError, TimeoutError, subprocess.TimeoutExpired):
            self.process.kill()
            self.process.wait()
        shutil.rmtree(self.profile, ignore_errors=True)


class Page:
    """A tab."""

    def __init__(self, browser, width, height):
        self.browser = browser
        self.target = browser.call("Target.createTarget", url="about:blank")["targetId"]
        self.session = browser.call("Target.attachToTarget", targetId=self.target, flatten=True)["sessionId"]
        for domain in ("Page", "Runtime", "Log", "Network"):
            self.call(domain + ".enable")
        if browser.site:
            browser.site.attach(self)
        self.resize(width, height)
        # A headless tab has no window to have the focus.
        self.call("Emulation.setFocusEmulationEnabled", enabled=True)

    def call(self, method, **params):
        return self.browser.call(method, session=self.session, **params)

    def resize(self, width, height):
        self.call("Emulation.setDeviceMetricsOverride", width=width, height=height, deviceScaleFactor=1, mobile=False)

    def colours(self, scheme):
        self.call("Emulation.setEmulatedMedia", features=[{"name": "prefers-color-scheme", "value": scheme}])

    def go(self, url):
        self.call("Page.navigate", url=url)

    def close(self):
        """Closes the tab as its user does: the page is told."""
        self.call("Page.close")

    def run(self, script):
        """The value of an expression, awaited."""
        answer = self.call("Runtime.evaluate", expression=script, awaitPromise=True, returnByValue=True)
        if "exceptionDetails" in answer:
            raise RuntimeError(f"{script[:200]}: {json.dumps(answer['exceptionDetails'])[:1000]}")
        return answer["result"].get("value")

    def until(self, script, what=None):
        """The first value of an expression that is true; an expression that fails is tried again."""
        end = time.monotonic() + PATIENCE
        last = None
        while time.monotonic() < end:
            try:
                last = self.run(f"((value) => value instanceof Node || value)({script})")
            except RuntimeError as error:
                last = error
            if last and not isinstance(last, RuntimeError):
                return last
            time.sleep(0.05)
        raise TimeoutError(f"waited for {what or script}; the last was {last}")

    def click(self, selector):
        """A click of the mouse, where the element is."""
        place = self.until(
            "(() => { const e = document.querySelector(%s); if (!e) return null; e.scrollIntoView({block: 'center'});"
            " const b = e.getBoundingClientRect(); return [b.x + b.width / 2, b.y + b.height / 2]; })()" % json.dumps(selector),
            selector)
        for kind in ("mousePressed", "mouseReleased"):
            self.call("Input.dispatchMouseEvent", type=kind, x=place[0], y=place[1], button="left", clickCount=1)

    def key(self, name):
        codes = {"ArrowRight": 39, "ArrowDown": 40, "Enter": 13, "Tab": 9, "Escape": 27}
        text = {"text": "\r"} if name == "Enter" else {}
        for kind in ("keyDown", "keyUp"):
            self.call("Input.dispatchKeyEvent", type=kind, key=name, code=name, windowsVirtualKeyCode=codes[name],
                      **(text if kind == "keyDown" else {}))

    def write(self, text):
        self.call("Input.insertText", text=text)

    def offline(self, is_offline):
        self.call("Network.emulateNetworkConditions", offline=is_offline, latency=0, downloadThroughput=-1, uploadThroughput=-1)

    def problems(self):
        """What the console says that is an error or a warning, and exceptions."""
        found = []
        for event in list(self.browser.events):
            if event.get("sessionId") != self.session:
                continue
            method, params = event["method"], event["params"]
            if method == "Runtime.exceptionThrown":
                found.append(json.dumps(params["exceptionDetails"])[:800])
            elif method == "Log.entryAdded" and params["entry"]["level"] in ("error", "warning"):
                found.append(f"{params['entry']['text']} {params['entry'].get('url', '')}")
            elif method == "Runtime.consoleAPICalled" and params["type"] in ("error", "warning", "assert"):
                found.append(json.dumps(params["args"])[:800])
        return found

    def forget_problems(self):
        self.browser.events = [event for event in self.browser.events if event.get("sessionId") != self.session]

    def requests(self):
        """The URLs that were asked for."""
        return [event["params"]["request"]["url"] for event in list(self.browser.events)
                if event.get("sessionId") == self.session and event["method"] == "Network.requestWillBeSent"]

    def unnamed(self):
        """Controls that a screen reader has no name for."""
        roles = {"button", "link", "textbox", "combobox", "checkbox", "tab", "listbox", "searchbox", "switch", "radio", "img", "image",
                 "dialog", "application", "DisclosureTriangle"}
        nodes = self.call("Accessibility.getFullAXTree")["nodes"]
        return [json.dumps(node.get("properties", []))[:200] + node["role"]["value"] for node in nodes
                if not node.get("ignored") and node.get("role", {}).get("value") in roles
                and not node.get("name", {}).get("value", "").strip()]

    def shot(self, path):
        """A picture of the whole page."""
        size = self.call("Page.getLayoutMetrics")["cssContentSize"]
        clip = {"x": 0, "y": 0, "width": size["width"], "height": min(size["height"], 5000), "scale": 1}
        data = self.call("Page.captureScreenshot", format="png", captureBeyondViewport=True, clip=clip)["data"]
        with open(path, "wb") as file:
            file.write(base64.b64decode(data))
