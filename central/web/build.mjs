// Copies what the browser needs out of node_modules into static/vendor; nothing is fetched when the court runs.
import { copyFileSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const here = dirname(fileURLToPath(import.meta.url));
const modules = join(here, "..", "..", "node_modules");
const vendor = join(here, "static", "vendor");
const files = {
  "tabler.min.css": "@tabler/core/dist/css/tabler.min.css",
  "tabler.min.js": "@tabler/core/dist/js/tabler.min.js",
  "htmx.min.js": "htmx.org/dist/htmx.min.js",
  "sse.js": "htmx-ext-sse/dist/sse.min.js",
  "uplot.js": "uplot/dist/uPlot.iife.min.js",
  "uplot.css": "uplot/dist/uPlot.min.css",
};

/** One <symbol> an icon, so that a page fetches a single file for all of them. */
function symbol(name) {
  const svg = readFileSync(join(modules, "@tabler/icons/icons/outline", `${name}.svg`), "utf8");
  const paths = svg.replace(/^[\s\S]*?<svg[^>]*>/, "").replace(/<\/svg>\s*$/, "");
  const pen = 'fill="none" stroke="currentColor" stroke-width="2" stroke-linecap="round" stroke-linejoin="round"';
  return `<symbol id="${name}" viewBox="0 0 24 24" ${pen}>${paths.replace(/\s+/g, " ")}</symbol>`;
}

rmSync(vendor, { recursive: true, force: true });
mkdirSync(vendor, { recursive: true });
for (const [name, from] of Object.entries(files)) {
  // A source map is named at the end of each file and not shipped; the browser would ask for it in vain.
  copyFileSync(join(modules, from), join(vendor, name));
  if (/\.(css|js)$/.test(name)) {
    const text = readFileSync(join(vendor, name), "utf8");
    writeFileSync(join(vendor, name), text.replace(/\n?\/[*/]# sourceMappingURL=[^\n]*/g, ""));
  }
}
const icons = JSON.parse(readFileSync(join(here, "icons.json"), "utf8"));
const sprite = `<svg xmlns="http://www.w3.org/2000/svg">${icons.map(symbol).join("\n")}</svg>\n`;
writeFileSync(join(vendor, "icons.svg"), sprite);
console.log(`central/web/static/vendor: ${Object.keys(files).length} files and ${icons.length} icons`);
