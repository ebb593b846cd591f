/** The store and its services without a network: what the commands work on while no node runs. */
import { type Logger, silentLogger } from "../logger.js";
import { createSqliteStores } from "../store/sqlite/stores.js";
import { backUp } from "./backup.js";
import type { Config } from "./config/config.js";
import type { ControlMethods } from "./control/messages.js";
import { emptyCoreDumps } from "./core-dumps.js";
import { type DataDirectory, makeDataDirectory } from "./data-directory.js";
import { createMailCommands } from "./mail-commands.js";
import { createMethods } from "./methods/methods.js";
import { createPublisher } from "./network/publisher.js";
import { openOrExplain } from "./open-database.js";
import { createServices } from "./services.js";
import { type UnlockOptions, unlockKeys } from "./unlock-keys.js";

export interface Offline {
  readonly methods: ControlMethods;
  close(): Promise<void>;
}

export interface OfflineOptions {
  readonly directory: DataDirectory;
  readonly config: Config;
  readonly logger: Logger;
  /** Asks a person for a secret; null where nobody can be asked. */
  readonly ask: UnlockOptions["ask"];
}

export async function openOffline({ directory, config, logger, ask }: OfflineOptions): Promise<Offline> {
  emptyCoreDumps();
  makeDataDirectory(directory);
  const database = openOrExplain(directory.database);
  const stores = createSqliteStores(database);
  try {
    await unlockKeys(stores.keys, { config, environment: process.env, ask });
  } catch (error) {
    database.close();
    throw error;
  }
  const solver = {
    solve: () => Promise.reject(new Error("no work is done without a node")),
    status: () => ({ engine: "none", threads: 0, trialsPerSecond: 0, waiting: 0, working: false }),
    close: () => Promise.resolve(),
  };
  const publisher = createPublisher(stores, () => {});
  const services = createServices({
    config,
    stores,
    solver,
    publisher,
    commands: createMailCommands(() => methods),
    logger: config.log.level === "debug" ? logger : silentLogger,
  });
  const methods: ControlMethods = createMethods({
    services,
    stores,
    config,
    status: null,
    endpoints: () => null,
    certificates: directory.certificates,
    backUp: (file) => backUp(database, directory, file),
  });
  return {
    methods,
    async close() {
      await services.stop();
      stores.keys.lock();
      database.close();
    },
  };
}
