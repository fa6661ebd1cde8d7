extension OpenAPIDocument {
    static let keyPaths = #"""
        "/v1/admin/keys": {
          "get": {
            "operationId": "listKeys", "tags": ["keys"],
            "summary": "List the keys on record, without their secrets.",
            "description": "An admin key of all sites sees all, one of a site those of its site.",
            "responses": {
              "200": {"description": "The keys, revoked ones among them.", "content": {"application/json": {"schema": {
                "type": "object", "required": ["keys"], "properties": {"keys": {"type": "array", "items": {
                  "$ref": "#/components/schemas/Key"}}}}}}},
              "401": {"$ref": "#/components/responses/Unauthorized"}, "403": {"$ref": "#/components/responses/Problem"},
              "503": {"$ref": "#/components/responses/Later"}
            }
          },
          "post": {
            "operationId": "createKey", "tags": ["keys"],
            "summary": "Make a key. It is shown in this answer and nowhere else.",
            "description": "An admin key of one site makes keys of its site. As long as the store has no keys, programs \#
        on the server's own machine may make the first. The content type must be application/json, and a request from a \#
        web page is refused.",
            "requestBody": {"required": true, "content": {"application/json": {"schema": {
              "type": "object", "required": ["scope"], "additionalProperties": false, "properties": {
                "scope": {"$ref": "#/components/schemas/Scope"},
                "site": {"anyOf": [{"$ref": "#/components/schemas/Site"}, {"type": "null"}],
                  "description": "Needed, but for an admin key of all sites."},
                "name": {"type": "string", "maxLength": 200},
                "requests_per_second": {"type": "integer", "minimum": 0, "maximum": 10000000},
                "events_per_second": {"type": "integer", "minimum": 0, "maximum": 10000000}}}}}},
            "responses": {
              "200": {"description": "The key, good from now on.", "content": {"application/json": {"schema": {
                "$ref": "#/components/schemas/Key"}}}},
              "400": {"$ref": "#/components/responses/Problem"},
              "401": {"$ref": "#/components/responses/Unauthorized"}, "403": {"$ref": "#/components/responses/Problem"},
              "409": {"$ref": "#/components/responses/Problem"}, "415": {"$ref": "#/components/responses/Problem"},
              "503": {"$ref": "#/components/responses/Later"}
            }
          }
        },
        "/v1/admin/keys/{key}": {"delete": {
          "operationId": "revokeKey", "tags": ["keys"],
          "summary": "Revoke a key, for every connection at once; live queries that were begun with it end.",
          "description": "The key stays on record as revoked, so that its site goes on demanding keys.",
          "parameters": [{"name": "key", "in": "path", "required": true, "description": "The key's id.",
            "schema": {"type": "string", "pattern": "^[0-9a-f]{12}$"}}],
          "responses": {
            "200": {"description": "It is revoked.", "content": {"application/json": {"schema": {
              "$ref": "#/components/schemas/Key"}}}},
            "401": {"$ref": "#/components/responses/Unauthorized"}, "403": {"$ref": "#/components/responses/Problem"},
            "404": {"$ref": "#/components/responses/Problem"}, "503": {"$ref": "#/components/responses/Later"}
          }
        }}
        """#

    static let keySchemas = #"""
        "Scope": {"enum": ["write", "read", "admin"], "description": "write: append events. read: queries, live queries, \#
        dead letters. admin: everything."},
        "Key": {"type": "object", "required": ["id", "scope", "site", "name", "created", "revoked"], "properties": {
          "id": {"type": "string", "description": "Public; the digits behind `weir_` in the key."},
          "key": {"type": "string", "description": "The key itself; only where it has just been made."},
          "scope": {"$ref": "#/components/schemas/Scope"},
          "site": {"anyOf": [{"$ref": "#/components/schemas/Site"}, {"type": "null"}], "description": "null: all sites."},
          "name": {"type": "string"}, "created": {"type": "string", "format": "date-time"},
          "revoked": {"type": ["string", "null"], "format": "date-time"},
          "requests_per_second": {"type": "integer", "description": "0: what the settings say."},
          "events_per_second": {"type": "integer", "description": "0: what the settings say."}
        }}
        """#

    static let unauthorized = #"""
        "Unauthorized": {"description": "No key, or none that is good for this site; it is not said which.",
          "headers": {"WWW-Authenticate": {"schema": {"type": "string"}}},
          "content": {"application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}}}
        """#

    /// How a key is presented. Where nothing demands one, none is needed.
    static let securitySchemes = #"""
        "bearer": {"type": "http", "scheme": "bearer", "description": "Authorization: Bearer weir_…"},
        "header": {"type": "apiKey", "in": "header", "name": "X-Weir-Key"},
        "parameter": {"type": "apiKey", "in": "query", "name": "key",
          "description": "For beacons and pixels, which cannot set headers. Use it with write keys only: URLs end up in logs."}
        """#
}
