/// Text in which every scalar knows who wrote it: the template, or a person whose words must never steer the model.
///
/// Whatever a template does to a message's text (strip, cut, replace, join), the mark stays with each scalar.
struct TemplateText: Sendable {
    struct Mark: Sendable, Equatable {
        var scalar: Unicode.Scalar
        /// Written by a person or a model, not by the template.
        var isContent: Bool
    }

    var marks: [Mark]

    init(_ marks: some Sequence<Mark>) { self.marks = Array(marks) }

    init(_ text: String, isContent: Bool = false) {
        marks = text.unicodeScalars.map { Mark(scalar: $0, isContent: isContent) }
    }

    var count: Int { marks.count }
    var isEmpty: Bool { marks.isEmpty }

    var string: String {
        var text = String.UnicodeScalarView()
        text.reserveCapacity(marks.count)
        for mark in marks { text.append(mark.scalar) }
        return String(text)
    }

    /// Stretches of one writer each.
    var segments: [PromptSegment] {
        var segments: [PromptSegment] = []
        var start = 0
        while start < marks.count {
            var end = start
            var text = String.UnicodeScalarView()
            while end < marks.count, marks[end].isContent == marks[start].isContent {
                text.append(marks[end].scalar)
                end += 1
            }
            segments.append(marks[start].isContent ? .content(String(text)) : .control(String(text)))
            start = end
        }
        return segments
    }

    static func + (left: TemplateText, right: TemplateText) -> TemplateText {
        TemplateText(left.marks + right.marks)
    }

    func starts(with prefix: TemplateText) -> Bool { matches(prefix, at: 0) }

    func ends(with suffix: TemplateText) -> Bool {
        suffix.count <= count && matches(suffix, at: count - suffix.count)
    }

    /// Where another text begins in this one, from `start` on.
    func place(of other: TemplateText, from start: Int = 0) -> Int? {
        guard other.count + start <= count else { return nil }
        return Search(other).place(in: marks, from: start)
    }

    /// Finds a text in time linear in both lengths, whatever they hold. Source: Knuth, Morris & Pratt 1977.
    private struct Search {
        let wanted: [Mark]
        /// Of each beginning of the wanted text, how long the longest shorter beginning is that it ends with.
        private var borders: [Int] = []

        init(_ text: TemplateText) {
            wanted = text.marks
            var length = 0
            for place in wanted.indices {
                if place > 0 { length = Self.longer(length, wanted, borders, by: wanted[place].scalar) }
                borders.append(length)
            }
        }

        /// The length of the beginning that has been met once one more scalar was read.
        private static func longer(
            _ length: Int, _ wanted: [Mark], _ borders: [Int], by scalar: Unicode.Scalar
        ) -> Int {
            var length = length
            while length > 0, wanted[length].scalar != scalar { length = borders[length - 1] }
            return wanted[length].scalar == scalar ? length + 1 : length
        }

        func place(in marks: [Mark], from start: Int) -> Int? {
            if wanted.isEmpty { return start }
            var length = 0
            for place in start..<marks.count {
                length = Self.longer(length, wanted, borders, by: marks[place].scalar)
                if length == wanted.count { return place + 1 - length }
            }
            return nil
        }
    }

    private func matches(_ other: TemplateText, at place: Int) -> Bool {
        guard place + other.count <= count else { return false }
        for index in other.marks.indices where marks[place + index].scalar != other.marks[index].scalar { return false }
        return true
    }

    /// Without the scalars at its sides that `isStripped` names.
    func stripped(left: Bool = true, right: Bool = true, _ isStripped: (Unicode.Scalar) -> Bool) -> TemplateText {
        var (start, end) = (0, marks.count)
        while left, start < end, isStripped(marks[start].scalar) { start += 1 }
        while right, start < end, isStripped(marks[end - 1].scalar) { end -= 1 }
        return TemplateText(marks[start..<end])
    }

    /// The pieces between occurrences of a separator, which is not empty.
    /// - Parameter isMaking: called before each piece; what it throws ends the splitting.
    func split(at separator: TemplateText, atMost limit: Int, isMaking: () throws -> Void) rethrows -> [TemplateText] {
        guard separator.count <= count else { return [self] }
        let search = Search(separator)
        var pieces: [TemplateText] = []
        var start = 0
        while pieces.count < limit, let place = search.place(in: marks, from: start) {
            try isMaking()
            pieces.append(TemplateText(marks[start..<place]))
            start = place + separator.count
        }
        return pieces + [TemplateText(marks[start...])]
    }

    /// The words between runs of white space.
    /// - Parameter isMaking: called before each word; what it throws ends the splitting.
    func words(isMaking: () throws -> Void) rethrows -> [TemplateText] {
        try marks.split { Self.isSpace($0.scalar) }.map {
            try isMaking()
            return TemplateText($0)
        }
    }

    /// Each scalar replaced by what `change` makes of it and its place.
    func mapped(_ change: (_ place: Int, Unicode.Scalar) -> String) -> TemplateText {
        var out: [Mark] = []
        out.reserveCapacity(marks.count)
        for (place, mark) in marks.enumerated() {
            for scalar in change(place, mark.scalar).unicodeScalars {
                out.append(Mark(scalar: scalar, isContent: mark.isContent))
            }
        }
        return TemplateText(out)
    }

    /// White space as Python's `str.strip` has it.
    static func isSpace(_ scalar: Unicode.Scalar) -> Bool {
        scalar.properties.isWhitespace || (0x1C...0x1F).contains(scalar.value)
    }
}

extension TemplateText: Equatable {
    /// The same scalars, whoever wrote them.
    static func == (left: TemplateText, right: TemplateText) -> Bool {
        left.count == right.count && left.matches(right, at: 0)
    }
}
