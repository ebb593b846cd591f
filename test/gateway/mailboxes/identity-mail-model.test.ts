/** Whatever three logins do at once: each view is the whole, filtered; and who is told of all changes knows what who looks anew sees. */
import { expect, test } from "@jest/globals";
import fc from "fast-check";
import type { MailboxUpdate, MessageState, OpenMailbox, UserMail } from "../../../src/mail/imap/backend.js";
import { message } from "../../mail/imap/backend-contract.js";
import { addressOf, createWorld, identityOf, type World } from "../world.js";

const LOGINS = ["whole", "home", "work"] as const;
type Login = (typeof LOGINS)[number];

const login = fc.constantFrom(...LOGINS);
const uids = fc.uniqueArray(fc.integer({ min: 1, max: 8 }), { maxLength: 5 });
const operation = fc.oneof(
  {
    arbitrary: fc.record({
      type: fc.constant("append" as const),
      login,
      count: fc.integer({ min: 1, max: 3 }),
    }),
    weight: 3,
  },
  fc.record({
    type: fc.constant("flag" as const),
    login,
    uids,
    flag: fc.constantFrom("\\Seen", "\\Deleted", "kw"),
  }),
  fc.record({
    type: fc.constant("expunge" as const),
    login,
    uids: fc.oneof(fc.constant("all" as const), uids),
    condition: fc.constantFrom("any" as const, "deleted-only" as const),
  }),
  fc.record({ type: fc.constant("copy" as const), login, uids }),
  fc.record({ type: fc.constant("move" as const), login, uids }),
);
type Operation = typeof operation extends fc.Arbitrary<infer T> ? T : never;

/** A session that follows what it is told. */
interface Session {
  readonly mail: UserMail;
  readonly handle: OpenMailbox;
  readonly states: Map<number, MessageState>;
}

async function openSession(world: World, name: Login): Promise<Session> {
  const identity = { whole: undefined, home: world.own, work: addressOf("work") }[name];
  const mail = await world.backend.openUser(
    identity === undefined ? { name: "anna" } : { name: "anna", identity },
  );
  const states = new Map<number, MessageState>();
  const hear = (update: MailboxUpdate) => {
    if (update.type === "expunged") for (const uid of update.uids) states.delete(uid);
    else if (update.type !== "deleted") for (const state of update.messages) states.set(state.uid, state);
  };
  const handle = (await mail.openMailbox("Archive", hear, "read-write"))!;
  for (const state of handle.snapshot.messages) states.set(state.uid, state);
  return { mail, handle, states };
}

async function perform({ mail, handle, states }: Session, operation: Operation): Promise<void> {
  const own = (asked: readonly number[]) => asked.filter((uid) => states.has(uid));
  if (operation.type === "append") {
    const messages = Array.from({ length: operation.count }, (_, index) =>
      message(`${operation.login}${index}`),
    );
    await mail.append("Archive", messages);
  } else if (operation.type === "flag") {
    const { changed } = await handle.store(own(operation.uids), { action: "add", flags: [operation.flag] });
    for (const state of changed) states.set(state.uid, state);
  } else if (operation.type === "expunge") {
    const asked = operation.uids === "all" ? "all" : own(operation.uids);
    const { expunged } = await handle.expunge(asked, operation.condition);
    for (const uid of expunged) states.delete(uid);
  } else if (operation.type === "copy") await handle.copy(own(operation.uids), "Archive");
  else {
    const moved = await handle.move(own(operation.uids), "Trash");
    for (const uid of moved?.expunged ?? []) states.delete(uid);
  }
}

/** Who appended it stands in the subject. */
async function check(world: World, sessions: Record<Login, Session>): Promise<void> {
  const box = world.stores.mailboxes.find("anna", "Archive")!;
  const all = world.stores.mailboxes.snapshot(box, "read-only").messages;
  const subjectOf = (uid: number) => Buffer.from(world.stores.mailboxes.read(box, uid)!).toString("latin1");
  for (const name of LOGINS) {
    const expected = all.filter(
      ({ uid }) => name === "whole" || subjectOf(uid).startsWith(`Subject: ${name}`),
    );
    const { states, mail } = sessions[name];
    expect([...states.values()].sort((left, right) => left.uid - right.uid)).toEqual(expected);
    const fresh = (await mail.openMailbox("Archive", () => {}, "read-only"))!;
    expect(fresh.snapshot.messages).toEqual(expected);
    fresh.close();
    expect(await mail.status("Archive")).toMatchObject({
      messages: expected.length,
      unseen: expected.filter(({ flags }) => !flags.includes("\\Seen")).length,
      deleted: expected.filter(({ flags }) => flags.includes("\\Deleted")).length,
      size: expected.reduce((sum, { uid }) => sum + subjectOf(uid).length, 0),
    });
  }
}

test("three logins at work in one mailbox", async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(operation, { maxLength: 25 }), async (operations) => {
      const world = createWorld();
      try {
        world.stores.identities.save(identityOf(addressOf("work"), { label: "Work" }));
        const sessions = {
          whole: await openSession(world, "whole"),
          home: await openSession(world, "home"),
          work: await openSession(world, "work"),
        };
        for (const operation of operations) {
          await perform(sessions[operation.login], operation);
          await check(world, sessions);
        }
      } finally {
        world.database.close();
      }
    }),
    { numRuns: 60 },
  );
});
