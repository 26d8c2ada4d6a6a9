/// Why a chat template cannot be used.
enum TemplateFailure: Error, Equatable {
    /// It is not in the part of Jinja that is read here; `line` counts from 1.
    case notUnderstood(line: Int, reason: String)
    /// Its own `raise_exception` refused the messages.
    case raised(String)
}

/// An expression of a template. Chains are flat, so that a long one needs no deep recursion.
indirect enum TemplateExpression: Sendable {
    case constant(TemplateConstant)
    case name(String)
    case list([TemplateExpression])
    case object([(key: TemplateExpression, value: TemplateExpression)])
    /// What is done to a value, in order: `message['content'] | trim`.
    case applied(TemplateExpression, [TemplateStep])
    case not(TemplateExpression)
    case minus(TemplateExpression)
    /// Operators of equal rank, from the left.
    case chain(TemplateExpression, [(TemplateOperator, TemplateExpression)])
    /// `a < b < c`: each neighbour pair.
    case compared(TemplateExpression, [(TemplateComparison, TemplateExpression)])
    case conditional(TemplateExpression, then: TemplateExpression, otherwise: TemplateExpression?)
}

enum TemplateConstant: Sendable {
    case none
    case bool(Bool)
    case integer(Int)
    case number(Double)
    case text(String)
}

enum TemplateStep: Sendable {
    case attribute(String)
    case item(TemplateExpression)
    case slice(TemplateExpression?, TemplateExpression?, TemplateExpression?)
    case call(TemplateArguments)
    case filter(String, TemplateArguments)
    case test(String, TemplateArguments, isNegated: Bool)
}

struct TemplateArguments: Sendable {
    var positional: [TemplateExpression] = []
    var named: [(name: String, value: TemplateExpression)] = []
}

enum TemplateOperator: String, Sendable {
    case or, and
    case plus = "+"
    case minus = "-"
    case join = "~"
    case times = "*"
    case over = "/"
    case wholeOver = "//"
    case remainder = "%"
    case power = "**"
}

enum TemplateComparison: String, Sendable {
    case equal = "=="
    case different = "!="
    case less = "<"
    case lessOrEqual = "<="
    case greater = ">"
    case greaterOrEqual = ">="
    case isIn = "in"
    case isNotIn = "not in"
}

/// A statement with the line that it starts in.
struct TemplateStatement: Sendable {
    indirect enum Kind: Sendable {
        case text(String)
        case output(TemplateExpression)
        case condition([(test: TemplateExpression, body: [TemplateStatement])], otherwise: [TemplateStatement])
        case loop(TemplateLoop)
        case assign([String], TemplateExpression)
        /// `set space.name = value` on a namespace.
        case assignMember(of: String, name: String, TemplateExpression)
        case capture(String, [TemplateStatement])
        case macro(TemplateMacro)
        case group([TemplateStatement])
        case leaveLoop
        case nextTurn
    }

    let line: Int
    let kind: Kind
}

struct TemplateLoop: Sendable {
    var targets: [String]
    var items: TemplateExpression
    var filter: TemplateExpression?
    var body: [TemplateStatement]
    /// Where there is no item.
    var otherwise: [TemplateStatement]
}

struct TemplateMacro: Sendable {
    var name: String
    var parameters: [(name: String, standard: TemplateExpression?)]
    var body: [TemplateStatement]
}
