import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { silentLogger } from "../../logger.js";
import type { UserMail } from "../../mail/imap/backend.js";
import { openDatabase } from "../../store/database.js";
import { createSqliteStores } from "../../store/sqlite/stores.js";
import type { Stores } from "../../store/stores.js";
import { loadConfig } from "../config/load.js";
import { createMailCommands } from "../mail-commands.js";
import { createServices, type Services } from "../services.js";

export interface Workplace {
  readonly directory: string;
  readonly stores: Stores;
  readonly services: Services;
  /** A login with the mailboxes that every user has. */
  readonly user: string;
  readonly password: string;
  /** That user's mail, as an IMAP session has it. */
  readonly mail: UserMail;
  /** Removes everything. */
  close(): Promise<void>;
}

const PASSWORD = "a password for the measurement";

/** The services over a database of their own, in a file as always, without a network. Nothing runs but what is called. */
export async function openWorkplace(): Promise<Workplace> {
  const directory = mkdtempSync(join(tmpdir(), "bmbridge-bench-"));
  const database = openDatabase(join(directory, "bench.sqlite"));
  const stores = createSqliteStores(database);
  const services = createServices({
    config: loadConfig({ file: null, environment: {}, assignments: ["network.name=bench"] }),
    stores,
    solver: {
      solve: () => Promise.reject(new Error("no work is done without a node")),
      status: () => ({ engine: "none", threads: 0, trialsPerSecond: 0, waiting: 0, working: false }),
      close: () => Promise.resolve(),
    },
    publisher: {
      publish: () => {
        throw new Error("nothing is published without a node");
      },
    },
    commands: createMailCommands(() => ({})),
    logger: silentLogger,
  });
  const { name: user } = await services.users.create("bench", PASSWORD);
  const mail = await services.backend.openUser({ name: user });
  return {
    directory,
    stores,
    services,
    user,
    password: PASSWORD,
    mail,
    async close() {
      mail.close();
      await services.stop();
      database.close();
      rmSync(directory, { recursive: true, force: true });
    },
  };
}
