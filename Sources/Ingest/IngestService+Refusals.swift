import Access
import Events
import Storage

/// What becomes of events that are not taken.
extension IngestService {
    /// Refuses a body as a whole if none of its events may go where they want to.
    static func refuse(_ decoded: DecodedBody) throws(IngestError) {
        guard let first = decoded.rejections.first, decoded.rejections.count == decoded.received,
            decoded.rejections.allSatisfy({ $0.code.isAboutAccess })
        else { return }
        let isUnauthorized = decoded.rejections.contains { $0.code == .unauthorized }
        throw .refused(isUnauthorized || first.code != .forbiddenOrigin ? .unauthorized : .forbiddenOrigin)
    }

    /// The refused events that become dead letters. What was refused for who sent it over UDP is nobody's, and a site that
    /// is closed to its sender takes none of it.
    static func letters(of decoded: DecodedBody) -> [Rejection] {
        decoded.rejections.filter {
            !$0.site.isEmpty && !($0.code.isAboutAccess && $0.transport == Transport.udp.rawValue)
        }
    }
}

extension RejectionCode {
    /// What a datagram's event counts as lost for, if not as rejected: it is no JSON object at all, or not its sender's to
    /// send.
    var dropReason: DropReason? {
        switch self {
        case .invalidJSON, .invalidUTF8, .notAnObject: .invalid
        case .unauthorized, .forbiddenOrigin: .unauthorized
        case .rateLimited: .rateLimited
        default: nil
        }
    }
}
