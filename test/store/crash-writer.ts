/** Run by crash.test.ts and killed there: writes and says on stdout what is committed. */
import { writeSync } from "node:fs";
import { openDatabase } from "../../src/store/database.js";
import { createSqliteStores } from "../../src/store/sqlite/stores.js";
import { mail, object } from "./contracts/values.js";

const [path = "", start = "0"] = process.argv.slice(2);
const { inventory, mailboxes, transactions } = createSqliteStores(openDatabase(path));
const inbox = mailboxes.find("anna", "INBOX") ?? mailboxes.create("anna", "INBOX", {});

for (let number = Number(start); ; number++) {
  const uid = transactions.run(() => {
    // One message and three objects stand or fall together.
    inventory.add([0, 1, 2].map((part) => object(number * 3 + part + 1)));
    return mailboxes.append(inbox, [mail(`n${number}`)]).uids[0]!;
  });
  writeSync(1, `${number} ${uid}\n`);
}
