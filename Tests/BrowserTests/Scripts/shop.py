"""The shared shop's events: funnels whose answers are known, as the dashboard shows them."""

import csv
import gzip
import json
import os

SHARED = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "..", "..", "shared", "datasets")
WINDOWS = {300_000: "5m", 3_600_000: "1h", 86_400_000: "1d", 2_592_000_000: "30d"}


def events():
    with gzip.open(os.path.join(SHARED, "ecom.csv.gz"), "rt", newline="") as file:
        for row in csv.DictReader(file):
            event = {"event": row.pop("event"), "visitor": row.pop("user_id"), "session": row.pop("session_id"),
                     "time": row.pop("timestamp").replace(" ", "T").removesuffix("Z") + "Z"}
            yield {**event, "props": {name: value for name, value in row.items() if value}}


def check(server, browser, _):
    with open(os.path.join(SHARED, "ecom-expected.json"), encoding="utf-8") as file:
        known = json.load(file)
    everything = list(events())
    for start in range(0, len(everything), 10_000):
        server.send(everything[start:start + 10_000], site="ecom", backfill=True)
    tab = browser.page()
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
    tab.until(f"document.querySelectorAll('button.kpi')[3].children[1].title == '{known['events']:,}'")
    tab.until(f"document.querySelectorAll('button.kpi')[0].children[1].title == '{known['visitors']:,}'")
    tab.until(f"document.querySelectorAll('button.kpi')[1].children[1].title == '{known['sessions']:,}'")
    assert tab.problems() == [], tab.problems()
