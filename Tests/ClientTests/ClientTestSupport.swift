import Client
import Glibc
import Synchronization

/// Gives a text's bytes to `body`.
func withBytes<Result>(_ text: String, _ body: (UnsafeRawBufferPointer) -> Result) -> Result {
    Array(text.utf8).withUnsafeBytes(body)
}

/// The error `body` throws, `nil` if it throws none.
func clientError(_ body: () throws(ClientError) -> Void) -> ClientError? {
    do {
        try body()
        return nil
    } catch {
        return error
    }
}

/// A console that remembers.
final class Recorder: Sendable {
    private let texts = Mutex<(output: [UInt8], error: [UInt8])>(([], []))

    var console: Console {
        Console(
            output: { bytes in self.texts.withLock { $0.output += bytes } },
            error: { bytes in self.texts.withLock { $0.error += bytes } },
            outputIsTerminal: false, errorIsTerminal: false)
    }

    var output: String { texts.withLock { String(decoding: $0.output, as: UTF8.self) } }
    var error: String { texts.withLock { String(decoding: $0.error, as: UTF8.self) } }
}

/// A server made of a closure, which remembers what it was sent.
final class FakeSender: RequestSender {
    private let received = Mutex<[ClientRequest]>([])
    private let answer: @Sendable (ClientRequest, Int) throws(ClientError) -> ClientResponse

    /// `answer` gets the request and how many came before it.
    init(_ answer: @escaping @Sendable (ClientRequest, Int) throws(ClientError) -> ClientResponse) {
        self.answer = answer
    }

    /// A server that accepts every line.
    static var accepting: FakeSender {
        FakeSender { request, _ in accept(request) }
    }

    static func accept(_ request: ClientRequest) -> ClientResponse {
        let count = request.body.count { $0 == UInt8(ascii: "\n") }
        return ClientResponse(
            status: 200, body: Array("{\"accepted\":\(count),\"duplicate\":0,\"rejected\":0,\"errors\":[]}".utf8))
    }

    var requests: [ClientRequest] { received.withLock { $0 } }

    /// The bodies of all requests as text.
    var bodies: [String] { requests.map { String(decoding: $0.body, as: UTF8.self) } }

    func send(_ request: ClientRequest) async throws(ClientError) -> ClientResponse {
        let before = received.withLock { requests in
            requests.append(request)
            return requests.count - 1
        }
        return try answer(request, before)
    }
}

/// A file that is removed again.
final class TemporaryFile {
    let path: String

    init(_ bytes: [UInt8], name: String) {
        var template = Array("/tmp/weir-client-XXXXXX".utf8CString)
        let folder = template.withUnsafeMutableBufferPointer { buffer in
            buffer.baseAddress.flatMap { mkdtemp($0) }.map { String(cString: $0) } ?? "/tmp"
        }
        path = folder + "/" + name
        let descriptor = open(path, O_CREAT | O_WRONLY | O_TRUNC, 0o600)
        let written = bytes.withUnsafeBytes { write(descriptor, $0.baseAddress, $0.count) }
        precondition(descriptor >= 0 && written == bytes.count, "a test's file cannot be written")
        close(descriptor)
    }

    convenience init(_ text: String, name: String) {
        self.init(Array(text.utf8), name: name)
    }

    deinit {
        unlink(path)
        if let slash = path.lastIndex(of: "/") { rmdir(String(path[..<slash])) }
    }
}
