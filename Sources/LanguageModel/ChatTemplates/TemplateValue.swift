/// A value while a template is rendered, with the meaning that Python and Jinja give it.
indirect enum TemplateValue {
    /// A name or member that is not there: empty when printed, false when tested.
    case undefined(String)
    case none
    case bool(Bool)
    case integer(Int)
    case number(Double)
    case text(TemplateText)
    case list([TemplateValue])
    case object([(key: TemplateText, value: TemplateValue)])
    /// What `namespace()` made: its place in the renderer.
    case namespace(Int)
    case macro(TemplateMacro)

    static func text(_ text: String) -> TemplateValue { .text(TemplateText(text)) }

    static func object(_ members: [(String, TemplateValue)]) -> TemplateValue {
        .object(members.map { (TemplateText($0.0), $0.1) })
    }

    /// As Python's `bool()`.
    var isTrue: Bool {
        switch self {
        case .undefined, .none: false
        case .bool(let value): value
        case .integer(let value): value != 0
        case .number(let value): value != 0
        case .text(let text): !text.isEmpty
        case .list(let items): !items.isEmpty
        case .object(let members): !members.isEmpty
        case .namespace, .macro: true
        }
    }

    /// What an error calls it.
    var kind: String {
        switch self {
        case .undefined(let name): "\(name), which is not defined,"
        case .none: "none"
        case .bool: "true or false"
        case .integer, .number: "a number"
        case .text: "a text"
        case .list: "a list"
        case .object: "an object"
        case .namespace: "a namespace"
        case .macro: "a macro"
        }
    }

    /// A number or truth value as a number; Python counts true as 1.
    var double: Double? {
        switch self {
        case .bool(let value): value ? 1 : 0
        case .integer(let value): Double(value)
        case .number(let value): value
        default: nil
        }
    }

    var integer: Int? {
        switch self {
        case .bool(let value): value ? 1 : 0
        case .integer(let value): value
        default: nil
        }
    }

    /// As Python's `str()`; nil for what this program does not print.
    var printed: TemplateText? {
        switch self {
        case .undefined: TemplateText([])
        case .none: TemplateText("None")
        case .bool(let value): TemplateText(value ? "True" : "False")
        case .integer(let value): TemplateText("\(value)")
        case .number(let value): TemplateText("\(value)")
        case .text(let text): text
        case .list, .object, .namespace, .macro: nil
        }
    }
}
