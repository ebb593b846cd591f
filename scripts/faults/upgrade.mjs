// A database of the first version, opened by this one while the disk fails: what is said, and whether everything is there afterwards.
import { copyFileSync, existsSync, mkdirSync, readdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import BetterSqlite from "better-sqlite3";

const NAME = "bmbridge.sqlite";
const MAILS = 200;
/** Changed by every start. */
const VOLATILE = { mailbox: "highest_mod_seq", property: "value" };

export class Upgrade {
  #old;
  #expected;

  /**
   * @param bridge what runs the commands, without faults unless its environment says so
   * @param modules `migrations` and `applyMigrations` of the build, `digestMessage`
   */
  constructor(bridge, folder, { migrations, applyMigrations }) {
    Object.assign(this, { bridge, migrations, applyMigrations });
    this.#old = join(folder, "version-1.sqlite");
  }

  /** Makes the old database and learns what an undisturbed upgrade makes of it. */
  async prepare() {
    rmSync(this.#old, { force: true });
    const database = new BetterSqlite(this.#old);
    this.applyMigrations(database, this.migrations.slice(0, 1));
    database.transaction(() => fill(database))();
    database.close();
    this.put();
    const { status } = await this.bridge.run("user", "list");
    if (status !== 0) throw new Error(`the upgrade does not work at all: ${this.bridge.log.slice(-500)}`);
    this.#expected = this.#contents();
  }

  /** Lets it fail at one call after the other; what became of that. @param arm lets the n-th call fail */
  async sweep({ faults, error, arm, complain }) {
    const { bridge } = this;
    const tally = { cases: 0, refused: 0, answers: [] };
    // Thousands of writes, most of them like the one before.
    for (let first = 1; first < 50_000; first += Math.max(1, Math.floor(first / 20))) {
      this.put();
      arm(error, first);
      bridge.environment = faults.environment;
      const before = bridge.log.length;
      const { status } = await bridge.run("user", "list");
      const { failed } = faults.read();
      faults.clear();
      bridge.environment = {};
      if (failed === 0) break;
      tally.cases++;
      const said = bridge.log.slice(before).trim();
      if (status !== 0) {
        tally.refused++;
        const answer = said
          .split("\n")
          .at(-1)
          .replace(/[^ ]*bmbridge\.sqlite/, "PATH");
        if (!tally.answers.includes(answer)) tally.answers.push(answer);
        if (![1, 2].includes(status) || /\n\s+at /.test(said) || said === "")
          complain("badRefusals", `upgrade ${error} ${first}: ${status} ${said.slice(0, 300)}`);
        const half = this.halfCopies();
        if (half.length > 0) complain("lies", `upgrade ${error} ${first}: half a copy is left: ${half}`);
      }
      const again = await bridge.run("user", "list");
      const fault = again.status === 0 ? this.fault() : bridge.log.slice(-300);
      if (fault !== null) complain("stuck", `upgrade ${error} ${first}: ${fault}`);
    }
    return tally;
  }

  /** The old database and nothing else. */
  put() {
    rmSync(this.bridge.directory, { recursive: true, force: true });
    mkdirSync(this.bridge.directory, { recursive: true, mode: 0o700 });
    copyFileSync(this.#old, join(this.bridge.directory, NAME));
  }

  /** What is wrong with what lies there; null when nothing is. */
  fault() {
    const left = readdirSync(this.bridge.directory).filter((name) => name.includes(".damaged-"));
    if (left.length > 0) return `taken for damaged: ${left}`;
    const now = this.#contents();
    for (const [table, rows] of this.#expected)
      if (now.get(table) !== rows) return `the table ${table} is not what it should be`;
    const copy = join(this.bridge.directory, `${NAME}.version-1`);
    if (!existsSync(copy)) return "there is no copy of the old version";
    const kept = new BetterSqlite(copy, { readonly: true });
    try {
      if (kept.pragma("integrity_check", { simple: true }) !== "ok")
        return "the copy of the old version is damaged";
      if (kept.prepare("SELECT count(*) FROM message").pluck().get() !== MAILS)
        return "the copy is not whole";
    } finally {
      kept.close();
    }
    return null;
  }

  /** What is left under the name of a copy after an upgrade that failed; empty when nothing is. */
  halfCopies() {
    return readdirSync(this.bridge.directory).filter((name) => {
      if (!/\.version-\d+$/.test(name)) return false;
      const copy = new BetterSqlite(join(this.bridge.directory, name), { readonly: true });
      try {
        return copy.prepare("SELECT count(*) FROM message").pluck().get() !== MAILS;
      } catch {
        return true;
      } finally {
        copy.close();
      }
    });
  }

  #contents() {
    const database = new BetterSqlite(join(this.bridge.directory, NAME), { readonly: true });
    try {
      const integrity = database.pragma("integrity_check", { simple: true });
      const names = database
        .prepare("SELECT name FROM sqlite_schema WHERE type = 'table' ORDER BY name")
        .pluck()
        .all();
      const rows = names.map((name) => {
        const all = database.prepare(`SELECT * FROM "${name}"`).all();
        for (const row of all) if (VOLATILE[name]) delete row[VOLATILE[name]];
        return [name, JSON.stringify(all)];
      });
      return new Map([["integrity", integrity], ...rows]);
    } finally {
      database.close();
    }
  }
}

function fill(database) {
  database.exec(`INSERT INTO user VALUES ('anna', 'x', 1);
    INSERT INTO contact VALUES ('BM-orkCbppXWSqPpAxnz6jnfTZ2djb5pJKDb', 'Carol', 0);
    INSERT INTO mailbox (id, user, name, uid_validity, uid_next, messages, size)
      VALUES (1, 'anna', 'INBOX', 7, ${MAILS + 1}, ${MAILS}, ${MAILS});
    INSERT INTO flag_set VALUES (1, '\\Seen');`);
  const body = database.prepare("INSERT INTO body VALUES (?, ?, ?, NULL, NULL, ?, ?, ?, NULL)");
  const content = database.prepare("INSERT INTO content VALUES (?, ?)");
  const message = database.prepare("INSERT INTO message VALUES (1, ?, 1, 1, ?, ?, 1, 0, 1)");
  const object = database.prepare("INSERT INTO object VALUES (?, ?, 2, 1, 1, 4000000000, 1, NULL, ?)");
  for (let number = 1; number <= MAILS; number++) {
    const text = `Subject: mail ${number}\r\nFrom: a@b\r\n\r\n${"words ".repeat(number % 9 === 0 ? 3000 : 100)}\r\n`;
    const bytes = Buffer.from(text);
    body.run(number, `<${number}@x>`, bytes.length, "[]", "[]", "[]");
    content.run(number, bytes);
    message.run(number, number, bytes.length);
    object.run(number, Buffer.alloc(32, number), Buffer.alloc(900, number));
  }
}
