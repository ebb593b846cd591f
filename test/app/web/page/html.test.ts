import { describe, expect, test } from "@jest/globals";
import fc from "fast-check";
import { Html, html } from "../../../../src/app/web/page/html.js";
import { qrCode } from "../../../../src/app/web/page/qr-code.js";

describe("templates", () => {
  test("values cannot leave their place", () => {
    const hostile = `"><script>alert(1)</script>&'`;
    expect(html`<a title="${hostile}">${hostile}</a>`.text).toBe(
      '<a title="&quot;&gt;&lt;script&gt;alert(1)&lt;/script&gt;&amp;&#39;">&quot;&gt;&lt;script&gt;alert(1)&lt;/script&gt;&amp;&#39;</a>',
    );
  });

  test("HTML within HTML, lists, and what is nothing", () => {
    expect(html`<p>${[html`<b>${1}</b>`, "<", null, undefined, false]}</p>`).toEqual(
      new Html("<p><b>1</b>&lt;</p>"),
    );
  });

  test("any text: no markup, no way out of quotes", () => {
    fc.assert(
      fc.property(fc.string({ unit: "binary" }), (text) => {
        expect(html`${text}`.text).not.toMatch(/[<>"'\x00]|&(?!(?:amp|lt|gt|quot|#39);)/);
      }),
    );
  });
});

test("a QR code is a path with its text as label", () => {
  const { text } = qrCode("bitmessage:BM-x", 'code "of" x');
  expect(text).toMatch(
    /^<svg class="qr" viewBox="0 0 \d+ \d+" role="img" aria-label="code &quot;of&quot; x"/,
  );
  expect(text).toMatch(/d="M\d+ \d+h1v1h-1z/);
});
