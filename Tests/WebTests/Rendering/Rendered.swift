import Labels
import Web

/// The formatted part of a text as its page shows it; nil where the text is shown as it was written.
func rendered(_ text: String) -> String? {
    let html = ShownText(text, as: .markdown).html
    guard
        let start = ["<div class=\"rendered\">", "<div class=\"rendered long\">"].lazy.compactMap({
            html.firstRange(of: $0)
        }).first,
        let end = html.ranges(of: "</div><div class=\"raw").last
    else { return nil }
    return String(html[start.upperBound..<end.lowerBound])
}

/// What stands above a text: why it is not formatted, how many hidden characters it has.
func notices(_ text: String) -> [String] {
    ShownText(text, as: .markdown).html.matches(of: #/<p class="text-notice">(.*?)</p>/#).map { String($0.output.1) }
}
