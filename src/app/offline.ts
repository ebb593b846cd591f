/** The store and its services without a network: what the commands work on while no node runs. */
import { type Logger, silentLogger } from "../logger.js";
import { openDatabase } from "../store/database.js";
import { createSqliteStores } from "../store/sqlite/stores.js";
import { StoreError } from "../store/store-error.js";
import type { Config } from "./config/config.js";
import { CommandError, type ControlMethods } from "./control/messages.js";
import { type DataDirectory, makeDataDirectory } from "./data-directory.js";
import { createMethods } from "./methods/methods.js";
import { createPublisher } from "./publisher.js";
import { createServices } from "./services.js";

export interface Offline {
  readonly methods: ControlMethods;
  close(): Promise<void>;
}

export function openOffline(directory: DataDirectory, config: Config, logger: Logger): Offline {
  makeDataDirectory(directory);
  const database = openOrExplain(directory.database);
  const stores = createSqliteStores(database);
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
    logger: config.log.level === "debug" ? logger : silentLogger,
  });
  return {
    methods: createMethods({ services, stores, config, status: null }),
    async close() {
      await services.stop();
      database.close();
    },
  };
}

/** As openDatabase, with refusals that are shown as they are. */
export function openOrExplain(path: string): ReturnType<typeof openDatabase> {
  try {
    return openDatabase(path);
  } catch (error) {
    if (error instanceof StoreError) throw new CommandError(error.message);
    throw error;
  }
}
