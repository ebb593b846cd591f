import { describe, expect, test } from "@jest/globals";
import fc from "fast-check";
import { MalformedCall, type RpcValue } from "../../../src/app/api/values.js";
import { readXmlRpcCall, writeXmlRpcFault, writeXmlRpcResult } from "../../../src/app/api/xml-rpc.js";

const bytes = (text: string) => new TextEncoder().encode(text);

function call(params: string): Uint8Array {
  return bytes(`<?xml version='1.0'?>\n<methodCall>\n<methodName>x</methodName>\n${params}</methodCall>\n`);
}

function readOne(xml: string): RpcValue | undefined {
  return readXmlRpcCall(call(`<params><param><value>${xml}</value></param></params>`)).parameters[0];
}

/** What an answer's value is to whoever reads it: the same grammar as that of a call. */
function readBack(value: RpcValue): RpcValue | undefined {
  const content = /<methodResponse>(.*)<\/methodResponse>/s.exec(writeXmlRpcResult(value))?.[1] ?? "";
  return readXmlRpcCall(call(content)).parameters[0];
}

const text = fc
  .string({ unit: "binary" })
  .filter((one) => !/[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]/.test(one));
const value = fc.letrec<{ value: RpcValue }>((tie) => ({
  value: fc.oneof(
    { depthSize: "small", maxDepth: 4 },
    text,
    fc.boolean(),
    fc.constant(null),
    fc.maxSafeInteger(),
    fc.double({ noNaN: true, noDefaultInfinity: true }).filter((one) => !Object.is(one, -0)),
    fc.uint8Array(),
    fc.array(tie("value"), { maxLength: 4 }),
    fc.dictionary(
      text.filter((name) => name !== "__proto__"),
      tie("value"),
      { maxKeys: 4 },
    ),
  ),
})).value;

describe("XML-RPC", () => {
  test("what is written is read again", () => {
    fc.assert(
      fc.property(value, (one) => {
        expect(readBack(one)).toEqual(structuredClone(one));
      }),
    );
  });

  test("any text makes a well-formed answer", () => {
    fc.assert(fc.property(fc.string({ unit: "binary" }), (one) => typeof readBack(one) === "string"));
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 0, max: 0xffff }), { maxLength: 20 }), (units) => {
        expect(typeof readBack(String.fromCharCode(...units))).toBe("string");
      }),
    );
  });

  test("a call as Python writes it", () => {
    const parameters = `<params>
<param>
<value><string>BM-x &amp; co</string></value>
</param>
<param>
<value><int>-7</int></value>
</param>
<param>
<value>bare</value>
</param>
<param>
<value><nil/></value></param>
</params>
`;
    expect(readXmlRpcCall(call(parameters))).toEqual({
      method: "x",
      parameters: ["BM-x & co", -7, "bare", null],
    });
    expect(readXmlRpcCall(call(""))).toEqual({ method: "x", parameters: [] });
  });

  test("each type", () => {
    expect(readOne("<i4>+12</i4>")).toBe(12);
    expect(readOne("<boolean>1</boolean>")).toBe(true);
    expect(readOne("<double>1e3</double>")).toBe(1000);
    expect(readOne("<base64>aGk=</base64>")).toEqual(bytes("hi"));
    expect(readOne("<array><data><value>a</value></data></array>")).toEqual(["a"]);
    expect(readOne("<struct><member><name>n</name><value><int>1</int></value></member></struct>")).toEqual({
      n: 1,
    });
  });

  test.each([
    ["a document type", '<!DOCTYPE x [<!ENTITY a "b">]><methodCall><methodName>x</methodName></methodCall>'],
    ["an entity", "<methodCall><methodName>&a;</methodName></methodCall>"],
    ["another document", "<html></html>"],
    ["no method", "<methodCall></methodCall>"],
    ["two methods", "<methodCall><methodName>a</methodName><methodName>b</methodName></methodCall>"],
    ["nothing", ""],
  ])("%s is refused", (_name, xml) => {
    expect(() => readXmlRpcCall(bytes(xml))).toThrow(MalformedCall);
  });

  test.each([
    "<int>x</int>",
    "<int></int>",
    "<int>99999999999999999999</int>",
    "<boolean>true</boolean>",
    "<double>NaN</double>",
    "<double></double>",
    "<other>1</other>",
    "<int>1</int><int>2</int>",
    "<string><b>1</b></string>",
    "<array></array>",
    "<array><data><int>1</int></data></array>",
    "<struct><member><name>a</name></member></struct>",
    `${"<array><data><value>".repeat(20)}x${"</value></data></array>".repeat(20)}`,
  ])("the value %s is refused", (xml) => {
    expect(() => readOne(xml)).toThrow(MalformedCall);
  });

  test("whatever the octets, only MalformedCall is thrown", () => {
    const piece = fc.constantFrom(
      "<methodCall>",
      "<methodName>",
      "</",
      "<value>",
      "<int>",
      "&#0;",
      "x",
      ">",
      "<!--",
    );
    const hostile = fc.oneof(
      fc.uint8Array(),
      fc.array(piece).map((pieces) => bytes(pieces.join(""))),
    );
    fc.assert(
      fc.property(hostile, (octets) => {
        try {
          readXmlRpcCall(octets);
        } catch (error) {
          expect((error as Error).name).toBe("MalformedCall");
        }
      }),
    );
  });

  test.each(["constructor", "toString", "__proto__", "hasOwnProperty"])(
    "a type called %s is none",
    (type) => {
      const call = `<methodCall><methodName>x</methodName><params><param><value><${type}>1</${type}></value></param></params></methodCall>`;
      expect(() => readXmlRpcCall(bytes(call))).toThrow(/type that is not known/);
    },
  );

  test("a fault", () => {
    expect(writeXmlRpcFault(20, "Invalid method: <x>")).toContain(
      "<name>faultCode</name><value><int>20</int></value></member><member><name>faultString</name><value><string>Invalid method: &lt;x&gt;</string>",
    );
  });
});
