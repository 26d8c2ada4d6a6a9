import Logging
import Synchronization

/// Keeps what a server logs.
final class LogBook: Sendable {
    private let state = Mutex<[String]>([])
    /// Each message with its metadata.
    var lines: [String] { state.withLock { $0 } }

    struct Handler: LogHandler {
        let book: LogBook
        var metadata: Logger.Metadata = [:]
        var logLevel = Logger.Level.error

        init(book: LogBook) { self.book = book }

        subscript(metadataKey key: String) -> Logger.Metadata.Value? {
            get { metadata[key] }
            set { metadata[key] = newValue }
        }

        func log(event: LogEvent) {
            let details = (event.metadata ?? [:]).sorted { $0.key < $1.key }.map { "\($0.key)=\($0.value)" }
            book.state.withLock { $0.append(([event.message.description] + details).joined(separator: " ")) }
        }
    }
}
