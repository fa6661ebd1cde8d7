import Foundation

/// Where the tests find what is not their own: the package, the data shared with it, the built programs.
public enum Repository {
    /// The package's root, derived from this file's place in it.
    public static let root = URL(fileURLWithPath: #filePath)
        .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()

    /// The folder of data beside the package.
    public static let shared = root.deletingLastPathComponent().appendingPathComponent("shared")

    /// Whether that data is there; it does not come with the package, and tests that need it are left out without it.
    public static let hasShared = ["conformance", "datasets"].allSatisfy {
        FileManager.default.fileExists(atPath: shared.appendingPathComponent($0).path)
    }

    /// A built library for preloading, beside the running test bundle or in the release build.
    ///
    /// - Throws: a ``HarnessError`` when there is none.
    public static func library(_ name: String) throws -> String {
        let program = try program("weir")
        let folders = [
            URL(fileURLWithPath: program).deletingLastPathComponent(), root.appendingPathComponent(".build/release"),
        ]
        for folder in folders {
            let path = folder.appendingPathComponent("lib\(name).so").path
            if FileManager.default.fileExists(atPath: path) { return path }
        }
        throw HarnessError("no library \(name): build it (swift build -c release --product \(name))")
    }

    /// A built program: the one that an environment variable such as `WEIR_BINARY` names, else the one beside the
    /// running test bundle, else the release build's.
    ///
    /// - Throws: a ``HarnessError`` when there is none.
    public static func program(_ name: String) throws -> String {
        let variable = name.uppercased() + "_BINARY"
        if let path = ProcessInfo.processInfo.environment[variable] { return path }
        var candidates = [root.appendingPathComponent(".build/release/\(name)").path]
        if let running = try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe") {
            let folder = URL(fileURLWithPath: running).deletingLastPathComponent()
            candidates.insert(folder.appendingPathComponent(name).path, at: 0)
        }
        for path in candidates where FileManager.default.isExecutableFile(atPath: path) { return path }
        throw HarnessError("no program \(name): build it, or name it in \(variable); looked for \(candidates)")
    }
}

/// Why the test's own machinery could not do its part.
public struct HarnessError: Error, CustomStringConvertible {
    /// What went wrong.
    public let description: String

    /// Describes it.
    public init(_ description: String) {
        self.description = description
    }
}

/// A folder that goes away with its last reference.
public final class TemporaryFolder: Sendable {
    /// Its path.
    public let path: String

    /// Creates a new, empty one.
    public init(_ purpose: String) throws {
        path =
            FileManager.default.temporaryDirectory
            .appendingPathComponent("weir-\(purpose)-\(UUID().uuidString)").path
        try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
    }

    deinit {
        try? FileManager.default.removeItem(atPath: path)
    }
}
