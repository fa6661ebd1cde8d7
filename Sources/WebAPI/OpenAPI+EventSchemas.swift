extension OpenAPIDocument {
    static let eventSchemas = #"""
        "Site": {"type": "string", "pattern": "^[A-Za-z0-9._-]{1,64}$"},
        "Time": {"description": "RFC 3339, or Unix milliseconds.",
          "oneOf": [{"type": "string", "format": "date-time"}, {"type": "integer"}]},
        "Event": {"type": "object", "required": ["event"], "properties": {
          "event": {"type": "string", "minLength": 1, "maxLength": 200,
            "description": "The name: page_view, add_to_cart, …"},
          "visitor": {"type": "string", "minLength": 1, "maxLength": 200,
            "description": "Who: an anonymous or device id. Absent: derived for the day from site, address and user \#
        agent; the address is never stored."},
          "time": {"$ref": "#/components/schemas/Time", "description": "Absent: the time of receipt. More than 10 \#
        minutes ahead or 7 days old is rejected unless `backfill` is set."},
          "id": {"type": "string", "minLength": 1, "maxLength": 200,
            "description": "Idempotency key: the same (site, id) is stored once."},
          "site": {"$ref": "#/components/schemas/Site"},
          "key": {"type": "string", "description": "In datagrams only: a write key, where the site demands one. Never \#
        stored."},
          "user": {"type": "string"}, "session": {"type": "string"},
          "url": {"type": "string", "description": "Gives `host`, `path`, the `utm_` dimensions, and `query_string` \#
        where the site keeps it."},
          "referrer": {"type": "string", "description": "Gives `referrer_host` and, unless `utm_source` does, `source`: \#
        the name of a known host, else the host; `Direct` where a page has none."},
          "title": {"type": "string"},
          "language": {"type": "string", "description": "Stored as BCP 47 spells it. Absent, with `user_agent` absent \#
        too: what a browser's Accept-Language prefers."},
          "screen": {"type": "string", "description": "Stored as 1920x1080."},
          "user_agent": {"type": "string", "description": "Absent: the request's own. Gives `browser`, `os`, `device` \#
        (desktop, mobile, tablet, tv, console, bot, other) and `bot`."},
          "country": {"type": "string", "description": "Absent: that of the sender's address, where the server knows \#
        it."},
          "value": {"type": "number", "description": "The measure: revenue, seconds, …"},
          "props": {"type": "object", "maxProperties": 64,
            "description": "Any scalars; nested objects flatten with dots to depth 4, arrays of scalars have several \#
        values.",
            "additionalProperties": true}
        }},
        "IngestAnswer": {"type": "object", "required": ["accepted", "duplicate", "rejected", "errors"], "properties": {
          "accepted": {"type": "integer"}, "duplicate": {"type": "integer"}, "rejected": {"type": "integer"},
          "errors": {"type": "array", "maxItems": 100, "description": "The first rejected events.", "items": {
            "type": "object", "required": ["index", "code", "detail"], "properties": {
              "index": {"type": "integer", "description": "Position in the array, or of the line among those that are \#
        not blank, from 0."},
              "code": {"type": "string"}, "detail": {"type": "string"}}}}
        }},
        "DeadLetters": {"type": "object", "required": ["site", "total", "bytes", "reasons", "dead_letters", "cursor"],
        "properties": {
          "site": {"$ref": "#/components/schemas/Site"},
          "total": {"type": "integer", "description": "Letters kept of the site."},
          "bytes": {"type": "integer", "description": "What they take as stored."},
          "reasons": {"type": "object", "description": "Letters kept of each reason, most first.",
            "additionalProperties": {"type": "integer"}},
          "dead_letters": {"type": "array", "items": {"type": "object", "properties": {
            "sequence": {"type": "integer"}, "time": {"type": "string", "format": "date-time"},
            "code": {"type": "string"}, "detail": {"type": "string"},
            "transport": {"enum": ["http", "pixel", "udp", null]},
            "bytes": {"type": "integer", "description": "Of the event as it came."},
            "truncated": {"type": "boolean", "description": "Whether only its first 64 KiB were kept."},
            "event": {"type": "string", "description": "What was sent, as text."}}}},
          "cursor": {"type": ["string", "null"], "description": "`cursor` of the next page; null at the end."}
        }},
        "Problem": {"type": "object", "required": ["type", "title", "status", "code", "detail"], "properties": {
          "type": {"type": "string"}, "title": {"type": "string"}, "status": {"type": "integer"},
          "code": {"type": "string", "description": "Stable; what a program looks at."},
          "detail": {"type": "string"},
          "field": {"type": "string", "description": "The part of the request that is meant."}
        }}
        """#
}
