internal import Foundation

/// What the files beside a tokenizer say of tokens outside its byte-pair model, as transformers joins them:
/// `tokenizer.json` need not have them all, and `vocab.json` has none.
struct TokensBeside {
    private struct Named {
        let field: TokenizerField
        /// nil: the one that the vocabulary has for the content, if it has one.
        let id: Int?
        let content: [UInt8]
        let isSpecial: Bool
    }

    /// Of `added_tokens_decoder`: what it says of a token goes before what `tokenizer.json` says.
    private var decisive: [Named] = []
    /// Of `added_tokens.json`, then the special tokens that are named: for tokens that nothing else has added.
    private var further: [Named] = []
    /// Rows of the model's embedding, as config.json has them. Tokenizers may have added tokens beyond, for padding; the
    /// model can neither read nor write those.
    let modelSize: Int

    /// - Throws: `TokenizerError`, naming file and field.
    init(folder: URL) throws {
        let model = try TemplateFiles.read("config.json", in: folder)
        modelSize = try model?["vocab_size"]?.integer(in: 0...Int(Int32.max)) ?? .max
        let config = try TemplateFiles.read("tokenizer_config.json", in: folder)
        let map = try TemplateFiles.read("special_tokens_map.json", in: folder)
        let named = try Self.special(in: config) + Self.special(in: map)
        if let decoder = config?["added_tokens_decoder"] {
            for member in try decoder.members() {
                let id = String(decoding: member.key, as: UTF8.self)
                let field = TokenizerField(
                    file: decoder.file, path: "added_tokens_decoder[\(id)]", value: member.value)
                guard let number = Int(id) else { throw field.bad("\(id) is not a token id") }
                let isSpecial = try field.flag("special", default: false)
                decisive.append(
                    Named(
                        field: field, id: number, content: try field.required("content").bytes(), isSpecial: isSpecial))
            }
        } else if let file = try TemplateFiles.read("added_tokens.json", in: folder) {
            let contents = Set(named.map(\.content))
            for member in try file.members() {
                let field = TokenizerField(
                    file: file.file, path: String(decoding: member.key, as: UTF8.self), value: member.value)
                further.append(
                    Named(
                        field: field, id: try field.integer(in: 0...Int(Int32.max)), content: member.key,
                        isSpecial: contents.contains(member.key)))
            }
        }
        further += named
    }

    private static func special(in config: TokenizerField?) throws -> [Named] {
        guard let config else { return [] }
        var fields = TemplateFiles.specialTokens.compactMap { config[$0] }
        for list in ["additional_special_tokens", "extra_special_tokens"] {
            if let field = config[list], case .array = field.value { fields += try field.elements() }
        }
        return try fields.map { field in
            Named(field: field, id: nil, content: try TemplateFiles.content(of: field), isSpecial: true)
        }
    }

    /// The tokenizer's own added tokens together with these, ordered by id.
    /// - Parameters:
    ///   - tokens: the vocabulary with the tokens added so far; what is new is entered.
    ///   - ids: the same by token.
    /// - Throws: `TokenizerError.badField` where an id is another token's.
    func join(_ own: [AddedToken], tokens: inout TokenList, ids: inout ByteStringMap) throws -> [AddedToken] {
        var added = Dictionary(uniqueKeysWithValues: own.map { ($0.id, $0) })
        for (place, named) in (decisive + further).enumerated() where !named.content.isEmpty {
            let known = ids.value(of: named.content)
            if place >= decisive.count, let known, added[known] != nil { continue }
            // A special token that no vocabulary has can be neither read nor written.
            guard let id = known.map({ Int($0) }) ?? named.id, id < modelSize else { continue }
            guard (0...tokens.largestID).contains(id) else {
                throw named.field.bad("the id \(id) is not from 0 to \(tokens.largestID)")
            }
            try tokens.add(named.content, id: Int32(id), field: named.field)
            ids.set(named.content, to: Int32(id))
            added[Int32(id)] = try token(named, id: Int32(id))
        }
        return added.values.sorted { $0.id < $1.id }
    }

    private func token(_ named: Named, id: Int32) throws -> AddedToken {
        // A token that is only spelled out, as a text or with its id, has no fields of its own.
        let field: TokenizerField? = if case .object = named.field.value { named.field } else { nil }
        return AddedToken(
            id: id, content: String(decoding: named.content, as: UTF8.self), isSpecial: named.isSpecial,
            isSingleWord: try field?.flag("single_word", default: false) ?? false,
            stripsLeft: try field?.flag("lstrip", default: false) ?? false,
            stripsRight: try field?.flag("rstrip", default: false) ?? false,
            isNormalized: try field?.flag("normalized", default: !named.isSpecial) ?? !named.isSpecial)
    }
}
