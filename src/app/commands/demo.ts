import { fileURLToPath } from "node:url";
import type { Command } from "commander";

export function addDemoCommand(program: Command): void {
  program
    .command("demo")
    .description("two nodes on loopback: a mail goes by SMTP into one and is read by IMAP from the other")
    .option("--real-difficulty", "proof of work as on the real network")
    .option("--keep", "leave both nodes running until interrupted")
    .option("--limit <seconds>", "how long it may take", "900")
    .action(async (options: { realDifficulty?: true; keep?: true; limit: string }) => {
      const { runDemo } = await import("../demo/demo.js");
      const demo = await runDemo({
        main: fileURLToPath(new URL("../../main.js", import.meta.url)),
        difficulty: options.realDifficulty ? "real" : "low",
        say: (text) => process.stdout.write(`${text}\n`),
        limit: Number(options.limit),
      });
      if (options.keep) {
        for (const node of [demo.sender, demo.recipient]) {
          process.stdout.write(
            `${node.name}: IMAP ${node.imap.host}:${node.imap.port}, SMTP ${node.smtp.host}:${node.smtp.port}, user ${node.name}, password ${node.password}, address ${node.address}@bm.localhost\n`,
          );
        }
        process.stdout.write("Both nodes run on; stop them with Ctrl-C.\n");
        await new Promise<void>((resolve) => {
          process.once("SIGINT", resolve);
          process.once("SIGTERM", resolve);
        });
      }
      await demo.stop();
    });
}
