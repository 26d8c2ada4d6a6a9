import GRDB
import Synchronization

/// Reads the stored settings of projects, each text once: every request of an annotator needs its project's, and reading
/// them from JSON took longer than the query.
enum SettingsReader {
    private static let known = Mutex<[String: ProjectSettings]>([:])
    /// A change of settings makes a new text; the old ones are forgotten together.
    private static let mostKnown = 100

    static func settings(in row: Row) throws -> ProjectSettings {
        let text: String = row["settings"]
        if let found = known.withLock({ $0[text] }) { return found }
        let settings: ProjectSettings = try row.json("settings")
        known.withLock { known in
            if known.count >= mostKnown { known.removeAll() }
            known[text] = settings
        }
        return settings
    }
}
