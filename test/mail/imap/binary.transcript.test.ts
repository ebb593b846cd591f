/** BINARY (RFC 3516): parts with their transfer encoding undone, and messages with NUL. */
import { afterEach, beforeEach, describe, expect, test } from "@jest/globals";
import { startTestServer, type TestServer } from "./test-server.js";

let server: TestServer;
beforeEach(async () => {
  server = await startTestServer();
});
afterEach(async () => {
  await server.stop();
  expect(server.errors).toEqual([]);
});

const MESSAGE = [
  "MIME-Version: 1.0",
  "Content-Type: multipart/mixed; boundary=x",
  "",
  "--x",
  "Content-Transfer-Encoding: quoted-printable",
  "",
  "Gr=C3=BC=C3=9Fe=",
  "!",
  "--x",
  "Content-Type: application/octet-stream",
  "Content-Transfer-Encoding: base64",
  "",
  "AAEC/w==",
  "--x",
  "Content-Transfer-Encoding: x-uuencode",
  "",
  "begin",
  "--x",
  "Content-Type: message/rfc822",
  "",
  "Content-Transfer-Encoding: base64",
  "",
  "aGk=",
  "--x--",
  "",
].join("\r\n");
const append = `
      C: x3 APPEND INBOX {${MESSAGE.length}+}
      C~ ${MESSAGE.replaceAll("\r\n", "\\r\\n")}\\r\\n
      S: * 1 EXISTS
      S: * 1 RECENT
      S: x3 OK *`;

describe("FETCH BINARY", () => {
  test("wrong uses", () =>
    server.playInInbox(`${append}
      C: a1 FETCH 1 BINARY
      S: a1 BAD Unknown FETCH item BINARY.
      C: a2 FETCH 1 BINARY[HEADER]
      S: a2 BAD BINARY takes a part number.
      C: a3 FETCH 1 BINARY.PEEK[1.MIME]
      S: a3 BAD *
      C: a4 FETCH 1 BINARY[0]
      S: a4 BAD *
      C: a5 FETCH 1 BINARY.SIZE[1]<0.3>
      S: a5 BAD *
      C: a6 FETCH 1 BINARY[1]<0.0>
      S: a6 BAD *
      C: a7 FETCH 1 BINARY.HEAD[1]
      S: a7 BAD *
      # Nothing is said of a message with a part that cannot be decoded.
      C: a8 FETCH 1 (FLAGS BINARY.PEEK[1] BINARY.PEEK[3])
      S: a8 NO [UNKNOWN-CTE] *
      C: a9 FETCH 1 BINARY.SIZE[3]
      S: a9 NO [UNKNOWN-CTE] *
      C: b1 FETCH 1 (BINARY.PEEK[9] BINARY.SIZE[9] BINARY.PEEK[1.2])
      S: * 1 FETCH (BINARY[9] NIL BINARY.SIZE[9] 0 BINARY[1.2] NIL)
      S: b1 OK *
    `));

  test("the octets of a part; ~ says that there is a NUL among them; sizes are those of what comes", () =>
    server.playInInbox(`${append}
      C: a1 FETCH 1 (BINARY.SIZE[1] BINARY.PEEK[1])
      S: * 1 FETCH (BINARY.SIZE[1] 8 BINARY[1] {8}\\r\\nGr\\xc3\\xbc\\xc3\\x9fe!)
      S: a1 OK *
      C: a2 UID FETCH 1 (binary.peek[2] binary.size[2])
      S: * 1 FETCH (UID 1 BINARY[2] ~{4}\\r\\n\\0\\x01\\x02\\xff BINARY.SIZE[2] 4)
      S: a2 OK *
      C: a3 FETCH 1 (BINARY.PEEK[2]<1.2> BINARY.PEEK[1]<2.100> BINARY.PEEK[1]<50.1>)
      S: * 1 FETCH (BINARY[2]<1> ~{2}\\r\\n\\x01\\x02 BINARY[1]<2> {6}\\r\\n\\xc3\\xbc\\xc3\\x9fe! BINARY[1]<50> {0}\\r\\n)
      S: a3 OK *
      # Within the attached message; and the message and its parts, which have no encoding of their own.
      C: a4 FETCH 1 (BINARY.PEEK[4.1] BINARY.SIZE[4] BINARY.SIZE[])
      S: * 1 FETCH (BINARY[4.1] {2}\\r\\nhi BINARY.SIZE[4] 41 BINARY.SIZE[] ${MESSAGE.length})
      S: a4 OK *
      C: a5 FETCH 1 BINARY.PEEK[]<0.4>
      S: * 1 FETCH (BINARY[]<0> {4}\\r\\nMIME)
      S: a5 OK *
    `));

  test("without PEEK it sets \\Seen and says so", () =>
    server.playInInbox(`${append}
      C: a1 FETCH 1 BINARY.SIZE[1]
      S: * 1 FETCH (BINARY.SIZE[1] 8)
      S: a1 OK *
      C: a2 FETCH 1 BINARY[1]<0.2>
      S: * 1 FETCH (BINARY[1]<0> {2}\\r\\nGr FLAGS (\\Seen \\Recent))
      S: a2 OK *
    `));
});

describe("APPEND of a literal8", () => {
  test("wrong uses", () =>
    server.playInInbox(`
      C: a1 APPEND INBOX ~{0+}
      C: 
      S: a1 NO [CANNOT] *
      C: a2 APPEND INBOX ~5+}
      S: a2 BAD *
      # NUL in a header, and in a body that says that it has none.
      C: a3 APPEND INBOX ~{8+}
      C~ A: \\0\\r\\n\\r\\n\\r\\n
      S: a3 NO [UNKNOWN-CTE] *
      C: a4 APPEND INBOX ~{9+}
      C~ A: b\\r\\n\\r\\n\\0\\r\\n
      S: a4 NO [UNKNOWN-CTE] *
      C: a5 APPEND INBOX {9+}
      C~ A: b\\r\\n\\r\\n\\0\\r\\n
      S: a5 BAD *
      C: a6 SELECT ~{5+}
      C: INBOX
      S: * OK [CLOSED] *
      S: a6 BAD *
    `));

  test("with NUL: other clients are given the part in base64, by BINARY it comes as it was", () =>
    server.playInInbox(`
      C: a1 APPEND INBOX (\\Seen) ~{79}
      S: + OK
      C~ Content-Type: application/x-y\\r\\nContent-Transfer-Encoding: binary\\r\\nA: b\\r\\n\\r\\n\\0\\xff\\0\\r\\n\\x0d\\x0a
      S: * 1 EXISTS
      S: * 1 RECENT
      S: a1 OK [APPENDUID $validity 1] *
      C: a2 FETCH 1 (BODY.PEEK[1] BODYSTRUCTURE BODY.PEEK[HEADER.FIELDS (CONTENT-TRANSFER-ENCODING)])
      S: * 1 FETCH (BODY[1] {8}\\r\\nAP8ADQo= BODYSTRUCTURE ("APPLICATION" "X-Y" NIL NIL NIL "BASE64" 8 NIL NIL NIL NIL) BODY[HEADER.FIELDS (CONTENT-TRANSFER-ENCODING)] {37}\\r\\nContent-Transfer-Encoding: base64\\r\\n\\r\\n)
      S: a2 OK *
      C: a3 FETCH 1 (BINARY.PEEK[1] BINARY.SIZE[1])
      S: * 1 FETCH (BINARY[1] ~{5}\\r\\n\\0\\xff\\0\\r\\n BINARY.SIZE[1] 5)
      S: a3 OK *
    `));

  test("without NUL: octet by octet as it was sent", () =>
    server.playInInbox(`
      C: a1 APPEND INBOX ~{45+}
      C: Content-Transfer-Encoding: binary
      C: 
      C: \\xe4 and so
      S: * 1 EXISTS
      S: * 1 RECENT
      S: a1 OK *
      C: a2 FETCH 1 BODY.PEEK[TEXT]
      S: * 1 FETCH (BODY[TEXT] {8}\\r\\n\\xe4 and so)
      S: a2 OK *
    `));

  test("is BAD where BINARY is not offered", async () => {
    await server.stop();
    server = await startTestServer({ withoutCapabilities: ["BINARY"] });
    await server.playInInbox(`
      C: a1 APPEND INBOX ~{5+}
      C: hello
      S: a1 BAD BINARY is not offered.
      C: a2 FETCH 1:* BINARY.SIZE[1]
      S: a2 BAD *
    `);
  });
});
