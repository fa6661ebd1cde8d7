/// The description of the API that the server itself serves, in OpenAPI 3.1.
///
/// It describes exactly the endpoints of ``Endpoint``, and of the query language what this version answers.
public enum OpenAPIDocument {
    /// The document as JSON.
    public static let bytes = Array(text.utf8)

    private static let text = """
        {
        "openapi": "3.1.0",
        "info": {
          "title": "Weir",
          "version": "1.0.0",
          "summary": "A clickstream analytics store.",
          "description": \(description)
        },
        "paths": {\(ingestPaths),\(qualityPaths),\(queryPaths),\(livePath),\(removalPaths),\(backupPath),\(keyPaths),\(operationPaths)},
        "components": {
          "parameters": {\(parameters)},
          "responses": {\(responses),\(unauthorized)},
          "schemas": {\(eventSchemas),\(querySchemas),\(visitSchemas),\(removalSchemas),\(qualitySchemas),\(keySchemas)},
          "securitySchemes": {\(securitySchemes)}
        },
        "security": [{"bearer": []}, {"header": []}, {"parameter": []}, {}]
        }
        """

    private static let description = #"""
        "Send events with `POST /v1/events`, ask with `POST /v1/query/{kind}`. All times are held in milliseconds. \#
        Errors are `application/problem+json` (RFC 9457) with a stable `code`. A site that has keys demands \#
        one: write keys send events, read keys ask, admin keys do everything. Where the site of a request is not named, it is \#
        that of its key. A server that other machines can reach demands keys for every site; `/healthz`, `/readyz`, this \#
        document and the page are open.\n\nLimits: a body of events has at most 16 MiB as sent and 64 MiB \#
        decompressed, a query 1 MiB; a body must have arrived within 120 s, and a connection is closed after 60 s \#
        without a request; 64 queries may wait for a thread, \#
        each for 10 s; 1,000 clients may watch 100 different live queries."
        """#
}
