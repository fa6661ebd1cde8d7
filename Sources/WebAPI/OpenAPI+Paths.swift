extension OpenAPIDocument {
    static let ingestPaths = #"""
        "/v1/events": {"post": {
          "operationId": "postEvents", "tags": ["ingest"],
          "summary": "Send events: one object, an array, or one object a line (NDJSON).",
          "description": "Answered after the events are durable; from then on every query sees them. A bad event \#
        never costs its neighbours: it is counted under `rejected` and kept in the site's dead letters. The form of \#
        the body is told from its content. `Content-Encoding` may be gzip, deflate or zstd.",
          "parameters": [
            {"$ref": "#/components/parameters/site"},
            {"name": "backfill", "in": "query", "schema": {"type": "boolean", "default": false},
             "description": "Lifts the limits on how old and how far ahead event times may be, for imports."},
            {"name": "dry_run", "in": "query", "schema": {"type": "boolean", "default": false},
             "description": "Answers what would become of the events and stores nothing."},
            {"name": "Idempotency-Key", "in": "header", "schema": {"type": "string", "minLength": 1, "maxLength": 255},
             "description": "Makes sending the whole request again harmless: within 24 hours the same key of the same \#
        site is answered with the bytes of its first answer, and the header `Idempotent-Replayed: true`. With another \#
        body it is refused."}
          ],
          "requestBody": {"required": true, "content": {
            "application/json": {"schema": {"oneOf": [
              {"$ref": "#/components/schemas/Event"},
              {"type": "array", "items": {"$ref": "#/components/schemas/Event"}}]}},
            "application/x-ndjson": {"schema": {"type": "string", "description": "One event a line."}},
            "text/plain": {"schema": {"type": "string", "description": "JSON or NDJSON, as navigator.sendBeacon sends \#
        it."}}
          }},
          "responses": {
            "401": {"$ref": "#/components/responses/Unauthorized"}, "403": {"$ref": "#/components/responses/Problem"},
            "200": {"description": "The events were read.", "content": {"application/json": {
              "schema": {"$ref": "#/components/schemas/IngestAnswer"}}}},
            "400": {"$ref": "#/components/responses/Problem"}, "408": {"$ref": "#/components/responses/Problem"},
            "413": {"$ref": "#/components/responses/Problem"}, "415": {"$ref": "#/components/responses/Problem"},
            "422": {"$ref": "#/components/responses/Problem"},
            "429": {"$ref": "#/components/responses/Later"}, "503": {"$ref": "#/components/responses/Later"}
          }
        }},
        "/v1/pixel.gif": {"get": {
          "operationId": "getPixel", "tags": ["ingest"],
          "summary": "Send one event in the URL of a picture.",
          "description": "Every text field of an event is a parameter of the same name. The answer is always the same \#
        transparent GIF of 43 bytes, which must not be cached; what becomes of the event shows in the metrics.",
          "parameters": [
            {"name": "event", "in": "query", "required": true, "schema": {"type": "string"}},
            {"name": "visitor", "in": "query", "schema": {"type": "string"}},
            {"name": "id", "in": "query", "schema": {"type": "string"}},
            {"name": "site", "in": "query", "schema": {"type": "string"}},
            {"name": "key", "in": "query", "schema": {"type": "string"}},
            {"name": "user", "in": "query", "schema": {"type": "string"}},
            {"name": "session", "in": "query", "schema": {"type": "string"}},
            {"name": "url", "in": "query", "schema": {"type": "string"}},
            {"name": "referrer", "in": "query", "schema": {"type": "string"}},
            {"name": "title", "in": "query", "schema": {"type": "string"}},
            {"name": "language", "in": "query", "schema": {"type": "string"}},
            {"name": "screen", "in": "query", "schema": {"type": "string"}},
            {"name": "user_agent", "in": "query", "schema": {"type": "string"}},
            {"name": "country", "in": "query", "schema": {"type": "string"}},
            {"name": "value", "in": "query", "schema": {"type": "number"}},
            {"name": "time", "in": "query", "schema": {"$ref": "#/components/schemas/Time"}},
            {"name": "props", "in": "query", "schema": {"type": "string"},
             "description": "Properties are written `props.NAME=VALUE`; one that is named several times has several \#
        values. They are text."}
          ],
          "responses": {"200": {"description": "The picture.", "content": {"image/gif": {}}}}
        }}
        """#

    static let queryPaths = #"""
        "/v1/query/{kind}": {
          "parameters": [{"name": "kind", "in": "path", "required": true, "schema": {"$ref": \#
        "#/components/schemas/Kind"}}],
          "post": {
            "operationId": "postQuery", "tags": ["query"],
            "summary": "Ask a query as JSON. Which fields it may have depends on the kind.",
            "parameters": [{"$ref": "#/components/parameters/site"}],
            "requestBody": {"content": {"application/json": {"schema": {"anyOf": [
              {"$ref": "#/components/schemas/AggregateQuery"}, {"$ref": "#/components/schemas/TimeseriesQuery"},
              {"$ref": "#/components/schemas/TopQuery"}, {"$ref": "#/components/schemas/FunnelQuery"},
              {"$ref": "#/components/schemas/RetentionQuery"}, {"$ref": "#/components/schemas/PathsQuery"},
              {"$ref": "#/components/schemas/SessionsQuery"},
              {"$ref": "#/components/schemas/FunnelVisitorsQuery"},
              {"$ref": "#/components/schemas/EventsQuery"}, {"$ref": "#/components/schemas/ValuesQuery"},
              {"$ref": "#/components/schemas/SchemaQuery"}]}}}},
            "responses": {
              "401": {"$ref": "#/components/responses/Unauthorized"}, "403": {"$ref": "#/components/responses/Problem"},
              "200": {"$ref": "#/components/responses/QueryAnswer"}, "400": {"$ref": "#/components/responses/Problem"},
              "404": {"$ref": "#/components/responses/Problem"}, "413": {"$ref": "#/components/responses/Problem"},
              "429": {"$ref": "#/components/responses/Later"}, "500": {"$ref": "#/components/responses/Problem"},
              "503": {"$ref": "#/components/responses/Later"},
              "504": {"$ref": "#/components/responses/Problem"}
            }
          },
          "get": {
            "operationId": "getQuery", "tags": ["query"],
            "summary": "Ask a flat query as parameters, such as /v1/query/top?site=shop&by=path&last=24h&limit=10.",
            "parameters": [
              {"$ref": "#/components/parameters/site"},
              {"name": "last", "in": "query", "schema": {"$ref": "#/components/schemas/Duration"}},
              {"name": "from", "in": "query", "schema": {"$ref": "#/components/schemas/Time"}},
              {"name": "to", "in": "query", "schema": {"$ref": "#/components/schemas/Time"}},
              {"name": "range", "in": "query", "schema": {"type": "string"}, "description": "today, yesterday, month, \#
        all, 7d, …"},
              {"name": "timezone", "in": "query", "schema": {"type": "string", "default": "UTC"}},
              {"name": "metrics", "in": "query", "schema": {"type": "string"}, "description": "Separated by commas."},
              {"name": "by", "in": "query", "schema": {"type": "string"}, "description": "Dimensions, separated by \#
        commas."},
              {"name": "event", "in": "query", "schema": {"type": "string"}, "description": "Only events of this \#
        name."},
              {"name": "where", "in": "query", "schema": {"type": "string"}, "description": "Filters as JSON."},
              {"name": "interval", "in": "query", "schema": {"$ref": "#/components/schemas/Interval"}},
              {"name": "limit", "in": "query", "schema": {"type": "integer"}},
              {"name": "offset", "in": "query", "schema": {"type": "integer"}},
              {"name": "order_by", "in": "query", "schema": {"type": "string"}},
              {"name": "steps", "in": "query", "schema": {"type": "string"}, "description": "Event names, separated \#
        by commas."},
              {"name": "window", "in": "query", "schema": {"$ref": "#/components/schemas/Duration"}},
              {"name": "count", "in": "query", "schema": {"enum": ["visitors", "sessions"]}},
              {"name": "start", "in": "query", "schema": {"type": "string"}, "description": "An event's name, or a \#
        match as JSON; so are `return` and `end`."},
              {"name": "return", "in": "query", "schema": {"type": "string"}},
              {"name": "end", "in": "query", "schema": {"type": "string"}},
              {"name": "intervals", "in": "query", "schema": {"type": "integer"}},
              {"name": "mode", "in": "query", "schema": {"enum": ["on", "on_or_after"]}},
              {"name": "cohorts", "in": "query", "schema": {"enum": ["first", "every"]}},
              {"name": "depth", "in": "query", "schema": {"type": "integer"}},
              {"name": "collapse", "in": "query", "schema": {"type": "boolean"}},
              {"name": "dim", "in": "query", "schema": {"$ref": "#/components/schemas/Dimension"}},
              {"name": "prefix", "in": "query", "schema": {"type": "string"}},
              {"name": "cursor", "in": "query", "schema": {"type": "string"}},
              {"name": "q", "in": "query", "schema": {"type": "string"}, "description": "The whole query as JSON \#
        instead."}
            ],
            "responses": {
              "401": {"$ref": "#/components/responses/Unauthorized"}, "403": {"$ref": "#/components/responses/Problem"},
              "200": {"$ref": "#/components/responses/QueryAnswer"}, "400": {"$ref": "#/components/responses/Problem"},
              "404": {"$ref": "#/components/responses/Problem"}, "429": {"$ref": "#/components/responses/Later"},
              "500": {"$ref": "#/components/responses/Problem"},
              "503": {"$ref": "#/components/responses/Later"}, "504": {"$ref": "#/components/responses/Problem"}
            }
          }
        }
        """#

    static let operationPaths = #"""
        "/v1/admin/flush": {"post": {
          "operationId": "flush", "tags": ["operations"],
          "summary": "Seal what is in flight now; answered when that is done.",
          "responses": {
            "401": {"$ref": "#/components/responses/Unauthorized"}, "403": {"$ref": "#/components/responses/Problem"},
            "200": {"description": "Everything is sealed.", "content": {"application/json": {"schema": {
              "type": "object", "properties": {"sealed": {"const": true}}, "required": ["sealed"]}}}},
            "503": {"$ref": "#/components/responses/Later"}
          }
        }},
        "/healthz": {"get": {
          "operationId": "health", "tags": ["operations"], "summary": "Whether the process is alive.",
          "responses": {"200": {"description": "It is.", "content": {"text/plain": {}}}}
        }},
        "/readyz": {"get": {
          "operationId": "readiness", "tags": ["operations"],
          "summary": "Whether the store is recovered and events are accepted.",
          "responses": {
            "200": {"description": "It is.", "content": {"text/plain": {}}},
            "503": {"$ref": "#/components/responses/Later"}
          }
        }},
        "/metrics": {"get": {
          "operationId": "metrics", "tags": ["operations"], "summary": "The server's numbers for Prometheus.",
          "responses": {"401": {"$ref": "#/components/responses/Unauthorized"}, "403": {"$ref": "#/components/responses/Problem"},"200": {"description": "Text format 0.0.4.", "content": {"text/plain": {}}}}
        }},
        "/openapi.json": {"get": {
          "operationId": "openapi", "tags": ["operations"], "summary": "This document.",
          "responses": {"200": {"description": "OpenAPI 3.1.", "content": {"application/json": {}}}}
        }},
        "/": {"get": {
          "operationId": "page", "tags": ["page"], "summary": "The live dashboard.",
          "description": "What it shows is in its own query parameters, so that an address can be shared.",
          "responses": {"200": {"description": "The page.", "content": {"text/html": {}}},
            "304": {"description": "The browser has it."}}
        }},
        "/weir.js": {"get": {
          "operationId": "beacon", "tags": ["page"],
          "summary": "The script that a site includes to send page views and events; at most 2 KiB compressed.",
          "description": "`<script defer src=\"…/weir.js\" data-site=\"shop\"></script>`. It posts arrays of events as \#
        text/plain to /v1/events, each with an id.",
          "responses": {"200": {"description": "The script.", "content": {"text/javascript": {}}},
            "304": {"description": "The browser has it."}}
        }},
        "/assets/{version}/{file}": {
          "parameters": [
            {"name": "version", "in": "path", "required": true, "schema": {"type": "string"}},
            {"name": "file", "in": "path", "required": true, "schema": {"type": "string"}}],
          "get": {
            "operationId": "asset", "tags": ["page"], "summary": "A file of the dashboard, to be kept for good.",
            "responses": {"200": {"description": "The file."}, "304": {"description": "The browser has it."},
              "404": {"$ref": "#/components/responses/Problem"}}
          }}
        """#

    static let parameters = #"""
        "site": {"name": "site", "in": "query", "schema": {"$ref": "#/components/schemas/Site"},
          "description": "The site; where none is named, that of the key, else `default`."}
        """#

    static let responses = #"""
        "Problem": {"description": "What is wrong and what to do about it.", "content": {"application/problem+json": {
          "schema": {"$ref": "#/components/schemas/Problem"}}}},
        "Later": {"description": "Not now: try again after `Retry-After` seconds.",
          "headers": {"Retry-After": {"schema": {"type": "integer"}}},
          "content": {"application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}}},
        "QueryAnswer": {"description": "The answer, of the shape of the query's kind.", "content": \#
        {"application/json": {"schema": {"anyOf": [
          {"$ref": "#/components/schemas/AggregateAnswer"}, {"$ref": "#/components/schemas/TimeseriesAnswer"},
          {"$ref": "#/components/schemas/TopAnswer"}, {"$ref": "#/components/schemas/FunnelAnswer"},
          {"$ref": "#/components/schemas/RetentionAnswer"}, {"$ref": "#/components/schemas/PathsAnswer"},
          {"$ref": "#/components/schemas/SessionsAnswer"},
          {"$ref": "#/components/schemas/FunnelVisitorsAnswer"},
          {"$ref": "#/components/schemas/EventsAnswer"}, {"$ref": "#/components/schemas/ValuesAnswer"},
          {"$ref": "#/components/schemas/SchemaAnswer"}]}}}}
        """#
}
