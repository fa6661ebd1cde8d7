extension OpenAPIDocument {
    static let removalPaths = #"""
        "/v1/visitors/{visitor}": {"delete": {
          "operationId": "eraseVisitor", "tags": ["operations"],
          "summary": "Erase a visitor from a site.",
          "description": "Every event of the visitor that was sent before is gone from every later answer when this \#
        is answered, durably; so are dead letters that name the visitor. The bytes go from the disk in the background. \#
        Events sent afterwards count. An unknown visitor is no error. A parameter of another name and a request from a \#
        web page are refused.",
          "parameters": [
            {"name": "visitor", "in": "path", "required": true, "schema": {"type": "string", "minLength": 1},
             "description": "The visitor's id as events have it, percent-encoded, at most 200 bytes."},
            {"$ref": "#/components/parameters/site"}
          ],
          "responses": {
            "401": {"$ref": "#/components/responses/Unauthorized"},
            "200": {"description": "Nothing of the visitor is left to be seen.", "content": {"application/json": {
              "schema": {"type": "object", "properties": {"erased": {"const": true},
                "events": {"type": "integer", "description": "Events removed."},
                "dead_letters": {"type": "integer", "description": "Dead letters removed."}},
                "required": ["erased", "events", "dead_letters"]}}}},
            "400": {"$ref": "#/components/responses/Problem"}, "403": {"$ref": "#/components/responses/Problem"},
            "429": {"$ref": "#/components/responses/Later"}, "503": {"$ref": "#/components/responses/Later"}
          }
        }},
        "/v1/sites/{site}": {"delete": {
          "operationId": "deleteSite", "tags": ["operations"],
          "summary": "Delete a site with everything it has.",
          "description": "The site is unknown when this is answered, durably; the bytes go from the disk in the \#
        background. An event sent afterwards begins a new site of the same name.",
          "parameters": [
            {"name": "site", "in": "path", "required": true, "schema": {"$ref": "#/components/schemas/Site"}}
          ],
          "responses": {
            "401": {"$ref": "#/components/responses/Unauthorized"},
            "200": {"description": "The site is deleted.", "content": {"application/json": {"schema": {
              "type": "object", "properties": {"deleted": {"const": true}, "events": {"type": "integer"}, \#
        "dead_letters": {"type": "integer"}}, "required": ["deleted", "events", "dead_letters"]}}}},
            "400": {"$ref": "#/components/responses/Problem"}, "403": {"$ref": "#/components/responses/Problem"},
            "404": {"$ref": "#/components/responses/Problem"},
            "429": {"$ref": "#/components/responses/Later"}, "503": {"$ref": "#/components/responses/Later"}
          }
        }},
        "/v1/admin/retention": {"post": {
          "operationId": "confirmRetention", "tags": ["operations"],
          "summary": "See what a site's retention has to delete, and confirm what is held.",
          "description": "Segments past the retention are deleted by themselves as far as the time that passed \#
        explains it. More than that (the clock has jumped, the setting was changed, the server was down for long) is \#
        held until it is confirmed here with `confirm=true`.",
          "parameters": [
            {"$ref": "#/components/parameters/site"},
            {"name": "confirm", "in": "query", "schema": {"type": "boolean", "default": false},
             "description": "Deletes what is due, however much it is."}
          ],
          "responses": {
            "401": {"$ref": "#/components/responses/Unauthorized"},
            "200": {"description": "What is due and what of it is held.", "content": {"application/json": {
              "schema": {"type": "object", "properties": {"retention_ms": {"type": ["integer", "null"]},
                "due": {"$ref": "#/components/schemas/RetentionAmount"},
                "held": {"$ref": "#/components/schemas/RetentionAmount"}, "confirmed": {"type": "boolean"}},
                "required": ["retention_ms", "due", "held", "confirmed"]}}}},
            "400": {"$ref": "#/components/responses/Problem"}, "403": {"$ref": "#/components/responses/Problem"},
            "404": {"$ref": "#/components/responses/Problem"},
            "429": {"$ref": "#/components/responses/Later"}, "503": {"$ref": "#/components/responses/Later"}
          }
        }}
        """#

    static let removalSchemas = #"""
        "RetentionAmount": {"type": "object", "properties": {"segments": {"type": "integer"}, "events": {"type": \#
        "integer"}}, "required": ["segments", "events"]}
        """#
}
