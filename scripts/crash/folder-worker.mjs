// A person's IMAP session that files mail in two folders of its own, and knows what has been promised: what was answered OK has to be so after
// the next start; of the one command that was not answered, all or nothing.
import { setTimeout } from "node:timers/promises";
import { ImapFlow } from "imapflow";

const FLAGS = ["\\Seen", "\\Flagged", "\\Answered", "\\Draft", "$Label1"];

/** @returns {Promise<ImapFlow>} logged in */
export async function openImap(node) {
  const client = new ImapFlow({
    host: "127.0.0.1",
    port: node.ports.imap,
    secure: false,
    auth: { user: node.name, pass: node.password },
    logger: false,
    disableAutoIdle: true,
  });
  client.on("error", () => {});
  await client.connect();
  return client;
}

/** @returns {Promise<{ uidValidity: bigint, uidNext: number, modSeq: bigint, messages: Map<number, { token: string, flags: Set<string> }> }>} */
export async function readFolder(client, folder) {
  const lock = await client.getMailboxLock(folder);
  try {
    const { uidValidity, uidNext, highestModseq, exists } = client.mailbox;
    const messages = new Map();
    if (exists > 0) {
      for await (const { uid, flags, envelope } of client.fetch("1:*", {
        uid: true,
        flags: true,
        envelope: true,
      })) {
        messages.set(uid, { token: envelope.subject, flags });
      }
    }
    return { uidValidity, uidNext, modSeq: highestModseq, messages };
  } finally {
    lock.release();
  }
}

export class FolderWorker {
  /** By folder: what is known to be there, and every UID that there has ever been. */
  #folders;
  /** The command under way: what may have become of it. */
  #pending = null;
  #tokens = 0;
  commands = 0;

  constructor(name, random) {
    this.name = name;
    this.random = random;
    this.#folders = new Map(
      [`${name} one`, `${name} two`].map((folder) => [
        folder,
        { there: new Map(), ever: new Map(), last: null },
      ]),
    );
  }

  async create(node) {
    const client = await openImap(node);
    for (const folder of this.#folders.keys()) await client.mailboxCreate(folder);
    await client.logout();
  }

  /** Works until the connection ends. */
  async work(node) {
    try {
      const client = await openImap(node);
      for (;;) {
        await this.#step(client);
        await setTimeout(this.random(20));
      }
    } catch {
      // The node was killed, or the command refused because of that: `check` finds out what became of it.
    }
  }

  /** Holds the folders against what was promised. @returns {Promise<string[]>} what is wrong */
  async check(client) {
    const faults = [];
    const found = new Map();
    for (const folder of this.#folders.keys()) found.set(folder, await readFolder(client, folder));
    for (const [folder, state] of found) this.#checkFolder(folder, state, faults);
    this.#checkMove(found, faults);
    for (const [folder, { messages }] of found) {
      this.#folders.get(folder).there = new Map(
        [...messages].map(([uid, { token, flags }]) => [uid, { token, flags: own(flags) }]),
      );
    }
    this.#pending = null;
    return faults.map((fault) => `${this.name}: ${fault}`);
  }

  #checkFolder(folder, { uidValidity, uidNext, modSeq, messages }, faults) {
    const known = this.#folders.get(folder);
    const pending = this.#pending;
    for (const [uid, expected] of known.there) {
      const message = messages.get(uid);
      const touched = pending?.folder === folder && pending.uids?.includes(uid);
      if (message === undefined) {
        if (!(touched && pending.removes)) faults.push(`${folder}: UID ${uid} (${expected.token}) is gone`);
      } else if (!touched && !same(own(message.flags), expected.flags)) {
        faults.push(
          `${folder}: flags of UID ${uid} are ${[...message.flags]} instead of ${[...expected.flags]}`,
        );
      } else if (touched && pending.flag !== undefined) {
        const flipped = flip(expected.flags, pending.flag);
        if (![expected.flags, flipped].some((flags) => same(own(message.flags), flags))) {
          faults.push(`${folder}: flags of UID ${uid} are neither before nor after`);
        }
      }
    }
    for (const [uid, { token }] of messages) {
      if (!known.there.has(uid) && !(pending?.into === folder && pending.tokens.includes(token))) {
        faults.push(`${folder}: UID ${uid} (${token}) should not be there`);
      }
      const before = known.ever.get(uid);
      if (before !== undefined && before !== token)
        faults.push(`${folder}: UID ${uid} was ${before} and is ${token}`);
      known.ever.set(uid, token);
    }
    if (known.last !== null) {
      if (known.last.uidValidity !== uidValidity) faults.push(`${folder}: another UIDVALIDITY`);
      if (uidNext < known.last.uidNext) faults.push(`${folder}: UIDNEXT went back`);
      if (modSeq < known.last.modSeq) faults.push(`${folder}: HIGHESTMODSEQ went back`);
    }
    if ([...known.ever.keys()].some((uid) => uid >= uidNext))
      faults.push(`${folder}: UIDNEXT is behind a UID`);
    known.last = { uidValidity, uidNext, modSeq };
  }

  /** A move that was not answered has happened or not: each message is in one of the two folders. */
  #checkMove(found, faults) {
    const pending = this.#pending;
    if (pending === null || pending.into === undefined) return;
    const arrived = [...found.get(pending.into).messages.values()].filter(({ token }) =>
      pending.tokens.includes(token),
    );
    const all = pending.tokens.length;
    const there = pending.folder === pending.into ? null : arrived.length;
    if (!pending.removes) {
      // After a copy or an append, all or nothing, beside what had those tokens already.
      const before = [...this.#folders.get(pending.into).there.values()].filter(({ token }) =>
        pending.tokens.includes(token),
      ).length;
      if (arrived.length !== before && arrived.length !== before + all)
        faults.push(`half of ${pending.kind} happened`);
      return;
    }
    const left = pending.uids.filter((uid) => found.get(pending.folder).messages.has(uid)).length;
    const before = [...this.#folders.get(pending.into).there.values()].filter(({ token }) =>
      pending.tokens.includes(token),
    ).length;
    const moved = there - before;
    if (!((left === all && moved === 0) || (left === 0 && moved === all)))
      faults.push(`half of a move happened: ${left} left, ${moved} moved`);
  }

  async #step(client) {
    const folders = [...this.#folders.keys()];
    const folder = folders[this.random(2)];
    const other = folders.find((name) => name !== folder);
    const { there } = this.#folders.get(folder);
    const lock = await client.getMailboxLock(folder);
    try {
      const choice = there.size < 5 ? 0 : this.random(there.size > 60 ? 8 : 7);
      if (choice <= 2) await this.#append(client, folder);
      else if (choice <= 4) await this.#store(client, folder);
      else if (choice === 5) await this.#copy(client, folder, other);
      else if (choice === 6) await this.#move(client, folder, other);
      else await this.#expunge(client, folder);
    } finally {
      lock.release();
    }
    this.#pending = null;
    this.commands++;
  }

  async #append(client, folder) {
    const token = `${this.name}-${++this.#tokens}`;
    const flag = FLAGS[this.random(FLAGS.length)];
    this.#pending = { kind: "an append", into: folder, folder, tokens: [token], removes: false };
    const text = "A line of a mail that somebody keeps.\r\n".repeat(1 + this.random(200));
    const { uid } = await client.append(folder, `From: a@example.org\r\nSubject: ${token}\r\n\r\n${text}`, [
      flag,
    ]);
    this.#add(folder, uid, { token, flags: new Set([flag]) });
  }

  async #store(client, folder) {
    const { there } = this.#folders.get(folder);
    const uids = this.#some(folder, 1 + this.random(5));
    const flag = FLAGS[this.random(FLAGS.length)];
    const adds = !there.get(uids[0]).flags.has(flag);
    const affected = uids.filter((uid) => there.get(uid).flags.has(flag) !== adds);
    this.#pending = { kind: "a store", folder, uids: affected, flag, removes: false };
    const done = await client[adds ? "messageFlagsAdd" : "messageFlagsRemove"](uids.join(","), [flag], {
      uid: true,
    });
    if (!done) throw new Error("not stored");
    for (const uid of affected) there.get(uid).flags = flip(there.get(uid).flags, flag);
  }

  async #copy(client, folder, other) {
    const { there } = this.#folders.get(folder);
    const uids = this.#some(folder, 1 + this.random(4));
    const tokens = uids.map((uid) => there.get(uid).token);
    this.#pending = { kind: "a copy", folder, uids: [], into: other, tokens, removes: false };
    const { uidMap } = (await client.messageCopy(uids.join(","), other, { uid: true })) || {};
    if (uidMap?.size !== uids.length) throw new Error("not copied");
    for (const [from, to] of uidMap)
      this.#add(other, to, { ...there.get(from), flags: new Set(there.get(from).flags) });
  }

  async #move(client, folder, other) {
    const { there } = this.#folders.get(folder);
    const uids = this.#some(folder, 1 + this.random(4));
    const tokens = uids.map((uid) => there.get(uid).token);
    this.#pending = { kind: "a move", folder, uids, into: other, tokens, removes: true };
    const { uidMap } = (await client.messageMove(uids.join(","), other, { uid: true })) || {};
    if (uidMap?.size !== uids.length) throw new Error("not moved");
    for (const [from, to] of uidMap) {
      this.#add(other, to, there.get(from));
      there.delete(from);
    }
  }

  async #expunge(client, folder) {
    const { there } = this.#folders.get(folder);
    const uids = this.#some(folder, 10 + this.random(20));
    this.#pending = { kind: "an expunge", folder, uids, removes: true };
    if (!(await client.messageDelete(uids.join(","), { uid: true }))) throw new Error("not deleted");
    for (const uid of uids) there.delete(uid);
  }

  #add(folder, uid, message) {
    const known = this.#folders.get(folder);
    known.there.set(uid, message);
    const before = known.ever.get(uid);
    // Told again at the next check, as a UID that was another message.
    if (before === undefined) known.ever.set(uid, message.token);
  }

  #some(folder, count) {
    const uids = [...this.#folders.get(folder).there.keys()];
    const start = this.random(uids.length);
    return uids.slice(start, start + count);
  }
}

function own(flags) {
  return new Set([...flags].filter((flag) => FLAGS.includes(flag)));
}

function flip(flags, flag) {
  const flipped = new Set(flags);
  if (!flipped.delete(flag)) flipped.add(flag);
  return flipped;
}

function same(one, other) {
  return one.size === other.size && [...one].every((value) => other.has(value));
}
