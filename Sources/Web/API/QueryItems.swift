import Hummingbird

/// The items of a request's query string, with refusals that name the item.
struct QueryItems: Sendable {
    private let request: Request

    init(_ request: Request) { self.request = request }

    /// An item as it stands; nil where it is missing or empty.
    func text(_ name: String) -> String? {
        guard let text = request.uri.queryParameters.get(name), !text.isEmpty else { return nil }
        return text
    }

    /// A whole number.
    func integer(_ name: String) throws(APIFailure) -> Int? {
        guard let text = text(name) else { return nil }
        guard let number = Int(text) else {
            throw .invalid("The query item “\(name)” is “\(text)”, but must be a whole number.", field: name)
        }
        return number
    }

    /// One of a few things, by its name.
    func choice<Choice: RawRepresentable & CaseIterable>(
        _ name: String, _ type: Choice.Type
    ) throws(APIFailure) -> Choice? where Choice.RawValue == String {
        guard let text = text(name) else { return nil }
        guard let choice = Choice(rawValue: text) else {
            let names = Choice.allCases.map(\.rawValue).joined(separator: ", ")
            throw .invalid("The query item “\(name)” is “\(text)”, but must be one of: \(names).", field: name)
        }
        return choice
    }

    /// `true` or `false`.
    func flag(_ name: String) throws(APIFailure) -> Bool? {
        guard let text = text(name) else { return nil }
        switch text {
        case "true": return true
        case "false": return false
        default: throw .invalid("The query item “\(name)” is “\(text)”, but must be true or false.", field: name)
        }
    }
}
