import Foundation
import Glibc
import TestSupport

/// The preloaded library that lets a server's file calls fail; see `Tests/FaultShim/include/faultshim.h`.
final class Shim: Sendable {
    /// The rules.
    let rules: String
    private let spacePath: String?
    private let folder: TemporaryFolder
    private var controlPath: String { folder.path + "/control" }

    /// Offsets in the control file.
    private enum Place {
        static let armed = 0
        static let space = 8
        static let rules = 16
        static let last = 16 + 8 * 16
    }

    /// - Parameters:
    ///   - rules: as the library reads them.
    ///   - isArmed: whether they act from the start.
    ///   - space: bytes left on the disk of files whose path contains `spacePath`.
    init(_ rules: String, isArmed: Bool = true, space: Int64 = -1, spacePath: String? = nil) throws {
        self.rules = rules
        self.spacePath = spacePath
        folder = try TemporaryFolder("shim")
        try Data(count: 4096).write(to: URL(fileURLWithPath: folder.path + "/control"))
        write(isArmed ? 1 : 0, at: Place.armed)
        write(space, at: Place.space)
    }

    /// The variables of a process that it is loaded into.
    func environment() throws -> [String: String] {
        var variables = [
            "LD_PRELOAD": try Repository.library("faultshim"), "FAULTSHIM": rules, "FAULTSHIM_CONTROL": controlPath,
        ]
        if let spacePath { variables["FAULTSHIM_SPACE"] = spacePath }
        return variables
    }

    /// Lets the rules act from now on, or no longer.
    func arm(_ isArmed: Bool) { write(isArmed ? 1 : 0, at: Place.armed) }

    /// Sets how much space is left; `nil` for no limit.
    func setSpace(_ bytes: Int64?) { write(bytes ?? -1, at: Place.space) }

    /// How much space is left; negative for no limit.
    var space: Int64 { read(at: Place.space) }

    /// Calls that matched a rule.
    func calls(rule: Int = 0) -> Int { Int(read(at: Place.rules + 16 * rule)) }

    /// Calls a rule acted on.
    func acted(rule: Int = 0) -> Int { Int(read(at: Place.rules + 16 * rule + 8)) }

    /// The last call that was acted on.
    var last: String {
        let bytes = FileManager.default.contents(atPath: controlPath) ?? Data()
        return String(decoding: bytes.dropFirst(Place.last).prefix { $0 != 0 }, as: UTF8.self)
    }

    private func write(_ value: Int64, at place: Int) {
        guard let file = FileHandle(forUpdatingAtPath: controlPath) else { return }
        defer { try? file.close() }
        var value = value
        pwrite(file.fileDescriptor, &value, 8, off_t(place))
    }

    private func read(at place: Int) -> Int64 {
        guard let file = FileHandle(forReadingAtPath: controlPath) else { return -1 }
        defer { try? file.close() }
        var value: Int64 = -1
        pread(file.fileDescriptor, &value, 8, off_t(place))
        return value
    }
}
