import { expect, test } from "@jest/globals";
import fc from "fast-check";
import { baseSubject } from "../../../src/mail/mime/base-subject.js";

test("base subjects (RFC 5256 section 2.1)", () => {
  const cases: [string, string, string][] = [
    ["Hello", "hello", "first"],
    ["Re: Hello", "hello", "reply"],
    ["RE : [list]  Hello", "hello", "reply"],
    ["[list] Re[2]: Fwd: Hello (fwd)", "hello", "reply"],
    ["[Fwd: Re: Hello]", "hello", "reply"],
    ["[list] Hello", "hello", "first"],
    ["[only]", "[only]", "first"],
    ["Research: x", "research: x", "first"],
    ["Re:", "", "reply"],
    ["", "", "first"],
    ["(fwd) (FWD)", "", "reply"],
    ["[a] [b] text", "text", "first"],
    ["[a] [b]", "[b]", "first"],
    ["[fwd: x] [y]", "[y]", "first"],
    ["re: [fwd: [fwd: re: [fwd: babylon]]]", "babylon", "reply"],
    ["Ad: Re: x", "ad: re: x", "first"],
    ["[[odd] Re: x", "[[odd] re: x", "first"],
  ];
  for (const [subject, base, kind] of cases)
    expect([subject, baseSubject(subject)]).toEqual([subject, { base, kind }]);
});

test("of anything: never throws, and has no base subject but itself", () => {
  fc.assert(
    fc.property(
      fc.array(fc.constantFrom("re", "fwd", ":", "[", "]", " ", "(fwd)", "[fwd:", "x", "\t")),
      (parts) => {
        const { base } = baseSubject(parts.join(""));
        expect(baseSubject(base).base).toBe(base);
      },
    ),
  );
});
