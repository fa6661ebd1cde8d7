"""A newcomer's way on a phone, by clicks and keys alone: a funnel, where mobile visitors drop off, and the link to it."""

import os

from dashboard import fill
from panels import KEEP, card, number, same, scope, settled
from weirserver import PATIENCE


def press(tab, words, within="document"):
    """Clicks the control that says `words`, where it is."""
    found = (f"[...{within}.querySelectorAll('button, summary, a, [role=tab], [role=option]')]"
             f".find((one) => one.checkVisibility() && (one.textContent.trim().startsWith({words!r}) || one.getAttribute('aria-label')?.startsWith({words!r})))")
    tab.until(found, words)
    tab.run(f"{found}.setAttribute('data-walk', '')")
    tab.click("[data-walk]")
    tab.run("document.querySelector('[data-walk]')?.removeAttribute('data-walk'); 1")


def check(server, browser, tools):
    fill(server, tools)
    tab = browser.page(360, 740)
    tab.call("Page.addScriptToEvaluateOnNewDocument", source=KEEP)
    # As the address in the terminal is: without anything.
    tab.go(server.url + "/")
    tab.until("document.querySelectorAll('#pages-list tbody tr').length > 3 && location.search.includes('site=')")
    assert "site=shop" in tab.run("location.search"), tab.run("location.search")

    # Who is on a phone?
    tab.run("document.querySelector('[aria-controls=devices-list]').scrollIntoView()")
    press(tab, "Devices")
    tab.until("[...document.querySelectorAll('#devices-list bdi')].some((one) => one.textContent === 'mobile')")
    press(tab, "mobile", "document.querySelector('#devices-list')")
    tab.until("document.querySelector('.filters')?.textContent.includes('mobile')")

    # The funnel that is offered, one step less, broken down by country.
    press(tab, "Funnels")
    press(tab, "view_item → add_to_cart")
    tab.until("document.querySelectorAll('.funnel-step').length === 4")
    press(tab, "Remove step 3")
    tab.until("document.querySelectorAll('.funnel-step').length === 3 && document.querySelectorAll('.funnel-step .worst').length === 1")
    tab.run("{ const box = [...document.querySelectorAll('.options select')].at(-1); box.focus(); box.value = 'country'; box.dispatchEvent(new Event('change')); }")
    tab.until(card("By Country"))
    tab.run(card("By Country") + ".scrollIntoView()")
    tab.until(f"{card('By Country')}?.querySelectorAll('tbody tr').length > 3")
    settled(tab)
    body = {**scope(tab), "steps": [{"event": event} for event in ("view_item", "add_to_cart", "purchase")], "window": "1d"}
    assert body["where"] == [{"dim": "device", "op": "is", "values": ["mobile"]}], body
    steps = server.query("funnel", **body)["steps"]
    worst = max(range(3), key=lambda index: steps[index]["drop_off"])
    said = tab.run("[...document.querySelectorAll('.funnel-step')].findIndex((one) => one.querySelector('.worst'))")
    assert said == worst, (said, steps)
    words = tab.run("document.querySelector('.funnel-step .worst').textContent")
    assert number(words.split(" ")[0].lstrip("−")) == steps[worst]["drop_off"], (words, steps)
    assert tab.run("document.documentElement.scrollWidth") <= 360
    tab.shot(os.path.join(tools["pictures"], "walk-360.png"))

    # Who are they, and what did one of them do?
    press(tab, f"{steps[worst]['drop_off']:,} visitors lost")
    tab.until("document.querySelectorAll('dialog .people li').length > 0")
    person = tab.run("document.querySelector('dialog .people bdi').textContent")
    press(tab, person, "document.querySelector('dialog')")
    tab.until("document.querySelectorAll('.stream tbody tr').length > 0 && location.search.includes('view=events')")
    wanted = server.query("events", **scope(tab), limit=100)["events"]
    same(lambda: (tab.run("document.querySelectorAll('.stream tbody tr').length"), len(wanted)), "that visitor's events", PATIENCE)
    tab.run("history.back()")
    tab.until("document.querySelectorAll('.funnel-step').length === 3")

    # The link shows another reader the same.
    count = tab.run("kept.length")
    tab.run("document.querySelector('.head-row .quiet:last-child').focus(); 1")
    tab.key("Enter")
    link = tab.until(f"kept[{count}]")
    other = browser.page(1280, 900)
    other.go(link)
    read = "[...document.querySelectorAll('.funnel-step .kept')].map((one) => one.textContent).join()"
    other.until("document.querySelectorAll('.funnel-step').length === 3")
    same(lambda: (other.run(read), tab.run(read)), "the shared funnel", PATIENCE)
    assert "mobile" in other.run("document.querySelector('.filters').textContent")
    assert other.problems() == [] and tab.problems() == [], other.problems() + tab.problems()
