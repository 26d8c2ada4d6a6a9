import HTTPTypes
import JSON
import Labels

/// Instruction sets: files of prompts with the answers that supervised runs learn.
enum InstructionEndpoints {
    static let all: [APIEndpoint] = [
        APIEndpoint(
            method: .get, path: Path.api + "/projects/{project}/instruction-sets", operation: "listInstructionSets",
            summary: "The instruction sets of a project in the order of their import, retired ones too.", access: .lead,
            answers: [.json(.ok, .array(.reference("InstructionSet")))]
        ) { call in
            let sets = try await call.store.instructionSets(try call.id("project"))
            return try .json(.array(sets.map(json)))
        },
        APIEndpoint(
            method: .post, path: Path.api + "/projects/{project}/instruction-sets", operation: "importInstructions",
            summary: "Imports a file of instructions with their answers, for supervised runs: all of it, or nothing.",
            access: .lead, query: [.init(name: "name", schema: .string("The file's name, for messages and lineage."))],
            body: .text(
                mediaType: "application/json",
                description:
                    "A JSON array, or an object a line: {\"instruction\": …, \"input\": …, \"output\": …}, {\"messages\": […]}, "
                    + "or {\"prompt\": …, \"response\": …}."),
            answers: [.json(.ok, .reference("ImportReport"))]
        ) { call in
            let report = try await call.store.importInstructions(
                try call.id("project"), from: PromptEndpoints.source(call), by: try call.actor)
            return try .json(PromptEndpoints.json(report))
        },
        change(retires: true, "Takes an instruction set out: no further run learns from it."),
        change(retires: false, "Takes a retired instruction set into use again."),
    ]

    private static func change(retires: Bool, _ summary: String) -> APIEndpoint {
        let verb = retires ? "retire" : "restore"
        return APIEndpoint(
            method: .post, path: Path.api + "/projects/{project}/instruction-sets/{set}/\(verb)",
            operation: "\(verb)InstructionSet", summary: summary, access: .lead,
            answers: [.json(.ok, .reference("InstructionSet"))]
        ) { call in
            let set = try await call.store.setRetired(
                retires, instructionSet: try call.id("set"), in: try call.id("project"), by: try call.actor)
            return try .json(json(set))
        }
    }

    private static func json(_ set: InstructionSet) -> JSONValue {
        [
            "id": APIEncoding.id(set.id), "name": .string(set.name), "sha256": .string(set.sha256),
            "instructions": .integer(set.instructions), "imported_by": .string(set.importedBy),
            "imported_at": APIEncoding.time(set.importedAt), "retired_at": APIEncoding.time(set.retiredAt),
        ]
    }

    static let components: [(name: String, schema: Schema)] = [
        (
            "InstructionSet",
            .object([
                .required("id", .integer()), .required("name", .string("The file's.")),
                .required("sha256", .string("Of the file.")), .required("instructions", .integer()),
                .required("imported_by", .string()), .required("imported_at", .time()),
                .required("retired_at", .time("Null where it is in use.").orNull),
            ])
        )
    ]
}
