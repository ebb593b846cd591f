// Tiny IMAP client for checking a server behind a real client's back. Not a general client. No dependencies.
import net from "node:net";
import tls from "node:tls";

export class Imap {
  constructor(o) {
    this.o = o;
    this.n = 0;
    this.buf = Buffer.alloc(0);
    this.cur = null;
    this.unsolicited = [];
  }
  async connect() {
    const { host, port, tls: mode } = this.o;
    this.s =
      mode === "tls" ? tls.connect({ host, port, rejectUnauthorized: false }) : net.connect(port, host);
    await new Promise((ok, no) => {
      this.s.once(mode === "tls" ? "secureConnect" : "connect", ok);
      this.s.once("error", no);
    });
    this.#wire();
    this.greeting = await new Promise((r) => (this.onGreeting = r));
    if (mode === "starttls") {
      await this.cmd("STARTTLS");
      this.s.removeAllListeners("data");
      this.s = tls.connect({ socket: this.s, rejectUnauthorized: false });
      await new Promise((ok, no) => {
        this.s.once("secureConnect", ok);
        this.s.once("error", no);
      });
      this.#wire();
    }
    const q = (s) => `"${s.replace(/[\\"]/g, "\\$&")}"`;
    await this.cmd(`LOGIN ${q(this.o.user)} ${q(this.o.pass)}`);
    return this;
  }
  #wire() {
    this.s.on("data", (d) => {
      this.buf = Buffer.concat([this.buf, d]);
      this.#parse();
    });
    this.s.on("error", () => {});
    this.s.on("close", () => this.cur?.no(new Error("connection closed")));
  }
  #parse() {
    for (;;) {
      // one response = line, with {n} literals spliced in as separate buffers
      let pos = 0,
        text = "",
        lits = [];
      for (;;) {
        const e = this.buf.indexOf("\r\n", pos);
        if (e < 0) return;
        const line = this.buf.subarray(pos, e).toString("utf8");
        const m = /\{(\d+)\}$/.exec(line);
        if (!m) {
          text += line;
          pos = e + 2;
          break;
        }
        const n = Number(m[1]);
        if (this.buf.length < e + 2 + n) return;
        lits.push(this.buf.subarray(e + 2, e + 2 + n));
        text += `${line.slice(0, -m[0].length)}{#${lits.length - 1}}`;
        pos = e + 2 + n;
      }
      this.buf = this.buf.subarray(pos);
      if (this.onGreeting) {
        const g = this.onGreeting;
        this.onGreeting = null;
        g(text);
        continue;
      }
      if (text.startsWith("+")) {
        this.cur?.cont?.(text);
        continue;
      }
      if (text.startsWith("* ")) {
        (this.cur?.un ?? this.unsolicited).push({ text: text.slice(2), lits });
        this.onUntagged?.(text.slice(2));
        continue;
      }
      const [tag, status] = text.split(" ");
      const c = this.cur;
      if (c?.tag === tag) {
        this.cur = null;
        status === "OK" ? c.ok({ text, un: c.un }) : c.no(new Error(`${c.line} -> ${text}`));
      }
    }
  }
  cmd(line, literal) {
    const tag = `h${++this.n}`;
    return new Promise((ok, no) => {
      this.cur = {
        tag,
        line,
        ok,
        no,
        un: [],
        cont: literal ? () => this.s.write(Buffer.concat([literal, Buffer.from("\r\n")])) : () => {},
      };
      this.s.write(`${tag} ${line}${literal ? ` {${literal.length}}` : ""}\r\n`);
    });
  }
  async caps() {
    const r = await this.cmd("CAPABILITY");
    return (
      r.un
        .find((u) => u.text.startsWith("CAPABILITY"))
        ?.text.split(" ")
        .slice(1) ?? []
    );
  }
  async boxes() {
    const r = await this.cmd('LIST "" "*"');
    return r.un
      .filter((u) => u.text.startsWith("LIST"))
      .map((u) => {
        const m = /^LIST \(([^)]*)\) (?:"(.)"|NIL) (.*)$/.exec(u.text);
        const n = m[3].startsWith("{#") ? u.lits[0].toString() : m[3].replace(/^"|"$/g, "");
        return { flags: m[1], sep: m[2], name: n };
      });
  }
  async subscribed() {
    const r = await this.cmd('LSUB "" "*"');
    return r.un
      .filter((u) => u.text.startsWith("LSUB"))
      .map((u) => /(?:"([^"]*)"|(\S+))$/.exec(u.text))
      .map((m) => m[1] ?? m[2]);
  }
  async select(box) {
    const r = await this.cmd(`SELECT "${box}"`);
    this.box = box;
    const g = (re) => {
      for (const u of r.un) {
        const m = re.exec(u.text);
        if (m) return Number(m[1]);
      }
    };
    return { exists: g(/^(\d+) EXISTS/), uidvalidity: g(/UIDVALIDITY (\d+)/), uidnext: g(/UIDNEXT (\d+)/) };
  }
  /** All messages in a box: [{uid, flags:Set, subject, raw?}] */
  async all(box, { raw = false } = {}) {
    const st = await this.select(box);
    if (!st.exists) return [];
    const r = await this.cmd(`UID FETCH 1:* (UID FLAGS BODY.PEEK[${raw ? "" : "HEADER"}])`);
    return r.un
      .filter((u) => /^\d+ FETCH/.test(u.text) && u.lits.length)
      .map((u) => {
        const t = u.lits[0].toString("utf8"),
          head = t.split(/\r\n\r\n/)[0].replace(/\r\n[ \t]+/g, " ");
        const h = (n) => new RegExp(`^${n}: *(.*)$`, "im").exec(head)?.[1];
        return {
          uid: Number(/UID (\d+)/.exec(u.text)[1]),
          flags: new Set(/FLAGS \(([^)]*)\)/.exec(u.text)[1].split(" ").filter(Boolean)),
          subject: decodeWords(h("Subject") ?? ""),
          from: h("From"),
          to: h("To"),
          inReplyTo: h("In-Reply-To"),
          messageId: h("Message-ID"),
          raw: t,
        };
      });
  }
  async find(box, subject, opt) {
    return (await this.all(box, opt)).filter((m) => m.subject === subject).pop();
  }
  append(box, buf, flags = "") {
    return this.cmd(
      `APPEND "${box}"${flags ? ` (${flags})` : ""}`,
      Buffer.isBuffer(buf) ? buf : Buffer.from(buf),
    );
  }
  async store(box, uid, what) {
    await this.select(box);
    await this.cmd(`UID STORE ${uid} ${what}`);
  }
  async expunge(box, uid) {
    await this.store(box, uid, "+FLAGS.SILENT (\\Deleted)");
    await this.cmd("EXPUNGE");
  }
  async empty(box) {
    const s = await this.select(box);
    if (s.exists) {
      await this.cmd("UID STORE 1:* +FLAGS.SILENT (\\Deleted)");
      await this.cmd("EXPUNGE");
    }
  }
  async close() {
    let t;
    try {
      await Promise.race([
        this.cmd("LOGOUT"),
        new Promise((r) => {
          t = setTimeout(r, 1000);
        }),
      ]);
    } catch {}
    clearTimeout(t);
    this.s.destroy();
  }
}

function decodeWords(s) {
  return s
    .replace(/(=\?[^?]+\?[BbQq]\?[^?]*\?=)\s+(?==\?)/g, "$1")
    .replace(/=\?([^?*]+)(?:\*[^?]*)?\?([BbQq])\?([^?]*)\?=/g, (_, cs, enc, t) => {
      const b =
        enc.toUpperCase() === "B"
          ? Buffer.from(t, "base64")
          : Buffer.from(
              t
                .replace(/_/g, " ")
                .replace(/=([0-9A-F]{2})/gi, (__, h) => String.fromCharCode(parseInt(h, 16))),
              "latin1",
            );
      try {
        return new TextDecoder(cs).decode(b);
      } catch {
        return b.toString("utf8");
      }
    });
}

export function makeMail({
  from,
  to,
  subject,
  text = "",
  html,
  attach,
  id,
  date = new Date(),
  headers = {},
}) {
  const enc = (s) => (/^[\x20-\x7e]*$/.test(s) ? s : `=?utf-8?B?${Buffer.from(s).toString("base64")}?=`);
  const b64 = (x) =>
    Buffer.from(x)
      .toString("base64")
      .replace(/(.{76})/g, "$1\r\n");
  const h = [
    `From: ${from}`,
    `To: ${to}`,
    `Subject: ${enc(subject)}`,
    `Date: ${date.toUTCString().replace("GMT", "+0000")}`,
    `Message-ID: <${id ?? Math.random().toString(36).slice(2) + Date.now()}@harness.localhost>`,
    ...Object.entries(headers).map(([k, v]) => `${k}: ${v}`),
    "MIME-Version: 1.0",
  ];
  let body;
  if (attach) {
    const bd = `=_harness_${Date.now()}`;
    h.push(`Content-Type: multipart/mixed; boundary="${bd}"`);
    body = `--${bd}\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: base64\r\n\r\n${b64(text)}\r\n--${bd}\r\nContent-Type: application/octet-stream; name="${attach.name}"\r\nContent-Disposition: attachment; filename="${attach.name}"\r\nContent-Transfer-Encoding: base64\r\n\r\n${b64(attach.data)}\r\n--${bd}--\r\n`;
  } else if (html) {
    h.push("Content-Type: text/html; charset=utf-8", "Content-Transfer-Encoding: base64");
    body = `${b64(html)}\r\n`;
  } else {
    h.push("Content-Type: text/plain; charset=utf-8", "Content-Transfer-Encoding: 8bit");
    body = `${text.replace(/\r?\n/g, "\r\n")}\r\n`;
  }
  return Buffer.from(`${h.join("\r\n")}\r\n\r\n${body}`);
}
