import GRDB
import Preferences

/// Finds the names by which models give themselves away, since a response that says who wrote it is not blind any more.
/// Such a task is not dropped but marked, for leads to see and for readers of an export to leave out.
enum IdentityWords {
    /// Names of models and of their makers that mean nothing else.
    private static let names: Set<String> = [
        "chatgpt", "gpt2", "gpt3", "gpt4", "gpt5", "instructgpt", "openai", "anthropic", "deepmind", "deepseek", "qwen",
        "tongyi", "ernie", "chatglm", "zhipu", "glm", "yi-34b", "internlm", "baichuan", "minimax", "moonshot", "kimi",
        "llama2", "llama-2", "llama3", "llama-3", "codellama", "mixtral", "wizardlm", "openassistant", "laion", "lmsys",
        "stablelm", "starcoder", "mpt-7b", "mpt-30b", "rwkv", "huggingchat", "cohere", "tulu", "tülu", "olmo",
        "allenai",
        "lamda", "palm2", "palm-2", "flan-t5", "xai", "databricks", "dbrx", "nemotron", "jurassic-2", "ai21",
    ]
    /// Names of two words.
    private static let pairs: Set<String> = [
        "open assistant", "meta ai", "mistral ai", "google bard", "google gemini", "inflection ai", "hugging face",
    ]
    /// Names that are words of their own too: an animal, a wind, a first name. They count where somebody speaks of
    /// themselves.
    private static let ambiguous: Set<String> = [
        "claude", "bard", "gemini", "gemma", "palm", "llama", "alpaca", "vicuna", "koala", "falcon", "mistral", "dolly",
        "grok", "phi", "orca", "zephyr", "command", "pi", "copilot", "bing", "google", "meta", "microsoft", "alibaba",
        "baidu", "nvidia", "plumb",
    ]
    /// Two words with which one speaks of oneself, or of one's makers.
    private static let selfReferences: Set<String> = [
        "i am", "name is", "call me", "trained by", "created by", "developed by", "built by", "made by", "an ai",
    ]
    private static let selfWords: Set<String> = ["i'm", "name's"]
    /// How many words after speaking of oneself a name may come.
    private static let reach = 8

    /// - Parameter policies: names of policies, which nobody else would write.
    /// - Returns: what was found, in lower case, sorted, each once.
    static func found(in text: String, policies: [String]) -> [String] {
        let text = text.lowercased()
        var found: Set<String> = []
        var previous = ""
        var sinceSelf = Int.max
        for word in words(of: text) {
            let pair = previous + " " + word
            if names.contains(word) || word.hasPrefix("gpt-") { found.insert(word) }
            if pairs.contains(pair) { found.insert(pair) }
            if sinceSelf < reach, ambiguous.contains(word) { found.insert(word) }
            sinceSelf = selfWords.contains(word) || selfReferences.contains(pair) ? 0 : sinceSelf &+ 1
            if sinceSelf < 0 { sinceSelf = Int.max }
            previous = word
        }
        for policy in policies where policy.count >= 4 && text.contains(policy.lowercased()) {
            found.insert(policy.lowercased())
        }
        return found.sorted()
    }

    /// Runs of letters and digits, with hyphens, points and apostrophes inside.
    private static func words(of text: String) -> [String] {
        text.split { character in
            !(character.isLetter || character.isNumber || character == "-" || character == "."
                || isApostrophe(character))
        }.map { word in
            String(word.map { isApostrophe($0) ? "'" : $0 }).trimmingSuffix { $0 == "." || $0 == "-" || $0 == "'" }
        }
    }

    private static func isApostrophe(_ character: Character) -> Bool { character == "'" || character == "’" }
}

extension String {
    fileprivate func trimmingSuffix(while isTrimmed: (Character) -> Bool) -> String {
        var end = endIndex
        while end > startIndex, isTrimmed(self[index(before: end)]) { end = index(before: end) }
        return String(self[..<end])
    }
}

extension Database {
    /// Looks for names of models in a task's responses and stores what it finds.
    func readIdentityWords(of task: TaskID) throws {
        let texts = try rows(
            """
            SELECT r.text, coalesce(policies.name, policy_name) AS policy FROM tasks t
            JOIN responses r ON r.group_id = t.group_id LEFT JOIN policies ON policies.id = r.policy_id WHERE t.id = ?
            """, [task])
        let policies = Set(texts.compactMap { $0["policy"] as String? }).sorted()
        let found = Set(texts.flatMap { IdentityWords.found(in: $0["text"], policies: policies) })
        try run("UPDATE tasks SET identity_words = ? WHERE id = ?", [try JSONLines.line(found.sorted()), task])
    }
}
