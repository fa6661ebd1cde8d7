extension LandingPage {
    static let script = #"""
        "use strict";
        const get = (id) => document.getElementById(id);
        const number = new Intl.NumberFormat("en");
        const shapes = "http://www.w3.org/2000/svg";
        let turn = 0;

        async function query(kind, body) {
          const answer = await fetch("/v1/query/" + kind, {
            method: "POST", headers: {"Content-Type": "application/json"}, body: JSON.stringify(body),
          });
          const value = await answer.json();
          if (!answer.ok) throw new Error(value.detail || value.title || answer.statusText);
          return value;
        }

        function scope(more) {
          const range = get("range").value;
          const named = range === "today" || range === "all";
          return {site: get("site").value.trim() || "default", range: named ? range : {last: range}, ...more};
        }

        function interval() {
          return {"1h": "minute", "24h": "hour", "today": "hour"}[get("range").value] || "day";
        }

        // Everything that comes from events goes through textContent or setAttribute and is never read as HTML.
        function cell(row, name, content) {
          const element = document.createElement(name);
          if (content instanceof Node) element.append(content); else element.textContent = content;
          row.append(element);
        }

        function shape(name, attributes) {
          const element = document.createElementNS(shapes, name);
          for (const key in attributes) element.setAttribute(key, attributes[key]);
          return element;
        }

        function bar(part) {
          const box = shape("svg", {viewBox: "0 0 100 10", preserveAspectRatio: "none", "aria-hidden": "true"});
          box.append(shape("rect", {class: "track", width: 100, height: 10}));
          box.append(shape("rect", {class: "bar", width: Math.max(0, Math.min(1, part || 0)) * 100, height: 10}));
          return box;
        }

        function fill(table, titles, rows) {
          const head = document.createElement("tr");
          for (const title of titles) cell(head, "th", title);
          const lines = rows.map((values) => {
            const line = document.createElement("tr");
            for (const value of values) cell(line, "td", value);
            line.firstChild.title = line.firstChild.textContent;
            return line;
          });
          table.replaceChildren(head, ...lines);
        }

        function show(value) {
          return value === null || value === undefined ? "–" : number.format(value);
        }

        function drawSeries(rows) {
          const box = get("series");
          const most = rows.reduce((most, row) => Math.max(most, row.events), 1);
          const width = 1000 / Math.max(rows.length, 1);
          box.replaceChildren(...rows.map((row, index) => {
            const height = row.events / most * 156;
            const one = shape("rect", {
              x: index * width, y: 160 - height, width: Math.max(width - Math.min(2, width / 4), .5), height,
            });
            const label = shape("title", {});
            label.textContent = row.time + ": " + number.format(row.events);
            one.append(label);
            return one;
          }));
          box.setAttribute("aria-label", rows.length + " intervals, at most " + number.format(most) + " events in one");
          const ends = rows.length ? [rows[0].time, "at most " + number.format(most), rows[rows.length - 1].time] : [];
          get("axis").replaceChildren(...ends.map((text) => {
            const part = document.createElement("span");
            part.textContent = text;
            return part;
          }));
        }

        function drawTop(id, rows) {
          const most = rows.reduce((most, row) => Math.max(most, row.events), 1);
          fill(get(id), ["", "events", "visitors", ""], rows.map((row) => [
            row.key[0] === null ? "(none)" : row.key[0], show(row.events), show(row.visitors), bar(row.events / most),
          ]));
        }

        async function refresh() {
          const mine = ++turn;
          try {
            const top = {metrics: ["events", "visitors"], limit: 10};
            const [totals, series, names, paths] = await Promise.all([
              query("aggregate", scope({metrics: ["events", "visitors", "pageviews"]})),
              query("timeseries", scope({metrics: ["events"], interval: interval()})),
              query("top", scope({by: "event", ...top})),
              query("top", scope({by: "path", ...top})),
            ]);
            // An answer that was overtaken by a newer question is not shown.
            if (mine !== turn) return;
            for (const name of ["events", "visitors", "pageviews"]) get(name).textContent = show(totals.metrics[name]);
            drawSeries(series.rows);
            drawTop("top-event", names.rows);
            drawTop("top-path", paths.rows);
            report("live, " + new Date().toISOString().slice(11, 19));
          } catch (error) {
            if (mine === turn) report(error.message, true);
          }
        }

        async function funnel() {
          const names = get("steps").value.split(",").map((name) => name.trim()).filter(Boolean);
          try {
            const answer = await query("funnel", scope({
              steps: names.map((event) => ({event})), window: get("window").value.trim(), count: get("count").value,
            }));
            fill(get("funnel-steps"), ["step", get("count").value, "of first", "of previous", "lost", ""],
              answer.steps.map((step, index) => [
                (index + 1) + ". " + (step.event || names[index]), show(step.count), percent(step.rate),
                percent(step.step_rate), show(step.drop_off), bar(step.rate),
              ]));
          } catch (error) {
            fill(get("funnel-steps"), [error.message], []);
          }
        }

        function percent(part) {
          return part === null || part === undefined ? "–" : (part * 100).toFixed(1) + " %";
        }

        function report(text, bad) {
          get("status").textContent = text;
          get("status").className = bad ? "bad" : "";
        }

        get("scope").addEventListener("submit", (event) => { event.preventDefault(); refresh(); });
        get("range").addEventListener("change", refresh);
        get("funnel").addEventListener("submit", (event) => { event.preventDefault(); funnel(); });
        setInterval(() => { if (!document.hidden) refresh(); }, 5000);
        refresh();
        """#
}
