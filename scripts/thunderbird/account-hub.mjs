// Somebody new sets Thunderbird up in its own account hub: settings found by autoconfig, login by the address of one identity, whose mail alone
// is shown. A Thunderbird and a profile of its own.
import path from "node:path";
import { sleep, Thunderbird } from "./driver.mjs";
import { writeProfile } from "./profile.mjs";
import { eq, must } from "./steps.mjs";

/** Within Thunderbird's window: elements also inside shadow roots, and which page of the hub is shown. */
export const HUB = `
const window3 = Services.wm.getMostRecentWindow("mail:3pane");
const deep = (root, selector, out = []) => {
  for (const element of root.querySelectorAll("*")) {
    if (element.matches(selector)) out.push(element);
    if (element.shadowRoot) deep(element.shadowRoot, selector, out);
  }
  return out;
};
const one = (selector) => deep(window3.document, selector).find((element) => element.checkVisibility());
const pause = (ms) => new Promise((done) => window3.setTimeout(done, ms));
const until = async (condition, ms, what) => {
  for (const end = Date.now() + ms; ; await pause(50)) {
    const value = condition();
    if (value) return value;
    if (Date.now() > end) throw new Error("timeout: " + what);
  }
};
const set = (selector, value) => {
  const field = one(selector);
  field.focus();
  field.value = value;
  field.dispatchEvent(new window3.InputEvent("input", { bubbles: true }));
  field.dispatchEvent(new window3.Event("change", { bubbles: true }));
};
const next = async () => {
  await until(() => one("#forward") && !one("#forward").disabled, 10000, "Continue");
  window3.setTimeout(() => one("#forward").click(), 0);
  await pause(300);
};
const pages = { "email-auto-form": "start", "email-config-found": "found", "email-manual-incoming-form": "manual",
  "email-password-form": "password", "email-added-success": "done", "email-sync-accounts-form": "sync" };
const page = () => Object.entries(pages).find(([name]) => one(name))?.[1] ?? "none";
`;

/** @param context st, options (of the driver, without account), email, pass, peer, inject, received, S, shots, web and imapPort (ports), autoconfig (where
 *   settings are served on port 80, empty when that could not be had) */
export async function accountHubSteps(context) {
  const { st, options, email, pass, peer, inject, received, S, shots, web, autoconfig } = context;
  const dir = path.join(path.dirname(options.dir), "profile-hub");
  const tb = new Thunderbird({ ...options, dir });
  const inHub = (body, ...values) =>
    tb.m.run(`const A = arguments; return (async () => { ${HUB} ${body} })();`, values, 60000);
  const shot = (name) => tb.shot(path.join(shots, `${name}.png`));
  st.onFail = () => shot("FAIL-hub");
  process.on("exit", () => tb.child?.kill("SIGKILL"));
  await st.step("110 account hub: settings found by autoconfig", async () => {
    writeProfile({
      dir,
      noAccount: true,
      marionettePort: options.mport,
      prefs: {
        "mail.provider.suppress_dialog_on_startup": false,
        // On port 80 it is found without being told.
        ...(autoconfig
          ? {}
          : { "mailnews.auto_config_url": `http://localhost:${web}/mail/config-v1.1.xml?domain=` }),
      },
    });
    await tb.launch();
    await inHub(`await until(() => page() === "start", 30000, "the hub")`);
    await inHub(
      `set("#realName", "Alice At Work"); set("#email", A[0]); await pause(300); await next();`,
      email,
    );
    await inHub(`await until(() => ["found", "manual"].includes(page()), 40000, "settings")`);
    await shot("110-found");
    eq(await inHub("return page()"), "found", "page");
    return autoconfig ? `by itself, from ${autoconfig}` : "from mailnews.auto_config_url";
  });
  await st.step("111 login with the address of an identity", async () => {
    await inHub(
      `await next(); await until(() => page() === "password", 10000, "password"); set("input[type=password]", A[0]);
       await pause(200); await next(); await until(() => ["done", "sync"].includes(page()), 30000, "account");`,
      pass,
    );
    await shot("111-done");
    const account = await inHub(`
      one("#forward").click(); await pause(500);
      const { MailServices } = ChromeUtils.importESModule("resource:///modules/MailServices.sys.mjs");
      const { incomingServer, defaultIdentity } = MailServices.accounts.defaultAccount;
      const outgoing = MailServices.outgoingServer.getServerByIdentity(defaultIdentity);
      return { name: incomingServer.username, port: incomingServer.port, email: defaultIdentity.email, sender: outgoing.username };`);
    eq(account.name, email, "name of the login");
    eq(account.sender, email, "name of the login for sending");
    eq(account.email, email, "address");
    eq(String(account.port), String(context.imapPort), "port");
  });
  await st.step("112 its mail alone is shown, and it can send", async () => {
    await tb.js(async () => !!(await until(() => folder("INBOX"), 20000, "INBOX")));
    await inject({ from: peer, to: email, subject: S("for work"), text: "To this identity." });
    await tb.open("INBOX");
    await tb.find("INBOX", S("for work"), 40000);
    eq((await tb.list("INBOX")).length, 1, "mails of the identity");
    await tb.read("INBOX", S("for work"));
    await shot("112-identity");
    await tb.newCompose();
    await tb.fill({ to: peer, subject: S("from work"), body: "From this identity." });
    const sent = await tb.send();
    must(sent.ok, sent.alert);
    const [arrived] = await received(S("from work"));
    must(arrived.from.includes(email), arrived.from);
    await sleep(500);
    return (await tb.folders()).map(({ path }) => path).join(" ");
  });
  await tb.stop();
}
