"""The dashboard shows what the API says, stays live, and can be used by everybody."""

import csv
import datetime
import io
import json
import os
import subprocess
import time

from panels import number, rows, same, scope, settled, totals
from weirserver import PATIENCE, until

VIEWS = ["overview", "funnels", "retention", "paths", "events"]
STEPS = ["view_item", "add_to_cart", "purchase"]
HOSTILE = ["<img src=x onerror=alert(1)>", "</script><script>alert(2)</script>", "\u202eright to left \u05d0\u05d1", "'\"&amp;=1+1"]
FUNNEL = "&view=funnels&" + "&".join("s=" + step for step in STEPS)


def fill(server, tools):
    """Three days of generated events that end now, and some whose texts are attacks."""
    now = datetime.datetime.now(datetime.timezone.utc)
    begin = (now - datetime.timedelta(days=2)).strftime("%Y-%m-%d")
    text = subprocess.run([tools["loadgen"], "generate", "--events", "20000", "--visitors", "1500", "--days", "3", "--start", begin],
                          check=True, capture_output=True, text=True).stdout
    events = [json.loads(line) for line in text.splitlines()]
    limit = now.strftime("%Y-%m-%dT%H:%M:%S")
    events = [event for event in events if event["time"] < limit]
    for start in range(0, len(events), 5000):
        server.send(events[start:start + 5000], backfill=True)
    at = int(time.time() * 1000) - 3_600_000
    server.send([{"event": text, "visitor": text, "time": at + index, "url": f"https://shop.example/{text}", "title": text,
                  "props": {"text": text, text: "a property with such a name"}} for index, text in enumerate(HOSTILE)], backfill=True)
    return len(events) + len(HOSTILE)


def check_numbers(server, tab):
    """Totals, lists, funnel and cohorts are those of the API."""
    tab.go(server.url + "/?site=shop&range=7d&tz=UTC")
    tab.until("document.querySelectorAll('#pages-list tbody tr').length > 3 && document.querySelectorAll('button.kpi')[5].children[1].title.length > 1")
    settled(tab)
    here = scope(tab)
    asked = server.query("aggregate", **here, metrics=["visitors", "sessions", "pageviews", "events"])["metrics"]
    shown = {name: number(text) for name, text in totals(tab).items() if name in ("Visitors", "Visits", "Page views", "Events")}
    assert shown == {"Visitors": asked["visitors"], "Visits": asked["sessions"], "Page views": asked["pageviews"], "Events": asked["events"]}, (shown, asked)
    for panel, dim, metrics in (("pages", "path", ["visitors", "pageviews"]), ("events", "event", ["visitors", "events"])):
        wanted = server.query("top", **here, by=dim, metrics=metrics, limit=8)["rows"]
        found = [[row[0], *map(number, row[1:])] for row in rows(tab, panel)]
        assert found == [[row["key"][0], *(row[metric] for metric in metrics)] for row in wanted], (found, wanted)
    # Entry and exit pages, from one answer, one after the other.
    pages = server.query("sessions", **here, by="path", limit=8)
    for label, part in (("Entry", "entry_pages"), ("Exit", "exit_pages"), ("Entry", "entry_pages")):
        tab.run(f"[...document.querySelectorAll('[aria-controls=pages-list]')].find((one) => one.textContent === '{label}').click()")
        wanted = [[row["key"], f"{row['sessions']:,}"] for row in pages[part]["rows"]]
        same(lambda: ([row[:2] for row in rows(tab, "pages")], wanted), label, PATIENCE)

    tab.go(server.url + "/?site=shop&range=7d&tz=UTC&window=1h" + FUNNEL)
    tab.until("document.querySelectorAll('.funnel-step').length == 3")
    wanted = server.query("funnel", **scope(tab), steps=STEPS, window="1h")["steps"]
    found = tab.run("[...document.querySelectorAll('.funnel-step .kept')].map((one) => one.textContent.split(' ')[0])")
    assert [number(one) for one in found] == [step["count"] for step in wanted], (found, wanted)
    tab.click(".funnel-step:nth-child(2) .bar + .kept + button")
    tab.until("document.querySelectorAll('dialog .people li').length > 0")
    said = tab.run("document.querySelector('dialog [role=status]').textContent")
    assert number(said.split(" ")[0]) == wanted[1]["drop_off"], (said, wanted)
    tab.key("Escape")
    tab.until("!document.querySelector('dialog')")

    tab.go(server.url + "/?site=shop&range=7d&tz=UTC&view=retention&every=day&cells=number")
    tab.until("document.querySelectorAll('.heat tbody tr').length > 1")
    wanted = server.query("retention", **scope(tab), start={"where": []}, **{"return": {"where": []}}, interval="day", intervals=14)["rows"]
    wanted = [[row["size"], *[count for count in row["returned"] if count is not None]] for row in wanted if row["size"]]
    found = tab.run("[...document.querySelectorAll('.heat tbody tr:not(.mean)')].map((row) => [...row.querySelectorAll('td')].map((cell) => cell.textContent).filter(Boolean))")
    assert [[number(one) for one in row] for row in found] == wanted, (found, wanted)


def check_sharing(server, browser, tab):
    """A click filters, the address says so, another reader sees the same, and the back button takes it away."""
    tab.go(server.url + "/?site=shop&range=7d&tz=UTC")
    tab.until("document.querySelectorAll('#places-list tbody tr').length > 3")
    country = tab.run("document.querySelector('#places-list tbody button').textContent")
    tab.click("#places-list tbody button")
    tab.until("document.querySelectorAll('.filters .chip').length == 1 && location.search.includes('f=country~is~')")
    tab.until("document.querySelectorAll('#places-list tbody tr').length == 1")
    settled(tab)
    other = browser.page()
    other.go(tab.run("location.href"))
    other.until("document.querySelectorAll('#places-list tbody tr').length == 1")
    settled(other)
    until(lambda: totals(other) == totals(tab) or None, "the same numbers at the same address")
    assert country.split(",")[0] in other.run("document.querySelector('.filters').textContent"), country
    other.close()
    tab.run("history.back()")
    tab.until("document.querySelector('.filters').hidden && document.querySelectorAll('#places-list tbody tr').length > 3")


def check_exports(server, tab):
    """A panel's call for a shell gives what the panel shows, and so do its files."""
    tab.run("""{ window.kept = []; const before = URL.createObjectURL;
        URL.createObjectURL = (blob) => { blob.text().then((text) => kept.push(text)); return before.call(URL, blob); };
        Object.defineProperty(navigator, 'clipboard', {value: {writeText: (text) => { kept.push(text); return Promise.resolve(); }}}); }""")
    menu = "document.querySelector('#events-list').closest('.card').querySelectorAll('.menu-list button')"
    for index in range(3):
        tab.run(f"{menu}[{index}].click()")
        tab.until(f"kept.length == {index + 1}")
    call, table, answer = tab.run("kept")
    body = json.loads(subprocess.run(["sh", "-c", call], check=True, capture_output=True, text=True).stdout)
    assert body["rows"] == json.loads(answer)["rows"], (body, answer)
    found = list(csv.reader(io.StringIO(table)))
    assert found[0] == ["Event", "Visitors", "Events"], found
    # A text that a spreadsheet would take for a formula has an apostrophe before it.
    wanted = [[("'" if row["key"][0][0] in "=+-@" else "") + row["key"][0], str(row["visitors"]), str(row["events"])] for row in body["rows"]]
    assert found[1:] == wanted, (found, wanted)


def check_live(server, tab, count):
    """A beacon shows by itself; a restart of the server is survived."""
    tab.go(server.url + "/?site=shop&range=7d&tz=UTC")
    tab.until(f"document.querySelectorAll('button.kpi')[3].children[1].title == '{count:,}'")
    tab.until("document.querySelector('.live-status').dataset.state == 'live'")
    settled(tab)
    times = []
    for _ in range(3):
        server.send([{"event": "page_view", "visitor": "live", "url": "https://shop.example/live"}])
        began, count = time.monotonic(), count + 1
        tab.until(f"document.querySelectorAll('button.kpi')[3].children[1].title == '{count:,}'", f"{count} events")
        times.append(time.monotonic() - began)
        time.sleep(0.5)
    print("seconds from an answered beacon to the number on the page:", ", ".join(f"{one:.2f}" for one in times))
    tab.until("Number(document.querySelector('.kpi.now .kpi-value').textContent) >= 1")

    # What panels ask for themselves comes as well, and only what is new is drawn anew.
    other = tab.browser.page()
    other.go(server.url + "/?site=shop&range=7d&tz=UTC&view=events")
    other.until("document.querySelectorAll('.stream tbody tr').length == 100 && document.querySelector('.live-status').dataset.state == 'live'")
    other.run("window.first = document.querySelector('.stream tbody tr'); 1")
    server.send([{"event": "just_now", "visitor": "live"}])
    other.until("document.querySelector('.stream tbody tr .what button').textContent == 'just_now'")
    assert other.run("first.isConnected && document.querySelectorAll('.stream tbody tr').length == 100 && first === document.querySelectorAll('.stream tbody tr')[1]")
    # Older ones join below, each once, and stay when newer ones come.
    other.run("document.querySelector('.stream').parentNode.querySelector('.more').click()")
    other.until("document.querySelectorAll('.stream tbody tr').length == 200")
    server.send([{"event": "just_now", "visitor": "live"}])
    other.until("document.querySelectorAll('.stream tbody tr').length == 201")
    shown = other.run("[...document.querySelectorAll('.stream tbody tr')].map((row) => [row.querySelector('time').dateTime, row.querySelector('.what button').textContent, row.querySelector('.who').textContent])")
    wanted = server.query("events", site="shop", range="7d", limit=201)["events"]
    assert shown == [[event["time"], event["event"], event["visitor"]] for event in wanted]
    assert other.problems() == [], other.problems()
    other.close()
    count += 2
    tab.until(f"document.querySelectorAll('button.kpi')[3].children[1].title == '{count:,}'")

    # Nothing has changed, so nothing is asked but who is here now.
    time.sleep(6)
    before = len(tab.requests())
    time.sleep(12)
    asked = tab.requests()[before:]
    assert len(asked) <= 3, asked

    assert tab.problems() == [], tab.problems()
    server.stop()
    tab.until("document.querySelector('.live-status').dataset.state == 'lost'")
    assert tab.run("document.querySelectorAll('#pages-list tbody tr').length") > 3
    server.start()
    tab.until("document.querySelector('.live-status').dataset.state == 'live'")
    # The browser itself writes refused connections to the console.
    assert all("ERR_" in one for one in tab.problems()), tab.problems()
    tab.forget_problems()
    server.send([{"event": "page_view", "visitor": "live", "url": "https://shop.example/live"}])
    tab.until(f"document.querySelectorAll('button.kpi')[3].children[1].title == '{count + 1:,}'", "the number after a restart")
    return count + 1


def check_hostile(server, tab):
    """Texts from data are shown as texts."""
    for view in VIEWS:
        tab.go(server.url + f"/?site=shop&range=7d&tz=UTC&view={view}&by=event&s=" + "&s=".join(["page_view", "x~y|z"]))
        tab.until("document.querySelector('main .card')")
        settled(tab)
        assert tab.run("document.querySelectorAll('img:not(.brand img), main script, iframe').length") == 0, view
    tab.go(server.url + "/?site=shop&range=7d&tz=UTC&f=country~is~!null")
    tab.until("document.querySelector('main .card')")
    settled(tab)
    tab.until("document.querySelectorAll('#events-list tbody tr').length >= 4")
    assert {row[0] for row in rows(tab, "events")} >= set(HOSTILE), rows(tab, "events")
    index = [row[0] for row in rows(tab, "events")].index(HOSTILE[0])
    tab.run(f"document.querySelectorAll('#events-list tbody button')[{index}].click()")
    tab.until("document.querySelectorAll('.filters .chip').length == 2")
    # A list that is out of sight is asked for when it comes into it.
    tab.run("document.querySelector('#events-list').scrollIntoView()")
    tab.until("document.querySelectorAll('#events-list tbody tr').length == 1")
    assert HOSTILE[0] in tab.run("document.querySelector('.filters').textContent")


def check_everybody(server, tab, pictures):
    """Every control has a name, a phone needs no sideways scrolling, and the keyboard is enough for a funnel."""
    for view in VIEWS:
        url = server.url + f"/?site=shop&range=7d&tz=UTC&view={view}" + ("&by=country&" + FUNNEL.split("&", 2)[2] if view == "funnels" else "")
        for width, scheme in ((1280, "light"), (1280, "dark"), (768, "light"), (360, "light"), (360, "dark")):
            tab.resize(width, 900)
            tab.colours(scheme)
            tab.go(url)
            tab.until("document.querySelector('main .card')")
            settled(tab)
            wide = tab.run("document.documentElement.scrollWidth")
            assert wide <= width, f"{view} is {wide} wide on a screen of {width}"
            time.sleep(0.5)
            tab.shot(os.path.join(pictures, f"{view}-{width}-{scheme}.png"))
        # What is folded away has names as well.
        tab.run("document.querySelectorAll('details').forEach((one) => { one.open = true; })")
        unnamed = tab.until("document.querySelectorAll('.filter-form').length > 0") and tab.unnamed()
        assert unnamed == [], f"{view}: {unnamed}"
    tab.resize(1280, 900)
    tab.colours("light")

    # Numbers and dates are written as the reader's language has them.
    german = tab.browser.page()
    german.call("Emulation.setUserAgentOverride", userAgent=tab.run("navigator.userAgent"), acceptLanguage="de-DE")
    german.go(server.url + "/?site=shop&range=7d&tz=Europe/Berlin")
    events = server.query("aggregate", site="shop", range="7d", metrics=["events"])["metrics"]["events"]
    german.until("document.querySelectorAll('button.kpi')[3].children[1].title == '%s'" % f"{events:,}".replace(",", "."))
    german.until("[...document.querySelectorAll('#places-list bdi')].some((one) => one.textContent == 'Vereinigte Staaten')")
    german.close()

    tab.go(server.url + "/?site=shop&range=7d&tz=UTC")
    tab.until("document.querySelector('svg.series path.line')?.getAttribute('d')")
    tab.run("document.querySelector('svg.series').focus()")
    tab.key("ArrowRight")
    tab.key("ArrowRight")
    said = tab.until("document.querySelector('.chart [aria-live]').textContent")
    assert any(letter.isdigit() for letter in said), said

    tab.go(server.url + "/?site=shop&range=7d&tz=UTC&view=funnels")
    tab.until("document.querySelector('.step input')")
    tab.run("document.querySelector('.step input').focus()")
    for text in ("view_i", "add_to_c"):
        tab.write(text)
        tab.until("document.querySelector('.step:last-child [role=option]')?.textContent.startsWith('%s')" % text)
        tab.key("ArrowDown")
        tab.key("Enter")
        tab.until("document.activeElement.classList.contains('add-step')")
        tab.key("Enter")
        tab.until("document.activeElement.tagName == 'INPUT'")
    tab.until("document.querySelectorAll('.funnel-step').length == 2 && location.search.includes('s=view_item&s=add_to_cart')")


def check(server, browser, tools):
    count = fill(server, tools)
    tab = browser.page()
    check_numbers(server, tab)
    check_sharing(server, browser, tab)
    check_exports(server, tab)
    count = check_live(server, tab, count)
    check_hostile(server, tab)
    check_everybody(server, tab, tools["pictures"])
    assert tab.problems() == [], tab.problems()
