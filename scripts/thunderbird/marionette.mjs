// Marionette client (Gecko remote protocol over TCP): frames are "<length>:<json>".
// Request [0, id, command, params]; reply [1, id, error|null, result]. No dependencies.
import net from "node:net";

export class Marionette {
  constructor(port, host = "127.0.0.1") {
    this.port = port;
    this.host = host;
    this.id = 0;
    this.waiting = new Map();
    this.buf = Buffer.alloc(0);
  }
  async connect(timeoutMs = 60000) {
    const end = Date.now() + timeoutMs;
    for (;;) {
      try {
        await this.#open();
        break;
      } catch (e) {
        if (Date.now() > end) throw new Error(`marionette on ${this.port}: ${e.message}`);
        await new Promise((r) => setTimeout(r, 250));
      }
    }
    await this.send("WebDriver:NewSession", { unhandledPromptBehavior: "ignore" }); // flat capabilities, as geckodriver passes them
    await this.send("Marionette:SetContext", { value: "chrome" });
    return this;
  }
  #open() {
    return new Promise((ok, no) => {
      const s = net.connect(this.port, this.host);
      const t = setTimeout(() => {
        s.destroy();
        no(new Error("no greeting"));
      }, 5000);
      s.once("error", (e) => {
        clearTimeout(t);
        no(e);
      });
      s.on("data", (d) => {
        this.buf = Buffer.concat([this.buf, d]);
        for (;;) {
          const c = this.buf.indexOf(58);
          if (c < 0) return;
          const len = Number(this.buf.subarray(0, c).toString());
          if (this.buf.length < c + 1 + len) return;
          const msg = JSON.parse(this.buf.subarray(c + 1, c + 1 + len).toString("utf8"));
          this.buf = this.buf.subarray(c + 1 + len);
          if (!Array.isArray(msg)) {
            clearTimeout(t);
            this.hello = msg;
            this.sock = s;
            ok();
            continue;
          }
          const w = this.waiting.get(msg[1]);
          this.waiting.delete(msg[1]);
          if (msg[2])
            w?.no(Object.assign(new Error(`${msg[2].error}: ${msg[2].message}`), { js: msg[2].stacktrace }));
          else w?.ok(msg[3]);
        }
      });
      s.on("close", () => {
        for (const w of this.waiting.values()) w.no(new Error("marionette connection closed"));
        this.waiting.clear();
      });
    });
  }
  send(cmd, params = {}) {
    const id = ++this.id;
    const body = Buffer.from(JSON.stringify([0, id, cmd, params]));
    return new Promise((ok, no) => {
      this.waiting.set(id, { ok, no });
      this.sock.write(Buffer.concat([Buffer.from(`${body.length}:`), body]));
    });
  }
  /** Run the body of an async function in the privileged system scope; args arrive as `arguments`. Returns its JSON value. */
  async run(fn, args = [], timeoutMs = 60000) {
    const body = typeof fn === "function" ? `return (${fn.toString()})(...arguments);` : fn;
    await this.send("WebDriver:SetTimeouts", { script: timeoutMs });
    const r = await this.send("WebDriver:ExecuteScript", {
      script: body,
      args,
      sandbox: "system",
      newSandbox: false,
      filename: "harness",
    });
    return r?.value;
  }
  async screenshot(full = true) {
    const r = await this.send("WebDriver:TakeScreenshot", { full, hash: false });
    return Buffer.from(r.value, "base64");
  }
  windows() {
    return this.send("WebDriver:GetWindowHandles");
  }
  switchTo(handle) {
    return this.send("WebDriver:SwitchToWindow", { handle, focus: true });
  }
  quit() {
    return this.send("Marionette:Quit", { flags: ["eForceQuit"] }).catch(() => {});
  }
  close() {
    this.sock?.destroy();
  }
}
