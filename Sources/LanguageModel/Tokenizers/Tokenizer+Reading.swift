public import Foundation

extension AddedToken {
    /// Reads the field `added_tokens` and enters its tokens into the vocabulary; ordered by id.
    /// - Parameter limit: ids that the model has; tokens beyond are left out.
    static func read(_ field: TokenizerField?, below limit: Int, tokens: inout TokenList) throws -> [AddedToken] {
        guard let field else { return [] }
        var idsByContent: [[UInt8]: Int32] = [:]
        for (id, token) in tokens.written.enumerated() { if let token { idsByContent[token] = Int32(id) } }
        var added: [AddedToken] = []
        var seen: Set<Int32> = []
        for element in try field.elements() {
            let content = try element.required("content").bytes()
            guard !content.isEmpty else { throw element.bad("content is empty") }
            let id = Int32(try element.required("id").integer(in: 0...tokens.largestID))
            if let known = idsByContent[content], known != id {
                throw element.bad("has the id \(id), but model.vocab gives the same token the id \(known)")
            }
            guard id < limit else { continue }
            try tokens.add(content, id: id, field: element)
            guard seen.insert(id).inserted else { throw element.bad("the id \(id) stands here twice") }
            let isSpecial = try element.flag("special", default: false)
            added.append(
                AddedToken(
                    id: id, content: String(decoding: content, as: UTF8.self), isSpecial: isSpecial,
                    isSingleWord: try element.flag("single_word", default: false),
                    stripsLeft: try element.flag("lstrip", default: false),
                    stripsRight: try element.flag("rstrip", default: false),
                    isNormalized: try element.flag("normalized", default: !isSpecial)))
        }
        return added.sorted { $0.id < $1.id }
    }
}

/// What stands around the ids of a text: the `post_processor` of tokenizer.json for a single text.
struct SequenceTemplate: Sendable, Equatable {
    var before: [Int32] = []
    var after: [Int32] = []

    init(_ field: TokenizerField?, vocabularySize: Int) throws {
        if let field { try add(field, vocabularySize) }
    }

    func apply(to ids: [Int32]) -> [Int32] { before.isEmpty && after.isEmpty ? ids : before + ids + after }

    private mutating func add(_ field: TokenizerField, _ vocabularySize: Int) throws {
        let type = try field.required("type").string()
        switch type {
        case "ByteLevel": break  // Only moves offsets, which are not kept here.
        case "Sequence":
            for part in try field.required("processors").elements() { try add(part, vocabularySize) }
        case "TemplateProcessing": try addTemplate(field, vocabularySize)
        default: throw field.unsupported("the post-processor \(type)")
        }
    }

    private mutating func addTemplate(_ field: TokenizerField, _ vocabularySize: Int) throws {
        var sequences = 0
        var (before, after): ([Int32], [Int32]) = ([], [])
        for piece in try field.required("single").elements() {
            if piece["Sequence"] != nil {
                sequences += 1
                continue
            }
            let name = try piece.required("SpecialToken").required("id")
            let ids = try field.required("special_tokens").required(try name.string()).required("ids").elements()
                .map { Int32(try $0.integer(in: 0...max(0, vocabularySize - 1))) }
            if sequences == 0 { before += ids } else { after += ids }
        }
        guard sequences == 1 else { throw field.unsupported("a single template with \(sequences) texts") }
        // A later processor wraps what the earlier ones made.
        self.before = before + self.before
        self.after += after
    }
}

extension Tokenizer {
    /// GPT-2's older pair of files: a vocabulary in JSON and merges in order, one pair a line.
    /// - Throws: `TokenizerError`, naming file and field or line.
    public init(gpt2Vocabulary vocabulary: URL, merges: URL) throws {
        try self.init(gpt2Vocabulary: vocabulary, merges: merges, addsPrefixSpace: false, beside: nil)
    }

    /// The same in a model folder, as its tokenizer_config.json wants it. Other tokenizers have such a pair of files too
    /// and cut text otherwise.
    init(gpt2Folder folder: URL) throws {
        let config = try TemplateFiles.read("tokenizer_config.json", in: folder)
        if let kind = config?["tokenizer_class"] {
            let name = try kind.string()
            guard ["GPT2Tokenizer", "GPT2TokenizerFast"].contains(name) else {
                throw kind.unsupported("\(name) without tokenizer.json")
            }
        }
        try self.init(
            gpt2Vocabulary: folder.appendingPathComponent("vocab.json"),
            merges: folder.appendingPathComponent("merges.txt"),
            addsPrefixSpace: try config?.flag("add_prefix_space", default: false) ?? false,
            beside: try TokensBeside(folder: folder))
    }

    private init(gpt2Vocabulary vocabulary: URL, merges: URL, addsPrefixSpace: Bool, beside: TokensBeside?) throws {
        let vocabularyJSON = try Self.read(vocabulary)
        let endOfText = "<|endoftext|>"
        let tree = TokenizerField(
            file: vocabulary.path, value: try TokenizerJSON(parsing: vocabularyJSON, file: vocabulary.path))
        var added: [(id: Int32, content: String)] = []
        if let field = tree[endOfText] {
            added.append((Int32(try field.integer(in: 0...vocabularyJSON.count)), endOfText))
        }
        let lines = try Self.read(merges).split(separator: UInt8(ascii: "\n"))
            .map { $0.last == UInt8(ascii: "\r") ? $0.dropLast() : $0 }
            .filter { !$0.starts(with: Array("#version".utf8)) }
        let json = TokenizerDocument(
            addedTokens: added, vocabularyJSON: vocabularyJSON, merges: lines.map { Array($0) },
            addsPrefixSpace: addsPrefixSpace)
        try self.init(json: json.bytes, source: vocabulary.path + " with " + merges.path, beside: beside)
    }
}
