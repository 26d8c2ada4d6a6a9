import Policy
import Testing

/// Numbers worked out by hand or in double precision elsewhere.
@Suite struct PPOGoldenNumberTests {
    private let rewards = [-0.01, -0.02, 0.03, -0.01, 1.5]
    private let values = [0.2, 0.1, 0.3, 0.5, 0.9]

    @Test(arguments: [
        (1, 0.95, [1.091655, 1.2649, 1.142, 0.96, 0.6], 1e-6),
        (1, 1, [1.29, 1.4, 1.22, 0.99, 0.6], 1e-12),
        (1, 0, [-0.11, 0.18, 0.23, 0.39, 0.6], 1e-12),
        (0.99, 0.95, [1.0408947, 1.2247684, 1.1140547, 0.9453, 0.6], 1e-7),
    ])
    func `advantages of a five-token response`(
        discount: Double, decay: Double, expected: [Double], tolerance: Double
    ) {
        let found = AdvantageEstimation(discount: discount, decay: decay).advantages(rewards: rewards, values: values)
        for (left, right) in zip(found.advantages, expected) { #expect(abs(left - right) < tolerance) }
    }

    @Test func `returns come before whitening`() {
        let found = AdvantageEstimation().advantages(rewards: rewards, values: values).returns
        for (left, right) in zip(found, [1.291655, 1.3649, 1.442, 1.46, 1.5]) { #expect(abs(left - right) < 1e-6) }
    }

    @Test(arguments: [
        (false, true, [0.350813, 1.111053, 0.571739, -0.22692, -1.806685]),
        (true, true, [0.313777, 0.993756, 0.511379, -0.202964, -1.615948]),
        (false, false, [1.362524, 2.122764, 1.58345, 0.784791, -0.794974]),
    ])
    func `whitening in its three forms`(unbiased: Bool, shiftMean: Bool, expected: [Double]) {
        let advantages = AdvantageEstimation().advantages(rewards: rewards, values: values).advantages
        // Cut over two rows: the statistics are the batch's, not the row's.
        let rows = [Array(advantages[..<2]), Array(advantages[2...])]
        let found = Whitening(unbiased: unbiased, shiftMean: shiftMean)(rows).flatMap { $0 }
        for (left, right) in zip(found, expected) { #expect(abs(left - right) < 1e-6) }
    }

    @Test(arguments: [(-0.2, 0.02, 0.0214027582), (0.4, 0.08, 0.0703200460), (-0.1, 0.005, 0.0051709181)])
    func `KL estimates of one token`(difference: Double, k2: Double, k3: Double) {
        let policy = -1.25
        let reference = policy - difference
        #expect(abs(KLEstimator.k1.estimate(policy: policy, reference: reference) - difference) < 1e-12)
        #expect(abs(KLEstimator.k2.estimate(policy: policy, reference: reference) - k2) < 1e-10)
        #expect(abs(KLEstimator.k3.estimate(policy: policy, reference: reference) - k3) < 1e-10)
    }

    @Test(arguments: [(0, 0.148464), (3, 0.148464), (6, 0.15), (7, 0.15128), (12, 0.151536)])
    func `the adaptive KL coefficient follows the token-sum KL`(kl: Double, expected: Double) {
        var controller = KLController(coefficient: 0.15, adaptation: .init(target: 6, horizon: 10_000))
        controller.update(tokenSumKL: kl, responses: 512)
        #expect(abs(controller.coefficient - expected) < 1e-9)
    }

    @Test func `a fixed KL coefficient stays`() {
        var controller = KLController(coefficient: 0.05)
        controller.update(tokenSumKL: 60, responses: 512)
        #expect(controller.coefficient == 0.05)
    }
}
