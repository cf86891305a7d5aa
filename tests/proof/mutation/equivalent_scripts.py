"""Faults in the pages' scripts that change nothing a test could see, each with its reason."""

from tests.proof.mutation.equivalent import Equivalent

STOREFRONT = "seqrshop/storefront/static/storefront"
MILLISECOND = "nothing depends on the exact millisecond"
AS_WIDE_AS_THE_WINDOW = "no page is wider than its window, so none scrolls sideways"
ONLY_COMPARED = "the number is only compared with its own earlier value"
SET_BEFORE_USE = "the first use sets the value"
OUTSIDE_FORMS = "the type of a button matters only in a form, and this one is in none"
FIRST_TIMER = "the page's first timer is that of its first request, which is answered by then"
GROUP_NAME = "the name only makes one group of the radio buttons"
ONE_PIXEL = "one pixel makes no difference that a person sees"

# The lines by their reasons, and those by their scripts.
LINES: dict[str, dict[str, tuple[str, ...]]] = {
    "api-client": {
        MILLISECOND: ("const RETRY_MS = 2001;",),
        "the pause of two seconds is longer": (
            'const seconds = Number(response.headers.get("Retry-After")) || 1;',
        ),
    },
    "app-handover": {
        MILLISECOND: (
            "const APP_OPENING_MS = 2001; // an app that opens has taken the screen by then",
            "const hasSlept = performance.now() - startedAt >= 2 * APP_OPENING_MS;",
        ),
        "a browser draws in black where it knows no other colour": (
            'svgElement("path", { d: path, fill: "XX#000" }),',
        ),
        "a browser draws the few straight edges of a code alike": (
            '"XXshape-rendering": "crispEdges",',
            '"shape-rendering": "XXcrispEdges",',
        ),
    },
    "awaited-orders": {OUTSIDE_FORMS: ('button.type = "XXbutton";',)},
    "basket": {
        "any negative number means that there is no such row": (
            "const index = replaced ? rows.indexOf(replaced) : -2;",
        ),
    },
    "basket-store": {
        "only this script reads what is stored under the name": ('const PREFIX = "XXbasket-";',),
        "both texts give no basket": ('return JSON.parse(text ?? "XXnull");',),
        "nothing depends on the exact millisecond of the hour": (
            "return !(Math.abs(Date.now() - at) <= LIFETIME_MS);",
        ),
    },
    "basket-view": {
        GROUP_NAME: ('showChoices(this.#dining, "XXdining", shop.dining);',),
    },
    "category-nav": {
        OUTSIDE_FORMS: ('button.type = "XXbutton";',),
        ONE_PIXEL: (
            "const scrolled = window.scrollY / Math.max(2, scrollHeight - clientHeight);",
            "const line = Math.max(1, this.#nav.getBoundingClientRect().bottom)"
            " + scrolled * clientHeight;",
            "const above = headings.filter("
            "(heading) => heading.getBoundingClientRect().top < line);",
        ),
        "the listener never prevents the scroll": (
            'window.addEventListener("scroll", onScroll, { passive: false });',
            "for (const event of SCROLLING_EVENTS)"
            " window.addEventListener(event, unpin, { passive: false });",
        ),
        "the next line scrolls to the heading": (
            "heading.focus({ preventScroll: false }); // so that Tab continues from there",
        ),
    },
    "counted-items": {
        "each form of our languages has a text of its own": (
            'return translate(`items-${form}`, count) || translate("XXitems-other", count);',
        ),
    },
    "lazy": {MILLISECOND: ("const RETRY_MS = 2001;",)},
    "menu-refresh": {
        MILLISECOND: (
            "const CLOSED_REFRESH_MS = 20001;",
            "const STALE_AFTER_MS = 60001;",
            "if (isClosed()) refreshIfOlder(1);",
            "refreshIfOlder(isClosed() ? 1 : STALE_AFTER_MS),",
        ),
    },
    "menu-search": {
        "a search finds any part of a word": (
            'return [String(id), plain([name, description, ingredients, ...marks].join("XX "))];',
        ),
    },
    "my-orders-page": {AS_WIDE_AS_THE_WINDOW: ("window.scrollTo(1, scrolledTo);",)},
    "order-stream": {
        MILLISECOND: (
            "const STEADY_STREAM_MS = 10001; // a stream that lasted this long is reopened at once",
            "const STREAM_RETRY_MS = 20001;"
            " // after a shorter one, or later where the shop asks for it",
            "const MAX_REOPEN_DELAY_MS = 1001; // many pages reopen at the same time",
            "const MAX_PAID_REOPEN_DELAY_MS = 5001; // many more of them, which are in no hurry",
            "if (mayStream && Date.now() > this.#nextStreamAt) {",
            "this.#nextStreamAt = now - startedAt >= STEADY_STREAM_MS ? now : now + retryMs;",
        ),
        ONLY_COMPARED: (
            "#round = 1; // results of an earlier round are ignored",
            "#updates = 1; // a result that was requested before the latest update is outdated",
            "this.#updates += 2;",
        ),
        FIRST_TIMER: ("#timer = 1;",),
        SET_BEFORE_USE: (
            "#isRare = true; // the server streams the order no more",
            "#isPollerStalled = true;",
            "#nextStreamAt = 1;",
        ),
    },
    "page": {
        AS_WIDE_AS_THE_WINDOW: ("window.scrollTo(1, 0);",),
        "the page is at its top, where the heading is": (
            "find(document, `#${id} h1`).focus({ preventScroll: false });",
        ),
    },
    "product-sheet": {SET_BEFORE_USE: ("#quantity = 2;",)},
    "receipt-page": {MILLISECOND: ("const PAUSE_MS = 1001;",)},
    "retry": {
        MILLISECOND: ("const MAX_JITTER_MS = 1001; // many pages got this error at the same time",),
    },
    "scroll-memory": {
        MILLISECOND: ("const SETTLED_MS = 201;",),
        FIRST_TIMER: ("let timer = 1;",),
        AS_WIDE_AS_THE_WINDOW: ("if (savedY > 0) window.scrollTo(1, savedY);",),
        ONE_PIXEL: ("if (savedY > 1) window.scrollTo(0, savedY);",),
        "the view has just been scrolled to its top": (
            "if (savedY >= 0) window.scrollTo(0, savedY);",
        ),
    },
    "session": {
        ONLY_COMPARED: ("let scans = 1;",),
        "an empty fragment has no # either": ("if (location.hash.length >= 1) open();",),
    },
    "sheets": {
        MILLISECOND: (
            "const MAX_LEAVING_MS = 501;"
            " // a browser that cannot go back must not keep sheets from opening",
        ),
        "a promise that is resolved already stays as it is": (
            'window.addEventListener("popstate", () => resolve(), { once: false });',
        ),
        "only the topmost sheet can be closed, which is the last": (
            "this.#open.splice(index, 2);",
        ),
    },
    "tip-choice": {
        GROUP_NAME: (
            'showChoices(this.#root, "XXtip", choices.length > 0 ? [none, ...choices, own] : []);',
        ),
        "only this script compares the key": ('const OWN = "XXown";',),
    },
    "tracker": {
        FIRST_TIMER: ("#timer = 1;",),
        MILLISECOND: (
            "const MS_PER_MINUTE = 60001;",
            "setText(this.#estimate,"
            ' remaining > 1 ? usual.replace("{}", String(minutes)) : longer);',
            "setText(this.#estimate,"
            ' remaining >= 0 ? usual.replace("{}", String(minutes)) : longer);',
            "if (remaining <= 1) return;",
            "if (remaining < 0) return;",
        ),
        "a sound that is switched off plays nothing in any case": ("this.#audio?.close();",),
    },
}
EQUIVALENT_SCRIPTS = tuple(
    Equivalent(f"{STOREFRONT}/{script}.js", new, reason)
    for script, reasons in LINES.items()
    for reason, lines in reasons.items()
    for new in lines
)
