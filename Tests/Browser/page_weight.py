"""How heavy the pages are: what a first visit loads, compressed, besides the texts themselves."""

import gzip

MOST = 150_000


def every_page(test, person):
    """Each kind of page that was visited, in a browser that has loaded nothing before."""
    weights, requests = {}, {}
    for kind, address in sorted(test.watch.accessibility.addresses.items()):
        visitor = person.beside("a first visitor")
        loaded = []
        visitor.page.on("response", lambda response: loaded.append(response))
        with test.watch.expecting(401, 403, 404, 410, 409):
            visitor.page.goto(address, wait_until="load")
        # A page of live events never comes to rest; what it holds by now is what it weighs.
        bodies = [response.body() for response in loaded
                  if response.status == 200 and "event-stream" not in response.headers.get("content-type", "")]
        texts = "".join(visitor.page.evaluate("[...document.querySelectorAll('.text')].map((text) => text.innerHTML)"))
        weights[kind] = sum(len(gzip.compress(body)) for body in bodies) - len(gzip.compress(texts.encode()))
        requests[kind] = len(bodies)
        visitor.close()
    heaviest = max(weights, key=weights.get)
    test.report.check("no page loads more than 150 kB compressed besides its texts", weights[heaviest] <= MOST,
                      f"{len(weights)} kinds of page; the heaviest, {heaviest}, {weights[heaviest] / 1000:.1f} kB in "
                      f"{requests[heaviest]} requests")
