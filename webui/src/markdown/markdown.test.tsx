import { renderToStaticMarkup } from "react-dom/server";
import { describe, expect, test } from "vitest";
import { Markdown } from "./markdown.tsx";
import { decodeReferences, toPlainOutput } from "./plain-text.ts";
import { imageSource, safeLink } from "./safe-link.ts";

/** Markup without class names and icons, which say nothing about the text. */
const html = (text: string): string =>
  renderToStaticMarkup(<Markdown text={text} />)
    .replace(/ class="[^"]*"/g, "")
    .replace(/<svg[\s\S]*?<\/svg>/g, "")
    .replace(/^<div>|<\/div>$/g, "");

describe("Markdown", () => {
  test.each([
    [
      "Hi **bold** *em* ~~del~~ `code<b>`",
      "<p>Hi <strong>bold</strong> <em>em</em> <del>del</del> <code>code&lt;b&gt;</code></p>",
    ],
    ["# One\n\n## Two\n\n### Three", "<h3>One</h3><h4>Two</h4><h5>Three</h5>"],
    ["- a\n- b\n  1. c", '<ul><li>a</li><li>b<ol start="1"><li>c</li></ol></li></ul>'],
    ["3. c\n4. d", '<ol start="3"><li>c</li><li>d</li></ol>'],
    ["- [x] done\n- [ ] open", "<ul><li>☑ done</li><li>☐ open</li></ul>"],
    ["> said\n\n---", "<blockquote><p>said</p></blockquote><hr/>"],
    ["a  \nb \\* &amp; &copy; &#65;", "<p>a<br/>b * &amp; © A</p>"],
    [
      "```ts\nlet a = '<b>';\n```",
      '<figure tabindex="0" aria-label="Code, ts"><span>ts</span><pre><code>let a = &#x27;&lt;b&gt;&#x27;;</code></pre></figure>',
    ],
    [
      "| a | b |\n|---|:-:|\n| 1 | **2** |",
      '<figure tabindex="0" aria-label="Table"><table><thead><tr><th scope="col">a</th><th scope="col">b</th></tr></thead><tbody><tr><td>1</td><td><strong>2</strong></td></tr></tbody></table></figure>',
    ],
    [
      "[docs](https://a.test/x)",
      '<p><a href="https://a.test/x" target="_blank" rel="noreferrer noopener">docs</a><span> (a.test)</span></p>',
    ],
    [
      "https://a.test/x",
      '<p><a href="https://a.test/x" target="_blank" rel="noreferrer noopener">https://a.test/x</a></p>',
    ],
  ])("Markdown draws %j", (text, expected) => {
    expect(html(text)).toBe(expected);
  });

  test.each([
    ["<script>alert(1)</script>"],
    ['<img src="https://evil.test/x.png" onerror="alert(1)">'],
    ['before <iframe src="https://evil.test"></iframe> <a href="javascript:alert(1)">x</a> <svg onload=alert(1)>'],
    ["![chart](https://evil.test/c.png?q=secret)"],
    ["![ref][1]\n\n[1]: //evil.test/c.png"],
    ['<div style="position:fixed">Approve</div>\n\n<form action="https://evil.test"><button>Approve</button></form>'],
    ["[x](javascript:alert(1)) [y](data:text/html,<script>alert(1)</script>) [z](vbscript:x) [w](/auth/exchange)"],
    ["[x](<javascript:alert(1)>) <javascript:alert(1)>"],
  ])("Markdown makes nothing that loads, runs or submits of %j", (text) => {
    const drawn = html(text);
    expect(drawn).not.toMatch(/<(?:img|script|iframe|svg|form|button|link|style|object|embed|video|audio|source)\b/i);
    expect(drawn).not.toMatch(/<[^>]*\s(?:style|src|srcset|on\w+)=/i);
    for (const [, href] of drawn.matchAll(/href="([^"]*)"/g)) expect(href).toMatch(/^(?:https?|mailto):/);
  });

  test("Markdown puts a chip with the host where a remote image would be", () => {
    expect(html("![chart](https://evil.test/c.png?q=secret)")).toBe(
      "<p><span>Image from evil.test not loaded: chart</span></p>",
    );
  });

  test("Markdown shows an address that must not be opened, instead of hiding it", () => {
    expect(html("[pay](javascript:alert(1))")).toBe("<p>pay <span>(javascript:alert(1))</span></p>");
  });

  test("Markdown shows tags as they are written", () => {
    expect(html("a <b>c</b>")).toBe("<p>a &lt;b&gt;c&lt;/b&gt;</p>");
  });
});

describe("safeLink()", () => {
  test.each([
    ["https://a.test:8443/x?y#z", { href: "https://a.test:8443/x?y#z", host: "a.test:8443" }],
    ["mailto:me@a.test", { href: "mailto:me@a.test", host: "me@a.test" }],
    ["https://safe.test@evil.test/", { href: "https://safe.test@evil.test/", host: "evil.test" }],
    [" JaVaScRiPt:alert(1)", undefined],
    ["java\nscript:alert(1)", undefined],
    ["//evil.test", undefined],
    ["/auth/exchange", undefined],
    ["", undefined],
  ])("safeLink() of %j is %j", (href, expected) => {
    expect(safeLink(href)).toEqual(expected);
  });
});

describe("imageSource()", () => {
  test.each([
    ["https://evil.test/x.png", "evil.test"],
    ["//evil.test/x.png", "evil.test"],
    ["/x.png", "this server"],
    ["data:image/png;base64,AA", "the text itself"],
    ["http://", "an unreadable address"],
  ])("imageSource() of %j is %j", (src, expected) => {
    expect(imageSource(src)).toBe(expected);
  });
});

describe("plain text", () => {
  test.each([
    ["&lt;&#x1f600;&#65;&nope;&amp", "<😀A&nope;&amp"],
    ["&#0;&#xd800;&#x110000;", "\ufffd\ufffd\ufffd"],
  ])("decodeReferences() of %j is %j", (text, expected) => {
    expect(decodeReferences(text)).toBe(expected);
  });

  test.each([
    ["\u001b[31mred\u001b[0m \u001b]8;;https://evil.test\u0007link\u001b]8;;\u0007", "red link"],
    ["10%\r50%\r\ndone", "10%\n50%\ndone"],
    ["user\u202egnp.exe", "user⟨U+202E⟩gnp.exe"],
    ["a\u0000b\tc\u009b", "a\ufffdb\tc\ufffd"],
  ])("toPlainOutput() of %j is %j", (output, expected) => {
    expect(toPlainOutput(output)).toBe(expected);
  });
});
