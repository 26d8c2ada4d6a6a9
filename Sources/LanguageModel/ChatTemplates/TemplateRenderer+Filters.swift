extension TemplateRenderer {
    mutating func filter(_ name: String, _ value: TemplateValue, _ arguments: EvaluatedArguments) throws
        -> TemplateValue
    {
        if case .text(let text) = value { try count(text.count) }
        switch name {
        case "default", "d":
            let isReplaced =
                if case .undefined = value { true } else {
                    arguments.value(1, "boolean")?.isTrue == true && !value.isTrue
                }
            return isReplaced ? arguments.value(0, "default_value") ?? .text("") : value
        case "trim": return .text(try strip(try printed(value), arguments))
        case "string": return .text(try printed(value))
        case "safe": return value
        case "upper": return .text(try printed(value).uppercased())
        case "lower": return .text(try printed(value).lowercased())
        case "capitalize": return .text(try printed(value).capitalized())
        case "title": return .text(try printed(value).titledWords())
        case "replace": return .text(try replaced(try printed(value), arguments))
        case "tojson": return .text(try json(value, arguments))
        case "int": return try wholeNumber(value)
        case "abs":
            guard let number = value.integer, number != .min else { throw failure("abs of \(value.kind)") }
            return .integer(abs(number))
        case "join":
            guard case .text(let separator) = arguments.value(0, "d") ?? .text("") else { throw failure("this join") }
            return .text(try joined(value, by: separator, attribute: try attribute(arguments)))
        default: return try listFilter(name, value, arguments)
        }
    }

    private func wholeNumber(_ value: TemplateValue) throws -> TemplateValue {
        if let number = value.integer { return .integer(number) }
        if case .text(let text) = value { return .integer(Int(text.stripped(TemplateText.isSpace).string) ?? 0) }
        guard case .number(let number) = value, let whole = Int(exactly: number.rounded(.towardZero)) else {
            throw failure("int of \(value.kind)")
        }
        return .integer(whole)
    }

    private mutating func listFilter(_ name: String, _ value: TemplateValue, _ arguments: EvaluatedArguments) throws
        -> TemplateValue
    {
        switch (name, value) {
        case ("length", .text(let text)), ("count", .text(let text)): return .integer(text.count)
        case ("items", .object(let members)):
            return try checked(.list(members.map { .list([.text($0.key), $0.value]) }))
        case ("items", .undefined): return .list([])
        case ("reverse", .text(let text)): return .text(TemplateText(text.marks.reversed()))
        default: break
        }
        let items = try items(of: value)
        try count(items.count)
        switch name {
        case "length", "count": return .integer(items.count)
        case "list": return .list(items)
        case "first": return items.first ?? .undefined("the first item")
        case "last": return items.last ?? .undefined("the last item")
        case "reverse": return .list(items.reversed())
        case "map": return try checked(.list(try mapped(items, arguments)))
        case "selectattr", "rejectattr":
            guard case .text(let attribute)? = arguments.positional.first else { throw failure("this \(name)") }
            try count(attribute.count)
            guard attribute.place(of: TemplateText(".")) == nil else { throw failure("this \(name)") }
            return .list(
                try chosen(items, keeping: name == "selectattr", arguments.positional.dropFirst()) { renderer, item in
                    try renderer.member(attribute, of: item)
                })
        case "select", "reject":
            return .list(try chosen(items, keeping: name == "select", arguments.positional[...]) { $1 })
        default: throw failure("the filter \(name)")
        }
    }

    private mutating func mapped(_ items: [TemplateValue], _ arguments: EvaluatedArguments) throws -> [TemplateValue] {
        var values: [TemplateValue] = []
        if let attribute = try attribute(arguments) {
            let standard = arguments.named.first { $0.name == "default" }?.value
            for item in items {
                let value = try member(attribute, of: item)
                if case .undefined = value, let standard { values.append(standard) } else { values.append(value) }
            }
            return values
        }
        guard case .text(let name)? = arguments.positional.first, name.string != "map" else {
            throw failure("this map")
        }
        var rest = arguments
        rest.positional.removeFirst()
        for item in items { values.append(try filter(name.string, item, rest)) }
        return values
    }

    private mutating func chosen(
        _ items: [TemplateValue], keeping: Bool, _ arguments: ArraySlice<TemplateValue>,
        _ part: (inout TemplateRenderer, TemplateValue) throws -> TemplateValue
    ) throws -> [TemplateValue] {
        var kept: [TemplateValue] = []
        for item in items {
            try step()
            let value = try part(&self, item)
            let holds: Bool
            switch arguments.first {
            case nil: holds = value.isTrue
            case .text(let name)?:
                holds = try test(name.string, value, EvaluatedArguments(positional: Array(arguments.dropFirst())))
            default: throw failure("a test that is no text")
            }
            if holds == keeping { kept.append(item) }
        }
        return kept
    }

    // MARK: Tests

    mutating func test(_ name: String, _ value: TemplateValue, _ arguments: EvaluatedArguments) throws -> Bool {
        func argument() throws -> TemplateValue {
            guard let argument = arguments.positional.first else { throw failure("the test \(name) without a value") }
            return argument
        }
        switch name {
        case "defined": if case .undefined = value { return false } else { return true }
        case "undefined": if case .undefined = value { return true } else { return false }
        case "none": if case .none = value { return true } else { return false }
        case "string": if case .text = value { return true } else { return false }
        case "mapping": if case .object = value { return true } else { return false }
        case "boolean": if case .bool = value { return true } else { return false }
        case "integer": if case .integer = value { return true } else { return false }
        case "float": if case .number = value { return true } else { return false }
        case "number": return value.double != nil
        case "true": if case .bool(true) = value { return true } else { return false }
        case "false": if case .bool(false) = value { return true } else { return false }
        case "iterable", "sequence":
            switch value {
            case .text, .list, .object: return true
            case .undefined: return name == "iterable"
            default: return false
            }
        case "equalto", "eq": return try holds(value, .equal, try argument())
        case "ne": return try holds(value, .different, try argument())
        case "lt", "lessthan": return try holds(value, .less, try argument())
        case "gt", "greaterthan": return try holds(value, .greater, try argument())
        case "le": return try holds(value, .lessOrEqual, try argument())
        case "ge": return try holds(value, .greaterOrEqual, try argument())
        case "in": return try holds(value, .isIn, try argument())
        case "odd", "even", "divisibleby":
            let divisor = name == "divisibleby" ? try argument().integer ?? 0 : 2
            guard let number = value.integer, divisor != 0, divisor != -1 else { throw failure("this test \(name)") }
            return (number % divisor == 0) == (name != "odd")
        default: throw failure("the test \(name)")
        }
    }

    // MARK: JSON

    /// As transformers' filter `tojson`: Python's separators, Unicode as it is.
    private mutating func json(_ value: TemplateValue, _ arguments: EvaluatedArguments) throws -> TemplateText {
        for (name, _) in arguments.named where !["indent", "ensure_ascii"].contains(name) {
            throw failure("tojson with \(name)")
        }
        if arguments.value(1, "ensure_ascii")?.isTrue == true { throw failure("tojson with ensure_ascii") }
        var indent: Int?
        if let value = arguments.named.first(where: { $0.name == "indent" })?.value, let given = value.integer {
            guard (0...64).contains(given) else { throw failure("tojson with this indent") }
            indent = given
        }
        guard arguments.positional.isEmpty else { throw failure("tojson with arguments") }
        var out: [TemplateText.Mark] = []
        try writeJSON(value, indent: indent, level: 0, into: &out)
        return TemplateText(out)
    }

    private mutating func writeJSON(
        _ value: TemplateValue, indent: Int?, level: Int, into out: inout [TemplateText.Mark]
    ) throws {
        try step()
        switch value {
        case .none: out += TemplateText("null").marks
        case .bool(let flag): out += TemplateText(flag ? "true" : "false").marks
        case .integer, .number: out += try printed(value).marks
        case .text(let text): try writeJSON(text, into: &out)
        case .list(let items):
            try writeJSON("[", "]", items.count, indent: indent, level: level, into: &out) { renderer, place, out in
                try renderer.writeJSON(items[place], indent: indent, level: level + 1, into: &out)
            }
        case .object(let members):
            try writeJSON("{", "}", members.count, indent: indent, level: level, into: &out) { renderer, place, out in
                try renderer.writeJSON(members[place].key, into: &out)
                out += TemplateText(": ").marks
                try renderer.writeJSON(members[place].value, indent: indent, level: level + 1, into: &out)
            }
        case .undefined, .namespace, .macro: throw failure("tojson of \(value.kind)")
        }
    }

    private mutating func writeJSON(
        _ open: String, _ close: String, _ count: Int, indent: Int?, level: Int, into out: inout [TemplateText.Mark],
        _ write: (inout TemplateRenderer, Int, inout [TemplateText.Mark]) throws -> Void
    ) throws {
        func lineBreak(_ level: Int) -> String { indent.map { "\n" + String(repeating: " ", count: $0 * level) } ?? "" }
        out += TemplateText(open).marks
        for place in 0..<count {
            if place > 0 { out += TemplateText(indent == nil ? ", " : ",").marks }
            let gap = lineBreak(level + 1)
            try self.count(gap.utf8.count + 4)
            out += TemplateText(gap).marks
            try write(&self, place, &out)
        }
        if count > 0 { out += TemplateText(lineBreak(level)).marks }
        out += TemplateText(close).marks
    }

    private mutating func writeJSON(_ text: TemplateText, into out: inout [TemplateText.Mark]) throws {
        try count(text.count)
        let escaped = text.mapped { _, scalar in
            switch scalar {
            case "\"": return "\\\""
            case "\\": return "\\\\"
            case "\n": return "\\n"
            case "\r": return "\\r"
            case "\t": return "\\t"
            case "\u{8}": return "\\b"
            case "\u{C}": return "\\f"
            default:
                guard scalar.value < 0x20 else { return String(scalar) }
                let digits = String(scalar.value, radix: 16)
                return "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
            }
        }
        out += TemplateText("\"").marks + escaped.marks + TemplateText("\"").marks
    }
}
