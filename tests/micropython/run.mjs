// Loads the packages of a folder into MicroPython's file system, calls run(text) of a module of this folder with what
// comes on standard input (JSON), and writes the results as JSON. Usage: node run.mjs <folder of vmsim, vmview> <module>
import { loadMicroPython } from "@micropython/micropython-webassembly-pyscript";
import fs from "node:fs";
import path from "node:path";
import { fileURLToPath } from "node:url";

const here = path.dirname(fileURLToPath(import.meta.url));
const [sources, module] = process.argv.slice(2);
const printed = [];
const python = await loadMicroPython({ heapsize: 32 * 1024 * 1024, stdout: (line) => printed.push(line) });

python.FS.mkdir("/lib");
for (const name of ["cython.py", "cases.py", "permutations.py", "exits.py", "cached.py", "plotted.py"]) {
  python.FS.writeFile(`/lib/${name}`, fs.readFileSync(path.join(here, name), "utf8"));
}
for (const name of ["vmsim", "vmview"]) {
  python.FS.mkdir(`/lib/${name}`);
  for (const file of fs.readdirSync(path.join(sources, name)).filter((file) => file.endsWith(".py"))) {
    python.FS.writeFile(`/lib/${name}/${file}`, fs.readFileSync(path.join(sources, name, file), "utf8"));
  }
}
// As a file: an integer handed over from JavaScript would be cut to 32 bits.
python.FS.writeFile("/input.json", fs.readFileSync(0, "utf8"));
python.runPython(`import ${module}, json\nprint(json.dumps(${module}.run(open('/input.json').read())))`);
process.stdout.write(printed.join("\n"));
