/** Whoever loses his login or identity is not left in a session over what is gone; whoever has one sends only from what it is for. */
import { afterEach, beforeEach, describe, expect, test } from "@jest/globals";
import { SmtpError } from "../../../src/mail/smtp/error.js";
import { startTestServer, type TestServer } from "../../mail/imap/test-server.js";
import { TestClient } from "../../mail/imap/transcript.js";
import {
  addressOf,
  createWorld,
  DOMAIN,
  identityOf,
  mailOf,
  messagesIn,
  receivedOf,
  type World,
} from "../world.js";

let world: World;
let server: TestServer;
const bob = addressOf("bob");
const berta = addressOf("berta");

beforeEach(async () => {
  world = createWorld();
  await world.users.create("berta", "pässword");
  world.stores.identities.save(identityOf(berta, { user: "berta", label: "Berta" }));
  server = await startTestServer({ backend: world.backend });
});

afterEach(async () => {
  await server.stop();
  expect(server.errors).toEqual([]);
  world.database.close();
});

async function logIn(name: string, ...commands: string[]): Promise<TestClient> {
  const client = await TestClient.connect(server.port);
  await client.line();
  await client.command(`a1 LOGIN ${name} {9+}\r\np\xc3\xa4ssword`);
  for (const command of commands) await client.command(command);
  return client;
}

describe("removing", () => {
  test("a login ends its sessions with BYE, whatever they are doing, and nobody else's", async () => {
    await world.users.create("carl", "pässword");
    const idle = await logIn("berta", "a2 SELECT INBOX");
    idle.write("a3 IDLE\r\n");
    expect(await idle.line()).toMatch(/^\+/);
    const resting = await logIn("berta");
    const other = await logIn("carl", "a2 SELECT INBOX");
    world.stores.identities.remove("berta", berta);
    world.users.remove("berta");
    for (const client of [idle, resting]) {
      expect(await client.line()).toBe("* BYE This login has been removed.");
      await client.ended();
    }
    expect(await other.command("a4 NOOP")).toEqual([expect.stringMatching(/^a4 OK/)]);
    expect(world.stores.mailboxes.list("berta")).toEqual([]);
    other.close();
  });

  test("a login leaves nothing to who gets its name later, not even what was on its way to it", async () => {
    await world.users.create("carl", "password");
    const chan = { chan: true, to: bob, users: ["carl"] };
    const deliver = await world.delivery.prepare(receivedOf(world, { ...chan, text: { body: "secret" } }));
    world.users.remove("carl");
    deliver();
    world.stores.contacts.save({ user: "carl", address: bob, label: "Bob", blocked: false });
    await world.users.create("carl", "other");
    const names = world.stores.mailboxes.list("carl").map(({ name }) => name);
    expect(names.filter((name) => name.startsWith("Chans"))).toEqual([]);
    expect(names).toContain("INBOX");
    expect(world.stores.contacts.list("carl")).toEqual([]);
  });

  test("an identity ends the sessions that show it alone", async () => {
    const view = await logIn(berta, "a2 SELECT INBOX");
    const whole = await logIn("berta");
    world.stores.identities.remove("berta", berta);
    for (const listener of world.identityListeners) listener();
    expect(await view.line()).toBe("* BYE This identity has been removed.");
    await view.ended();
    expect(await whole.command("a3 NOOP")).toEqual([expect.stringMatching(/^a3 OK/)]);
    expect(world.identityListeners.size).toBe(0);
    whole.close();
  });
});

test("a login or identity that is removed while its password is looked at does not come in, and leaves nothing", async () => {
  world.removedLogins.add("carl");
  const refused = { status: "NO", code: "AUTHENTICATIONFAILED" };
  await expect(world.backend.openUser({ name: "carl" })).rejects.toMatchObject(refused);
  expect(world.stores.mailboxes.list("carl")).toEqual([]);
  const gone = { name: "anna", identity: addressOf("gone") };
  await expect(world.backend.openUser(gone)).rejects.toMatchObject(refused);
});

describe("sending after a login with an identity's address", () => {
  const user = { name: "anna", identity: "" };
  const work = addressOf("anna at work");
  const recipients = [{ address: `${bob}@${DOMAIN}` }];

  beforeEach(() => {
    world.stores.identities.save(identityOf(work, { label: "Work" }));
    user.identity = work;
  });

  async function refusal(attempt: Promise<unknown>): Promise<string> {
    const error = await attempt.then(
      () => null,
      (reason: unknown) => reason,
    );
    if (!(error instanceof SmtpError)) return "accepted";
    return `${error.responseCode} ${error.enhancedCode}`;
  }

  test("goes from that identity, in the envelope and in From, and from no other of the user", async () => {
    const submit = (sender: string, from: string) =>
      refusal(
        world.submission.submit(
          user,
          { sender: `${sender}@${DOMAIN}`, recipients },
          mailOf(`From: ${from}@${DOMAIN}`, "Subject: x", "", "text"),
        ),
      );
    expect(await refusal(world.submission.checkSender(user, `${world.own}@${DOMAIN}`, {}))).toBe("550 5.7.1");
    expect(await refusal(world.submission.checkSender(user, `anna-at-home@${DOMAIN}`, {}))).toBe("550 5.7.1");
    expect(await submit(world.own, work)).toBe("550 5.7.1");
    expect(await submit(work, world.own)).toBe("550 5.7.1");
    expect(messagesIn(world, "Sent")).toEqual([]);
    expect(await submit(work, work)).toBe("accepted");
    expect(await submit("work", "work")).toBe("accepted");
    expect(messagesIn(world, "Sent")).toHaveLength(2);
  });
});
