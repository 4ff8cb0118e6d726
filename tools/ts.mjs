// Lets plain `node --import ./tools/ts.mjs file.ts` run TypeScript (types are checked by `npm run types`, not here).
import { register } from 'node:module';
import { pathToFileURL } from 'node:url';

register('ts-node/esm/transpile-only', pathToFileURL('./'));
