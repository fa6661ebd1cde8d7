extension LandingPage {
    static let style = """
        :root {
          color-scheme: light dark;
          --back: light-dark(#f6f7f5, #14181a); --card: light-dark(#fff, #1d2326); --text: light-dark(#1c2321, #e4e9e7);
          --faint: light-dark(#5f6b67, #97a5a0); --line: light-dark(#dde2df, #303a3d);
          --bar: light-dark(#1f7a6d, #3fae9c); --soft: light-dark(#d5ebe6, #21453f);
        }
        * { box-sizing: border-box; }
        body { margin: 0 auto; padding: 1rem; max-width: 70rem; background: var(--back); color: var(--text);
          font: 16px/1.5 system-ui, sans-serif; }
        header, form { display: flex; flex-wrap: wrap; gap: .75rem 1.25rem; align-items: center; }
        h1 { margin: 0; font-size: 1.5rem; letter-spacing: .02em; }
        h2 { margin: 0 0 .75rem; font-size: 1rem; }
        section { background: var(--card); border: 1px solid var(--line); border-radius: .6rem; padding: 1rem;
          margin: 1rem 0; min-width: 0; }
        .numbers { display: flex; flex-wrap: wrap; gap: .5rem 3rem; color: var(--faint); }
        .numbers strong { font-size: 1.75rem; color: var(--text); font-variant-numeric: tabular-nums; }
        .columns { display: grid; grid-template-columns: repeat(auto-fit, minmax(20rem, 1fr)); gap: 0 1rem; }
        .columns section { margin: 0 0 0; }
        label { color: var(--faint); }
        input, select, button { font: inherit; color: var(--text); background: var(--back); padding: .25rem .6rem;
          border: 1px solid var(--line); border-radius: .4rem; max-width: 100%; }
        #steps { width: 24rem; }
        button { background: var(--bar); color: light-dark(#fff, #06211d); border-color: transparent; cursor: pointer; }
        :focus-visible { outline: 2px solid var(--bar); outline-offset: 2px; }
        svg { display: block; width: 100%; height: 10rem; }
        #series rect { fill: var(--bar); }
        #axis { display: flex; justify-content: space-between; margin: .25rem 0 0; color: var(--faint);
          font-size: .85rem; }
        table { width: 100%; border-collapse: collapse; font-variant-numeric: tabular-nums; table-layout: fixed; }
        th, td { padding: .3rem .4rem; border-bottom: 1px solid var(--line); text-align: right; overflow: hidden;
          text-overflow: ellipsis; white-space: nowrap; }
        th { color: var(--faint); font-weight: normal; font-size: .85rem; }
        th:first-child, td:first-child { text-align: left; width: 45%; }
        td svg { height: .8rem; } td rect.track { fill: var(--soft); } td rect.bar { fill: var(--bar); }
        #status { margin: 0; color: var(--faint); } #status.bad { color: light-dark(#a3271b, #ff8e80); }
        #funnel { margin-bottom: .75rem; }
        footer { color: var(--faint); } a { color: inherit; }
        """
}
