public import ArgumentParser
public import LanguageModel

extension WeightPrecision: ExpressibleByArgument {}
