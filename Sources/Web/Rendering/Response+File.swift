import HTTPTypes
import Hummingbird
import NIOCore

extension Response {
    /// A text as a file of its own.
    /// - Parameters:
    ///   - mediaType: without the character set, which is UTF-8.
    ///   - name: under which the browser saves it; nil shows it instead.
    static func file(_ text: String, mediaType: String, savedAs name: String?) -> Response {
        var headers: HTTPFields = [.contentType: "\(mediaType); charset=utf-8", .cacheControl: "no-store"]
        if let name { headers[.contentDisposition] = "attachment; filename=\"\(name)\"" }
        return Response(status: .ok, headers: headers, body: ResponseBody(byteBuffer: ByteBuffer(string: text)))
    }

    /// A plot as a file to keep: SVG, or its numbers as CSV.
    /// - Parameter fileName: without an ending.
    static func plot(_ plot: Plot, isNumbers: Bool, fileName: String) -> Response {
        isNumbers
            ? file(plot.csv, mediaType: "text/csv", savedAs: "\(fileName).csv")
            : file(PlotDrawing(plot).file, mediaType: "image/svg+xml", savedAs: "\(fileName).svg")
    }
}
