/// The text of a byte-level `tokenizer.json` in the form that Hugging Face's libraries read.
struct TokenizerDocument {
    /// Special added tokens in the order of their ids.
    var addedTokens: [(id: Int32, content: String)]
    /// The JSON object of tokens and ids, as bytes.
    var vocabularyJSON: [UInt8]
    /// `left right` in `ByteAlphabet`, in order of rank.
    var merges: [[UInt8]]
    /// A space is put in front of a text that does not start with one.
    var addsPrefixSpace = false

    /// Keys are sorted; the vocabulary is ordered by id, as people read it.
    var bytes: [UInt8] {
        let byteLevel =
            "{\"add_prefix_space\":\(addsPrefixSpace),\"trim_offsets\":true,\"type\":\"ByteLevel\",\"use_regex\":true}"
        var out = Array("{\n\"added_tokens\":[".utf8)
        for (index, token) in addedTokens.enumerated() {
            out += Array((index == 0 ? "\n" : ",\n").utf8) + Array("{\"content\":".utf8)
            out += TokenizerJSON.quoted(token.content.utf8)
            out += Array(
                (",\"id\":\(token.id),\"lstrip\":false,\"normalized\":false,\"rstrip\":false,\"single_word\":false,"
                    + "\"special\":true}").utf8)
        }
        out += Array("],\n\"decoder\":\(byteLevel),\n\"model\":{".utf8)
        out += Array(
            ("\"byte_fallback\":false,\"continuing_subword_prefix\":null,\"dropout\":null,\"end_of_word_suffix\":null,"
                + "\"fuse_unk\":false,\"ignore_merges\":false,\n\"merges\":[").utf8)
        for (index, merge) in merges.enumerated() {
            out += Array((index == 0 ? "\n" : ",\n").utf8) + TokenizerJSON.quoted(merge)
        }
        out += Array("],\n\"type\":\"BPE\",\"unk_token\":null,\n\"vocab\":".utf8) + vocabularyJSON
        out += Array(
            ("},\n\"normalizer\":null,\n\"padding\":null,\n\"post_processor\":null,\n\"pre_tokenizer\":\(byteLevel),\n"
                + "\"truncation\":null,\n\"version\":\"1.0\"\n}\n").utf8)
        return out
    }

    /// The JSON object of a vocabulary whose ids are the places in the list.
    static func vocabularyJSON(_ tokens: [[UInt8]]) -> [UInt8] {
        var out: [UInt8] = [UInt8(ascii: "{")]
        for (id, token) in tokens.enumerated() {
            out += Array((id == 0 ? "\n" : ",\n").utf8) + TokenizerJSON.quoted(token) + Array(":\(id)".utf8)
        }
        return out + Array("}".utf8)
    }
}
