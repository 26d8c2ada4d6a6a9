import HTTPTypes
import Hummingbird
import Labels
import NIOCore
import Preferences

/// A streamed download of a project's labels, as the query string of a page or of the API asks for it.
struct LabelDownload {
    let format: ExportFormat
    let options: ExportOptions

    /// - Throws: `APIFailure` naming the item that is not understood; nothing is guessed, since a download that holds
    ///   other labels than were asked for looks like the right one.
    init(_ query: QueryItems) throws(APIFailure) {
        format = try query.choice("format", ExportFormat.self) ?? .native
        var options = ExportOptions()
        options.includeExtras = try query.flag("extras")
        options.everyRevision = try query.flag("every_revision") ?? false
        if let scale = try query.choice("margin", MarginScale.self) { options.marginScale = scale }
        options.snapshot = try query.integer("snapshot").map { SnapshotID(rawValue: Int64($0)) }
        self.options = options
    }

    /// Reads and sends about 64 KiB at a time, as fast as the client takes them.
    /// - Throws: `StoreError` for a snapshot that there is not or that is another project's, before anything is sent.
    func response(_ store: Store, _ project: Project) async throws -> Response {
        if let snapshot = options.snapshot, try await store.snapshot(snapshot).project != project.id {
            throw StoreError.invalid(field: "snapshot", problem: "it belongs to another project")
        }
        let export = store.export(project.id, as: format, options)
        return Response(
            status: .ok,
            headers: [
                .contentType: "application/jsonl; charset=utf-8", .cacheControl: "no-store",
                .contentDisposition: "attachment; filename=\"\(fileName(project))\"",
            ],
            body: ResponseBody { writer in
                for try await chunk in export { try await writer.write(ByteBuffer(bytes: chunk.bytes)) }
                try await writer.finish(nil)
            })
    }

    /// The project's name in plain letters before the format's own file name.
    private func fileName(_ project: Project) -> String {
        let letters = project.name.lowercased().map { $0.isASCII && ($0.isLetter || $0.isNumber) ? $0 : "-" }
        return String(letters.prefix(60)) + "-" + format.fileName
    }
}

extension ExportFormat {
    /// The format's name for people.
    var title: String {
        switch self {
        case .native: "Native"
        case .trlExplicit: "TRL preference, explicit prompt"
        case .trlImplicit: "TRL preference, implicit prompt"
        case .trlConversational: "TRL conversational, explicit prompt"
        case .trlConversationalImplicit: "TRL conversational, implicit prompt"
        case .demonstrations: "Demonstrations"
        case .trlDemonstrations: "TRL prompt and completion"
        }
    }

    /// What the format can't carry.
    var drops: String {
        let pairs =
            "Each ranking becomes its pairs, so ties, comparisons that call both unacceptable, the line “not acceptable”, "
            + "ratings, flags, safety, reasons, who labelled and when, and where responses came from are dropped; "
            + "group_id still says which pairs belong together."
        switch self {
        case .native: return "Nothing: one line is one label with everything that is known of it. It imports again."
        case .trlExplicit: return pairs + " Chat prompts become plain text."
        case .trlImplicit: return pairs + " Prompt and response become one text, chat prompts too."
        case .trlConversational: return pairs + " Plain prompts become one message of the user."
        case .trlConversationalImplicit:
            return pairs + " Plain prompts become one message of the user; prompt and response are one conversation."
        case .demonstrations:
            return
                "Everything but demonstrations and corrections, and of those all but prompt and text: the file that a "
                + "supervised run reads."
        case .trlDemonstrations:
            return "Everything but demonstrations and corrections, and of those all but prompt and text. Plain prompts "
                + "become one message of the user."
        }
    }
}
