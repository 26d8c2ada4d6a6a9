import Preferences
import Synchronization

/// Collects the groups that a store hands out one by one.
final class Found: Sendable {
    private let state = Mutex<[LabelledGroup]>([])
    var groups: [LabelledGroup] { state.withLock { $0 } }
    func append(_ group: LabelledGroup) { state.withLock { $0.append(group) } }
}
