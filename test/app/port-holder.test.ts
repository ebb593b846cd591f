import { type AddressInfo, createServer } from "node:net";
import { expect, test } from "@jest/globals";
import type { ConfigError } from "../../src/app/config/config.js";
import { listening } from "../../src/app/mail-servers.js";
import { portHolder } from "../../src/app/port-holder.js";

(process.platform === "linux" ? test : test.skip)(
  "a taken port: which one, who has it, and what to change",
  async () => {
    const server = createServer();
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    const { port } = server.address() as AddressInfo;
    const other = createServer();
    try {
      expect(portHolder(port)).toMatch(new RegExp(`^\\S.* \\(process ${process.pid}\\)$`));
      const start = () =>
        new Promise<never>((_resolve, reject) => other.once("error", reject).listen(port, "127.0.0.1"));
      const error = (await listening("imap.listen", start).catch((caught) => caught)) as ConfigError;
      expect(error.name).toBe("ConfigError");
      expect(error.message).toMatch(
        new RegExp(
          `^imap\\.listen: port ${port} is in use by .+ \\(process ${process.pid}\\); choose another: --set imap\\.listen=127\\.0\\.0\\.1:PORT$`,
        ),
      );
    } finally {
      await new Promise((resolve) => server.close(resolve));
      other.close();
    }
    expect(portHolder(port)).toBeNull();
  },
);
