// The files of the folder `site`, put into the program by the compiler: `swift build` is all it takes, and a changed file
// is a changed input. A test compares this list with the folder.

#include "Dashboard.h"

#pragma clang diagnostic ignored "-Wc23-extensions"

static const unsigned char api_js[] = {
#embed "site/api.js"
};
static const unsigned char base_css[] = {
#embed "site/base.css"
};
static const unsigned char charts_css[] = {
#embed "site/charts.css"
};
static const unsigned char combo_js[] = {
#embed "site/combo.js"
};
static const unsigned char dialog_js[] = {
#embed "site/dialog.js"
};
static const unsigned char dims_js[] = {
#embed "site/dims.js"
};
static const unsigned char dom_js[] = {
#embed "site/dom.js"
};
static const unsigned char events_js[] = {
#embed "site/events.js"
};
static const unsigned char export_js[] = {
#embed "site/export.js"
};
static const unsigned char filters_js[] = {
#embed "site/filters.js"
};
static const unsigned char format_js[] = {
#embed "site/format.js"
};
static const unsigned char funnel_steps_js[] = {
#embed "site/funnel-steps.js"
};
static const unsigned char funnel_js[] = {
#embed "site/funnel.js"
};
static const unsigned char header_js[] = {
#embed "site/header.js"
};
static const unsigned char icons_svg[] = {
#embed "site/icons.svg"
};
static const unsigned char index_html[] = {
#embed "site/index.html"
};
static const unsigned char kpis_js[] = {
#embed "site/kpis.js"
};
static const unsigned char live_js[] = {
#embed "site/live.js"
};
static const unsigned char logo_svg[] = {
#embed "site/logo.svg"
};
static const unsigned char main_js[] = {
#embed "site/main.js"
};
static const unsigned char overview_js[] = {
#embed "site/overview.js"
};
static const unsigned char panel_js[] = {
#embed "site/panel.js"
};
static const unsigned char panels_css[] = {
#embed "site/panels.css"
};
static const unsigned char paths_js[] = {
#embed "site/paths.js"
};
static const unsigned char rangemenu_js[] = {
#embed "site/rangemenu.js"
};
static const unsigned char ranges_js[] = {
#embed "site/ranges.js"
};
static const unsigned char retention_js[] = {
#embed "site/retention.js"
};
static const unsigned char sankey_js[] = {
#embed "site/sankey.js"
};
static const unsigned char schema_js[] = {
#embed "site/schema.js"
};
static const unsigned char series_js[] = {
#embed "site/series.js"
};
static const unsigned char state_js[] = {
#embed "site/state.js"
};
static const unsigned char stream_js[] = {
#embed "site/stream.js"
};
static const unsigned char theme_js[] = {
#embed "site/theme.js"
};
static const unsigned char toast_js[] = {
#embed "site/toast.js"
};
static const unsigned char toplist_js[] = {
#embed "site/toplist.js"
};
static const unsigned char visitors_js[] = {
#embed "site/visitors.js"
};
static const unsigned char weir_js[] = {
#embed "site/weir.js"
};

#define FILE_NAMED(name, array) {name, array, sizeof array}

static const weir_site_file files[] = {
    FILE_NAMED("api.js", api_js),
    FILE_NAMED("base.css", base_css),
    FILE_NAMED("charts.css", charts_css),
    FILE_NAMED("combo.js", combo_js),
    FILE_NAMED("dialog.js", dialog_js),
    FILE_NAMED("dims.js", dims_js),
    FILE_NAMED("dom.js", dom_js),
    FILE_NAMED("events.js", events_js),
    FILE_NAMED("export.js", export_js),
    FILE_NAMED("filters.js", filters_js),
    FILE_NAMED("format.js", format_js),
    FILE_NAMED("funnel-steps.js", funnel_steps_js),
    FILE_NAMED("funnel.js", funnel_js),
    FILE_NAMED("header.js", header_js),
    FILE_NAMED("icons.svg", icons_svg),
    FILE_NAMED("index.html", index_html),
    FILE_NAMED("kpis.js", kpis_js),
    FILE_NAMED("live.js", live_js),
    FILE_NAMED("logo.svg", logo_svg),
    FILE_NAMED("main.js", main_js),
    FILE_NAMED("overview.js", overview_js),
    FILE_NAMED("panel.js", panel_js),
    FILE_NAMED("panels.css", panels_css),
    FILE_NAMED("paths.js", paths_js),
    FILE_NAMED("rangemenu.js", rangemenu_js),
    FILE_NAMED("ranges.js", ranges_js),
    FILE_NAMED("retention.js", retention_js),
    FILE_NAMED("sankey.js", sankey_js),
    FILE_NAMED("schema.js", schema_js),
    FILE_NAMED("series.js", series_js),
    FILE_NAMED("state.js", state_js),
    FILE_NAMED("stream.js", stream_js),
    FILE_NAMED("theme.js", theme_js),
    FILE_NAMED("toast.js", toast_js),
    FILE_NAMED("toplist.js", toplist_js),
    FILE_NAMED("visitors.js", visitors_js),
    FILE_NAMED("weir.js", weir_js),
};

const size_t weir_site_file_count = sizeof files / sizeof files[0];

const weir_site_file *weir_site_file_at(size_t index) { return &files[index]; }
