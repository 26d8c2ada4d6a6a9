import Labels
import Preferences

/// The choices that a ranking page offers for one response, as markup.
///
/// A page of nine responses has some two hundred of them. The template library asks for each name of each anew, which took
/// longer than everything else that the next task needs; here they are written at once.
struct ResponseControls: Sendable {
    /// Options of the rank; nothing chosen is one of them.
    let ranks: String
    /// Radio buttons of the rating; none is one of them.
    let scores: String
    /// Check boxes of the flags.
    let flags: String

    /// - Parameters:
    ///   - id: the response's, as the task's form names it.
    ///   - count: how many responses the task has.
    ///   - offered: the project's flags.
    init(of id: String, rank: Int?, count: Int, rating: ResponseRating, offered: [ResponseFlag]) {
        ranks = Self.ranks(count: count, chosen: rank)
        scores = Self.scores(of: id, chosen: rating.overall)
        flags = Self.flags(of: id, offered: offered, set: rating.flags)
    }

    private static func ranks(count: Int, chosen: Int?) -> String {
        var writer = HTMLWriter(capacity: 64 * (count + 1))
        writer.tag("<option value=\"\"")
        if chosen == nil { writer.tag(" selected") }
        writer.tag(">not ranked</option>\n")
        for rank in 1...count {
            writer.tag("<option value=\"")
            writer.number(rank)
            writer.tag("\"")
            if rank == chosen { writer.tag(" selected") }
            writer.tag(">")
            writer.number(rank)
            writer.tag("</option>\n")
        }
        return writer.html
    }

    private static func scores(of id: String, chosen: Int?) -> String {
        let scale = ResponseRating.scale
        var writer = HTMLWriter(capacity: 192 * (scale.count + 1))
        writer.tag("<label class=\"score none\" data-unscored><input type=\"radio\" name=\"rating.")
        writer.escaped(id)
        writer.tag("\" value=\"\"")
        if chosen == nil { writer.tag(" checked") }
        writer.tag("><span>none</span></label>\n")
        for value in scale {
            writer.tag("<label class=\"score\"><input type=\"radio\" name=\"rating.")
            writer.escaped(id)
            writer.tag("\" value=\"")
            writer.number(value)
            writer.tag("\" aria-label=\"")
            writer.number(value)
            writer.tag(" of ")
            writer.number(scale.upperBound)
            if value == scale.lowerBound { writer.tag(", worst") }
            if value == scale.upperBound { writer.tag(", best") }
            writer.tag("\" data-score")
            if value == chosen { writer.tag(" checked") }
            writer.tag("><span>")
            writer.number(value)
            writer.tag("</span></label>\n")
        }
        return writer.html
    }

    private static func flags(of id: String, offered: [ResponseFlag], set: Set<String>) -> String {
        var writer = HTMLWriter(capacity: 192 * offered.count)
        for flag in offered {
            writer.tag("<label class=\"chip\"><input type=\"checkbox\" name=\"flag.")
            writer.escaped(id)
            writer.tag(".")
            writer.escaped(flag.name)
            writer.tag("\" value=\"yes\" data-flag=\"")
            writer.escaped(flag.name)
            writer.tag("\"")
            if set.contains(flag.name) { writer.tag(" checked") }
            writer.tag("><span>")
            writer.escaped(flag.words)
            writer.tag("</span></label>\n")
        }
        return writer.html
    }
}
