import { describe, expect, test } from "@jest/globals";
import fc from "fast-check";
import { dav, node, writeXml, type XmlElement, type XmlNode } from "../../../src/mail/carddav/xml.js";
import { parseXml } from "../../../src/mail/carddav/xml-parser.js";

const parse = (text: string): XmlElement => parseXml(new TextEncoder().encode(text));
const shape = ({ namespace, name, children, text }: XmlElement): unknown => ({
  namespace,
  name,
  text,
  children: children.map(shape),
});

describe("what is not taken", () => {
  test.each([
    ["a document type", '<!DOCTYPE a [<!ENTITY b "c">]><a>&b;</a>'],
    ["a billion laughs", '<!DOCTYPE l [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;">]><l>&b;</l>'],
    ["an external entity", '<!DOCTYPE a SYSTEM "file:///etc/passwd"><a/>'],
    ["an entity that nobody declared", "<a>&nbsp;</a>"],
    ["a document type within", "<a><!DOCTYPE b></a>"],
    ["a processing instruction", "<a><?php echo 1 ?></a>"],
    ["a style sheet", '<?xml-stylesheet href="http://evil.example"?><a/>'],
    ["a lone ampersand", "<a>b & c</a>"],
    ["an unknown prefix", "<d:a/>"],
    ["an unknown prefix of an attribute", '<a d:b="1"/>'],
    ["end tags in the wrong order", "<a><b></a></b>"],
    ["no end", "<a><b>"],
    ["two roots", "<a/><b/>"],
    ["text behind", "<a/>x"],
    ["nothing", ""],
    ["an attribute twice", '<a b="1" b="2"/>'],
    ["an attribute without quotes", "<a b=1/>"],
    ["< in an attribute", '<a b="<"/>'],
    ["a NUL", "<a>\0</a>"],
    ["a reference to NUL", "<a>&#0;</a>"],
    ["a reference to half a pair", "<a>&#xd800;</a>"],
    ["a reference beyond Unicode", "<a>&#x110000;</a>"],
    ["a comment without end", "<a><!-- </a>"],
    ["another encoding", '<?xml version="1.0" encoding="utf-16"?><a/>'],
    ["the prefix xmlns", '<a xmlns:xmlns="x"/>'],
  ])("%s", (_what, text) => {
    expect(() => parse(text)).toThrow(expect.objectContaining({ name: "XmlError" }));
  });

  test("octets that are not UTF-8", () => {
    expect(() => parseXml(Uint8Array.of(0x3c, 0x61, 0x2f, 0x3e, 0xff))).toThrow("not UTF-8");
  });

  test("depth, elements and attributes without end, quickly", () => {
    expect(() => parse("<a>".repeat(100_000))).toThrow("nested too deeply");
    expect(() => parse(`<a>${"<b/>".repeat(60_000)}</a>`)).toThrow("too many elements");
    const attributes = Array.from({ length: 100 }, (_, index) => ` a${index}="1"`).join("");
    expect(() => parse(`<a${attributes}/>`)).toThrow("too many attributes");
  });
});

describe("what is taken", () => {
  test("namespaces, defaults and their scope", () => {
    const root = parse(
      '<?xml version="1.0" encoding="UTF-8"?>\n<a xmlns="DAV:"><x:b xmlns:x="y"><c/></x:b><d xmlns=""/></a>\n',
    );
    expect(shape(root)).toEqual({
      namespace: "DAV:",
      name: "a",
      text: "",
      children: [
        {
          namespace: "y",
          name: "b",
          text: "",
          children: [{ namespace: "DAV:", name: "c", text: "", children: [] }],
        },
        { namespace: "", name: "d", text: "", children: [] },
      ],
    });
  });

  test("references, CDATA, comments, ends of lines", () => {
    expect(parse("<a>1 &lt;&amp;&#x41;&#66;<!-- no -->\r\n<![CDATA[<b>&amp;]]></a>").text).toBe(
      "1 <&AB\n<b>&amp;",
    );
    expect(parse(`<a b='"' c="&quot;&#10;x\ny"/>`).attributes).toEqual(
      new Map([
        ["b", '"'],
        ["c", '"\nx y'],
      ]),
    );
  });

  test("a name like a member of every object is nothing special", () => {
    expect(parse("<a><__proto__/>x</a>").children[0]?.name).toBe("__proto__");
    expect(() => parse("<a>&constructor;</a>")).toThrow();
    expect(() => parse("<a>&toString;</a>")).toThrow();
  });
});

const name = fc.stringMatching(/^[a-z][a-z0-9-]{0,8}$/);
const { tree } = fc.letrec<{ tree: XmlNode }>((tie) => ({
  tree: fc.record({
    namespace: fc.constantFrom("DAV:", "urn:ietf:params:xml:ns:carddav", 'strange:"&'),
    name,
    content: fc.array(
      fc.oneof({ maxDepth: 3 }, fc.string({ unit: "binary" }), tie("tree") as fc.Arbitrary<XmlNode>),
      {
        maxLength: 4,
      },
    ),
  }),
}));

/** What the parser should see of what was written. */
function expected({ namespace, name: own, content }: XmlNode): unknown {
  const text = content.filter((one): one is string => typeof one === "string").join("");
  return {
    namespace,
    name: own,
    text: text.replace(/[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]/g, "\ufffd"),
    children: content.filter((one): one is XmlNode => typeof one !== "string").map(expected),
  };
}

test("whatever is written is read again", () => {
  fc.assert(
    fc.property(tree, (root) => {
      expect(shape(parse(writeXml(root)))).toEqual(expected(root));
    }),
  );
});

test("any text, and any damage to a document, is read or refused in words", () => {
  const written = writeXml(dav("multistatus", dav("response", "a & b"), node("x", "y", "]]>")));
  fc.assert(
    fc.property(fc.string({ unit: "binary" }), fc.nat(written.length), fc.nat(5), (text, at, drop) => {
      for (const one of [text, `${written.slice(0, at)}${text}${written.slice(at + drop)}`]) {
        try {
          parse(one);
        } catch (error) {
          expect((error as Error).name).toBe("XmlError");
        }
      }
    }),
  );
});

test("prefixes in force at one place are limited: each element that declares one copies them", () => {
  const declare = (from: number) =>
    Array.from({ length: 30 }, (_, number) => ` xmlns:p${from + number}="u"`).join("");
  expect(() => parse(`<a${declare(0)}><b${declare(30)}/></a>`)).not.toThrow();
  expect(() => parse(`<a${declare(0)}><b${declare(30)}><c${declare(60)}/></b></a>`)).toThrow(/namespaces/);
});

test("elements of no namespace, and of XML's own, come back", () => {
  const written = writeXml(dav("prop", node("", "x"), node("http://www.w3.org/XML/1998/namespace", "y")));
  const { children } = parse(written);
  expect(children.map(({ namespace, name }) => [namespace, name])).toEqual([
    ["", "x"],
    ["http://www.w3.org/XML/1998/namespace", "y"],
  ]);
});
