import Mustache

/// A value as templates read it, whose stored properties are looked at once.
///
/// The template library reflects on a value anew for every name that it looks up, and on all values around it for a name
/// of the page. With that, a page of responses took longer to fill in than all else that a request does.
final class TemplateValue: MustacheParent, CustomStringConvertible {
    private let value: Any
    private lazy var children = Self.children(of: value)

    private init(_ value: Any) { self.value = value }

    func child(named name: String) -> Any? { children[name] }

    /// What a template writes where it names the value itself.
    var description: String { String(describing: value) }

    /// What the library is given in the place of a value: nil for an absent one, an array for a collection, and
    /// enumerations as they are.
    static func of(_ value: Any) -> Any? {
        switch value {
        case let text as String: return TemplateText(text)
        case let flag as Bool: return flag
        case let number as Int: return TemplateText(String(number))
        default: break
        }
        let mirror = Mirror(reflecting: value)
        switch mirror.displayStyle {
        case .optional: return mirror.children.first.flatMap { of($0.value) }
        case .collection: return mirror.children.compactMap { of($0.value) }
        case .struct, .class, .tuple: return TemplateValue(value)
        default: return value
        }
    }

    private static func children(of value: Any) -> [String: Any] {
        var children: [String: Any] = [:]
        for case (let name?, let child) in Mirror(reflecting: value).children { children[name] = of(child) }
        return children
    }
}

/// A text or a number, of a type that the library tells at its first question what it is: for a `String` it asks for five
/// others first, at each name of each template.
final class TemplateText: MustacheParent, MustacheCustomRenderable {
    let renderText: String
    let isNull = false

    init(_ text: String) { renderText = text }

    /// Inside a section of a text, names mean what stands around it.
    func child(named name: String) -> Any? { nil }
}
