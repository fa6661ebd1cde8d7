// Weir's beacon: page views and events of a web page, without cookies. What is served has no comments and no indents.
//   <script defer src="https://stats.example/weir.js" data-site="shop"></script>
(() => {
  const d = document, n = navigator, l = location, script = d.currentScript, set = script.dataset;
  const site = set.site || "default", store = "weir:" + site;
  const url = (set.api || new URL(script.src).origin) + "/v1/events?site=" + encodeURIComponent(site) + (set.key ? "&key=" + encodeURIComponent(set.key) : "");
  let queue = [], isKept = 1, timer, sending, pause, page, began, engaged, since, depth, looked = 0;

  // Nothing here may ever disturb the page.
  const safe = (work) => (event) => {
    try {
      return work(event);
    } catch {}
  };
  const on = (type, work, options) => addEventListener(type, safe(work), options);

  // The reader's wish: the site decides whether the browser's word counts. `weir_ignore` is for the site's own people.
  const isMute = () => safe(() => localStorage.weir_ignore)() || "respectDnt" in set && (n.doNotTrack == 1 || n.globalPrivacyControl);

  // Events wait in the store until the server has answered that it holds them: through a lost network and a closed
  // page. What is sent twice has the id it had, and counts once; the server remembers ids for a day, so that nothing
  // waits longer here. The store is read each time, since other tabs have the same one.
  const load = safe(() => {
    if (isKept) queue = JSON.parse(localStorage[store] || "[]");
    queue = queue.filter((event) => event.time > Date.now() - 8e7).slice(-99);
  });
  const save = () => {
    try {
      if (queue[0]) localStorage[store] = JSON.stringify(queue);
      else localStorage.removeItem(store);
    } catch {
      isKept = 0;
    }
  };

  const flush = (isLast) => {
    clearTimeout(timer);
    load();
    const batch = queue.slice(0, 20), body = JSON.stringify(batch), id = batch[0] && batch[batch.length - 1].id;
    if (!id || sending && (isLast !== 1 || sending == id) || isMute()) return;
    if (isLast === 1 && !("keepalive" in Request.prototype)) return n.sendBeacon(url, body);
    sending = id;
    // Text is the media type of a string, which no preflight comes before; browsers keep little alive.
    fetch(url, { method: "POST", body, keepalive: body.length < 2e4, credentials: "omit" }).then((answer) => {
      if (answer.status == 429 || answer.status > 499) throw 0;
      load();
      queue = queue.filter((event) => !batch.some((sent) => sent.id == event.id));
      save();
      sending = pause = 0;
      if (queue[0]) flush();
    }).catch(() => {
      sending = 0;
      pause = Math.min(pause * 2 || 5e3, 3e5);
      timer = setTimeout(safe(flush), pause);
    });
  };

  const send = (event, props, more) => {
    if (!event || isMute()) return;
    load();
    queue.push({
      event, props, id: Date.now().toString(36) + Math.random().toString(36), time: Date.now(), url: page || l.href, title: d.title,
      language: n.language, screen: screen.width + "x" + screen.height, ...more
    });
    save();
    clearTimeout(timer);
    timer = setTimeout(safe(flush), 250);
  };

  // Time in which the page was seen and had the focus, and how far down it was seen, in percent.
  const look = () => {
    const now = Date.now();
    if (since) engaged += now - since;
    since = !d.hidden && d.hasFocus() ? now : 0;
    depth = Math.max(depth, Math.min(100, Math.round((scrollY + innerHeight) / d.documentElement.scrollHeight * 100)));
    looked = now;
  };
  // A short look stands at the page view's own time, so that a visit of one page that was only glanced at is still a
  // bounce; a longer one is the visit's last moment.
  const leave = () => {
    if (!page) return;
    look();
    const seconds = Math.round(engaged / 1e3);
    if (seconds) send("engagement", { seconds, scroll: depth }, seconds < 10 ? { time: began } : {});
    engaged = 0;
  };
  const part = () => {
    leave();
    flush(1);
  };

  const view = () => {
    const next = "hash" in set ? l.href : l.href.split("#")[0];
    if (next == page) return;
    leave();
    const referrer = page || d.referrer || null, status = d.querySelector("meta[name='weir:status']");
    page = next;
    began = Date.now();
    engaged = since = depth = 0;
    look();
    send("page_view", {}, { referrer, time: began });
    if ((status ? status.content : set.status) == 404) send("not_found");
  };

  const mark = (element) => {
    const props = {};
    for (const { name, value } of element.attributes) if (!name.indexOf("data-weir-prop-")) props[name.slice(15)] = value;
    send(element.dataset.weirEvent, props);
  };
  const click = ({ type, button, target }) => {
    if (type != "click" && button != 1) return;
    const marked = target.closest("[data-weir-event]"), link = target.closest("a[href]");
    if (marked && marked.tagName != "FORM") mark(marked);
    if (!link || link.protocol.indexOf("http")) return;
    const name = /\.(pdf|zip|gz|xz|7z|rar|dmg|pkg|exe|msi|deb|rpm|apk|iso|csv|xlsx?|docx?|pptx?|epub|mp[34]|mov)$/i.test(link.pathname) ? "download" : link.host != l.host && "outbound_link";
    if (name) send(name, { url: link.href });
  };

  const start = safe(() => {
    if (!("manual" in set)) {
      for (const name of ["pushState", "replaceState"]) {
        const before = history[name];
        history[name] = function () {
          before.apply(this, arguments);
          safe(view)();
        };
      }
      on("popstate", view);
      on("hashchange", view);
      on("pageshow", (event) => {
        if (event.persisted) page = 0, view();
      });
      view();
    }
    on("click", click, true);
    on("auxclick", click, true);
    on("submit", ({ target }) => target.dataset.weirEvent && mark(target), true);
    on("scroll", () => Date.now() - looked > 300 && look(), { passive: true });
    on("focus", look);
    on("blur", look);
    on("online", flush);
    d.addEventListener("visibilitychange", safe(() => d.hidden ? part() : look()));
    on("pagehide", part);
    const early = window.weir && weir.q || [];
    window.weir = (...call) => safe(() => send(...JSON.parse(JSON.stringify(call))))();
    for (const call of early) weir(...call);
    flush();
  });
  if (d.prerendering) d.addEventListener("prerenderingchange", start);
  else start();
})();
