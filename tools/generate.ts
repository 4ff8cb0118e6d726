/**
 * `npm run generate`: everything that is made from src/api. The same input gives the same bytes; `--check` writes nothing
 * and fails with the names of the files that differ.
 */
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { chartTemplate, crdFileName, crdYaml } from '../src/api/crd/files.js';
import { kindDefinitions } from '../src/api/crd/kinds.js';
import { errorCatalogue } from '../src/api/errors.js';
import { errorsPage } from './errors-page.js';

const root = join(dirname(fileURLToPath(import.meta.url)), '..');

const files = new Map<string, string>([['docs/errors.md', errorsPage(errorCatalogue)]]);
for (const definition of kindDefinitions) {
  files.set(join('crds', crdFileName(definition)), crdYaml(definition));
  files.set(join('charts/stillpoint/templates/crds', crdFileName(definition)), chartTemplate(definition));
}

const stale: string[] = [];
for (const [name, content] of [...files].sort(([a], [b]) => (a < b ? -1 : 1))) {
  const path = join(root, name);
  const present = await readFile(path, 'utf8').catch((error: unknown) => {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  });
  if (present === content) continue;
  stale.push(name);
  if (process.argv.includes('--check')) continue;
  await mkdir(dirname(path), { recursive: true });
  await writeFile(path, content);
}

if (process.argv.includes('--check') && stale.length > 0) {
  console.error(`generate: not up to date, run npm run generate: ${stale.join(', ')}`);
  process.exitCode = 1;
} else {
  console.log(`generate: ${files.size} files, ${stale.length} changed`);
}
