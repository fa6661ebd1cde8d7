"""The beacon on a site's pages: the server holds exactly what happened there."""

import collections
import gzip
import json
import time

from weirserver import Server, Site, until

LIMIT = 2048


def page(server, attributes='data-site="shop"', head="", body=""):
    return f"""<!doctype html><html lang="en"><head><meta charset="utf-8"><title>A page</title><link rel="icon" href="data:,">{head}
        <script defer src="{server.url}/weir.js" {attributes}></script></head>
        <body><div style="height: 3000px">{body}</div></body></html>"""


BODY = """
<button id="plan" data-weir-event="choose_plan" data-weir-prop-plan="pro" data-weir-prop-seats="3">Pro</button>
<a id="away" href="https://elsewhere.example/page?x=1">Elsewhere</a> <a id="file" href="/files/list.pdf">List</a>
<a id="inside" href="/inside">Inside</a> <a id="mail" href="mailto:someone@shop.example">Mail</a>
<form data-weir-event="search" data-weir-prop-where="head"><button id="submit">Search</button></form>
<script>
  document.addEventListener("submit", (event) => event.preventDefault());
  document.addEventListener("click", (event) => { if (event.target.tagName == "A") event.preventDefault(); });
</script>"""

EARLY = "<script>window.weir = window.weir || function () { (weir.q = weir.q || []).push(arguments); }; weir('early', {from: 'head'});</script>"


def names(server, site="shop"):
    return collections.Counter(event["event"] for event in server.events(site) if event["event"] != "engagement")


def expect(server, wanted, site="shop"):
    until(lambda: names(server, site) == wanted or None, f"{dict(wanted)}; there is {dict(names(server, site))}")
    # Nothing comes after it either: longer than the script waits before it sends.
    time.sleep(0.7)
    assert names(server, site) == wanted, f"{names(server, site)} instead of {wanted}"


def check_attention(server, browser, site, pages):
    """How long a page was looked at, and how far down, page by page; in the background nothing is counted."""
    pages["/long"] = page(server, 'data-site="attention"')
    tab = browser.page(1000, 600)
    tab.go(site.url + "/long")
    expect(server, collections.Counter(["page_view"]), "attention")
    tab.run("scrollTo(0, 900)")
    began = time.monotonic()
    time.sleep(2.2)
    tab.run("history.pushState(null, '', '/long/next'); 1")
    expect(server, collections.Counter(["page_view"] * 2), "attention")
    engaged = lambda: [event for event in server.events("attention") if event["event"] == "engagement"]
    first = until(engaged, "attention")[0]["props"]
    whole = time.monotonic() - began
    # 1500 of the page's 3,016 pixels, give or take what the browser's margins are.
    assert 2 <= first["seconds"] <= whole + 3 and 48 <= first["scroll"] <= 52, (first, whole)
    # Another window in front of it: the clock stands still.
    began = time.monotonic()
    tab.run("history.pushState(null, '', '/long/third'); 1")
    expect(server, collections.Counter(["page_view"] * 3), "attention")
    tab.run("document.hasFocus = () => false; dispatchEvent(new Event('blur')); 1")
    whole = time.monotonic() - began
    time.sleep(3)
    tab.run("history.pushState(null, '', '/long/fourth'); 1")
    expect(server, collections.Counter(["page_view"] * 4), "attention")
    third = [event["props"]["seconds"] for event in engaged() if event["path"] == "/long/third"]
    assert sum(third) <= whole + 1, (third, whole)
    tab.close()


def check(server, browser, _):
    script = server.request("/weir.js")
    packed = server.request("/weir.js", headers={"Accept-Encoding": "gzip"})
    assert gzip.decompress(packed) == script
    assert len(packed) <= LIMIT, f"weir.js has {len(packed)} bytes compressed"
    print(f"weir.js: {len(packed)} bytes compressed")

    pages = {}
    site = Site(pages)
    pages["/start"] = page(server, head=EARLY, body=BODY)
    pages["/lost"] = page(server, head='<meta name="weir:status" content="404">')
    pages["/hash"] = page(server, 'data-site="hash" data-hash')
    pages["/mute"] = page(server, 'data-site="mute" data-respect-dnt')
    pages["/manual"] = page(server, 'data-site="manual" data-manual')
    wanted = collections.Counter()

    tab = browser.page()
    tab.go(site.url + "/start?utm_source=news&utm_campaign=spring")
    wanted.update(["page_view", "early"])
    expect(server, wanted)
    first = next(event for event in server.events("shop") if event["event"] == "page_view")
    assert first["path"] == "/start" and first["utm_source"] == "news" and first["title"] == "A page", first
    assert first["screen"] and first["language"] and "referrer" not in first, first

    tab.run("weir('signup', {plan: 'pro', size: 3}, {value: 9.5})")
    tab.run("const round = {}; round.round = round; weir('cannot', round); weir(); 1")
    for selector in ("#plan", "#away", "#file", "#inside", "#mail", "#submit"):
        tab.click(selector)
    wanted.update(["signup", "choose_plan", "outbound_link", "download", "search"])
    expect(server, wanted)
    by_name = {event["event"]: event for event in server.events("shop")}
    assert by_name["signup"]["value"] == 9.5 and by_name["signup"]["props"]["plan"] == "pro", by_name["signup"]
    assert by_name["choose_plan"]["props"] == {"plan": "pro", "seats": "3"}, by_name["choose_plan"]
    assert by_name["search"]["props"] == {"where": "head"}, by_name["search"]
    assert by_name["outbound_link"]["props"]["url"] == "https://elsewhere.example/page?x=1"
    assert by_name["download"]["props"]["url"] == site.url + "/files/list.pdf"
    assert by_name["early"]["props"] == {"from": "head"}

    # A page that changes its address itself; the same address and a mere fragment are no new page.
    time.sleep(1.2)
    tab.run("scrollTo(0, 9999); history.pushState(null, '', '/second')")
    tab.run("history.replaceState({kept: 1}, '', '/second'); location.hash = 'part'; 1")
    tab.run("history.replaceState(null, '', '/third'); 1")
    tab.run("history.back(); 1")
    tab.until("location.pathname == '/second' || location.pathname == '/start'")
    tab.run("history.go(-1); 1")
    tab.until("location.pathname == '/start'")
    wanted.update(["page_view"] * 4)
    paths = lambda: [event["path"] for event in reversed(server.events("shop")) if event["event"] == "page_view"]
    expect(server, wanted)
    assert paths() == ["/start", "/second", "/third", "/second", "/start"], paths()
    engaged = [event for event in server.events("shop") if event["event"] == "engagement"]
    assert engaged and engaged[-1]["props"]["seconds"] >= 1 and engaged[-1]["props"]["scroll"] == 100, engaged
    assert engaged[-1]["path"] == "/start" and engaged[-1]["time"] == first["time"], (engaged[-1], first)

    # A page that is not there; and the site's own navigation as referrer.
    tab.go(site.url + "/lost")
    wanted.update(["page_view", "not_found"])
    expect(server, wanted)

    # Without a network nothing is lost and nothing doubles, and a closed page's events are sent by the next one.
    tab.offline(True)
    tab.run("weir('offline', {kept: true}); 1")
    time.sleep(1)
    assert names(server) == wanted
    tab.offline(False)
    tab.run("dispatchEvent(new Event('online')); 1")
    wanted.update(["offline"])
    expect(server, wanted)
    server.stop()
    tab.run("weir('server_away'); 1")
    time.sleep(0.8)
    tab.run("weir('server_away'); 1")
    tab.close()
    server.start()
    pages["/start"] = page(server, body=BODY)
    other = browser.page()
    other.go(site.url + "/start")
    wanted.update(["server_away", "server_away", "page_view"])
    expect(server, wanted)
    assert other.run("Object.keys(localStorage).length") == 0, other.run("JSON.stringify(localStorage)")
    time.sleep(1)
    other.close()
    until(lambda: len([event for event in server.events("shop") if event["event"] == "engagement"]) > len(engaged), "what a closed page was looked at")

    # Pages whose address is in the fragment; pages that send nothing of their own; readers who want to be left alone.
    tab = browser.page()
    tab.go(site.url + "/hash#/one")
    expect(server, collections.Counter(["page_view"]), "hash")
    tab.run("location.hash = '#/two'; 1")
    expect(server, collections.Counter(["page_view"] * 2), "hash")
    tab.go(site.url + "/manual")
    tab.until("!!window.weir")
    tab.run("weir('only'); 1")
    expect(server, collections.Counter(["only"]), "manual")
    tab.go(site.url + "/mute")
    expect(server, collections.Counter(["page_view"]), "mute")
    tab.call("Page.addScriptToEvaluateOnNewDocument", source="Object.defineProperty(navigator, 'globalPrivacyControl', {value: true})")
    tab.go(site.url + "/mute?again")
    tab.until("!!window.weir && !!location.search")
    tab.run("weir('not_this'); 1")
    expect(server, collections.Counter(["page_view"]), "mute")

    # The older word for the same wish; a site that does not heed either counts its readers all the same.
    other = browser.page()
    other.call("Page.addScriptToEvaluateOnNewDocument", source="Object.defineProperty(navigator, 'doNotTrack', {value: '1'})")
    other.go(site.url + "/mute?third")
    other.until("!!window.weir && location.search == '?third'")
    other.run("weir('not_this'); 1")
    expect(server, collections.Counter(["page_view"]), "mute")
    pages["/heedless"] = page(server, 'data-site="heedless"')
    other.go(site.url + "/heedless")
    expect(server, collections.Counter(["page_view"]), "heedless")
    # Whoever works on the site leaves no trace either.
    other.run("localStorage.weir_ignore = 1")
    other.go(site.url + "/heedless?own")
    other.until("!!window.weir && location.search == '?own'")
    expect(server, collections.Counter(["page_view"]), "heedless")
    other.run("localStorage.removeItem('weir_ignore'); 1")
    other.close()

    # A browser without scripts asks for the picture.
    pages["/plain"] = f"""<!doctype html><title>Plain</title><link rel="icon" href="data:,"><noscript><img alt=""
        src="{server.url}/v1/pixel.gif?site=plain&amp;event=page_view&amp;url=https%3A%2F%2Fshop.example%2Fplain%3Futm_source%3Dprint"></noscript>"""
    plain = browser.page()
    plain.go(site.url + "/plain")
    expect(server, collections.Counter(), "plain")
    plain.call("Emulation.setScriptExecutionDisabled", value=True)
    plain.go(site.url + "/plain?again")
    expect(server, collections.Counter(["page_view"]), "plain")
    seen = server.events("plain")[0]
    assert seen["path"] == "/plain" and seen["utm_source"] == "print" and seen["browser"] and seen["visitor"], seen
    plain.close()

    check_attention(server, browser, site, pages)

    assert tab.call("Network.getCookies")["cookies"] == []
    assert tab.problems() == [], tab.problems()
    assert json.loads(server.request("/v1/dead-letters?site=shop"))["dead_letters"] == []
    site.close()
