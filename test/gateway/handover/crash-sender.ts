/** Run by crash.test.ts and killed there: hands over what waits in a database, to a web server. */
import { createHandoverQueue } from "../../../src/gateway/handover/queue.js";
import { silentLogger } from "../../../src/logger.js";
import { createWebhookTransport } from "../../../src/mail/transports/webhook.js";
import { openDatabase } from "../../../src/store/database.js";
import { createSqliteStores } from "../../../src/store/sqlite/stores.js";

const [path = "", url = ""] = process.argv.slice(2);
const { handovers, transactions } = createSqliteStores(openDatabase(path));
const nothing = async () => () => {};
const clock = () => Math.floor(Date.now() / 1000);

createHandoverQueue({
  handovers,
  transactions,
  targets: [
    {
      name: "hook",
      transport: createWebhookTransport({
        url: new URL(url),
        format: "rfc822",
        secret: null,
        timeLimit: 10_000,
        authorities: null,
        clock,
      }),
    },
  ],
  reports: { failed: nothing, delayed: nothing, relayed: nothing },
  policy: { firstWait: 1, longestWait: 1, delayWarning: 0, giveUpAfter: 0 },
  observer: () => {},
  clock,
  timer: (seconds, task) => {
    const timer = setTimeout(task, seconds * 1000);
    return () => clearTimeout(timer);
  },
  random: Math.random,
  newId: () => "unused",
  log: silentLogger,
}).start();
