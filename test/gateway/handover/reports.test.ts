import { expect, test } from "@jest/globals";
import { simpleParser } from "mailparser";
import { type Handover, type HandoverId, RELAY } from "../../../src/gateway/handover/ports.js";
import { createHandoverReports } from "../../../src/gateway/handover/reports.js";
import { TransportError } from "../../../src/mail/transports/transport.js";
import { mailOf, START } from "../world.js";

const wishes = {
  ret: "FULL",
  envid: "e+1",
  notify: null,
  orcpt: "rfc822;eve",
  original: "eve@example.com",
} as const;

const relayed: Handover = {
  id: "h1" as HandoverId,
  target: RELAY,
  user: "anna",
  sender: "anna@example.org",
  recipient: "eve@example.com",
  subject: "Hello",
  messageId: "one@client",
  wishes,
  state: "waiting",
  attempts: 3,
  error: null,
  created: START,
  started: START,
  nextAttempt: START,
  warned: false,
};

const refused = new TransportError("550 5.1.1 nobody here\r\nBcc: x", {
  lasting: "permanent",
  about: "mail",
  status: "5.1.1",
});
const away = new TransportError("ECONNREFUSED", { lasting: "temporary", about: "target" });

async function report(kind: "failed" | "delayed" | "relayed", handover: Handover, reason = refused) {
  const appended: string[] = [];
  const reports = createHandoverReports({
    domain: "bm.localhost",
    giveUpAfter: 86_400,
    readSent: () => mailOf("Subject: Hello", "", "the body"),
    append: (_handover, bytes) => appended.push(Buffer.from(bytes).toString("latin1")),
    clock: () => START + 60,
  });
  (await reports[kind](handover, reason))();
  return appended[0] ?? null;
}

test("of a relayed mail: RFC 3464, with what the client asked for", async () => {
  const text = (await report("failed", relayed)) ?? "";
  const parsed = await simpleParser(text);
  expect(parsed.subject).toBe("Not delivered: Hello");
  expect(parsed.text).toMatch(
    /Your mail "Hello" to eve@example\.com was not delivered: 550 5\.1\.1 nobody here/,
  );
  for (const line of [
    "Original-Envelope-Id: e+1",
    "Original-Recipient: rfc822;eve",
    "Final-Recipient: rfc822;eve@example.com",
    "Action: failed",
    "Status: 5.1.1",
    "Auto-Submitted: auto-replied",
    "In-Reply-To: <one@client>",
  ])
    expect(text).toContain(`${line}\r\n`);
  expect(text).toMatch(/Diagnostic-Code: smtp; 550 5\.1\.1 nobody here Bcc: x\r\n/);
  expect(text).toContain("Content-Type: message/rfc822\r\n");
  expect(text).toContain("the body");
});

test("of a delay: temporary, header only, and until when it is tried", async () => {
  const text = (await report("delayed", relayed, away)) ?? "";
  expect(text).toMatch(/Action: delayed\r\nStatus: 4\.4\.1/);
  expect(text).toContain("until Wed, 15 Nov 2023 22:13:20 +0000");
  expect(text).not.toContain("the body");
  expect(await report("failed", relayed, away)).toContain("Status: 5.4.7\r\n");
});

test("NOTIFY is obeyed", async () => {
  const asked = (notify: string[]) => ({ ...relayed, wishes: { ...wishes, notify } });
  expect(await report("failed", asked(["NEVER"]))).toBeNull();
  expect(await report("failed", asked(["DELAY"]))).toBeNull();
  expect(await report("delayed", asked(["FAILURE"]))).toBeNull();
  expect(await report("relayed", relayed)).toBeNull();
  expect(await report("relayed", asked(["SUCCESS"]))).toMatch(/Action: relayed\r\nStatus: 2\.0\.0/);
});

test("of a delivery target: what is wrong, and what to do", async () => {
  const received = { ...relayed, target: "home", sender: "BM-bob@bm.localhost", wishes: null };
  const parsed = await simpleParser((await report("failed", received, away)) ?? "");
  expect(parsed.subject).toBe('Not delivered: mail to "home"');
  expect(parsed.text).toMatch(/delivery target "home": ECONNREFUSED\./);
  expect(parsed.text).toMatch(/also in your mailboxes here/);
  expect(parsed.text).toMatch(/bmbridge delivery retry h1/);
});
