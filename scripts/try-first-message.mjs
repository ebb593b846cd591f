// A stopwatch from nothing to the first message: a fresh clone, an empty npm cache, a Thunderbird with an empty profile, and a friend whose bridge
// runs already, with a data directory of its own, reached over loopback. Tells each step, its seconds, and every word that a person types.
//   node scripts/try-first-message.mjs [--real-difficulty] [--checkout DIR] [--work DIR] [--display :43] [--images DIR]
// --checkout takes one that is installed and built instead of a fresh clone. Needs Debian's thunderbird, xvfb and imagemagick (scripts/install-clients
// --thunderbird), util-linux's script, and what a checkout needs. Ada's node listens on the ports of a first start, and on port 80 where it may.
import { execFileSync, spawn } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { HUB } from "./thunderbird/account-hub.mjs";
import { sleep, Thunderbird } from "./thunderbird/driver.mjs";
import { writeProfile } from "./thunderbird/profile.mjs";

const { values } = parseArgs({
  options: {
    "real-difficulty": { type: "boolean", default: false },
    checkout: { type: "string" },
    work: { type: "string" },
    display: { type: "string", default: ":43" },
    images: { type: "string" },
  },
});
const source = fileURLToPath(new URL("..", import.meta.url));
const { ImapFlow } = createRequire(import.meta.url)("imapflow");
const work = resolve(values.work ?? mkdtempSync(join(tmpdir(), "bmbridge-stopwatch-")));
for (const name of ["ada", "friend", "profile", "home", "cache"])
  rmSync(join(work, name), { recursive: true, force: true });
mkdirSync(work, { recursive: true });
const checkout = resolve(values.checkout ?? join(work, "checkout"));
const main = join(checkout, "dist/src/main.js");

// A network of two: nobody types this on the real one.
const network = [
  "network.name=stopwatch",
  "node.bootstrap=false",
  "log.level=warn",
  ...(values["real-difficulty"] ? [] : ["network.min_trials_per_byte=1", "network.min_extra_bytes=100"]),
];
const set = (settings) => settings.flatMap((one) => ["--set", one]);

/** Processor time of what has been run to its end, in seconds: the figure that other work on the machine does not change. */
function processorTime() {
  const fields = readFileSync("/proc/self/stat", "utf8")
    .replace(/^.*\) /, "")
    .split(" ");
  return (Number(fields[13]) + Number(fields[14])) / 100;
}

const rows = [];
async function step(name, typed, action) {
  const started = performance.now();
  const before = processorTime();
  const outcome = await action();
  const seconds = (performance.now() - started) / 1000;
  const processor = processorTime() - before;
  rows.push({ name, typed, seconds });
  console.log(
    `${seconds.toFixed(1).padStart(7)} s  ${name}${processor > 1 ? ` (${processor.toFixed(0)} s of processor time)` : ""}${typed.length > 0 ? `  [types: ${typed.join(" | ")}]` : ""}`,
  );
  return outcome;
}

const children = [];
process.on("exit", () => {
  for (const child of children) child.kill("SIGKILL");
});
for (const signal of ["SIGINT", "SIGTERM"]) process.on(signal, () => process.exit(1));

/** At a pseudo terminal, as a person starts it; resolves with what is printed up to `ready`. */
async function firstStart(friend) {
  const settings = [...network, `node.connect=${friend.p2p}`, "node.listen=127.0.0.1:0"];
  const words = [`${checkout}/scripts/start`, "--data-dir", join(work, "ada"), ...set(settings)];
  const env = { ...process.env, npm_config_cache: join(work, "cache") };
  const child = spawn(
    "script",
    ["-qefc", `exec ${words.map((word) => `'${word}'`).join(" ")}`, "/dev/null"],
    { env },
  );
  children.push(child);
  let text = "";
  let asked = 0;
  return new Promise((done, failed) => {
    child.stdout.on("data", (chunk) => {
      text += chunk;
      for (; asked < (text.match(/\]: \x1b\[\d+G/g) ?? []).length; asked++) child.stdin.write("\r");
      if (text.includes("\nready\r\n")) done(text);
    });
    child.once("exit", () => failed(new Error(`the start ended: ${text}`)));
  });
}

function firstLine(parameters, input) {
  const child = spawn(process.execPath, [main, ...parameters], { stdio: ["pipe", "pipe", "inherit"] });
  children.push(child);
  child.stdin.end(input ?? "");
  return new Promise((done, failed) => {
    createInterface({ input: child.stdout }).once("line", (line) => done(JSON.parse(line)));
    child.once("exit", (code) => code !== 0 && failed(new Error(`ended with ${code}`)));
  });
}

async function startFriend() {
  const where = ["--json", "--data-dir", join(work, "friend")];
  const listen = ["node", "imap", "smtp", "web"].map((name) => `${name}.listen=127.0.0.1:0`);
  const settings = set([...network, ...listen, "web.autoconfig=false"]);
  const setup = ["setup", "--user", "bob", "--password-stdin", ...where, ...settings];
  const { identities } = await firstLine(setup, "a long password\n");
  const ready = await firstLine(["start", ...where, ...settings]);
  return { ...ready, address: `${identities[0].address}@bm.localhost` };
}

/** Resolves when a mail with that subject is in the friend's INBOX. */
async function arrived({ imap }, subject) {
  const client = new ImapFlow({
    host: "127.0.0.1",
    port: Number(imap.split(":")[1]),
    secure: false,
    logger: false,
    auth: { user: "bob", pass: "a long password" },
  });
  await client.connect();
  await client.mailboxOpen("INBOX");
  for (;;) {
    if ((await client.search({ subject }))?.length > 0) break;
    await sleep(100);
  }
  await client.logout();
}

console.log(`Load of the machine at the start: ${execFileSync("uptime", { encoding: "utf8" }).trim()}`);
if (values.checkout === undefined) {
  rmSync(checkout, { recursive: true, force: true });
  await step("git clone", ["git clone REPOSITORY bitmessage-bridge", "cd bitmessage-bridge"], async () =>
    execFileSync("git", ["clone", "-q", source, checkout]),
  );
  // The friend's bridge is there already: it comes from the same clone, so this part of ./scripts/start is run, and timed, before it.
  await step(
    "./scripts/start: packages from an empty cache, SQLite compiled, built",
    ["./scripts/start"],
    async () =>
      execFileSync(join(checkout, "scripts/prepare"), {
        stdio: ["ignore", "ignore", "inherit"],
        env: { ...process.env, npm_config_cache: join(work, "cache") },
      }),
  );
}
const friend = await startFriend();
const shown = await step(
  "the first start: two questions, the settings are shown, ready",
  [...(values.checkout === undefined ? [] : ["./scripts/start"]), "Enter", "Enter"],
  () => firstStart(friend),
);
const find = (pattern) => pattern.exec(shown)?.[1] ?? "";
const account = {
  email: find(/your address {2}(\S+)/),
  password: find(/password {6}(\S+)/),
  byItself: /Thunderbird\s+finds these by itself/.test(shown),
  web: find(/web page\s+(http:\S+)/),
};

const xvfb = spawn("Xvfb", [values.display, "-screen", "0", "1100x760x24", "-nolisten", "tcp"], {
  stdio: "ignore",
});
children.push(xvfb);
await sleep(1000);
const dir = join(work, "profile");
const mport = 21900 + Math.floor(Math.random() * 90);
const tb = new Thunderbird({ dir, mport, display: values.display, host: "localhost" });
const prefs = { "mail.provider.suppress_dialog_on_startup": false };
if (!account.byItself) prefs["mailnews.auto_config_url"] = `${account.web}mail/config-v1.1.xml?domain=`;
writeProfile({ dir, noAccount: true, marionettePort: mport, prefs });
const inHub = (body, ...given) =>
  tb.m.run(`const A = arguments; return (async () => { ${HUB} ${body} })();`, given, 120000);
const images = resolve(values.images ?? join(work, "images"));
const shot = (name) => tb.shot(join(images, `${name}.png`));

await step("Thunderbird opens, and asks for an account", [], async () => {
  await tb.launch();
  await inHub(`await until(() => page() === "start", 60000, "the hub")`);
});
const hub = ["Ada Lovelace", "the mail address (pasted)", "Continue"];
await step(
  account.byItself
    ? "it finds the servers by itself"
    : "it finds the servers (told by a preference: port 80 was not to be had)",
  hub,
  async () => {
    await inHub(`set("#realName", "Ada Lovelace"); set("#email", A[0]); await pause(300);`, account.email);
    await shot("thunderbird-address");
    await inHub(`await next(); await until(() => ["found", "manual"].includes(page()), 60000, "settings")`);
    if ((await inHub("return page()")) !== "found") throw new Error("the settings were not found");
  },
);
await shot("thunderbird-found");
await step(
  "password, and the account is there",
  ["Continue", "the password (pasted)", "Continue", "Finish"],
  async () => {
    await inHub(
      `await next(); await until(() => page() === "password", 20000, "password"); set("input[type=password]", A[0]);
     await pause(200); await next(); await until(() => ["done", "sync"].includes(page()), 60000, "account");
     one("#forward").click(); await pause(500);`,
      account.password,
    );
    await tb.js(async () => !!(await until(() => folder("INBOX"), 60000, "INBOX")));
  },
);
const subject = "Hello from the bridge";
await step(
  "a message is written and sent",
  ["the friend's address (pasted)", subject, "Does it work?", "Send"],
  async () => {
    await tb.newCompose();
    await tb.fill({ to: friend.address, subject, body: "Does it work?" });
    await shot("thunderbird-compose");
    const sent = await tb.send("cmd_sendNow", 60000);
    if (!sent.ok) throw new Error(sent.alert);
  },
);
await step(
  "the friend has it (the key is asked for, work is done twice, a node tells of objects after up to 10 s)",
  [],
  () => arrived(friend, subject),
);
await step("Thunderbird shows that it was delivered", [], async () => {
  await tb.js(async () => {
    const sent = await until(() => folder("Sent"), 20000, "Sent");
    await until(
      () => {
        sent.updateFolder(null);
        return [...sent.messages].some((one) =>
          one.getStringProperty("keywords").toLowerCase().includes("$bmdelivered"),
        );
      },
      180000,
      "delivered",
    );
  });
});
await tb.open("Sent").catch(() => {});
await sleep(1000);
await shot("thunderbird-delivered");
await tb.stop();
const total = rows.reduce((sum, { seconds }) => sum + seconds, 0);
const until = rows.slice(0, -1).reduce((sum, { seconds }) => sum + seconds, 0);
const typed = rows.flatMap((row) => row.typed);
console.log(
  `${until.toFixed(1)} s until the friend had it, ${total.toFixed(1)} s in all; ${typed.length} things typed or pressed by a person.`,
);
console.log(
  `Difficulty: ${values["real-difficulty"] ? "as on the real network" : "hardly any (test network)"}; images: ${images}`,
);
process.exit(0);
