/** What a login with an identity's address sees is a whole mail account to the IMAP library, in either layout, whatever else is in the mailboxes. */
import type { Backend } from "../../../src/mail/imap/backend.js";
import { type BackendFixture, describeBackend } from "../../mail/imap/backend-contract.js";
import { createWorld, type WorldOptions } from "../world.js";

const USERNAME = "BM-anna";
const PASSWORD = "correct horse battery";

function fixtureIn(options: WorldOptions): BackendFixture {
  const world = createWorld(options);
  const backend: Backend = {
    // How passwords are kept is tested elsewhere; here it would only take time.
    authenticate: async ({ username, password }) =>
      username === USERNAME && password === PASSWORD ? { name: "anna", identity: world.own } : null,
    openUser: (user) => world.backend.openUser(user),
  };
  return { backend, username: USERNAME, password: PASSWORD, close: () => void world.database.close() };
}

describeBackend("one identity's mail, combined", () => fixtureIn({ layout: "combined" }));
describeBackend("one identity's mail, split", () => fixtureIn({ layout: "split" }));
