import Policy
import SeededRandom
import Testing

@Suite struct StopStringsTests {
    @Test func `every way of cutting a text into pieces gives the same text before the stop`() {
        let text = "one two\n\nUser: three\n\nUsher: four"
        var random = SplitMix64(seed: 4)
        for (stops, expected) in [
            (["\n\nUser:"], "one two"), (["Usher"], "one two\n\nUser: three\n\n"),
            (["four!", "fou"], "one two\n\nUser: three\n\nUsher: "),
            (["nothing"], text), ([], text), (["\n\nUsher", "\n\nUs"], "one two"),
        ] {
            for _ in 0..<50 {
                var reader = StopStrings(stops)
                var found = ""
                var rest = Substring(text)
                while !rest.isEmpty {
                    let piece = rest.prefix(1 + random.nextIndex(below: 6))
                    found += reader.append(String(piece))
                    rest = rest.dropFirst(piece.count)
                }
                found += reader.finish()
                #expect(found == expected)
                #expect(reader.stopped == (expected != text))
            }
        }
    }

    @Test func `text that cannot be the beginning of a stop is given out at once`() {
        var reader = StopStrings(["STOP"])
        #expect(reader.append("abc") == "abc")
        #expect(reader.append("deST") == "de")
        #expect(reader.append("x") == "STx")
    }
}
