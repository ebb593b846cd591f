/** PyBitmessage's API as a server of this program: settings, protection, and what it works on. */
import { hostname } from "node:os";
import type { ReceivedMessage } from "../../bitmessage/messaging/types.js";
import type { InventoryHash } from "../../bitmessage/protocol/inventory-hash.js";
import { createHttpServer, type HttpServer } from "../../http/server.js";
import type { Logger } from "../../logger.js";
import { loadServerCertificate } from "../certificates.js";
import { type Config, ConfigError, type Endpoint, isLoopback, parseEndpoint } from "../config/config.js";
import { secretReader } from "../config/secret.js";
import type { DataDirectory } from "../data-directory.js";
import { serverNames } from "../server-names.js";
import { createApiHandler } from "./api-handler.js";
import type { ApiContext, ApiSources } from "./context.js";
import { Dispatcher } from "./dispatcher.js";
import { unexpected } from "./errors.js";
import { createNotifier } from "./notifier.js";
import { ObjectCounter } from "./processed-objects.js";
import { ReceivedMail } from "./received-mail.js";
import { SentMail } from "./sent-mail.js";

export interface ApiServerOptions extends ApiSources {
  readonly directory: Pick<DataDirectory, "certificates">;
  readonly logger: Logger;
}

export interface ApiServer extends HttpServer {
  /** A message has been delivered to these users. */
  received(message: Pick<ReceivedMessage, "kind" | "users">): void;
  /** Objects have come from the network. */
  objectsAdded(hashes: readonly InventoryHash[]): void;
}

/** Null when `api.listen` is off. @throws ConfigError for settings that are missing */
export function createApiServer(options: ApiServerOptions): ApiServer | null {
  const { config, services, stores } = options;
  const listen = parseEndpoint("api.listen", config.api.listen);
  if (listen === null) return null;
  const logger = options.logger.child({ room: "api" });
  const processed = new ObjectCounter(stores.inventory);
  const received = new ReceivedMail(stores.mailboxes, services.folders);
  const sent = new SentMail(stores, services);
  const end = new AbortController();
  const context = (): ApiContext => ({
    ...options,
    user: userOf(options),
    received,
    sent,
    processed,
    signal: end.signal,
  });
  const { variant } = config.api;
  const server = createHttpServer({
    listen,
    ...protection(options, listen),
    // A call may wait for a proof of work.
    limits: { stallTime: 600_000 },
    handler: createApiHandler({
      variant,
      username: config.api.username,
      password: passwordReader(config),
      logins: services.logins,
      user: () => findUser(options),
      dispatcher: new Dispatcher({ variant, context, logger }),
    }),
    logger,
  });
  const notifier = createNotifier({ path: config.api.notify_path, logger });
  return {
    async start() {
      const endpoint = await server.start();
      notifier.notify("startingUp");
      return endpoint;
    },
    async stop() {
      end.abort();
      await Promise.all([server.stop(), notifier.stop()]);
    },
    received({ kind, users }) {
      if (users.some((user) => user === findUser(options)))
        notifier.notify(kind === "broadcast" ? "newBroadcast" : "newMessage");
    },
    objectsAdded: (hashes) => processed.add(hashes),
  };
}

/** Whose identities and mail it is about: `api.user`, or the only login; null while that is not clear. */
function findUser({ config, stores }: Pick<ApiServerOptions, "config" | "stores">): string | null {
  const { user } = config.api;
  if (user !== "") return stores.users.get(user)?.name ?? null;
  const [only, ...others] = stores.users.list();
  return only === undefined || others.length > 0 ? null : only.name;
}

function userOf(options: ApiServerOptions): string {
  const user = findUser(options);
  if (user === null) throw unexpected("there is no such login, or several: set api.user");
  return user;
}

function passwordReader({ api }: Config): () => string {
  const read = secretReader("api.password_file", { file: api.password_file });
  if (api.username === "") throw new ConfigError("api.username", "is needed where api.listen is on");
  if (api.username.includes(":")) throw new ConfigError("api.username", "cannot have a colon");
  if (read === null) throw new ConfigError("api.password_file", "is needed where api.listen is on");
  // What cannot be read is told at the start.
  read();
  return read;
}

/** Plain on loopback, TLS everywhere else: passwords never go in the clear over a real network. */
function protection({ config, directory }: ApiServerOptions, listen: Endpoint) {
  const own = serverNames(config);
  const names = [...own, hostname(), listen.host];
  if (isLoopback(listen.host)) return { names, tls: null };
  const { key, certificate: cert } = loadServerCertificate(directory.certificates, own, new Date());
  return { names, tls: { key, cert } };
}
