"""What panels of the dashboard show, read off the page, and how a user gets at it."""

import json
import time

KPIS = ["visitors", "sessions", "pageviews", "events", "bounce_rate", "session_duration"]
# What the page hands to the clipboard and to the reader's disk is kept in `kept`.
KEEP = """window.kept = []; { const before = URL.createObjectURL;
  URL.createObjectURL = (blob) => { blob.text().then((text) => kept.push(text)); return before.call(URL, blob); };
  Object.defineProperty(navigator, 'clipboard', {value: {writeText: (text) => { kept.push(text); return Promise.resolve(); }}}); }"""


def number(text):
    return float(text.replace(",", ""))


def scope(tab):
    """The site, range, zone and filters of the page's own questions."""
    return json.loads(tab.run("import(document.querySelector('script[type=module]').src.replace('main.js', 'live.js')).then((live) => JSON.stringify(live.scope()))"))


def settled(tab):
    """Waits until every panel has its answer, those further down too."""
    tab.until("!document.querySelector('.card[aria-busy=true], .card.stale') || (window.scrollTo(0, window.scrollY + 400 > document.body.scrollHeight ? 0 : window.scrollY + 400), "
              "document.querySelector('.card[aria-busy=true], .card.stale') === null)", "all panels")
    tab.run("scrollTo(0, 0)")


def totals(tab):
    """The tiles' exact texts by name."""
    return tab.run("Object.fromEntries([...document.querySelectorAll('button.kpi')].map((tile) => [tile.children[0].textContent, tile.children[1].title]))")


def rows(tab, panel):
    """A list's rows as `[text, exact numbers…]`."""
    return tab.run("[...document.querySelectorAll('#%s-list tbody tr')].map((row) => [row.querySelector('bdi').textContent, "
                   "...[...row.querySelectorAll('td')].map((cell) => cell.title)])" % panel)


def card(title):
    """A script's expression for the card with a title, which may be a beginning of it."""
    return "[...document.querySelectorAll('section.card')].find((one) => one.querySelector('h2')?.textContent.startsWith(%s))" % json.dumps(title)


def menu(tab, title, entry):
    """Chooses an entry of a panel's menu, and returns what it handed over, if it did."""
    count = tab.run("kept.length")
    script = f"[...{card(title)}.querySelectorAll('.menu-list button')].find((one) => one.textContent.includes({json.dumps(entry)}))"
    tab.until(script)
    tab.run(script + ".click()")
    if entry.startswith("Show as"):
        return None
    return tab.until(f"kept.length > {count} && kept[{count}]")


def table(tab, title):
    """A drawing as the table that stands for it: its rows of texts."""
    menu(tab, title, "Show as table")
    found = tab.until(f"(() => {{ const rows = [...({card(title)}?.querySelectorAll('table.data tbody tr') ?? [])]; "
                      "return rows.length && rows.map((row) => [...row.children].map((cell) => cell.textContent)); })()")
    menu(tab, title, "Show as chart")
    return found


def same(work, what, patience):
    """Compares what is shown with what is wanted until they agree: an answer may still be under way."""
    end = time.monotonic() + patience
    while True:
        found, wanted = work()
        if found == wanted:
            return
        assert time.monotonic() < end, f"{what}: the page shows {found}, the API says {wanted}"
        time.sleep(0.2)
