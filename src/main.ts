#!/usr/bin/env node
/** The process: arguments in, exit status out. 0 done, 1 it failed, 2 wrong use or configuration. */
import { runProgram } from "./app/commands/program.js";

process.exitCode = await runProgram(process.argv.slice(2));
