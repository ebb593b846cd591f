import fs from "node:fs";
import net from "node:net";

/** Stands between client and server and writes down what they say; secrets and long bodies are left out. Resolves with its port. */
export function startProxy(o) {
  const t0 = Date.now();
  const out = (c, who, s) =>
    fs.appendFileSync(o.log, `+${((Date.now() - t0) / 1000).toFixed(3).padStart(8)} #${c} ${who}: ${s}\n`);
  let conns = 0;
  const [host, port] = o.to.split(":");
  class Splitter {
    constructor(id, who) {
      this.id = id;
      this.who = who;
      this.buf = Buffer.alloc(0);
      this.lit = 0;
      this.litShown = 0;
      this.b64 = 0;
    }
    push(d) {
      this.buf = Buffer.concat([this.buf, d]);
      for (;;) {
        if (this.lit > 0) {
          const take = Math.min(this.lit, this.buf.length);
          if (!take) return;
          const part = this.buf.subarray(0, take);
          this.buf = this.buf.subarray(take);
          this.lit -= take;
          const show = part.subarray(0, Math.max(0, o.max - this.litShown));
          this.litShown += show.length;
          if (show.length)
            for (const l of show
              .toString("latin1")
              .replace(/\r?\n$/, "")
              .split(/\r?\n/))
              out(this.id, this.who, `   | ${l}`);
          if (this.lit === 0 && this.litTotal > this.litShown)
            out(this.id, this.who, `   | ... (${this.litTotal} bytes)`);
          continue;
        }
        const e = this.buf.indexOf("\n");
        if (e < 0) return;
        const line = this.buf.subarray(0, e).toString("utf8").replace(/\r$/, "");
        this.buf = this.buf.subarray(e + 1);
        const m = /\{(\d+)\+?\}$/.exec(line);
        if (m) {
          this.lit = this.litTotal = Number(m[1]);
          this.litShown = 0;
        }
        // long base64 runs (SMTP DATA, attachments): show three lines, then only count
        if (/^[A-Za-z0-9+/]{56,}={0,2}$/.test(line)) {
          if (++this.b64 > 3) continue;
        } else {
          if (this.b64 > 3) out(this.id, this.who, `   | ... (${this.b64 - 3} more base64 lines)`);
          this.b64 = 0;
        }
        out(this.id, this.who, this.mask(line));
      }
    }
    mask(l) {
      if (this.who === "C") {
        if (/^\S+ LOGIN /i.test(l))
          return l.replace(/^(\S+ LOGIN (?:"(?:[^"\\]|\\.)*"|\S+)).*/i, "$1 <secret>");
        if (/AUTHENTICATE \S+ \S+|^AUTH \S+ \S+/i.test(l))
          return l.replace(/((?:AUTHENTICATE|AUTH) \S+) \S+/i, "$1 <secret>");
      }
      return cut(l);
    }
  }
  const cut = (l) => (l.length > 700 ? `${l.slice(0, 700)} ...(${l.length} chars)` : l);
  const handler = (c) => {
    const id = ++conns;
    out(id, "-", "connected");
    const s = net.connect({ host, port: Number(port) });
    const cs = new Splitter(id, "C"),
      ss = new Splitter(id, "S");
    let secret = 0; // how many more client lines are base64 secrets
    c.setNoDelay?.(true);
    s.setNoDelay?.(true);
    c.on("data", (d) => {
      // a bare base64 continuation right after AUTHENTICATE/AUTH is a secret
      if (secret) {
        out(id, "C", "<secret>");
        secret--;
      } else cs.push(d);
      const auth = /(?:AUTHENTICATE|AUTH) (\S+)( \S+)?\r?\n$/i.exec(d.toString("latin1"));
      if (auth) secret = (/^login$/i.test(auth[1]) ? 2 : 1) - (auth[2] ? 1 : 0);
      s.write(d);
    });
    s.on("data", (d) => {
      ss.push(d);
      c.write(d);
    });
    const end = (why) => () => {
      out(id, "-", why);
      c.destroy();
      s.destroy();
    };
    c.once("close", end("client closed"));
    s.once("close", end("server closed"));
    c.on("error", () => {});
    s.on("error", (e) => out(id, "-", `upstream error ${e.message}`));
  };
  const server = net.createServer(handler);
  return new Promise((ok) => server.listen(0, "127.0.0.1", () => ok(server.address().port)));
}
