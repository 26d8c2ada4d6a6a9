import Foundation

/// Which browser modules a page's scripts import, so that the page names them all and the browser need not read one module
/// to learn of the next.
struct ModulePreloads: Sendable {
    /// The modules that each file of the folder imports itself.
    private let imports: [String: [String]]

    /// - Throws: `StaticFilesError` where the folder or a module cannot be read.
    init(folder: URL) throws {
        do {
            let names = try FileManager.default.contentsOfDirectory(atPath: folder.path).filter { $0.hasSuffix(".js") }
            var found: [String: [String]] = [:]
            for name in names {
                let text = try String(contentsOf: folder.appendingPathComponent(name), encoding: .utf8)
                found[name] = text.matches(of: /\bimport\s+(?:[^"';]*?\sfrom\s+)?"\.\/([\w.-]+)"/).map {
                    String($0.output.1)
                }
            }
            imports = found
        } catch {
            throw StaticFilesError.unreadable(path: folder.path, reason: error.localizedDescription)
        }
    }

    /// All modules that one needs, itself not among them, the nearest first.
    func needed(by module: String) -> [String] {
        var needed: [String] = []
        var next = [module]
        while !next.isEmpty {
            let found = next.flatMap { imports[$0] ?? [] }
            next = []
            for name in found where name != module && !needed.contains(name) {
                needed.append(name)
                next.append(name)
            }
        }
        return needed
    }

    /// The template with a link before each of its scripts for every module that the script needs; without scripts a browser
    /// would ask for it in vain, and report that.
    /// - Parameter layout: the template around it, whose own links and scripts are on the page already; nil where it is one.
    func adding(to template: String, within layout: String?) -> String {
        var named = Set(layout.map { modules(in: $0).flatMap { [$0] + needed(by: $0) } } ?? [])
        return template.replacing(Self.script) { match in
            let script = String(match.output.1)
            let links = needed(by: script).filter { named.insert($0).inserted }
            return links.map {
                #"<link rel="modulepreload" href="{{shell.assets}}/\#($0)" media="(scripting: enabled)">"# + "\n"
            }.joined()
                + match.output.0
        }
    }

    private func modules(in template: String) -> [String] {
        template.matches(of: Self.script).map { String($0.output.1) }
    }

    private static var script: Regex<(Substring, Substring)> {
        /<script type="module" src="\{\{shell\.assets\}\}\/([\w.-]+)"><\/script>/
    }
}
