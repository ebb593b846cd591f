// What a person does in Thunderbird that only a Bitmessage bridge has: states, receipts, chans and subscriptions as folders, blocking by Junk,
// contacts over CardDAV, administration by mail.
import path from "node:path";
import { sleep } from "./driver.mjs";
import { eq, must } from "./steps.mjs";

/**
 * @param context st, tb, imap (our own node's mail), there (the other node's), inject, received, eventually, S (a subject of this run), run, me,
 *   peer, other, named, unknown (an address whose keys nobody gives out), attachment (a file), shots, and bridge(words, input): the command
 *   bmbridge against our own running node, its answer as JSON.
 */
export async function contractSteps(context) {
  const { st } = context;
  const step = st.step.bind(st);
  await statesAndReports(context, step);
  await threads(context, step);
  await chans(context, step);
  await subscriptions(context, step);
  await junk(context, step);
  await contacts(context, step);
  await administration(context, step);
}

/** Thunderbird shows a keyword once there is a tag of that name: these, as a person makes them in its settings. */
const colors = {
  $BmAwaitingKey: "#808080",
  $BmSent: "#3333cc",
  $BmDelivered: "#009900",
  $BmCancelled: "#993300",
};

async function statesAndReports(context, step) {
  const { tb, imap, there, inject, received, eventually, S, me, peer, unknown, attachment, shots, bridge } =
    context;
  await step("90 sent with an attachment and a receipt wanted: delivered", async () => {
    await tb.js(async (colors) => {
      for (const [label, color] of Object.entries(colors)) MailServices.tags.addTag(label, color, "");
    }, colors);
    await tb.newCompose();
    await tb.fill({ to: peer, subject: S("receipt"), body: "With a file.", attach: [attachment] });
    await tb.m.run(`window.ToggleDSN(window.document.getElementById("dsnMenu"))`);
    must(await tb.m.run(`return window.gMsgCompose.compFields.DSN`), "no receipt is asked for");
    const sent = await tb.send();
    must(sent.ok, sent.alert);
    const [arrived] = await received(S("receipt"));
    must(arrived.raw.includes("attachment"), "the attachment is missing there");
    await tb.open("Sent");
    await tb.expect("Sent", S("receipt"), { tags: "$bmdelivered" }, 60000);
    await tb.read("Sent", S("receipt"));
    await tb.shot(path.join(shots, "90-delivered.png"));
    must(!(await imap.find("Outbox", S("receipt"))), "still in Outbox");
  });
  await step("91 the delivery receipt is read", async () => {
    const isReport = (mail) =>
      mail.raw.includes("report-type=delivery-status") && mail.raw.includes(S("receipt"));
    const report = await eventually(
      async () => (await imap.all("INBOX", { raw: true })).find(isReport),
      "the receipt",
      20000,
    );
    await tb.open("INBOX");
    const shown = await tb.read("INBOX", report.subject);
    await tb.shot(path.join(shots, "91-receipt.png"));
    must(/^Action: delivered/im.test(report.raw), "Action is not delivered");
    must(shown.body.includes(peer.split("@")[0]), `does not say to whom: ${shown.body}`);
    return `${report.subject}: ${shown.body.replace(/\s+/g, " ").slice(0, 200)}`;
  });
  await step("92 Outbox shows what waits for a key; deleted there, it is cancelled", async () => {
    await tb.newCompose();
    await tb.fill({ to: unknown, subject: S("waits"), body: "Nobody can read this yet." });
    const sent = await tb.send();
    must(sent.ok, sent.alert);
    await tb.open("Outbox");
    await tb.find("Outbox", S("waits"), 20000);
    await tb.read("Outbox", S("waits"));
    await tb.shot(path.join(shots, "92-outbox.png"));
    await tb.open("Sent");
    await tb.expect("Sent", S("waits"), { tags: "$bmawaitingkey" }, 20000);
    await tb.select("Outbox", S("waits"));
    await tb.command("cmd_delete");
    await tb.open("Sent");
    await tb.expect("Sent", S("waits"), { tags: "$bmcancelled" }, 20000);
    await tb.read("Sent", S("waits"));
    await tb.shot(path.join(shots, "92-cancelled.png"));
    await tb.open("Outbox");
    await tb.gone("Outbox", S("waits"));
    const [entry] = bridge(["queue", "list"]).filter(({ subject }) => subject === S("waits"));
    eq(entry.state, "cancelled", "state");
  });
  await step("93 answered from the other side, from the mail that arrived there", async () => {
    const [arrived] = await received(S("receipt"));
    await inject({
      from: peer,
      to: me,
      subject: `Re: ${S("receipt")}`,
      text: "Thank you.\n\n> With a file.",
      headers: { "In-Reply-To": arrived.messageId, References: arrived.messageId },
    });
    await tb.open("INBOX");
    // Thunderbird keeps "Re:" apart from the subject.
    await tb.find("INBOX", S("receipt"), 60000);
    const own = await imap.find("Sent", S("receipt"));
    const answer = await imap.find("INBOX", `Re: ${S("receipt")}`);
    eq(answer.inReplyTo, own.messageId, "In-Reply-To names what was sent");
    must(await there.find("INBOX", S("receipt")), "gone at the other side");
  });
}

async function threads(context, step) {
  const { tb, inject, received, eventually, S, me, peer, shots } = context;
  const first = S("Thread");
  const answer = async (headers, text) => {
    const before = (await tb.list("INBOX")).length;
    await inject({ from: peer, to: me, subject: `Re: ${first}`, text, headers });
    await eventually(async () => (await tb.list("INBOX")).length > before, "the answer", 60000);
  };
  const reply = async (body, count) => {
    await tb.reply("reply");
    await tb.fill({ body });
    const sent = await tb.send();
    must(sent.ok, sent.alert);
    return (await received(`Re: ${first}`, count)).pop();
  };
  await step(
    "94 threads: a conversation with a bridge, and an answer without any thread fields",
    async () => {
      await inject({ from: peer, to: me, subject: first, text: "The beginning." });
      await tb.open("INBOX");
      await tb.find("INBOX", first, 60000);
      await tb.read("INBOX", first);
      const arrived = await reply("First answer.\n", 1);
      const references = /^References: ([^\r\n]*(?:\r\n[ \t][^\r\n]*)*)/im.exec(arrived.raw)?.[1] ?? "";
      await answer(
        { "In-Reply-To": arrived.messageId, References: `${references} ${arrived.messageId}` },
        "Second, from a bridge.",
      );
      await answer({}, "Third, as PyBitmessage answers: the subject alone.");
      const thread = await tb.js(async (subject) => {
        const header = findHdr("INBOX", subject);
        const thread = header.folder.msgDatabase.getThreadContainingMsgHdr(header);
        a3().displayFolder(header.folder.URI);
        await until(() => a3().gFolder?.URI === header.folder.URI);
        a3().commandController.doCommand("cmd_expandAllThreads");
        a3().threadTree.selectedIndex = a3().gDBView.findIndexOfMsgHdr(header, true);
        await wait(1500);
        const preferences = ["mail.strict_threading", "mail.thread_without_re", "mail.correct_threading"];
        return {
          count: thread.numChildren,
          user: preferences.filter((name) => Services.prefs.prefHasUserValue(name)),
        };
      }, first);
      await tb.shot(path.join(shots, "94-thread.png"));
      eq(thread.count, 3, "mails in the thread");
      eq(thread.user.length, 0, "preferences changed");
    },
  );
}

async function chans(context, step) {
  const { tb, imap, there, inject, eventually, S, run, peer, shots, bridge } = context;
  const name = `Plaza ${run}`;
  let address = "";
  await step("95 a chan is joined by making a folder, a post in it is seen", async () => {
    if (!(await tb.js(async () => !!folder("Chans")))) await tb.createFolder("Chans");
    await tb.createFolder(name, "Chans");
    const chan = bridge(["chan", "list"]).find(({ label }) => label === name);
    must(chan, "no chan was joined");
    address = `${chan.address}@bm.localhost`;
    await there.cmd(`CREATE "Chans/${name}"`);
    await inject({ from: peer, to: address, subject: S("Post"), text: "To everybody here." });
    const known = `Chans/${name}`;
    await eventually(() => imap.find(known, S("Post")), "the post", 60000);
    await tb.open(known);
    await tb.find(known, S("Post"), 20000);
    await tb.read(known, S("Post"));
    await tb.shot(path.join(shots, "95-chan.png"));
    return address;
  });
  await step("96 an answer to the chan is seen by the other, in one thread", async () => {
    const known = `Chans/${name}`;
    await tb.read(known, S("Post"));
    // "Reply" is for the author: Thunderbird leaves a Reply-To aside that is the list itself.
    await tb.command("cmd_replylist");
    const { pills } = await tb.fill({ body: "Heard.\n" });
    eq(pills[0].email, address, "the answer goes to the chan");
    const sent = await tb.send();
    must(sent.ok, sent.alert);
    await eventually(() => there.find(known, `Re: ${S("Post")}`), "the answer there", 60000);
    await tb.open(known);
    const count = await tb.js(
      async (known, subject) => {
        await until(() => hdrs(known).length === 2, 60000, "the answer in our own folder");
        const header = findHdr(known, subject);
        a3().commandController.doCommand("cmd_expandAllThreads");
        await wait(1000);
        return header.folder.msgDatabase.getThreadContainingMsgHdr(header).numChildren;
      },
      known,
      S("Post"),
    );
    await tb.shot(path.join(shots, "96-chan-answer.png"));
    eq(count, 2, "mails in the thread");
  });
  await step("97 the chan is left by deleting its folder", async () => {
    await tb.deleteFolder(`Chans/${name}`);
    await eventually(
      async () => !bridge(["chan", "list"]).some(({ label }) => label === name),
      "the chan to be left",
    );
    await tb.shot(path.join(shots, "97-left.png"));
    return (await imap.boxes()).map((box) => box.name).join(" ");
  });
}

async function subscriptions(context, step) {
  const { tb, imap, inject, eventually, S, run, peer, shots, bridge } = context;
  const address = peer.split("@")[0];
  const followed = () => bridge(["subscription", "list"]).find((one) => one.address === address);
  await step("98 a broadcaster is followed by making a folder, named and left by it", async () => {
    if (!(await tb.js(async () => !!folder("Subscriptions")))) await tb.createFolder("Subscriptions");
    await tb.createFolder(address, "Subscriptions");
    must(followed(), "nothing is followed");
    await inject({
      from: peer,
      to: "broadcast@bm.localhost",
      subject: S("News"),
      text: "To all who follow.",
    });
    await eventually(() => imap.find(`Subscriptions/${address}`, S("News")), "the broadcast", 60000);
    await tb.js(
      async (from, to) => {
        need(`Subscriptions/${from}`).rename(to, win.msgWindow);
        await until(() => folder(`Subscriptions/${to}`), 10000, "renamed");
      },
      address,
      `News ${run}`,
    );
    eq(followed().label, `News ${run}`, "label");
    await tb.open(`Subscriptions/News ${run}`);
    await tb.find(`Subscriptions/News ${run}`, S("News"), 20000);
    await tb.read(`Subscriptions/News ${run}`, S("News"));
    await tb.shot(path.join(shots, "98-subscription.png"));
    await tb.deleteFolder(`Subscriptions/News ${run}`);
    await eventually(async () => !followed(), "to be followed no longer");
  });
}

async function junk(context, step) {
  const { tb, imap, inject, eventually, S, me, other, shots, bridge } = context;
  const address = other.split("@")[0];
  const isBlocked = () => bridge(["contact", "list"]).some((one) => one.address === address && one.blocked);
  const move = (from, subject, to) =>
    tb.js(
      async (from, subject, to) => {
        const header = await until(() => findHdr(from, subject), 15000, `message ${subject}`);
        a3().displayFolder(need(from).URI);
        await until(() => a3().gFolder?.URI === need(from).URI);
        a3().threadTree.selectedIndex = a3().gDBView.findIndexOfMsgHdr(header, true);
        a3().commandController.doCommand("cmd_moveMessage", need(to));
      },
      from,
      subject,
      to,
    );
  const sends = async (subject) => inject({ from: other, to: me, subject, text: "Buy." });
  await step("100 moved to Junk: blocked; moved out: welcome again", async () => {
    await sends(S("unwanted"));
    await tb.open("INBOX");
    await tb.find("INBOX", S("unwanted"), 60000);
    await move("INBOX", S("unwanted"), "Junk");
    await eventually(async () => isBlocked(), "the sender to be blocked");
    await sends(S("unwanted too"));
    await eventually(() => imap.find("Junk", S("unwanted too")), "the second in Junk", 60000);
    must(!(await imap.find("INBOX", S("unwanted too"))), "the second in INBOX");
    await tb.open("Junk");
    await tb.find("Junk", S("unwanted too"), 20000);
    await tb.read("Junk", S("unwanted too"));
    await tb.shot(path.join(shots, "100-junk.png"));
    await move("Junk", S("unwanted"), "INBOX");
    await eventually(async () => !isBlocked(), "the sender to be unblocked");
    await sends(S("wanted again"));
    await tb.open("INBOX");
    await tb.find("INBOX", S("wanted again"), 60000);
  });
}

async function contacts(context, step) {
  const { tb, received, S, peer, named, shots, bridge } = context;
  await step("101 compose completes a contact of the bridge by name", async () => {
    await tb.newCompose();
    await tb.composeWindow();
    await tb.type("#toAddrInput", "Ünïc");
    await sleep(1500);
    await tb.shot(path.join(shots, "101-completion.png"));
    await tb.type("#toAddrInput", "\uE007");
    await sleep(500);
    const [pill] = await tb.pills();
    eq(pill?.email, named, "completed address");
    await tb.fill({ subject: S("by name"), body: "Found by its name." });
    const sent = await tb.send();
    must(sent.ok, sent.alert);
    const [arrived] = await received(S("by name"));
    must(arrived.to.includes(named), arrived.to);
    return pill.text;
  });
  await step("102 a contact made in Thunderbird is one of the bridge", async () => {
    const list = bridge(["contact", "list"]);
    const added = list.find(({ label }) => label === "Added In Thunderbird");
    eq(added?.address, peer.split("@")[0], "address");
    await tb.js(async () => {
      win.toAddressBook();
      await wait(3000);
    });
    await tb.shot(path.join(shots, "102-address-book.png"));
    await tb.js(async () => {
      win.gTabmail.closeTab(win.gTabmail.currentTabInfo);
    });
  });
}

async function administration(context, step) {
  const { tb, imap, eventually, S, shots } = context;
  await step("103 administration by mail is answered", async () => {
    const answers = [];
    for (const command of ["status", "help", `new identity ${S("Made by mail")}`]) {
      const before = new Set((await imap.all("INBOX")).map(({ uid }) => uid));
      await tb.newCompose();
      await tb.fill({ to: "bridge@bm.localhost", subject: command, body: " " });
      const sent = await tb.send();
      must(sent.ok, sent.alert);
      const isAnswer = ({ uid, from }) => !before.has(uid) && from.includes("bridge@");
      const answer = await eventually(
        async () => (await imap.all("INBOX")).find(isAnswer),
        `the answer to ${command}`,
        20000,
      );
      await tb.open("INBOX");
      const shown = await tb.read("INBOX", answer.subject.replace(/^Re: /, ""));
      answers.push(shown.body.replace(/\s+/g, " ").slice(0, 120));
      await tb.shot(path.join(shots, `103-${command.split(" ")[0]}.png`));
    }
    return answers.join(" | ");
  });
}
