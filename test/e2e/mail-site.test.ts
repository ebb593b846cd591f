/** The bridge as a transport of a site with Debian's Postfix and Dovecot, by the worked example in `config/`. */
import { chmodSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import { ImapFlow } from "imapflow";
import { createTransport } from "nodemailer";
import {
  canRunSite,
  DOVECOT_PASSWORD,
  exampleFile,
  freePorts,
  type Running,
  type SitePorts,
  startDovecot,
  startPostfix,
} from "../support/mail-site.js";
import { untilFound } from "../support/mail-user.js";
import {
  bmbridge,
  MAIN,
  PASSWORD,
  type RunningNode,
  runProgram,
  setupNode,
  startNode,
  temporaryDirectory,
} from "../support/running-node.js";

const directory = temporaryDirectory();
const home = join(directory.path, "bridge");
let ports: SitePorts;
let node: RunningNode;
let dovecot: Running;
let postfix: Running;
let anna = "";
let carl = "";

const describeSite = canRunSite ? describe : describe.skip;

beforeAll(async () => {
  if (!canRunSite) return;
  ports = await freePorts();
  anna = await setupNode(home, "anna");
  // Carl is far away: he has a bridge of his own, here the same one.
  carl = await setupNode(home, "carl");
  const delivery = exampleFile("bmbridge.toml", ports).replace(
    "[[delivery]]",
    '[[delivery]]\nusers = ["anna"]',
  );
  writeFileSync(join(home, "config.toml"), delivery);
  // Dovecot's files belong to another user, who has to get there.
  chmodSync(directory.path, 0o711);
  dovecot = await startDovecot(join(directory.path, "dovecot"), ports);
  postfix = await startPostfix(join(directory.path, "postfix"), ports);
  node = await startNode(home, [`smtp.listen=127.0.0.1:${ports.bridge}`, "handover.retry_after=1"]);
}, 120_000);

afterAll(async () => {
  await node?.stop();
  await postfix?.stop();
  await dovecot?.stop();
  directory.remove();
}, 120_000);

interface Account {
  readonly port: number;
  readonly user: string;
  readonly pass: string;
}

const annasDovecot = (): Account => ({ port: ports.imap, user: "anna@example.org", pass: DOVECOT_PASSWORD });
const carlsBridge = (): Account => ({ port: node.imapPort, user: "carl", pass: PASSWORD });

/** The source of the first message in INBOX with that subject, as soon as it is there. */
async function arrival({ port, user, pass }: Account, subject: string): Promise<string> {
  const client = new ImapFlow({
    host: "127.0.0.1",
    port,
    secure: false,
    auth: { user, pass },
    logger: false,
  });
  client.on("error", () => client.close());
  await client.connect();
  try {
    await client.mailboxOpen("INBOX");
    return await untilFound(client, async () => {
      const uids = await client.search({ header: { subject } }, { uid: true });
      if (!uids || uids.length === 0) return null;
      const message = await client.fetchOne(String(uids[0]), { source: true }, { uid: true });
      return message ? (message.source?.toString("utf8") ?? "") : "";
    });
  } finally {
    client.close();
  }
}

/** What a user of the site does: no login, Postfix knows the machine. */
async function sendFromSite(mail: {
  from: string;
  to: string;
  subject: string;
  text: string;
}): Promise<void> {
  const transport = createTransport({ host: "127.0.0.1", port: ports.postfix, ignoreTLS: true });
  await transport.sendMail(mail);
  transport.close();
}

async function sendAsCarl(to: string, subject: string): Promise<void> {
  const auth = { user: "carl", pass: PASSWORD };
  const transport = createTransport({ host: "127.0.0.1", port: node.smtpPort, auth });
  await transport.sendMail({ from: `${carl}@bm.localhost`, to, subject, text: `About ${subject}.` });
  transport.close();
}

async function deliveries(): Promise<{ state: string; error: string | null; target: string }[]> {
  const outcome = await bmbridge(["delivery", "list", "--json", "--data-dir", home]);
  return JSON.parse(outcome.stdout);
}

describeSite("beside Postfix and Dovecot", () => {
  test("a user of the site writes to a Bitmessage address, in the name of her identity", async () => {
    const to = `${carl}@bm.localhost`;
    await sendFromSite({ from: "Anna <anna@example.org>", to, subject: "Out", text: "Through Postfix." });
    const source = await arrival(carlsBridge(), "Out");
    expect(source).toContain(`From: ${anna}@bm.localhost`);
    expect(source).toContain("Through Postfix.");
    expect(source).not.toMatch(/anna@example\.org|^Received/m);
  }, 120_000);

  test("what she receives is in Dovecot, and she can answer it", async () => {
    await sendAsCarl(`${anna}@bm.localhost`, "In");
    const source = await arrival(annasDovecot(), "In");
    expect(source).toMatch(/^Delivered-To: anna@example\.org\r?$/m);
    expect(source).toContain(`From: ${carl}@bm.localhost`);
    const to = /^From: (\S+)/m.exec(source)?.[1] ?? "";
    await sendFromSite({ from: "anna@example.org", to, subject: "Re: In", text: "An answer." });
    expect(await arrival(carlsBridge(), "Re: In")).toContain("An answer.");
  }, 120_000);

  test("a stranger, and an address that is none, come back from Postfix with our words", async () => {
    const to = `${carl}@bm.localhost`;
    await sendFromSite({
      from: "anna@example.org",
      to: "BM-nobody@bm.localhost",
      subject: "Wrong",
      text: "x",
    });
    expect(await arrival(annasDovecot(), "Undelivered")).toMatch(/is not a Bitmessage address/);
    await sendFromSite({ from: "eve@example.org", to, subject: "Stranger", text: "x" });
    const eve = { ...annasDovecot(), user: "eve@example.org" };
    expect(await arrival(eve, "Undelivered")).toMatch(/belongs to no identity here/);
  }, 120_000);

  test("while Dovecot is away, mail waits with us, and arrives when it is back", async () => {
    await dovecot.stop();
    await sendAsCarl(`${anna}@bm.localhost`, "Patience");
    for (;;) {
      const [first] = await deliveries();
      if (first?.error) {
        expect(first).toMatchObject({ state: "waiting", target: "dovecot" });
        break;
      }
    }
    // The process may die meanwhile.
    await node.stop("SIGKILL");
    dovecot = await startDovecot(join(directory.path, "dovecot"), ports);
    node = await startNode(home, [`smtp.listen=127.0.0.1:${ports.bridge}`, "handover.retry_after=1"]);
    expect(await arrival(annasDovecot(), "Patience")).toContain("About Patience.");
  }, 120_000);

  test("ordinary recipients are reached through Postfix by who has an ordinary address", async () => {
    await expect(sendAsCarl("anna@example.org", "Nobody")).rejects.toMatchObject({ responseCode: 550 });
    const input = "Written on the command line.\n";
    const parameters = ["send", "--from", anna, "--to", "bert@example.org", "--subject", "Ordinary"];
    const sent = await runProgram(process.execPath, [MAIN, ...parameters, "--data-dir", home], { input });
    expect(sent.stderr).toBe("");
    const source = await arrival({ ...annasDovecot(), user: "bert@example.org" }, "Ordinary");
    expect(source).toMatch(/^From: anna@example\.org\r?$/m);
    expect(source).not.toContain("BM-");
  }, 120_000);
});
