extension OpenAPIDocument {
    static let querySchemas = #"""
        "Kind": {"enum": ["aggregate", "timeseries", "top", "funnel", "funnel/visitors", "retention", "paths", \#
        "sessions", "events", "values", "schema"]},
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
          "any": {"type": "array", "items": {"$ref": "#/components/schemas/StepMatch"}}}}], "properties": {
          "within": {"$ref": "#/components/schemas/Duration", "description": "The longest time since the step before."},
          "optional": {"type": "boolean", "default": false, "description": "Whether the step may be missing."}}},
        "Exclusion": {"allOf": [{"$ref": "#/components/schemas/StepMatch"}, {"type": "object", "properties": {
          "after": {"type": "integer", "default": 1}, "before": {"type": "integer", "description": "The last step \#
        where it is not given."},
          "policy": {"enum": ["stop", "drop"], "default": "stop", "description": "A chain may not pass over such an \#
        event between the two steps; or a visitor with a chain that does counts for no step."}}}]},
        "FunnelSteering": {"allOf": [{"$ref": "#/components/schemas/CommonQuery"}, {"type": "object", "required": \#
        ["steps"], "properties": {
          "steps": {"type": "array", "minItems": 1, "maxItems": 32, "items": {"$ref": "#/components/schemas/Step"}},
          "window": {"$ref": "#/components/schemas/Duration", "description": "From the first to the last step, \#
        inclusive."},
          "strict_increase": {"type": "boolean", "default": false, "description": "Each step must be later than the \#
        one before, not at the same time."},
          "order": {"enum": ["sequential", "strict_order", "any_order"], "default": "sequential"},
          "attempt": {"enum": ["best", "first"], "default": "best"},
          "count": {"enum": ["visitors", "sessions", "attempts"], "default": "visitors"},
          "same": {"type": "array", "items": {"$ref": "#/components/schemas/Dimension"}, "description": "What keeps \#
        one value along a chain."},
          "exclude": {"type": "array", "maxItems": 32, "items": {"$ref": "#/components/schemas/Exclusion"}}}}]},
        "FunnelQuery": {"allOf": [{"$ref": "#/components/schemas/FunnelSteering"}, {"type": "object", "properties": {
          "by": {"anyOf": [{"$ref": "#/components/schemas/Dimension"}, {"type": "array", "items": {"$ref": \#
        "#/components/schemas/Dimension"}}]},
          "attribution": {"anyOf": [{"enum": ["first", "last"]}, {"type": "integer"}], "default": "first", \#
        "description": "The step of a chain that the value of by is read at."},
          "limit": {"type": "integer", "default": 10, "maximum": 1000},
          "interval": {"$ref": "#/components/schemas/Interval", "description": "A funnel for each interval of the \#
        first step."},
          "time_to_convert": {"type": "object", "properties": {
            "percentiles": {"type": "array", "items": {"type": "number", "minimum": 0, "maximum": 100}},
            "bins": {"type": "integer", "default": 0, "maximum": 1000}}}}}]},
        "FunnelVisitorsQuery": {"allOf": [{"$ref": "#/components/schemas/FunnelSteering"}, {"type": "object", \#
        "required": ["step"], "properties": {
          "step": {"type": "integer", "minimum": 1},
          "outcome": {"enum": ["reached", "dropped"], "default": "reached", "description": "Dropped: reached the step \#
        before, and not this one."},
          "limit": {"type": "integer", "default": 100, "maximum": 10000}, "cursor": {"type": "string"}}}]},
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
          "optional": {"type": "boolean"},
          "avg_ms": {"type": ["number", "null"], "description": "The mean time since the step before; null without \#
        time_to_convert."},
          "percentiles_ms": {"type": "object", "additionalProperties": {"type": ["number", "null"]}}}}},
        "FunnelPart": {"type": "object", "properties": {
          "time": {"type": "string", "format": "date-time"},
          "incomplete": {"type": "boolean", "description": "Whether chains that begin in the interval could still \#
        go on."},
          "key": {"type": ["string", "null", "array"]}, "steps": {"$ref": "#/components/schemas/FunnelSteps"}}},
        "FunnelAnswer": {"type": "object", "required": ["steps", "meta"], "properties": {
          "steps": {"$ref": "#/components/schemas/FunnelSteps"},
          "rows": {"type": "array", "items": {"$ref": "#/components/schemas/FunnelPart"}},
          "other": {"description": "What the rows do not show; a list with intervals.", "anyOf": [
            {"$ref": "#/components/schemas/FunnelPart"}, {"type": "array", "items": {"$ref": \#
        "#/components/schemas/FunnelPart"}}]},
          "histogram": {"type": "array", "items": {"type": "object", "properties": {
            "from_ms": {"type": "integer"}, "to_ms": {"type": "integer"}, "count": {"type": "integer"}}}},
          "meta": {"$ref": "#/components/schemas/Meta"}}},
        "FunnelVisitorsAnswer": {"type": "object", "required": ["visitors", "total", "meta"], "properties": {
          "visitors": {"type": "array", "items": {"type": "object", "properties": {
            "visitor": {"type": "string"}, "count": {"type": "integer", "description": "How many of their sessions or \#
        attempts; 1 where visitors are counted."}}}},
          "total": {"type": "integer"}, "cursor": {"type": ["string", "null"]},
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
            "events": {"type": "integer"}, "first": {"type": "string"}, "last": {"type": "string"},
            "seen": {"type": "array", "description": "Each type, in the order in which they were first seen.", "items": {
              "type": "object", "properties": {"type": {"enum": ["string", "number", "boolean"]},
                "events": {"type": "integer"}, "first": {"type": "string"}, "last": {"type": "string"}}}},
            "conflicts": {"type": "integer", "description": "Events with a value of another type than the first one."}}}},
          "meta": {"$ref": "#/components/schemas/Meta"}}}
        """#
}
