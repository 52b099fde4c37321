// Loads the packages of a folder into MicroPython's file system, runs cases.py on the bodies that come on standard
// input (a JSON list), and writes the results as JSON. Usage: node run.mjs <folder of vmsim and vmview>
import { loadMicroPython } from "@micropython/micropython-webassembly-pyscript";
import fs from "node:fs";
import path from "node:path";
import { fileURLToPath } from "node:url";

const here = path.dirname(fileURLToPath(import.meta.url));
const sources = process.argv[2];
const printed = [];
const python = await loadMicroPython({ heapsize: 32 * 1024 * 1024, stdout: (line) => printed.push(line) });

python.FS.mkdir("/lib");
for (const name of ["cython.py", "cases.py"]) {
  python.FS.writeFile(`/lib/${name}`, fs.readFileSync(path.join(here, name), "utf8"));
}
for (const name of ["vmsim", "vmview"]) {
  python.FS.mkdir(`/lib/${name}`);
  for (const file of fs.readdirSync(path.join(sources, name)).filter((file) => file.endsWith(".py"))) {
    python.FS.writeFile(`/lib/${name}/${file}`, fs.readFileSync(path.join(sources, name, file), "utf8"));
  }
}
// As a file: an integer handed over from JavaScript would be cut to 32 bits.
python.FS.writeFile("/bodies.json", fs.readFileSync(0, "utf8"));
python.runPython("import cases, json\nprint(json.dumps(cases.run(open('/bodies.json').read())))");
process.stdout.write(printed.join("\n"));
