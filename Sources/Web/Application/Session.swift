import Crypto
import Foundation
import HTTPTypes
import Hummingbird

/// Names and values of our three cookies. All are HttpOnly, SameSite Lax, and Secure where the public address is.
enum SessionCookie {
    /// Holds the secret of a sign-in: 256 random bits; the store has its SHA-256 only.
    static let session = "plumb_session"
    /// Gives a visitor's forms something to be bound to before there is a session.
    static let visitor = "plumb_visitor"
    /// Carries a one-line message over a redirect.
    static let notice = "plumb_notice"

    /// - Parameter lifetime: nil makes a cookie that ends with the browser.
    static func make(_ name: String, _ value: String, lifetime: Duration?, settings: WebSettings) -> Cookie {
        Cookie(
            name: name, value: value, maxAge: lifetime.map { Int($0.components.seconds) }, path: "/",
            secure: settings.hasSecureCookies, httpOnly: true, sameSite: .lax)
    }

    static func ended(_ name: String, settings: WebSettings) -> Cookie {
        make(name, "", lifetime: .zero, settings: settings)
    }

    /// 256 random bits in URL-safe base 64.
    static func randomSecret() -> String {
        unsafe SymmetricKey(size: .bits256).withUnsafeBytes { unsafe Data($0) }.urlSafeBase64
    }
}

/// The token that every form of a session carries: an HMAC under the session's secret, so that nobody who cannot read
/// the cookie can make one and nothing has to be stored.
enum CSRFToken {
    static func make(secret: String) -> String {
        let code = HMAC<SHA256>.authenticationCode(
            for: Data("plumb form".utf8), using: SymmetricKey(data: Data(secret.utf8)))
        return Data(code).urlSafeBase64
    }

    /// Compares in a time that does not depend on where the two differ.
    static func isEqual(_ given: String, _ expected: String) -> Bool {
        SHA256.hash(data: Data(given.utf8)) == SHA256.hash(data: Data(expected.utf8))
    }
}

extension Data {
    /// nil for what is not URL-safe base 64.
    init?(urlSafeBase64 text: String) {
        var base64 = text.replacingOccurrences(of: "-", with: "+").replacingOccurrences(of: "_", with: "/")
        while base64.count % 4 != 0 { base64.append("=") }
        self.init(base64Encoded: base64)
    }

    var urlSafeBase64: String {
        let bytes: [UInt8] = base64EncodedData().compactMap { byte in
            switch byte {
            case UInt8(ascii: "+"): UInt8(ascii: "-")
            case UInt8(ascii: "/"): UInt8(ascii: "_")
            case UInt8(ascii: "="): nil
            default: byte
            }
        }
        return String(decoding: bytes, as: UTF8.self)
    }
}

extension Response {
    /// A redirect after a form (303) that shows `notice` on the next page.
    static func redirect(to path: String, notice: String, settings: WebSettings) -> Response {
        var response = Response.redirect(to: path)
        let value = Data(notice.utf8).urlSafeBase64
        response.setCookie(SessionCookie.make(SessionCookie.notice, value, lifetime: .seconds(60), settings: settings))
        return response
    }
}
