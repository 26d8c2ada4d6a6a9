public import Foundation

/// Text to token ids and back, as a model's `tokenizer.json` says: byte-level byte-pair encoding (GPT-2, Llama 3, Qwen)
/// and the Llama-2 kind with byte fallback. A value that is cheap to copy and safe on any thread.
///
/// Ids and texts are those of Hugging Face's tokenizers library for the same file. Truncation and padding that the file
/// may ask for are not done here; passes are packed and never padded.
public struct Tokenizer: Sendable {
    /// Everything read from the file; never changed afterwards.
    final class Parts: Sendable {
        let json: [UInt8]
        let tokens: TokenList
        let decodedTokens: TokenList
        let addedTokens: [AddedToken]
        let addedIDs: [Int32: Int]
        let exactFinder: AddedTokenFinder
        let normalizedFinder: AddedTokenFinder
        let normalizer: TextNormalizer
        let preTokenizer: PreTokenizer
        let model: BytePairModel
        let decoding: TokenDecoding
        let template: SequenceTemplate
        let idsByToken: ByteStringMap

        /// - Parameter beside: what other files of a folder say of added tokens.
        init(json: [UInt8], source: String, beside: TokensBeside?) throws {
            let root = TokenizerField(file: source, value: try TokenizerJSON(parsing: json, file: source))
            guard case .object = root.value else { throw root.bad("should be an object") }
            self.json = json
            normalizer = try TextNormalizer(root["normalizer"])
            preTokenizer = try PreTokenizer(root["pre_tokenizer"])
            var tokens = TokenList(largestID: json.count)
            model = try BytePairModel(
                root.required("model"), isByteLevel: preTokenizer.isByteLevel, tokens: &tokens)
            let own = try AddedToken.read(
                root["added_tokens"], below: beside?.modelSize ?? .max, tokens: &tokens)
            var idsByToken = ByteStringMap(minimumCapacity: tokens.count)
            for (id, token) in tokens.written.enumerated() { if let token { idsByToken.set(token, to: Int32(id)) } }
            addedTokens = try beside?.join(own, tokens: &tokens, ids: &idsByToken) ?? own
            addedIDs = Dictionary(uniqueKeysWithValues: addedTokens.enumerated().map { ($0.element.id, $0.offset) })
            self.tokens = tokens
            self.idsByToken = idsByToken
            let exact = addedTokens.filter { !$0.isNormalized }
            let normalized = addedTokens.filter(\.isNormalized)
            let normalizer = normalizer
            exactFinder = AddedTokenFinder(exact, contents: exact.map { Array($0.content.utf8) })
            normalizedFinder = AddedTokenFinder(
                normalized,
                contents: normalized.map { normalizer.apply(to: Array($0.content.utf8), continuing: false) })
            // The decoder sees a token that is looked for in normalised text as the normaliser writes it.
            var decodedTokens = tokens
            for token in normalized {
                decodedTokens.replace(
                    token.id, with: normalizer.apply(to: Array(token.content.utf8), continuing: false))
            }
            self.decodedTokens = decodedTokens
            decoding = try TokenDecoding(root["decoder"], tokens: decodedTokens, file: source)
            template = try SequenceTemplate(root["post_processor"], vocabularySize: tokens.count)
        }
    }

    private let parts: Parts

    /// Reads `tokenizer.json` of a model folder, or GPT-2's older `vocab.json` with `merges.txt`, with the tokens that
    /// the other files there add.
    /// - Throws: `TokenizerError`, naming file and field.
    public init(folder: URL) throws {
        let file = folder.appendingPathComponent("tokenizer.json")
        if FileManager.default.fileExists(atPath: file.path) {
            try self.init(json: try Self.read(file), source: file.path, beside: try TokensBeside(folder: folder))
        } else if FileManager.default.fileExists(atPath: folder.appendingPathComponent("vocab.json").path) {
            try self.init(gpt2Folder: folder)
        } else {
            throw TokenizerError.unreadable(file: file.path, reason: "there is no such file, and no vocab.json either")
        }
    }

    /// Reads one `tokenizer.json`.
    /// - Throws: `TokenizerError`, naming file and field.
    public init(contentsOf file: URL) throws {
        try self.init(json: try Self.read(file), source: file.path)
    }

    /// - Parameters:
    ///   - json: the bytes of a `tokenizer.json`.
    ///   - source: what error messages call it.
    /// - Throws: `TokenizerError`, naming source and field.
    public init(json: [UInt8], source: String) throws {
        try self.init(json: json, source: source, beside: nil)
    }

    init(json: [UInt8], source: String, beside: TokensBeside?) throws {
        parts = try Parts(json: json, source: source, beside: beside)
    }

    static func read(_ file: URL) throws -> [UInt8] {
        do {
            return Array(try Data(contentsOf: file))
        } catch {
            throw TokenizerError.unreadable(file: file.path, reason: error.localizedDescription)
        }
    }

    /// The `tokenizer.json` of this tokenizer, as it was read or made.
    public var json: [UInt8] { parts.json }

    /// One more than the largest id.
    public var vocabularySize: Int { parts.tokens.count }

    /// Tokens outside the byte-pair model, ordered by id.
    public var addedTokens: [AddedToken] { parts.addedTokens }

    /// The id of a token as the vocabulary writes it (byte-level tokens in GPT-2's printable letters, added tokens
    /// plainly).
    public func id(of token: String) -> Int32? { parts.idsByToken.value(of: Array(token.utf8)) }

    /// The token as the vocabulary writes it; nil where no token has the id.
    public func token(_ id: Int32) -> String? {
        parts.tokens[id].map { String(decoding: $0, as: UTF8.self) }
    }

    /// Whether an id is that of a special token.
    public func isSpecial(_ id: Int32) -> Bool { parts.addedIDs[id].map { parts.addedTokens[$0].isSpecial } ?? false }

    /// The bytes that a token adds to the text; not always whole characters.
    public func decodeBytes(of id: Int32) -> [UInt8] { Array(parts.decoding.bytes(of: id)) }

    func hasToken(_ id: Int32) -> Bool { parts.tokens[id] != nil }
    func decodedToken(_ id: Int32) -> [UInt8]? { parts.decodedTokens[id] }
    var decoding: TokenDecoding { parts.decoding }

    // MARK: Encoding

    /// Token ids of a text.
    /// - Parameters:
    ///   - addingSpecialTokens: adds what the file's post-processor adds, e.g. a begin token.
    ///   - recognisingSpecialTokens: text that reads like a special token becomes that token. Off by default: text that
    ///     people write must not steer the model. Added tokens that are not special are always recognised.
    ///   - continuing: the text goes on from other text, so no space is put in front of it.
    public func encode(
        _ text: String, addingSpecialTokens: Bool = false, recognisingSpecialTokens: Bool = false,
        continuing: Bool = false
    ) -> [Int32] {
        var scratch = BytePairModel.Scratch()
        return encode(
            text, addingSpecialTokens: addingSpecialTokens, recognisingSpecialTokens: recognisingSpecialTokens,
            continuing: continuing, &scratch)
    }

    /// Token ids of many texts: the same as one by one, but words that repeat are merged only once.
    public func encode(
        each texts: [String], addingSpecialTokens: Bool = false, recognisingSpecialTokens: Bool = false,
        continuing: Bool = false
    ) -> [[Int32]] {
        var scratch = BytePairModel.Scratch()
        return texts.map {
            encode(
                $0, addingSpecialTokens: addingSpecialTokens, recognisingSpecialTokens: recognisingSpecialTokens,
                continuing: continuing, &scratch)
        }
    }

    /// Token ids of control text, in which special tokens are recognised, and content, in which they never are.
    ///
    /// The text is one: on both sides of a seam it is cut and merged together, as the reference does with a rendered
    /// template. Only a special token that content has a part in stays plain text.
    public func encode(
        segments: [PromptSegment], addingSpecialTokens: Bool = false, continuing: Bool = false
    ) -> [Int32] {
        var scratch = BytePairModel.Scratch()
        var ids: [Int32] = []
        var text: [UInt8] = []
        var content: [Range<Int>] = []
        for segment in segments {
            switch segment {
            case .content(let piece):
                let start = text.count
                text.append(contentsOf: piece.utf8)
                if start < text.count { content.append(start..<text.count) }
            case .control(let piece): text.append(contentsOf: piece.utf8)
            }
        }
        encodePieces(
            text, special: .outside(content), startsText: true, continuing: continuing, into: &ids, &scratch)
        return addingSpecialTokens ? parts.template.apply(to: ids) : ids
    }

    private func encode(
        _ text: String, addingSpecialTokens: Bool, recognisingSpecialTokens: Bool, continuing: Bool,
        _ scratch: inout BytePairModel.Scratch
    ) -> [Int32] {
        var ids: [Int32] = []
        encodePieces(
            Array(text.utf8), special: recognisingSpecialTokens ? .everywhere : .nowhere, startsText: true,
            continuing: continuing, into: &ids, &scratch)
        return addingSpecialTokens ? parts.template.apply(to: ids) : ids
    }

    /// Added tokens are taken out first, then each stretch between them is normalised, searched for the added tokens
    /// that want normalised text, cut into words and merged.
    private func encodePieces(
        _ text: [UInt8], special: SpecialTokenPlaces, startsText: Bool, continuing: Bool, into ids: inout [Int32],
        _ scratch: inout BytePairModel.Scratch
    ) {
        parts.exactFinder.forEachPiece(in: text, special: special) { range, id in
            if let id {
                ids.append(id)
                return
            }
            let goesOn = continuing && range.lowerBound == 0
            let normal = parts.normalizer.apply(to: Array(text[range]), continuing: goesOn)
            parts.normalizedFinder.forEachPiece(in: normal, special: special.within(range)) { inner, id in
                if let id {
                    ids.append(id)
                    return
                }
                let prepared = parts.preTokenizer.prepared(
                    Array(normal[inner]), isFirst: startsText && range.lowerBound == 0 && inner.lowerBound == 0,
                    continuing: goesOn && inner.lowerBound == 0)
                parts.preTokenizer.forEachWord(in: prepared) { word in
                    parts.model.encode(prepared, word, into: &ids, &scratch)
                }
            }
        }
    }

    // MARK: Decoding

    /// The text of token ids; ids that have no token add nothing.
    /// - Parameters:
    ///   - keepingSpecialTokens: writes special tokens out instead of leaving them away.
    ///   - continuing: the ids go on from others, so a space at the start is part of the text.
    public func decode(_ ids: [Int32], keepingSpecialTokens: Bool = false, continuing: Bool = false) -> String {
        var decoder = streamingDecoder(keepingSpecialTokens: keepingSpecialTokens, continuing: continuing)
        var text = ""
        for id in ids { text += decoder.append(id) }
        return text + decoder.finish()
    }

    /// A decoder for ids that come one at a time.
    public func streamingDecoder(keepingSpecialTokens: Bool = false, continuing: Bool = false) -> StreamingDecoder {
        StreamingDecoder(self, keepingSpecialTokens: keepingSpecialTokens, continuing: continuing)
    }
}

/// A stretch of a prompt: the template's own text, or text that somebody wrote.
public enum PromptSegment: Sendable, Equatable {
    /// Text of the template; special tokens in it are special.
    case control(String)
    /// Text of a person or a model; nothing in it is special.
    case content(String)
}
