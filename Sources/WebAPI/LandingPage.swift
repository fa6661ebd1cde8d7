/// The page at `/`: a small dashboard in three self-contained parts, which asks the query API like any other client.
package enum LandingPage {
    /// Nothing but the server's own parts may be loaded or called, and nothing inline is run.
    static let contentSecurityPolicy =
        "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self' data:; "
        + "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"

    package static let htmlBytes = Array(html.utf8)
    package static let scriptBytes = Array(script.utf8)
    package static let styleBytes = Array(style.utf8)

    private static let html = """
        <!doctype html>
        <html lang="en">
        <head>
        <meta charset="utf-8">
        <meta name="viewport" content="width=device-width, initial-scale=1">
        <title>Weir</title>
        <link rel="icon" href="data:,">
        <link rel="stylesheet" href="/app.css">
        <script src="/app.js" defer></script>
        </head>
        <body>
        <header>
          <h1>Weir</h1>
          <form id="scope">
            <label>Site <input id="site" value="default" autocomplete="off" spellcheck="false"></label>
            <label>Range <select id="range">
              <option value="1h">last hour</option>
              <option value="24h" selected>last 24 hours</option>
              <option value="7d">last 7 days</option>
              <option value="30d">last 30 days</option>
              <option value="today">today</option>
              <option value="all">all</option>
            </select></label>
            <button>Show</button>
          </form>
          <p id="status" role="status"></p>
        </header>
        <main>
          <section class="numbers" aria-label="Totals">
            <div><strong id="events">–</strong> events</div>
            <div><strong id="visitors">–</strong> visitors</div>
            <div><strong id="pageviews">–</strong> page views</div>
          </section>
          <section>
            <h2>Events over time</h2>
            <svg id="series" viewBox="0 0 1000 160" preserveAspectRatio="none" role="img"></svg>
            <p id="axis"></p>
          </section>
          <div class="columns">
            <section><h2>Top events</h2><table id="top-event"></table></section>
            <section><h2>Top paths</h2><table id="top-path"></table></section>
          </div>
          <section>
            <h2>Funnel</h2>
            <form id="funnel">
              <label>Steps <input id="steps" value="page_view, add_to_cart, purchase" spellcheck="false"></label>
              <label>Window <input id="window" value="1h" size="5"></label>
              <label>Count <select id="count"><option>visitors</option><option>sessions</option></select></label>
              <button>Calculate</button>
            </form>
            <table id="funnel-steps"></table>
          </section>
        </main>
        <footer>
          <a href="/openapi.json">API description</a> · <a href="/metrics">Metrics</a> · times are UTC
        </footer>
        <noscript>This page needs JavaScript; the API does not.</noscript>
        </body>
        </html>
        """
}
