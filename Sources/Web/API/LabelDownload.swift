import Foundation
import HTTPTypes
import Hummingbird
import Labels
import NIOCore

/// A streamed download of a project's labels; pages and API share it.
enum LabelDownload {
    /// Reads and sends about 64 KiB at a time, as fast as the client takes them.
    static func response(
        _ store: Store, _ project: Project, _ format: ExportFormat, _ options: ExportOptions
    ) -> Response {
        let export = store.export(project.id, as: format, options)
        return Response(
            status: .ok,
            headers: [
                .contentType: "application/jsonl; charset=utf-8", .cacheControl: "no-store",
                .contentDisposition: "attachment; filename=\"\(fileName(project, format))\"",
            ],
            body: ResponseBody { writer in
                for try await chunk in export { try await writer.write(ByteBuffer(bytes: chunk.bytes)) }
                try await writer.finish(nil)
            })
    }

    /// The project's name in plain letters before the format's own file name.
    private static func fileName(_ project: Project, _ format: ExportFormat) -> String {
        let letters = project.name.lowercased().map { $0.isASCII && ($0.isLetter || $0.isNumber) ? $0 : "-" }
        return String(letters.prefix(60)) + "-" + format.fileName
    }

    /// The format's name for people.
    static func title(_ format: ExportFormat) -> String {
        switch format {
        case .native: "Native"
        case .trlExplicit: "TRL preference, explicit prompt"
        case .trlImplicit: "TRL preference, implicit prompt"
        case .trlConversational: "TRL conversational, explicit prompt"
        case .trlConversationalImplicit: "TRL conversational, implicit prompt"
        }
    }

    /// What the format can't carry.
    static func drops(_ format: ExportFormat) -> String {
        let pairs =
            "Each ranking becomes its pairs, so ties, the line “not acceptable”, who labelled and when, and where "
            + "responses came from are dropped; group_id still says which pairs belong together."
        switch format {
        case .native: return "Nothing: one line is one label with everything that is known of it. It imports again."
        case .trlExplicit: return pairs + " Chat prompts become plain text."
        case .trlImplicit: return pairs + " Prompt and response become one text, chat prompts too."
        case .trlConversational: return pairs + " Plain prompts become one message of the user."
        case .trlConversationalImplicit:
            return pairs + " Plain prompts become one message of the user; prompt and response are one conversation."
        }
    }
}
