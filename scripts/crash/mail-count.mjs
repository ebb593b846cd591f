// The mails that go one way, by their subjects: which were accepted, which have arrived, and that each arrives once and stays as it is.
export class MailCount {
  #prefix;
  #numbers = 0;
  /** By folder: UIDs with their subjects, and the folder's UIDVALIDITY. */
  #folders = new Map();
  /** Subjects that were answered 250. */
  accepted = new Set();
  /** Those whose connection ended first: they may arrive, once. */
  uncertain = new Set();
  /** Those that have arrived. */
  seen = new Set();
  #copies = new Set();

  constructor(prefix) {
    this.#prefix = prefix;
  }

  next() {
    return `${this.#prefix}-${++this.#numbers}`;
  }

  /** Where they arrive. */
  look(client, folder, isFull, fault) {
    return this.#look(client, folder, isFull, fault, this.seen);
  }

  /** Where the sender keeps them: there from the moment of the 250. */
  async lookAtCopies(client, folder, isFull, fault) {
    const promised = [...this.accepted];
    await this.#look(client, folder, isFull, fault, this.#copies);
    const missing = promised.filter((token) => !this.#copies.has(token));
    if (missing.length > 0)
      fault(`${folder} lacks ${missing.length} that were answered 250, such as ${missing[0]}`);
  }

  async #look(client, folder, isFull, fault, found) {
    const lock = await client.getMailboxLock(folder);
    try {
      const { uidValidity, uidNext, exists } = client.mailbox;
      const known = this.#folders.get(folder) ?? { uidValidity, uids: new Map(), uidNext: 1 };
      this.#folders.set(folder, known);
      if (known.uidValidity !== uidValidity) fault(`${folder}: another UIDVALIDITY`);
      if (uidNext < known.uidNext) fault(`${folder}: UIDNEXT went back`);
      const from = isFull ? 1 : known.uidNext;
      known.uidNext = uidNext;
      const present = new Set();
      if (exists > 0 && from < uidNext) {
        for await (const { uid, envelope } of client.fetch(
          `${from}:${uidNext - 1}`,
          { uid: true, envelope: true },
          { uid: true },
        )) {
          // The server may tell of flags that change meanwhile, without what was asked for.
          if (envelope === undefined) continue;
          present.add(uid);
          this.#note(folder, known, uid, envelope.subject, found, fault);
        }
      }
      for (const [uid, subject] of known.uids) {
        if (uid >= from && !present.has(uid)) fault(`${folder}: UID ${uid} (${subject}) is gone`);
      }
    } finally {
      lock.release();
    }
  }

  #note(folder, known, uid, subject, found, fault) {
    const before = known.uids.get(uid);
    if (before === undefined) {
      if (subject.startsWith(`${this.#prefix}-`)) {
        if (found.has(subject)) fault(`${folder}: ${subject} is there twice`);
        found.add(subject);
      }
      known.uids.set(uid, subject);
    } else if (before !== subject) {
      fault(`${folder}: UID ${uid} was ${before} and is ${subject}`);
    }
  }

  missingTokens() {
    return [...this.accepted].filter((token) => !this.seen.has(token));
  }

  missing() {
    return this.missingTokens().length;
  }

  summary() {
    return `${this.accepted.size - this.missing()} of ${this.accepted.size}`;
  }

  figures() {
    const uncertainArrived = [...this.uncertain].filter((token) => this.seen.has(token)).length;
    return {
      accepted: this.accepted.size,
      arrived: this.seen.size,
      uncertain: this.uncertain.size,
      uncertainArrived,
    };
  }
}
