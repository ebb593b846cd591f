// Writes config/example.toml from the table of settings. Run after a change of src/app/config/settings.ts.
import { writeFileSync } from "node:fs";
import { exampleConfig } from "../dist/src/app/config/example.js";

writeFileSync("config/example.toml", exampleConfig());
