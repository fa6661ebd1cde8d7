extension OpenAPIDocument {
    static let querySchemas = #"""
        "Kind": {"enum": ["aggregate", "timeseries", "top", "funnel", "retention", "paths", "sessions", "events", \#
        "values", "schema"]},
        "Duration": {"description": "90s, 30m, 1h, 7d, or milliseconds.", "oneOf": [{"type": "string"}, {"type": \#
        "integer"}]},
        "Interval": {"enum": ["minute", "hour", "day", "week", "month"]},
        "Dimension": {"type": "string", "description": "An event field, a derived dimension (host, path, \#
        referrer_host, utm_source, utm_medium, utm_campaign, utm_term, utm_content) or props.NAME."},
        "Metric": {"type": "string", "description": "events, visitors, sessions, pageviews, events_per_visitor, \#
        bounce_rate, session_duration, or sum:, avg:, min:, max:, p50: to p99.9: followed by value or props.NAME."},
        "Filter": {"description": "One test, or several combined.", "anyOf": [
          {"type": "object", "required": ["dim"], "additionalProperties": false, "properties": {
            "dim": {"$ref": "#/components/schemas/Dimension"},
            "op": {"enum": ["is", "is_not", "contains", "starts_with", "ends_with", "matches", "exists", "gt", "gte", \#
        "lt", "lte"], "default": "is"},
            "values": {"type": "array"}, "value": {}}},
          {"type": "object", "required": ["any"], "properties": {"any": {"type": "array", "items": {"$ref": \#
        "#/components/schemas/Filter"}}}},
          {"type": "object", "required": ["all"], "properties": {"all": {"type": "array", "items": {"$ref": \#
        "#/components/schemas/Filter"}}}},
          {"type": "object", "required": ["not"], "properties": {"not": {"$ref": "#/components/schemas/Filter"}}}]},
        "Where": {"type": "array", "description": "All must hold.", "items": {"$ref": "#/components/schemas/Filter"}},
        "Range": {"description": "Half-open; relative ranges end now. Absent: all.", "anyOf": [
          {"type": "object", "properties": {"from": {"$ref": "#/components/schemas/Time"}, "to": {"$ref": \#
        "#/components/schemas/Time"}}},
          {"type": "object", "properties": {"last": {"$ref": "#/components/schemas/Duration"}}},
          {"type": "string", "description": "today, yesterday, 7d, 30d, month or all."}]},
        "CommonQuery": {"type": "object", "properties": {
          "site": {"$ref": "#/components/schemas/Site"},
          "range": {"$ref": "#/components/schemas/Range"},
          "timezone": {"type": "string", "default": "UTC", "description": "An IANA name or an offset such as +02:00."},
          "where": {"$ref": "#/components/schemas/Where"},
          "cache": {"type": "boolean", "default": true},
          "timeout": {"$ref": "#/components/schemas/Duration"}}},
        "Metrics": {"type": "array", "items": {"$ref": "#/components/schemas/Metric"}},
        "AggregateQuery": {"allOf": [{"$ref": "#/components/schemas/CommonQuery"}, {"type": "object", "properties": {
          "metrics": {"$ref": "#/components/schemas/Metrics"}, "compare": {"const": "previous"}}}]},
        "TimeseriesQuery": {"allOf": [{"$ref": "#/components/schemas/CommonQuery"}, {"type": "object", "properties": {
          "metrics": {"$ref": "#/components/schemas/Metrics"}, "interval": {"$ref": "#/components/schemas/Interval"},
          "by": {"$ref": "#/components/schemas/Dimension"}, "limit": {"type": "integer", "default": 10}}}]},
        "TopQuery": {"allOf": [{"$ref": "#/components/schemas/CommonQuery"}, {"type": "object", "required": ["by"], \#
        "properties": {
          "by": {"oneOf": [{"$ref": "#/components/schemas/Dimension"}, {"type": "array", "maxItems": 8, "items": \#
        {"$ref": "#/components/schemas/Dimension"}}]},
          "metrics": {"$ref": "#/components/schemas/Metrics"},
          "order_by": {"$ref": "#/components/schemas/Metric"},
          "order": {"type": "string", "enum": ["desc", "asc"], "default": "desc"},
          "series": {"type": "string", "enum": ["minute", "hour", "day", "week", "month"]},
          "approximate": {"type": "boolean", "default": false, "description": "Whether visitors \#
        may be estimated where that is quicker. Every row then states its relative_error: 0 where its number is exact, \#
        else two standard errors, within which 95 of 100 estimates are."},
          "limit": {"type": "integer", "default": 10}, "offset": {"type": "integer", "default": 0},
          "having": {"type": "array", "items": {"type": "object", "required": ["metric", "op", "value"], "properties": {
            "metric": {"$ref": "#/components/schemas/Metric"}, "op": {"type": "string"}, "value": {"type": "number"}}}},
          "other": {"type": "boolean", "default": false}}}]},
        "StepMatch": {"type": "object", "description": "An event's name, a filter, or both.", "properties": {
          "event": {"type": "string"}, "where": {"$ref": "#/components/schemas/Where"}}},
        "Step": {"anyOf": [{"$ref": "#/components/schemas/StepMatch"}, {"type": "object", "required": ["any"], \#
        "properties": {
          "any": {"type": "array", "items": {"$ref": "#/components/schemas/StepMatch"}}}}]},
        "FunnelQuery": {"allOf": [{"$ref": "#/components/schemas/CommonQuery"}, {"type": "object", "required": \#
        ["steps"], "properties": {
          "steps": {"type": "array", "minItems": 1, "maxItems": 32, "items": {"$ref": "#/components/schemas/Step"}},
          "window": {"$ref": "#/components/schemas/Duration", "description": "From the first to the last step, \#
        inclusive."},
          "strict_increase": {"type": "boolean", "default": false, "description": "Each step must be later than the \#
        one before, not at the same time."},
          "count": {"enum": ["visitors", "sessions"], "default": "visitors"},
          "by": {"$ref": "#/components/schemas/Dimension", "description": "Its value at the first step."},
          "limit": {"type": "integer", "default": 10}}}]},
        "EventsQuery": {"allOf": [{"$ref": "#/components/schemas/CommonQuery"}, {"type": "object", "properties": {
          "limit": {"type": "integer", "default": 100, "maximum": 10000}, "cursor": {"type": "string"},
          "columns": {"type": "array", "items": {"$ref": "#/components/schemas/Dimension"}}}}]},
        "ValuesQuery": {"allOf": [{"$ref": "#/components/schemas/CommonQuery"}, {"type": "object", "required": \#
        ["dim"], "properties": {
          "dim": {"$ref": "#/components/schemas/Dimension"}, "prefix": {"type": "string"},
          "limit": {"type": "integer", "default": 20, "maximum": 1000}}}]},
        "SchemaQuery": {"$ref": "#/components/schemas/CommonQuery"},
        "Meta": {"type": "object", "properties": {
          "took_ms": {"type": "number"}, "rows_scanned": {"type": "integer"},
          "segments": {"type": "object", "properties": {"sealed": {"type": "integer"}, "in_flight": {"type": \#
        "integer"}}},
          "watermark": {"type": ["string", "null"]}, "exact": {"type": "boolean"},
          "relative_error": {"type": "number", "description": "The greatest of an answer that is not exact."}}},
        "Values": {"type": "object", "description": "A number, or null, for each metric.", "additionalProperties": \#
        {"type": ["number", "null"]}},
        "AggregateAnswer": {"type": "object", "required": ["metrics", "meta"], "properties": {
          "metrics": {"$ref": "#/components/schemas/Values"}, "previous": {"$ref": "#/components/schemas/Values"},
          "meta": {"$ref": "#/components/schemas/Meta"}}},
        "TimeseriesAnswer": {"type": "object", "required": ["rows", "meta"], "properties": {
          "rows": {"type": "array", "items": {"type": "object", "properties": {
            "time": {"type": "string", "format": "date-time"}, "key": {"type": ["string", "null"]}}}},
          "meta": {"$ref": "#/components/schemas/Meta"}}},
        "TopAnswer": {"type": "object", "required": ["rows", "distinct", "meta"], "properties": {
          "rows": {"type": "array", "items": {"type": "object", "properties": {
            "key": {"type": "array", "items": {"type": ["string", "null"]}},
            "relative_error": {"type": "number"}}}},
          "other": {"$ref": "#/components/schemas/Values"}, "distinct": {"type": "integer"},
          "meta": {"$ref": "#/components/schemas/Meta"}}},
        "FunnelSteps": {"type": "array", "items": {"type": "object", "properties": {
          "event": {"type": ["string", "null"]}, "count": {"type": "integer"}, "rate": {"type": ["number", "null"]},
          "step_rate": {"type": ["number", "null"]}, "drop_off": {"type": "integer"},
          "avg_ms": {"type": "null", "description": "Reserved for the mean time to convert."}}}},
        "FunnelAnswer": {"type": "object", "required": ["steps", "meta"], "properties": {
          "steps": {"$ref": "#/components/schemas/FunnelSteps"},
          "rows": {"type": "array", "items": {"type": "object", "properties": {
            "key": {"type": ["string", "null"]}, "steps": {"$ref": "#/components/schemas/FunnelSteps"}}}},
          "meta": {"$ref": "#/components/schemas/Meta"}}},
        "EventsAnswer": {"type": "object", "required": ["events", "meta"], "properties": {
          "events": {"type": "array", "items": {"$ref": "#/components/schemas/Event"}},
          "cursor": {"type": ["string", "null"]}, "meta": {"$ref": "#/components/schemas/Meta"}}},
        "ValuesAnswer": {"type": "object", "required": ["values", "meta"], "properties": {
          "values": {"type": "array", "items": {"type": "object", "properties": {
            "value": {"type": "string"}, "events": {"type": "integer"}}}},
          "meta": {"$ref": "#/components/schemas/Meta"}}},
        "SchemaAnswer": {"type": "object", "required": ["dimensions", "meta"], "properties": {
          "dimensions": {"type": "array", "items": {"type": "object", "properties": {
            "name": {"type": "string"}, "types": {"type": "array", "items": {"enum": ["string", "number", "boolean"]}},
            "events": {"type": "integer"}, "first": {"type": "string"}, "last": {"type": "string"}}}},
          "meta": {"$ref": "#/components/schemas/Meta"}}}
        """#
}
