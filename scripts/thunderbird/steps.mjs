// Step runner: prints PASS/FAIL/SKIP lines, keeps going after failures, exit code = number of failures.
import fs from "node:fs";
export class Steps {
  constructor({ only = "", skip = "", mark = () => {}, json = "", onFail = async () => {} } = {}) {
    Object.assign(this, {
      only: only && new RegExp(only),
      skipRe: skip ? new RegExp(skip) : null,
      mark,
      json,
      onFail,
    });
    this.results = [];
  }
  async step(name, fn, { always = false } = {}) {
    if (!always && ((this.only && !this.only.test(name)) || this.skipRe?.test(name))) {
      this.#put("SKIP", name, 0, "");
      return;
    }
    this.mark(name);
    const t = performance.now();
    try {
      const note = await fn();
      this.#put("PASS", name, performance.now() - t, note ?? "");
      return note;
    } catch (e) {
      this.#put("FAIL", name, performance.now() - t, e.message.split("\n")[0]);
      await this.onFail(name, e);
    }
  }
  #put(r, name, ms, note) {
    const text = typeof note === "string" ? note : JSON.stringify(note);
    this.results.push({ result: r, name, ms: Math.round(ms), note: text });
    if (r !== "SKIP")
      console.log(`${r} ${String(Math.round(ms)).padStart(6)} ms  ${name}${text ? `  -- ${text}` : ""}`);
  }
  done() {
    const c = (r) => this.results.filter((x) => x.result === r).length;
    console.log(`\n${c("PASS")} passed, ${c("FAIL")} failed, ${c("SKIP")} skipped`);
    if (this.json) fs.writeFileSync(this.json, JSON.stringify(this.results, null, 1));
    return c("FAIL");
  }
}
export function must(cond, msg) {
  if (!cond) throw new Error(msg);
}
export function eq(a, b, what = "") {
  if (a !== b) throw new Error(`${what}: expected ${JSON.stringify(b)}, got ${JSON.stringify(a)}`);
}
