"""The shared shop's events: every panel shows the API's numbers, filtered by a click too, and known funnels are shown."""

import csv
import gzip
import io
import json
import os

from panels import KEEP, KPIS, card, menu, number, same, scope, settled, table, totals
from weirserver import PATIENCE

SHARED = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "..", "..", "shared", "datasets")
WINDOWS = {300_000: "5m", 3_600_000: "1h", 86_400_000: "1d", 2_592_000_000: "30d"}
RANGE = "range=2024-04-01..2024-06-30&tz=UTC&interval=week"
PAST = {"from": "2024-01-01T00:00:00Z", "to": "2024-04-01T00:00:00Z"}
NAMES = {"visitors": "Visitors", "sessions": "Visits", "pageviews": "Page views", "events": "Events", "bounce_rate": "Bounce rate",
         "session_duration": "Visit length"}
MISSING = {"source": "Direct or none", "referrer_host": "Direct or none"}
STEPS = ["product_view", "add_to_cart", "purchase"]


def events():
    with gzip.open(os.path.join(SHARED, "ecom.csv.gz"), "rt", newline="") as file:
        for row in csv.DictReader(file):
            event = {"event": row.pop("event"), "visitor": row.pop("user_id"), "session": row.pop("session_id"),
                     "time": row.pop("timestamp").replace(" ", "T").removesuffix("Z") + "Z"}
            # What the data do not say, so that the panels of pages and sources have something to show.
            event["url"] = f"https://shop.example/{event['event']}?utm_source={row['acquisition_channel']}"
            yield {**event, "country": {"desktop": "DE", "mobile": "US"}.get(row["platform"], "FR"),
                   "props": {name: value for name, value in row.items() if value}}


def check_totals(server, tab):
    """The tiles, and in their file also what they say shorter."""
    here = scope(tab)
    now = server.query("aggregate", **here, metrics=KPIS)["metrics"]
    before = server.query("aggregate", **{**here, "range": PAST}, metrics=KPIS)["metrics"]
    whole = KPIS[:4]
    same(lambda: ({name: totals(tab)[NAMES[name]] for name in whole}, {name: f"{now[name]:,}" for name in whole}), "totals", PATIENCE)
    # What there was none of before has no share of it.
    compared = [name for name in KPIS if before[name]]
    tab.until(f"[...document.querySelectorAll('button.kpi')].filter((tile) => tile.children[2].title).length == {len(compared)}")
    settled(tab)
    file = list(csv.reader(io.StringIO(menu(tab, "Totals", "Download CSV"))))
    assert [[row[0], float(row[1]), float(row[2])] for row in file[1:]] == [[NAMES[name], now[name], before[name]] for name in KPIS], (file, now, before)
    shown = totals(tab)["Bounce rate"]
    assert abs(number(shown.rstrip("%")) / 100 - now["bounce_rate"]) < 0.00051, (shown, now)
    for name in set(whole).intersection(compared):
        said = tab.run(f"[...document.querySelectorAll('button.kpi')].find((tile) => tile.children[0].textContent === '{NAMES[name]}').children[2].title")
        assert said.startswith(f"{before[name]:,} "), (said, before)


def check_series(server, tab):
    """The line of each tile, and of the period before it."""
    here = scope(tab)
    for index, metric in enumerate(KPIS):
        tab.run(f"document.querySelectorAll('button.kpi')[{index}].click()")
        title = f"{NAMES[metric]} over time"
        tab.until(f"{card(title)} && !{card(title)}.matches('.stale, [aria-busy=true]')")
        settled(tab)
        now = server.query("timeseries", **here, metrics=[metric], interval="week")["rows"]
        before = server.query("timeseries", **{**here, "range": PAST}, metrics=[metric], interval="week")["rows"]
        wanted = [[row["time"], row[metric], before[place][metric] if place < len(before) else None] for place, row in enumerate(now)]
        cell = lambda text: None if text == "–" else number(text)
        round_ = lambda value: None if value is None else round(value, 3)
        same(lambda: ([[row[0], cell(row[1]), cell(row[2])] for row in table(tab, title)],
                      [[one, round_(value), round_(other)] for one, value, other in wanted]), title, PATIENCE)
    tab.run("document.querySelectorAll('button.kpi')[0].click()")


def check_lists(server, tab):
    """Every list and every tab of it."""
    here = scope(tab)
    where = here.pop("where", [])
    panels = {
        "pages": [("Pages", "path", ["visitors", "pageviews"]), ("Entry", "entry_pages", ["sessions", "bounce_rate"]), ("Exit", "exit_pages", ["sessions"]),
                  ("Hosts", "host", ["visitors", "pageviews"])],
        "sources": [("Sources", "source", ["visitors", "events"]), ("UTM source", "utm_source", ["visitors", "events"])],
        "places": [("Countries", "country", ["visitors", "events"])], "events": [("Events", "event", ["visitors", "events"])],
        "properties": [(name, "props." + name, ["visitors", "events"]) for name in ("platform", "user_cohort")],
    }
    regions = json.loads(tab.run("JSON.stringify(Object.fromEntries(['DE', 'US', 'FR'].map((code) => [code, new Intl.DisplayNames(navigator.languages, {type: 'region'}).of(code)])))"))
    for panel, tabs in panels.items():
        for label, dim, metrics in tabs:
            if panel == "properties":
                # A property is chosen, not a tab.
                tab.until(f"document.querySelector('#properties-list')?.closest('.card').querySelector('option[value=\"{dim}\"]')")
                tab.run(f"{{ const box = document.querySelector('#properties-list').closest('.card').querySelector('select'); box.value = '{dim}'; box.onchange; box.dispatchEvent(new Event('change')); }}")
            else:
                pick = f"[...document.querySelectorAll('[role=tab][aria-controls={panel}-list]')].find((one) => one.textContent === '{label}')"
                tab.until(pick)
                tab.run(pick + ".click()")
            settled(tab)
            if dim.endswith("_pages"):
                found = server.query("sessions", **here, where=where, by="path", limit=8)[dim]["rows"]
                wanted = [[row["key"], *(row[metric] for metric in metrics)] for row in found]
            else:
                more = [{"dim": dim, "op": "exists", "values": [True]}] if dim.startswith(("utm_", "props.")) else []
                wanted = [[row["key"][0], *(row[metric] for metric in metrics)]
                          for row in server.query("top", **here, where=where + more, by=dim, metrics=metrics, limit=8)["rows"]]
            text = lambda key: MISSING.get(dim, "Unknown" if dim == "country" else "(none)") if key is None else regions.get(key, key)
            words = lambda metric, value: f"{value:,}" if metric != "bounce_rate" else None
            expected = [[text(row[0]), *(words(metric, value) for metric, value in zip(metrics, row[1:]))] for row in wanted]
            def shown():
                found = tab.run("[...document.querySelectorAll('#%s-list tbody tr')].map((row) => [row.querySelector('bdi').textContent, ...[...row.querySelectorAll('td')].map((cell) => cell.title)])" % panel)
                return [[None if "%" in cell else cell for cell in row] for row in found], expected
            same(shown, f"{panel}: {label}", PATIENCE)
            assert expected or where, (panel, label)


def check_overview(server, tab):
    settled(tab)
    check_totals(server, tab)
    check_series(server, tab)
    check_lists(server, tab)


def check_funnel(server, tab, filters=""):
    tab.go(server.url + f"/?site=ecom&{RANGE}&view=funnels&window=1d&by=props.platform" + "".join("&s=" + step for step in STEPS) + filters)
    tab.until("document.querySelectorAll('.funnel-step').length == 3 && location.search.includes('by=props.platform')")
    settled(tab)
    body = {**scope(tab), "steps": [{"event": step} for step in STEPS], "window": "1d"}
    wanted = server.query("funnel", **body, time_to_convert={"percentiles": [50, 90], "bins": 20})
    same(lambda: ([[number(row[2]), number(row[5])] for row in table(tab, "Conversion within")], [[step["count"], step["drop_off"]] for step in wanted["steps"]]),
         "conversion", PATIENCE)
    same(lambda: ([number(row[2]) for row in table(tab, "Time to convert")], [bar["count"] for bar in wanted["histogram"]]), "time to convert", PATIENCE)
    rows = server.query("funnel", **body, by="props.platform", limit=12)["rows"]
    same(lambda: (tab.run(f"[...{card('By platform')}.querySelectorAll('tbody tr')].map((row) => [row.querySelector('bdi').textContent, ...[...row.querySelectorAll('td.number')].map((cell) => Number(cell.textContent.split(' ')[0].replaceAll(',', '')))])"),
                  [[row["key"], *(step["count"] for step in row["steps"])] for row in rows]), "breakdown", PATIENCE)
    # Who was lost before the second step.
    tab.click(".funnel-step:nth-child(2) .kept + button")
    asked = server.query("funnel/visitors", **body, step=2, outcome="dropped", limit=100)
    same(lambda: (tab.run("[...document.querySelectorAll('dialog .people bdi')].map((one) => one.textContent)"), [one["visitor"] for one in asked["visitors"]]), "visitors", PATIENCE)
    assert number(tab.run("document.querySelector('dialog [role=status]').textContent").split(" ")[0]) == asked["total"] == wanted["steps"][1]["drop_off"]
    tab.key("Escape")
    tab.until("!document.querySelector('dialog')")


def check_others(server, tab, filters=""):
    """Retention, paths, and the stream of events."""
    tab.go(server.url + f"/?site=ecom&{RANGE}&view=retention&every=month&cells=number&start=home" + filters)
    tab.until("document.querySelectorAll('.heat tbody tr').length > 1")
    wanted = server.query("retention", **scope(tab), start={"event": "home"}, **{"return": {"where": []}}, interval="month", intervals=12)["rows"]
    wanted = [[row["size"], *(count for count in row["returned"] if count is not None)] for row in wanted if row["size"]]
    same(lambda: ([[number(one) for one in row] for row in tab.run("[...document.querySelectorAll('.heat tbody tr:not(.mean)')].map((row) => [...row.querySelectorAll('td')].map((cell) => cell.textContent).filter(Boolean))")], wanted),
         "retention", PATIENCE)

    tab.go(server.url + f"/?site=ecom&{RANGE}&view=paths&by=event&only=" + filters)
    tab.until("document.querySelector('svg.sankey')")
    answer = server.query("paths", **scope(tab), by="event", depth=4, limit=6)
    nodes = {node["id"]: node for node in answer["nodes"]}
    same(lambda: ([[int(row[0]), number(row[3])] for row in table(tab, "Paths")], [[nodes[link["source"]]["step"] + 1, link["count"]] for link in answer["links"]]), "paths", PATIENCE)
    drawn = tab.run("[...document.querySelectorAll('.sankey .node .count')].map((one) => one.textContent.trim())")
    assert sorted(number(one) for one in drawn) == sorted(node["count"] for node in answer["nodes"]), (drawn, answer["nodes"])

    tab.go(server.url + f"/?site=ecom&{RANGE}&view=events" + filters)
    tab.until("document.querySelectorAll('.stream tbody tr').length == 100")
    tab.run("document.querySelector('.more').click()")
    tab.until("document.querySelectorAll('.stream tbody tr').length == 200")
    wanted = [[event["time"], event["event"], event["visitor"]] for event in server.query("events", **scope(tab), limit=200)["events"]]
    found = tab.run("[...document.querySelectorAll('.stream tbody tr')].map((row) => [row.querySelector('time').dateTime, row.querySelector('.what button').textContent, row.querySelector('.who').textContent])")
    assert found == wanted, (found[:3], wanted[:3])


def check_zone(server, tab):
    """Days are those of the chosen zone, also where its clocks change, and the zone is in the address."""
    tab.go(server.url + "/?site=ecom&range=2024-03-08..2024-03-14&tz=UTC&interval=day&compare=0")
    tab.until("document.querySelector('svg.series path.line:not(.before)')?.getAttribute('d')")
    tab.run("document.querySelector('.range summary').click()")
    tab.until("document.querySelector('.menu-list.time select')")
    tab.run("{ const box = document.querySelector('.menu-list.time select'); box.value = 'America/New_York'; box.dispatchEvent(new Event('change')); }")
    tab.until("location.search.includes('tz=America/New_York')")
    settled(tab)
    here = scope(tab)
    assert here["range"] == {"from": "2024-03-08T05:00:00Z", "to": "2024-03-15T04:00:00Z"} and here["timezone"] == "America/New_York", here
    wanted = server.query("timeseries", **here, metrics=["visitors"], interval="day")["rows"]
    assert len(wanted) == 7, wanted
    same(lambda: ([[row[0], number(row[1])] for row in table(tab, "Visitors over time")], [[row["time"], row["visitors"]] for row in wanted]), "days of another zone", PATIENCE)
    assert "America/New" in tab.run("document.getElementById('zone-note').textContent")


def check_known(server, tab, known):
    """Funnels whose answers are known from an exhaustive search."""
    shown = 0
    for funnel in known["funnels"]:
        if any(isinstance(step, list) for step in funnel["steps"]) or funnel["window_ms"] not in WINDOWS:
            continue
        wanted = funnel.get("visitors") or funnel["sessions"]
        where = "".join(f"&f={dim}~is~{value}" for dim, value in funnel.get("where", {}).items())
        tab.go(server.url + f"/?site=ecom&range=all&tz=UTC&view=funnels&window={WINDOWS[funnel['window_ms']]}"
               + "".join("&s=" + step for step in funnel["steps"]) + where + f"&count={funnel.get('count', 'visitors')}")
        # A page in between is still that of the funnel before.
        tab.until(f"location.search.includes('window={WINDOWS[funnel['window_ms']]}') && document.querySelectorAll('.funnel-step').length == {len(wanted)}")
        found = tab.run("[...document.querySelectorAll('.funnel-step .kept')].map((one) => Number(one.textContent.split(' ')[0].replaceAll(',', '')))")
        assert found == wanted, (funnel, found)
        shown += 1
    assert shown >= 6, shown
    tab.go(server.url + "/?site=ecom&range=all&tz=UTC")
    for index, name in enumerate(("visitors", "sessions")):
        tab.until(f"document.querySelectorAll('button.kpi')[{index}].children[1].title == '{known[name]:,}'")
    tab.until(f"document.querySelectorAll('button.kpi')[3].children[1].title == '{known['events']:,}'")


def check(server, browser, _):
    with open(os.path.join(SHARED, "ecom-expected.json"), encoding="utf-8") as file:
        known = json.load(file)
    everything = list(events())
    for start in range(0, len(everything), 10_000):
        server.send(everything[start:start + 10_000], site="ecom", backfill=True)
    # All panels are in sight: what is not is not asked for.
    tab = browser.page(1280, 3200)
    tab.call("Page.addScriptToEvaluateOnNewDocument", source=KEEP)
    check_known(server, tab, known)

    tab.go(server.url + f"/?site=ecom&{RANGE}")
    tab.until("document.querySelectorAll('#events-list tbody tr').length == 8 && document.querySelector('#properties-list')")
    check_overview(server, tab)
    # A click on a value filters every panel by it.
    everybody = totals(tab)
    pick = "[...document.querySelectorAll('#properties-list tbody button')][1]"
    tab.run(pick + ".click()")
    tab.until("document.querySelectorAll('.filters .chip').length == 1 && location.search.includes('f=props.')")
    settled(tab)
    tab.until("document.querySelectorAll('button.kpi')[3].children[1].title != %s" % json.dumps(everybody["Events"]))
    chosen = scope(tab)["where"]
    assert len(chosen) == 1 and chosen[0]["op"] == "is", chosen
    check_overview(server, tab)

    check_zone(server, tab)
    check_funnel(server, tab)
    check_others(server, tab)
    filters = "&f=props.platform~is~mobile"
    check_funnel(server, tab, filters)
    check_others(server, tab, filters)
    assert tab.problems() == [], tab.problems()
