public import LanguageModel
public import Preferences

/// The terminal rule, one for training and for scoring: a response is judged as it is and read at its last token.
///
/// A sampled response keeps the tokens that it was sampled with: the end token where it ended by itself (put back where a
/// server left it off the ids), its last token where it was cut short. Anything else is the tokens of its text with the end token, which is left
/// away only where the response is known to be unfinished. A score is therefore what a sequence classifier says of prompt
/// and response ids as they stand, and a policy's samples are scored without a change.
extension PromptTemplate {
    /// The tokens by which a response is judged, and whether its stored ones were used.
    ///
    /// Stored ids are used where they spell the response's text in this tokenizer; ids of another tokenizer are not.
    public func judgedTokens(of response: GroupResponse) -> (tokens: [Int32], areStored: Bool) {
        if let stored = response.tokenIDs, !stored.isEmpty, spells(stored, response) {
            let lacksEnd = response.finished == true && !endTokenIDs.contains { $0 == stored.last }
            return (lacksEnd ? stored + [endTokenID] : stored, true)
        }
        let tokens = self.response(text: response.text, ended: response.finished ?? true)
        return (tokens.isEmpty ? [endTokenID] : tokens, false)
    }

    private func spells(_ ids: [Int32], _ response: GroupResponse) -> Bool {
        guard ids.allSatisfy({ $0 >= 0 && Int($0) < tokenizer.vocabularySize }) else { return false }
        // A policy's own ids are what it was sampled with, whatever the server trimmed off the text.
        if response.tokenIDsSource == .own {
            return trimmed(responseText(ids)) == trimmed(response.text)
        }
        return responseText(ids) == response.text
    }

    private func trimmed(_ text: String) -> Substring {
        var rest = text[...]
        while rest.first?.isWhitespace == true { rest.removeFirst() }
        while rest.last?.isWhitespace == true { rest.removeLast() }
        return rest
    }
}
