extension TemplateRenderer {
    /// A call by name: a macro, or one of the functions that chat templates are given.
    mutating func call(_ name: String, _ arguments: EvaluatedArguments) throws -> TemplateValue {
        if case .macro(let macro)? = value(of: name) { return try call(macro, arguments) }
        switch name {
        case "raise_exception":
            throw TemplateFailure.raised(try arguments.value(0, "message").map { try printed($0).string } ?? "")
        case "namespace":
            guard namespaces.count < 1024 else { throw failure("too many namespaces") }
            var members = arguments.named
            if case .object(let given)? = arguments.positional.first {
                members = given.map { ($0.key.string, $0.value) } + members
            }
            namespaces.append(members)
            return .namespace(namespaces.count - 1)
        case "dict": return try checked(.object(arguments.named.map { ($0.name, $0.value) }))
        case "range": return try range(arguments)
        case "strftime_now":
            throw failure("strftime_now, because a prompt must not depend on the day it is written on,")
        default: throw failure("the function \(name)")
        }
    }

    private mutating func range(_ arguments: EvaluatedArguments) throws -> TemplateValue {
        let bounds = arguments.positional.compactMap(\.integer)
        guard (1...3).contains(bounds.count), bounds.count == arguments.positional.count else {
            throw failure("this range")
        }
        let (start, end) = bounds.count == 1 ? (0, bounds[0]) : (bounds[0], bounds[1])
        let stride = bounds.count == 3 ? bounds[2] : 1
        guard stride != 0, stride != .min else { throw failure("a range with this step") }
        let (distance, overflow) = end.subtractingReportingOverflow(start)
        guard !overflow, distance.magnitude / stride.magnitude < 100_000 else { throw failure("a range too long") }
        try step(Int(distance.magnitude / stride.magnitude))
        return .list(Swift.stride(from: start, to: end, by: stride).map { .integer($0) })
    }

    // MARK: Methods

    mutating func method(_ name: String, of value: TemplateValue, _ arguments: EvaluatedArguments) throws
        -> TemplateValue
    {
        switch value {
        case .text(let text): return try textMethod(name, text, arguments)
        case .object(let members):
            switch (name, arguments.positional.first) {
            case ("items", nil): return try pairs(members)
            case ("keys", nil): return .list(try items(of: value))
            case ("values", nil):
                try step(members.count)
                return .list(members.map(\.value))
            case ("get", .text(let key)?):
                let place = try place(of: key, in: members)
                return place.map { members[$0].value } ?? arguments.value(1, "default") ?? .none
            default: break
            }
        case .undefined: throw failure("the method \(name) of \(value.kind)")
        default: break
        }
        throw failure("the method \(name) of \(value.kind)")
    }

    private mutating func pairs(_ members: [(key: TemplateText, value: TemplateValue)]) throws -> TemplateValue {
        try checked(.list(members.map { .list([.text($0.key), $0.value]) }))
    }

    private mutating func textMethod(_ name: String, _ text: TemplateText, _ arguments: EvaluatedArguments) throws
        -> TemplateValue
    {
        try count(text.count)
        switch name {
        case "strip": return .text(try strip(text, arguments))
        case "lstrip": return .text(try strip(text, arguments, right: false))
        case "rstrip": return .text(try strip(text, arguments, left: false))
        case "upper": return .text(text.uppercased())
        case "lower": return .text(text.lowercased())
        case "title": return .text(text.titled())
        case "capitalize": return .text(text.capitalized())
        case "startswith", "endswith":
            let affixes = try texts(arguments.positional.first, name)
            for affix in affixes {
                try count(min(affix.count, text.count))
                if name == "startswith" ? text.starts(with: affix) : text.ends(with: affix) { return .bool(true) }
            }
            return .bool(false)
        case "removeprefix", "removesuffix":
            guard let affix = try texts(arguments.positional.first, name).first else { return .text(text) }
            if name == "removeprefix" {
                return .text(text.starts(with: affix) ? TemplateText(text.marks.dropFirst(affix.count)) : text)
            }
            return .text(text.ends(with: affix) ? TemplateText(text.marks.dropLast(affix.count)) : text)
        case "split": return .list(try split(text, arguments).map { .text($0) })
        case "replace": return .text(try replaced(text, arguments))
        case "join":
            return .text(try joined(arguments.positional.first ?? .none, by: text))
        default: throw failure("the method \(name) of a text")
        }
    }

    private mutating func texts(_ value: TemplateValue?, _ name: String) throws -> [TemplateText] {
        try step()
        switch value {
        case .text(let text)?: return [text]
        case .list(let items)?: return try items.flatMap { try texts($0, name) }
        default: throw failure("\(name) with something else than a text")
        }
    }

    mutating func strip(
        _ text: TemplateText, _ arguments: EvaluatedArguments, left: Bool = true, right: Bool = true
    ) throws -> TemplateText {
        guard let value = arguments.value(0, "chars") else {
            return text.stripped(left: left, right: right, TemplateText.isSpace)
        }
        if case .none = value { return text.stripped(left: left, right: right, TemplateText.isSpace) }
        guard case .text(let characters) = value else { throw failure("stripping \(value.kind)") }
        try count(characters.count)
        let set = Set(characters.marks.map(\.scalar))
        return text.stripped(left: left, right: right, set.contains)
    }

    private mutating func split(_ text: TemplateText, _ arguments: EvaluatedArguments) throws -> [TemplateText] {
        switch arguments.value(0, "sep") {
        case nil, .some(.none):
            guard arguments.value(1, "maxsplit") == nil else { throw failure("split at white space with a limit") }
            return try text.words { try step() }
        case .text(let separator)? where !separator.isEmpty:
            let limit = arguments.value(1, "maxsplit")?.integer ?? -1
            return try text.split(at: separator, atMost: limit < 0 ? .max : limit) { try step() }
        default: throw failure("split with this separator")
        }
    }

    mutating func replaced(_ text: TemplateText, _ arguments: EvaluatedArguments) throws -> TemplateText {
        guard case .text(let old)? = arguments.value(0, "old"), case .text(let new)? = arguments.value(1, "new"),
            !old.isEmpty
        else { throw failure("replace with these arguments") }
        let limit = arguments.value(2, "count")?.integer ?? -1
        let pieces = try text.split(at: old, atMost: limit < 0 ? .max : limit) { try step() }
        return try join(pieces, by: new)
    }

    mutating func attribute(_ arguments: EvaluatedArguments) throws -> TemplateText? {
        guard let value = arguments.named.first(where: { $0.name == "attribute" })?.value else { return nil }
        guard case .text(let name) = value else { throw failure("this attribute") }
        try count(name.count)
        guard name.place(of: TemplateText(".")) == nil else { throw failure("this attribute") }
        return name
    }

    mutating func joined(_ list: TemplateValue, by separator: TemplateText, attribute: TemplateText? = nil) throws
        -> TemplateText
    {
        var pieces: [TemplateText] = []
        for item in try items(of: list) {
            try step()
            pieces.append(try printed(try attribute.map { try member($0, of: item) } ?? item))
        }
        return try join(pieces, by: separator)
    }

    private mutating func join(_ pieces: [TemplateText], by separator: TemplateText) throws -> TemplateText {
        let (gaps, overflow) = separator.count.multipliedReportingOverflow(by: pieces.count)
        try count(overflow ? .max : gaps)
        var out: [TemplateText.Mark] = []
        for (place, piece) in pieces.enumerated() {
            if place > 0 { out += separator.marks }
            try count(piece.count)
            out += piece.marks
        }
        return TemplateText(out)
    }
}

extension TemplateText {
    func uppercased() -> TemplateText { mapped { $1.properties.uppercaseMapping } }
    func lowercased() -> TemplateText { mapped { $1.properties.lowercaseMapping } }

    /// As Python's `str.capitalize`.
    func capitalized() -> TemplateText {
        mapped { $0 == 0 ? $1.properties.titlecaseMapping : $1.properties.lowercaseMapping }
    }

    /// As Python's `str.title`: a capital after anything that is no letter.
    func titled() -> TemplateText {
        mapped { place, scalar in
            let isInside = place > 0 && marks[place - 1].scalar.properties.isCased
            return isInside ? scalar.properties.lowercaseMapping : scalar.properties.titlecaseMapping
        }
    }

    /// As Jinja's filter `title`: a capital after a blank, a dash or an opening bracket.
    func titledWords() -> TemplateText {
        mapped { place, scalar in
            guard place > 0 else { return scalar.properties.uppercaseMapping }
            let before = marks[place - 1].scalar
            let starts = Self.isSpace(before) || "-({[<".unicodeScalars.contains(before)
            return starts ? scalar.properties.uppercaseMapping : scalar.properties.lowercaseMapping
        }
    }
}
