import Foundation
import Glibc
import TestSupport
import Testing

extension Torture {
    /// A10 and B13: directories that are somebody else's, or none at all.
    @Suite("Directories that cannot be used", .timeLimit(.minutes(10)))
    struct DirectoryTests {
        /// Tries to start a server and expects that it ends with 1 and says all of these.
        private func expectRefusal(
            _ directory: String, says words: [String], shim: Shim? = nil,
            sourceLocation: SourceLocation = #_sourceLocation
        ) throws {
            let environment = try shim?.environment() ?? [:]
            let ended = #expect(throws: ServerProcess.Ended.self, sourceLocation: sourceLocation) {
                _ = try ServerProcess(directory: directory, environment: environment)
            }
            guard let ended else { return }
            #expect(ended.exitCode == 1, sourceLocation: sourceLocation)
            #expect(!ended.output.contains("listening"), sourceLocation: sourceLocation)
            for word in words { #expect(ended.log.contains(word), "\(ended.log)", sourceLocation: sourceLocation) }
        }

        @Test("A10: a second process is refused at once, and the first is unharmed")
        func second() throws {
            let victim = try Prepared.copy()
            try victim.start()
            var generator = SeededGenerator(seed: tortureSeed())
            for _ in 0..<3 {
                try expectRefusal(victim.directory, says: [victim.directory, "another process"])
                let statuses1 = try victim.send(batches: 1, &generator)
                #expect(statuses1 == [200])
            }
            #expect(try victim.problems() == [])
            #expect(try victim.terminate() == 0)
            #expect(try victim.problemsAfterRestart() == [])
        }

        @Test("B13: a file in its place, a missing parent, a link to nowhere")
        func places() throws {
            let folder = try TemporaryFolder("places")
            let file = folder.path + "/file"
            try Data("text".utf8).write(to: URL(fileURLWithPath: file))
            try expectRefusal(file, says: [file, "not a directory"])
            #expect(try Data(contentsOf: URL(fileURLWithPath: file)) == Data("text".utf8))
            try expectRefusal(folder.path + "/missing/data", says: [folder.path + "/missing/data", "No such file"])
            #expect(!FileManager.default.fileExists(atPath: folder.path + "/missing"))
            let link = folder.path + "/link"
            symlink(folder.path + "/nowhere", link)
            try expectRefusal(link, says: [link, "No such file"])
            try expectRefusal(file + "/data", says: [file + "/data", "Not a directory"])
        }

        @Test("B13: a link to a directory is that directory")
        func link() throws {
            let victim = try Prepared.copy()
            let link = victim.folder.path + "/link"
            symlink(victim.directory, link)
            let server = try ServerProcess(directory: link)
            #expect(try victim.oracle.problems(WeirClient(server), site: Victim.site) == [])
            // Whichever way one comes, it is in use.
            try expectRefusal(victim.directory, says: ["another process"])
            #expect(try server.terminate() == 0)
        }

        @Test("B13: what must not be written, or belongs to another user", arguments: ["EACCES", "EROFS", "EPERM"])
        func notWritable(errno: String) throws {
            let victim = try Prepared.copy()
            let words = [
                "EACCES": "Permission denied", "EROFS": "Read-only file system", "EPERM": "Operation not permitted",
            ]
            // Everything that would change a file.
            let shim = try Shim("write,rename,unlink,ftruncate:path=\(victim.directory)/:errno=\(errno)")
            try expectRefusal(victim.directory, says: [victim.directory, words[errno] ?? ""], shim: shim)
            let lock = try Shim("open:path=\(victim.directory)/LOCK:errno=\(errno)")
            try expectRefusal(victim.directory, says: [victim.directory, words[errno] ?? ""], shim: lock)
            let parent = try Shim("mkdir:path=\(victim.folder.path)/new:errno=\(errno)")
            try expectRefusal(
                victim.folder.path + "/new", says: [victim.folder.path + "/new", words[errno] ?? ""], shim: parent)
            #expect(try victim.problemsAfterRestart() == [])
        }

        @Test("B13: a directory that everybody may change is used, with a warning")
        func open() throws {
            let victim = try Prepared.copy()
            chmod(victim.directory, 0o777)
            try victim.start()
            #expect(victim.server?.log.contains("warning") == true)
            #expect(victim.server?.log.contains("Every user of this machine may change") == true)
            #expect(try victim.problems() == [])
            chmod(victim.directory, 0o700)
            try victim.kill()
            try victim.start()
            #expect(victim.server?.log.contains("Every user of this machine") == false)
        }

        @Test("B13: a directory with something else in it is used only if nothing of it is in the way")
        func strangers() throws {
            let folder = try TemporaryFolder("strangers")
            let note = folder.path + "/note.txt"
            try Data("keep".utf8).write(to: URL(fileURLWithPath: note))
            let server = try ServerProcess(directory: folder.path)
            #expect(try server.terminate() == 0)
            #expect(try Data(contentsOf: URL(fileURLWithPath: note)) == Data("keep".utf8))
        }

        @Test("Canary: a directory that can be used is not refused")
        func canary() throws {
            let folder = try TemporaryFolder("fine")
            let server = try ServerProcess(directory: folder.path + "/new")
            #expect(server.isRunning)
            #expect(try server.terminate() == 0)
        }
    }
}
