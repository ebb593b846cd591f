// What a person does with Thunderbird, against two running nodes: its own and that of the one it writes with. Prints PASS or
// FAIL per step. All state lives under --work. Started by scripts/try-thunderbird.mjs.
import { execFileSync, spawn } from "node:child_process";
import { randomBytes } from "node:crypto";
import fs from "node:fs";
import path from "node:path";
import { simpleParser } from "mailparser";
import { accountHubSteps } from "./account-hub.mjs";
import { args } from "./arguments.mjs";
import { contractSteps } from "./contract.mjs";
import { sleep, Thunderbird } from "./driver.mjs";
import { Imap, makeMail } from "./observer.mjs";
import { startProxy } from "./recording-proxy.mjs";
import { eq, must, Steps } from "./steps.mjs";

const o = args({
  host: "localhost",
  "imap-port": 21143,
  "smtp-port": 21025,
  user: "",
  pass: "secret",
  email: "",
  peer: "",
  "peer-imap-port": 0,
  "peer-smtp-port": 0,
  "peer-user": "",
  "peer-pass": "",
  "web-port": 0,
  others: "",
  unknown: "",
  second: "",
  autoconfig: "",
  bridge: "",
  tls: "plain",
  "smtp-tls": "",
  cert: "",
  work: "./tb-work",
  display: ":41",
  headless: false,
  mport: 21828,
  reject: "",
  "too-big": 0,
  "check-minutes": 10,
  prefs: "",
  record: "",
  only: "",
  skip: "",
  json: "",
  shots: "",
  fresh: true,
  idle: true,
  keep: false,
  "own-xvfb": false,
  folders: "Sent,Drafts,Trash",
});
o.email ||= o.user;
o["smtp-tls"] ||= o.tls;
const work = path.resolve(o.work);
fs.mkdirSync(work, { recursive: true });
const shots = path.resolve(o.shots || path.join(work, "shots"));
const run = `r${Date.now().toString(36)}`; // makes subjects unique per run
const S = (x) => `${x} ${run}`;

let imapPort = o["imap-port"],
  smtpPort = o["smtp-port"],
  mark = () => {};
if (o.record) {
  // transcript mode: put logging proxies in between (plain connections)
  fs.mkdirSync(o.record, { recursive: true });
  const il = path.join(o.record, "imap.txt"),
    sl = path.join(o.record, "smtp.txt");
  for (const f of [il, sl]) fs.writeFileSync(f, "");
  imapPort = await startProxy({ to: `${o.host}:${imapPort}`, log: il, max: 300 });
  smtpPort = await startProxy({ to: `${o.host}:${smtpPort}`, log: sl, max: 300 });
  mark = (n) => {
    for (const f of [il, sl]) fs.appendFileSync(f, `\n=== ${n}\n`);
  };
}
let xvfb;
if (o["own-xvfb"]) {
  xvfb = spawn("Xvfb", [o.display, "-screen", "0", "1280x900x24", "-nolisten", "tcp"], { stdio: "ignore" });
  await sleep(800);
}

const tb = new Thunderbird({
  dir: path.join(work, "profile"),
  host: o.host,
  imapPort,
  smtpPort,
  user: o.user,
  pass: o.pass,
  email: o.email,
  name: "Alice Example",
  tls: o.tls,
  smtpTls: o["smtp-tls"],
  cert: o.cert,
  mport: o.mport,
  display: o.display,
  headless: o.headless,
  log: path.join(work, "thunderbird.log"),
  idle: o.idle,
  checkMinutes: o["check-minutes"],
  prefs: {
    "mail.compose.attachment_reminder": false,
    "mailnews.emptyTrash.dontAskAgain": true,
    "mail.warn_on_send_accel_key": false,
    "mailnews.confirm.moveFoldersToTrash": false,
    "mail.warn_on_delete_from_trash": false,
    ...(o.prefs ? JSON.parse(o.prefs) : {}),
  },
});
// Whatever happens, nothing is left running.
process.on("exit", () => {
  if (o.keep) return;
  tb.child?.kill("SIGKILL");
  xvfb?.kill();
});
for (const signal of ["SIGINT", "SIGTERM"]) process.on(signal, () => process.exit(1));
const imap = await new Imap({
  host: o.host,
  port: o["imap-port"],
  tls: o.tls,
  user: o.user,
  pass: o.pass,
}).connect();
const st = new Steps({
  only: o.only,
  skip: o.skip,
  mark,
  json: o.json,
  onFail: async (n) => {
    try {
      if (await tb.alertText()) await tb.dismissAlert();
      await tb.shot(path.join(shots, `FAIL-${n.replace(/\W+/g, "_").slice(0, 60)}.png`));
      await tb.closeLeftCompose();
    } catch {}
  },
});
const { step } = { step: st.step.bind(st) };
const flagsOf = async (box, subj) => (await imap.find(box, subj))?.flags ?? new Set();
const eventually = async (f, what, ms = 10000) => {
  const e = Date.now() + ms;
  for (;;) {
    const v = await f();
    if (v) return v;
    if (Date.now() > e) throw new Error(`timeout: ${what}`);
    await sleep(150);
  }
};
/** A mail of the peer's own node: it becomes a Bitmessage and comes in through ours. */
async function inject(m) {
  const file = path.join(work, "inject.eml");
  fs.writeFileSync(file, makeMail(m));
  const addresses = m.to.split(",").map((x) => x.trim());
  execFileSync(
    "curl",
    [
      "-sS",
      "--url",
      `smtp://127.0.0.1:${o["peer-smtp-port"]}`,
      "--user",
      `${o["peer-user"]}:${o["peer-pass"]}`,
      "--mail-from",
      m.from,
      ...addresses.flatMap((x) => ["--mail-rcpt", x]),
      "-T",
      file,
    ],
    { stdio: ["ignore", "ignore", "inherit"] },
  );
}
const there = await new Imap({
  host: o.host,
  port: o["peer-imap-port"],
  tls: "plain",
  user: o["peer-user"],
  pass: o["peer-pass"],
}).connect();
/** The Bitmessages of that subject that arrived at the peer's node, one for each address it was sent to. */
const received = (s, count = 1) =>
  eventually(
    async () => {
      const l = (await there.all("INBOX", { raw: true })).filter((x) => x.subject === s);
      return (
        l.length >= count &&
        Promise.all(
          l.map(async (x) => ({
            ...x,
            text: ((await simpleParser(x.raw)).text ?? "").replace(/\r\n/g, "\n"),
          })),
        )
      );
    },
    `${count} of "${s}" at the peer`,
    60000,
  );
const me = o.email,
  peer = o.peer,
  [other, collected, secretly, named] = o.others.split(",");

// ---------- 0. set up mailbox content and the client ----------
await step(
  "00 mailbox: 3 messages in INBOX",
  async () => {
    if (o.fresh) for (const b of ["INBOX", ...o.folders.split(",")]) await imap.empty(b).catch(() => {});
    await inject({ from: peer, to: me, subject: S("plain"), text: "Plain text body.\nSecond line." });
    await inject({
      from: named,
      to: me,
      subject: S("Grüße 你好 🙂"),
      text: `Umläute äöü, 中文, emoji 🙂\n${"x".repeat(400)}`,
    });
    await inject({
      from: peer,
      to: me,
      subject: S("attachment"),
      text: "see file",
      attach: { name: "data.bin", data: Buffer.alloc(5000, 7) },
    });
    await eventually(async () => (await imap.select("INBOX")).exists === 3, "3 messages in INBOX", 30000);
  },
  { always: true },
);
await step(
  "01 profile prepared, passwords stored",
  async () => {
    const ms = await tb.prepare();
    return `${ms} ms`;
  },
  { always: true },
);
await step(
  "02 Thunderbird starts with the account",
  async () => {
    const ms = await tb.start();
    return `${ms} ms to usable window`;
  },
  { always: true },
);
if (!tb.m) {
  process.exit(99);
}

// ---------- 1. folders and reading ----------
await step("10 folder list with special folders", async () => {
  const f = await tb.js(async () => {
    await until(() => server.rootFolder.descendants.length > 1, 15000, "folders");
    return server.rootFolder.descendants.map(
      (x) =>
        relPath(x) +
        ":" +
        Object.keys(SPECIAL)
          .filter((k) => x.getFlag(SPECIAL[k]))
          .join("+"),
    );
  });
  for (const n of ["INBOX", ...o.folders.split(",")])
    must(
      f.some((x) => x === `${n}:${n}`),
      `special folder ${n} missing in ${f}`,
    );
  return f.join(" ");
});
await step("11 INBOX opens, 3 headers", async () => {
  await tb.open("INBOX");
  const l = await tb.list("INBOX");
  const mine = l.filter((x) => x.subject.endsWith(run));
  eq(mine.length, 3, "headers");
  return mine.map((x) => x.from).join(" | ");
});
await step("12 read plain message; \\Seen reaches the server", async () => {
  const before = await flagsOf("INBOX", S("plain"));
  must(!before.has("\\Seen"), "already seen before");
  const r = await tb.read("INBOX", S("plain"));
  must(r.body.includes("Second line."), `body: ${r.body}`);
  await tb.expect("INBOX", S("plain"), { read: true });
  await eventually(async () => (await flagsOf("INBOX", S("plain"))).has("\\Seen"), "\\Seen on server");
  must(r.hdr.from.includes(peer), `From case changed: ${r.hdr.from}`);
  await tb.shot(path.join(shots, "12-read.png"));
});
await step("13 read UTF-8 subject, name and body", async () => {
  const r = await tb.read("INBOX", S("Grüße 你好 🙂"));
  must(r.body.includes("中文, emoji 🙂"), r.body.slice(0, 80));
  must(r.hdr.from.includes("Ünïcode Näme"), r.hdr.from);
  await tb.shot(path.join(shots, "13-utf8.png"));
});
await step("14 attachment listed and saved intact", async () => {
  const r = await tb.read("INBOX", S("attachment"));
  must(r.attachments.join().includes("data.bin"), `attachments: ${r.attachments}`);
  const out = path.join(work, "saved");
  fs.rmSync(out, { recursive: true, force: true });
  fs.mkdirSync(out);
  await tb.js(async (file) => {
    await am().currentAttachments[0].saveToFile(file);
  }, `${out}/data.bin`);
  const b = fs.readFileSync(path.join(out, "data.bin"));
  must(b.length === 5000 && b.every((x) => x === 7), `content differs, ${b.length}`);
});

// ---------- 2. push ----------
await step("20 IDLE: new message arrives without polling", async () => {
  await tb.open("INBOX");
  await tb.watchArrivals();
  const lat = [];
  for (let i = 0; i < 5; i++) {
    await sleep(i === 0 ? 4000 : 3000);
    const s = S(`idle${i}`);
    const t = Date.now();
    await inject({ from: peer, to: me, subject: s, text: `pushed ${i}` });
    lat.push((await tb.arrived(s, 20000)) - t);
  }
  await tb.shot(path.join(shots, "20-idle.png"));
  return `latency ms: ${lat.join(", ")}`;
});
await step("21 burst of 20 messages arrives completely", async () => {
  const t = Date.now();
  for (let i = 0; i < 20; i++) await inject({ from: peer, to: me, subject: S(`burst${i}`), text: "b" });
  const sent = Date.now() - t;
  await tb.arrived(S("burst19"), 20000);
  await eventually(
    async () =>
      (await tb.list("INBOX")).filter((x) => /^burst\d+ /.test(x.subject) && x.subject.endsWith(run))
        .length === 20,
    "20 headers",
  );
  return `inject ${sent} ms, all seen ${Date.now() - t} ms`;
});
await step("22 flag changed by another client shows up (push)", async () => {
  await imap.store("INBOX", (await imap.find("INBOX", S("idle0"))).uid, "+FLAGS (\\Flagged \\Seen)");
  const t = Date.now();
  await tb.expect("INBOX", S("idle0"), { flagged: true, read: true }, 20000);
  return `${Date.now() - t} ms`;
});
await step("23 message expunged by another client disappears (push)", async () => {
  const t = Date.now();
  await imap.expunge("INBOX", (await imap.find("INBOX", S("idle1"))).uid);
  await tb.gone("INBOX", S("idle1"), 20000);
  return `${Date.now() - t} ms`;
});

// ---------- 3. sending ----------
const attFile = path.join(work, "attach ment ä.txt");
fs.writeFileSync(attFile, "attachment content\n".repeat(50));
await step("30 compose and send with attachment; copy in Sent", async () => {
  await tb.newCompose();
  const f = await tb.fill({
    to: peer,
    subject: S("sent from tb"),
    body: "Hello\nÄÖÜ €\n.leading dot\n..two dots\nFrom here",
    attach: [attFile],
  });
  eq(f.pills[0].email, peer, "pill");
  await tb.shot(path.join(shots, "30-compose.png"));
  const r = await tb.send();
  must(r.ok, `send failed: ${r.alert}`);
  await tb.find("Sent", S("sent from tb"));
  const sv = await eventually(() => imap.find("Sent", S("sent from tb"), { raw: true }), "copy in Sent");
  must(sv.flags.has("\\Seen"), "Sent copy not \\Seen");
  must(sv.raw.includes("\r\n.leading dot\r\n"), "dot line changed in Sent");
  const [w] = await received(S("sent from tb"));
  must(w.to.includes(peer), `To: ${w.to}`);
  must(w.from.includes(me), `From: ${w.from}`);
  must(w.text.includes("ÄÖÜ €\n.leading dot\n..two dots\nFrom here"), `text: ${w.text}`);
  eq((await imap.all("Sent")).filter((x) => x.subject === S("sent from tb")).length, 1, "copies in Sent");
  return `send ${r.ms} ms`;
});
await step("31 reply: quote, In-Reply-To, \\Answered on server", async () => {
  await tb.read("INBOX", S("plain"));
  await tb.reply("reply");
  const f = await tb.fill({ body: "My answer\n" });
  eq(f.pills[0].email, peer, "reply To");
  await tb.shot(path.join(shots, "31-reply.png"));
  const r = await tb.send();
  must(r.ok, r.alert);
  await eventually(async () => (await flagsOf("INBOX", S("plain"))).has("\\Answered"), "\\Answered");
  const sv = await eventually(() => imap.find("Sent", `Re: ${S("plain")}`, { raw: true }), "Sent copy");
  must(sv.inReplyTo, "no In-Reply-To");
  must(sv.raw.includes("> Plain text body."), "no quote");
  must(sv.to.includes(peer), sv.to);
});
await step("32 reply all keeps both addresses' case", async () => {
  /* Other recipients never travel with a Bitmessage: such a mail comes from elsewhere. */ await imap.append(
    "INBOX",
    makeMail({ from: peer, to: `${me}, ${other}`, subject: S("group"), text: "to two" }),
  );
  await tb.find("INBOX", S("group"), 20000);
  await tb.read("INBOX", S("group"));
  await tb.reply("all");
  const f = await tb.fill({ body: "all\n" });
  const em = f.pills.map((p) => p.email);
  must(em.includes(peer) && em.includes(other) && !em.includes(me), em.join());
  const r = await tb.send();
  must(r.ok, r.alert);
  return em.join(" ");
});
await step("33 forward: $Forwarded on server", async () => {
  await tb.read("INBOX", S("attachment"));
  await tb.reply("forward");
  await tb.fill({ to: peer, body: "fyi\n" });
  const r = await tb.send();
  must(r.ok, r.alert);
  await eventually(async () => (await flagsOf("INBOX", S("attachment"))).has("$Forwarded"), "$Forwarded");
  const sv = await imap.find("Sent", `Fwd: ${S("attachment")}`, { raw: true });
  must(sv?.raw.includes("data.bin"), "attachment lost");
});
await step("34 draft saved, edited, sent; draft removed", async () => {
  await tb.newCompose();
  await tb.fill({ to: peer, subject: S("draft"), body: "draft body" });
  const d = await tb.send("cmd_saveAsDraft");
  must(d.ok, d.alert);
  const first = await eventually(() => imap.find("Drafts", S("draft")), "draft on server");
  must(first.flags.has("\\Draft"), `no \\Draft flag: ${[...first.flags]}`);
  await tb.m.run(`window.GetCurrentEditor().insertText(" more")`);
  await tb.send("cmd_saveAsDraft");
  await eventually(async () => {
    const l = (await imap.all("Drafts")).filter((x) => x.subject === S("draft") && !x.flags.has("\\Deleted"));
    return l.length === 1 && l[0].uid !== first.uid;
  }, "old draft replaced");
  const r = await tb.send();
  must(r.ok, r.alert);
  await eventually(
    async () =>
      !(await imap.all("Drafts")).some((x) => x.subject === S("draft") && !x.flags.has("\\Deleted")),
    "draft removed",
  );
});
if (o.reject)
  await step("35 rejected recipient: error shown to the user", async () => {
    await tb.newCompose();
    await tb.fill({ to: o.reject, subject: S("rejected"), body: "x" });
    const r = await tb.send();
    must(!r.ok && r.alert, "no alert");
    await tb.shot(path.join(shots, "35-reject.png"));
    await tb.dismissAlert();
    await tb.closeCompose();
    return r.alert.replace(/\s+/g, " ").slice(0, 300);
  });

if (o["too-big"])
  await step("36 message larger than the server's SIZE: error shown", async () => {
    const f = path.join(work, "big.bin");
    fs.writeFileSync(f, randomBytes(o["too-big"]));
    await tb.newCompose();
    await tb.fill({ to: peer, subject: S("too big"), body: "x", attach: [f] });
    const r = await tb.send();
    must(!r.ok && r.alert, "no alert");
    await tb.shot(path.join(shots, "36-toobig.png"));
    await tb.dismissAlert();
    await tb.closeCompose();
    return r.alert.replace(/\s+/g, " ").slice(0, 300);
  });

// ---------- 4. flags, moving, deleting ----------
await step("40 mark unread / read", async () => {
  await tb.select("INBOX", S("plain"));
  await tb.command("cmd_markAsUnread");
  await eventually(async () => !(await flagsOf("INBOX", S("plain"))).has("\\Seen"), "unseen");
  await tb.command("cmd_markAsRead");
  await eventually(async () => (await flagsOf("INBOX", S("plain"))).has("\\Seen"), "seen");
});
await step("41 star", async () => {
  await tb.select("INBOX", S("plain"));
  await tb.command("cmd_markAsFlagged");
  await eventually(async () => (await flagsOf("INBOX", S("plain"))).has("\\Flagged"), "\\Flagged");
});
await step("42 tag $label1 and a custom tag; remove", async () => {
  await tb.defineTag("projekt", "Projekt", "#00aa00");
  await tb.select("INBOX", S("plain"));
  await tb.command("cmd_tag1");
  await tb.tag("projekt");
  await eventually(async () => {
    const f = await flagsOf("INBOX", S("plain"));
    return f.has("$label1") && f.has("projekt");
  }, "keywords");
  await tb.shot(path.join(shots, "42-tags.png"));
  await tb.tag("projekt", false);
  await eventually(async () => !(await flagsOf("INBOX", S("plain"))).has("projekt"), "keyword removed");
});
await step("43 multi-selection mark read", async () => {
  await tb.select("INBOX", ...[0, 1, 2, 3, 4].map((i) => S(`burst${i}`)));
  await tb.command("cmd_markAsRead");
  await eventually(
    async () =>
      (await imap.all("INBOX")).filter((x) => /^burst[0-4] /.test(x.subject) && x.flags.has("\\Seen"))
        .length === 5,
    "5 seen",
  );
});
await step("50 create folders: ASCII, nested, non-ASCII", async () => {
  const b = `h${run}`;
  await tb.createFolder(b);
  await tb.createFolder("sub", b);
  await tb.createFolder(`Größe & 中文 ${run}`);
  const l = (await imap.boxes()).map((x) => x.name);
  must(
    l.includes(b) &&
      l.some((x) => x.startsWith(b) && x.endsWith("sub")) &&
      l.some((x) => /^Gr&APYA3w-e &- /.test(x) || x.startsWith("Größe")),
    l.join(),
  );
  const subs = await imap.subscribed();
  must(subs.includes(b), `not subscribed: ${subs}`);
  return l.join(" ");
});
await step("51 move a message to a folder", async () => {
  await tb.js(
    async (s, d) => {
      const h = findHdr("INBOX", s);
      a3().displayFolder(need("INBOX").URI);
      a3().threadTree.selectedIndex = a3().gDBView.findIndexOfMsgHdr(h, true);
      a3().commandController.doCommand("cmd_moveMessage", need(d));
    },
    S("burst0"),
    `h${run}`,
  );
  await eventually(() => imap.find(`h${run}`, S("burst0")), "moved");
  const left = await imap.find("INBOX", S("burst0"));
  must(!left || left.flags.has("\\Deleted"), "still in INBOX");
  await tb.open(`h${run}`);
  await tb.find(`h${run}`, S("burst0"));
});
await step("52 undo move", async () => {
  await tb.js(async () => {
    win.goDoCommand("cmd_undo");
  });
  await eventually(() => imap.find("INBOX", S("burst0")), "back in INBOX").catch((e) => {
    throw e;
  });
});
await step("53 copy; move 5 messages at once", async () => {
  await tb.moveTo("INBOX", S("burst1"), `h${run}`, true);
  await eventually(() => imap.find(`h${run}`, S("burst1")), "copy");
  must(await imap.find("INBOX", S("burst1")), "original gone");
  await tb.select("INBOX", ...[5, 6, 7, 8, 9].map((i) => S(`burst${i}`)));
  await tb.js(async (d) => {
    a3().commandController.doCommand("cmd_moveMessage", need(d));
  }, `h${run}`);
  await eventually(
    async () => (await imap.all(`h${run}`)).filter((x) => /^burst[5-9] /.test(x.subject)).length === 5,
    "5 moved",
  );
});
await step("54 delete -> Trash", async () => {
  await tb.select("INBOX", S("burst10"));
  await tb.command("cmd_delete");
  await eventually(() => imap.find("Trash", S("burst10")), "in Trash");
  const left = await imap.find("INBOX", S("burst10"));
  must(!left || left.flags.has("\\Deleted"), "still in INBOX");
  if (left) return "copied + \\Deleted (no MOVE)";
});
await step("55 archive", async () => {
  await tb.select("INBOX", S("burst11"));
  await tb.command("cmd_archive");
  const f = await eventually(async () => {
    for (const b of await imap.boxes())
      if (/Archive/i.test(b.name) && (await imap.find(b.name, S("burst11")).catch(() => null))) return b.name;
  }, "archived");
  return f;
});
await step("57 rename folder, delete folder", async () => {
  const b = `h${run}`;
  await tb.renameFolder(b, `${b}x`);
  must(
    (await imap.boxes()).some((x) => x.name === `${b}x`),
    "rename",
  );
  await tb.deleteFolder(`${b}x`);
  const l = (await imap.boxes()).map((x) => x.name);
  must(!l.includes(`${b}x`), l.join());
  return l.filter((x) => x.includes(run)).join(" ") || "gone";
});
await step("58 unsubscribe / subscribe", async () => {
  const n = `sub${run}`;
  await imap.cmd(`CREATE ${n}`);
  await tb.subscribe(n, true);
  must((await imap.subscribed()).includes(n), "subscribed on server");
  const f1 = await tb.rediscover();
  must(f1.includes(n), "not shown after subscribe");
  await tb.subscribe(n, false);
  must(!(await imap.subscribed()).includes(n), "unsubscribed on server");
  await imap.cmd(`DELETE ${n}`);
});
await step("59 folder created elsewhere is found", async () => {
  const n = `ext${run}`;
  await imap.cmd(`CREATE ${n}`);
  await imap.cmd(`SUBSCRIBE ${n}`);
  await tb.rediscover();
  const f = await tb.rediscover();
  must(f.includes(n), f.join());
  await imap.cmd(`UNSUBSCRIBE ${n}`);
  await imap.cmd(`DELETE ${n}`);
});
await step("60 search on the server: subject, body, sender, UTF-8", async () => {
  const a = await tb.search("INBOX", "Subject", "plain"),
    b = await tb.search("INBOX", "Body", "Second line"),
    c = await tb.search("INBOX", "Sender", peer.slice(0, 12)),
    d = await tb.search("INBOX", "Subject", "Grüße");
  must(a.includes(S("plain")), `subject ${a}`);
  must(b.includes(S("plain")), `body ${b}`);
  must(c.length >= 3, `sender ${c}`);
  must(d.length >= 1, `utf8 subject ${d}`);
  return `${a.length}/${b.length}/${c.length}/${d.length} hits`;
});
await step("61 quick filter (local)", async () => {
  await tb.open("INBOX");
  const n = await tb.js(async (t) => {
    const q = a3().quickFilterBar;
    q.filterer.visible = true;
    q.filterer.setFilterValue("text", {
      text: t,
      states: { sender: true, recipients: false, subject: true, body: false },
    });
    q.updateSearch();
    await wait(1500);
    const r = a3().gDBView.rowCount;
    q.filterer.setFilterValue("text", { text: null, states: {} });
    q.updateSearch();
    q._resetFilterState?.();
    await wait(500);
    return r;
  }, "idle2");
  eq(n, 1, "filtered rows");
});
await step("62 compact INBOX (expunge)", async () => {
  await tb.open("INBOX");
  await imap.store("INBOX", (await imap.find("INBOX", S("burst13"))).uid, "+FLAGS (\\Deleted)");
  await sleep(500);
  await tb.compact("INBOX");
  await eventually(async () => !(await imap.find("INBOX", S("burst13"))), "expunged");
});
await step("63 empty trash", async () => {
  await tb.emptyTrash();
  await eventually(async () => (await imap.select("Trash")).exists === 0, "Trash empty");
});

// ---------- 5. address case ----------
await step("70 case: address book, autocomplete, collected address", async () => {
  const a = collected;
  await tb.js(async (a) => {
    const { AddrBookCard } = ChromeUtils.importESModule("resource:///modules/AddrBookCard.sys.mjs");
    const c = new AddrBookCard();
    c.displayName = "Bob Bitmessage";
    c.primaryEmail = a;
    MailServices.ab.directories.find((d) => d.dirPrefId === "ldap_2.servers.pab").addCard(c);
  }, a);
  await tb.newCompose();
  await tb.composeWindow();
  await tb.type("#toAddrInput", "Bob Bit");
  await sleep(1500);
  await tb.shot(path.join(shots, "70-autocomplete.png"));
  await tb.type("#toAddrInput", "\uE007");
  await sleep(500);
  let p = await tb.pills();
  eq(p[0]?.email, a, "autocomplete by name");
  await tb.type("#toAddrInput", a.slice(0, 8).toLowerCase());
  await sleep(1500);
  await tb.type("#toAddrInput", "\uE007");
  await sleep(500);
  p = await tb.pills();
  eq(p[1]?.email, a, "autocomplete by lower-case start of address");
  await tb.m.run(`window.document.querySelectorAll("mail-address-pill")[1].remove()`);
  await tb.fill({ subject: S("case") });
  const r = await tb.send();
  must(r.ok, r.alert);
  const [w] = await received(S("case"));
  must(w.to.includes(a), `To: ${w.to}`);
  const col = await tb.js(async () => {
    const d = MailServices.ab.directories.find((x) => x.dirPrefId === "ldap_2.servers.history");
    return d.childCards.map((c) => c.primaryEmail);
  });
  must(col.includes(peer), `collected: ${col}`);
  return `collected: ${col.join(" ")}`;
});
await step("71 case: mailto: link, CC and BCC envelope", async () => {
  const cc = other,
    bcc = secretly;
  await tb.js(
    async (p, s) => {
      MailServices.compose.OpenComposeWindowWithURI(
        null,
        Services.io.newURI(`mailto:${p}?subject=${encodeURIComponent(s)}`),
      );
    },
    peer,
    S("mailto"),
  );
  const f = await tb.fill({ cc, bcc, body: "x" });
  eq(f.pills.find((x) => x.row === "addr_to")?.email, peer, "mailto pill");
  const r = await tb.send();
  must(r.ok, r.alert);
  const w = await received(S("mailto"), 3);
  for (const x of [peer, cc, bcc])
    must(
      w.some(({ raw }) => raw.split("\r\n\r\n")[0].includes(x)),
      `none for ${x}`,
    );
  must(!w.some(({ raw }) => /^Bcc:/im.test(raw)), "Bcc field at the recipient");
  must(w.filter(({ raw }) => raw.includes(bcc)).length === 1, "others see the Bcc");
});

// ---------- 6. robustness ----------
if (o["web-port"]) {
  await step("72 CardDAV: contacts found, completed, added", async () => {
    const result = await tb.js(
      async (url, user, pass, email) => {
        const { CardDAVUtils } = ChromeUtils.importESModule("resource:///modules/CardDAVUtils.sys.mjs");
        const { AddrBookCard } = ChromeUtils.importESModule("resource:///modules/AddrBookCard.sys.mjs");
        const books = await CardDAVUtils.detectAddressBooks(user, pass, url, false, true);
        const directories = books.map((book) => book.create());
        await until(() => directories.every((one) => one._syncToken), 20000, "first synchronisation");
        const [contacts] = directories;
        const card = new AddrBookCard();
        card.displayName = "Added In Thunderbird";
        card.primaryEmail = email;
        contacts.addCard(card);
        const isKept = (one) => one.displayName === "Added In Thunderbird" && one.getProperty("_etag", "");
        await until(() => contacts.childCards.find(isKept), 15000, "the new card on the server");
        const search = Cc["@mozilla.org/autocomplete/search;1?name=addrbook"].createInstance(
          Ci.nsIAutoCompleteSearch,
        );
        const complete = (text) =>
          new Promise((done) =>
            search.startSearch(text, JSON.stringify({ type: "addr_to" }), null, {
              onSearchResult(_search, found) {
                done(found.matchCount > 0 ? found.getValueAt(0) : "");
              },
            }),
          );
        return {
          names: contacts.childCards.map((one) => one.displayName),
          added: await complete("Added In"),
          broadcast: await complete("broadc"),
        };
      },
      `http://localhost:${o["web-port"]}/`,
      o.user,
      o.pass,
      o.peer,
    );
    must(result.names.includes("Ünïcode Näme"), `the contact of the bridge is missing: ${result.names}`);
    eq(result.added, `Added In Thunderbird <${o.peer}>`, "completion of the added contact");
    eq(
      result.broadcast,
      "Broadcast <broadcast@bm.localhost>",
      "completion of what can be written to by name",
    );
  });
}

await step("80 large message 1 MB: receive", async () => {
  await tb.open("INBOX");
  await inject({
    from: peer,
    to: me,
    subject: S("large"),
    text: "big",
    attach: { name: "big.bin", data: Buffer.alloc(800_000, 65) },
  });
  const t = Date.now();
  await tb.find("INBOX", S("large"), 30000);
  const r = await tb.read("INBOX", S("large"));
  must(r.attachments.join().includes("big.bin"), "no attachment");
  return `${Date.now() - t} ms`;
});
await step("81 restart: state kept, no full re-download", async () => {
  await tb.stop();
  const ms = await tb.start();
  await tb.open("INBOX");
  const l = await tb.list("INBOX");
  must(
    l.some((x) => x.subject === S("plain") && x.replied && x.flagged),
    "flags after restart",
  );
  return `${ms} ms`;
});
await step("82 message that arrived while closed", async () => {
  await tb.stop();
  await inject({ from: peer, to: me, subject: S("while closed"), text: "z" });
  await tb.start();
  const t = Date.now();
  await tb.find("INBOX", S("while closed"), 20000);
  return `${Date.now() - t} ms after start`;
});
await step("83 mark as junk", async () => {
  await tb.select("INBOX", S("burst12"));
  await tb.command("cmd_markAsJunk");
  const where = await eventually(async () => {
    for (const b of ["INBOX", "Junk"]) {
      const m = await imap.find(b, S("burst12")).catch(() => null);
      if (m && [...m.flags].some((x) => /^\$?junk$/i.test(x))) return `${b}: ${[...m.flags].join(" ")}`;
    }
  }, "junk keyword");
  return where;
});
if (o.bridge) {
  const [program, ...settings] = JSON.parse(o.bridge);
  /** The command bmbridge against our own running node: its answer as JSON. */
  const bridge = (words, input = "") =>
    JSON.parse(execFileSync(process.execPath, [program, ...words, "--json", ...settings], { input }));
  const people = { me, peer, other, named, unknown: o.unknown };
  const tools = { st, tb, imap, there, inject, received, eventually, bridge };
  await contractSteps({ ...people, ...tools, S, run, shots, attachment: attFile });
}
mark("end");
if (o.keep) console.log("Thunderbird left running, pid", tb.pid);
else {
  await tb.stop();
  const servers = { web: o["web-port"], autoconfig: o.autoconfig, imapPort: o["imap-port"] };
  const account = { options: tb.o, email: o.second, pass: o.pass, ...servers };
  if (o.second) await accountHubSteps({ st, ...account, peer, inject, received, S, shots });
}
await imap.close();
await there.close();
if (xvfb && !o.keep) xvfb.kill();
process.exit(st.done());
