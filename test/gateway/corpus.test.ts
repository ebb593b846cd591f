import { describe, expect, test } from "@jest/globals";
import { expectArrival } from "../support/mail/arrival.js";
import { mailCorpus } from "../support/mail/corpus.js";
import { TwoBridges } from "../support/mail/crossing.js";
import { NAMED } from "../support/mail/differences.js";

const corpus = mailCorpus();

test("the corpus: at least 300 mails, no two of one name, differences by their names", () => {
  expect(corpus.length).toBeGreaterThanOrEqual(300);
  expect(new Set(corpus.map(({ name }) => name)).size).toBe(corpus.length);
  for (const { differences } of corpus) for (const one of differences) expect(NAMED).toHaveProperty([one]);
});

describe("from one bridge to another nothing differs but what is meant to", () => {
  const bridges = new TwoBridges();
  test.each(corpus.map((mail) => [mail.name, mail] as const))("%s", async (_name, mail) => {
    const { arrival } = mail;
    const crossing = await bridges.cross(mail.bytes);
    if (arrival.as === "refused") {
      expect(crossing).toMatchObject({ kind: "refused", code: arrival.code });
      return;
    }
    if (crossing.kind !== "arrived") throw new Error(crossing.text);
    await expectArrival(mail, crossing.sent, crossing.mail);
    // What others read who do not look at the sender's form.
    if (arrival.as === "text") expect(crossing.content.body.replaceAll("\0", "\ufffd")).toBe(arrival.text);
  });
});
