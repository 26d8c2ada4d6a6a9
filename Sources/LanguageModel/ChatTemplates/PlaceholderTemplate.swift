public import Foundation

/// A chat template told by named placeholders, for models that have none: one text a role.
///
/// ```json
/// {"system": "{system}\n\n", "user": "### Instruction:\n{user}\n\n", "assistant": "### Response:\n{assistant}{eos_token}"}
/// ```
/// `{system}`, `{user}` and `{assistant}` stand for what the message says, each once in the text of its role; `{bos_token}`,
/// `{eos_token}` and `{pad_token}` for the folder's special tokens; `{{` and `}}` for braces. What comes before `{assistant}`
/// asks for a reply. `begin` may say what stands before the first message; without `system` there are no such messages.
public enum PlaceholderTemplate {
    private static let tokens = ["bos_token", "eos_token", "pad_token"]
    private static let roles = ["system", "user", "assistant"]

    /// The same as a Jinja chat template, which every other library reads too.
    /// - Throws: `TokenizerError` that names the field and what is wrong with it.
    public static func chatTemplate(from file: URL) throws -> String {
        let root = TokenizerField(
            file: file.path, value: try TokenizerJSON(parsing: try Tokenizer.read(file), file: file.path))
        for member in try root.members() {
            let name = String(decoding: member.key, as: UTF8.self)
            guard name == "begin" || roles.contains(name) else {
                throw root.bad("has the field \(name); there are begin, \(roles.joined(separator: ", "))")
            }
        }
        let begin = try root["begin"].map { try parts(of: $0, role: nil) } ?? []
        var branches: [String] = []
        var reply: [Part] = []
        for role in roles {
            guard let field = role == "system" ? root[role] : try root.required(role) else { continue }
            let parts = try parts(of: field, role: role)
            if role == "assistant" { reply = Array(parts.prefix { $0 != .content }) }
            branches.append("if message['role'] == '\(role)' %}\(output(parts))")
        }
        let known = roles.filter { root[$0] != nil }.joined(separator: ", ")
        return output(begin) + "{% for message in messages %}{% " + branches.joined(separator: "{% el")
            + "{% else %}{{ raise_exception('The roles are \(known).') }}{% endif %}{% endfor %}"
            + "{% if add_generation_prompt %}\(output(reply)){% endif %}"
    }

    private enum Part: Equatable {
        case text(String)
        case token(String)
        case content
    }

    private static func output(_ parts: [Part]) -> String {
        guard !parts.isEmpty else { return "" }
        let expressions = parts.map { part in
            switch part {
            case .text(let text): quoted(text)
            case .token(let name): name
            case .content: "message['content']"
            }
        }
        return "{{ \(expressions.joined(separator: " + ")) }}"
    }

    private static func quoted(_ text: String) -> String {
        var quoted = "'"
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\\": quoted += "\\\\"
            case "'": quoted += "\\'"
            case "\n": quoted += "\\n"
            case "\r": quoted += "\\r"
            default: quoted.unicodeScalars.append(scalar)
            }
        }
        return quoted + "'"
    }

    private static func parts(of field: TokenizerField, role: String?) throws -> [Part] {
        var parts: [Part] = []
        var text = ""
        let scalars = Array(try field.string().unicodeScalars)
        var place = 0
        while place < scalars.count {
            let scalar = scalars[place]
            place += 1
            guard scalar == "{" || scalar == "}" else {
                text.unicodeScalars.append(scalar)
                continue
            }
            if place < scalars.count, scalars[place] == scalar {
                text.unicodeScalars.append(scalar)
                place += 1
                continue
            }
            guard scalar == "{", let end = scalars[place...].firstIndex(of: "}") else {
                throw field.bad("has a single brace; a brace in the text is written twice")
            }
            let name = String(String.UnicodeScalarView(scalars[place..<end]))
            guard name == role || tokens.contains(name) else {
                let known = ([role].compactMap { $0 } + tokens).map { "{\($0)}" }.joined(separator: ", ")
                throw field.bad("has the placeholder {\(name)}; there are \(known)")
            }
            if !text.isEmpty { parts.append(.text(text)) }
            text = ""
            parts.append(name == role ? .content : .token(name))
            place = end + 1
        }
        if !text.isEmpty { parts.append(.text(text)) }
        guard role == nil || parts.count(where: { $0 == .content }) == 1 else {
            throw field.bad("must have the placeholder {\(role ?? "")} once")
        }
        return parts
    }
}
