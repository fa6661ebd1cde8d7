extension OpenAPIDocument {
    /// Retention, paths and sessions.
    static let visitSchemas = #"""
        "Match": {"description": "What an event must be like: its name, a filter, both, or any of such.", "anyOf": [
          {"type": "string"}, {"$ref": "#/components/schemas/StepMatch"},
          {"type": "object", "required": ["any"], "properties": {
            "any": {"type": "array", "items": {"$ref": "#/components/schemas/StepMatch"}}}}]},
        "RetentionQuery": {"allOf": [{"$ref": "#/components/schemas/CommonQuery"}, {"type": "object", "required": \#
        ["start", "return"], "properties": {
          "start": {"$ref": "#/components/schemas/Match"},
          "return": {"$ref": "#/components/schemas/Match"},
          "interval": {"enum": ["day", "week", "month"], "default": "day"},
          "intervals": {"type": "integer", "minimum": 1, "maximum": 400, "default": 8, "description": "How many \#
        intervals a cohort is followed, its own among them."},
          "mode": {"enum": ["on", "on_or_after"], "default": "on", "description": "Whether a visitor must come back in \#
        an interval, or in it or any later one of the range."},
          "cohorts": {"enum": ["first", "every"], "default": "first", "description": "Whether a visitor belongs to the \#
        cohort of their first start in the range, or to those of all intervals in which they start."}}}]},
        "PathsQuery": {"allOf": [{"$ref": "#/components/schemas/CommonQuery"}, {"type": "object", "properties": {
          "start": {"$ref": "#/components/schemas/Match", "description": "Paths go forwards from the first such event; \#
        without start and end, from the first event."},
          "end": {"$ref": "#/components/schemas/Match", "description": "Paths go backwards from the last such event."},
          "by": {"$ref": "#/components/schemas/Dimension", "default": "path"},
          "depth": {"type": "integer", "minimum": 2, "maximum": 20, "default": 4, "description": "Nodes of a path, the \#
        first among them."},
          "limit": {"type": "integer", "minimum": 1, "maximum": 1000, "default": 10, "description": "Values shown of \#
        each step; the others are one node."},
          "count": {"enum": ["sessions", "visitors"], "default": "sessions", "description": "What makes one path."},
          "collapse": {"type": "boolean", "default": true, "description": "Whether a value several times in a row is \#
        one node."}}}]},
        "SessionsQuery": {"allOf": [{"$ref": "#/components/schemas/CommonQuery"}, {"type": "object", "properties": {
          "by": {"$ref": "#/components/schemas/Dimension", "default": "path", "description": "What says of a page view \#
        which page it is."},
          "limit": {"type": "integer", "minimum": 1, "maximum": 1000, "default": 10}}}]},
        "RetentionAnswer": {"type": "object", "required": ["rows", "meta"], "properties": {
          "rows": {"type": "array", "items": {"type": "object", "properties": {
            "cohort": {"type": "string", "format": "date", "description": "The first day of the cohort's interval."},
            "size": {"type": "integer", "description": "Visitors of the cohort."},
            "returned": {"type": "array", "description": "Of these, those who came back in the cohort's own interval, \#
        the next one, and so on; null for intervals that have not begun or that the range does not reach.", \#
        "items": {"type": ["integer", "null"]}},
            "complete": {"type": "integer", "description": "How many of the leading intervals are over and wholly in \#
        the range: later numbers may still grow."}}}},
          "meta": {"$ref": "#/components/schemas/Meta"}}},
        "PathsAnswer": {"type": "object", "required": ["paths", "nodes", "links", "meta"], "properties": {
          "paths": {"type": "integer"},
          "nodes": {"type": "array", "items": {"type": "object", "properties": {
            "id": {"type": "integer", "description": "Its place in the list, which links name."},
            "step": {"type": "integer", "description": "0 is the start or the end; backwards -1, -2, …"},
            "key": {"type": ["string", "null"]},
            "other": {"const": true, "description": "The node stands for all values that are not shown."},
            "values": {"type": "integer", "description": "How many values an other node stands for."},
            "count": {"type": "integer", "description": "Paths that pass it."},
            "drop_off": {"type": "integer", "description": "Paths that end there; forwards."},
            "entries": {"type": "integer", "description": "Paths that begin there; backwards."}}}},
          "links": {"type": "array", "items": {"type": "object", "properties": {
            "source": {"type": "integer"}, "target": {"type": "integer"}, "count": {"type": "integer"}}}},
          "meta": {"$ref": "#/components/schemas/Meta"}}},
        "Pages": {"type": "object", "properties": {
          "rows": {"type": "array", "items": {"type": "object", "properties": {
            "key": {"type": ["string", "null"]}, "sessions": {"type": "integer"}, "bounces": {"type": "integer"},
            "bounce_rate": {"type": "number"}}}},
          "other": {"$ref": "#/components/schemas/Values"}, "distinct": {"type": "integer"}}},
        "SessionsAnswer": {"type": "object", "required": ["sessions", "meta"], "properties": {
          "sessions": {"type": "integer"}, "visitors": {"type": "integer"}, "bounces": {"type": "integer"},
          "bounce_rate": {"type": ["number", "null"]},
          "session_duration": {"type": ["number", "null"], "description": "The mean, milliseconds."},
          "pageviews": {"type": "integer", "description": "Of these sessions, also beside the range and the filter."},
          "pages_per_session": {"type": ["number", "null"]},
          "entry_pages": {"$ref": "#/components/schemas/Pages"}, "exit_pages": {"$ref": "#/components/schemas/Pages"},
          "meta": {"$ref": "#/components/schemas/Meta"}}}
        """#
}
