import Foundation
import LanguageModel
import Preferences
import Runs

/// Reads the documents of a pretraining corpus.
///
/// `corpus.txt`: one document a line. `corpus.jsonl`: `{"text": "…"}` or `{"messages": […]}` a line.
enum CorpusReader {
    static let textName = "corpus.txt"
    static let linesName = "corpus.jsonl"

    /// One document and the line it stands on.
    enum Document {
        case text(String)
        case conversation([PromptMessage])

        /// The same for the same document in any corpus.
        var key: String {
            switch self {
            case .text(let text): Digest.data(Data(text.utf8))
            case .conversation(let messages): Digest.data(Data(Prompt.messages(messages).canonicalBytes))
            }
        }
    }

    /// - Throws: `PolicyError.badLine` for wrong UTF-8 or JSON, `.nothingToLearn` for an empty file.
    static func documents(in file: URL) throws -> [(line: Int, document: Document)] {
        let data = try Data(contentsOf: file, options: .mappedIfSafe)
        let isJSON = file.pathExtension == "jsonl"
        var documents: [(line: Int, document: Document)] = []
        var number = 0
        for bytes in data.split(separator: 0x0A, omittingEmptySubsequences: false) {
            number += 1
            guard let text = String(validating: bytes, as: UTF8.self) else {
                throw PolicyError.badLine(
                    file: file.lastPathComponent, line: number, reason: "is not valid UTF-8; save the file as UTF-8")
            }
            if text.allSatisfy(\.isWhitespace) { continue }
            if isJSON {
                let line = try JSONLines.decode(
                    Line.self, from: bytes, number: number, file: file.lastPathComponent)
                documents.append((number, try line.document(file: file.lastPathComponent, line: number)))
            } else {
                documents.append((number, .text(text.last == "\r" ? String(text.dropLast()) : text)))
            }
        }
        guard !documents.isEmpty else {
            throw PolicyError.nothingToLearn(
                file: file.lastPathComponent, reason: "is empty; it needs a document a line")
        }
        return documents
    }

    private struct Line: Decodable {
        var text: String?
        var messages: [PromptMessage]?

        func document(file: String, line: Int) throws(PolicyError) -> Document {
            if let text, messages == nil { return .text(text) }
            if let messages, text == nil, !messages.isEmpty { return .conversation(messages) }
            throw .badLine(file: file, line: line, reason: "needs either 'text' or a list 'messages'")
        }
    }
}

/// Token ids of pretraining documents.
struct CorpusTokens {
    let template: PromptTemplate
    /// Names of special tokens in the text are those tokens.
    let specialTokensInText: Bool
    /// A longer document is cut into pieces of this many tokens.
    let contextLength: Int

    /// The same pieces, those of one document together wherever it stands again.
    func sources(of documents: [(line: Int, document: CorpusReader.Document)]) throws -> [TrainingSource] {
        TrainingSource.joined(
            zip(documents, try pieces(of: documents)).filter { !$1.isEmpty }.map { ($0.document.key, $1) })
    }

    /// Every document with its end token, as groups that are prompt alone: by document, its pieces.
    func groups(of documents: [(line: Int, document: CorpusReader.Document)]) throws -> [[TokenGroup]] {
        try pieces(of: documents).filter { !$0.isEmpty }
    }

    /// As many as there are documents; none for one that is a single token.
    private func pieces(of documents: [(line: Int, document: CorpusReader.Document)]) throws -> [[TokenGroup]] {
        let texts = documents.compactMap { if case .text(let text) = $0.document { text } else { nil } }
        var encoded = template.tokenizer.encode(
            each: texts, addingSpecialTokens: true, recognisingSpecialTokens: specialTokensInText
        ).makeIterator()
        var groups: [[TokenGroup]] = []
        for (_, document) in documents {
            var tokens: [Int32]
            switch document {
            case .text:
                tokens = encoded.next() ?? []
            case .conversation(let messages):
                tokens = try template.conversation(
                    messages.map { ChatMessage(role: $0.role.rawValue, content: $0.content) }
                ).tokens
            }
            if tokens.last != template.endTokenID { tokens.append(template.endTokenID) }
            let pieces = stride(from: 0, to: tokens.count, by: contextLength)
                .map { Array(tokens[$0..<min($0 + contextLength, tokens.count)]) }
                // A single token has nothing before it to be predicted from.
                .filter { $0.count > 1 }
            groups.append(pieces.map { TokenGroup(prompt: $0, responses: []) })
        }
        return groups
    }
}
