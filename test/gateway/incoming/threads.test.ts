import { beforeEach, describe, expect, test } from "@jest/globals";
import fc from "fast-check";
import { excerptOf, quotedBlocks, quotedOf } from "../../../src/gateway/incoming/quotes.js";
import {
  answerAbove,
  answerBelow,
  Conversation,
  headerOf,
  type Shown,
  threadsByReferences,
  threadsByThunderbird,
} from "../../support/mail/conversation.js";
import { addressOf, createWorld, identityOf, type World } from "../world.js";

let world: World;
let talk: Conversation;
beforeEach(() => {
  world = createWorld();
  talk = new Conversation(world);
});

const bob = addressOf("bob");
const carol = addressOf("carol");

/** By both ways, over all folders and within INBOX alone, and that the mails of a thread are these. */
async function expectThreads(
  folders: readonly string[],
  expected: readonly (readonly number[])[],
): Promise<void> {
  const mails = talk.mails(folders);
  expect(threadsByThunderbird(mails)).toEqual(expected);
  expect((await threadsByReferences(mails)).sort((a, b) => a[0]! - b[0]!)).toEqual(expected);
}

const said = (subject: string, body: string): Shown => ({ subject, body });

describe.each([
  ["above", answerAbove],
  ["below", answerBelow],
])("with somebody on PyBitmessage, who sends no ids and answers %s what he quotes", (_where, answer) => {
  test("a whole conversation that she begins is one thread, each mail under the one it answers", async () => {
    const sent: Shown[] = [
      await talk.send(
        bob,
        said(
          "Lunch on Friday?",
          "At the usual place, or somewhere new that I have not been to before, if you know one?",
        ),
        null,
      ),
    ];
    const parents: string[] = [];
    for (let turn = 0; turn < 4; turn++) {
      const answered = await talk.receive(bob, answer(sent.at(-1)!, `Answer ${turn}`));
      parents.push(headerOf(answered).references.at(-1)!);
      const quoted = answered
        .slice(answered.indexOf("\r\n\r\n") + 4)
        .split("\r\n")
        .map((line) => `> ${line}`);
      sent.push(
        await talk.send(bob, said("Re: Lunch on Friday?", `${quoted.join("\n")}\nReply ${turn}`), answered),
      );
    }
    expect(parents).toEqual(["sent1@client", "sent3@client", "sent5@client", "sent7@client"]);
    await expectThreads(["Sent", "INBOX"], [[0, 1, 2, 3, 4, 5, 6, 7, 8]]);
    await expectThreads(["INBOX"], [[0, 1, 2, 3]]);
  });

  test("a conversation that he begins, with two mails in a row", async () => {
    const first = said("Plan", "We should talk about it.\n");
    const begun = await talk.receive(bob, first);
    await talk.receive(bob, answer(first, "And one thing more."));
    const reply = await talk.send(bob, said("Re: Plan", "Yes, let us."), begun);
    const last = await talk.receive(bob, answer(reply, "Tomorrow"));
    expect(headerOf(last).references).toEqual([headerOf(begun).id, "sent3@client"]);
    await expectThreads(["INBOX", "Sent"], [[0, 1, 2, 3]]);
  });

  test("two conversations of one subject: what is quoted tells them apart", async () => {
    const one = await talk.send(bob, said("Question", "How tall is the tower of the town hall?"), null);
    const two = await talk.send(bob, said("Question", "Where has the old bicycle gone?"), null);
    const answers = [
      await talk.receive(bob, answer(one, "Tall.")),
      await talk.receive(bob, answer(two, "Stolen.")),
    ];
    expect(answers.map((one) => headerOf(one).references)).toEqual([["sent1@client"], ["sent2@client"]]);
    const again = await talk.receive(bob, answer(one, "Very tall."));
    expect(headerOf(again).references).toEqual(["sent1@client"]);
    expect(threadsByThunderbird(talk.mails(["Sent", "INBOX"]))).toEqual([
      [0, 2, 4],
      [1, 3],
    ]);
  });

  test("a subject that he has changed: the quote holds the thread", async () => {
    const question = await talk.send(
      bob,
      said("Old subject", "Something that is long enough to be quoted."),
      null,
    );
    const answered = await talk.receive(bob, {
      ...answer(question, "yes"),
      subject: "Something new",
    });
    expect(headerOf(answered).references).toEqual(["sent1@client"]);
  });

  test("a quote that he has cut to one passage", async () => {
    await talk.send(
      bob,
      said(
        "Two things",
        "The first thing is about apples.\n\nThe second thing is about oranges and their price.",
      ),
      null,
    );
    await talk.send(bob, said("Two things", "Forget it."), null);
    const answered = await talk.receive(
      bob,
      said("Re: Two things", "> The second thing is about oranges and their\n> price.\n\nToo high."),
    );
    expect(headerOf(answered).references).toEqual(["sent1@client"]);
  });

  test("without a quote: the newest of that subject", async () => {
    await talk.send(bob, said("Hello", "one"), null);
    await talk.send(bob, said("Hello", "two"), null);
    expect(headerOf(await talk.receive(bob, said("RE: Hello", "bare"))).references).toEqual(["sent2@client"]);
  });

  test("others are not drawn in: the same subject and quote from another, a subject without Re:, no subject", async () => {
    const question = await talk.send(bob, said("Lunch", "Shall we meet at noon today?"), null);
    expect(headerOf(await talk.receive(carol, answer(question, "me too"))).references).toEqual([]);
    expect(headerOf(await talk.receive(bob, said("Lunch", "mine"))).references).toEqual([]);
    expect(headerOf(await talk.receive(bob, said("Re:", "nothing"))).references).toEqual([]);
    expect(headerOf(await talk.receive(bob, said("", "> x\n\nshort"))).references).toEqual([]);
  });
});

describe("in a chan", () => {
  const chan = addressOf("chan");
  const inChan = { to: chan, chan: true };
  beforeEach(() => {
    world.stores.identities.save(identityOf(chan, { chan: true, label: "Talk" }));
  });

  test("whoever answers whom: by subject and by quote, two threads", async () => {
    const [one, two] = [
      said("Topic", "What do you think of the weather today?\n"),
      said("Topic", "A second one under the same name.\n"),
    ];
    const first = await talk.receive(bob, one, inChan);
    const second = await talk.receive(carol, two, inChan);
    const answer = await talk.receive(carol, answerBelow(one, "Cold."), inChan);
    expect(headerOf(answer).references).toEqual([headerOf(first).id]);
    const mine = await talk.send(chan, said("Re: Topic", "I do not agree with that."), second);
    const last = await talk.receive(bob, answerBelow(mine, "But I do."), inChan);
    expect(headerOf(last).references).toEqual([headerOf(second).id, "sent4@client"]);
    expect(threadsByThunderbird(talk.mails(["Chans/Talk"]))).toEqual([
      [0, 2],
      [1, 3],
    ]);
  });

  test("the ids of mails without their own are the same at every bridge", async () => {
    const there = createWorld();
    there.stores.identities.save(identityOf(chan, { chan: true, label: "Talk" }));
    const ids = await Promise.all(
      [talk, new Conversation(there)].map(
        async (one) => headerOf(await one.receive(bob, said("s", "b"), inChan)).id,
      ),
    );
    expect(ids[0]).toBe(ids[1]);
  });
});

describe("broadcasts", () => {
  test("of somebody whom she follows: his later ones, and what he answers", async () => {
    world.stores.subscriptions.save({ address: bob, label: "News", enabled: true, user: "anna" });
    const news = said("News 1", "The first news of this broadcaster.\n");
    const broadcast = { kind: "broadcast", to: bob } as const;
    const first = await talk.receive(bob, news, broadcast);
    await talk.receive(bob, answerBelow(news, "A correction."), broadcast);
    const mine = await talk.send(bob, said("Re: News 1", "I have a question about it."), first);
    const answer = await talk.receive(bob, answerBelow(mine, "Of course."));
    expect(headerOf(answer).references).toEqual([headerOf(first).id, "sent3@client"]);
    await expectThreads(["Subscriptions/News", "Sent", "INBOX"], [[0, 1, 2, 3]]);
  });

  test("of her own: answers of people with whom there is no conversation yet", async () => {
    const news = await talk.send("broadcast", said("My news", "I have moved to another town."), null);
    for (const reader of [bob, carol]) {
      const answer = await talk.receive(reader, answerBelow(news, "Good luck!"));
      expect(headerOf(answer).references).toEqual(["sent1@client"]);
    }
    await expectThreads(["Sent", "INBOX"], [[0, 1, 2]]);
  });

  test("of a mailing list: [name] before Re:", async () => {
    world.stores.subscriptions.save({ address: bob, label: "News", enabled: true, user: "anna" });
    const broadcast = { kind: "broadcast", to: bob } as const;
    const first = await talk.receive(
      bob,
      said("[list] Topic", "Message ostensibly from BM-x:\n\nA question.\n"),
      broadcast,
    );
    const second = await talk.receive(
      bob,
      said("[list] Re: Topic", "Message ostensibly from BM-y:\n\nAn answer.\n"),
      broadcast,
    );
    expect(headerOf(second).references).toEqual([headerOf(first).id]);
  });
});

describe("between bridges", () => {
  test("the ids that are carried count before subject and quote; of hundreds the first and the last", async () => {
    await talk.send(bob, said("Lunch", "Shall we meet at noon today?"), null);
    const ids = Array.from({ length: 80 }, (_, index) => `<r${index}@x>`);
    const headers = { "message-id": "<m@x>", references: ids.join(" ") };
    const answer = await talk.receive(
      bob,
      answerBelow(said("Lunch", "Shall we meet at noon today?\n"), "x"),
      {
        text: { subject: "Re: Lunch", body: "> Shall we meet at noon today?\n", headers },
      },
    );
    const { references } = headerOf(answer);
    expect([references.length, references[0], references[1], references.at(-1)]).toEqual([
      50,
      "r0@x",
      "r31@x",
      "r79@x",
    ]);
  });
});

describe("quotes", () => {
  test("any text that PyBitmessage quotes is found again", () => {
    const word = fc
      .string({ unit: "grapheme", minLength: 2, maxLength: 12 })
      .map((text) => text.replace(/[\s>-]+/g, "x"));
    const line = fc
      .array(word, { minLength: 3, maxLength: 30 })
      .map((words) => `long enough ${words.join(" ")}`);
    fc.assert(
      fc.property(fc.array(line, { minLength: 1, maxLength: 8 }), (lines) => {
        const body = `${lines.join("\n")}\n`;
        for (const reply of [answerBelow, answerAbove])
          expect(quotedOf(excerptOf(body), quotedBlocks(reply({ subject: "s", body }, "answer").body))).toBe(
            "beginning",
          );
      }),
    );
  });

  test("hostile texts are read in time that grows with their length", () => {
    for (const pattern of [
      ">",
      "> ",
      "-",
      "-\n",
      ">\n",
      "\n",
      " ",
      "> quoted text\n\n",
      `${"-".repeat(54)}\n`,
    ]) {
      const body = pattern.repeat(1_000_000 / pattern.length);
      const began = performance.now();
      const blocks = quotedBlocks(body);
      for (let known = 0; known < 100; known++) quotedOf(excerptOf(body), blocks);
      expect(performance.now() - began).toBeLessThan(1000);
    }
  });
});
