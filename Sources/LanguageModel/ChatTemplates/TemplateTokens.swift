/// Reads the expressions in one tag, with the ranks that Jinja gives its operators.
struct TemplateTokens {
    private let tokens: [TemplateReader.Token]
    let line: Int
    private var next = 0
    private var depth = 0

    init(_ tokens: [TemplateReader.Token], line: Int) {
        self.tokens = tokens
        self.line = line
    }

    func failure(_ reason: String) -> TemplateFailure { .notUnderstood(line: line, reason: reason) }

    private var current: TemplateReader.Token? { next < tokens.count ? tokens[next] : nil }

    /// - Throws: where anything is left.
    func finish() throws {
        guard let current else { return }
        throw failure("\(Self.words(current)) at this place")
    }

    private static func words(_ token: TemplateReader.Token) -> String {
        switch token {
        case .name(let name): name
        case .text(let text): text.prefix(40).debugDescription
        case .integer(let value): "\(value)"
        case .number(let value): "\(value)"
        case .symbol(let symbol): symbol
        }
    }

    mutating func take(_ symbol: String) -> Bool { take(.symbol(symbol)) }
    mutating func take(name: String) -> Bool { take(.name(name)) }

    private mutating func take(_ token: TemplateReader.Token) -> Bool {
        guard current == token else { return false }
        next += 1
        return true
    }

    mutating func name(_ what: String) throws -> String {
        guard case .name(let name)? = current else { throw failure("\(what) is missing") }
        next += 1
        return name
    }

    /// One or several names with commas between, in brackets or not.
    mutating func names() throws -> [String] {
        let isBracketed = take("(")
        var names = [try name("a name")]
        while take(",") { names.append(try name("a name")) }
        if isBracketed, !take(")") { throw failure("a bracket is not closed") }
        return names
    }

    // MARK: Expressions, the loosest binding first

    /// `a if test else b`
    mutating func expression() throws -> TemplateExpression {
        depth += 1
        defer { depth -= 1 }
        guard depth <= TemplateParser.deepestNesting else { throw failure("an expression is nested too deeply") }
        let value = try disjunction()
        guard take(name: "if") else { return value }
        let test = try disjunction()
        let otherwise = take(name: "else") ? try expression() : nil
        return .conditional(test, then: value, otherwise: otherwise)
    }

    /// `a or b`; an expression without a conditional, as a loop's items are.
    mutating func disjunction() throws -> TemplateExpression {
        try chain({ tokens in tokens.take(name: "or") ? .or : nil }) { tokens in
            try tokens.chain({ tokens in tokens.take(name: "and") ? .and : nil }) { tokens in try tokens.negation() }
        }
    }

    private mutating func chain(
        _ operation: (inout TemplateTokens) -> TemplateOperator?,
        _ operand: (inout TemplateTokens) throws -> TemplateExpression
    ) throws -> TemplateExpression {
        let first = try operand(&self)
        var rest: [(TemplateOperator, TemplateExpression)] = []
        while let operation = operation(&self) { rest.append((operation, try operand(&self))) }
        return rest.isEmpty ? first : .chain(first, rest)
    }

    private mutating func symbolChain(
        _ operators: [TemplateOperator], _ operand: (inout TemplateTokens) throws -> TemplateExpression
    ) throws -> TemplateExpression {
        try chain({ tokens in operators.first { tokens.take($0.rawValue) } }, operand)
    }

    private mutating func negation() throws -> TemplateExpression {
        guard take(name: "not") else { return try comparison() }
        depth += 1
        defer { depth -= 1 }
        guard depth <= TemplateParser.deepestNesting else { throw failure("an expression is nested too deeply") }
        return .not(try negation())
    }

    private mutating func comparison() throws -> TemplateExpression {
        let first = try sum()
        var rest: [(TemplateComparison, TemplateExpression)] = []
        while let comparison = takeComparison() { rest.append((comparison, try sum())) }
        return rest.isEmpty ? first : .compared(first, rest)
    }

    private mutating func takeComparison() -> TemplateComparison? {
        for comparison: TemplateComparison in [.equal, .different, .lessOrEqual, .greaterOrEqual, .less, .greater]
        where take(comparison.rawValue) {
            return comparison
        }
        if take(name: "in") { return .isIn }
        guard current == .name("not"), next + 1 < tokens.count, tokens[next + 1] == .name("in") else { return nil }
        next += 2
        return .isNotIn
    }

    private mutating func sum() throws -> TemplateExpression {
        try symbolChain([.plus, .minus]) { tokens in
            try tokens.symbolChain([.join]) { tokens in
                try tokens.symbolChain([.times, .wholeOver, .over, .remainder]) { tokens in
                    try tokens.symbolChain([.power]) { tokens in try tokens.signed(withFilters: true) }
                }
            }
        }
    }

    private mutating func signed(withFilters: Bool) throws -> TemplateExpression {
        depth += 1
        defer { depth -= 1 }
        guard depth <= TemplateParser.deepestNesting else { throw failure("an expression is nested too deeply") }
        var value: TemplateExpression
        if take("-") {
            value = .minus(try signed(withFilters: false))
        } else if take("+") {
            value = try signed(withFilters: false)
        } else {
            value = try primary()
        }
        var steps: [TemplateStep] = []
        while let step = try memberStep() { steps.append(step) }
        while withFilters, let step = try filterStep() { steps.append(step) }
        if !steps.isEmpty { value = .applied(value, steps) }
        return value
    }

    private mutating func primary() throws -> TemplateExpression {
        guard let token = current else { throw failure("an expression ends too early") }
        next += 1
        switch token {
        case .name(let name): return Self.named(name)
        case .integer(let value): return .constant(.integer(value))
        case .number(let value): return .constant(.number(value))
        case .text(let first):
            var text = first
            while case .text(let more)? = current {
                text += more
                next += 1
            }
            return .constant(.text(text))
        case .symbol("("):
            let value = try expression()
            if current == .symbol(",") { throw failure("a tuple") }
            guard take(")") else { throw failure("a bracket is not closed") }
            return value
        case .symbol("["): return .list(try items(until: "]"))
        case .symbol("{"): return .object(try members())
        case .symbol(let symbol): throw failure("\(symbol) at this place")
        }
    }

    private static func named(_ name: String) -> TemplateExpression {
        switch name {
        case "true", "True": .constant(.bool(true))
        case "false", "False": .constant(.bool(false))
        case "none", "None": .constant(.none)
        default: .name(name)
        }
    }

    private mutating func items(until end: String) throws -> [TemplateExpression] {
        var items: [TemplateExpression] = []
        while !take(end) {
            if !items.isEmpty, !take(",") { throw failure("a comma is missing in a list") }
            if take(end) { break }
            items.append(try expression())
        }
        return items
    }

    private mutating func members() throws -> [(key: TemplateExpression, value: TemplateExpression)] {
        var members: [(key: TemplateExpression, value: TemplateExpression)] = []
        while !take("}") {
            if !members.isEmpty, !take(",") { throw failure("a comma is missing in an object") }
            if take("}") { break }
            let key = try expression()
            guard take(":") else { throw failure("a colon is missing in an object") }
            members.append((key, try expression()))
        }
        return members
    }

    // MARK: What is done to a value

    private mutating func memberStep() throws -> TemplateStep? {
        if take(".") {
            if case .integer(let place)? = current {
                next += 1
                return .item(.constant(.integer(place)))
            }
            return .attribute(try name("the name of a member"))
        }
        if take("[") { return try subscription() }
        return take("(") ? .call(try arguments()) : nil
    }

    private mutating func subscription() throws -> TemplateStep {
        func part() throws -> TemplateExpression? {
            current == .symbol(":") || current == .symbol("]") ? nil : try expression()
        }
        let first = try part()
        if let first, take("]") { return .item(first) }
        guard take(":") else { throw failure("this subscript") }
        let stop = try part()
        let step = take(":") ? try part() : nil
        guard take("]") else { throw failure("this subscript") }
        return .slice(first, stop, step)
    }

    private mutating func arguments() throws -> TemplateArguments {
        var arguments = TemplateArguments()
        var isFirst = true
        while !take(")") {
            if !isFirst, !take(",") { throw failure("a comma is missing between arguments") }
            isFirst = false
            if take(")") { break }
            if case .name(let name)? = current, next + 1 < tokens.count, tokens[next + 1] == .symbol("=") {
                next += 2
                arguments.named.append((name, try expression()))
            } else {
                guard arguments.named.isEmpty else { throw failure("an argument without a name after named ones") }
                arguments.positional.append(try expression())
            }
        }
        return arguments
    }

    private mutating func filterStep() throws -> TemplateStep? {
        if take("|") {
            let name = try name("the name of a filter")
            return .filter(name, take("(") ? try arguments() : TemplateArguments())
        }
        if take(name: "is") {
            let isNegated = take(name: "not")
            let name = try name("the name of a test")
            if take("(") { return .test(name, try arguments(), isNegated: isNegated) }
            var arguments = TemplateArguments()
            if startsValue { arguments.positional = [try testArgument()] }
            return .test(name, arguments, isNegated: isNegated)
        }
        return take("(") ? .call(try arguments()) : nil
    }

    /// Whether a value follows a test's name without brackets: `is divisibleby 2`.
    private var startsValue: Bool {
        switch current {
        case .name(let name)?: !["else", "or", "and", "is", "if", "not", "in"].contains(name)
        case .text?, .integer?, .number?: true
        case .symbol(let symbol)?: symbol == "[" || symbol == "{"
        case nil: false
        }
    }

    private mutating func testArgument() throws -> TemplateExpression {
        let value = try primary()
        var steps: [TemplateStep] = []
        while let step = try memberStep() { steps.append(step) }
        return steps.isEmpty ? value : .applied(value, steps)
    }
}
