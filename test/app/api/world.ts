/** The commands over a database in memory: nothing is sent, nothing listens. */
import type { ApiContext, ApiSources } from "../../../src/app/api/context.js";
import { Dispatcher, type Variant } from "../../../src/app/api/dispatcher.js";
import { ObjectCounter } from "../../../src/app/api/processed-objects.js";
import { ReceivedMail } from "../../../src/app/api/received-mail.js";
import { SentMail } from "../../../src/app/api/sent-mail.js";
import type { RpcValue } from "../../../src/app/api/values.js";
import { loadConfig } from "../../../src/app/config/load.js";
import { createMailCommands } from "../../../src/app/mail-commands.js";
import { createServices, type Services } from "../../../src/app/services.js";
import { inventoryHash } from "../../../src/bitmessage/protocol/inventory-hash.js";
import { silentLogger } from "../../../src/logger.js";
import { openDatabase } from "../../../src/store/database.js";
import { createSqliteStores } from "../../../src/store/sqlite/stores.js";
import type { Stores } from "../../../src/store/stores.js";

export interface ApiWorld {
  readonly sources: ApiSources;
  readonly stores: Stores;
  readonly services: Services;
  readonly published: Uint8Array[];
  /** What the commands have logged as errors of the program. */
  readonly errors: unknown[];
  shutDowns: number;
  dispatcher(variant: Variant, user?: string): Dispatcher;
  // biome-ignore lint/suspicious/noExplicitAny: results are what programs read
  call(method: string, ...parameters: RpcValue[]): Promise<any>;
  /** "code: text" of the refusal. */
  refusal(method: string, ...parameters: RpcValue[]): Promise<string>;
  close(): Promise<void>;
}

export async function createApiWorld(): Promise<ApiWorld> {
  const database = openDatabase(":memory:");
  const stores = createSqliteStores(database);
  const assignments = ["network.name=test", "network.min_trials_per_byte=1", "network.min_extra_bytes=1"];
  const config = loadConfig({ file: null, environment: {}, assignments });
  const solver = {
    solve: () => new Promise<never>(() => {}),
    status: () => ({ engine: "none", threads: 0, trialsPerSecond: 0, waiting: 0, working: false }),
    close: async () => {},
  };
  const published: Uint8Array[] = [];
  const errors: unknown[] = [];
  const publisher = {
    publish(object: Uint8Array) {
      published.push(object);
      return inventoryHash(object);
    },
  };
  const commands = createMailCommands(() => ({}));
  const services = createServices({ config, stores, solver, publisher, commands, logger: silentLogger });
  for (const user of ["anna", "berta"]) await services.users.create(user, "password");
  const peer = { tls: true, services: 1n, since: 0, established: true, userAgent: "/a:1/" };
  const shared = {
    config,
    services,
    stores,
    solver,
    publisher,
    clock: () => Date.now() / 1000,
    node: {
      peers: () => [
        { ...peer, address: "127.0.0.1:8444", inbound: false },
        { ...peer, address: "[::1]:1", inbound: true },
      ],
      statistics: () => ({ inbound: 1, outbound: 1, objectsPending: 3 }) as never,
    },
    shutDown() {
      world.shutDowns++;
    },
    received: new ReceivedMail(stores.mailboxes, services.folders),
    sent: new SentMail(stores, services),
    processed: new ObjectCounter(stores.inventory),
    signal: new AbortController().signal,
  };
  const dispatcher = (variant: Variant, user = "anna") => {
    const context = (): ApiContext => ({ ...shared, user });
    const logger = { ...silentLogger, error: (_text: string, fields?: unknown) => void errors.push(fields) };
    return new Dispatcher({ variant, context, logger });
  };
  const xml = dispatcher("xml");
  const world: ApiWorld = {
    sources: shared,
    stores,
    services,
    published,
    errors,
    shutDowns: 0,
    dispatcher,
    call: (method, ...parameters) => xml.call({ method, parameters }),
    async refusal(method, ...parameters) {
      try {
        return `accepted: ${JSON.stringify(await xml.call({ method, parameters }))}`;
      } catch (error) {
        return `${(error as { code: number }).code}: ${(error as Error).message}`;
      }
    },
    async close() {
      await services.stop();
      database.close();
    },
  };
  return world;
}

export function base64(text: string): string {
  return Buffer.from(text, "utf8").toString("base64");
}
