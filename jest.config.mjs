// Jest runs the compiled output, so worker threads and module workers are the real ones. DIST lets several
// builds live side by side.
const root = process.env.DIST ?? "dist";
export default {
  rootDir: root,
  testEnvironment: "node",
  transform: {},
  setupFiles: ["<rootDir>/test/support/properties.js"],
  testMatch: ["<rootDir>/test/**/*.test.js"],
  testTimeout: 60_000,
  errorOnDeprecated: true,
};
