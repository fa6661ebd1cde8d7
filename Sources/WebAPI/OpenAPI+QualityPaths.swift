extension OpenAPIDocument {
    static let qualityPaths = #"""
        "/v1/dead-letters": {"get": {
          "operationId": "getDeadLetters", "tags": ["ingest"],
          "summary": "List events that could not be taken, newest first, with the reason of each and totals by reason.",
          "parameters": [
            {"$ref": "#/components/parameters/site"},
            {"name": "reason", "in": "query", "schema": {"type": "string"}, "description": "Only those with this code."},
            {"name": "limit", "in": "query", "schema": {"type": "integer", "minimum": 1, "maximum": 1000, "default": \#
        100}},
            {"name": "cursor", "in": "query", "schema": {"type": "string"}, "description": "The `cursor` of the page \#
        before."}
          ],
          "responses": {
            "401": {"$ref": "#/components/responses/Unauthorized"},
            "403": {"$ref": "#/components/responses/Problem"},
            "200": {"description": "A page of dead letters.", "content": {"application/json": {
              "schema": {"$ref": "#/components/schemas/DeadLetters"}}}},
            "400": {"$ref": "#/components/responses/Problem"}, "429": {"$ref": "#/components/responses/Later"},
            "503": {"$ref": "#/components/responses/Later"}
          }
        }},
        "/v1/dead-letters/replay": {"post": {
          "operationId": "replayDeadLetters", "tags": ["ingest"],
          "summary": "Admit dead letters anew: each that can be taken now counts once and is a dead letter no more.",
          "description": "Oldest first. Lateness counts from the time of receipt. Those refused again stay, with the new \#
        reason. Refused from a web page.",
          "requestBody": {"content": {"application/json": {"schema": {"type": "object", "properties": {
            "site": {"$ref": "#/components/schemas/Site"},
            "reason": {"type": "string", "description": "Only those with this code."},
            "ids": {"type": "array", "maxItems": 10000, "items": {"type": "integer"},
              "description": "Only those with these sequences."},
            "from": {"$ref": "#/components/schemas/Time"}, "to": {"$ref": "#/components/schemas/Time"},
            "limit": {"type": "integer", "minimum": 1, "maximum": 10000, "default": 10000},
            "backfill": {"type": "boolean", "default": false, "description": "Lifts the limits on event times."},
            "force_schema": {"type": "boolean", "default": false, "description": "Leaves the site's schema alone."}
          }}}}},
          "responses": {
            "401": {"$ref": "#/components/responses/Unauthorized"},
            "200": {"description": "What became of them.", "content": {"application/json": {"schema": {
              "type": "object", "required": ["accepted", "duplicate", "rejected", "skipped", "remaining", "errors"],
              "properties": {"accepted": {"type": "integer"}, "duplicate": {"type": "integer"},
                "rejected": {"type": "integer"},
                "skipped": {"type": "integer", "description": "Those of which not all bytes were kept."},
                "remaining": {"type": "integer", "description": "Those beyond `limit`."},
                "errors": {"type": "array", "maxItems": 100, "items": {"type": "object", "properties": {
                  "sequence": {"type": "integer"}, "code": {"type": "string"}, "detail": {"type": "string"}}}}}}}}},
            "400": {"$ref": "#/components/responses/Problem"}, "403": {"$ref": "#/components/responses/Problem"},
            "413": {"$ref": "#/components/responses/Problem"},
            "429": {"$ref": "#/components/responses/Later"}, "503": {"$ref": "#/components/responses/Later"}
          }
        }},
        "/v1/sites/{site}/schema": {
          "parameters": [{"name": "site", "in": "path", "required": true, "schema": {"$ref": \#
        "#/components/schemas/Site"}}],
          "put": {
            "operationId": "putSchema", "tags": ["ingest"],
            "summary": "Declare what the site's events must be, from the next request on.",
            "description": "A version that refuses what the one before it took is answered 409 with `breaks`, unless \#
        `force` is true. The same schema again makes no new version. Refused from a web page.",
            "requestBody": {"required": true, "content": {"application/json": {"schema": {"allOf": [
              {"$ref": "#/components/schemas/SiteSchema"},
              {"type": "object", "properties": {"force": {"type": "boolean", "default": false}}}]}}}},
            "responses": {
            "401": {"$ref": "#/components/responses/Unauthorized"},
              "200": {"description": "It is in force.", "content": {"application/json": {"schema": {
                "type": "object", "required": ["site", "version", "changed", "breaks"], "properties": {
                  "site": {"$ref": "#/components/schemas/Site"}, "version": {"type": "integer"},
                  "changed": {"type": "boolean"}, "breaks": {"$ref": "#/components/schemas/SchemaBreaks"}}}}}},
              "400": {"$ref": "#/components/responses/Problem"}, "403": {"$ref": "#/components/responses/Problem"},
              "409": {"description": "It refuses what the version before it took.", "content": {
                "application/problem+json": {"schema": {"allOf": [{"$ref": "#/components/schemas/Problem"},
                  {"type": "object", "properties": {"breaks": {"$ref": "#/components/schemas/SchemaBreaks"}}}]}}}},
              "413": {"$ref": "#/components/responses/Problem"},
              "429": {"$ref": "#/components/responses/Later"}, "503": {"$ref": "#/components/responses/Later"}
            }
          },
          "get": {
            "operationId": "getSchema", "tags": ["ingest"], "summary": "Show the schema in force, or a version of it.",
            "parameters": [{"name": "version", "in": "query", "schema": {"type": "integer", "minimum": 1}}],
            "responses": {
            "401": {"$ref": "#/components/responses/Unauthorized"},
            "403": {"$ref": "#/components/responses/Problem"},
              "200": {"description": "The version and which others there are.", "content": {"application/json": {
                "schema": {"type": "object", "required": ["site", "version", "time", "schema", "versions"],
                  "properties": {"site": {"$ref": "#/components/schemas/Site"}, "version": {"type": "integer"},
                    "time": {"type": "string", "format": "date-time"},
                    "schema": {"$ref": "#/components/schemas/SiteSchema"},
                    "versions": {"type": "array", "items": {"type": "object", "properties": {
                      "version": {"type": "integer"}, "time": {"type": "string", "format": "date-time"}}}}}}}}},
              "400": {"$ref": "#/components/responses/Problem"}, "404": {"$ref": "#/components/responses/Problem"},
              "429": {"$ref": "#/components/responses/Later"}, "503": {"$ref": "#/components/responses/Later"}
            }
          }
        }
        """#

    static let qualitySchemas = #"""
        "SiteSchema": {"type": "object", "properties": {
          "mode": {"enum": ["reject", "warn"], "default": "reject", "description": "`warn` takes every event and counts \#
        those that break a rule."},
          "additional_events": {"type": "boolean", "default": true, "description": "Whether events that are not named \#
        are taken."},
          "events": {"type": "object", "maxProperties": 1000, "additionalProperties": {"type": "object", "properties": {
            "additional_properties": {"type": "boolean", "default": true},
            "properties": {"type": "object", "maxProperties": 64, "additionalProperties": {"$ref": \#
        "#/components/schemas/PropertyRule"}}}}}
        }},
        "PropertyRule": {"type": "object", "description": "Each of several values is held to it.", "properties": {
          "type": {"oneOf": [{"$ref": "#/components/schemas/PropertyType"},
            {"type": "array", "items": {"$ref": "#/components/schemas/PropertyType"}}]},
          "required": {"type": "boolean", "default": false},
          "enum": {"type": "array", "minItems": 1, "maxItems": 1000, "description": "Values as text: 3 and \"3\" are \#
        equal.", "items": {"type": ["string", "number", "boolean"]}},
          "min": {"type": "number"}, "max": {"type": "number"},
          "min_length": {"type": "integer", "description": "Unicode scalars of a string."},
          "max_length": {"type": "integer"}
        }},
        "PropertyType": {"enum": ["string", "number", "integer", "boolean"]},
        "SchemaBreaks": {"type": "array", "maxItems": 1000, "items": {"type": "object", "properties": {
          "rule": {"enum": ["event_not_allowed", "property_not_allowed", "required", "type", "enum", "minimum", "maximum", \#
        "min_length", "max_length"]},
          "event": {"type": ["string", "null"]}, "property": {"type": ["string", "null"]}}}}
        """#
}
