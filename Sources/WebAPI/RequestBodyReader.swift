import Compression
import HTTPTypes
import Hummingbird
import Ingest
import NIOCore

/// Event bytes as the decoder wants them: `count` bytes, then zeros that may be read but mean nothing.
package struct PaddedBody {
    package var bytes: [UInt8]
    package var count: Int
}

/// Reads request bodies within the limits.
package struct RequestBodyReader {
    let budget: ByteBudget

    /// Reads, and where needed inflates, the body of an event request.
    ///
    /// - Parameter claim: holds the body's share of the budget for as long as the caller needs the bytes.
    func events(_ request: Request, claim: inout ByteClaim) async throws -> PaddedBody {
        let encoding = try Self.encoding(request.headers[values: .contentEncoding])
        try Self.checkMediaType(request.headers[.contentType])
        let chunks = try await collect(request, limit: WebLimits.eventBodyBytes, claim: &claim)
        if encoding == .identity {
            return Self.pad(chunks)
        }
        let body = try Self.inflate(chunks, encoding)
        try claim.grow(by: body.count)
        return body
    }

    /// Reads the body of a query.
    func query(_ request: Request) async throws -> [UInt8] {
        var claim = ByteClaim(budget)
        let chunks = try await collect(request, limit: WebLimits.queryBodyBytes, claim: &claim)
        return chunks.flatMap { $0.readableBytesView }
    }

    /// Gathers the body's chunks without copying them.
    private func collect(_ request: Request, limit: Int, claim: inout ByteClaim) async throws -> [ByteBuffer] {
        let announced = request.headers[.contentLength].flatMap { Int($0) }
        if let announced, announced > limit {
            throw Self.tooLarge(limit)
        }
        let clock = ContinuousClock()
        let deadline = clock.now.advanced(by: .seconds(WebLimits.bodySeconds))
        var chunks: [ByteBuffer] = []
        var count = 0
        for try await chunk in request.body {
            guard chunk.readableBytes <= limit - count else { throw Self.tooLarge(limit) }
            try claim.grow(by: chunk.readableBytes)
            count += chunk.readableBytes
            chunks.append(chunk)
            if clock.now > deadline {
                throw Problem(
                    408, code: "request_timeout", title: "The body came too slowly",
                    detail: "A body must have arrived within \(WebLimits.bodySeconds) s.", closesConnection: true)
            }
        }
        // A connection that breaks in the middle must not pass for a shorter body.
        if let announced, announced != count {
            throw Problem(
                400, code: "incomplete_body", title: "The body is incomplete",
                detail: "\(announced) bytes were announced, \(count) came.", closesConnection: true)
        }
        return chunks
    }

    /// The one copy of an event body: from the connection's buffers to a padded array.
    package static func pad(_ chunks: [ByteBuffer]) -> PaddedBody {
        let count = chunks.reduce(0) { $0 + $1.readableBytes }
        let padded = [UInt8](unsafeUninitializedCapacity: count + IngestService.padding) { target, initialized in
            var offset = 0
            for chunk in chunks {
                chunk.withUnsafeReadableBytes { source in
                    let rest = UnsafeMutableBufferPointer(rebasing: target[offset...])
                    UnsafeMutableRawBufferPointer(rest).copyMemory(from: source)
                }
                offset += chunk.readableBytes
            }
            UnsafeMutableBufferPointer(rebasing: target[offset...]).initialize(repeating: 0)
            initialized = count + IngestService.padding
        }
        return PaddedBody(bytes: padded, count: count)
    }

    /// Inflates the chunks of a compressed body into a padded array.
    package static func inflate(_ chunks: [ByteBuffer], _ encoding: ContentEncoding) throws(Problem) -> PaddedBody {
        let whole: ByteBuffer
        if chunks.count == 1 {
            whole = chunks[0]
        } else {
            var joined = ByteBuffer()
            joined.reserveCapacity(chunks.reduce(0) { $0 + $1.readableBytes })
            for chunk in chunks {
                joined.writeImmutableBuffer(chunk)
            }
            whole = joined
        }
        do {
            var bytes = try whole.withUnsafeReadableBytes {
                try Compression.inflate($0, encoding: encoding, limit: WebLimits.inflatedBodyBytes)
            }
            let count = bytes.count
            bytes.append(contentsOf: repeatElement(0, count: IngestService.padding))
            return PaddedBody(bytes: bytes, count: count)
        } catch let error as CompressionError {
            if case .tooLarge(let limit) = error.kind {
                throw Self.tooLarge(limit, inflated: true)
            }
            throw Problem(
                400, code: "invalid_encoding", title: "The body cannot be decompressed",
                detail: "The body is not what Content-Encoding says: \(error.detail).")
        } catch {
            throw .internal
        }
    }

    /// The encoding that the headers name; several in a row are not undone.
    package static func encoding(_ values: [String]) throws(Problem) -> ContentEncoding {
        let named = values.flatMap { $0.split(separator: ",", omittingEmptySubsequences: true) }
            .filter { ContentEncoding(headerValue: $0) != .identity }
        guard let only = named.first else { return .identity }
        guard named.count == 1, let encoding = ContentEncoding(headerValue: only) else {
            throw Problem(
                415, code: "unsupported_encoding", title: "The content encoding is not known",
                detail: "Send the body as it is, or with one Content-Encoding of gzip, deflate or zstd.",
                field: "Content-Encoding")
        }
        return encoding
    }

    /// Whether events may come as this media type. Its text decides, not the parameters after it; none is fine.
    ///
    /// The type of forms is taken as well: it is what `curl -d` sends when it is not told otherwise.
    package static func checkMediaType(_ value: String?) throws(Problem) {
        guard let value else { return }
        let type = value.prefix { $0 != ";" }.lowercased().filter { !$0.isWhitespace }
        let isJSON = type.hasPrefix("application/") && type.contains("json")
        let isBytes = type == "application/octet-stream" || type == "application/x-www-form-urlencoded"
        guard type.isEmpty || isJSON || isBytes || type.hasPrefix("text/") else {
            throw Problem(
                415, code: "unsupported_media_type", title: "The media type is not taken",
                detail: "Send events as application/json, application/x-ndjson or text/plain.",
                field: "Content-Type")
        }
    }

    private static func tooLarge(_ limit: Int, inflated: Bool = false) -> Problem {
        Problem(
            413, code: "body_too_large", title: "The body is too large",
            detail: "The body is larger than the limit of \(limit) bytes\(inflated ? " after decompression" : ""); "
                + "send it in several requests.",
            closesConnection: !inflated)
    }
}
