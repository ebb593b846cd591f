/** All the wiring of a node in one function. Constructing has no effects but opening the database; start() goes bottom-up, stop() back. */
import { randomBytes } from "node:crypto";
import { resolve4, resolve6 } from "node:dns/promises";
import { type BitmessageNode, createNode } from "../bitmessage/node/node.js";
import { createSolver, missingForEngine } from "../bitmessage/pow/create-solver.js";
import type { RandomBytes } from "../bitmessage/protocol/random.js";
import type { Logger } from "../logger.js";
import { createSqliteStores } from "../store/sqlite/stores.js";
import { systemClock } from "../store/stores.js";
import { createApiServer } from "./api/api-server.js";
import { backUp } from "./backup.js";
import type { Endpoints } from "./client-setup/start-lines.js";
import { type Config, ConfigError } from "./config/config.js";
import type { ConfigSources } from "./config/load.js";
import { defaultThreads } from "./config/settings.js";
import { connectControl } from "./control/client.js";
import type { ControlMethods } from "./control/messages.js";
import { createControlServer } from "./control/server.js";
import { emptyCoreDumps } from "./core-dumps.js";
import { type DataDirectory, makeDataDirectory } from "./data-directory.js";
import { refuseWhileLocked } from "./key-gate.js";
import type { Threshold } from "./log.js";
import { createMailCommands } from "./mail-commands.js";
import { createMailServers, listening } from "./mail-servers.js";
import { createMethods } from "./methods/methods.js";
import { createMetrics } from "./metrics/metrics.js";
import { Tally } from "./metrics/tally.js";
import { bindNetwork } from "./network/network-name.js";
import { networkOptions } from "./network/network-options.js";
import { createOnionAnnouncer } from "./network/onion-announcer.js";
import { createPublisher } from "./network/publisher.js";
import { refuseIdentities, relayInventory, relayMethods, withoutMail } from "./network/relay-only.js";
import { markSuspect, openOrRescue } from "./open-database.js";
import { createServices, networkMinimum } from "./services.js";
import { readStatus } from "./status.js";
import { stopAll } from "./stop-all.js";
import { createStorageHealth, probeStorage } from "./storage-health.js";
import { createStorageRefusals, explainStorage } from "./storage-refusals.js";
import { createTimer } from "./timer.js";
import { checkSecrets } from "./transports.js";
import { type UnlockOptions, unlockKeys } from "./unlock-keys.js";
import { keepLogTail } from "./web/log-tail.js";
import { createSampler } from "./web/sampler.js";
import { createShownSettings } from "./web/shown-settings.js";
import { startAutoconfig } from "./web/start-autoconfig.js";
import { createAutoconfigServer, createWebServer } from "./web/web-server.js";

export interface AppOptions {
  readonly directory: DataDirectory;
  readonly config: Config;
  /** Where the settings have been read; the page shows and changes them there. */
  readonly sources: ConfigSources;
  readonly logger: Logger;
  /** The logger's, where it can be changed. */
  readonly threshold?: Threshold;
  /** Asks a person for a secret; null where nobody can be asked. */
  readonly ask: UnlockOptions["ask"];
  /** Called when a program asks over the API that this one end. */
  readonly shutDown?: () => void;
}

export interface App {
  readonly methods: ControlMethods;
  /** Resolves when all listeners are up. ConfigError names the setting whose address cannot be had. */
  start(): Promise<Endpoints>;
  /** Resolves when nothing runs any more. */
  stop(): Promise<void>;
}

export async function createApp(options: AppOptions): Promise<App> {
  const { directory } = options;
  const threshold = options.threshold ?? { level: options.config.log.level };
  const { logger, lines: logLines } = keepLogTail(options.logger, threshold);
  const relaysOnly = options.config.node.relay_only;
  const config = relaysOnly ? withoutMail(options.config) : options.config;
  emptyCoreDumps();
  makeDataDirectory(directory);
  await refuseSecondNode(directory);
  const database = openOrRescue(directory.database, { domain: config.mail.domain, logger });
  const stores = createSqliteStores(database, {
    reportError: (error) => logger.error("an effect failed", { error }),
    reportFailure: (error) => void health.notice(error),
  });
  const health = createStorageHealth({
    probe: () => probeStorage(directory, stores),
    damaged: () => markSuspect(directory.database),
    recovered: () => services.resume(),
    clock: systemClock,
    timer: createTimer((error) => logger.error("a task failed", { error })),
    logger: logger.child({ room: "storage" }),
  });
  const refusals = refuseWhileLocked(createStorageRefusals(health));
  bindNetwork(stores, config);
  await unlockKeys(stores.keys, { config, environment: process.env, ask: options.ask });
  if (relaysOnly) refuseIdentities(stores);
  checkSecrets(config);
  assertEngine(config);
  const threads = config.pow.threads === 0 ? defaultThreads() : config.pow.threads;
  const tally = new Tally();
  const solver = tally.count(
    createSolver({ engine: config.pow.engine, threads, logger: logger.child({ room: "pow" }) }),
  );
  const inventory = relaysOnly ? relayInventory(stores) : stores.inventory;
  const objectsKept = () => {
    if (!relaysOnly) services.messaging.inbox.wake();
  };
  const publisher = createPublisher({ ...stores, inventory }, (hash, when) => {
    node.announce([hash], when);
    objectsKept();
  });
  const commands = createMailCommands(() => methods);
  const services = createServices({
    config,
    stores,
    solver,
    publisher,
    commands,
    onSent: (entry, previous) => tally.sent(entry, previous),
    onReceived(message) {
      tally.delivered(message);
      api?.received(message);
    },
    logger,
  });
  const node: BitmessageNode = createNode({
    ...networkOptions(config),
    onionAnnouncer: createOnionAnnouncer({
      stores,
      solver,
      publisher,
      difficulty: networkMinimum(config),
      random,
      clock: systemClock,
    }),
    minimum: networkMinimum(config),
    inventory,
    onOwnObjectSent: objectsKept,
    knownNodes: stores.knownNodes,
    resolver: resolveHost,
    random,
    clock: systemClock,
    logger: logger.child({ room: "node" }),
  });
  node.onObjectsAdded(objectsKept);
  const servers = createMailServers({ config, directory, services, refusals, health, logger });
  const started = performance.now();
  const status = () =>
    readStatus({ node, stores, solver, health, uptime: (performance.now() - started) / 1000 });
  const backUpTo = (file: string) => backUp(database, directory, file);
  let endpoints: Endpoints = { p2p: null, imap: null, smtp: null, web: null };
  const metrics = createMetrics({
    config,
    node,
    stores,
    solver,
    servers,
    tally,
    trouble: () => health.trouble() !== null,
    database: directory.database,
    logger,
  });
  const ordinaryMethods = createMethods({
    services,
    stores,
    config,
    status,
    backUp: backUpTo,
    endpoints: () => endpoints,
    certificates: directory.certificates,
  });
  const methods: ControlMethods = explainStorage(
    { ...ordinaryMethods, metrics: () => metrics.text() },
    refusals,
  );
  const settings = createShownSettings({
    config: options.config,
    sources: options.sources,
    path: directory.config,
    check: assertEngine,
    threshold,
  });
  const shown = {
    config,
    directory,
    services,
    stores,
    methods,
    settings,
    logLines,
    logger,
    logLevel: () => threshold.level,
  };
  const web = createWebServer({ ...shown, refusals, endpoints: () => endpoints });
  const api = createApiServer({
    ...shown,
    node,
    solver,
    publisher,
    clock: systemClock,
    shutDown: () => options.shutDown?.(),
  });
  if (api !== null) node.onObjectsAdded((hashes) => api.objectsAdded(hashes));
  const autoconfig = createAutoconfigServer({ ...shown, refusals, endpoints: () => endpoints });
  const sampler = createSampler({ samples: stores.samples, node, solver, logger });
  const allowed = relaysOnly ? relayMethods(methods) : methods;
  const control = createControlServer(directory.socket, allowed, logger.child({ room: "control" }));

  return {
    methods: allowed,
    async start() {
      const mail = await servers.start();
      await control.start();
      if (!relaysOnly) services.start();
      const p2p = await listening("node.listen", () => node.start());
      endpoints = {
        p2p,
        ...mail,
        web: web && (await listening("web.listen", () => web.start())),
        ...(await startAutoconfig(autoconfig, logger)),
        api: api && (await listening("api.listen", () => api.start())),
        metrics: await listening("metrics.listen", async () => (await metrics.server?.start()) ?? null),
      };
      sampler.start();
      return endpoints;
    },
    stop: () =>
      stopAll(
        [
          () => services.logins.stop(),
          () => sampler.stop(),
          () => health.stop(),
          () => control.stop(),
          () => Promise.all([web?.stop(), autoconfig?.stop(), api?.stop(), metrics.stop()]),
          () => servers.stop(),
          () => node.stop(),
          () => services.stop(),
          () => solver.close(),
          () => stores.keys.lock(),
          () => database.close(),
        ],
        logger,
      ),
  };
}

function assertEngine(config: Config): void {
  const missing = missingForEngine(config.pow.engine);
  if (missing !== null) throw new ConfigError("pow.engine", `${missing}; "auto" does without`);
}

async function refuseSecondNode(directory: DataDirectory): Promise<void> {
  const running = await connectControl(directory.socket);
  if (running === null) return;
  running.close();
  throw new ConfigError(directory.path, "a node runs on this data directory already");
}

const random: RandomBytes = (length) => new Uint8Array(randomBytes(length));

async function resolveHost(host: string): Promise<readonly string[]> {
  const answers = await Promise.allSettled([resolve4(host), resolve6(host)]);
  return answers.flatMap((answer) => (answer.status === "fulfilled" ? answer.value : []));
}
