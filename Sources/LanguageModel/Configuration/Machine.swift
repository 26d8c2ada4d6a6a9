import Foundation

/// What of a machine the bits of a result hang on: the processor's type and the kernels. Lineage records both, so that a
/// reader knows where the same bytes can be expected.
public enum Machine {
    /// The processor's model as the system names it, with its family and model numbers, for example
    /// `AMD EPYC family 25 model 17`; the architecture alone where the system tells no more.
    public static let processor: String = {
        guard let text = try? String(contentsOf: URL(filePath: "/proc/cpuinfo"), encoding: .utf8) else {
            return architecture
        }
        var fields: [String: String] = [:]
        for line in text.split(separator: "\n").prefix(40) {
            let parts = line.split(separator: ":", maxSplits: 1).map { $0.trimmingCharacters(in: .whitespaces) }
            if parts.count == 2, fields[parts[0]] == nil { fields[parts[0]] = parts[1] }
        }
        guard let name = fields["model name"] else { return architecture }
        guard let family = fields["cpu family"], let model = fields["model"] else { return name }
        return "\(name) family \(family) model \(model)"
    }()

    /// What computes matrix products: our own kernels, with the instruction set chosen for this processor.
    public static let blas = "Plumb kernels, \(KernelSet.best)"

    private static let architecture: String = {
        #if arch(x86_64)
            "x86_64"
        #elseif arch(arm64)
            "arm64"
        #else
            "unknown"
        #endif
    }()
}
