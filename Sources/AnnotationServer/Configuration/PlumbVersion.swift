/// The version that checkpoints and run directories carry.
enum PlumbVersion {
    static let current = "0.1.0"
}
