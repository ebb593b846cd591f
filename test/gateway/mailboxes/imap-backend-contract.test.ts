/** The gateway's mailboxes do what the IMAP library asks of a backend, over either store. */
import { LoginSessions } from "../../../src/gateway/logins/login-sessions.js";
import { createGatewayBackend } from "../../../src/gateway/mailboxes/backend.js";
import { createJunk } from "../../../src/gateway/mailboxes/junk.js";
import { createFolders } from "../../../src/gateway/mailboxes/mailboxes.js";
import { createManagedFolders } from "../../../src/gateway/mailboxes/managed-folders.js";
import { openDatabase } from "../../../src/store/database.js";
import { createMemoryStores } from "../../../src/store/memory/stores.js";
import { createSqliteStores } from "../../../src/store/sqlite/stores.js";
import type { Stores } from "../../../src/store/stores.js";
import { type BackendFixture, describeBackend } from "../../mail/imap/backend-contract.js";

const USERNAME = "anna";
const PASSWORD = "correct horse battery";

const nothing = (): never => {
  throw new Error("there are no chans and no sending in this test");
};

function fixtureOver(stores: Stores, close: () => void): BackendFixture {
  const clock = () => 1_700_000_000;
  const folders = createFolders({ ...stores, layout: "combined" });
  const managedFolders = createManagedFolders({
    folders,
    mailboxes: stores.mailboxes,
    identities: { joinChan: nothing, leaveChan: nothing, setLabel: nothing },
    subscriptions: { add: nothing, remove: nothing, setLabel: nothing },
  });
  // How passwords are kept is tested elsewhere; here it would only take time.
  const logins: Parameters<typeof createGatewayBackend>[0]["logins"] = {
    authenticate: async ({ username, password }) =>
      username === USERNAME && password === PASSWORD ? { name: USERNAME } : null,
  };
  const outbox = { cancel: nothing };
  const handoverQueue = { cancel: nothing };
  const shared = {
    ...stores,
    logins,
    sessions: new LoginSessions(),
    folders,
    managedFolders,
    outbox,
    junk: createJunk({ ...stores, folders }),
    handoverQueue,
    clock,
    hasLogin: () => true,
    identityChanges: () => () => {},
  };
  const backend = createGatewayBackend(shared);
  return { backend, username: USERNAME, password: PASSWORD, close };
}

describeBackend("the gateway over stores in memory", () => fixtureOver(createMemoryStores(), () => {}));

describeBackend("the gateway over SQLite", () => {
  const database = openDatabase(":memory:");
  return fixtureOver(createSqliteStores(database), () => database.close());
});
