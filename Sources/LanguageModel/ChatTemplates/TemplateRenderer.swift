/// Runs a template's statements over its variables.
///
/// The work is bounded: a hostile template is stopped with an error, not given the machine.
struct TemplateRenderer {
    static let mostSteps = 2_000_000
    /// Scalars that one rendering may make, intermediate texts counted: some thirty times a context of 32,768 tokens, in at
    /// most 34 MB.
    static let mostScalars = 1 << 22
    static let deepestCalls = 8

    private(set) var output: [TemplateText.Mark] = []
    var namespaces: [[(name: String, value: TemplateValue)]] = []
    private var scopes: [[String: TemplateValue]]
    private var steps = 0
    private var scalars = 0
    private var calls = 0
    /// Of the statement that runs.
    private(set) var line = 1

    private enum Flow { case on, leaveLoop, nextTurn }

    /// - Throws: `TemplateFailure`.
    static func render(_ statements: [TemplateStatement], _ variables: [String: TemplateValue]) throws -> TemplateText {
        var renderer = TemplateRenderer(scopes: [variables, [:]])
        _ = try renderer.run(statements)
        return TemplateText(renderer.output)
    }

    private init(scopes: [[String: TemplateValue]]) { self.scopes = scopes }

    func failure(_ reason: String) -> TemplateFailure { .notUnderstood(line: line, reason: reason) }

    /// Counts steps of work: statements, operations, and values that are made.
    mutating func step(_ new: Int = 1) throws {
        let (sum, overflow) = steps.addingReportingOverflow(new)
        guard !overflow, sum <= Self.mostSteps else { throw failure("it does not come to an end") }
        steps = sum
    }

    /// Counts text that is made.
    mutating func made(_ text: TemplateText) throws -> TemplateText {
        try count(text.count)
        return text
    }

    /// Counts scalars before they are made or compared.
    mutating func count(_ new: Int) throws {
        let (sum, overflow) = scalars.addingReportingOverflow(new)
        guard !overflow, sum <= Self.mostScalars else { throw failure("it makes too much text") }
        scalars = sum
    }

    static let deepestValue = 12

    /// A list or object that is nested no deeper than any template needs: deeper ones could not be taken apart safely.
    /// Whatever makes one out of others calls this.
    mutating func checked(_ value: TemplateValue, depth: Int = 0) throws -> TemplateValue {
        try step()
        guard depth <= Self.deepestValue else { throw failure("lists nested too deeply") }
        switch value {
        case .list(let items): for item in items { _ = try checked(item, depth: depth + 1) }
        case .object(let members): for member in members { _ = try checked(member.value, depth: depth + 1) }
        default: break
        }
        return value
    }

    func value(of name: String) -> TemplateValue? {
        for scope in scopes.reversed() { if let value = scope[name] { return value } }
        return nil
    }

    private mutating func set(_ name: String, _ value: TemplateValue) { scopes[scopes.count - 1][name] = value }

    private mutating func run(_ statements: [TemplateStatement]) throws -> Flow {
        for statement in statements {
            try step()
            line = statement.line
            let flow = try run(statement)
            if flow != .on { return flow }
        }
        return .on
    }

    private mutating func run(_ statement: TemplateStatement) throws -> Flow {
        switch statement.kind {
        case .text(let text): output += try made(TemplateText(text)).marks
        case .output(let expression): output += try made(try printed(try evaluate(expression))).marks
        case .condition(let branches, let otherwise):
            for branch in branches where try evaluate(branch.test).isTrue { return try run(branch.body) }
            return try run(otherwise)
        case .loop(let loop): return try run(loop)
        case .assign(let targets, let expression): try assign(targets, try evaluate(expression))
        case .assignMember(let name, let member, let expression):
            let value = try evaluate(expression)
            guard case .namespace(let place)? = self.value(of: name) else {
                throw failure("setting a member of \(name), which is no namespace")
            }
            try count(namespaces[place].count)
            namespaces[place].removeAll { $0.name == member }
            namespaces[place].append((member, value))
        case .capture(let name, let body):
            set(name, .text(try capture { renderer in _ = try renderer.run(body) }))
        case .macro(let macro): set(macro.name, .macro(macro))
        case .group(let body): return try run(body)
        case .leaveLoop: return .leaveLoop
        case .nextTurn: return .nextTurn
        }
        return .on
    }

    /// What a body prints, kept apart from the output.
    private mutating func capture(_ body: (inout TemplateRenderer) throws -> Void) throws -> TemplateText {
        let outer = output
        output = []
        scopes.append([:])
        try body(&self)
        scopes.removeLast()
        defer { output = outer }
        return TemplateText(output)
    }

    func printed(_ value: TemplateValue) throws -> TemplateText {
        guard let text = value.printed else { throw failure("printing \(value.kind)") }
        return text
    }

    private mutating func assign(_ targets: [String], _ value: TemplateValue) throws {
        if targets.count == 1 {
            set(targets[0], value)
            return
        }
        guard case .list(let values) = value, values.count == targets.count else {
            throw failure("taking \(value.kind) apart into \(targets.joined(separator: ", "))")
        }
        for (target, value) in zip(targets, values) { set(target, value) }
    }

    // MARK: Loops

    private mutating func run(_ loop: TemplateLoop) throws -> Flow {
        var items = try self.items(of: try evaluate(loop.items))
        scopes.append([:])
        defer { scopes.removeLast() }
        if let filter = loop.filter {
            var kept: [TemplateValue] = []
            for item in items {
                try step()
                try assign(loop.targets, item)
                if try evaluate(filter).isTrue { kept.append(item) }
            }
            items = kept
        }
        if items.isEmpty { return try run(loop.otherwise) }
        for place in items.indices {
            try step()
            scopes[scopes.count - 1] = ["loop": Self.loopObject(items, place)]
            try assign(loop.targets, items[place])
            if try run(loop.body) == .leaveLoop { break }
        }
        return .on
    }

    private static func loopObject(_ items: [TemplateValue], _ place: Int) -> TemplateValue {
        var members: [(String, TemplateValue)] = [
            ("index", .integer(place + 1)), ("index0", .integer(place)), ("first", .bool(place == 0)),
            ("last", .bool(place == items.count - 1)), ("length", .integer(items.count)),
            ("revindex", .integer(items.count - place)), ("revindex0", .integer(items.count - place - 1)),
        ]
        if place > 0 { members.append(("previtem", items[place - 1])) }
        if place + 1 < items.count { members.append(("nextitem", items[place + 1])) }
        return .object(members)
    }

    /// What a loop over a value goes through.
    mutating func items(of value: TemplateValue) throws -> [TemplateValue] {
        switch value {
        case .list(let items): return items
        case .undefined: return []
        case .object(let members):
            try step(members.count)
            return members.map { .text($0.key) }
        case .text(let text):
            try step(text.count)
            return text.marks.map { .text(TemplateText([$0])) }
        default: throw failure("going through \(value.kind)")
        }
    }

    // MARK: Macros

    mutating func call(_ macro: TemplateMacro, _ arguments: EvaluatedArguments) throws -> TemplateValue {
        calls += 1
        defer { calls -= 1 }
        guard calls <= Self.deepestCalls else { throw failure("macros that call each other without end") }
        guard arguments.positional.count <= macro.parameters.count else {
            throw failure("too many arguments for the macro \(macro.name)")
        }
        let outer = scopes
        let outerLine = line
        scopes = Array(scopes.prefix(2)) + [[:]]
        defer { (scopes, line) = (outer, outerLine) }
        for (place, parameter) in macro.parameters.enumerated() {
            let value: TemplateValue
            try count(arguments.named.count)
            if place < arguments.positional.count {
                value = arguments.positional[place]
            } else if let named = arguments.named.first(where: { $0.name == parameter.name }) {
                value = named.value
            } else {
                value = try parameter.standard.map { try evaluate($0) } ?? .undefined(parameter.name)
            }
            set(parameter.name, value)
        }
        return .text(try capture { renderer in _ = try renderer.run(macro.body) })
    }
}

/// The arguments of a call, worked out.
struct EvaluatedArguments {
    var positional: [TemplateValue] = []
    var named: [(name: String, value: TemplateValue)] = []

    var isEmpty: Bool { positional.isEmpty && named.isEmpty }

    /// The argument at a place or by its name.
    func value(_ place: Int, _ name: String) -> TemplateValue? {
        if place < positional.count { return positional[place] }
        return named.first { $0.name == name }?.value
    }
}
