extension OpenAPIDocument {
    static let livePath = #"""
        "/v1/live/{kind}": {
          "parameters": [{"name": "kind", "in": "path", "required": true, "schema": {"$ref": \#
        "#/components/schemas/Kind"}}],
          "get": {
            "operationId": "watchQuery", "tags": ["query"],
            "summary": "Watch a query: its answer at once, and again whenever it has changed, as server-sent events.",
            "description": "Takes the parameters of GET /v1/query/{kind} besides `every`. Each answer is an event of \#
        type `message` whose `data` is the whole answer on one line and whose `id` is that of what it says: an answer \#
        that differs in `meta` alone is not sent. Comments say now and then that the stream is alive. Should the query \#
        fail later on, an event of type `error` holds the problem document and the stream ends. A client that does not \#
        read is dropped. What is wrong with the query is answered before the stream begins.",
            "parameters": [
              {"name": "q", "in": "query", "schema": {"type": "string"}, "description": "The whole query as JSON; \#
        or the flat parameters of GET /v1/query/{kind}."},
              {"name": "every", "in": "query", "schema": {"$ref": "#/components/schemas/Duration"},
               "description": "The least time between two answers, 100 ms to 1 h, 1 s where nothing is said; may stand \#
        in `q` instead."},
              {"$ref": "#/components/parameters/site"}
            ],
            "responses": {
              "401": {"$ref": "#/components/responses/Unauthorized"}, "403": {"$ref": "#/components/responses/Problem"},
              "200": {"description": "The stream.", "content": {"text/event-stream": {"schema": {"type": "string"}}}},
              "400": {"$ref": "#/components/responses/Problem"}, "404": {"$ref": "#/components/responses/Problem"},
              "429": {"$ref": "#/components/responses/Later"}, "500": {"$ref": "#/components/responses/Problem"},
              "501": {"$ref": "#/components/responses/Problem"}, "503": {"$ref": "#/components/responses/Later"},
              "504": {"$ref": "#/components/responses/Problem"}
            }
          }
        }
        """#
}
