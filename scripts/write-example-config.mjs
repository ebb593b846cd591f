// Writes config/example.toml from the table of settings. Run after a change of src/app/config/settings.ts.
import { writeFileSync } from "node:fs";

const { exampleConfig } = await import(
  new URL(`../${process.env.DIST ?? "dist"}/src/app/config/example.js`, import.meta.url)
);

writeFileSync("config/example.toml", exampleConfig());
