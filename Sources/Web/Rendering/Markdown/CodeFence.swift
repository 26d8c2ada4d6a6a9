/// A line of three or more backticks or tildes at the margin, and the line that ends what it opens.
struct CodeFence: Equatable {
    let mark: UInt8
    let length: Int

    /// Nil where the line opens no fenced code.
    init?(opening line: some Collection<UInt8>) {
        guard let first = line.first, first == UInt8(ascii: "`") || first == UInt8(ascii: "~") else { return nil }
        let run = line.prefix { $0 == first }.count
        guard run >= 3, first == UInt8(ascii: "~") || !line.dropFirst(run).contains(first) else { return nil }
        mark = first
        length = run
    }

    func isClosed(by line: some Collection<UInt8>) -> Bool {
        let body = line.drop { $0 == 0x20 }
        guard line.count - body.count <= 3 else { return false }
        let run = body.prefix { $0 == mark }.count
        return run >= length && body.dropFirst(run).allSatisfy { $0 == 0x20 || $0 == 0x09 || $0 == 0x0D }
    }
}
