// One ESM file per program: what the operator image and the kubectl plugin run. Usage: bundle.mjs [DIRECTORY], dist by default.
import { build } from 'esbuild';

const directory = process.argv[2] ?? 'dist';

const common = {
  bundle: true,
  platform: 'node',
  target: 'node20',
  format: 'esm',
  sourcemap: 'linked',
  minifySyntax: true,
  legalComments: 'none',
  loader: { '.sh': 'text' },
  // Some dependencies are CommonJS and call require() for Node's own modules.
  banner: { js: "import{createRequire as __cr}from'node:module';const require=__cr(import.meta.url);" },
};

await build({ ...common, entryPoints: ['src/main.ts'], outfile: `${directory}/stillpoint.mjs` });
await build({ ...common, entryPoints: ['src/movers/main.ts'], outfile: `${directory}/mover.mjs` });
await build({
  ...common,
  entryPoints: ['src/cli/main.ts'],
  outfile: `${directory}/kubectl-stillpoint.mjs`,
  banner: { js: `#!/usr/bin/env node\n${common.banner.js}` },
});
