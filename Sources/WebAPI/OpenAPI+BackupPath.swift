extension OpenAPIDocument {
    static let backupPath = #"""
        "/v1/admin/backup": {"post": {
          "operationId": "backup", "tags": ["operations"],
          "summary": "Copy the store into a new directory on the server's machine, while ingest and queries go on.",
          "description": "Every event that was acknowledged before the request is in the copy, and every request's \#
        events are in it as a whole or not at all. The content type must be application/json, and a request from a \#
        web page is refused.",
          "requestBody": {"required": true, "content": {"application/json": {"schema": {
            "type": "object", "properties": {"to": {"type": "string", "pattern": "^/",
              "description": "The absolute path of a directory that does not exist yet, or is empty."}},
            "required": ["to"], "additionalProperties": false}}}},
          "responses": {
            "401": {"$ref": "#/components/responses/Unauthorized"},
            "200": {"description": "The copy is complete and durable.", "content": {"application/json": {"schema": {
              "type": "object", "properties": {"to": {"type": "string"}, "files": {"type": "integer"},
                "bytes": {"type": "integer"}, "took_ms": {"type": "integer"}},
              "required": ["to", "files", "bytes", "took_ms"]}}}},
            "400": {"$ref": "#/components/responses/Problem"}, "403": {"$ref": "#/components/responses/Problem"},
            "409": {"$ref": "#/components/responses/Problem"}, "413": {"$ref": "#/components/responses/Problem"},
            "415": {"$ref": "#/components/responses/Problem"}, "500": {"$ref": "#/components/responses/Problem"},
            "503": {"$ref": "#/components/responses/Later"}
          }
        }}
        """#
}
