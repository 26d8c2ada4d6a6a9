/// Reads the statements of a template: the part of Jinja that chat templates are written in. Anything else is refused.
struct TemplateParser {
    /// Deeper nesting than any real template has is refused, so that a hostile one cannot exhaust the stack.
    static let deepestNesting = 48

    private let pieces: [(line: Int, piece: TemplateReader.Piece)]
    private var next = 0
    private var depth = 0
    /// Loops around the statement that is read; `break` needs one.
    private var loops = 0

    /// - Throws: `TemplateFailure.notUnderstood`.
    static func statements(of template: String) throws -> [TemplateStatement] {
        var parser = TemplateParser(pieces: try TemplateReader.pieces(of: template))
        let (statements, ending) = try parser.statements(until: [])
        if let ending { throw ending.failure("the tag \(ending.tag) ends nothing") }
        return statements
    }

    private init(pieces: [(line: Int, piece: TemplateReader.Piece)]) { self.pieces = pieces }

    /// The tag that ended a body, its expression not yet read.
    private struct Ending {
        let tag: String
        let line: Int
        var tokens: TemplateTokens

        func failure(_ reason: String) -> TemplateFailure { .notUnderstood(line: line, reason: reason) }
    }

    /// Statements up to one of the tags, or to the end of the template where there are none.
    private mutating func statements(until endings: Set<String>) throws -> ([TemplateStatement], Ending?) {
        depth += 1
        defer { depth -= 1 }
        var statements: [TemplateStatement] = []
        while next < pieces.count {
            let (line, piece) = pieces[next]
            next += 1
            guard depth <= Self.deepestNesting else {
                throw TemplateFailure.notUnderstood(line: line, reason: "it is nested too deeply")
            }
            switch piece {
            case .text(let text): statements.append(TemplateStatement(line: line, kind: .text(text)))
            case .output(let list):
                var tokens = TemplateTokens(list, line: line)
                let expression = try tokens.expression()
                try tokens.finish()
                statements.append(TemplateStatement(line: line, kind: .output(expression)))
            case .tag(let list):
                var tokens = TemplateTokens(list, line: line)
                let tag = try tokens.name("the name of a tag")
                if endings.contains(tag) { return (statements, Ending(tag: tag, line: line, tokens: tokens)) }
                statements.append(TemplateStatement(line: line, kind: try statement(tag, &tokens)))
                try tokens.finish()
            }
        }
        guard endings.isEmpty else {
            throw TemplateFailure.notUnderstood(
                line: pieces.last?.line ?? 1, reason: "\(endings.sorted().joined(separator: " or ")) is missing")
        }
        return (statements, nil)
    }

    /// A body that one tag alone ends.
    private mutating func body(until tag: String) throws -> [TemplateStatement] {
        let (statements, ending) = try statements(until: [tag])
        if let tokens = ending?.tokens { try tokens.finish() }
        return statements
    }

    private mutating func statement(_ tag: String, _ tokens: inout TemplateTokens) throws -> TemplateStatement.Kind {
        switch tag {
        case "if": return try condition(&tokens)
        case "for": return try loop(&tokens)
        case "set": return try assignment(&tokens)
        case "macro": return try macro(&tokens)
        case "generation":
            try tokens.finish()
            return .group(try body(until: "endgeneration"))
        case "break", "continue":
            guard loops > 0 else { throw tokens.failure("\(tag) outside of a loop") }
            return tag == "break" ? .leaveLoop : .nextTurn
        default: throw tokens.failure("the tag \(tag)")
        }
    }

    private mutating func condition(_ tokens: inout TemplateTokens) throws -> TemplateStatement.Kind {
        var branches: [(test: TemplateExpression, body: [TemplateStatement])] = []
        var test = try tokens.expression()
        try tokens.finish()
        while true {
            let (body, ending) = try statements(until: ["elif", "else", "endif"])
            branches.append((test, body))
            guard var ending else { return .condition(branches, otherwise: []) }
            if ending.tag == "elif" {
                test = try ending.tokens.expression()
                try ending.tokens.finish()
                continue
            }
            try ending.tokens.finish()
            return .condition(branches, otherwise: ending.tag == "else" ? try self.body(until: "endif") : [])
        }
    }

    private mutating func loop(_ tokens: inout TemplateTokens) throws -> TemplateStatement.Kind {
        let targets = try tokens.names()
        guard tokens.take(name: "in") else { throw tokens.failure("a for without in") }
        let items = try tokens.disjunction()
        let filter = tokens.take(name: "if") ? try tokens.expression() : nil
        try tokens.finish()
        loops += 1
        defer { loops -= 1 }
        let (body, ending) = try statements(until: ["else", "endfor"])
        var otherwise: [TemplateStatement] = []
        if let ending {
            try ending.tokens.finish()
            if ending.tag == "else" { otherwise = try self.body(until: "endfor") }
        }
        return .loop(
            TemplateLoop(targets: targets, items: items, filter: filter, body: body, otherwise: otherwise))
    }

    private mutating func assignment(_ tokens: inout TemplateTokens) throws -> TemplateStatement.Kind {
        let targets = try tokens.names()
        if targets.count == 1, tokens.take(".") {
            let member = try tokens.name("the name of a member")
            guard tokens.take("=") else { throw tokens.failure("a set without =") }
            return .assignMember(of: targets[0], name: member, try tokens.expression())
        }
        if tokens.take("=") { return .assign(targets, try tokens.expression()) }
        guard targets.count == 1 else { throw tokens.failure("a set without =") }
        try tokens.finish()
        return .capture(targets[0], try body(until: "endset"))
    }

    private mutating func macro(_ tokens: inout TemplateTokens) throws -> TemplateStatement.Kind {
        let name = try tokens.name("the name of a macro")
        guard tokens.take("(") else { throw tokens.failure("a macro without parameters in brackets") }
        var parameters: [(name: String, standard: TemplateExpression?)] = []
        while !tokens.take(")") {
            if !parameters.isEmpty, !tokens.take(",") { throw tokens.failure("parameters without a comma between") }
            if tokens.take(")") { break }
            let parameter = try tokens.name("the name of a parameter")
            parameters.append((parameter, tokens.take("=") ? try tokens.expression() : nil))
        }
        try tokens.finish()
        // A loop around the macro's definition is not one around its body.
        let outer = loops
        loops = 0
        defer { loops = outer }
        return .macro(TemplateMacro(name: name, parameters: parameters, body: try body(until: "endmacro")))
    }
}
