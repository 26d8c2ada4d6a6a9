import Foundation
import Testing

@Suite struct DocumentationTests {
    @Test func relativeLinksAndPicturesOfTheDocsExist() throws {
        let root = packageRoot()
        let docs = try FileManager.default.contentsOfDirectory(
            at: root.appending(path: "docs"), includingPropertiesForKeys: nil
        ).filter { $0.pathExtension == "md" }
        let link = try NSRegularExpression(pattern: #"\]\(([^)#\s]+)[^)]*\)"#)
        for page in docs + [root.appending(path: "README.md")] {
            let text = try String(contentsOf: page, encoding: .utf8)
            for match in link.matches(in: text, range: NSRange(text.startIndex..., in: text)) {
                guard let range = Range(match.range(at: 1), in: text), !text[range].contains("://") else { continue }
                let target = page.deletingLastPathComponent().appending(path: String(text[range]))
                #expect(
                    FileManager.default.fileExists(atPath: target.standardizedFileURL.path),
                    "\(page.lastPathComponent) points to \(text[range]), which is not there")
            }
        }
    }
}
