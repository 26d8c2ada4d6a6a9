public import Labels

/// Everything the pages work with; made once when the server starts and shared by all requests.
public struct WebServices: Sendable {
    public let store: Store
    public let operations: any ServerOperations
    public let settings: WebSettings
    let pages: PageRenderer
    /// Slows down guessing of passwords and bounds how many are hashed at once.
    let signInGuard: SignInGuard

    /// - Throws: `TemplateError` for a template that cannot be parsed, `StaticFilesError` where the folder of static
    ///   files is missing.
    public init(store: Store, operations: any ServerOperations, settings: WebSettings) throws {
        self.store = store
        self.operations = operations
        self.settings = settings
        let version = try StaticFiles.version(of: settings.staticFolder)
        self.pages = try PageRenderer(
            assets: Path.assets(version: version), preloads: try ModulePreloads(folder: settings.staticFolder))
        self.signInGuard = SignInGuard()
    }
}
