"""A site with keys: the page asks for one, keeps it until the tab is closed, and shows it to nobody."""

import json
import os
import subprocess
import time

from panels import KEEP, menu, settled, totals


def make(server, scope, admin=None):
    """A key of the site `shop`; the first one of all is the administrator's."""
    site = [] if scope == "admin" else ["--site", "shop"]
    text = subprocess.run([server.program, "key", "create", "--json", "--scope", scope, "--url", server.url, *site, *(["--key", admin] if admin else [])],
                          check=True, capture_output=True, text=True).stdout
    return json.loads(text)


def enter(tab, key):
    """Writes a key into the dialog, as a user does."""
    tab.until("document.querySelector('dialog[open] input[type=password]') && document.activeElement.type === 'password'")
    assert tab.run("document.querySelectorAll('dialog').length") == 1
    assert tab.unnamed() == [], tab.unnamed()
    tab.write(key)
    tab.run("window.asked = document.querySelector('dialog'); 1")
    tab.key("Enter")
    tab.until("!asked.isConnected")


def check(server, browser, tools):
    now = int(time.time() * 1000)
    server.send([{"event": "page_view", "visitor": f"v{index}", "time": now - index * 1000, "url": "https://shop.example/"} for index in range(30)])
    admin = make(server, "admin")["key"]
    writer, reader = make(server, "write", admin)["key"], make(server, "read", admin)
    key = reader["key"]

    tab = browser.page()
    tab.call("Page.addScriptToEvaluateOnNewDocument", source=KEEP)
    tab.go(server.url + "/?site=shop&range=24h&tz=UTC")
    enter(tab, "weir_wrong")
    tab.until("document.querySelector('dialog')?.textContent.includes('was not accepted')")
    # A key that may only send.
    enter(tab, writer)
    enter(tab, key)
    tab.until("document.querySelectorAll('button.kpi')[3].children[1].title === '30'")
    tab.until("document.querySelector('.live-status').dataset.state === 'live'")
    settled(tab)
    tab.shot(os.path.join(tools["pictures"], "keys.png"))
    assert not tab.run("document.querySelector('dialog')")

    # It is in this tab's store, and nowhere else.
    assert tab.run("Object.values(sessionStorage).join()") == key
    assert key not in tab.run("JSON.stringify(localStorage) + document.cookie + location.href + document.documentElement.outerHTML")
    assert tab.call("Network.getCookies")["cookies"] == []
    urls = tab.requests()
    assert urls and not any(one in url for url in urls for one in (key, writer, "weir_wrong")), urls
    call = menu(tab, "Events", "Copy as API call")
    assert key not in call and "Authorization: Bearer KEY" in call, call

    # It holds for every view, through a reload, and for what comes in.
    tab.call("Page.reload")
    tab.until("document.querySelectorAll('button.kpi')[3]?.children[1].title === '30'")
    tab.until("document.querySelector('.live-status').dataset.state === 'live'")
    body = json.dumps({"event": "page_view", "visitor": "new"}).encode()
    server.request("/v1/events?site=shop", body, {"Authorization": "Bearer " + writer})
    tab.until("document.querySelectorAll('button.kpi')[3].children[1].title === '31'")
    assert not tab.run("document.querySelector('dialog')")

    # Who gets the link is asked for a key of their own; who has none is told so, once.
    other = browser.page()
    other.go(tab.run("location.href"))
    other.until("document.querySelector('dialog[open]')")
    other.key("Escape")
    other.until("!document.querySelector('dialog') && document.querySelectorAll('.note.error').length > 3")
    said = other.run("document.querySelector('.note.error').textContent")
    assert "key" in said, said
    time.sleep(1)
    assert not other.run("document.querySelector('dialog')")
    assert "31" not in totals(other).values(), totals(other)
    other.close()

    # A key that is revoked is asked for anew, and what it showed goes on with the next one.
    subprocess.run([server.program, "key", "revoke", reader["id"], "--url", server.url, "--key", admin], check=True, capture_output=True)
    server.request("/v1/events?site=shop", body, {"Authorization": "Bearer " + writer})
    enter(tab, make(server, "read", admin)["key"])
    tab.until("document.querySelectorAll('button.kpi')[3].children[1].title === '32'")
    tab.until("document.querySelector('.live-status').dataset.state === 'live'")
    # The browser itself writes refusals to the console, and streams that were cut.
    assert all("status of 40" in one or "net::ERR_" in one for one in tab.problems()), tab.problems()
