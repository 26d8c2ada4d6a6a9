extension TemplateRenderer {
    mutating func evaluate(_ expression: TemplateExpression) throws -> TemplateValue {
        try step()
        switch expression {
        case .constant(let constant):
            if case .text(let text) = constant { try count(text.utf8.count) }
            return Self.value(constant)
        case .name(let name): return value(of: name) ?? .undefined(name)
        case .list(let items):
            var values: [TemplateValue] = []
            for item in items { values.append(try evaluate(item)) }
            return try checked(.list(values))
        case .object(let members):
            var values: [(key: TemplateText, value: TemplateValue)] = []
            for member in members {
                guard case .text(let key) = try evaluate(member.key) else { throw failure("a key that is no text") }
                let value = try evaluate(member.value)
                if let place = try place(of: key, in: values) { values.remove(at: place) }
                values.append((key, value))
            }
            return try checked(.object(values))
        case .applied(let base, let steps): return try apply(steps, to: base)
        case .not(let operand): return .bool(!(try evaluate(operand).isTrue))
        case .minus(let operand):
            let value = try evaluate(operand)
            if let integer = value.integer, integer != .min { return .integer(-integer) }
            guard case .number(let number) = value else { throw failure("minus before \(value.kind)") }
            return .number(-number)
        case .chain(let first, let rest): return try chain(first, rest)
        case .compared(let first, let rest): return .bool(try compared(first, rest))
        case .conditional(let test, let then, let otherwise):
            if try evaluate(test).isTrue { return try evaluate(then) }
            return try otherwise.map { try evaluate($0) } ?? .undefined("the other branch")
        }
    }

    private static func value(_ constant: TemplateConstant) -> TemplateValue {
        switch constant {
        case .none: .none
        case .bool(let value): .bool(value)
        case .integer(let value): .integer(value)
        case .number(let value): .number(value)
        case .text(let text): .text(text)
        }
    }

    // MARK: Operators

    private mutating func chain(
        _ first: TemplateExpression, _ rest: [(TemplateOperator, TemplateExpression)]
    ) throws -> TemplateValue {
        var value = try evaluate(first)
        for (operation, operand) in rest {
            switch operation {
            case .or: if !value.isTrue { value = try evaluate(operand) }
            case .and: if value.isTrue { value = try evaluate(operand) }
            case .join:
                let right = try printed(try evaluate(operand))
                value = .text(try joined(try printed(value), right))
            default: value = try combine(value, operation, try evaluate(operand))
            }
        }
        return value
    }

    private mutating func combine(
        _ left: TemplateValue, _ operation: TemplateOperator, _ right: TemplateValue
    ) throws -> TemplateValue {
        switch (operation, left, right) {
        case (.plus, .text(let left), .text(let right)): return .text(try joined(left, right))
        case (.plus, .list(let left), .list(let right)):
            try count(left.count + right.count)
            return .list(left + right)
        case (.times, .text(let text), .integer(let times)), (.times, .integer(let times), .text(let text)):
            // Nothing, made however often, would cost no scalar and never end.
            guard times > 0, !text.isEmpty else { return .text("") }
            let (size, overflow) = text.count.multipliedReportingOverflow(by: times)
            try count(overflow ? .max : size)
            return .text(TemplateText((0..<times).flatMap { _ in text.marks }))
        default: break
        }
        if let left = left.integer, let right = right.integer, operation != .over {
            return .integer(try whole(left, operation, right))
        }
        guard let left = left.double, let right = right.double else {
            throw failure("\(left.kind) \(operation.rawValue) \(right.kind)")
        }
        switch operation {
        case .plus: return .number(left + right)
        case .minus: return .number(left - right)
        case .times: return .number(left * right)
        case .over where right != 0: return .number(left / right)
        default: throw failure("\(left) \(operation.rawValue) \(right)")
        }
    }

    private mutating func joined(_ left: TemplateText, _ right: TemplateText) throws -> TemplateText {
        try count(left.count + right.count)
        return left + right
    }

    /// Python's whole-number arithmetic: quotients are rounded down.
    private func whole(_ left: Int, _ operation: TemplateOperator, _ right: Int) throws -> Int {
        let result: (partialValue: Int, overflow: Bool)
        switch operation {
        case .plus: result = left.addingReportingOverflow(right)
        case .minus: result = left.subtractingReportingOverflow(right)
        case .times: result = left.multipliedReportingOverflow(by: right)
        case .wholeOver where right != 0:
            let quotient = left.dividedReportingOverflow(by: right)
            let isDown = left % (right == -1 ? 1 : right) != 0 && (left < 0) != (right < 0)
            result = (quotient.partialValue - (isDown ? 1 : 0), quotient.overflow)
        case .remainder where right != 0 && right != -1:
            let rest = left % right
            result = (rest != 0 && (rest < 0) != (right < 0) ? rest + right : rest, false)
        case .remainder where right == -1: result = (0, false)
        default: throw failure("\(left) \(operation.rawValue) \(right)")
        }
        guard !result.overflow else { throw failure("a number too large") }
        return result.partialValue
    }

    private mutating func compared(
        _ first: TemplateExpression, _ rest: [(TemplateComparison, TemplateExpression)]
    ) throws -> Bool {
        var left = try evaluate(first)
        for (comparison, operand) in rest {
            let right = try evaluate(operand)
            guard try holds(left, comparison, right) else { return false }
            left = right
        }
        return true
    }

    mutating func holds(_ left: TemplateValue, _ comparison: TemplateComparison, _ right: TemplateValue) throws -> Bool
    {
        switch comparison {
        case .equal: return try isEqual(left, right)
        case .different: return !(try isEqual(left, right))
        case .isIn: return try contains(right, left)
        case .isNotIn: return !(try contains(right, left))
        case .less, .lessOrEqual, .greater, .greaterOrEqual: break
        }
        let order: Int
        if case .text(let left) = left, case .text(let right) = right {
            try count(min(left.count, right.count))
            let (left, right) = (left.marks.lazy.map(\.scalar), right.marks.lazy.map(\.scalar))
            order = left.lexicographicallyPrecedes(right) ? -1 : right.lexicographicallyPrecedes(left) ? 1 : 0
        } else if let left = left.double, let right = right.double {
            order = left < right ? -1 : left > right ? 1 : 0
        } else {
            throw failure("\(left.kind) \(comparison.rawValue) \(right.kind)")
        }
        switch comparison {
        case .less: return order < 0
        case .lessOrEqual: return order <= 0
        case .greater: return order > 0
        default: return order >= 0
        }
    }

    /// As Python's `==`.
    mutating func isEqual(_ left: TemplateValue, _ right: TemplateValue) throws -> Bool {
        try step()
        switch (left, right) {
        case (.undefined, .undefined), (.none, .none): return true
        case (.text(let left), .text(let right)):
            try count(min(left.count, right.count))
            return left == right
        case (.list(let left), .list(let right)):
            guard left.count == right.count else { return false }
            for (left, right) in zip(left, right) where !(try isEqual(left, right)) { return false }
            return true
        case (.object(let left), .object(let right)):
            guard left.count == right.count else { return false }
            for member in left {
                try step()
                guard let twin = try place(of: member.key, in: right), try isEqual(right[twin].value, member.value)
                else { return false }
            }
            return true
        case (.namespace(let left), .namespace(let right)): return left == right
        default:
            if let left = left.integer, let right = right.integer { return left == right }
            guard let left = left.double, let right = right.double else { return false }
            return left == right
        }
    }

    private mutating func contains(_ container: TemplateValue, _ item: TemplateValue) throws -> Bool {
        switch (container, item) {
        case (.text(let text), .text(let part)):
            try count(text.count)
            return text.place(of: part) != nil
        case (.list(let items), _):
            for other in items where try isEqual(other, item) { return true }
            return false
        case (.object(let members), .text(let key)): return try place(of: key, in: members) != nil
        case (.object, _), (.undefined, _): return false
        default: throw failure("looking for \(item.kind) in \(container.kind)")
        }
    }

    // MARK: Members, calls, filters and tests

    private mutating func apply(_ steps: [TemplateStep], to base: TemplateExpression) throws -> TemplateValue {
        var place = 0
        var value: TemplateValue
        if case .name(let name) = base, case .call(let arguments)? = steps.first {
            value = try call(name, try evaluate(arguments))
            place = 1
        } else {
            value = try evaluate(base)
        }
        while place < steps.count {
            try step()
            switch steps[place] {
            case .attribute(let name):
                if place + 1 < steps.count, case .call(let arguments) = steps[place + 1],
                    try !hasMember(TemplateText(name), value)
                {
                    value = try method(name, of: value, try evaluate(arguments))
                    place += 1
                } else {
                    value = try member(TemplateText(name), of: value)
                }
            case .item(let index): value = try item(try evaluate(index), of: value)
            case .slice(let start, let stop, let stride):
                value = try slice(
                    value, try start.map { try evaluate($0) }, try stop.map { try evaluate($0) },
                    try stride.map { try evaluate($0) })
            case .call(let arguments):
                guard case .macro(let macro) = value else { throw failure("calling \(value.kind)") }
                value = try call(macro, try evaluate(arguments))
            case .filter(let name, let arguments): value = try filter(name, value, try evaluate(arguments))
            case .test(let name, let arguments, let isNegated):
                value = .bool(try test(name, value, try evaluate(arguments)) != isNegated)
            }
            place += 1
        }
        return value
    }

    private mutating func evaluate(_ arguments: TemplateArguments) throws -> EvaluatedArguments {
        var values = EvaluatedArguments()
        for argument in arguments.positional { values.positional.append(try evaluate(argument)) }
        for (name, argument) in arguments.named { values.named.append((name, try evaluate(argument))) }
        return values
    }

    /// Where an object has the last member of that name; comparing names is counted.
    mutating func place(of name: TemplateText, in members: [(key: TemplateText, value: TemplateValue)]) throws -> Int? {
        try count(members.count)
        for place in members.indices.reversed() where members[place].key.count == name.count {
            try count(name.count)
            if members[place].key == name { return place }
        }
        return nil
    }

    private mutating func hasMember(_ name: TemplateText, _ value: TemplateValue) throws -> Bool {
        guard case .object(let members) = value else { return false }
        return try place(of: name, in: members) != nil
    }

    mutating func member(_ name: TemplateText, of value: TemplateValue) throws -> TemplateValue {
        switch value {
        case .object(let members):
            guard let place = try place(of: name, in: members) else { return .undefined(name.string) }
            return members[place].value
        case .namespace(let place):
            try count(name.count + namespaces[place].count)
            let key = name.string
            return namespaces[place].first { $0.name == key }?.value ?? .undefined(key)
        case .undefined: throw failure("the member \(name.string) of \(value.kind)")
        default: return .undefined(name.string)
        }
    }

    private mutating func item(_ index: TemplateValue, of value: TemplateValue) throws -> TemplateValue {
        switch (value, index) {
        case (_, .text(let name)): return try member(name, of: value)
        case (.list(let items), _):
            guard let place = index.integer else { throw failure("\(index.kind) as the place in a list") }
            let wanted = place < 0 ? place &+ items.count : place
            return items.indices.contains(wanted) ? items[wanted] : .undefined("item \(place)")
        case (.text(let text), _):
            guard let place = index.integer else { throw failure("\(index.kind) as the place in a text") }
            let wanted = place < 0 ? place &+ text.count : place
            return text.marks.indices.contains(wanted)
                ? .text(TemplateText([text.marks[wanted]])) : .undefined("item \(place)")
        default: throw failure("an item of \(value.kind)")
        }
    }

    private mutating func slice(
        _ value: TemplateValue, _ start: TemplateValue?, _ stop: TemplateValue?, _ stride: TemplateValue?
    ) throws -> TemplateValue {
        func bound(_ value: TemplateValue?) throws -> Int? {
            guard let value else { return nil }
            if case .none = value { return nil }
            guard let bound = value.integer else { throw failure("\(value.kind) as the bound of a slice") }
            return bound
        }
        let (start, stop, stride) = (try bound(start), try bound(stop), try bound(stride) ?? 1)
        guard stride != 0 else { throw failure("a slice with the step 0") }
        func places(_ count: Int) -> [Int] {
            let lowest = stride > 0 ? 0 : -1
            let highest = stride > 0 ? count : count - 1
            func clamped(_ bound: Int?, _ standard: Int) -> Int {
                guard let bound else { return standard }
                return min(max(bound < 0 ? bound &+ count : bound, lowest), highest)
            }
            let first = clamped(start, stride > 0 ? 0 : count - 1)
            let end = clamped(stop, stride > 0 ? count : -1)
            return Array(Swift.stride(from: first, to: end, by: stride))
        }
        switch value {
        case .list(let items):
            let places = places(items.count)
            try count(places.count)
            return .list(places.map { items[$0] })
        case .text(let text):
            let places = places(text.count)
            try count(places.count)
            return .text(TemplateText(places.map { text.marks[$0] }))
        default: throw failure("a slice of \(value.kind)")
        }
    }
}
