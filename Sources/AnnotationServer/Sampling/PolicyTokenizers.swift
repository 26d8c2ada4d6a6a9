import Foundation
import Labels
import LanguageModel

/// What the folder of a policy says where the server that samples from it does not: token ids of texts, from its tokenizer,
/// and whether it takes messages, from its chat template.
actor PolicyTokenizers {
    private let data: DataFolder
    private var templates: [String: PromptTemplate] = [:]
    private var conversational: [String: Bool] = [:]

    init(data: DataFolder) { self.data = data }

    /// - Parameter finished: whether the response ended by itself, so that its end token belongs to it.
    func tokenIDs(of text: String, finished: Bool, policyPath: String) throws -> [Int32] {
        try template(policyPath).response(text: text, ended: finished)
    }

    /// Whether texts go to a policy as a user's message: as the server says; where it says nothing, as the policy's folder
    /// does, so that people judge what training will see. A policy without a folder is taken for a chat model.
    func takesMessages(_ policy: Labels.Policy, listed: CompletionClient.Model?) throws -> Bool {
        if let said = listed?.conversational { return said }
        if policy.kind == .foreign { return true }
        if let known = conversational[policy.path] { return known }
        let found = try PromptTemplate.isConversational(folder: folder(policy.path))
        conversational[policy.path] = found
        return found
    }

    private func folder(_ path: String) -> URL { data.url.appending(path: path, directoryHint: .isDirectory) }

    private func template(_ path: String) throws -> PromptTemplate {
        if let loaded = templates[path] { return loaded }
        let folder = folder(path)
        let template = try PromptTemplate(folder: folder, tokenizer: Tokenizer(folder: folder))
        templates[path] = template
        return template
    }
}
