import Foundation
import LanguageModel

/// Token ids for texts that a server sampled without telling its ids: from the tokenizer in the policy's folder.
actor PolicyTokenizers {
    private let data: DataFolder
    private var templates: [String: PromptTemplate] = [:]

    init(data: DataFolder) { self.data = data }

    /// - Parameter finished: whether the response ended by itself, so that its end token belongs to it.
    func tokenIDs(of text: String, finished: Bool, policyPath: String) throws -> [Int32] {
        try template(policyPath).response(text: text, ended: finished)
    }

    private func template(_ path: String) throws -> PromptTemplate {
        if let loaded = templates[path] { return loaded }
        let folder = data.url.appending(path: path, directoryHint: .isDirectory)
        let template = try PromptTemplate(folder: folder, tokenizer: Tokenizer(folder: folder))
        templates[path] = template
        return template
    }
}
