// Prints the closing line of a test run, "N passed, N failed", from jest's JSON report. Fails when nothing ran.
import { readFileSync } from "node:fs";

const report = JSON.parse(readFileSync(process.argv[2], "utf8"));
const failed = report.numFailedTests + report.numRuntimeErrorTestSuites;
console.log(`${report.numPassedTests} passed, ${failed} failed`);
process.exit(report.numPassedTests > 0 && failed === 0 ? 0 : 1);
