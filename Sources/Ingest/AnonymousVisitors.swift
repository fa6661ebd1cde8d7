import Events
import Storage
import Synchronization

/// Derives visitors for events that name none: a hash of the day's salt, the site, the address and the user agent.
///
/// The salt is random, changes every day and is destroyed, so a derived visitor cannot be followed into the next day
/// or back to an address.
final class AnonymousVisitors: Sendable {
    private let store: Store
    private let today = Mutex<(day: UInt32, salt: [UInt8])?>(nil)

    init(store: Store) { self.store = store }

    /// The function that derives visitors of one request.
    func deriver(now: Int64, clientAddress: String) throws(StorageError) -> DecodeContext.AnonymousVisitor {
        let salt = try salt(day: UInt32(clamping: now / CivilTime.millisecondsPerDay))
        return { site, userAgent in
            var bytes = salt
            bytes.append(contentsOf: site.utf8)
            bytes.append(0)
            bytes.append(contentsOf: clientAddress.utf8)
            bytes.append(0)
            bytes.append(contentsOf: userAgent)
            // Two halves with different seeds make 128 bits out of the 64-bit hash; the seeds are as secret as the
            // salt.
            let seed = salt.withUnsafeBytes { EventHash(seed: 0)($0) }
            let (high, low) = bytes.withUnsafeBytes { (EventHash(seed: seed)($0), EventHash(seed: ~seed)($0)) }
            return "anon-" + hexadecimal(high) + hexadecimal(low)
        }
    }

    private func salt(day: UInt32) throws(StorageError) -> [UInt8] {
        if let salt = today.withLock({ $0?.day == day ? $0?.salt : nil }) { return salt }
        let salt = try store.salt(day: day)
        today.withLock { $0 = (day, salt) }
        return salt
    }
}

private func hexadecimal(_ number: UInt64) -> String {
    let digits = String(number, radix: 16)
    return String(repeating: "0", count: 16 - digits.count) + digits
}
