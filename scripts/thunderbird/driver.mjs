// Drives a real Thunderbird (tested: 153.7esr) through Marionette in chrome context.
// UI level where it matters (compose window, folder pane, commands), XPCOM level for reading state.
import { execFileSync, spawn } from "node:child_process";
import fs from "node:fs";
import net from "node:net";
import path from "node:path";
import { Marionette } from "./marionette.mjs";
import { writeProfile } from "./profile.mjs";

export const sleep = (ms) => new Promise((r) => setTimeout(r, ms));

// Shared helpers, evaluated inside Thunderbird before each script.
const PRELUDE = `
const { MailServices } = ChromeUtils.importESModule("resource:///modules/MailServices.sys.mjs");
const win = Services.wm.getMostRecentWindow("mail:3pane");
const F = Ci.nsMsgFolderFlags;
const server = MailServices.accounts.accounts.map(a => a.incomingServer).find(s => s.type == "imap");
const wait = ms => new Promise(r => win.setTimeout(r, ms));
const until = async (f, ms = 15000, what = "condition") => { const e = Date.now() + ms; for (;;) { let v; try { v = await f(); } catch (x) { v = undefined; } if (v) return v; if (Date.now() > e) throw new Error("timeout: " + what); await wait(25); } };
const SPECIAL = { INBOX: F.Inbox, Sent: F.SentMail, Drafts: F.Drafts, Trash: F.Trash, Junk: F.Junk, Archive: F.Archive };
const relPath = f => { const out = []; for (let x = f; x && !x.isServer; x = x.parent) out.unshift(x.name); return out.join("/"); };
const folder = p => { const all = server.rootFolder.descendants; return all.find(f => relPath(f) == p) || (SPECIAL[p] && all.find(f => f.getFlag(SPECIAL[p]))) || null; };
const need = p => { const f = folder(p); if (!f) throw new Error("no folder " + p); return f; };
const hdrs = p => { const out = []; const f = need(p); for (const h of f.messages) out.push(h); return out; };
const findHdr = (p, subject) => hdrs(p).filter(h => h.mime2DecodedSubject == subject).pop();
const a3 = () => win.gTabmail.currentAbout3Pane;
const am = () => win.gTabmail.currentAboutMessage;
const info = h => ({ subject: h.mime2DecodedSubject, from: h.mime2DecodedAuthor, to: h.mime2DecodedRecipients, read: h.isRead, flagged: h.isFlagged, uid: h.messageKey, size: h.messageSize, id: h.messageId,
  replied: !!(h.flags & Ci.nsMsgMessageFlags.Replied), forwarded: !!(h.flags & Ci.nsMsgMessageFlags.Forwarded), tags: h.getStringProperty("keywords"), date: h.date });
const urlDone = () => { let ok, no; const p = new Promise((a, b) => { ok = a; no = b; }); p.listener = { QueryInterface: ChromeUtils.generateQI(["nsIUrlListener"]), OnStartRunningUrl() {}, OnStopRunningUrl(u, s) { Components.isSuccessCode(s) ? ok(s) : no(new Error("url failed 0x" + s.toString(16))); } }; return p; };
const copyDone = () => { let ok, no; const p = new Promise((a, b) => { ok = a; no = b; }); p.listener = { QueryInterface: ChromeUtils.generateQI(["nsIMsgCopyServiceListener"]), onStartCopy() {}, onProgress() {}, setMessageKey() {}, getMessageId() { return null; }, onStopCopy(s) { Components.isSuccessCode(s) ? ok(s) : no(new Error("copy failed 0x" + s.toString(16))); } }; return p; };
`;

export class Thunderbird {
  /** o: dir host imapPort smtpPort user pass email name tls smtpTls cert mport display headless log prefs bin */
  constructor(o) {
    this.o = { bin: "thunderbird", mport: 21828, display: ":41", pass: "secret", tls: "plain", ...o };
  }

  #spawn(headless) {
    const o = this.o,
      home = path.join(path.dirname(o.dir), "home");
    fs.mkdirSync(home, { recursive: true });
    const log = fs.openSync(o.log || `${o.dir}.log`, "a");
    const argv = [
      "--profile",
      o.dir,
      "--no-remote",
      "--marionette",
      "--remote-allow-system-access",
      ...(headless ? ["--headless"] : []),
    ];
    const env = { ...process.env, HOME: home, MOZ_CRASHREPORTER_DISABLE: "1", NO_AT_BRIDGE: "1" };
    if (!headless) env.DISPLAY = o.display;
    else delete env.DISPLAY;
    this.child = spawn(o.bin, argv, { env, stdio: ["ignore", log, log] });
    fs.closeSync(log);
    this.pid = this.child.pid;
    this.child.on("exit", () => {
      this.exited = true;
    });
  }
  async #profile(noAccount) {
    writeProfile({ ...this.o, noAccount, marionettePort: this.o.mport });
  }

  /** Step 1: account-less headless run that stores the passwords in the login manager (no prompts later). */
  async prepare() {
    const o = this.o,
      t = Date.now();
    fs.rmSync(o.dir, { recursive: true, force: true });
    await this.#profile(true);
    this.#spawn(true);
    this.m = await new Marionette(o.mport).connect();
    await this.m.run(
      async (list) => {
        for (const [origin, user, pass] of list) {
          const l = Cc["@mozilla.org/login-manager/loginInfo;1"].createInstance(Ci.nsILoginInfo);
          l.init(origin, null, origin, user, pass, "", "");
          await Services.logins.addLoginAsync(l);
        }
      },
      [
        [
          [`imap://${o.host}`, o.user, o.pass],
          [`smtp://${o.smtpHost || o.host}`, o.smtpUser || o.user, o.pass],
        ],
      ],
    );
    await this.stop();
    await this.#profile(false);
    return Date.now() - t;
  }
  /** Starts with whatever profile is there, also without an account. */
  async launch() {
    this.exited = false;
    this.#spawn(this.o.headless);
    await this.attach();
  }
  /** Step 2: the real start with the account in place. */
  async start({ headless = this.o.headless } = {}) {
    const t = Date.now();
    this.exited = false;
    this.#spawn(headless);
    await this.attach();
    await this.js(async () => {
      await until(() => win?.gTabmail?.currentAbout3Pane?.folderTree, 30000, "3pane");
    });
    return Date.now() - t;
  }
  async attach() {
    this.m = await new Marionette(this.o.mport).connect();
    return this;
  }
  async stop() {
    await Promise.race([this.m?.quit(), sleep(8000)]);
    this.m?.close();
    const pid = this.pid;
    for (let i = 0; pid && !this.exited && i < 60; i++) await sleep(100);
    if (pid && !this.exited) {
      try {
        process.kill(pid, "SIGKILL");
      } catch {}
      await sleep(300);
    }
  }

  /** Run an async function inside Thunderbird with the prelude in scope. */
  js(fn, ...args) {
    const src = `const __args = arguments; return (async () => { ${PRELUDE}\n return await (${fn.toString()})(...__args); })();`;
    return this.m.run(src, args, 120000);
  }
  /** PNG of the whole X screen (all windows and dialogs) if there is one and ImageMagick is installed, else of the current window. */
  async shot(file) {
    fs.mkdirSync(path.dirname(file), { recursive: true });
    if (!this.o.headless)
      try {
        await sleep(150);
        execFileSync("import", ["-display", this.o.display, "-window", "root", file], {
          timeout: 10000,
          stdio: "ignore",
        });
        return file;
      } catch {}
    try {
      fs.writeFileSync(file, await this.m.screenshot());
    } catch {
      return "";
    } // Marionette takes none while an alert is open
    return file;
  }

  folders() {
    return this.js(async () =>
      server.rootFolder.descendants.map((f) => ({
        path: relPath(f),
        name: f.name,
        localized: f.localizedName,
        flags: `0x${f.flags.toString(16)}`,
        special: Object.keys(SPECIAL).filter((k) => f.getFlag(SPECIAL[k])),
        subscribed: f.getFlag(F.Subscribed) || undefined,
        unread: f.getNumUnread(false),
        total: f.getTotalMessages(false),
      })),
    );
  }
  /** Select a folder in the folder pane as a click does; waits for its update to finish. */
  open(p) {
    return this.js(async (p) => {
      const f = need(p);
      a3().displayFolder(f.URI);
      await until(() => a3().gFolder?.URI === f.URI, 10000, "folder shown");
      const d = urlDone();
      f.updateFolderWithListener(null, d.listener);
      await Promise.race([d, wait(4000)]);
      return a3().threadTree.view.rowCount;
    }, p);
  }
  getNew() {
    return this.js(async () => {
      const d = urlDone();
      need("INBOX").getNewMessages(win.msgWindow, d.listener);
      await d;
    });
  }
  update(p) {
    return this.js(async (p) => {
      const d = urlDone();
      need(p).updateFolderWithListener(null, d.listener);
      await Promise.race([d, wait(8000)]);
      return need(p).getTotalMessages(false);
    }, p);
  }
  list(p) {
    return this.js(async (p) => hdrs(p).map(info), p);
  }
  find(p, subject, ms = 15000) {
    return this.js(
      async (p, s, ms) => info(await until(() => findHdr(p, s), ms, `message ${s} in ${p}`)),
      p,
      subject,
      ms,
    );
  }
  gone(p, subject, ms = 15000) {
    return this.js(async (p, s, ms) => until(() => !findHdr(p, s), ms, `${s} to leave ${p}`), p, subject, ms);
  }
  /** Wait until a header satisfies a partial match, e.g. {read:true}. */
  expect(p, subject, want, ms = 15000) {
    return this.js(
      async (p, s, want, ms) =>
        info(
          await until(
            () => {
              const h = findHdr(p, s);
              return (
                h &&
                Object.entries(want).every(([k, v]) => {
                  const x = info(h)[k];
                  return k === "tags" ? x.split(" ").includes(v) : x === v;
                }) &&
                h
              );
            },
            ms,
            `${s} in ${p} ${JSON.stringify(want)}`,
          ),
        ),
      p,
      subject,
      want,
      ms,
    );
  }
  /** Show the message in the message pane; returns displayed body text, header box texts and attachment names. */
  read(p, subject) {
    return this.js(
      async (p, s) => {
        const f = need(p),
          h = await until(() => findHdr(p, s), 10000, `message ${s}`);
        if (a3().gFolder?.URI !== f.URI) {
          a3().displayFolder(f.URI);
          await until(() => a3().gFolder?.URI === f.URI);
        }
        const row = await until(
          () => {
            const i = a3().gDBView.findIndexOfMsgHdr(h, true);
            return i < 0xffffffff ? { i } : null;
          },
          10000,
          "row",
        );
        if (
          !am()?.gMessage ||
          am().gMessage.messageKey !== h.messageKey ||
          am().gMessage.folder.URI !== f.URI
        )
          a3().threadTree.selectedIndex = row.i;
        await until(
          () => am()?.gMessage?.messageKey === h.messageKey && am().gMessage.folder.URI === f.URI,
          15000,
          "message shown",
        );
        const b = am().getMessagePaneBrowser();
        await until(
          () =>
            b.contentDocument?.readyState === "complete" &&
            !b.webProgress.isLoadingDocument &&
            b.currentURI.spec.startsWith("imap") &&
            b.contentDocument.body?.innerText.trim(),
          15000,
          "body loaded",
        );
        const d = am().document,
          box = (id) =>
            [...d.querySelectorAll(`#${id} .header-recipient`)].map(
              (e) => e.textContent.trim() + (e.email ? "" : ""),
            );
        return {
          body: b.contentDocument.body.innerText,
          from: box("expandedfromBox"),
          to: box("expandedtoBox"),
          hdr: info(h),
          attachments: [
            ...d.querySelectorAll("#attachmentList .attachmentcell-name, #attachmentList richlistitem"),
          ]
            .map((e) => e.getAttribute?.("name") || e.textContent.trim())
            .filter(Boolean),
          notification: [...d.querySelectorAll("notification-message")].map(
            (n) => n.textContent || n.messageText?.textContent || "",
          ),
        };
      },
      p,
      subject,
    );
  }
  select(p, ...subjects) {
    return this.js(
      async (p, subjects) => {
        const f = need(p);
        if (a3().gFolder?.URI !== f.URI) {
          a3().displayFolder(f.URI);
          await until(() => a3().gFolder?.URI === f.URI);
        }
        const rows = [];
        for (const s of subjects) {
          const h = await until(() => findHdr(p, s), 10000, `message ${s}`);
          rows.push(a3().gDBView.findIndexOfMsgHdr(h, true));
        }
        a3().threadTree.selectedIndices = rows;
        a3().threadTree.focus();
        await until(() => a3().gDBView.numSelected === rows.length);
        return rows;
      },
      p,
      subjects,
    );
  }
  /** Menu-level command on the selection: cmd_delete, cmd_archive, cmd_markAsRead, cmd_markAsUnread, cmd_markAsFlagged, cmd_tag1, cmd_undo, cmd_compactFolder, cmd_emptyTrash ... */
  command(c) {
    return this.js(async (c) => {
      const w = a3();
      if (w.commandController?.supportsCommand(c)) {
        if (!w.commandController.isCommandEnabled(c)) throw new Error(`disabled: ${c}`);
        return w.commandController.doCommand(c);
      }
      win.goDoCommand(c);
    }, c);
  }
  tag(key, on = true) {
    return this.js(
      async (key, on) => {
        for (const h of a3().gDBView.getSelectedMsgHdrs()) {
          const f = h.folder;
          on ? f.addKeywordsToMessages([h], key) : f.removeKeywordsFromMessages([h], key);
        }
      },
      key,
      on,
    );
  }
  defineTag(key, label, color) {
    return this.js(
      async (k, l, c) => {
        MailServices.tags.addTagForKey(k, l, c, "");
      },
      key,
      label,
      color,
    );
  }
  moveTo(p, subject, dest, copy = false) {
    return this.js(
      async (p, s, dest, copy) => {
        const h = await until(() => findHdr(p, s), 10000, `message ${s}`);
        const d = copyDone();
        MailServices.copy.copyMessages(need(p), [h], need(dest), !copy, d.listener, win.msgWindow, true);
        await d;
      },
      p,
      subject,
      dest,
      copy,
    );
  }

  createFolder(name, parent) {
    return this.js(
      async (name, parent) => {
        const par = parent ? need(parent) : server.rootFolder;
        par.createSubfolder(name, win.msgWindow);
        await until(() => folder(parent ? `${parent}/${name}` : name), 10000, "folder created");
        return relPath(folder(parent ? `${parent}/${name}` : name));
      },
      name,
      parent || "",
    );
  }
  renameFolder(p, name) {
    return this.js(
      async (p, name) => {
        need(p).rename(name, win.msgWindow);
        await until(() => folder(name), 10000, "renamed");
      },
      p,
      name,
    );
  }
  deleteFolder(p) {
    return this.js(async (p) => {
      const f = need(p);
      f.deleteSelf(win.msgWindow);
      await until(() => !folder(p), 10000, "deleted");
    }, p);
  }
  subscribe(p, on) {
    return this.js(
      async (p, on) => {
        const _imap = server.QueryInterface(Ci.nsIImapIncomingServer);
        const ss = server.QueryInterface(Ci.nsISubscribableServer);
        if (on) ss.subscribe(p);
        else ss.unsubscribe(p);
        await wait(800);
        server.performExpand(win.msgWindow);
        await wait(800);
        return server.rootFolder.descendants.map(relPath);
      },
      p,
      on,
    );
  }
  rediscover() {
    return this.js(async () => {
      server.performExpand(win.msgWindow);
      await wait(1500);
      return server.rootFolder.descendants.map(relPath);
    });
  }
  compact(p) {
    return this.js(async (p) => {
      const d = urlDone();
      need(p).compact(d.listener, win.msgWindow);
      await d;
    }, p);
  }
  emptyTrash() {
    return this.js(async () => {
      const d = urlDone();
      need("Trash").emptyTrash(d.listener);
      await d;
    });
  }
  /** Search on the server ("Search Messages" with run-on-server). attr: Subject|Body|Sender|AllAddresses */
  search(p, attr, text) {
    return this.js(
      async (p, attr, text) => {
        const s = Cc["@mozilla.org/messenger/searchSession;1"].createInstance(Ci.nsIMsgSearchSession);
        const term = s.createTerm(),
          v = term.value;
        v.attrib = Ci.nsMsgSearchAttrib[attr];
        v.str = text;
        term.attrib = v.attrib;
        term.value = v;
        term.op = Ci.nsMsgSearchOp.Contains;
        term.booleanAnd = false;
        s.appendTerm(term);
        s.addScopeTerm(Ci.nsMsgSearchScope.onlineMail, need(p));
        const hits = [];
        let done;
        const p2 = new Promise((r) => (done = r));
        s.registerListener({
          QueryInterface: ChromeUtils.generateQI(["nsIMsgSearchNotify"]),
          onSearchHit(h) {
            hits.push(h.mime2DecodedSubject);
          },
          onSearchDone(st) {
            done(st);
          },
          onNewSearch() {},
        });
        s.search(win.msgWindow);
        await p2;
        return hits;
      },
      p,
      attr,
      text,
    );
  }
  /** Record arrival times of new headers (Date.now() inside Thunderbird) from folder notifications. */
  watchArrivals() {
    return this.js(async () => {
      win.__arrivals = [];
      win.__l?.remove?.();
      const l = {
        msgAdded(h) {
          win.__arrivals.push([h.mime2DecodedSubject, Date.now(), relPath(h.folder)]);
        },
      };
      MailServices.mfn.addListener(l, MailServices.mfn.msgAdded);
      win.__l = {
        remove() {
          MailServices.mfn.removeListener(l);
        },
      };
    });
  }
  arrivals() {
    return this.js(async () => win.__arrivals);
  }
  /** Wait for the arrival of a subject without asking the server for anything; returns the time Thunderbird saw it. */
  arrived(subject, ms = 30000) {
    return this.js(
      async (s, ms) => (await until(() => win.__arrivals.find((a) => a[0] === s), ms, `arrival of ${s}`))[1],
      subject,
      ms,
    );
  }

  // ---- compose window, typed like a user ----
  async composeWindow(ms = 15000) {
    const end = Date.now() + ms;
    for (;;) {
      for (const h of await this.m.windows()) {
        await this.m.switchTo(h);
        const ok = await this.m
          .run(
            `return window.document.documentElement.getAttribute("windowtype") == "msgcompose" && window.composeEditorReady !== false && !!window.gMsgCompose && !!window.document.querySelector("#toAddrInput") && !window.__harnessUsed`,
          )
          .catch(() => false);
        if (ok) return h;
      }
      if (Date.now() > end) throw new Error("no compose window");
      await sleep(100);
    }
  }
  async el(css) {
    const r = await this.m.send("WebDriver:FindElement", { using: "css selector", value: css });
    return Object.values(r.value)[0];
  }
  async type(css, text) {
    await this.m.send("WebDriver:ElementSendKeys", { id: await this.el(css), text });
  }
  async back() {
    for (const h of await this.m.windows()) {
      await this.m.switchTo(h);
      if (
        await this.m
          .run(`return window.document.documentElement.getAttribute("windowtype") == "mail:3pane"`)
          .catch(() => false)
      )
        return;
    }
  }
  newCompose() {
    return this.js(async () => {
      win.goDoCommand("cmd_newMessage");
    });
  }
  reply(kind = "reply") {
    return this.command(
      {
        reply: "cmd_reply",
        all: "cmd_replyall",
        forward: "cmd_forwardInline",
        forwardAttach: "cmd_forwardAttachment",
        edit: "cmd_editAsNew",
      }[kind] || kind,
    );
  }
  /** Fill the open compose window. c: {to, cc, bcc, subject, body, attach:[file], keys}. Returns pills as shown. */
  async fill(c) {
    const h = await this.composeWindow();
    if (c.to)
      for (const t of [].concat(c.to)) {
        const n = (await this.pills()).length;
        for (let i = 0; i < 4 && (await this.pills()).length === n; i++) {
          // the very first window of a session can swallow input
          if (!(await this.m.run(`return window.document.querySelector("#toAddrInput").value`)))
            await this.type("#toAddrInput", t);
          await sleep(200);
          await this.type("#toAddrInput", c.enter === false ? "," : "\uE007");
          await sleep(250);
        }
      }
    if (c.cc) {
      await this.m.run(`window.showAndFocusAddressRow("addressRowCc")`);
      await this.type("#ccAddrInput", `${c.cc}\uE007`);
    }
    if (c.bcc) {
      await this.m.run(`window.showAndFocusAddressRow("addressRowBcc")`);
      await this.type("#bccAddrInput", `${c.bcc}\uE007`);
    }
    if (c.subject !== undefined) {
      await this.m.run(
        `window.document.getElementById("msgSubject").value = ""; window.document.getElementById("msgSubject").focus();`,
      );
      await this.type("#msgSubject", c.subject);
    }
    if (c.body)
      await this.m.run(
        `const ed = window.GetCurrentEditor(); ed.beginningOfDocument(); ed.insertText(arguments[0]);`,
        [c.body],
      );
    if (c.attach)
      await this.m.run(
        `return (async () => { const list = arguments[0].map(p => { const f = Cc["@mozilla.org/file/local;1"].createInstance(Ci.nsIFile); f.initWithPath(p); const a = Cc["@mozilla.org/messengercompose/attachment;1"].createInstance(Ci.nsIMsgAttachment); a.url = Services.io.newFileURI(f).spec; a.name = f.leafName; a.size = f.fileSize; return a; }); await window.AddAttachments(list); })()`,
        [c.attach],
      );
    return { handle: h, pills: await this.pills() };
  }
  pills() {
    return this.m.run(
      `return [...window.document.querySelectorAll("mail-address-pill")].map(p => ({ row: p.rowInput?.dataset.recipienttype || p.closest(".address-row")?.dataset.recipienttype, text: p.fullAddress, email: p.emailAddress, invalid: p.classList.contains("invalid-address"), cls: p.className }))`,
    );
  }
  /** Press Send in the current compose window; resolves when it closed, or with the alert text shown. how: cmd_sendNow | cmd_sendLater | cmd_saveAsDraft */
  async send(how = "cmd_sendNow", ms = 30000) {
    const t = Date.now();
    const h = await this.m.send("WebDriver:GetWindowHandle").then((r) => r.value);
    // A command that is not enabled yet, as while recipients are looked up, would be lost.
    await this.m.run(
      `window.__harnessUsed = true;
       const isReady = () => window.defaultController?.isCommandEnabled?.("${how}") !== false;
       const press = (tries) => window.setTimeout(
         () => (tries === 0 || isReady() ? window.goDoCommand("${how}") : press(tries - 1)), tries === 50 ? 0 : 200);
       press(50);`,
    );
    for (;;) {
      await sleep(50);
      const alert = await this.alertText();
      const open = alert ? [] : await this.m.windows().catch(() => [h]); // an alert may open in between
      if (alert) {
        return { ok: false, alert, ms: Date.now() - t };
      }
      if (how === "cmd_saveAsDraft") {
        const st = await this.m
          .run(
            `return { mod: window.gContentChanged, busy: window.gWindowLocked || window.gSaveOperationInProgress }`,
          )
          .catch(() => null);
        if (st && !st.busy && Date.now() - t > 400) break;
      } else if (!open.includes(h)) break;
      if (Date.now() - t > ms) return { ok: false, alert: "timeout", ms };
    }
    if (how !== "cmd_saveAsDraft") await this.back();
    return { ok: true, ms: Date.now() - t };
  }
  async closeCompose() {
    await this.m
      .run(
        `window.__harnessUsed = true; window.gContentChanged = false; window.gMsgCompose && (window.gMsgCompose.bodyModified = false); window.close();`,
      )
      .catch(() => {});
    await sleep(300);
    await this.back();
  }
  /** A compose window that a failed step has left open would be taken for that of the next. */
  async closeLeftCompose() {
    for (const handle of await this.m.windows()) {
      await this.m.switchTo(handle);
      const isCompose = `return window.document.documentElement.getAttribute("windowtype") == "msgcompose"`;
      if (await this.m.run(isCompose)) await this.closeCompose();
    }
    await this.back();
  }
  /** Text of an open alert dialog, or "". (While one is open, Marionette refuses to run scripts.) */
  async alertText() {
    return (
      (await this.m.send("WebDriver:GetAlertText").then(
        (r) => r.value,
        () => "",
      )) || ""
    );
  }
  async dismissAlert(ok = true) {
    await this.m.send(ok ? "WebDriver:AcceptAlert" : "WebDriver:DismissAlert").catch(() => {});
    await sleep(400);
  }
}

export function tcpUp(port, host = "127.0.0.1") {
  return new Promise((r) => {
    const s = net.connect(port, host, () => {
      s.destroy();
      r(true);
    });
    s.on("error", () => r(false));
  });
}
