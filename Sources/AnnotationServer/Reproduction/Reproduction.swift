package import Foundation
import JSON
package import Runs

/// A finished run, run again from its inputs and its seed, and the two results compared.
package struct Reproduction: Sendable {
    /// How far figures may lie apart where the bytes need not be the same: on another type of processor, with other
    /// kernels, or by another version.
    enum Tolerance {
        /// ‖a − b‖ ÷ ‖a‖ of a tensor.
        static let tensor = 1e-3
        /// Of a figure: relative, or absolute where it is below 1.
        static let figure = 1e-2
    }

    /// What the comparison says.
    package enum Verdict: Sendable, Equatable {
        case sameBytes(files: Int)
        /// Other conditions, named; everything within the tolerance.
        case withinTolerance(conditions: [String], files: Int)
        /// What differs; no conditions where the bytes should have been the same.
        case differs(conditions: [String], [String])

        package var isReproduced: Bool {
            if case .differs = self { false } else { true }
        }
    }

    package enum Problem: Error, CustomStringConvertible {
        case noResult(path: String)
        case parentGone(role: String, path: String, sha256: String)
        case failed(String)

        package var description: String {
            switch self {
            case .noResult(let path): "\(path) has no attempt that ended well, so there is nothing to compare with."
            case .parentGone(let role, let path, let sha256):
                "The run's \(role) is not at \(path) any more, and no folder given by --search has its content "
                    + "(sha256 \(sha256.prefix(12))…)."
            case .failed(let message): "The run could not be repeated: \(message)"
            }
        }
    }

    package let original: RunDirectory
    /// Folders of checkpoints among which parents that have moved are looked for, by content.
    package var search: [URL]

    package init(original: RunDirectory, search: [URL] = []) {
        self.original = original
        self.search = search
    }

    /// Makes the run directory of the second run, with the same input.
    package func prepare(at place: URL) throws -> RunDirectory {
        try original.verifyInput()
        var specification = try original.specification()
        specification.parents = try specification.parents.map(found)
        var files: [String: RunDirectory.InputFile] = [:]
        for name in try FileManager.default.contentsOfDirectory(atPath: original.inputURL.path)
        where name != "run.json" && name != "SHA256SUMS" {
            files[name] = .copy(original.inputURL.appending(path: name))
        }
        return try RunDirectory.create(at: place, specification: specification, files: files)
    }

    /// The parent where it lies now.
    private func found(_ parent: RunParent) throws -> RunParent {
        let location =
            parent.path.hasPrefix("/") ? URL(filePath: parent.path) : original.url.appending(path: parent.path)
        if FileManager.default.fileExists(atPath: location.path), try Digest.fileOrFolder(location) == parent.sha256 {
            return RunParent(role: parent.role, path: location.path, sha256: parent.sha256)
        }
        for folder in search {
            for name in (try? FileManager.default.contentsOfDirectory(atPath: folder.path).sorted()) ?? [] {
                let candidate = folder.appending(path: name)
                guard !name.hasPrefix("."), try Digest.fileOrFolder(candidate) == parent.sha256 else { continue }
                return RunParent(role: parent.role, path: candidate.path, sha256: parent.sha256)
            }
        }
        throw Problem.parentGone(role: parent.role, path: location.path, sha256: parent.sha256)
    }

    /// The newest attempt of a run that ended well.
    static func result(of run: RunDirectory) throws -> (url: URL, result: RunResult) {
        for attempt in try run.attempts().reversed() {
            if let result = try run.result(attempt: attempt) { return (run.attemptURL(attempt), result) }
        }
        throw Problem.noResult(path: run.url.path)
    }

    /// Compares the second run's result with the first one's.
    package func compare(with repeated: RunDirectory) throws -> Verdict {
        let first = try Self.result(of: original)
        let second = try Self.result(of: repeated)
        let old = Dictionary(first.result.outputs.map { ($0.path, $0.sha256) }, uniquingKeysWith: { a, _ in a })
        let new = Dictionary(second.result.outputs.map { ($0.path, $0.sha256) }, uniquingKeysWith: { a, _ in a })
        let paths = Set(old.keys).union(new.keys).sorted()
        let changed = paths.filter { old[$0] != new[$0] }
        if changed.isEmpty { return .sameBytes(files: paths.count) }
        let conditions = try Conditions(first, version: original.specification().version)
            .differences(to: Conditions(second, version: PlumbVersion.current))
        var differences: [String] = []
        for path in changed {
            guard old[path] != nil, new[path] != nil else {
                differences.append(
                    "\(path): \(old[path] == nil ? "only the repeated run" : "only the first run") has it")
                continue
            }
            let files = (first.url.appending(path: path), second.url.appending(path: path))
            if conditions.isEmpty {
                differences.append(
                    "\(path): other bytes\(try FileComparison(files).firstDifference.map { ": \($0)" } ?? "")")
            } else if let difference = try FileComparison(files).beyondTolerance {
                differences.append("\(path): \(difference)")
            }
        }
        return differences.isEmpty
            ? .withinTolerance(conditions: conditions, files: paths.count)
            : .differs(conditions: conditions, differences)
    }
}

/// On what a run's bytes hang besides its input: as its checkpoints' lineage has it, else as this machine has it.
private struct Conditions {
    var processor: String?
    var kernels: String?
    var version: String

    init(_ run: (url: URL, result: RunResult), version: String) throws {
        self.version = version
        for folder in run.result.folders {
            guard let lineage = try? Lineage.read(from: run.url.appending(path: folder.path)) else { continue }
            processor = lineage.processor
            kernels = lineage.blas
        }
    }

    /// In words.
    func differences(to other: Conditions) -> [String] {
        var found: [String] = []
        func compare(_ name: String, _ old: String?, _ new: String?) {
            if let old, let new, old != new { found.append("\(name): “\(old)” then, “\(new)” now") }
        }
        compare("processor type", processor, other.processor)
        compare("matrix kernels", kernels, other.kernels)
        compare("version of Plumb", version, other.version)
        return found
    }
}
